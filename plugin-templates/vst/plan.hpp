/// What of the answer is to come, and what of it sounds. [audio thread]
///
/// The contract: every note that begins has exactly one end, on its sample, whatever happens in
/// between: a cut, a jump, a lost engine, a host that takes no more. Nothing here allocates.
#pragma once

#include "keys.hpp"
#include "transport.hpp"

#include <array>
#include <limits>

namespace antiphon {

/// A note on a MIDI channel.
struct PlannedNote {
    Tick onset = 0, end = 0;
    uint8_t channel = 0, pitch = 0, velocity = 0;
};

constexpr uint8_t kNoteOff = 0x80, kNoteOn = 0x90, kControl = 0xb0;

class Plan {
public:
    static constexpr size_t kMostPending = 1024, kMostSounding = 128;
    /// What is later than this is left out; what is less late sounds at once.
    static constexpr Tick kLate = 6;

    bool full() const { return pending_ == kMostPending; }
    bool empty() const { return pending_ == 0 && sounding_ == 0; }

    /// Adds a note that is yet to come, in its place; not if it is full.
    void add(const PlannedNote& note) {
        if (full()) return;
        size_t at = pending_++;
        for (; at > 0 && slot(at - 1).onset > note.onset; --at) slot(at) = slot(at - 1);
        slot(at) = note;
    }

    /// Sounds what is due from where it is in the block up to (but without) frame `until`.
    /// `taken`: keys that the player holds on the same output, which are left alone.
    /// `sink(frame, status, key, velocity)` says whether it took the message.
    template <class Sink>
    void play(const Block& block, uint32_t from, uint32_t until, const Keys& taken, Sink&& sink) {
        for (;;) {
            const size_t ends = first_to_end();
            const int64_t off = ends < sounding_ ? due(block, heard_[ends].end, from) : kNever;
            const int64_t on = pending_ ? due(block, slot(0).onset, from) : kNever;
            if (std::min(off, on) >= until) return;
            if (!(off <= on ? end(ends, off, sink) : begin(block, on, taken, sink))) return;
        }
    }

    /// What sounds on a key ends at the next `play`.
    void end_key(uint8_t channel, uint8_t pitch) {
        for (size_t n = 0; n < sounding_; ++n)
            if (heard_[n].channel == channel && heard_[n].pitch == pitch) heard_[n].end = kNow;
    }

    /// All that sounds ends at the next `play`; what has not begun stays.
    void hush() {
        for (size_t n = 0; n < sounding_; ++n) heard_[n].end = kNow;
    }

    /// The same, and nothing more will begin.
    void drop() {
        hush();
        pending_ = 0;
    }

    /// What would begin before a tick never does.
    void skip(Tick tick) {
        while (pending_ && slot(0).onset < tick) forget_first();
    }

    /// What would begin at a tick or later never does.
    void recall(Tick tick) {
        while (pending_ && slot(pending_ - 1).onset >= tick) --pending_;
    }

private:
    static constexpr Tick kNow = std::numeric_limits<Tick>::min();
    static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

    PlannedNote& slot(size_t n) { return queue_[(first_ + n) % kMostPending]; }

    void forget_first() {
        first_ = (first_ + 1) % kMostPending;
        --pending_;
    }

    static int64_t due(const Block& block, Tick tick, uint32_t from) {
        return tick == kNow ? from : std::max<int64_t>(from, block.frame_of(tick));
    }

    size_t first_to_end() const {
        size_t first = 0;
        for (size_t n = 1; n < sounding_; ++n)
            if (heard_[n].end < heard_[first].end) first = n;
        return first;
    }

    template <class Sink> bool end(size_t which, int64_t frame, Sink&& sink) {
        const PlannedNote& note = heard_[which];
        const auto off = static_cast<uint8_t>(kNoteOff | note.channel);
        if (!sink(static_cast<uint32_t>(frame), off, note.pitch, uint8_t{0})) return false;
        heard_[which] = heard_[--sounding_];
        return true;
    }

    template <class Sink>
    bool begin(const Block& block, int64_t frame, const Keys& taken, Sink&& sink) {
        const PlannedNote note = slot(0);
        if (!welcome(note, block, frame, taken)) {
            forget_first();
            return true;
        }
        for (size_t n = 0; n < sounding_; ++n)
            if (heard_[n].channel == note.channel && heard_[n].pitch == note.pitch)
                return end(n, frame, sink);  // and it is tried again
        const auto on = static_cast<uint8_t>(kNoteOn | note.channel);
        if (!sink(static_cast<uint32_t>(frame), on, note.pitch, note.velocity)) return false;
        forget_first();
        heard_[sounding_++] = note;
        return true;
    }

    bool welcome(const PlannedNote& note, const Block& block, int64_t frame, const Keys& taken) {
        const double now = block.tick_at(static_cast<uint32_t>(frame));
        const bool late = static_cast<double>(note.onset + kLate) < now;
        const bool over = static_cast<double>(note.end) <= now;
        const bool free = !taken.down(note.channel, note.pitch);
        return !late && !over && free && sounding_ < kMostSounding;
    }

    std::array<PlannedNote, kMostPending> queue_{};
    std::array<PlannedNote, kMostSounding> heard_{};
    size_t first_ = 0, pending_ = 0, sounding_ = 0;
};

}  // namespace antiphon
