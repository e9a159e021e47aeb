// SPDX-License-Identifier: Apache-2.0
// fork_main.cpp: children forked before the first launch, between launches and while another thread launches,
// can launch; so can their children, and the parent goes on.
#include "host/pool_support.hpp"

#include <atomic>
#include <cstdio>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

// Under g++'s thread sanitizer a child must not start threads; its address sanitizer's allocator may be
// locked in one.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#    if !defined(__has_feature)
#        define FORKS_SAFELY
#    elif !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
#        define FORKS_SAFELY
#    endif
#endif

namespace {

/// What a child does: some launches, at the second generation a fork of its own. Never returns.
[[noreturn]] void child(int generation);

/// Forks one child; true if it ended well.
[[maybe_unused]] bool fork_one(int generation) {
    const pid_t pid = fork();
    if (pid == 0) child(generation);
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void child(int generation) {
    alarm(60); // a child that hangs fails
    bool good = true;
    for (int k = 0; k < 20; ++k) good = pool_support::sum_is_right() && good;
    if (generation == 0) good = fork_one(1) && good;
    good = pool_support::run_on_two_threads([] {}) && good; // it has workers of its own
    _exit(good ? 0 : 1);
}

} // namespace

int main() {
#if defined(FORKS_SAFELY)
    int failures = 0;
    for (int k = 0; k < 3; ++k) failures += !fork_one(0);
    failures += !pool_support::sum_is_right();
    for (int k = 0; k < 10; ++k) failures += !fork_one(0);

    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::thread launching([&] {
        while (!stop) wrong += !pool_support::sum_is_right();
    });
    std::thread throwing([&] {
        while (!stop) {
            try {
                pool_support::run_shared(1000, [](int64_t begin, int64_t) { throw begin; });
                ++wrong;
            } catch (int64_t) {
            }
        }
    });
    for (int k = 0; k < 40; ++k) failures += !fork_one(k % 2);
    stop = true;
    launching.join();
    throwing.join();
    failures += wrong;
    failures += !pool_support::sum_is_right();
    if (failures != 0) std::printf("%d launches or children failed\n", failures);
    return failures == 0 ? 0 : 1;
#else
    return 77; // skipped
#endif
}
