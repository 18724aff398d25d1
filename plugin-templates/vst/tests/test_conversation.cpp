#include "check.hpp"

#include "../conversation.hpp"

#include <algorithm>

using namespace antiphon;

namespace {

bool same(const Note& one, const Note& other) {
    return one.onset == other.onset && one.instrument == other.instrument &&
           one.pitch == other.pitch && one.end() == other.end();
}

/// What a list of key events leaves behind.
std::vector<Note> notes_of(const Array& events, std::vector<Note> notes) {
    for (const Value& value : events) {
        const Reply event(*value.as<Array>());
        const auto tick = event.integer(1);
        const auto instrument = static_cast<int>(event.integer(2));
        const auto key = static_cast<int>(event.integer(3));
        if (event.is("on")) notes.push_back({tick, instrument, key, 0, 80});
        if (!event.is("off")) continue;
        for (Note& note : notes)
            if (note.length == 0 && note.instrument == instrument && note.pitch == key)
                note.length = std::max<Tick>(1, tick - note.onset);
    }
    return notes;
}

/// A slow and obvious engine: it answers with a note every so often, some at a time.
class Engine {
public:
    explicit Engine(std::mt19937& random) : random_(random) {}

    void take(const std::vector<Value>& messages) {
        for (const Value& value : messages) {
            const Reply message(*value.as<Array>());
            if (message.is("open")) memory_.clear();
            if (message.is("listen")) {
                asked_.reset();
                memory_ = notes_of(*message.entries()[2].as<Array>(), memory_);
            }
            if (message.is("cancel")) asked_.reset();
            if (message.is("rewind")) rewind(message.integer(2), *message.entries()[3].as<bool>());
            if (message.is("answer")) {
                CHECK(message.integer(2) > generation_);
                generation_ = message.integer(2);
                next_ = message.integer(3);
                asked_ = message.integer(4);
            }
        }
    }

    /// Some more of the answer, now and then.
    std::vector<Reply> replies() {
        if (!asked_ || !once_in(random_, 3)) return {};
        if (next_ >= *asked_) {
            asked_.reset();
            return {Reply(Array{"done", 1, generation_, "until", 1, nullptr, 1, 0})};
        }
        // Never a key that it still holds itself.
        const Note note{next_, 0, pitch_ = pitch_ == 50 ? 40 : pitch_ + 1, any(random_, 1, 60), 80};
        next_ += any(random_, 12, 60);
        memory_.push_back(note);
        const Value sent = Array{note.onset, 0, note.pitch, note.length, 80};
        return {Reply(Array{"notes", 1, generation_, Value(Array{sent}), 0, 0})};
    }

    const std::vector<Note>& memory() const { return memory_; }
    bool busy() const { return asked_.has_value(); }

private:
    void rewind(Tick tick, bool keeps_ends) {
        memory_ = begun(memory_, tick);
        for (Note& note : memory_)
            if (!keeps_ends && note.pitch <= 50)
                note.length = std::min(note.length, tick - note.onset);
    }

    std::mt19937& random_;
    std::vector<Note> memory_;
    std::optional<Tick> asked_;
    int64_t generation_ = 0;
    Tick next_ = 0;
    int pitch_ = 40;
};

/// A room in which both are heard: the player's keys are above 60, the engine's below.
struct Room {
    explicit Room(std::mt19937& random) : random(random), engine(random) {
        wishes.begins = Grid::Beat;
        conversation.back();
    }

    void key(Event::Kind kind, int pitch) {
        const Event event{kind, now.tick, 0, pitch, 80};
        if (kind == Event::Kind::On && ends_answers) cut(now.tick);
        truth = notes_of(Array{say::event(event)}, truth);
        conversation.hear(event);
    }

    void break_off() {
        cut(now.tick);
        conversation.break_off(now.tick);
    }

    void turn(Tick ticks) {
        now.tick += ticks;
        conversation.turn(now, wishes);
        pass_on();
        for (const Reply& reply : engine.replies()) conversation.reply(reply);
        pass_on();
    }

    /// A short note of the player's.
    void tap() {
        key(Event::Kind::On, 60);
        pass(2);
        key(Event::Kind::Off, 60);
    }

