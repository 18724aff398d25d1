#include "check.hpp"

#include "../performer.hpp"

#include <map>
#include <set>
#include <vector>

using namespace antiphon;

namespace {

constexpr double kRate = 48000;
constexpr uint32_t kFrames = 256;
constexpr double kBeatsPerBlock = kFrames / kRate * 2;

/// A performer on a stage: a host that rolls, keys to press, and what came out.
struct Stage {
    Exchange exchange;
    Performer performer{exchange};
    Host host{true, 0, 120, {}};
    std::map<int, int> open;
    /// The channels on which what hears it has its pedal down.
    std::set<int> pedals;
    /// The channels that were told that all notes end.
    std::set<int> ended;
    int struck = 0;

    template <class Keys> void block(Keys&& keys) {
        exchange.signs_of_life.fetch_add(engine_lives);
        performer.begin(host, kFrames, kRate);
        uint32_t latest = 0;
        const auto output = [&](uint32_t frame, const uint8_t* message, uint32_t) {
            CHECK(frame >= latest && frame < kFrames);
            latest = frame;
            count(message);
            return true;
        };
        keys([&](uint32_t frame, uint8_t status, uint8_t key, uint8_t velocity) {
            const uint8_t message[] = {status, key, velocity};
            performer.hear(frame, message, 3, output);
        });
        performer.end(output);
        if (host.rolling) host.beats += kBeatsPerBlock;
    }

    void block() {
        block([](auto&&) {});
    }

    void cue(Tick onset, Tick end, uint8_t key, int64_t generation = 1) {
        exchange.asked = std::max<int64_t>(exchange.asked, generation);
        exchange.cues.push({Cue::Kind::Note, generation, {onset, end, 0, key, 80}});
    }

    int sounding() const {
        int all = 0;
        for (const auto& [key, n] : open) all += n;
        return all;
    }

    uint64_t engine_lives = 1;

private:
    void count(const uint8_t* message) {
        const int kind = message[0] & 0xf0, key = (message[0] & 0x0f) * 128 + message[1];
        if (kind == kNoteOn) ++open[key], ++struck;
        if (kind == kNoteOff) --open[key];
        if (kind != kControl) return;
        if (message[1] == kAllNotesOff) ended.insert(message[0] & 0x0f);
        if (message[1] == kSustain && message[2] >= 64) pedals.insert(message[0] & 0x0f);
        if (message[1] == kSustain && message[2] < 64) pedals.erase(message[0] & 0x0f);
    }
};

}  // namespace

TEST(an_answer_sounds_and_ends) {
    Stage stage;
    stage.cue(24, 48, 60);
    for (int n = 0; n < 60; ++n) stage.block();
    CHECK(stage.struck == 1 && stage.sounding() == 1);
    for (int n = 0; n < 60; ++n) stage.block();
    CHECK(stage.sounding() == 0);
}

TEST(the_players_key_ends_the_answer_in_its_sample) {
    Stage stage;
    stage.cue(0, 4800, 60);
    stage.cue(48, 4800, 62);
    stage.block();
    stage.block([](auto&& key) { key(100, 0x90, 72, 90); });
    CHECK(stage.open[60] == 0 && stage.open[72] == 1);
    for (int n = 0; n < 200; ++n) stage.block();
    CHECK(stage.struck == 2);
    const Played* played = stage.exchange.played.front();
    CHECK(played && played->first == 72);
}

TEST(notes_of_an_answer_that_is_over_do_not_sound) {
    Stage stage;
    stage.exchange.asked = 1;
    stage.block([](auto&& key) { key(0, 0x90, 72, 90); });
    stage.cue(0, 4800, 60, 1);
    stage.block();
    CHECK(stage.struck == 1);
    stage.cue(0, 4800, 60, 2);
    stage.exchange.cues.push({Cue::Kind::Over, 2, {}});
    stage.block();
    CHECK(stage.sounding() == 1);
}

TEST(without_its_engine_an_answer_ends_within_half_a_second) {
    Stage stage;
    stage.cue(0, 4800, 60);
    stage.block();
    stage.engine_lives = 0;
    for (int n = 0; n < 93; ++n) stage.block();
    CHECK(stage.sounding() == 1);
    stage.block();
    stage.block();
    CHECK(stage.sounding() == 0);
}

