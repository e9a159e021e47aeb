// SPDX-License-Identifier: Apache-2.0
// lock.hpp: a mutex of the C library: `<mutex>` takes half a second to compile, in every file that launches.
#pragma once

#include "../config.hpp"

#include <pthread.h>

namespace warpx::detail {

/// Of constant initialization, and never destroyed: it may lie in static memory that outlives everything.
class lock {
public:
    constexpr lock() noexcept = default;
    lock(const lock&) = delete;
    lock& operator=(const lock&) = delete;
    void take() noexcept { pthread_mutex_lock(&mutex_); }
    void give() noexcept { pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

/// Holds a lock for the length of a scope.
class lock_guard {
public:
    explicit lock_guard(lock& l) noexcept : lock_(l) { lock_.take(); }
    ~lock_guard() { lock_.give(); }
    lock_guard(const lock_guard&) = delete;
    lock_guard& operator=(const lock_guard&) = delete;

private:
    lock& lock_;
};

} // namespace warpx::detail
