// SPDX-License-Identifier: Apache-2.0
// workers.hpp: the pool's threads: how they start, wait for work, survive fork() and the closing of
// libraries.
//
// Workers are detached and live as long as the process, and the library that started them stays loaded, since
// a worker may be spinning in its code. A child of fork() has no workers and starts its own at its first
// launch that needs them.
#pragma once

#include "cpu_budget.hpp"
#include "job_board.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

namespace warpx::detail::pool_v1 {

WARPX_DETAIL_BEGIN_SLOW_CODE

/// How a worker waits for work: spins at first, then sleeps. Spinning is given up early after a pause that
/// was too long to spin through, and taken up again after one that was not.
class idle_wait {
public:
    explicit idle_wait(uint32_t id) noexcept : id_(id) {
        const char* text = getenv("WARPX_SPIN_US");
        if (text == nullptr) return;
        const long microseconds = parse_positive(text); // what is no positive number means: do not spin
        spin_max_ = microseconds < 1000000 ? microseconds * 1000 : 1000000000;
        spin_ns_ = spin_max_;
    }

    /// Returns the value of pool::signal once it is not `seen`.
    uint32_t next(uint32_t seen) noexcept {
        int64_t start = 0;
        for (int turn = 1;; ++turn) {
            const uint32_t now = the_pool.signal.load(order::acquire);
            if (now != seen) return now;
            spin_pause();
            if (turn % 32 != 0) continue;
            const int64_t t = clock_ns();
            if (start == 0) start = t;
            if (t - start >= spin_ns_) break;
        }
        const uint32_t now = sleep(seen);
        const bool worth_spinning = clock_ns() - start < spin_max_;
        spin_ns_ = worth_spinning || spin_max_ < short_spin ? spin_max_ : short_spin;
        return now;
    }

private:
    static constexpr int64_t short_spin = 20000;

    /// With `publish`, Dekker's pattern: each side writes its word, then reads the other's, all seq_cst, so
    /// either the publisher sees the sleeper or the sleeper sees the new signal; the kernel checks once more
    /// before it sleeps.
    uint32_t sleep(uint32_t seen) noexcept {
        const uint32_t bit = 1u << (id_ % 32);
        atomic_word<uint32_t>& sleeping = the_pool.sleeping[id_ / 32];
        sleeping.fetch_or(bit, order::seq_cst);
        uint32_t now;
        while ((now = the_pool.signal.load(order::seq_cst)) == seen) futex_wait(the_pool.signal, seen, bit);
        sleeping.fetch_and(~bit, order::relaxed);
        return now;
    }

    uint32_t id_;
    int64_t spin_max_ = 1000000;
    int64_t spin_ns_ = spin_max_;
};

/// A worker's life. Hidden, like all that must lie in the library that start_workers keeps loaded.
[[gnu::visibility("hidden")]] inline void* worker_main(void* argument) {
    const uint32_t id = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(argument));
    this_thread.depth = 1;
    idle_wait idle(id);
    uint32_t seen = the_pool.signal.load(order::acquire) - 1; // look at once: a job may be waiting
    for (;;) {
        seen = idle.next(seen);
        int64_t items;
        do {
            items = 0;
            for (uint32_t m = the_pool.active.load(order::acquire); m != 0; m &= m - 1) {
                items += help(the_pool.slots[__builtin_ctz(m)], id);
            }
        } while (items != 0);
    }
    return nullptr;
}

/// In the child of a fork: no worker lives, and no launch of another thread will be finished.
[[gnu::visibility("hidden")]] inline void forget_after_fork() {
    for (uint32_t m = the_pool.active.load(order::acquire); m != 0; m &= m - 1) {
        for (span& s : the_pool.slots[__builtin_ctz(m)].spans) s.word.store(0, order::relaxed);
    }
    for (atomic_word<uint32_t>& word : the_pool.sleeping) word.store(0, order::relaxed);
    the_pool.active.store(0, order::relaxed);
    the_pool.threads.store(0, order::relaxed);
    the_pool.budget.store(0, order::relaxed);
    the_pool.state.store(idle, order::release);
}

/// Starts one detached worker; false if the system has no thread to give.
[[gnu::visibility("hidden")]] inline bool start_worker(uint32_t id) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const bool started =
        pthread_create(&thread, &attributes, &worker_main, reinterpret_cast<void*>(uintptr_t{id})) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

/// The number of threads of the pool before it runs. Starts nothing.
inline uint32_t thread_budget() noexcept {
    uint32_t budget = the_pool.budget.load(order::relaxed);
    if (budget == 0) {
        budget = static_cast<uint32_t>(cpu_budget(static_cast<int>(max_threads)));
        the_pool.budget.store(budget, order::relaxed);
    }
    return budget;
}

/// Makes sure that the workers run.
[[gnu::visibility("hidden"), gnu::cold, gnu::noinline]] inline void start_workers() {
    const int saved_errno = errno;
    if (the_pool.prepared.load(order::acquire) == 0) { // twice, by two threads, does no harm
        pthread_atfork(nullptr, nullptr, &forget_after_fork);
        Dl_info self; // keep this library loaded; for the main program this finds nothing and need not
        if (dladdr(reinterpret_cast<void*>(&worker_main), &self) != 0 && self.dli_fname != nullptr) {
            dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
        }
        the_pool.prepared.store(1, order::release);
    }
    if (the_pool.state.compare_exchange(idle, starting)) {
        sigset_t blocked, previous; // the application's signals are not for workers; their own faults are
        sigfillset(&blocked);
        constexpr int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
        for (const int fault : faults) sigdelset(&blocked, fault);
        pthread_sigmask(SIG_SETMASK, &blocked, &previous);
        const uint32_t wanted = thread_budget();
        uint32_t threads = 1;
        while (threads < wanted && start_worker(threads)) ++threads;
        pthread_sigmask(SIG_SETMASK, &previous, nullptr);
        the_pool.threads.store(threads, order::relaxed);
        the_pool.state.store(running, order::release);
    } else {
        while (the_pool.state.load(order::acquire) == starting) sched_yield();
    }
    errno = saved_errno;
}

WARPX_DETAIL_END_SLOW_CODE

} // namespace warpx::detail::pool_v1
