/// What was played and answered, as an engine that comes back must hear it again.
#pragma once

#include "../protocol/cpp/messages.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace antiphon {

/// In order of time, releases before strikes of the same tick.
inline void sort(std::vector<Event>& events) {
    std::stable_sort(events.begin(), events.end(), [](const Event& one, const Event& other) {
        const auto rank = [](const Event& event) { return event.kind != Event::Kind::Off; };
        return std::pair(one.tick, rank(one)) < std::pair(other.tick, rank(other));
    });
}

/// Key events of some notes, in order of time.
inline std::vector<Event> events_of(const std::vector<Note>& notes) {
    std::vector<Event> events;
    for (const Note& note : notes) {
        events.push_back({Event::Kind::On, note.onset, note.instrument, note.pitch, note.velocity});
        events.push_back({Event::Kind::Off, note.end(), note.instrument, note.pitch});
    }
    sort(events);
    return events;
}

/// Those of some notes that begin before a tick.
inline std::vector<Note> begun(std::vector<Note> notes, Tick tick) {
    const auto begins_later = [tick](const Note& note) { return note.onset >= tick; };
    notes.erase(std::remove_if(notes.begin(), notes.end(), begins_later), notes.end());
    return notes;
}

/// What has sounded of some notes before a tick.
inline std::vector<Note> sounded(const std::vector<Note>& notes, Tick tick) {
    std::vector<Note> heard = begun(notes, tick);
    for (Note& note : heard) note.length = std::min(note.length, tick - note.onset);
    return heard;
}

class History {
public:
    /// Latest events that are kept.
    static constexpr size_t kLatest = 2048;

    void add(const std::vector<Event>& events) {
        events_.insert(events_.end(), events.begin(), events.end());
        if (events_.size() > kLatest) events_.erase(events_.begin(), events_.end() - kLatest);
    }

    bool empty() const { return events_.empty(); }

    std::vector<Event> in_order() const {
        std::vector<Event> all(events_.begin(), events_.end());
        sort(all);
        return all;
    }

private:
    std::deque<Event> events_;
};

}  // namespace antiphon
