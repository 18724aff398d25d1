/// A ZeroMQ DEALER on a plain socket: ZMTP 3 with the NULL mechanism, to this machine alone.
///
/// A peer may send anything: what is no ZMTP closes the connection, and nothing grows past a
/// megabyte.
#pragma once

#include "loopback.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace antiphon {

constexpr size_t kLargestFrame = 1 << 20;
constexpr size_t kMostWaiting = 1 << 20;

class Dealer {
public:
    /// Whether there is a connection, made or half made.
    bool open() const { return socket_.open(); }

    /// Whether both sides have greeted each other.
    bool ready() const { return ready_; }

    /// Begins to connect to a port of this machine; false if that cannot even begin.
    bool connect(uint16_t port) {
        close();
        if (!socket_.connect(port)) {
            close();
            return false;
        }
        outgoing_ = greeting();
        return true;
    }

    /// Throws the connection away, with all that is on its way in and out.
    void close() {
        socket_.close();
        greeted_ = ready_ = in_parts_ = false;
        part_bytes_ = 0;
        incoming_.clear();
        outgoing_.clear();
    }

    /// Queues a message of one frame; false if it is too large or too much waits already.
    bool send(std::string_view body) {
        if (!ready_ || body.size() > kLargestFrame) return false;
        if (outgoing_.size() + body.size() > kMostWaiting) return false;
        outgoing_ += frame(body, 0);
        return true;
    }

    /// Sends and receives what can be without waiting; appends the messages that have come.
    /// False if the connection is gone; then nothing counts that came with this call.
    bool pump(std::vector<std::string>& messages) {
        if (!socket_.send(outgoing_)) return false;
        if (!socket_.receive(incoming_, kLargestFrame + kHeader)) return false;
        if (!take_greeting() || !take_frames(messages)) return false;
        return socket_.send(outgoing_);
    }

    /// Waits until there is something to pump, or the time is up.
    void wait(std::chrono::milliseconds time) const { socket_.wait(time, !outgoing_.empty()); }

private:
    enum Flag : uint8_t { kMore = 1, kLong = 2, kCommand = 4 };
    static constexpr size_t kGreeting = 64, kHeader = 9;

    static std::string greeting() {
        std::string bytes(kGreeting, '\0');
        bytes[0] = '\xff';
        bytes[9] = '\x7f';
        bytes[10] = 3;
        return bytes.replace(12, 4, "NULL");
    }

    static std::string frame(std::string_view body, uint8_t flags) {
        std::string bytes;
        const bool is_long = body.size() > 255;
        bytes += static_cast<char>(flags | (is_long ? kLong : 0));
        append_size(bytes, body.size(), is_long ? 8 : 1);
        return bytes.append(body);
    }

    static void append_size(std::string& bytes, uint64_t size, int width) {
        for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
            bytes += static_cast<char>(size >> shift);
    }

    /// False if whoever is there does not speak ZMTP 3 without a password.
    bool take_greeting() {
        if (greeted_ || incoming_.empty()) return true;
        if (incoming_[0] != '\xff') return false;
        if (incoming_.size() < kGreeting) return true;
        const std::string theirs = incoming_.substr(0, kGreeting);
        if (theirs[9] != '\x7f' || theirs[10] < 3) return false;
        if (theirs.compare(12, 20, greeting(), 12, 20) != 0) return false;
        incoming_.erase(0, kGreeting);
        outgoing_ += frame(ready_command(), kCommand);
        return greeted_ = true;
    }

    static std::string ready_command() {
        std::string body = "\x05READY";
        for (const auto& [name, value] : {std::pair{"Socket-Type", "DEALER"}, {"Identity", ""}}) {
            append_size(body, std::string_view(name).size(), 1);
            body += name;
            append_size(body, std::string_view(value).size(), 4);
            body += value;
        }
        return body;
    }

    bool take_frames(std::vector<std::string>& messages) {
        size_t at = 0;
        while (greeted_ && incoming_.size() - at >= 2) {
            const auto flags = static_cast<uint8_t>(incoming_[at]);
            const size_t width = flags & kLong ? 8 : 1;
            if (incoming_.size() - at < 1 + width) break;
            const uint64_t size = size_at(at + 1, width);
            if (size > kLargestFrame || flags > (kMore | kLong | kCommand)) return false;
            if (incoming_.size() - at - 1 - width < size) break;
            const auto body = std::string_view(incoming_).substr(at + 1 + width, size);
            if (!(flags & kCommand ? take_command(body) : take_part(body, flags & kMore, messages)))
                return false;
            at += 1 + width + size;
        }
        incoming_.erase(0, at);
        return true;
    }

    uint64_t size_at(size_t at, size_t width) const {
        uint64_t size = 0;
        for (size_t n = 0; n < width; ++n)
            size = size << 8 | static_cast<uint8_t>(incoming_[at + n]);
        return size;
    }

    bool take_command(std::string_view body) {
        if (body.substr(0, 6) == "\x05READY") ready_ = true;
        if (body.substr(0, 5) == "\x04PING" && body.size() >= 7) return pong(body.substr(7));
        return body.substr(0, 6) != "\x05" "ERROR";
    }

    bool pong(std::string_view context) {
        if (outgoing_.size() + context.size() > kMostWaiting) return false;
        outgoing_ += frame("\x04PONG" + std::string(context), kCommand);
        return true;
    }

    /// Messages have one frame: others are passed over, but may not go on for ever.
    bool take_part(std::string_view body, bool more, std::vector<std::string>& messages) {
        if (!more && !in_parts_ && ready_) messages.emplace_back(body);
        part_bytes_ = more ? part_bytes_ + body.size() : 0;
        in_parts_ = more;
        return part_bytes_ <= kLargestFrame;
    }

    Loopback socket_;
    bool greeted_ = false, ready_ = false, in_parts_ = false;
    size_t part_bytes_ = 0;
    std::string incoming_, outgoing_;
};

}  // namespace antiphon
