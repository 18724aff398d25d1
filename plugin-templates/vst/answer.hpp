/// One answer as it sounds: what is known of it, and where it stands in time.
#pragma once

#include "../protocol/cpp/messages.hpp"

#include <algorithm>
#include <vector>

namespace antiphon {

/// How far an answer reaches that only the player ends.
constexpr Tick kForEver = 1000000;

struct Answer {
    int64_t generation = 0;
    /// As the engine knows it.
    Tick start = 0, until = 0;
    /// By how many ticks it sounds later than the engine knows, and in what steps that may grow;
    /// 0 for not at all.
    Tick shift = 0, step = 0;
    /// Nothing more will come of it.
    bool complete = false;
    /// As they sound.
    std::vector<Note> notes;

    bool endless() const { return until - start >= kForEver; }

    /// Whether all of it has sounded by a tick.
    bool over(Tick now) const {
        const auto sounds_on = [now](const Note& note) { return note.end() > now; };
        return complete && std::none_of(notes.begin(), notes.end(), sounds_on);
    }

    /// Moves on by whole steps until what begins at a tick of the engine's is not before `soonest`.
    void put_off(Tick begin, Tick soonest) {
        const Tick late = soonest - (begin + shift);
        if (late > 0 && step > 0) shift += (late + step - 1) / step * step;
    }

    Note placed(Note note) const {
        note.onset += shift;
        return note;
    }
};

}  // namespace antiphon
