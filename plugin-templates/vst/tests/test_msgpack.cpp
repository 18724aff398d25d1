#include "check.hpp"

#include "../../protocol/cpp/messages.hpp"

using namespace antiphon;

static Value any_value(std::mt19937& random, int depth) {
    switch (any(random, 0, depth > 3 ? 4 : 6)) {
    case 0: return nullptr;
    case 1: return once_in(random, 2);
    case 2: {
        const auto number = static_cast<int64_t>(random() >> any(random, 0, 31));
        return once_in(random, 2) ? number : -number;
    }
    case 3: return any(random, -1000, 1000) / 7.0;
    case 4: return std::string(static_cast<size_t>(any(random, 0, 300)), 'x');
    case 5: {
        Array array;
        for (int n = any(random, 0, 20); n > 0; --n) array.push_back(any_value(random, depth + 1));
        return array;
    }
    default: {
        Map map;
        for (int n = any(random, 0, 18); n > 0; --n)
            map.emplace_back(std::to_string(n), any_value(random, depth + 1));
        return map;
    }
    }
}

TEST(what_is_written_is_read_again) {
    for_seeds(300, [](std::mt19937& random) {
        const Value value = any_value(random, 0);
        CHECK(unpacked(packed(value)) == value);
    });
}

TEST(what_is_cut_short_is_nothing) {
    for_seeds(50, [](std::mt19937& random) {
        const std::string bytes = packed(Array{"notes", any_value(random, 1), 300, 1.5});
        for (size_t size = 0; size < bytes.size(); ++size) CHECK(!unpacked(bytes.substr(0, size)));
        CHECK(!unpacked(bytes + '\0'));
    });
}

TEST(any_bytes_are_survived) {
    for_seeds(3000, [](std::mt19937& random) {
        std::string bytes;
        for (int n = any(random, 0, 60); n > 0; --n) bytes += static_cast<char>(random());
        if (const auto reply = Reply::from(bytes)) reply->notes(3);
    });
}

TEST(what_nests_too_deep_or_says_too_much_is_nothing) {
    CHECK(!unpacked(std::string(17, '\x91') + '\x01'));
    CHECK(unpacked(std::string(16, '\x91') + '\x01'));
    CHECK(!unpacked("\xdd\xff\xff\xff\xff"));
    CHECK(!unpacked("\xdb\xff\xff\xff\xff"));
}

TEST(text_that_is_none_is_nothing) {
    CHECK(unpacked("\xa4\xc3\xa4h!"));
    CHECK(unpacked("\xa4\xf0\x9f\x8e\xb9"));
    for (const char* bad : {"\xff", "\xc3", "\xc0\x80", "a\x80", "\xc3" "a"})
        CHECK(!unpacked(static_cast<char>(0xa0 + std::strlen(bad)) + std::string(bad)));
}

TEST(notes_that_nobody_could_sound_are_passed_over) {
    const Value good = Array{96, 0, 64, 24, 72}, loud = Array{96, 0, 64, 24, 128};
    const Value brief = Array{1, 2};
    const Reply reply(Array{"notes", 1, 2, Value(Array{good, loud, brief, "?"})});
    const auto notes = reply.notes(3);
    CHECK(notes.size() == 1 && notes[0].onset == 96 && notes[0].end() == 120);
    CHECK(reply.notes(7).empty() && reply.integer(7) == -1);
}