    /// Time passes, and the engine says nothing.
    void pass(Tick ticks) {
        now.tick += ticks;
        conversation.turn(now, wishes);
    }

    /// One note is the whole answer.
    void says_a_note(Tick onset, Tick length) {
        const int64_t generation = conversation.generation();
        const Value note = Array{onset, 0, 40, length, 80};
        conversation.reply(Reply(Array{"notes", 1, generation, Value(Array{note}), 0, 0}));
        conversation.reply(Reply(Array{"done", 1, generation, "until", 1, nullptr, 1, 0}));
    }

    std::mt19937& random;
    Engine engine;
    Conversation conversation;
    Wishes wishes;
    Moment now;
    bool ends_answers = true;
    std::vector<Note> truth;

private:
    int64_t latest = 0;

    void pass_on() {
        engine.take(conversation.take_messages());
        for (const Direction& direction : conversation.take_directions()) {
            if (direction.kind == Direction::Kind::Note) {
                const bool first = latest != direction.generation;
                latest = direction.generation;
                if (first && ends_answers) CHECK(direction.note.onset >= now.tick);
                truth.push_back(direction.note);
            }
            if (direction.kind == Direction::Kind::Over) cut(now.tick);
            if (direction.kind == Direction::Kind::Recall)
                truth = begun(truth, direction.note.onset);
        }
    }

    /// Of the engine's notes only what has sounded by now remains.
    void cut(Tick tick) {
        std::vector<Note> left;
        for (Note note : truth) {
            if (note.pitch <= 50 && note.onset >= tick) continue;
            if (note.pitch <= 50) note.length = std::min(note.length, tick - note.onset);
            left.push_back(note);
        }
        truth = left;
    }
};

bool equal(std::vector<Note> one, std::vector<Note> other) {
    return std::is_permutation(one.begin(), one.end(), other.begin(), other.end(), same);
}

}  // namespace

TEST(a_phrase_is_answered_on_the_bar) {
    for_seeds(20, [](std::mt19937& random) {
        Room room(random);
        room.wishes.begins = Grid::Bar;
        room.now.tick = any(random, 0, 500);
        room.key(Event::Kind::On, 60);
        room.turn(any(random, 1, 90));
        room.key(Event::Kind::Off, 60);
        for (int n = 0; n < 300; ++n) room.turn(1);
        CHECK(room.truth.size() > 1 && room.truth[1].onset % 192 == 0);
    });
}

TEST(while_a_key_or_the_pedal_is_down_nobody_answers) {
    std::mt19937 random;
    Room room(random);
    room.key(Event::Kind::On, 60);
    room.conversation.hear({Event::Kind::Pedal, 0, 0, 1});
    for (int n = 0; n < 100; ++n) room.turn(5);
    room.key(Event::Kind::Off, 60);
    for (int n = 0; n < 100; ++n) room.turn(5);
    CHECK(room.conversation.generation() == 0);
    room.conversation.hear({Event::Kind::Pedal, room.now.tick, 0, 0});
    for (int n = 0; n < 100; ++n) room.turn(5);
    CHECK(room.conversation.generation() == 1);
}

TEST(the_engine_remembers_what_was_really_heard) {
    for_seeds(300, [](std::mt19937& random) {
        Room room(random);
        for (int phrase = 0; phrase < 6; ++phrase) {
            for (int n = any(random, 1, 4); n > 0; --n) {
                room.key(Event::Kind::On, 60 + n);
                room.turn(any(random, 1, 20));
                room.key(Event::Kind::Off, 60 + n);
                room.turn(any(random, 0, 20));
            }
            // Long enough for an answer, or not; slow turns make it late, and then it moves.
            for (int n = any(random, 0, 300); n > 0; --n) {
                room.turn(any(random, 0, once_in(random, 9) ? 60 : 4));
                if (once_in(random, 200)) room.break_off();
            }
        }
        room.wishes.mode = Mode::Off;
        for (int n = 0; n < 10; ++n) room.turn(1);
        for (Note& note : room.truth) note.length = std::max<Tick>(1, note.length);
        CHECK(equal(room.engine.memory(), room.truth));
    });
}

