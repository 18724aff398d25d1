/// From the host's position to the session's ticks, which never fall, whatever the host does.
///
///     host     0 ──────── 8 │ 4 ──────── 8 │ 4 …          beats, here in a loop from 4 to 8
///     session  0 ────── 384 │ 384 ───── 576 │ 576 …        ticks, alike in every bar
///
/// While the host rolls, session and host agree in where in the bar they are. While it stands, or
/// has no transport, the session counts on by itself at the host's tempo.
#pragma once

#include "../protocol/cpp/messages.hpp"

#include <algorithm>
#include <cmath>

namespace antiphon {

struct Metre {
    int beats = 4, value = 4;

    Tick bar() const { return beats * beat(); }
    Tick beat() const { return 4 * kTicksPerBeat / value; }

    bool operator==(const Metre& o) const { return beats == o.beats && value == o.value; }
    bool operator!=(const Metre& o) const { return !(*this == o); }
};

/// What the host says at the beginning of a block.
struct Host {
    bool rolling = false;
    /// Position in quarter notes.
    double beats = 0;
    /// Quarter notes in a minute.
    double bpm = 120;
    Metre metre;
    /// How coarsely it counts its position, in ticks.
    double grain = 0;
};

/// The session's time within one block of samples.
struct Block {
    double begin = 0;
    double ticks_per_frame = 1;
    uint32_t frames = 0;
    /// The host has gone elsewhere just before; has begun to roll; or has stopped.
    bool jumped = false, began = false, stopped = false;

    double tick_at(uint32_t frame) const { return begin + frame * ticks_per_frame; }

    /// Frame nearest to a tick; below 0 for the past, and `frames` or more for the future.
    int64_t frame_of(Tick tick) const {
        return std::llround((static_cast<double>(tick) - begin) / ticks_per_frame);
    }
};

class Transport {
public:
    /// Moves on by a block.
    Block advance(const Host& host, uint32_t frames, double sample_rate) {
        double place = host.beats * kTicksPerBeat;
        const bool on = follows(host, place);
        // What the host rounds is better counted on.
        if (on && std::abs(place - expected_) < host.grain) place = expected_;
        Block block;
        block.jumped = host.rolling && !on;
        block.began = host.rolling && !was_.rolling;
        block.stopped = was_.rolling && !host.rolling;
        if (block.jumped) offset_ = next_alike(place, host.metre.bar()) - place;
        block.begin = host.rolling ? place + offset_ : position_;
        block.ticks_per_frame = host.bpm * kTicksPerBeat / 60 / sample_rate;
        block.frames = frames;
        position_ = block.tick_at(frames);
        expected_ = place + frames * block.ticks_per_frame;
        begun_ = place;
        was_ = host;
        return block;
    }

    /// Tick of something that happened at a frame of the block; no earlier than any before.
    Tick stamp(const Block& block, uint32_t frame) {
        return latest_ = std::max<Tick>(latest_, std::llround(block.tick_at(frame)));
    }

    /// Where the next block begins, in ticks.
    double position() const { return position_; }

private:
    /// Whether the host is where the block before led.
    bool follows(const Host& host, double place) const {
        // The tempo may have changed anywhere in that block.
        const double ramp = std::abs(host.bpm / was_.bpm - 1) * (expected_ - begun_);
        // Hosts round; nobody hears a fifth of a tick.
        const bool near = std::abs(place - expected_) < 0.2 + ramp + host.grain;
        return was_.rolling && host.metre == was_.metre && near;
    }

    /// The next session tick that lies in the bar where a host's tick does.
    double next_alike(double place, Tick bar) const {
        const auto length = static_cast<double>(bar);
        double ahead = std::fmod(place - position_, length);
        if (ahead < 0) ahead += length;
        // A loop of whole bars goes on without a gap, though the host rounds.
        return position_ + (length - ahead < 0.2 ? ahead - length : ahead);
    }

    Host was_;
    /// Where in the host's ticks the block before began, and where this one should.
    double begun_ = 0, expected_ = 0;
    double position_ = 0, offset_ = 0;
    Tick latest_ = 0;
};

}  // namespace antiphon
