#include "check.hpp"

#include "../plan.hpp"

#include <map>
#include <vector>

using namespace antiphon;

namespace {

struct Sent {
    int64_t frame;
    uint8_t status, key;
};

/// A block of a steady host: 10 samples to the tick.
Block block_at(int64_t begin, uint32_t frames) {
    Block block;
    block.begin = static_cast<double>(begin) / 10;
    block.ticks_per_frame = 0.1;
    block.frames = frames;
    return block;
}

std::map<int, int> balance(const std::vector<Sent>& sent) {
    std::map<int, int> open;
    for (const Sent& one : sent) {
        const int key = (one.status & 0x0f) * 128 + one.key;
        open[key] += (one.status & 0xf0) == kNoteOn ? 1 : -1;
        CHECK(open[key] == 0 || open[key] == 1);
    }
    return open;
}

}  // namespace

TEST(each_note_begins_and_ends_on_its_sample) {
    for_seeds(200, [](std::mt19937& random) {
        Plan plan;
        Keys nobody;
        std::map<std::pair<int64_t, int>, int> wanted;
        for (int key = 0; key < 100; ++key) {
            const Tick onset = any(random, 0, 300), end = onset + any(random, 1, 80);
            plan.add({onset, end, 0, static_cast<uint8_t>(key), 80});
            wanted[{10 * onset, key}]++;
            wanted[{10 * end, key}]--;
        }
        for (int64_t at = 0; at < 5000;) {
            const auto frames = static_cast<uint32_t>(any(random, 1, 512));
            int64_t latest = 0;
            plan.play(block_at(at, frames), 0, frames, nobody,
                      [&](uint32_t frame, uint8_t status, uint8_t key, uint8_t) {
                          CHECK(frame >= latest && frame < frames);
                          latest = frame;
                          wanted[{at + frame, key}] -= status == kNoteOn ? 1 : -1;
                          return true;
                      });
            at += frames;
        }
        CHECK(plan.empty());
        for (const auto& [what, left] : wanted) CHECK(left == 0);
    });
}

TEST(whatever_happens_every_note_has_one_end) {
    for_seeds(300, [](std::mt19937& random) {
        Plan plan;
        Keys held;
        std::vector<Sent> sent;
        int64_t at = 0;
        for (int n = 0; n < 300; ++n, at += 64) {
            const Tick now = at / 10;
            for (int more = any(random, 0, 4); more > 0; --more)
                plan.add({now + any(random, -20, 40), now + any(random, -10, 90), 0,
                          static_cast<uint8_t>(any(random, 50, 60)), 80});
            if (once_in(random, 9)) plan.hush();
            if (once_in(random, 30)) plan.drop();
            if (once_in(random, 9)) plan.recall(now + any(random, 0, 20));
            if (once_in(random, 9)) plan.skip(now + any(random, 0, 20));
            if (once_in(random, 9)) plan.end_key(0, 55);
            if (once_in(random, 5)) held.strike(0, any(random, 50, 60));
            if (once_in(random, 5)) held.let_go_of_all();
            const bool host_is_full = once_in(random, 4);
            const auto sink = [&](uint32_t frame, uint8_t status, uint8_t key, uint8_t) {
                if (host_is_full && once_in(random, 2)) return false;
                sent.push_back({at + frame, status, key});
                return true;
            };
            plan.play(block_at(at, 64), 0, 64, held, sink);
        }
        plan.drop();
        const auto sink = [&](uint32_t, uint8_t status, uint8_t key, uint8_t) {
            sent.push_back({at, status, key});
            return true;
        };
        plan.play(block_at(at, 64), 0, 64, held, sink);
        CHECK(plan.empty());
        for (const auto& [key, open] : balance(sent)) CHECK(open == 0);
        for (size_t n = 1; n < sent.size(); ++n) CHECK(sent[n].frame >= sent[n - 1].frame);
    });
}

TEST(what_comes_much_too_late_is_left_out) {
    Plan plan;
    Keys nobody;
    plan.add({0, 900, 0, 60, 80});
    plan.add({100 - Plan::kLate, 900, 0, 61, 80});
    std::vector<int> struck;
    const auto sink = [&](uint32_t frame, uint8_t, uint8_t key, uint8_t) {
        CHECK(frame == 0);
        struck.push_back(key);
        return true;
    };
    plan.play(block_at(1000, 64), 0, 64, nobody, sink);
    CHECK(struck == std::vector<int>{61});
}

TEST(more_than_there_is_room_for_is_left_out) {
    Plan plan;
    Keys nobody;
    for (size_t n = 0; n < 3 * Plan::kMostPending; ++n)
        plan.add({0, 1000, static_cast<uint8_t>(n % 16), static_cast<uint8_t>(n / 16 % 128), 80});
    CHECK(plan.full());
    size_t struck = 0;
    const auto sink = [&](uint32_t, uint8_t, uint8_t, uint8_t) { return ++struck > 0; };
    plan.play(block_at(0, 64), 0, 64, nobody, sink);
    CHECK(struck == Plan::kMostSounding);
}
