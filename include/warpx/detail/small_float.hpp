// SPDX-License-Identifier: Apache-2.0
// small_float.hpp: what half, bfloat16 and float8 share: storage, implicit widening to float, assignment from
// numbers.
#pragma once

#include "../config.hpp"
#include "../value.hpp"

#include <type_traits>

namespace warpx::detail {

/// The types that store something smaller than a float, and compute in float.
template <class T> inline constexpr bool is_small_float = requires { typename T::small_float_bits; };

/// The numbers that carry derivatives while a kernel is differentiated (differentiable.hpp).
template <class T> inline constexpr bool is_differentiable = false;

/// A real number a kernel computes with: arithmetic, a type that stores a float, or one with derivatives.
template <class T>
inline constexpr bool is_real = std::is_arithmetic_v<T> || is_small_float<T> || is_differentiable<T>;

/// The type of float + T.
template <class T> using with_float = decltype(0.0f + T{});

/// `yes` or `no`. By a mask: with a conditional, g++ moves floating-point operations behind a branch and then
/// does not vectorize the loop.
WARPX_INLINE WARPX_HOST_DEVICE constexpr uint32_t choose(bool condition, uint32_t yes, uint32_t no) noexcept {
    const uint32_t mask = 0u - static_cast<uint32_t>(condition);
    return (yes & mask) | (no & ~mask);
}

/// `a` as a float rounded to odd: inexact results get an odd last bit, so that a second rounding to at most
/// 22 bits gives what one rounding of `a` would have given (Boldo and Melquiond 2008, "Emulation of FMA and
/// correctly rounded sums"). Right for every integer type, float, the types that store one, and double; long
/// double goes through double.
template <class A> WARPX_INLINE WARPX_HOST_DEVICE constexpr float round_to_odd(A a) noexcept {
    if constexpr (std::is_same_v<A, float> || is_small_float<A>) {
        return a;
    } else if constexpr (std::is_integral_v<A> && sizeof(A) <= 2) {
        return static_cast<float>(a);
    } else if constexpr (std::is_integral_v<A> && sizeof(A) == 8) {
        uint64_t magnitude = static_cast<uint64_t>(a);
        const bool negative = std::is_signed_v<A> && a < A(0);
        if (negative) magnitude = 0 - magnitude;
        if (magnitude >> 53) {
            magnitude = (magnitude & ~uint64_t(0x7ff)) | ((magnitude & 0x7ff) != 0 ? uint64_t(0x800) : 0);
        }
        const double d = static_cast<double>(magnitude);
        return round_to_odd(negative ? -d : d);
    } else {
        const double d = static_cast<double>(a);
        const float f = static_cast<float>(d);
        const double back = static_cast<double>(f);
        if (back == d || d != d) return f;
        const bool away = d < 0 ? back < d : back > d;
        return __builtin_bit_cast(float, (__builtin_bit_cast(uint32_t, f) - (away ? 1u : 0u)) | 1u);
    }
}

/// Base of the floating-point types that only store: `Self::widen(bits)` and `Self::narrow(float)` are the
/// format. Arithmetic and comparison happen in float, through the conversion.
template <class Self, class Bits> class small_float {
public:
    using small_float_bits = Bits;

    small_float() = default;

    /// The number whose encoding is `bits`.
    WARPX_HOST_DEVICE static constexpr Self from_bits(Bits bits) noexcept {
        Self s{};
        s.bits_ = bits;
        return s;
    }
    /// The encoding.
    WARPX_HOST_DEVICE constexpr Bits bits() const noexcept { return bits_; }

    /// The same number as a float; every value is exact.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator float() const noexcept { return Self::widen(bits_); }

    /// `a += x` is `a = a + x`, computed in float, or in the type that float + x has. (Templates: a located
    /// half converts to half and to float, and must not have to choose.)
    template <class X>
        requires is_real<value_type_t<X>>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr Self& operator+=(Self& a, const X& x) noexcept {
        return a = +a + static_cast<with_float<value_type_t<X>>>(value(x));
    }
    template <class X>
        requires is_real<value_type_t<X>>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr Self& operator-=(Self& a, const X& x) noexcept {
        return a = +a - static_cast<with_float<value_type_t<X>>>(value(x));
    }
    template <class X>
        requires is_real<value_type_t<X>>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr Self& operator*=(Self& a, const X& x) noexcept {
        return a = +a * static_cast<with_float<value_type_t<X>>>(value(x));
    }
    template <class X>
        requires is_real<value_type_t<X>>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr Self& operator/=(Self& a, const X& x) noexcept {
        return a = +a / static_cast<with_float<value_type_t<X>>>(value(x));
    }

protected:
    WARPX_HOST_DEVICE explicit constexpr small_float(Bits bits) noexcept : bits_(bits) {}

private:
    Bits bits_;
};

} // namespace warpx::detail
