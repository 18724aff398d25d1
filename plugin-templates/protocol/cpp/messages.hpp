/// The messages of the protocol that a plugin says and hears, as plain values.
///
/// `PROTOCOL.md` says what they mean. Fields that are left out have the protocol's defaults.
#pragma once

#include "msgpack.hpp"

#include <optional>
#include <string>
#include <vector>

namespace antiphon {

constexpr int kVersion = 1;
constexpr int kTicksPerBeat = 48;
constexpr int kDrums = 16;
constexpr int kInstruments = 17;
constexpr uint16_t kDefaultPort = 6470;
constexpr size_t kMostEvents = 4096;

using Tick = int64_t;

/// A key or the sustain pedal of an instrument moved.
struct Event {
    enum class Kind : uint8_t { On, Off, Pedal };
    Kind kind;
    Tick tick;
    int instrument;
    /// Key number, or whether the pedal went down.
    int key;
    /// Of a key that went down, 1 to 127.
    int velocity = 0;
};

/// A note of an answer.
struct Note {
    Tick onset;
    int instrument, pitch;
    Tick length;
    int velocity;

    Tick end() const { return onset + length; }
};

/// What an answer may contain.
struct Constraints {
    std::vector<int> instruments, never;
    int density = 32;
};

/// How a session is begun.
struct Opening {
    int64_t seed = 0;
    std::string style;
    double bpm = 120;
    int beats = 4, value = 4;
};

/// What is asked for.
struct Question {
    int64_t generation;
    Tick start, until;
    /// Whether the first note sounds exactly at `start`.
    bool prompt;
    Constraints constraints;
    double temperature = 0.95;
};

namespace say {

inline Value hello(const std::string& client) { return Array{"hello", kVersion, client}; }
inline Value ping(int64_t number) { return Array{"ping", number}; }
inline Value cancel(int session) { return Array{"cancel", session}; }
inline Value close(int session) { return Array{"close", session}; }
inline Value keep(int session, int64_t generation, int take) {
    return Array{"keep", session, generation, take};
}

inline Value heard(int session, Tick position, Tick horizon) {
    return Array{"heard", session, position, horizon};
}

inline Value rewind(int session, Tick tick, bool keeps_ends = false) {
    return Array{"rewind", session, tick, keeps_ends};
}

inline Value open(int session, const Opening& opening) {
    const Array styles = opening.style.empty() ? Array{} : Array{opening.style};
    const Array metre{opening.beats, opening.value};
    return Array{"open", session, opening.seed, Value(styles), opening.bpm, Value(metre)};
}

inline Value event(const Event& event) {
    switch (event.kind) {
    case Event::Kind::On:
        return Array{"on", event.tick, event.instrument, event.key, event.velocity};
    case Event::Kind::Off: return Array{"off", event.tick, event.instrument, event.key};
    default: return Array{"pedal", event.tick, event.instrument, event.key != 0};
    }
}

/// At most `kMostEvents`, in order of time.
inline Value listen(int session, const std::vector<Event>& events) {
    Array all;
    for (const Event& one : events) all.push_back(event(one));
    return Array{"listen", session, Value(std::move(all))};
}

inline Value constraints(const Constraints& constraints) {
    const Array instruments(constraints.instruments.begin(), constraints.instruments.end());
    const Array never(constraints.never.begin(), constraints.never.end());
    return Map{{"instruments", instruments}, {"density", constraints.density}, {"never", never}};
}

inline Value answer(int session, const Question& question) {
    return Array{"answer", session, question.generation, question.start, question.until,
                 question.prompt, /* may end */ false, constraints(question.constraints),
                 /* ends */ nullptr, /* takes */ 0, Map{{"temperature", question.temperature}}};
}

}  // namespace say

/// What the engine said: a name and what follows it. Absent or odd fields read as nothing.
class Reply {
public:
    explicit Reply(Array entries) : entries_(std::move(entries)) {}

    /// A reply in a frame; nothing if the frame holds none.
    static std::optional<Reply> from(std::string_view frame) {
        auto value = unpacked(frame);
        const Array* entries = value ? value->as<Array>() : nullptr;
        if (!entries || entries->empty() || !entries->front().as<std::string>()) return {};
        return Reply(*entries);
    }

    const Array& entries() const { return entries_; }
    bool is(std::string_view name) const { return text(0) == name; }

    std::string text(size_t at) const {
        const auto* held = get<std::string>(at);
        return held ? *held : std::string();
    }

    /// −1 if it is no number there.
    int64_t integer(size_t at) const {
        const auto* held = get<int64_t>(at);
        return held ? *held : -1;
    }

    std::vector<std::string> texts(size_t at) const {
        std::vector<std::string> found;
        if (const auto* held = get<Array>(at))
            for (const Value& entry : *held)
                if (const auto* text = entry.as<std::string>()) found.push_back(*text);
        return found;
    }

    /// The notes that a player can sound; others are passed over.
    std::vector<Note> notes(size_t at) const {
        std::vector<Note> found;
        if (const auto* held = get<Array>(at))
            for (const Value& entry : *held)
                if (const auto note = read_note(entry)) found.push_back(*note);
        return found;
    }

private:
    template <class T> const T* get(size_t at) const {
        return at < entries_.size() ? entries_[at].as<T>() : nullptr;
    }

    static std::optional<Note> read_note(const Value& value) {
        const auto* fields = value.as<Array>();
        if (!fields || fields->size() < 5) return {};
        int64_t number[5];
        for (size_t n = 0; n < 5; ++n) {
            const auto* held = (*fields)[n].as<int64_t>();
            if (!held || *held < 0 || *held > kLatest) return {};
            number[n] = *held;
        }
        const auto [onset, instrument, pitch, length, velocity] = number;
        if (instrument > kDrums || pitch > 127 || length < 1 || velocity < 1 || velocity > 127)
            return {};
        return Note{onset, static_cast<int>(instrument), static_cast<int>(pitch), length,
                    static_cast<int>(velocity)};
    }

    static constexpr Tick kLatest = Tick{1} << 40;
    Array entries_;
};

}  // namespace antiphon
