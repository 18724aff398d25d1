#include "check.hpp"

#include <cstdio>
#include <cstdlib>

static int seed = -1;
static const char* running = "";

std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

void fail(const char* file, int line, const char* what) {
    std::fprintf(stderr, "%s: %s:%d: not so: %s (seed %d)\n", running, file, line, what, seed);
    std::exit(1);
}

void for_seeds(int count, const std::function<void(std::mt19937&)>& property) {
    for (seed = 0; seed < count; ++seed) {
        std::mt19937 random(static_cast<unsigned>(seed));
        property(random);
    }
    seed = -1;
}

int any(std::mt19937& random, int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
}

bool once_in(std::mt19937& random, int times) { return any(random, 1, times) == 1; }

int main() {
    for (const Test& test : tests()) {
        running = test.name;
        test.run();
        std::printf("%s\n", test.name);
    }
}
