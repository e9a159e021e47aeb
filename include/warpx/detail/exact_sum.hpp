// SPDX-License-Identifier: Apache-2.0
// exact_sum.hpp: sums of floating-point numbers that do not depend on their order.
#pragma once

#include "../atomic.hpp"
#include "../half.hpp"

namespace warpx::detail {

/// A sum of numbers of type `T` (float or double) as a fixed-point number that covers the whole range of T,
/// in digits of 24 bits (Kulisch's accumulator). Integers add in any order to the same result, so many
/// threads may add at once. A digit has room for 2^39 additions.
template <class T> struct exact_sum {
    using bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    static constexpr int mantissa = sizeof(T) == 4 ? 23 : 52, exponents = sizeof(T) == 4 ? 255 : 2047;
    static constexpr int least = 1 - (exponents >> 1) - mantissa; // of the smallest number's exponent
    static constexpr int digit = 24;
    static constexpr int digits = (exponents + mantissa + digit) / digit + 1;
    /// Words of memory, zero at first: the digits, and one that remembers infinities and NaN.
    static constexpr int words = digits + 1;
    WARPX_HOST_DEVICE static void add(int64_t* sum, T v) {
        const bits b = bit_copy<bits>(v);
        const int e = static_cast<int>(b >> mantissa) & exponents;
        const bool negative = (b >> (mantissa + 1 + (sizeof(T) == 4 ? 7 : 10))) != 0;
        const bits fraction = b & ((bits{1} << mantissa) - 1);
        if (e == exponents) {
            remember(sum + digits, fraction != 0 ? not_a_number : negative ? minus_infinity : plus_infinity);
            return;
        }
        uint64_t m = e == 0 ? fraction : fraction | bits{1} << mantissa;
        if (m == 0) return;
        const int position = e == 0 ? 0 : e - 1;
        int64_t* place = sum + position / digit;
        constexpr uint64_t below = (uint64_t{1} << digit) - 1;
        // The mantissa shifted by less than a digit, a digit at a time; 76 bits for double.
        const int shift = position % digit;
        int64_t part = static_cast<int64_t>((m << shift) & below);
        m >>= digit - shift;
        for (;; ++place, part = static_cast<int64_t>(m & below), m >>= digit) {
            if (part != 0) (void)atomic_add_scalar(place, negative ? -part : part);
            if (m == 0) return;
        }
    }

    /// The sum as a T. Carries first; nothing else may add meanwhile. Off by at most one unit in the last
    /// place.
    WARPX_HOST_DEVICE static T round(int64_t* sum) {
        const int64_t special = sum[digits];
        if (special != 0) {
            constexpr bits infinity = static_cast<bits>(exponents) << mantissa;
            return bit_copy<T>(special == plus_infinity    ? infinity
                               : special == minus_infinity ? infinity | bits{1} << (8 * sizeof(T) - 1)
                                                           : infinity | bits{1} << (mantissa - 1));
        }
        carry(sum);
        const bool negative = sum[digits - 1] < 0;
        if (negative) {
            for (int k = 0; k < digits; ++k) sum[k] = -sum[k];
            carry(sum);
        }
        int top = digits - 1;
        while (top > 0 && sum[top] == 0) --top;
        // Four digits have 73 bits or more; what is below them only decides ties.
        double v = static_cast<double>(sum[top]);
        int exponent = least + top * digit;
        for (int k = top - 1; k >= 0 && k >= top - 3; --k) {
            v = v * 16777216.0 + static_cast<double>(sum[k]);
            exponent -= digit;
        }
        v = scaled(v, exponent);
        return static_cast<T>(negative ? -v : v);
    }

private:
    static constexpr unsigned plus_infinity = 1, minus_infinity = 2, not_a_number = 4;
    WARPX_HOST_DEVICE static void remember(int64_t* word, unsigned what) {
#if defined(__CUDA_ARCH__)
        (void)atomicOr(reinterpret_cast<unsigned*>(word), what); // little-endian
#else
        (void)__atomic_fetch_or(word, static_cast<int64_t>(what), __ATOMIC_RELAXED);
#endif
    }
    WARPX_HOST_DEVICE static void carry(int64_t* sum) {
        for (int k = 0; k + 1 < digits; ++k) {
            sum[k + 1] += sum[k] >> digit;
            sum[k] &= (int64_t{1} << digit) - 1;
        }
    }
    /// v * 2^e, in two steps so that neither factor leaves the range.
    WARPX_HOST_DEVICE static double scaled(double v, int e) {
        const int half_way = e / 2;
        return v * power(half_way) * power(e - half_way);
    }
    WARPX_HOST_DEVICE static double power(int e) {
        return bit_copy<double>(static_cast<uint64_t>(e + 1023) << 52);
    }
};

/// Sums of the gradients that several items of a launch add to, beside the gradients themselves.
struct exact_sums {
    static constexpr int most = 16;
    struct span {
        uintptr_t begin = 0, end = 0; // of gradients
        int64_t* sums = nullptr;      // of each number in it
        bool in_double = false;
        int bytes = 4; // of a number
    } of[most];
    int count = 0;

    /// False if the number at `place` has no such sum.
    template <class T, class P> WARPX_HOST_DEVICE bool add(const T* place, P v) const {
        using S = std::conditional_t<std::is_same_v<T, double>, double, float>;
        const auto at = reinterpret_cast<uintptr_t>(place);
        for (int k = 0; k < count; ++k) {
            const span& s = of[k];
            if (at < s.begin || at >= s.end) continue;
            const auto number = static_cast<int64_t>((at - s.begin) / sizeof(T));
            exact_sum<S>::add(s.sums + number * exact_sum<S>::words, static_cast<S>(v));
            return true;
        }
        return false;
    }
};

} // namespace warpx::detail
