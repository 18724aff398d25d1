/// The one we play with: told what was played, asked for answers; it remembers what really sounded.
///
/// Keeps the engine's memory of the music equal to what was heard. Whose turn it is it knows not.
#pragma once

#include "answer.hpp"
#include "history.hpp"
#include "wishes.hpp"

#include <optional>
#include <utility>

namespace antiphon {

constexpr int kSession = 1;

/// The moment, as the audio thread tells it.
struct Moment {
    Tick tick = 0;
    double bpm = 120;
    Metre metre;
    /// The bar in which the host's transport began.
    Tick began = 0;

    /// Ticks in some milliseconds, rounded up.
    Tick ticks(double ms) const {
        return static_cast<Tick>(std::ceil(ms * bpm * kTicksPerBeat / 60000));
    }
};

/// What the audio thread is to do: sound a note, end a generation, or recall what begins at
/// `note.onset` or later.
struct Direction {
    enum class Kind { Note, Over, Recall } kind;
    int64_t generation = 0;
    Note note{};
};

class Partner {
public:
    const std::optional<Answer>& answer() const { return answer_; }
    int64_t generation() const { return generation_; }
    bool knows_music() const { return !history_.empty(); }

    /// What the player did and the engine was not told yet, in order.
    const std::vector<Event>& untold() const { return untold_; }

    std::vector<Value> take_messages() { return std::exchange(messages_, {}); }
    std::vector<Direction> take_directions() { return std::exchange(directions_, {}); }

    /// The player did this: to be told when no answer is being made, as that would end it.
    void hear(const Event& event) {
        if (untold_.size() == History::kLatest) untold_.erase(untold_.begin());
        untold_.push_back(event);
    }

    void tell() {
        history_.add(untold_);
        listen(std::exchange(untold_, {}));
    }

    /// Begins the session anew and tells it what was heard so far.
    void open(const Wishes& wishes, const Moment& now) {
        Opening opening;
        opening.seed = wishes.take;
        opening.style = wishes.style;
        opening.bpm = std::clamp(now.bpm, 10.0, 500.0);
        opening.beats = now.metre.beats;
        opening.value = now.metre.value;
        messages_.push_back(say::open(kSession, opening));
        listen(history_.in_order());
    }

    /// Asks for an answer from tick `start` to `until`. One that comes too late moves on by
    /// `step`, unless that is 0.
    void ask(Tick start, Tick until, Tick step, bool prompt, const Wishes& wishes) {
        answer_ = Answer{++generation_, start, until, 0, step, false, {}};
        messages_.push_back(say::answer(
            kSession, {generation_, start, until, prompt, wishes.constraints(), wishes.heat}));
        if (answer_->endless()) pace(start);
    }

    /// Asks for the same answer once more, to begin at `soonest` or later.
    void ask_again(Tick soonest, const Wishes& wishes, const Moment& now) {
        const Answer old = *answer_;
        over(old);
        open(wishes, now);
        ask(old.start, old.until, old.step, true, wishes);
        answer_->put_off(old.start, soonest);
    }

    /// What begins at tick `commit` or later is made anew, knowing all that was played.
    void revise(Tick commit, const Wishes& wishes, const Moment& now) {
        std::vector<Note> decided;
        if (answer_) decided = begun(answer_->notes, commit);
        directions_.push_back({Direction::Kind::Recall, generation_, {commit, 0, 0, 1, 1}});
        messages_.push_back(say::rewind(kSession, commit, true));
        tell();
        fold(decided, now.tick);
        ask(commit, commit + kForEver, 0, false, wishes);
        answer_->notes = std::move(decided);
        pace(now.tick);
    }

    /// Tells how far an answer without end has sounded, so that it does not run ahead.
    void pace(Tick now) {
        const Tick position = std::max<Tick>(0, now - answer_->shift);
        messages_.push_back(say::heard(kSession, position, kHorizon));
        // The later half is kept: what is told as it sounded reaches so far back.
        auto& notes = answer_->notes;
        if (notes.size() >= History::kLatest)
            fold(notes, std::min(now, notes[notes.size() / 2].onset));
    }

    /// Notes of the answer have come. None may begin before `soonest`, where that can be helped.
    void take(const std::vector<Note>& notes, Tick soonest) {
        if (answer_->notes.empty() && !notes.empty())
            answer_->put_off(notes.front().onset, soonest);
        for (const Note& note : notes) {
            answer_->notes.push_back(answer_->placed(note));
            directions_.push_back(
                {Direction::Kind::Note, answer_->generation, answer_->notes.back()});
        }
    }

    void complete() { answer_->complete = true; }

    /// All of the answer has sounded.
    void finish() { remember(answer_->notes, {}); }

    /// The answer ends at a tick: what has sounded of it stays.
    void end(Tick tick) {
        over(*answer_);
        messages_.push_back(say::cancel(kSession));
        remember(sounded(answer_->notes, tick), std::max(tick, answer_->start));
    }

    /// There is nobody to tell anything.
    void forget_messages() { messages_.clear(); }

private:
    static constexpr Tick kHorizon = 4 * kTicksPerBeat;

    void listen(std::vector<Event> events) {
        // An engine takes no more at once, and the latest count.
        if (events.size() > kMostEvents) events.erase(events.begin(), events.end() - kMostEvents);
        if (!events.empty()) messages_.push_back(say::listen(kSession, events));
    }

    void over(const Answer& answer) {
        directions_.push_back({Direction::Kind::Over, answer.generation});
    }

    /// The engine's memory becomes what was heard: notes from `broken_off` on are forgotten, and an
    /// answer that sounded elsewhere than it was made is told as it sounded.
    void remember(const std::vector<Note>& kept, std::optional<Tick> broken_off) {
        std::vector<Event> events = events_of(kept);
        history_.add(events);
        if (answer_->shift) {
            messages_.push_back(say::rewind(kSession, answer_->start));
            history_.add(untold_);
            events.insert(events.end(), untold_.begin(), untold_.end());
            untold_.clear();
            sort(events);
            listen(events);
        } else if (broken_off) {
            messages_.push_back(say::rewind(kSession, *broken_off));
        }
        answer_.reset();
    }

    /// What is long over is history, so that nothing grows.
    void fold(std::vector<Note>& notes, Tick now) {
        const auto rest = std::partition(
            notes.begin(), notes.end(), [now](const Note& note) { return note.end() <= now; });
        history_.add(events_of({notes.begin(), rest}));
        notes.erase(notes.begin(), rest);
    }

    std::optional<Answer> answer_;
    History history_;
    std::vector<Event> untold_;
    std::vector<Value> messages_;
    std::vector<Direction> directions_;
    int64_t generation_ = 0;
};

}  // namespace antiphon
