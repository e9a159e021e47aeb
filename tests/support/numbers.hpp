// SPDX-License-Identifier: Apache-2.0
// numbers.hpp: what the tests of numbers share: a located value, distances in units in the last place, slow
// formats.
#pragma once

#include <warpx/value.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace test {

/// What an access in a kernel returns, as far as functions of values are concerned.
template <class T> struct located {
    T held;
    WARPX_HOST_DEVICE constexpr operator T() const noexcept { return held; }
};
template <class T> located(T) -> located<T>;

/// Distance of `got` from the exact `want`, in units in the last place of T at `want`. Equal infinities and
/// two NaNs are at distance 0.
template <class T> double ulps(T got, long double want) {
    if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0 : 1e30;
    const T rounded = static_cast<T>(want);
    if (got == rounded) return 0;
    if (std::isinf(got) || std::isinf(rounded)) return 1e30;
    int exponent = 0;
    std::frexp(rounded, &exponent);
    const int last =
        std::max(exponent, std::numeric_limits<T>::min_exponent) - std::numeric_limits<T>::digits;
    return static_cast<double>(std::fabs(static_cast<long double>(got) - want) / std::ldexp(1.0L, last));
}

/// A floating-point format, written down as its definition says, without any trick: every value in a table,
/// rounding by search.
struct slow_format {
    int exponent_bits, fraction_bits, bias;
    enum kind { ieee, fn, fnuz } specials;

    int codes() const { return 1 << (exponent_bits + fraction_bits); } // without sign
    int sign() const { return codes(); }

    /// The value of a code, sign included.
    double decode(int code) const {
        const int magnitude = code % codes();
        const bool negative = code >= codes();
        const int e = magnitude >> fraction_bits;
        const int f = magnitude % (1 << fraction_bits);
        const int top = (1 << exponent_bits) - 1;
        if (specials == ieee && e == top) return f != 0 ? NAN : negative ? -INFINITY : INFINITY;
        if (specials == fn && magnitude == codes() - 1) return NAN;
        if (specials == fnuz && code == sign()) return NAN;
        const double m = e == 0 ? std::ldexp(f, 1 - bias - fraction_bits)
                                : std::ldexp(f + (1 << fraction_bits), e - bias - fraction_bits);
        return negative ? -m : m;
    }
    /// The largest finite code.
    int largest() const {
        return specials == ieee ? codes() - (1 << fraction_bits) - 1
               : specials == fn ? codes() - 2
                                : codes() - 1;
    }
    /// The code of the nearest value, ties to the even code; -1 stands for any NaN.
    int encode(double x) const {
        if (std::isnan(x)) return -1;
        const bool negative = std::signbit(x);
        const double a = std::fabs(x);
        int low = 0, high = largest() + 1; // the first value beyond the largest rounds as if it existed
        while (high - low > 1) {
            const int middle = (low + high) / 2;
            (decode(middle) <= a ? low : high) = middle;
        }
        const double below = decode(low);
        const double above = high <= largest() ? decode(high) : below + (below - decode(low - 1));
        const double down = a - below, up = above - a;
        int code = down < up || (down == up && low % 2 == 0) ? low : high;
        if (std::isinf(a)) code = largest() + 1;
        if (code > largest()) {
            if (specials != ieee) return -1;
            code = largest() + 1;
        }
        if (specials == fnuz && code == 0) return 0;
        return negative ? code + sign() : code;
    }
};

/// Floats that are hard to round to a format: its values, the midpoints between them, and the neighbours of
/// both.
inline std::vector<float> hard_floats(const slow_format& format) {
    std::vector<float> all;
    const auto add = [&](double x) {
        const float f = static_cast<float>(x);
        for (float g : {f, std::nextafter(f, INFINITY), std::nextafter(f, -INFINITY)})
            all.push_back(g), all.push_back(-g);
    };
    for (int code = 0; code <= format.largest(); ++code) {
        const double here = format.decode(code);
        const double next =
            code < format.largest() ? format.decode(code + 1) : here + (here - format.decode(code - 1));
        add(here);
        add(here + (next - here) / 2);
        add(next);
    }
    for (float x : {INFINITY, 3.4028235e38f, 1e-45f, 1e-38f, 65519.996f, 65520.0f})
        all.push_back(x), all.push_back(-x);
    return all;
}

} // namespace test

template <class T> struct warpx::value_traits<test::located<T>> {
    using type = T;
    WARPX_HOST_DEVICE static constexpr T get(const test::located<T>& x) noexcept { return x.held; }
};
