#include "check.hpp"

#include "../partner.hpp"

using namespace antiphon;

namespace {

/// How many events each `listen` has.
std::vector<size_t> told(Partner& partner) {
    std::vector<size_t> sizes;
    for (const Value& value : partner.take_messages()) {
        const Reply message(*value.as<Array>());
        if (message.is("listen")) sizes.push_back(message.entries()[2].as<Array>()->size());
    }
    return sizes;
}

/// An endless answer of `count` notes, a beat apart, that begins a bar late.
Tick go_on(Partner& partner, int count) {
    partner.ask(0, kForEver, 192, true, {});
    Tick now = 0;
    for (int n = 0; n < count; ++n, now += kTicksPerBeat) {
        partner.take({{now, 0, 60, 24, 80}}, n == 0 ? 1 : 0);
        partner.pace(now);
    }
    return now + 192;
}

}  // namespace

TEST(no_more_is_told_at_once_than_an_engine_takes) {
    Partner partner;
    partner.ask(0, kForEver, 192, true, {});
    std::vector<Note> notes;
    for (int n = 0; n < 3000; ++n) notes.push_back({n, 0, 60, 1, 80});
    partner.take(notes, 1);
    partner.end(4000);
    const auto sizes = told(partner);
    CHECK(sizes.size() == 1 && sizes[0] <= kMostEvents && sizes[0] > kMostEvents / 2);
}

TEST(an_answer_without_end_does_not_grow_without_end) {
    Partner partner;
    const Tick now = go_on(partner, 10000);
    CHECK(partner.answer()->notes.size() <= History::kLatest);
    partner.take_messages();
    partner.end(now);
    const auto sizes = told(partner);
    CHECK(sizes.size() == 1 && sizes[0] >= History::kLatest);
}
