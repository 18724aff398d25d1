#include "check.hpp"

#include <cstdint>

// As DPF has it, so that this needs no DPF.
#define DISTRHO_NAMESPACE dpf
namespace dpf {
struct TimePosition {
    bool playing = true;
    uint64_t frame = 0;
    struct {
        bool valid = true;
        int32_t bar = 1, beat = 1;
        double tick = 0, barStartTick = 0;
        float beatsPerBar = 4, beatType = 4;
        double ticksPerBeat = 1920, beatsPerMinute = 120;
    } bbt;
};
}  // namespace dpf

#include "../position.hpp"

using namespace antiphon;

TEST(clap_before_the_song_begins_is_a_host_that_stands) {
    Position position("CLAP");
    dpf::TimePosition told;
    position.read(told, 256, 48000);
    for (int n = 0; n < 10; ++n) CHECK(!position.read(told, 256, 48000).rolling);
    told.bbt.tick = 8;
    CHECK(position.read(told, 256, 48000).rolling);
}

TEST(clap_from_the_first_beat_rolls_at_once) {
    Position position("CLAP");
    dpf::TimePosition told;
    CHECK(position.read(told, 256, 48000).rolling);
    told.bbt.tick = 20;
    CHECK(position.read(told, 256, 48000).rolling);
}

TEST(how_coarsely_a_host_counts_is_told) {
    Position position("JACK");
    dpf::TimePosition told;
    CHECK(position.read(told, 256, 48000).grain < 0.03);
    told.bbt.ticksPerBeat = 48;
    CHECK(position.read(told, 256, 48000).grain == 1);
}
