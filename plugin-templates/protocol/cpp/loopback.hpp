/// A TCP connection to a port of this machine that never waits. POSIX and Windows.
#pragma once

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <winsock2.h>
#else
#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

namespace antiphon {

/// What the two systems call differently.
namespace net {

#ifdef _WIN32
using Handle = SOCKET;
constexpr Handle kNone = INVALID_SOCKET;
constexpr int kSendFlags = 0;

inline void start() {
    static const struct Winsock {
        Winsock() { WSADATA about; WSAStartup(MAKEWORD(2, 2), &about); }
        ~Winsock() { WSACleanup(); }
    } winsock;
}

inline void close(Handle handle) { ::closesocket(handle); }
inline int poll(pollfd* one, int timeout_ms) { return ::WSAPoll(one, 1, timeout_ms); }

inline void never_wait(Handle handle) {
    u_long on = 1;
    ::ioctlsocket(handle, FIONBIO, &on);
}

inline bool later() {
    const int error = ::WSAGetLastError();
    // A connection that is still being made is said not to be there.
    return error == WSAEWOULDBLOCK || error == WSAENOTCONN || error == WSAEINPROGRESS;
}
#else
using Handle = int;
constexpr Handle kNone = -1;
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

inline void start() {}
inline void close(Handle handle) { ::close(handle); }
inline int poll(pollfd* one, int timeout_ms) { return ::poll(one, 1, timeout_ms); }

inline void never_wait(Handle handle) {
    ::fcntl(handle, F_SETFL, ::fcntl(handle, F_GETFL) | O_NONBLOCK);
    ::fcntl(handle, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    ::setsockopt(handle, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}

inline bool later() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS || errno == EINTR;
}
#endif

}  // namespace net

/// One connection to 127.0.0.1, and to nowhere else.
class Loopback {
public:
    Loopback() = default;
    Loopback(const Loopback&) = delete;
    Loopback& operator=(const Loopback&) = delete;
    ~Loopback() { close(); }

    bool open() const { return handle_ != net::kNone; }

    /// Begins to connect; false if that cannot even begin.
    bool connect(uint16_t port) {
        close();
        net::start();
        handle_ = ::socket(AF_INET, SOCK_STREAM, 0);
        if (!open()) return false;
        net::never_wait(handle_);
        const int on = 1;
        const auto* option = reinterpret_cast<const char*>(&on);
        ::setsockopt(handle_, IPPROTO_TCP, TCP_NODELAY, option, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto* where = reinterpret_cast<const sockaddr*>(&address);
        return ::connect(handle_, where, sizeof address) == 0 || net::later();
    }

    void close() {
        if (open()) net::close(handle_);
        handle_ = net::kNone;
    }

    /// Sends what there is room for, and takes it from the front; false if the connection is gone.
    bool send(std::string& bytes) {
        size_t sent = 0;
        while (sent < bytes.size()) {
            const auto left = static_cast<int>(bytes.size() - sent);
            const auto n = ::send(handle_, bytes.data() + sent, left, net::kSendFlags);
            if (n < 0 && !net::later()) return false;
            if (n <= 0) break;
            sent += static_cast<size_t>(n);
        }
        bytes.erase(0, sent);
        return true;
    }

    /// Appends what has come, up to about `most` bytes; false if the connection is gone.
    bool receive(std::string& bytes, size_t most) {
        char chunk[16384];
        while (bytes.size() < most) {
            const auto n = ::recv(handle_, chunk, sizeof chunk, 0);
            if (n == 0 || (n < 0 && !net::later())) return false;
            if (n < 0) break;
            bytes.append(chunk, static_cast<size_t>(n));
        }
        return !failed();
    }

    /// Waits until something comes, or there is room to send, or the time is up.
    void wait(std::chrono::milliseconds time, bool to_send) const {
        if (!open()) return std::this_thread::sleep_for(time);
        pollfd one{};
        one.fd = handle_;
        one.events = static_cast<short>(POLLIN | (to_send ? POLLOUT : 0));
        // An error that nobody has read yet must not make a busy loop of it.
        if (net::poll(&one, static_cast<int>(time.count())) < 0) std::this_thread::sleep_for(time);
    }

private:
    bool failed() const {
        int error = 0;
#ifdef _WIN32
        int size = sizeof error;
#else
        socklen_t size = sizeof error;
#endif
        ::getsockopt(handle_, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size);
        return error != 0;
    }

    net::Handle handle_ = net::kNone;
};

}  // namespace antiphon
