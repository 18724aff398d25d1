/// What a player can set, as one table; and what the plugin tells.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace antiphon {

/// The order is the order in the host, and part of what projects save: only ever append.
/// DPF 1.6 tells VST3 hosts that the first is 0, whatever it is: so that is nothing, and always 0.
enum Parameter : uint32_t {
    kNothing, kMode, kSilence, kBeginsOn, kBars, kStyle, kMyInstrument, kAnswersWith, kHeat,
    kDensity, kTake, kThru, kPanic, kPort, kConnected, kNotesReceived,
    kParameters,
};

enum class Mode { Off, InTurn, Trade, Together, Endless };
enum class Grid { Free, Beat, Bar };

/// `Answers with`: as the player, one of the 17 instruments from 1 on, or anything.
constexpr int kAsMine = 0, kAnything = 18;

enum class Kind { Number, Integer, Choice, Switch, Output };

struct Description {
    const char *name, *symbol, *unit;
    Kind kind;
    float usual, least, most;
    const char* const* choices = nullptr;

    uint32_t choice_count() const { return choices ? static_cast<uint32_t>(most - least) + 1 : 0; }
};

constexpr const char* kModes[] = {"Off", "In turn", "Trade", "Together", "Endless"};
constexpr const char* kGrids[] = {"As soon as can be", "Beat", "Bar"};
constexpr const char* kInstrumentNames[] = {
    "Piano", "Chromatic", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass", "Reed", "Pipe",
    "Lead", "Pad", "Effects", "Ethnic", "Percussive", "Sfx", "Drums"};
constexpr const char* kAnswerers[] = {
    "As mine", "Piano", "Chromatic", "Organ", "Guitar", "Bass", "Strings", "Ensemble", "Brass",
    "Reed", "Pipe", "Lead", "Pad", "Effects", "Ethnic", "Percussive", "Sfx", "Drums", "Anything"};

constexpr Description kTable[kParameters] = {
    {"Unused", "unused", "", Kind::Output, 0, 0, 1},
    {"Mode", "mode", "", Kind::Choice, 1, 0, 4, kModes},
    {"Silence", "silence", "beats", Kind::Number, 1, 0.25f, 8},
    {"Begins on", "begins_on", "", Kind::Choice, 2, 0, 2, kGrids},
    {"Bars", "bars", "bars", Kind::Integer, 0, 0, 16},
    {"Style", "style", "", Kind::Integer, 0, 0, 255},
    {"My instrument", "my_instrument", "", Kind::Choice, 0, 0, 16, kInstrumentNames},
    {"Answers with", "answers_with", "", Kind::Choice, kAsMine, 0, kAnything, kAnswerers},
    {"Heat", "heat", "", Kind::Number, 0.95f, 0.5f, 1.5f},
    {"Density", "density", "notes/beat", Kind::Integer, 32, 1, 32},
    {"Take", "take", "", Kind::Integer, 0, 0, 127},
    {"Thru", "thru", "", Kind::Switch, 1, 0, 1},
    // No trigger: those do not reach a VST3 in DPF 1.6.
    {"Panic", "panic", "", Kind::Switch, 0, 0, 1},
    {"Port", "port", "", Kind::Integer, 6470, 1024, 65535},
    {"Connected", "connected", "", Kind::Output, 0, 0, 1},
    {"Notes received", "notes_received", "notes", Kind::Output, 0, 0, 1000000},
};

/// The values now. Any thread may read and write.
class Settings {
public:
    Settings() {
        for (uint32_t n = 0; n < kParameters; ++n) set(n, kTable[n].usual);
    }

    void set(uint32_t parameter, float value) {
        values_[parameter].store(value, std::memory_order_relaxed);
    }

    float get(uint32_t parameter) const {
        return values_[parameter].load(std::memory_order_relaxed);
    }

    int whole(Parameter parameter) const { return static_cast<int>(get(parameter) + 0.5f); }
    bool on(Parameter parameter) const { return get(parameter) > 0.5f; }
    Mode mode() const { return static_cast<Mode>(whole(kMode)); }

private:
    std::array<std::atomic<float>, kParameters> values_;
};

}  // namespace antiphon
