// SPDX-License-Identifier: Apache-2.0
// lifetime_main.cpp: launches from a static constructor, main, the end of a thread, an atexit function and a
// static destructor. Prints the name of each that gave a right result; CMakeLists.txt looks for all of them.
#include "host/pool_support.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

namespace {

void report(const char* when) {
    bool good = pool_support::sum_is_right();
    try { // exceptions too: their storage must outlive static objects
        pool_support::run_shared(1000, [](int64_t, int64_t) { throw 42; });
        good = false;
    } catch (int value) {
        good = good && value == 42;
    }
    if (good) std::printf("%s ", when);
    std::fflush(stdout);
}

struct static_object {
    static_object() { report("constructor"); }
    ~static_object() { report("destructor"); }
} object;

struct thread_object {
    ~thread_object() { report("thread"); }
    int used = 0;
};
thread_local thread_object of_thread;

} // namespace

int main() {
    std::atexit([] { report("atexit"); });
    report("main");
    std::thread([] { ++of_thread.used; }).join();
    return 0;
}
