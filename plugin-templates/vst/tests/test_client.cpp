#include "check.hpp"

#include "../../protocol/cpp/client.hpp"

using namespace antiphon;
using namespace std::chrono_literals;

#ifndef _WIN32
namespace {

/// An engine of a version that nobody speaks: greets in ZMTP, and says so.
class Stranger {
public:
    Stranger() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof here;
        ::bind(listener_, reinterpret_cast<sockaddr*>(&here), size);
        ::listen(listener_, 8);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
        port = ntohs(here.sin_port);
        ::fcntl(listener_, F_SETFL, O_NONBLOCK);
    }

    ~Stranger() {
        if (guest_ >= 0) ::close(guest_);
        ::close(listener_);
    }

    /// Greets who has come. Whether anybody has.
    bool greet() {
        const int guest = ::accept(listener_, nullptr, nullptr);
        if (guest < 0) return false;
        if (guest_ >= 0) ::close(guest_);
        guest_ = guest;
        std::string hello("\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL", 16);
        hello.resize(64, '\0');
        const std::string ready("\4\6\5READY", 8);
        const std::string welcome = packed(Array{"welcome", kVersion + 1, "", Array{}});
        hello += ready + '\0' + static_cast<char>(welcome.size()) + welcome;
        return ::send(guest_, hello.data(), hello.size(), 0) > 0;
    }

    uint16_t port = 0;

private:
    int listener_, guest_ = -1;
};

/// Until the client has been refused, within a real second.
bool refused(Client& client, Stranger& stranger, Clock::time_point now) {
    for (int n = 0; n < 200; ++n) {
        client.poll(now);
        stranger.greet();
        client.wait(5ms);
        client.poll(now);
        if (!client.refusal().empty()) return true;
    }
    return false;
}

}  // namespace

TEST(who_was_refused_comes_again_when_the_engine_may_be_another) {
    Stranger stranger;
    Client client(stranger.port, "test", 5s);
    const Clock::time_point now = Clock::now();
    CHECK(refused(client, stranger, now));
    client.poll(now + 1s);
    client.wait(20ms);
    CHECK(!stranger.greet() && !client.refusal().empty());
    client.poll(now + 6s);
    CHECK(client.refusal().empty());
    CHECK(refused(client, stranger, now + 6s));
}

TEST(who_was_refused_for_good_stays_away) {
    Stranger stranger;
    Client client(stranger.port, "test");
    const Clock::time_point now = Clock::now();
    CHECK(refused(client, stranger, now));
    client.poll(now + 60s);
    client.wait(20ms);
    CHECK(!stranger.greet() && !client.refusal().empty());
}
#endif
