#include "check.hpp"

#include "../channels.hpp"

using namespace antiphon;

TEST(a_pedal_goes_up_as_the_instrument_that_it_went_down_as) {
    Channels channels;
    CHECK(channels.events({0, 0xb0, 64, 127}, 3)[0].instrument == 3);
    const auto up = channels.events({10, 0xb0, 64, 0}, 5);
    CHECK(up.size() == 1 && up[0].instrument == 3 && up[0].key == 0);
    CHECK(channels.events({20, 0xb0, 64, 127}, 5)[0].instrument == 5);
}

TEST(all_notes_off_ends_what_is_down_on_its_channel) {
    for (const uint8_t message : {120, 123, 127}) {
        Channels channels;
        channels.events({0, 0x90, 60, 80}, 0);
        channels.events({0, 0x91, 61, 80}, 0);
        channels.events({0, 0xb0, 64, 127}, 0);
        const auto ends = channels.events({10, 0xb0, message, 0}, 0);
        CHECK(ends.size() == 2);
        CHECK(ends[0].kind == Event::Kind::Off && ends[0].key == 60 && ends[0].tick == 10);
        CHECK(ends[1].kind == Event::Kind::Pedal && ends[1].key == 0 && ends[1].tick == 10);
        CHECK(channels.events({20, 0x80, 60, 0}, 0).empty());
        CHECK(channels.events({20, 0x81, 61, 0}, 0).size() == 1);
    }
}

TEST(controllers_that_are_reset_lift_the_pedal_and_no_key) {
    Channels channels;
    channels.events({0, 0x90, 60, 80}, 0);
    channels.events({0, 0xb0, 64, 127}, 0);
    const auto ends = channels.events({10, 0xb0, 121, 0}, 0);
    CHECK(ends.size() == 1 && ends[0].kind == Event::Kind::Pedal && ends[0].key == 0);
    CHECK(channels.events({20, 0xb0, 121, 0}, 0).empty());
}

TEST(a_panic_ends_what_is_down_on_every_channel) {
    Channels channels;
    channels.events({0, 0x90, 60, 80}, 0);
    channels.events({0, 0x99, 36, 80}, 0);
    channels.events({0, 0xb1, 64, 127}, 0);
    CHECK(channels.events({10, Played::kLetGo}, 0).size() == 3);
    CHECK(channels.events({20, Played::kLetGo}, 0).empty());
}
