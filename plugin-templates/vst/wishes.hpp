/// What the player wishes for at this moment, read from the parameters.
#pragma once

#include "parameters.hpp"
#include "transport.hpp"

#include <string>
#include <vector>

namespace antiphon {

/// Who plays along where nobody is asked for.
constexpr int kBass = 4;

struct Wishes {
    Mode mode = Mode::InTurn;
    Tick silence = kTicksPerBeat;
    Grid begins = Grid::Bar;
    /// Length of an answer; 0 is as long as the phrase.
    int bars = 0;
    std::string style;
    int mine = 0, answerer = kAsMine;
    double heat = 0.95;
    int density = 32;
    int64_t take = 0;

    static Wishes read(const Settings& settings, const std::vector<std::string>& styles) {
        Wishes wishes;
        wishes.mode = settings.mode();
        wishes.silence = static_cast<Tick>(settings.get(kSilence) * kTicksPerBeat);
        wishes.begins = static_cast<Grid>(settings.whole(kBeginsOn));
        wishes.bars = settings.whole(kBars);
        const auto style = static_cast<size_t>(settings.whole(kStyle));
        if (style > 0 && style <= styles.size()) wishes.style = styles[style - 1];
        wishes.mine = settings.whole(kMyInstrument);
        wishes.answerer = settings.whole(kAnswersWith);
        wishes.heat = settings.get(kHeat);
        wishes.density = settings.whole(kDensity);
        wishes.take = settings.whole(kTake);
        return wishes;
    }

    Constraints constraints() const {
        Constraints rules;
        rules.density = density;
        if (mode == Mode::Together) {
            rules.never = {mine};
            rules.instruments = companions();
        } else if (answerer == kAsMine) {
            rules.instruments = {mine};
        } else if (answerer != kAnything) {
            rules.instruments = {answerer - 1};
        }
        return rules;
    }

    /// Ticks between two places at which an answer may begin.
    Tick step(const Metre& metre) const {
        return begins == Grid::Bar ? metre.bar() : begins == Grid::Beat ? metre.beat() : 1;
    }

private:
    /// Never the player's own instrument; bass and drums unless somebody is asked for.
    std::vector<int> companions() const {
        if (answerer == kAnything) return {};
        if (answerer != kAsMine && answerer - 1 != mine) return {answerer - 1};
        if (mine == kBass) return {kDrums};
        if (mine == kDrums) return {kBass};
        return {kBass, kDrums};
    }
};

/// The first place of a grid that is not before a tick.
inline Tick line_at_or_after(Tick tick, Tick step) { return (tick + step - 1) / step * step; }

}  // namespace antiphon
