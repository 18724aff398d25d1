#include "check.hpp"

#include "../ring.hpp"

#include <deque>
#include <thread>

using namespace antiphon;

TEST(a_ring_is_a_bounded_queue) {
    for_seeds(50, [](std::mt19937& random) {
        Ring<int, 7> ring;
        std::deque<int> queue;
        for (int n = 0; n < 300; ++n) {
            if (once_in(random, 2)) {
                CHECK(ring.push(n) == (queue.size() < 7));
                if (queue.size() < 7) queue.push_back(n);
            } else if (!queue.empty()) {
                CHECK(*ring.front() == queue.front());
                ring.pop();
                queue.pop_front();
            }
            CHECK((ring.front() == nullptr) == queue.empty());
        }
    });
}

TEST(two_threads_lose_nothing) {
    Ring<int, 64> ring;
    constexpr int kCount = 100000;
    std::thread writer([&ring] {
        for (int n = 0; n < kCount; ++n)
            while (!ring.push(n)) std::this_thread::yield();
    });
    for (int n = 0; n < kCount; ++n) {
        const int* item;
        while (!(item = ring.front())) std::this_thread::yield();
        CHECK(*item == n);
        ring.pop();
    }
    writer.join();
}
