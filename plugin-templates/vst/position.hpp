/// From DPF's idea of the host's position, which is another in each format, to quarter notes.
///
///     VST3    bar and beat are counted from the beginning of the song, in the metre's beats
///     CLAP    the same, in quarter notes
///     LV2     told when the host sees fit, and counted on by DPF, which miscounts bars and
///             anything but quarters; so we count on ourselves while samples follow each other
///     JACK    as the timebase master says, in the metre's beats
#pragma once

#include "transport.hpp"

// The tests bring a position of their own.
#ifndef DISTRHO_NAMESPACE
#include "DistrhoPlugin.hpp"
#endif

#include <algorithm>
#include <cstring>

namespace antiphon {

class Position {
public:
    using Told = DISTRHO_NAMESPACE::TimePosition;

    /// `format` as DPF's `getPluginFormatName` has it.
    explicit Position(const char* format)
        : vst3_(!std::strcmp(format, "VST3")), clap_(!std::strcmp(format, "CLAP")),
          lv2_(!std::strcmp(format, "LV2")) {}

    Host read(const Told& told, uint32_t frames, double sample_rate) {
        Host host;
        const double bpm = told.bbt.beatsPerMinute;
        if (bpm >= 10 && bpm <= 999) host.bpm = bpm;
        host.metre = metre(told);
        host.rolling = told.playing && told.bbt.valid;
        host.beats = quarters(told, host.metre);
        // A JACK master may count in whole ticks, and few of them.
        host.grain = 4.0 * kTicksPerBeat / host.metre.value / std::max(1.0, told.bbt.ticksPerBeat);
        if (clap_) wait_for_the_song(host);
        if (lv2_ && host.rolling) host.beats = counted(told, host, frames, sample_rate);
        return host;
    }

private:
    /// DPF tells all that is before the song as its beginning: who stays there counts in.
    void wait_for_the_song(Host& host) {
        const bool at_zero = host.rolling && host.beats == 0;
        if (at_zero && at_zero_) host.rolling = false;
        at_zero_ = at_zero;
    }

    static Metre metre(const Told& told) {
        const int beats = static_cast<int>(told.bbt.beatsPerBar);
        const int value = static_cast<int>(told.bbt.beatType);
        const bool power_of_two = value >= 1 && value <= 64 && !(value & (value - 1));
        const bool known = beats >= 1 && beats <= 64 && power_of_two;
        return told.bbt.valid && known ? Metre{beats, value} : Metre{};
    }

    double quarters(const Told& told, const Metre& metre) const {
        const double bars = told.bbt.bar - 1;
        const double beats = told.bbt.beat - 1 + told.bbt.tick / told.bbt.ticksPerBeat;
        if (clap_) return bars * metre.beats + beats;
        // DPF rounds a bar of VST3 down to whole quarters; undone by the same rounding.
        if (vst3_) return (bars + beats / metre.beats) * (metre.beats * 4 / metre.value);
        return (bars * metre.beats + beats) * 4 / metre.value;
    }

    /// Counted on from the block before if samples follow each other, else as told.
    double counted(const Told& told, const Host& host, uint32_t frames, double sample_rate) {
        const double per_frame = host.bpm / 60 / sample_rate;
        // Some hosts tell samples and tempo only; DPF takes that for the first beat of the song.
        const bool knows_beats = told.bbt.bar != 1 || told.bbt.beat != 1 || told.bbt.tick != 0;
        double beats = knows_beats ? host.beats : static_cast<double>(told.frame) * per_frame;
        if (rolled_ && told.frame == next_frame_ && host.metre == metre_) {
            // Where DPF counts right, in quarters, it is right about the place in the bar.
            const double bar = static_cast<double>(host.metre.bar()) / kTicksPerBeat;
            const double off = std::remainder(beats - next_beats_, bar);
            const bool right = knows_beats && host.metre.value == 4 && std::abs(off) < 0.02;
            beats = next_beats_ + (right ? off : 0);
        }
        rolled_ = true;
        metre_ = host.metre;
        next_frame_ = told.frame + frames;
        next_beats_ = beats + frames * per_frame;
        return beats;
    }

    const bool vst3_, clap_, lv2_;
    bool rolled_ = false, at_zero_ = false;
    Metre metre_;
    uint64_t next_frame_ = 0;
    double next_beats_ = 0;
};

}  // namespace antiphon
