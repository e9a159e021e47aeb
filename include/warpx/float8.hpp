// SPDX-License-Identifier: Apache-2.0
// float8.hpp: the eight 8-bit floating-point formats of DLPack, to store numbers in.
#pragma once

#include "detail/small_float.hpp"

namespace warpx {

/// The formats; the values are DLPack's type codes. e and m count exponent and fraction bits, b is a bias
/// that differs from the usual one, f is without infinities, n has NaN in one place, uz has no negative zero,
/// u is unsigned.
enum class float8_format : uint8_t {
    e3m4 = 7,
    e4m3 = 8,
    e4m3b11fnuz = 9,
    e4m3fn = 10,
    e4m3fnuz = 11,
    e5m2 = 12,
    e5m2fnuz = 13,
    e8m0fnu = 14,
};

namespace detail {
/// What sets one format apart: fraction bits, exponent bias, encodings of the largest finite number, of what
/// is too large (infinity or NaN) and of NaN, and whether 0x80 is the only NaN.
struct float8_layout {
    int fraction;
    int bias;
    uint32_t largest;
    uint32_t overflow;
    uint32_t nan;
    bool unsigned_zero;
};

WARPX_HOST_DEVICE constexpr float8_layout layout_of(float8_format format) noexcept {
    switch (format) {
    case float8_format::e3m4:
        return {4, 3, 0x6f, 0x70, 0x78, false};
    case float8_format::e4m3:
        return {3, 7, 0x77, 0x78, 0x7c, false};
    case float8_format::e4m3b11fnuz:
        return {3, 11, 0x7f, 0x80, 0x80, true};
    case float8_format::e4m3fn:
        return {3, 7, 0x7e, 0x7f, 0x7f, false};
    case float8_format::e4m3fnuz:
        return {3, 8, 0x7f, 0x80, 0x80, true};
    case float8_format::e5m2:
        return {2, 15, 0x7b, 0x7c, 0x7e, false};
    case float8_format::e5m2fnuz:
        return {2, 16, 0x7f, 0x80, 0x80, true};
    case float8_format::e8m0fnu:
        break;
    }
    return {0, 127, 0xfe, 0xff, 0xff, true};
}
} // namespace detail

/// One 8-bit floating-point number. Widens to float implicitly and exactly; construction from a number is
/// explicit (assignment is not) and rounds once to nearest even. Subnormals are kept.
///
/// What does not fit becomes infinity where the format has one, else NaN; `saturated` gives the largest
/// finite number instead. NaN stays NaN, with its sign where the format has signed NaNs. e8m0fnu holds powers
/// of two from 2^-127 to 2^127: zero, negative numbers and infinity become NaN, positive numbers below 2^-127
/// become 2^-127, ties go up. The encodings and the rules are those of ml_dtypes, which NumPy and JAX use,
/// but for one: e8m0fnu rounds numbers between 2^-127 and 1.5 * 2^-127 to the nearest, ml_dtypes rounds them
/// up.
template <float8_format Format> class float8 : public detail::small_float<float8<Format>, uint8_t> {
    using base = detail::small_float<float8<Format>, uint8_t>;

public:
    static constexpr float8_format format = Format;

    float8() = default;
    template <class X>
        requires(!std::is_same_v<X, float8> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr float8(const X& x) noexcept
        : base(narrow(detail::round_to_odd(value(x)))) {}
    /// Assignment from any number, plain or located.
    template <class X>
        requires(!std::is_same_v<X, float8> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr float8& operator=(const X& x) noexcept {
        return *this = float8(x);
    }

    /// Like construction, but finite and infinite numbers beyond the range become the largest finite one.
    WARPX_HOST_DEVICE static constexpr float8 saturated(float a) noexcept {
        constexpr detail::float8_layout l = detail::layout_of(Format);
        const float limit = widen(static_cast<uint8_t>(l.largest));
        if (a > limit) a = limit;
        if (Format != float8_format::e8m0fnu && a < -limit) a = -limit;
        return float8(a);
    }

    /// The float with the same value as the encoding `b`.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr float widen(uint8_t b) noexcept {
        constexpr detail::float8_layout l = detail::layout_of(Format);
        constexpr float quiet_nan = __builtin_bit_cast(float, 0x7fc00000u);
        if constexpr (Format == float8_format::e8m0fnu) {
            const uint32_t u = b == 0 ? 0x00400000u : static_cast<uint32_t>(b) << 23;
            return b == 0xff ? quiet_nan : __builtin_bit_cast(float, u);
        } else {
            constexpr uint32_t one = 1u << 23;
            constexpr uint32_t rebias = static_cast<uint32_t>(127 - l.bias) * one;
            const uint32_t sign = static_cast<uint32_t>(b & 0x80u) << 24;
            const uint32_t code = b & 0x7fu;
            const uint32_t shifted = code << (23 - l.fraction);
            // A subnormal has no hidden bit: take it away after the fact.
            constexpr float hidden = __builtin_bit_cast(float, rebias + one);
            const float tiny = __builtin_bit_cast(float, shifted + rebias + one) - hidden;
            uint32_t u = detail::choose((code >> l.fraction) == 0, __builtin_bit_cast(uint32_t, tiny),
                                        shifted + rebias);
            if constexpr (l.unsigned_zero) {
                u = b == 0x80 ? 0x7fc00000u : (u | sign);
            } else {
                if (code > l.largest)
                    u = code == l.overflow && l.overflow != l.nan ? 0x7f800000u : 0x7fc00000u;
                u |= sign;
            }
            return __builtin_bit_cast(float, u);
        }
    }

    /// The encoding nearest to `f`.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr uint8_t narrow(float f) noexcept {
        constexpr detail::float8_layout l = detail::layout_of(Format);
        const uint32_t u = __builtin_bit_cast(uint32_t, f);
        const uint32_t a = u & 0x7fffffffu;
        constexpr uint32_t one = 1u << 23;
        if constexpr (Format == float8_format::e8m0fnu) {
            const uint32_t code = a < one ? (a >= 0x00600000u ? 1u : 0u) : (a + (one >> 1)) >> 23;
            return static_cast<uint8_t>(u == 0 || u > 0x7f7fffffu || code > l.largest ? l.nan : code);
        } else {
            constexpr int shift = 23 - l.fraction;
            constexpr uint32_t rebias = static_cast<uint32_t>(127 - l.bias) * one;
            // Below the smallest normal number: the float unit rounds, in a sum whose last bit is the last
            // bit here.
            constexpr uint32_t magic = rebias + one + static_cast<uint32_t>(shift) * one;
            const float sum = __builtin_bit_cast(float, a) + __builtin_bit_cast(float, magic);
            const uint32_t tiny = __builtin_bit_cast(uint32_t, sum) - magic;
            const uint32_t normal = (a - rebias + ((1u << (shift - 1)) - 1u) + ((a >> shift) & 1u)) >> shift;
            uint32_t code = detail::choose(a < rebias + one, tiny, normal);
            code = detail::choose(a > 0x7f800000u, l.nan, detail::choose(code > l.largest, l.overflow, code));
            const uint32_t sign = (u >> 24) & 0x80u;
            if constexpr (l.unsigned_zero) {
                return static_cast<uint8_t>(code == 0 ? 0u : code | sign);
            } else {
                return static_cast<uint8_t>(code | sign);
            }
        }
    }
};

using float8_e3m4 = float8<float8_format::e3m4>;
using float8_e4m3 = float8<float8_format::e4m3>;
using float8_e4m3b11fnuz = float8<float8_format::e4m3b11fnuz>;
using float8_e4m3fn = float8<float8_format::e4m3fn>;
using float8_e4m3fnuz = float8<float8_format::e4m3fnuz>;
using float8_e5m2 = float8<float8_format::e5m2>;
using float8_e5m2fnuz = float8<float8_format::e5m2fnuz>;
using float8_e8m0fnu = float8<float8_format::e8m0fnu>;

/// Whether T is a float8.
template <class T> inline constexpr bool is_float8_v = false;
template <float8_format Format> inline constexpr bool is_float8_v<float8<Format>> = true;

static_assert(sizeof(float8_e5m2) == 1 && std::is_trivially_copyable_v<float8_e5m2>);

} // namespace warpx
