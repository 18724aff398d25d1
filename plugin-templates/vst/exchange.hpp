/// All that the audio thread and the network thread tell each other. Neither ever waits for it.
#pragma once

#include "parameters.hpp"
#include "plan.hpp"
#include "ring.hpp"

namespace antiphon {

constexpr uint8_t kSustain = 64, kAllSoundOff = 120, kResetControllers = 121,
                  kAllNotesOff = 123;

/// Whether a controller ends all notes of its channel; those above all-notes-off do so as well.
constexpr bool ends_notes(uint8_t controller) {
    return controller == kAllSoundOff || controller >= kAllNotesOff;
}

/// A MIDI message of the player's, or news of the audio thread's own in place of its status.
struct Played {
    /// The answer was broken off; nobody holds a key any more.
    static constexpr uint8_t kBrokenOff = 0, kLetGo = 1;

    Tick tick = 0;
    uint8_t status = 0, first = 0, second = 0;
};

/// What the network thread asks of the audio thread.
struct Cue {
    enum class Kind : uint8_t {
        /// Sound a note, unless its generation is over.
        Note,
        /// A generation is over: all that sounds ends, and nothing of it begins any more.
        Over,
        /// What would begin at tick `note.onset` or later does not.
        Recall,
    };
    Kind kind = Kind::Note;
    int64_t generation = 0;
    PlannedNote note;
};

struct Exchange {
    Settings settings;

    // From the audio thread.
    Ring<Played, 4096> played;
    /// The session's tick up to which everything has been played; written after what was played.
    std::atomic<Tick> now{0};
    std::atomic<double> bpm{120};
    std::atomic<int> beats{4}, value{4};
    /// The bar in which the host began to roll; turns are counted from there.
    std::atomic<Tick> began{0};

    // From the network thread.
    Ring<Cue, 1024> cues;
    /// Number of the latest answer that was asked for.
    std::atomic<int64_t> asked{0};
    /// Grows while the engine lives.
    std::atomic<uint64_t> signs_of_life{0};
    std::atomic<bool> connected{false};
    std::atomic<uint32_t> notes_received{0};
};

}  // namespace antiphon