TEST(a_stop_of_the_host_ends_the_answer_and_a_loop_only_what_sounds) {
    Stage stage;
    stage.cue(0, 4800, 60);
    stage.cue(24, 4800, 62);
    stage.block();
    stage.host.beats = 0;
    stage.block();
    CHECK(stage.sounding() == 0);
    stage.host.beats = kBeatsPerBlock;
    for (int n = 0; n < 300; ++n) stage.block();
    stage.cue(static_cast<Tick>(stage.exchange.now) + 2, 48000, 64);
    for (int n = 0; n < 20; ++n) stage.block();
    CHECK(stage.open[64] == 1);
    stage.host.rolling = false;
    stage.block();
    CHECK(stage.sounding() == 0);
}

TEST(panic_ends_everything_and_tells_all_channels) {
    Stage stage;
    stage.cue(0, 4800, 60);
    stage.block([](auto&& key) { key(0, 0xb0, 64, 127); });
    stage.performer.panic();
    stage.block();
    CHECK(stage.sounding() == 0 && stage.pedals.empty());
}

TEST(a_pedal_that_went_through_goes_up_there_too) {
    Stage stage;
    stage.block([](auto&& key) { key(0, 0xb2, 64, 127); });
    CHECK(stage.pedals.count(2));
    stage.exchange.settings.set(kThru, 0);
    stage.block([](auto&& key) { key(0, 0xb2, 64, 0); });
    CHECK(stage.pedals.empty());
}

TEST(a_host_that_ends_notes_by_the_channel_ends_what_went_through) {
    Stage stage;
    stage.block([](auto&& key) { key(0, 0x90, 72, 90); });
    stage.exchange.settings.set(kThru, 0);
    stage.exchange.played.pop();
    stage.block([](auto&& key) { key(0, 0xb0, 123, 0); });
    CHECK(stage.ended.count(0));
    const Played* played = stage.exchange.played.front();
    CHECK(played && played->status == 0xb0 && played->first == 123);
    stage.ended.clear();
    stage.block([](auto&& key) { key(0, 0xb0, 123, 0); });
    CHECK(stage.ended.empty());
}

TEST(turns_are_counted_from_the_bar_in_which_the_host_begins) {
    Stage stage;
    stage.host.rolling = false;
    for (int n = 0; n < 500; ++n) stage.block();
    const Tick stood = stage.exchange.now;
    stage.host.rolling = true;
    stage.host.beats = 5;
    stage.block();
    const Tick began = stage.exchange.began;
    CHECK(began % 192 == 0 && began > stood - 192 && began <= stood + 192);
    for (int n = 0; n < 500; ++n) stage.block();
    stage.host.beats = 0;
    stage.block();
    CHECK(stage.exchange.began == began);
}

TEST(whatever_happens_the_host_hears_an_end_for_every_note) {
    for_seeds(200, [](std::mt19937& random) {
        Stage stage;
        std::map<int, bool> down;
        int64_t generation = 1;
        for (int n = 0; n < 400; ++n) {
            const Tick now = stage.exchange.now;
            Settings& settings = stage.exchange.settings;
            auto& cues = stage.exchange.cues;
            if (once_in(random, 3)) {
                const auto key = static_cast<uint8_t>(any(random, 58, 66));
                stage.cue(now + any(random, -3, 60), now + any(random, 1, 200), key, generation);
            }
            if (once_in(random, 30)) cues.push({Cue::Kind::Over, generation++, {}});
            if (once_in(random, 30)) cues.push({Cue::Kind::Recall, generation, {now + 9}});
            if (once_in(random, 30)) stage.host.beats = any(random, 0, 40);
            if (once_in(random, 50)) stage.host.rolling = !stage.host.rolling;
            if (once_in(random, 50)) settings.set(kMode, static_cast<float>(any(random, 0, 4)));
            if (once_in(random, 20)) settings.set(kThru, static_cast<float>(any(random, 0, 1)));
            if (once_in(random, 60)) stage.performer.panic();
            if (once_in(random, 60)) stage.engine_lives = 1 - stage.engine_lives;
            while (stage.exchange.played.front()) stage.exchange.played.pop();
            stage.block([&](auto&& press) {
                for (int more = any(random, 0, 2); more > 0; --more) {
                    const int key = any(random, 60, 64);
                    down[key] = !down[key];
                    const auto frame = static_cast<uint32_t>(any(random, 0, 300));
                    press(frame, down[key] ? 0x90 : 0x80, static_cast<uint8_t>(key), 80);
                }
            });
        }
        stage.exchange.settings.set(kMode, 0);
        stage.block([&](auto&& press) {
            for (const auto& [key, is_down] : down)
                if (is_down) press(0, 0x80, static_cast<uint8_t>(key), 0);
        });
        stage.block();
        // A player's release that goes through though its key did not is no harm.
        for (const auto& [key, open] : stage.open) CHECK(open <= 0);
    });
}
