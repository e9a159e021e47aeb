// SPDX-License-Identifier: Apache-2.0
// compare_and_swap.hpp: compare and swap on the bits of 1 to 16 bytes, on the host and on CUDA.
#pragma once

#include "../config.hpp"

#include <string.h>

namespace warpx::detail {

template <int Bytes> struct bits_of;
template <> struct bits_of<1> {
    using type = uint8_t;
};
template <> struct bits_of<2> {
    using type = uint16_t;
};
template <> struct bits_of<4> {
    using type = uint32_t;
};
template <> struct bits_of<8> {
    using type = uint64_t;
};
struct bits16 {
    uint64_t low, high;
    WARPX_HOST_DEVICE friend constexpr bool operator==(const bits16& a, const bits16& b) noexcept {
        return a.low == b.low && a.high == b.high;
    }
};
template <> struct bits_of<16> {
    using type = bits16;
};
template <class T> using bits_t = typename bits_of<sizeof(T)>::type;

template <class To, class From> WARPX_HOST_DEVICE To bit_copy(const From& from) noexcept {
    return __builtin_bit_cast(To, from);
}

#if !defined(__CUDA_ARCH__)
/// Sixteen bytes at a 16-byte boundary. std::atomic would need libatomic here.
inline bool cas16(bits16* place, bits16& expected, bits16 desired) noexcept {
#    if defined(__x86_64__)
    bool done;
    asm volatile("lock cmpxchg16b %1"
                 : "=@ccz"(done), "+m"(*place), "+a"(expected.low), "+d"(expected.high)
                 : "b"(desired.low), "c"(desired.high)
                 : "memory");
    return done;
#    else
    bits16 seen;
    uint32_t failed;
    do {
        asm volatile("ldaxp %0, %1, %2" : "=r"(seen.low), "=r"(seen.high) : "Q"(*place) : "memory");
        const bool equal = seen == expected;
        const bits16 written =
            equal ? desired : seen; // storing back what was seen proves that it was read whole
        asm volatile("stlxp %w0, %2, %3, %1"
                     : "=&r"(failed), "=Q"(*place)
                     : "r"(written.low), "r"(written.high)
                     : "memory");
        if (!failed && !equal) {
            expected = seen;
            return false;
        }
    } while (failed);
    return true;
#    endif
}

/// Elements that straddle their natural boundary (a vec4f at a 4-byte address) are exchanged under a lock.
struct atomic_locks {
    static constexpr int count = 64;
    uint8_t taken[count * 64] = {}; // one a cache line
};
WARPX_PUBLIC inline constinit atomic_locks the_atomic_locks{};

class atomic_lock {
public:
    explicit atomic_lock(const void* place) noexcept
        : taken_(
              &the_atomic_locks.taken[reinterpret_cast<uintptr_t>(place) / 64 % atomic_locks::count * 64]) {
        while (__atomic_test_and_set(taken_, __ATOMIC_ACQUIRE)) {
        }
    }
    ~atomic_lock() { __atomic_clear(taken_, __ATOMIC_RELEASE); }
    atomic_lock(const atomic_lock&) = delete;

private:
    uint8_t* taken_;
};
#endif

/// Compare and swap on the bits of an element. `expected` receives what was there.
template <class Bits> WARPX_HOST_DEVICE bool cas(Bits* place, Bits& expected, const Bits& desired) noexcept {
#if defined(__CUDA_ARCH__)
    const Bits before = expected;
    if constexpr (sizeof(Bits) == 1) { // within the word around it
        auto* word = reinterpret_cast<unsigned int*>(reinterpret_cast<uintptr_t>(place) & ~uintptr_t{3});
        const unsigned int shift = 8 * static_cast<unsigned int>(reinterpret_cast<uintptr_t>(place) & 3);
        unsigned int old = *static_cast<volatile unsigned int*>(word);
        for (;;) {
            expected = static_cast<Bits>(old >> shift);
            if (expected != before) return false;
            const unsigned int assumed = old;
            old = atomicCAS(word, assumed,
                            (assumed & ~(0xffu << shift)) | (static_cast<unsigned int>(desired) << shift));
            if (old == assumed) return true;
        }
    } else if constexpr (sizeof(Bits) == 2) {
        expected = atomicCAS(reinterpret_cast<unsigned short*>(place), before, desired);
    } else if constexpr (sizeof(Bits) == 4) {
        expected = atomicCAS(reinterpret_cast<unsigned int*>(place), before, desired);
    } else if constexpr (sizeof(Bits) == 8) {
        expected =
            atomicCAS(reinterpret_cast<unsigned long long*>(place), static_cast<unsigned long long>(before),
                      static_cast<unsigned long long>(desired));
    } else {
#    if __CUDA_ARCH__ >= 900
        asm volatile("{\n\t.reg .b128 old, seen, next;\n\t"
                     "mov.b128 old, {%3, %4};\n\tmov.b128 next, {%5, %6};\n\t"
                     "atom.global.cas.b128 seen, [%2], old, next;\n\tmov.b128 {%0, %1}, seen;\n\t}"
                     : "=l"(expected.low), "=l"(expected.high)
                     : "l"(__cvta_generic_to_global(place)), "l"(before.low), "l"(before.high),
                       "l"(desired.low), "l"(desired.high)
                     : "memory");
#    else
        __trap(); // 16-byte atomics came with compute capability 9.0
#    endif
    }
    return expected == before;
#else
    if (reinterpret_cast<uintptr_t>(place) % sizeof(Bits) != 0) [[unlikely]] {
        const atomic_lock lock(place);
        const bool equal = memcmp(place, &expected, sizeof(Bits)) == 0;
        if (equal)
            memcpy(place, &desired, sizeof(Bits));
        else
            memcpy(&expected, place, sizeof(Bits));
        return equal;
    }
    if constexpr (sizeof(Bits) == 16)
        return cas16(place, expected, desired);
    else
        return __atomic_compare_exchange_n(place, &expected, desired, true, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED);
#endif
}

/// A first guess of the bits of an element; the comparison that follows corrects it.
template <class Bits> WARPX_HOST_DEVICE Bits glance(const Bits* place) noexcept {
#if !defined(__CUDA_ARCH__)
    if (reinterpret_cast<uintptr_t>(place) % sizeof(Bits) != 0) [[unlikely]] {
        const atomic_lock lock(place);
        Bits bits;
        memcpy(&bits, place, sizeof(Bits));
        return bits;
    }
#endif
    if constexpr (sizeof(Bits) == 16)
        return {glance(&place->low), glance(&place->high)};
    else {
#if defined(__CUDA_ARCH__)
        return *static_cast<const volatile Bits*>(place);
#else
        return __atomic_load_n(place, __ATOMIC_RELAXED);
#endif
    }
}

/// Replaces an element by `f(old)` atomically; returns the old one.
template <class T, class F> WARPX_HOST_DEVICE T atomic_update(T* place, const F& f) noexcept {
    using Bits = bits_t<T>;
    auto* raw = reinterpret_cast<Bits*>(place);
    Bits seen = glance(raw);
    for (;;) {
        const T old = bit_copy<T>(seen);
        if (cas(raw, seen, bit_copy<Bits>(static_cast<T>(f(old))))) return old;
    }
}

} // namespace warpx::detail
