/// What the player is playing, and when it is over: when nothing is held and silence has lasted.
#pragma once

#include "../protocol/cpp/messages.hpp"

#include <optional>
#include <set>
#include <utility>

namespace antiphon {

class Phrase {
public:
    void hear(const Event& event) {
        const std::pair key{event.instrument, event.key};
        switch (event.kind) {
        case Event::Kind::On:
            if (!first_) first_ = event.tick;
            held_.insert(key);
            break;
        case Event::Kind::Off: held_.erase(key); break;
        case Event::Kind::Pedal: press(event.instrument, event.key != 0); break;
        }
        latest_ = event.tick;
    }

    /// Whether it has ended by tick `now`, silence being so many ticks long.
    bool over(Tick now, Tick silence) const {
        return first_ && !held() && now - latest_ >= silence;
    }

    /// Whether a key or a pedal is down.
    bool held() const { return !held_.empty() || !pedals_.empty(); }

    bool empty() const { return !first_; }

    /// When the player last did something.
    Tick latest() const { return latest_; }

    /// From its first key to the last that happened.
    Tick length() const { return first_ ? latest_ - *first_ : 0; }

    /// The next one begins with the next key; what is held stays held.
    void clear() { first_.reset(); }

    void let_go_of_all() {
        held_.clear();
        pedals_.clear();
    }

private:
    void press(int instrument, bool down) {
        if (down)
            pedals_.insert(instrument);
        else
            pedals_.erase(instrument);
    }

    std::optional<Tick> first_;
    Tick latest_ = 0;
    std::set<std::pair<int, int>> held_;
    std::set<int> pedals_;
};

}  // namespace antiphon
