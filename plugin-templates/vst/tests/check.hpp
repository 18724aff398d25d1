/// Tests without a framework: each registers itself, a failure says where and with which seed.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

struct Test {
    const char* name;
    void (*run)();
};

std::vector<Test>& tests();

struct Registered {
    Registered(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

/// Ends the program, saying what did not hold.
[[noreturn]] void fail(const char* file, int line, const char* what);

/// Runs a property with many seeds; `fail` names the one that broke it.
void for_seeds(int count, const std::function<void(std::mt19937&)>& property);

/// A whole number from `least` to `most`.
int any(std::mt19937& random, int least, int most);

/// True once in so many times.
bool once_in(std::mt19937& random, int times);

#define TEST(name)                                       \
    static void name();                                  \
    static const Registered registered_##name(#name, name); \
    static void name()

#define CHECK(what) \
    do {            \
        if (!(what)) fail(__FILE__, __LINE__, #what); \
    } while (false)
