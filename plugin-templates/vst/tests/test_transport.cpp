#include "check.hpp"

#include "../transport.hpp"

using namespace antiphon;

constexpr double kRate = 48000;

/// How far two places are apart within a bar.
static double apart(double one, double other, Tick bar) {
    return std::abs(std::remainder(one - other, static_cast<double>(bar)));
}

TEST(a_host_that_plays_on_is_followed_to_the_sample) {
    Transport transport;
    Host host{true, 4, 120, {}};
    double session = -1;
    for (int n = 0; n < 1000; ++n) {
        const Block block = transport.advance(host, 256, kRate);
        CHECK(block.jumped == (n == 0));
        CHECK(session < 0 || std::abs(block.begin - session) < 1e-6);
        CHECK(block.frame_of(static_cast<Tick>(block.begin) + 1) <= 500);
        host.beats += 256 / kRate * 2;
        session = block.tick_at(256);
    }
}

TEST(whatever_the_host_does_ticks_never_fall_and_bars_agree) {
    for_seeds(300, [](std::mt19937& random) {
        Transport transport;
        Host host;
        Tick latest = 0;
        double end = 0;
        for (int n = 0; n < 400; ++n) {
            const bool jumps = once_in(random, 20);
            if (jumps) host.beats = any(random, 0, 64) + any(random, 0, 3) / 4.0;
            if (once_in(random, 40)) host.rolling = !host.rolling;
            if (once_in(random, 40)) host.bpm = any(random, 30, 300);
            if (once_in(random, 80)) host.metre = {any(random, 2, 7), once_in(random, 2) ? 4 : 8};
            const auto frames = static_cast<uint32_t>(any(random, 16, 1024));
            const Block block = transport.advance(host, frames, kRate);

            CHECK(block.begin > end - 0.25);
            CHECK(block.begin < end + static_cast<double>(host.metre.bar()) + 0.25);
            if (host.rolling) CHECK(apart(block.begin, host.beats * 48, host.metre.bar()) < 1e-6);
            if (!block.jumped) CHECK(std::abs(block.begin - end) < 0.25);
            const Tick tick = transport.stamp(block, static_cast<uint32_t>(any(random, 0, 15)));
            CHECK(tick >= latest);
            latest = tick;
            end = block.tick_at(frames);
            if (host.rolling) host.beats += frames / kRate * host.bpm / 60;
        }
    });
}

TEST(a_tempo_that_steps_within_a_block_is_no_jump) {
    Transport transport;
    Host host{true, 4, 140, {}};
    const double before = transport.advance(host, 512, kRate).tick_at(512);
    host.beats += (256 * 140 + 256 * 90) / kRate / 60;
    host.bpm = 90;
    const Block block = transport.advance(host, 512, kRate);
    CHECK(!block.jumped && std::abs(block.begin - before) < 0.5);
}

TEST(a_host_that_counts_coarsely_is_followed_evenly) {
    Transport transport;
    Host host{true, 0, 123, {}, 1};
    double end = 0;
    for (int n = 0; n < 10000; ++n) {
        const double beats = n * 256 / kRate * 123 / 60;
        host.beats = std::floor(beats * 48) / 48;
        const Block block = transport.advance(host, 256, kRate);
        CHECK(block.jumped == (n == 0));
        CHECK(block.begin > end - 1e-3 && std::abs(block.begin - beats * 48) < 1.01);
        end = block.tick_at(256);
    }
    host.beats += 1;
    CHECK(transport.advance(host, 256, kRate).jumped);
}

TEST(a_loop_of_whole_bars_goes_on_without_a_gap) {
    Transport transport;
    Host host{true, 4, 120, {}};
    transport.advance(host, 96000, kRate);
    host.beats = 4;
    const Block block = transport.advance(host, 256, kRate);
    CHECK(block.jumped && std::abs(block.begin - 192) < 1e-6);
}

TEST(a_host_that_stands_is_no_obstacle) {
    Transport transport;
    const Host host{false, 17, 90, {}};
    transport.advance(host, 48000, kRate);
    const Block block = transport.advance(host, 256, kRate);
    CHECK(!block.jumped && !block.stopped && std::abs(block.begin - 72) < 1e-6);
}
