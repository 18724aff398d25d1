/// A queue from one thread to one other that never waits and never allocates.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace antiphon {

template <class T, size_t Capacity> class Ring {
public:
    /// False, and nothing put in, if it is full. Only from the thread that writes.
    bool push(const T& item) {
        const size_t at = written_.load(std::memory_order_relaxed);
        if (at - read_.load(std::memory_order_acquire) == Capacity) return false;
        items_[at % Capacity] = item;
        written_.store(at + 1, std::memory_order_release);
        return true;
    }

    /// The oldest item, null if there is none. Only from the thread that reads.
    const T* front() const {
        const size_t at = read_.load(std::memory_order_relaxed);
        return at == written_.load(std::memory_order_acquire) ? nullptr : &items_[at % Capacity];
    }

    /// Removes what `front` showed. Only from the thread that reads.
    void pop() {
        const size_t at = read_.load(std::memory_order_relaxed);
        read_.store(at + 1, std::memory_order_release);
    }

private:
    std::array<T, Capacity> items_{};
    alignas(64) std::atomic<size_t> read_{0};
    alignas(64) std::atomic<size_t> written_{0};
};

}  // namespace antiphon
