/// The engine, as a plugin sees it: found, greeted, lost, and found again.
///
///     Client client(6470, "my plugin");
///     for (const Reply& reply : client.poll(Clock::now())) …   every few milliseconds
///     client.send(say::open(1, {}));                           thrown away while nobody is there
///
/// Nothing waits but `wait`. When `present()` turns true, sessions must be opened anew.
#pragma once

#include "messages.hpp"
#include "zmtp.hpp"

namespace antiphon {

using Clock = std::chrono::steady_clock;

class Client {
public:
    using Pause = std::optional<std::chrono::seconds>;

    /// One that outlives engines tries again so long after it was refused; others never.
    Client(uint16_t port, std::string name, Pause after_refusal = {})
        : port_(port), name_(std::move(name)), after_refusal_(after_refusal) {}

    /// Whether an engine has greeted us.
    bool present() const { return present_; }

    /// Why this client has given up, in a sentence; empty if it has not.
    const std::string& refusal() const { return refusal_; }

    /// How many messages and heartbeats of the engine's have come: it stands still when it is gone.
    uint64_t signs_of_life() const { return signs_of_life_; }

    /// False, and nothing sent, if the engine is so far behind that there is no room.
    /// What is sent to nobody is forgotten.
    bool send(const Value& message) { return !present_ || dealer_.send(packed(message)); }

    /// Replies that have come since the last call; `present()` may change.
    std::vector<Reply> poll(Clock::time_point now) {
        if (!dealer_.open()) {
            look_for_engine(now);
            return {};
        }
        std::vector<std::string> frames;
        bool here = dealer_.pump(frames);
        std::vector<Reply> news = read(frames);
        if (here && !frames.empty()) silent_since_.reset();
        // Judged after reading: a caller that slept itself must not blame the engine.
        if (!here || !refusal_.empty() || hopeless(now)) {
            renew(now);
            return refusal_.empty() ? std::vector<Reply>{} : news;
        }
        say_what_is_due(now);
        return news;
    }

    /// Throws the connection away, with all that is on its way, and looks for the engine anew.
    void renew(Clock::time_point now) {
        dealer_.close();
        present_ = greeted_ = false;
        silent_since_.reset();
        retry_ = now + kRetry;
        if (!refusal_.empty() && after_refusal_) retry_ = now + *after_refusal_;
    }

    /// Waits until something comes, or the time is up.
    void wait(std::chrono::milliseconds time) const { dealer_.wait(time); }

private:
    static constexpr std::chrono::milliseconds kRetry{50}, kHeartbeat{100}, kLost{300},
        kGreeting{2000};

    void look_for_engine(Clock::time_point now) {
        if (now < retry_ || (!refusal_.empty() && !after_refusal_)) return;
        // The engine may be another by now.
        refusal_.clear();
        retry_ = now + kRetry;
        connected_ = now;
        dealer_.connect(port_);
    }

    std::vector<Reply> read(const std::vector<std::string>& frames) {
        std::vector<Reply> news;
        for (const std::string& frame : frames) {
            ++signs_of_life_;
            auto reply = Reply::from(frame);
            if (!reply || reply->is("pong")) continue;
            if (reply->is("welcome") && reply->integer(1) >= 0) welcome(*reply);
            if (present_) news.push_back(std::move(*reply));
        }
        return news;
    }

    void welcome(const Reply& reply) {
        present_ = reply.integer(1) == kVersion;
        if (!present_)
            refusal_ = "The engine speaks version " + std::to_string(reply.integer(1)) +
                       " of the protocol and this client version " + std::to_string(kVersion) +
                       ": update the older of the two.";
    }

    /// Never greeted, or silent for three heartbeats.
    bool hopeless(Clock::time_point now) const {
        if (!present_) return now - connected_ >= kGreeting;
        return silent_since_ && now - *silent_since_ >= kLost;
    }

    void say_what_is_due(Clock::time_point now) {
        if (!greeted_) greeted_ = dealer_.send(packed(say::hello(name_)));
        if (!present_ || now - pinged_ < kHeartbeat) return;
        pinged_ = now;
        if (!silent_since_) silent_since_ = now;
        dealer_.send(packed(say::ping(++pings_)));
    }

    const uint16_t port_;
    const std::string name_;
    const Pause after_refusal_;
    Dealer dealer_;
    std::string refusal_;
    bool present_ = false, greeted_ = false;
    uint64_t signs_of_life_ = 0;
    int64_t pings_ = 0;
    Clock::time_point retry_{}, connected_{}, pinged_{};
    /// When the ping was sent since which nothing has come.
    std::optional<Clock::time_point> silent_since_;
};

}  // namespace antiphon