TEST(of_an_answer_that_is_made_again_only_the_last_version_counts) {
    int made_again = 0;
    for_seeds(100, [&made_again](std::mt19937& random) {
        Room room(random);
        room.key(Event::Kind::On, 61);
        room.turn(20);
        room.key(Event::Kind::Off, 61);
        for (int n = any(random, 60, 300); n > 0; --n) room.turn(1);
        room.wishes.take = 1;
        room.turn(0);
        if (room.conversation.generation() != 2) return;
        const Tick again = room.now.tick;
        for (int n = 0; n < 600; ++n) room.turn(1);
        for (const Note& note : room.engine.memory()) CHECK(note.pitch > 50 || note.onset >= again);
        made_again += room.engine.memory().size() > 1;
    });
    CHECK(made_again > 50);
}

TEST(an_engine_that_comes_back_is_told_everything) {
    for_seeds(100, [](std::mt19937& random) {
        Room room(random);
        for (int phrase = 0; phrase < 4; ++phrase) {
            room.key(Event::Kind::On, 61);
            room.turn(10);
            room.key(Event::Kind::Off, 61);
            for (int n = any(random, 0, 200); n > 0; --n) room.turn(any(random, 1, 4));
            room.conversation.lost();
            room.turn(0);
            room.engine.take({say::cancel(kSession)});
            room.conversation.back();
        }
        room.wishes.mode = Mode::Off;
        for (int n = 0; n < 10; ++n) room.turn(1);
        CHECK(equal(room.engine.memory(), room.truth));
    });
}

TEST(trading_goes_by_the_bars) {
    for_seeds(50, [](std::mt19937& random) {
        Room room(random);
        room.wishes.mode = Mode::Trade;
        room.wishes.bars = 2;
        room.ends_answers = false;
        for (int n = 0; n < 1500; ++n) {
            if (once_in(random, 20)) {
                room.key(Event::Kind::On, 70);
                room.turn(1);
                room.key(Event::Kind::Off, 70);
            }
            room.turn(2);
        }
        int answered = 0;
        for (const Note& note : room.truth)
            if (note.pitch <= 50) CHECK(note.onset % 768 >= 384 && ++answered);
        CHECK(answered > 5);
    });
}

TEST(a_note_that_rings_on_costs_nobody_a_turn) {
    std::mt19937 random;
    Room room(random);
    room.wishes.mode = Mode::Trade;
    room.wishes.bars = 1;
    room.ends_answers = false;
    room.tap();
    while (room.now.tick < 190) room.pass(2);
    CHECK(room.conversation.generation() == 1);
    room.says_a_note(370, 300);
    while (room.now.tick < 576) room.pass(2);
    CHECK(room.conversation.generation() == 2);
}

TEST(trading_begins_with_the_player_where_the_host_began) {
    std::mt19937 random;
    Room room(random);
    room.wishes.mode = Mode::Trade;
    room.wishes.bars = 1;
    room.ends_answers = false;
    room.now.began = room.now.tick = 192;
    room.tap();
    while (room.now.tick < 360) room.pass(1);
    CHECK(room.conversation.generation() == 0);
    while (room.now.tick < 384) room.pass(1);
    CHECK(room.conversation.generation() == 1);
}

TEST(endless_goes_on_when_an_engine_has_said_all) {
    std::mt19937 random;
    Room room(random);
    room.wishes.mode = Mode::Endless;
    room.tap();
    while (room.conversation.generation() == 0) room.pass(1);
    room.says_a_note(room.now.tick + 30, 20);
    for (int n = 0; n < 100; ++n) room.pass(1);
    CHECK(room.conversation.generation() == 2);
}

TEST(together_the_past_and_the_committed_stay) {
    for_seeds(100, [](std::mt19937& random) {
        Room room(random);
        room.wishes.mode = Mode::Together;
        room.ends_answers = false;
        for (int n = 0; n < 600; ++n) {
            room.turn(1);
            if (once_in(random, 40)) {
                room.key(Event::Kind::On, 70);
                room.turn(2);
                room.key(Event::Kind::Off, 70);
            }
        }
        CHECK(room.conversation.generation() > 3);
        for (int n = 0; n < 20; ++n) room.turn(1);
        CHECK(equal(begun(room.engine.memory(), room.now.tick), begun(room.truth, room.now.tick)));
        for (int n = 0; n < 500; ++n) room.turn(1);
        CHECK(!room.engine.busy());
    });
}
