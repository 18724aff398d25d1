/// Shows that this client does what `../CONFORMANCE.md` asks for.
///
///     g++ -std=c++17 -O1 -o conformance conformance.cpp
///     conformance PORT TABLE [ROUNDS]
#include "client.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

using namespace antiphon;
using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 20s;

std::string json(const Value& value);

std::string json(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += static_cast<unsigned char>(c) < 0x20 ? escaped : std::string(1, c);
    }
    return quoted + '"';
}

std::string json(double number) {
    if (!std::isfinite(number)) return "null";
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", number);
    return digits;
}

std::string json(const Array& array) {
    std::string all;
    for (const Value& entry : array) all += (all.empty() ? "" : ", ") + json(entry);
    return '[' + all + ']';
}

std::string json(const Map& map) {
    std::string all;
    for (const auto& [key, entry] : map)
        all += (all.empty() ? "" : ", ") + json(key) + ": " + json(entry);
    return '{' + all + '}';
}

std::string json(std::nullptr_t) { return "null"; }
std::string json(bool truth) { return truth ? "true" : "false"; }
std::string json(int64_t number) { return std::to_string(number); }

std::string json(const Value& value) {
    return std::visit([](const auto& held) { return json(held); }, value);
}

void print(const Value& value) { std::cout << json(value) << std::endl; }

std::string bytes_of(const std::string& hex) {
    std::string bytes;
    for (size_t at = 0; at + 1 < hex.size(); at += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    return bytes;
}

std::string hex_of(const std::string& bytes) {
    std::string hex;
    for (const char c : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        hex += digits;
    }
    return hex;
}

void print_golden(const char* table) {
    std::ifstream lines(table);
    std::string from, name, hex;
    for (int64_t index = 0; lines >> from >> name >> hex; ++index) {
        const auto message = unpacked(bytes_of(hex));
        if (message)
            print(Array{"golden", index, *message, hex_of(packed(*message))});
        else
            print(Array{"golden", index, nullptr, nullptr});
    }
}

std::vector<Event> phrase() {
    std::vector<Event> events;
    Tick tick = 0;
    for (const int key : {60, 62, 64, 65, 67, 69, 71, 72}) {
        events.push_back({Event::Kind::On, tick, 0, key, 80});
        events.push_back({Event::Kind::Off, tick += 24, 0, key});
    }
    return events;
}

/// One conversation, as the table of `CONFORMANCE.md` has it.
class Conversation {
public:
    explicit Conversation(Client& client) : client_(client) {}

    void hear(const Reply& reply) {
        print(Value(reply.entries()));
        if (reply.is("welcome")) begin();
        if (reply.is("done")) done(reply.integer(2));
        over_ = reply.is("error");
    }

    bool over() const { return over_; }

private:
    void begin() {
        Opening opening;
        opening.seed = 7;
        client_.send(say::open(1, opening));
        client_.send(say::listen(1, phrase()));
        client_.send(Array{"answer", 1, 1, 192, 960, true});
    }

    void done(int64_t generation) {
        const int times = ++done_[generation];
        if (generation == 1)
            client_.send(Array{"answer", 1, 2, 960, 1728, true, false, nullptr, nullptr, 2});
        if (generation == 2 && times == 2) {
            client_.send(say::keep(1, 2, 1));
            client_.send(Array{"answer", 1, 3, 1728, 2496, true});
        }
        if (generation == 3) interrupt();
        if (generation == 4) {
            client_.send(say::close(1));
            client_.send(say::cancel(1));
        }
    }

    void interrupt() {
        client_.send(Array{"rewind", 1, 2016});
        const Event on{Event::Kind::On, 2016, 0, 60, 80}, off{Event::Kind::Off, 2040, 0, 60};
        client_.send(say::listen(1, {on, off}));
        client_.send(Array{"answer", 1, 4, 2064, 2832, true});
    }

    Client& client_;
    std::map<int64_t, int> done_;
    bool over_ = false;
};

/// Calls the client until something came of it; ends the program if that takes too long.
std::vector<Reply> replies(Client& client) {
    const bool present = client.present();
    const auto give_up = Clock::now() + kPatience;
    while (Clock::now() < give_up) {
        auto news = client.poll(Clock::now());
        if (!client.refusal().empty()) {
            std::cerr << client.refusal() << '\n';
            std::exit(3);
        }
        if (!news.empty() || client.present() != present) return news;
        client.wait(5ms);
    }
    std::cerr << "Nothing was heard for 20 s.\n";
    std::exit(1);
}

/// Whether the engine was there to the end.
bool converse(Client& client, int round) {
    Conversation conversation(client);
    while (!conversation.over()) {
        const bool present = client.present();
        for (const Reply& reply : replies(client)) conversation.hear(reply);
        if (present && !client.present()) return false;
    }
    print(Array{"round", round});
    return true;
}

void await_loss(Client& client) {
    while (client.present()) replies(client);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::cerr << "Say conformance PORT TABLE [ROUNDS].\n";
        return 2;
    }
    print_golden(arguments[2]);
    Client client(static_cast<uint16_t>(std::atoi(arguments[1])), "conformance cpp");
    const int rounds = count > 3 ? std::atoi(arguments[3]) : 1;
    for (int round = 1; round <= rounds;) {
        const bool whole = converse(client, round);
        if (whole && ++round > rounds) return 0;
        await_loss(client);
        print(Array{"lost"});
    }
}
