/// The audio thread's side: keys in, answers out, each on its sample. Knows no plugin format.
///
///     performer.begin(host, frames, sample_rate);
///     performer.hear(frame, message, size, output);   for each MIDI message, in order
///     performer.end(output);
///
/// Real time: no lock, no allocation, no system call. `output(frame, bytes, size)` says whether
/// the host took the message.
#pragma once

#include "exchange.hpp"

namespace antiphon {

class Performer {
public:
    explicit Performer(Exchange& exchange) : exchange_(exchange) {}

    /// Everything that sounds of the answer ends with the next block, and all channels are told so.
    void panic() { panic_.store(true, std::memory_order_relaxed); }

    /// Whether that block is still to come.
    bool panics() const { return panic_.load(std::memory_order_relaxed); }

    void begin(const Host& host, uint32_t frames, double sample_rate) {
        block_ = transport_.advance(host, frames, sample_rate);
        from_ = 0;
        metre_ = host.metre;
        bpm_ = host.bpm;
        if (block_.began) {
            const Tick tick = std::llround(block_.begin);
            exchange_.began.store(tick - tick % metre_.bar(), std::memory_order_relaxed);
        }
        if (block_.jumped) {
            plan_.hush();
            plan_.skip(static_cast<Tick>(block_.begin));
        }
        if (block_.stopped || exchange_.settings.mode() == Mode::Off) break_off(0);
        if (lost(sample_rate)) break_off(0);
        take_cues();
    }

    template <class Output>
    void hear(uint32_t frame, const uint8_t* message, uint32_t size, Output&& output) {
        if (size == 0 || block_.frames == 0) return;
        // Some hosts hand messages out of order; what goes out must not be.
        frame = std::clamp(frame, from_, block_.frames - 1);
        play_until(frame, output);
        from_ = frame;
        const uint8_t kind = message[0] & 0xf0, channel = message[0] & 0x0f;
        const bool strikes = size >= 3 && kind == kNoteOn && message[2] > 0;
        const bool ends = size >= 3 && (kind == kNoteOff || (kind == kNoteOn && message[2] == 0));
        if (strikes) answer_gives_way(channel, message[1], frame, output);
        if (passes(strikes, ends, message, size)) output(frame, message, size);
        if (strikes || ends || (size >= 3 && kind == kControl && matters(message[1])))
            tell(frame, message[0], message[1], message[2]);
    }

    template <class Output> void end(Output&& output) {
        if (panic_.exchange(false, std::memory_order_relaxed)) silence_everything(output);
        play_until(block_.frames, output);
        exchange_.bpm.store(bpm_, std::memory_order_relaxed);
        exchange_.beats.store(metre_.beats, std::memory_order_relaxed);
        exchange_.value.store(metre_.value, std::memory_order_relaxed);
        const auto now = static_cast<Tick>(transport_.position());
        exchange_.now.store(now, std::memory_order_release);
    }

private:
    /// An answer waits in the wings or sounds for no longer than this without its engine.
    static constexpr double kPatienceSeconds = 0.5;

    /// Whether there is an answer and nobody who could go on with it.
    bool lost(double sample_rate) {
        const uint64_t signs = exchange_.signs_of_life.load(std::memory_order_relaxed);
        silent_frames_ = signs == signs_seen_ ? silent_frames_ + block_.frames : 0;
        signs_seen_ = signs;
        const auto silent_seconds = static_cast<double>(silent_frames_) / sample_rate;
        return !plan_.empty() && silent_seconds > kPatienceSeconds;
    }

    /// Whether a controller says what is held.
    static bool matters(uint8_t controller) {
        return controller == kSustain || controller == kResetControllers || ends_notes(controller);
    }

    /// What was asked for by now is over; the network thread hears of it.
    void break_off(uint32_t frame) {
        const int64_t asked = exchange_.asked.load(std::memory_order_acquire);
        if (plan_.empty() && over_ >= asked) return;
        over_ = asked;
        plan_.drop();
        tell(frame, Played::kBrokenOff);
    }

