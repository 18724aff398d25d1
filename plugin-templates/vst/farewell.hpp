/// The end of the standalone, of which no host tells it: what sounds ends first.
///
/// DPF leaves JACK as soon as SIGINT or SIGTERM comes, and whoever listens is left with our notes.
/// So its handler is called by ours, when the audio thread has ended them.
#pragma once

#include "performer.hpp"

#ifndef _WIN32
#include <csignal>
#include <ctime>

namespace antiphon {

/// One at a time, made after DPF has set its handler.
class Farewell {
public:
    explicit Farewell(Performer& performer) {
        performer_ = &performer;
        struct sigaction ours {};
        ours.sa_handler = end;
        ::sigaction(SIGINT, &ours, &dpfs_);
        ::sigaction(SIGTERM, &ours, &dpfs_);
    }

    Farewell(const Farewell&) = delete;
    Farewell& operator=(const Farewell&) = delete;

    ~Farewell() {
        ::sigaction(SIGINT, &dpfs_, nullptr);
        ::sigaction(SIGTERM, &dpfs_, nullptr);
    }

private:
    /// Without JACK there are no more blocks.
    static constexpr int kPatienceMs = 250;

    /// Only what a signal handler may do.
    static void end(int signal) {
        // What one block says has been heard when the next is over.
        for (int block = 0; block < 2; ++block) silence();
        dpfs_.sa_handler(signal);
    }

    static void silence() {
        const timespec millisecond{0, 1000000};
        performer_->panic();
        for (int ms = 0; ms < kPatienceMs && performer_->panics(); ++ms)
            ::nanosleep(&millisecond, nullptr);
    }

    static inline Performer* performer_ = nullptr;
    static inline struct sigaction dpfs_ {};
};

}  // namespace antiphon

#else

namespace antiphon {

/// On Windows there is no standalone.
struct Farewell {
    explicit Farewell(Performer&) {}
};

}  // namespace antiphon
#endif
