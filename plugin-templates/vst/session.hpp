/// The network thread: carries what was played to the engine, and its answers to the audio thread.
#pragma once

#include "channels.hpp"
#include "conversation.hpp"
#include "exchange.hpp"
#include "../protocol/cpp/client.hpp"

#include <deque>
#include <memory>
#include <thread>

namespace antiphon {

class Session {
public:
    explicit Session(Exchange& exchange) : exchange_(exchange) {}
    ~Session() { stop(); }

    /// Begins to look for the engine. Does nothing if it does so already.
    void start() {
        if (!running_.exchange(true)) thread_ = std::thread([this] { run(); });
    }

    /// Ends the thread; waits for it.
    void stop() {
        running_ = false;
        if (thread_.joinable()) thread_.join();
    }

private:
    /// How long to wait for the engine to say something; while there is none there is no hurry.
    static constexpr std::chrono::milliseconds kTurn{3}, kIdleTurn{20};
    static constexpr std::chrono::seconds kRenewEvery{1}, kRefusedFor{5};

    void run() {
        while (running_) {
            find_engine();
            // In this order: everything that was played up to `now` is there to be taken.
            const Moment now = moment();
            take_played();
            listen_to_engine();
            const Wishes wishes = Wishes::read(exchange_.settings, styles_);
            conversation_.turn(now, wishes);
            direct(wishes.mine);
            client_->wait(connected_ ? kTurn : kIdleTurn);
        }
        if (connected_) say_goodbye();
    }

    void say_goodbye() {
        client_->send(say::close(kSession));
        client_->poll(Clock::now());
    }

    /// The port is a parameter like any other.
    void find_engine() {
        const auto port = static_cast<uint16_t>(exchange_.settings.whole(kPort));
        if (client_ && port == port_) return;
        client_ = std::make_unique<Client>(port_ = port, "Antiphon plugin", kRefusedFor);
    }

    Moment moment() const {
        Moment now;
        now.tick = exchange_.now.load(std::memory_order_acquire);
        now.bpm = exchange_.bpm.load(std::memory_order_relaxed);
        now.metre = {exchange_.beats.load(std::memory_order_relaxed),
                     exchange_.value.load(std::memory_order_relaxed)};
        now.began = exchange_.began.load(std::memory_order_relaxed);
        return now;
    }

    void take_played() {
        const int mine = exchange_.settings.whole(kMyInstrument);
        for (const Played* played; (played = exchange_.played.front()); exchange_.played.pop()) {
            if (played->status == Played::kBrokenOff)
                conversation_.break_off(played->tick);
            for (const Event& event : channels_.events(*played, mine)) conversation_.hear(event);
            if (played->status == Played::kLetGo) conversation_.let_go_of_all();
        }
    }

    void listen_to_engine() {
        const auto now = Clock::now();
        const std::vector<Reply> replies = client_->poll(now);
        if (connected_ != client_->present()) {
            connected_ = client_->present();
            astray_ = false;
            connected_ ? conversation_.back() : conversation_.lost();
            exchange_.connected.store(connected_, std::memory_order_relaxed);
        }
        for (const Reply& reply : replies) take(reply);
        find_back(now);
        exchange_.signs_of_life.store(client_->signs_of_life(), std::memory_order_relaxed);
    }

    void take(const Reply& reply) {
        if (reply.is("welcome")) styles_ = reply.texts(3);
        const std::string code = reply.is("error") ? reply.text(1) : "";
        astray_ |= code == "unknown-session" || code == "internal";
        conversation_.reply(reply);
    }

    /// What the engine did not hear it would never know: greet it anew and tell it everything.
    void find_back(Clock::time_point now) {
        if (!astray_ || now < renewable_) return;
        astray_ = false;
        renewable_ = now + kRenewEvery;
        client_->renew(now);
    }

    void direct(int mine) {
        for (const Value& message : conversation_.take_messages())
            astray_ |= !client_->send(message);
        for (const Direction& direction : conversation_.take_directions())
            cues_.push_back(cue(direction, mine));
        exchange_.asked.store(conversation_.generation(), std::memory_order_release);
        while (!cues_.empty() && exchange_.cues.push(cues_.front())) cues_.pop_front();
    }

    Cue cue(const Direction& direction, int mine) {
        const Note& note = direction.note;
        if (direction.kind == Direction::Kind::Note)
            exchange_.notes_received.fetch_add(1, std::memory_order_relaxed);
        const auto channel = static_cast<uint8_t>(channels_.of_answer(note.instrument, mine));
        return {static_cast<Cue::Kind>(direction.kind), direction.generation,
                {note.onset, note.end(), channel, static_cast<uint8_t>(note.pitch),
                 static_cast<uint8_t>(note.velocity)}};
    }

    Exchange& exchange_;
    std::unique_ptr<Client> client_;
    Conversation conversation_;
    Channels channels_;
    std::vector<std::string> styles_;
    std::deque<Cue> cues_;
    bool connected_ = false, astray_ = false;
    uint16_t port_ = 0;
    Clock::time_point renewable_{};
    std::atomic<bool> running_{false};
    std::thread thread_;
};

}  // namespace antiphon
