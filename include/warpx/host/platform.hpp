// SPDX-License-Identifier: Apache-2.0
// platform.hpp: what the host pool needs of the processor and of Linux: pause, clock, futex, rounding mode.
#pragma once

#include "atomic_builtins.hpp"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace warpx::detail {

/// Tells the processor that this is a spin loop.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
    asm volatile("pause" ::: "memory");
#else
    asm volatile("yield" ::: "memory");
#endif
}

/// Nanoseconds of a clock that never goes back.
inline int64_t clock_ns() noexcept {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

/// Sleeps while `word` is `expected`, until a wake that shares a bit with `mask`; may return without reason.
inline void futex_wait(host::atomic_word<uint32_t>& word, uint32_t expected, uint32_t mask) noexcept {
    const int saved = errno;
    syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, nullptr, nullptr, mask);
    errno = saved;
}

/// Wakes all threads that sleep on `word` with a bit of `mask`.
inline void futex_wake(host::atomic_word<uint32_t>& word, uint32_t mask) noexcept {
    const int saved = errno;
    syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 0x7fffffff, nullptr, nullptr, mask);
    errno = saved;
}

/// The calling thread's floating point control: rounding, flushing of denormals, traps; no exception flags.
inline uint64_t fp_control() noexcept {
#if defined(__x86_64__)
    constexpr uint32_t exception_flags = 0x3f;
    uint32_t sse;
    uint16_t x87;
    asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(sse), "=m"(x87));
    return (sse & ~exception_flags) | static_cast<uint64_t>(x87) << 32;
#else
    uint64_t word;
    asm volatile("mrs %0, fpcr" : "=r"(word));
    return word;
#endif
}

/// Gives the calling thread the floating point control `control`.
inline void set_fp_control(uint64_t control) noexcept {
#if defined(__x86_64__)
    const uint32_t sse = static_cast<uint32_t>(control);
    const uint16_t x87 = static_cast<uint16_t>(control >> 32);
    asm volatile("ldmxcsr %0\n\tfldcw %1" ::"m"(sse), "m"(x87));
#else
    asm volatile("msr fpcr, %0" ::"r"(control));
#endif
}

} // namespace warpx::detail