    void tell(uint32_t frame, uint8_t status, uint8_t first = 0, uint8_t second = 0) {
        exchange_.played.push({transport_.stamp(block_, frame), status, first, second});
    }

    void take_cues() {
        auto& cues = exchange_.cues;
        for (const Cue* cue; !plan_.full() && (cue = cues.front()); cues.pop()) take(*cue);
    }

    void take(const Cue& cue) {
        const bool counts = cue.generation > over_;
        switch (cue.kind) {
        case Cue::Kind::Note:
            if (counts) plan_.add(cue.note);
            break;
        case Cue::Kind::Over:
            if (counts) plan_.drop();
            over_ = std::max(over_, cue.generation);
            break;
        case Cue::Kind::Recall: plan_.recall(cue.note.onset); break;
        }
    }

    /// Where the two take turns the player's key ends the answer; else at most its own key there.
    template <class Output>
    void answer_gives_way(uint8_t channel, uint8_t key, uint32_t frame, Output&& output) {
        const Mode mode = exchange_.settings.mode();
        if (mode == Mode::InTurn || mode == Mode::Endless) {
            over_ = exchange_.asked.load(std::memory_order_acquire);
            plan_.drop();
        } else if (exchange_.settings.on(kThru)) {
            plan_.end_key(channel, key);
        }
        play_until(frame + 1, output);
    }

    /// Whether a message of the player's goes through. What has gone through also ends there.
    bool passes(bool strikes, bool ends, const uint8_t* message, uint32_t size) {
        const uint8_t channel = message[0] & 0x0f;
        const bool thru = exchange_.settings.on(kThru);
        if (strikes && thru) passed_.strike(channel, message[1]);
        if (size >= 3 && (message[0] & 0xf0) == kControl) return controls(channel, message) || thru;
        if (!ends) return thru;
        const bool began = passed_.down(channel, message[1]);
        passed_.let_go(channel, message[1]);
        return thru || began;
    }

    /// Whether a controller ends something that may have gone through.
    bool controls(uint8_t channel, const uint8_t* message) {
        // Nobody knows whether its pedal went through; to lift one twice is no harm.
        if (message[1] == kSustain) return message[2] < 64;
        if (!ends_notes(message[1])) return false;
        const bool began = passed_.any(channel);
        passed_.let_go_of_all(channel);
        return began;
    }

    template <class Output> void silence_everything(Output&& output) {
        break_off(from_);
        tell(from_, Played::kLetGo);
        play_until(from_ + 1, output);
        for (uint8_t channel = 0; channel < 16; ++channel) {
            for (uint8_t key = 0; key < 128; ++key)
                if (passed_.down(channel, key)) send(kNoteOff | channel, key, output);
            send(kControl | channel, kSustain, output);
            send(kControl | channel, kAllNotesOff, output);
        }
        passed_.let_go_of_all();
    }

    template <class Output> void send(int status, uint8_t first, Output&& output) {
        const uint8_t message[] = {static_cast<uint8_t>(status), first, 0};
        output(from_, message, sizeof message);
    }

    template <class Output> void play_until(uint32_t frame, Output&& output) {
        const auto send = [&output](uint32_t at, uint8_t status, uint8_t key, uint8_t velocity) {
            const uint8_t message[] = {status, key, velocity};
            return output(at, message, sizeof message);
        };
        plan_.play(block_, from_, frame, passed_, send);
    }

    Exchange& exchange_;
    Transport transport_;
    Plan plan_;
    Block block_;
    Metre metre_;
    double bpm_ = 120;
    Keys passed_;
    uint32_t from_ = 0;
    int64_t over_ = 0;
    uint64_t signs_seen_ = 0, silent_frames_ = 0;
    std::atomic<bool> panic_{false};
};

}  // namespace antiphon
