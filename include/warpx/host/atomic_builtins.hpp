// SPDX-License-Identifier: Apache-2.0
// atomic_builtins.hpp: an atomic word over the compiler's builtins; <atomic> costs every user 0.27 s to
// include.
#pragma once

#include "../config.hpp"

namespace warpx::host {

/// Memory orders, with the meaning of `std::memory_order`.
enum class order : int {
    relaxed = __ATOMIC_RELAXED,
    acquire = __ATOMIC_ACQUIRE,
    release = __ATOMIC_RELEASE,
    acq_rel = __ATOMIC_ACQ_REL,
    seq_cst = __ATOMIC_SEQ_CST
};

/// An integer or pointer that several threads may use at once: `std::atomic`, less what the pool does not
/// need. Constant-initialized; the sanitizers know the builtins.
template <class T> class atomic_word {
public:
    constexpr atomic_word(T value = T()) noexcept : value_(value) {}
    atomic_word(const atomic_word&) = delete;
    atomic_word& operator=(const atomic_word&) = delete;

    WARPX_INLINE T load(order o) const noexcept { return __atomic_load_n(&value_, static_cast<int>(o)); }
    WARPX_INLINE void store(T x, order o) noexcept { __atomic_store_n(&value_, x, static_cast<int>(o)); }
    WARPX_INLINE T exchange(T x, order o) noexcept {
        return __atomic_exchange_n(&value_, x, static_cast<int>(o));
    }
    WARPX_INLINE T fetch_add(T x, order o) noexcept {
        return __atomic_fetch_add(&value_, x, static_cast<int>(o));
    }
    WARPX_INLINE T fetch_or(T x, order o) noexcept {
        return __atomic_fetch_or(&value_, x, static_cast<int>(o));
    }
    WARPX_INLINE T fetch_and(T x, order o) noexcept {
        return __atomic_fetch_and(&value_, x, static_cast<int>(o));
    }
    /// Stores `desired` if the value is `expected`, with order acq_rel; on failure nothing is learned but the
    /// failure.
    WARPX_INLINE bool compare_exchange(T expected, T desired) noexcept {
        return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_RELAXED);
    }

private:
    T value_;
};

} // namespace warpx::host
