/// Who plays when. What the player does and what the engine says go in; messages for the engine and
/// directions for the audio thread come out. Knows no thread, no socket and no clock but ticks.
///
///     In turn, Endless   a phrase is answered when it is over; the player's next key ends that
///     Trade              so many bars the player's, so many the engine's
///     Together           both at once: what is not committed is made anew with every key
#pragma once

#include "partner.hpp"
#include "phrase.hpp"

namespace antiphon {

class Conversation {
public:
    std::vector<Value> take_messages() { return partner_.take_messages(); }
    std::vector<Direction> take_directions() { return partner_.take_directions(); }

    /// Number of the latest answer that was asked for.
    int64_t generation() const { return partner_.generation(); }

    /// The player did this.
    void hear(const Event& event) {
        if (partner_.answer() && event.kind == Event::Kind::On && takes_turns())
            partner_.end(event.tick);
        phrase_.hear(event);
        partner_.hear(event);
    }

    /// The audio thread broke the answer off.
    void break_off(Tick tick) {
        if (partner_.answer()) partner_.end(tick);
        goes_on_ = false;
    }

    void let_go_of_all() { phrase_.let_go_of_all(); }

    /// Time passes; to be called after everything that happened up to `now`.
    void turn(const Moment& now, const Wishes& wishes) {
        follow(now, wishes);
        if (partner_.answer()) leave_off();
        if (present_ && wishes_.mode == Mode::Together)
            play_along();
        else if (!partner_.answer())
            partner_.tell();
        if (present_ && !partner_.answer()) take_turn();
        if (partner_.answer() && partner_.answer()->endless()) pace();
    }

    /// An engine is there, and knows nothing.
    void back() {
        present_ = true;
        open();
    }

    /// The engine is gone, with all that it would still have said.
    void lost() {
        present_ = false;
        goes_on_ = partner_.answer() && wishes_.mode == Mode::Endless;
        if (partner_.answer()) partner_.end(now_.tick);
        partner_.forget_messages();
    }

    void reply(const Reply& reply) {
        if (!partner_.answer()) return;
        const bool of_answer = reply.integer(2) == partner_.generation();
        if (reply.is("notes") && of_answer)
            partner_.take(reply.notes(3), now_.tick + now_.ticks(kPlacingMs));
        if (reply.is("done") && of_answer) partner_.complete();
        if (reply.is("error")) partner_.end(now_.tick);
    }

private:
    /// Time for the engine to have its first note ready, and for that to reach the audio thread.
    static constexpr double kLeadMs = 30, kTradeLeadMs = 100, kPlacingMs = 8;
    /// Together: what begins sooner is not taken back; how long the keys of a chord wait for more.
    static constexpr double kCommitMs = 135, kGatherMs = 10;
    static constexpr double kPaceMs = 100;
    /// Together: after so long a rest of the player's the engine leaves off too.
    static constexpr Tick kRest = 8 * kTicksPerBeat;
    static constexpr Tick kShortest = 4 * kTicksPerBeat, kLongest = 64 * kTicksPerBeat;
    static constexpr int kUsualTrade = 4;

    bool takes_turns() const {
        return wishes_.mode == Mode::InTurn || wishes_.mode == Mode::Endless;
    }

    /// Other wishes than before: some need the session anew, another take only another answer.
    void follow(const Moment& now, const Wishes& wishes) {
        const bool other_take = wishes.take != wishes_.take;
        stale_ |= other_take || wishes.style != wishes_.style || now.metre != now_.metre;
        now_ = now;
        if (wishes.mode != wishes_.mode) break_off(now.tick);
        wishes_ = wishes;
        if (other_take && wishes_.mode == Mode::Endless && partner_.answer()) {
            break_off(now.tick);
            goes_on_ = true;
        }
        if (!present_ || !stale_) return;
        if (!partner_.answer()) return open();
        if (other_take && !partner_.answer()->endless()) answer_again();
    }

    void open() {
        stale_ = false;
        partner_.open(wishes_, now_);
    }

    void answer_again() {
        stale_ = false;
        partner_.ask_again(now_.tick + now_.ticks(kLeadMs), wishes_, now_);
    }

    /// The answer ends by itself where it does.
    void leave_off() {
        const Answer& answer = *partner_.answer();
        // One that rings on would cost the engine its next turn.
        const bool out_of_turn = wishes_.mode == Mode::Trade && now_.tick >= answer.until;
        // An endless one that says nothing at all is not asked for again and again at once.
        const bool ahead = answer.endless() && now_.tick < answer.start;
        if (ahead || !answer.over(now_.tick)) {
            if (out_of_turn) partner_.end(now_.tick);
            return;
        }
        goes_on_ |= wishes_.mode == Mode::Endless && answer.endless();
        partner_.finish();
    }

    void take_turn() {
        if (wishes_.mode == Mode::Trade) return trade();
        if (takes_turns() && (goes_on_ || phrase_.over(now_.tick, wishes_.silence))) respond();
    }

    void respond() {
        const Tick step = wishes_.step(now_.metre);
        const Tick start = line_at_or_after(now_.tick + now_.ticks(kLeadMs), step);
        const Tick length = wishes_.mode == Mode::Endless ? kForEver : answer_length(step);
        goes_on_ = false;
        phrase_.clear();
        partner_.ask(start, start + length, step, true, wishes_);
    }

    Tick answer_length(Tick step) const {
        if (wishes_.bars > 0) return wishes_.bars * now_.metre.bar();
        return std::clamp(line_at_or_after(phrase_.length(), step), kShortest, kLongest);
    }

    void trade() {
        const Tick half = (wishes_.bars > 0 ? wishes_.bars : kUsualTrade) * now_.metre.bar();
        const Tick start = line_of_trade(half) + half;
        if (partner_.knows_music() && start - now_.tick <= now_.ticks(kTradeLeadMs))
            partner_.ask(start, start + half, 0, true, wishes_);
    }

    /// Where the player's turn begins that this moment is in, or comes to next.
    Tick line_of_trade(Tick half) const {
        return now_.began + line_at_or_after(now_.tick - now_.began - half, 2 * half);
    }

    void play_along() {
        const auto& untold = partner_.untold();
        if (!untold.empty() && now_.tick - untold.front().tick >= now_.ticks(kGatherMs)) {
            if (phrase_.empty()) return partner_.tell();
            partner_.revise(now_.tick + now_.ticks(kCommitMs) + 1, wishes_, now_);
        } else if (partner_.answer() && phrase_.over(now_.tick, kRest)) {
            partner_.end(now_.tick);
            phrase_.clear();
        }
    }

    void pace() {
        if (now_.tick - paced_ >= 0 && now_.tick - paced_ < now_.ticks(kPaceMs)) return;
        paced_ = now_.tick;
        partner_.pace(now_.tick);
    }

    Partner partner_;
    Phrase phrase_;
    Wishes wishes_;
    Moment now_;
    bool present_ = false;
    /// The session must begin anew; an answer without a phrase is due.
    bool stale_ = false, goes_on_ = false;
    Tick paced_ = 0;
};

}  // namespace antiphon
