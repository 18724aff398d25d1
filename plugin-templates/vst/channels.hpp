/// From MIDI channels to instruments and back.
#pragma once

#include "exchange.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace antiphon {

constexpr int kDrumChannel = 9;

class Channels {
public:
    /// What a message of the player's means; `mine` is the instrument that is played.
    std::vector<Event> events(const Played& played, int mine) {
        if (played.status == Played::kLetGo) return ends_of_all(played.tick);
        if (played.status == Played::kBrokenOff) return {};
        const int channel = played.status & 0x0f;
        if ((played.status & 0xf0) == kControl && ends_notes(played.first))
            return ends(channel, played.tick);
        const auto event = single(played, channel == kDrumChannel ? kDrums : mine);
        return event ? std::vector<Event>{*event} : std::vector<Event>{};
    }

    /// Where an instrument of the answer sounds: the player's on the player's own channel, drums on
    /// 10, and others each on a channel of its own (from 0).
    int of_answer(int instrument, int mine) const {
        if (instrument == kDrums) return kDrumChannel;
        if (instrument == mine) return player_;
        return instrument < kDrumChannel ? instrument : instrument < 15 ? instrument + 1 : 15;
    }

private:
    std::optional<Event> single(const Played& played, int instrument) {
        const int channel = played.status & 0x0f, kind = played.status & 0xf0;
        if (kind == kControl) {
            // Hosts reset controllers now and then; without a pedal down that is no playing.
            if (played.first == kResetControllers && !pedal_as_.count(channel)) return {};
            const bool down = played.first == kSustain && played.second >= 64;
            return pedal(channel, down, played.tick, instrument);
        }
        if (kind == kNoteOn && played.second > 0) {
            if (channel != kDrumChannel) player_ = channel;
            struck_as_[{channel, played.first}] = instrument;
            return Event{Event::Kind::On, played.tick, instrument, played.first, played.second};
        }
        // A key that went down as one instrument goes up as the same.
        const auto struck = struck_as_.find({channel, played.first});
        if (struck == struck_as_.end()) return {};
        const Event off{Event::Kind::Off, played.tick, struck->second, played.first};
        struck_as_.erase(struck);
        return off;
    }

    /// A pedal, too, goes up as what it went down as: else it would be held for ever.
    Event pedal(int channel, bool down, Tick tick, int instrument) {
        const int as = pedal_as_.emplace(channel, instrument).first->second;
        if (!down) pedal_as_.erase(channel);
        return {Event::Kind::Pedal, tick, as, down};
    }

    /// Ends of all that is down on a channel, as for hosts that send no end of each note.
    std::vector<Event> ends(int channel, Tick tick) {
        std::vector<Event> all;
        const auto first = struck_as_.lower_bound({channel, 0});
        const auto last = struck_as_.lower_bound({channel + 1, 0});
        for (auto struck = first; struck != last; ++struck)
            all.push_back({Event::Kind::Off, tick, struck->second, struck->first.second});
        struck_as_.erase(first, last);
        if (pedal_as_.count(channel)) all.push_back(pedal(channel, false, tick, 0));
        return all;
    }

    std::vector<Event> ends_of_all(Tick tick) {
        std::vector<Event> all;
        for (int channel = 0; channel < 16; ++channel)
            for (const Event& event : ends(channel, tick)) all.push_back(event);
        return all;
    }

    std::map<std::pair<int, int>, int> struck_as_;
    /// The channels whose pedal is down.
    std::map<int, int> pedal_as_;
    int player_ = 0;
};

}  // namespace antiphon
