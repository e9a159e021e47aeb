// SPDX-License-Identifier: Apache-2.0
// math.hpp: elementary functions under their standard names, for kernels: numbers and vectors, plain or
// located.
#pragma once

#include "complex.hpp"
#include "detail/elementwise.hpp"
#include "limits.hpp"

// Argument dependent lookup finds these: `sqrt(x[i])`, `min(v[i], 0)`. Vectors go component by component, and
// a number next to a vector stands for a vector of equal components. Results:
//  * min, max, clamp, abs, sign, select of one type are of this type; of several types, of the type C++
//  arithmetic gives
//    (float for half and its kin, int for small integers);
//  * all others compute in float (float, half, bfloat16, float8) or double (double, integers, mixtures with
//  double).
// Precision is that of the C library on the host and of the CUDA math library in kernels; the two may differ
// by some units in the last place. Functions of complex numbers are in complex.hpp.

namespace warpx {

/// Square root (NaN below zero), its reciprocal (infinity at zero), cube root. The slope of sqrt and cbrt at
/// zero is infinite.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto sqrt(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::sqrt(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto rsqrt(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::rsqrt(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto cbrt(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::cbrt(t); }, x);
}

/// e, 2 and 10 to the power x; exp(x) - 1 without cancellation.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto exp(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::exp(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto exp2(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::exp2(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto exp10(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::exp10(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto expm1(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::expm1(t); }, x);
}

/// Logarithms to the base e, 2 and 10, and log(1 + x) without cancellation; -infinity at zero, NaN below.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto log(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::log(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto log2(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::log2(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto log10(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::log10(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto log1p(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::log1p(t); }, x);
}

/// Trigonometry in radians. asin and acos give NaN outside [-1, 1].
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto sin(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::sin(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto cos(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::cos(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto tan(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::tan(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto asin(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::asin(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto acos(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::acos(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto atan(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::atan(t); }, x);
}

/// Hyperbolic functions and their inverses. acosh gives NaN below 1, atanh outside [-1, 1].
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto sinh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::sinh(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto cosh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::cosh(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto tanh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::tanh(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto asinh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::asinh(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto acosh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::acosh(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto atanh(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::atanh(t); }, x);
}

/// Error function, its complement, gamma function, logarithm of its absolute value.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto erf(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::erf(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto erfc(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::erfc(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto tgamma(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::tgamma(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto lgamma(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::lgamma(t); }, x);
}

/// To an integer: down, up, toward zero, to nearest (halves away from zero), to nearest (halves to even). The
/// derivative is zero where it exists.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto floor(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::floor(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto ceil(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::ceil(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto trunc(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::trunc(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto round(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::round(t); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto rint(const X& x) noexcept {
    return detail::apply_real([](auto t) { return detail::real::rint(t); }, x);
}

/// x to the power y; the angle of the point (y, x), first argument the ordinate; sqrt(x^2 + y^2) without
/// overflow on the way; the remainder of x / y with the sign of x; the magnitude of x with the sign of y.
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto pow(const X& x, const Y& y) noexcept {
    return detail::apply_real([](auto s, auto t) { return detail::real::pow(s, t); }, x, y);
}
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto atan2(const X& x, const Y& y) noexcept {
    return detail::apply_real([](auto s, auto t) { return detail::real::atan2(s, t); }, x, y);
}
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto hypot(const X& x, const Y& y) noexcept {
    return detail::apply_real([](auto s, auto t) { return detail::real::hypot(s, t); }, x, y);
}
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto fmod(const X& x, const Y& y) noexcept {
    return detail::apply_real([](auto s, auto t) { return detail::real::fmod(s, t); }, x, y);
}
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto copysign(const X& x, const Y& y) noexcept {
    return detail::apply_real([](auto s, auto t) { return detail::real::copysign(s, t); }, x, y);
}

/// x * y + z, rounded once.
template <class X, class Y, class Z>
    requires detail::numerics<X, Y, Z>
WARPX_INLINE WARPX_HOST_DEVICE auto fma(const X& x, const Y& y, const Z& z) noexcept {
    return detail::apply_real([](auto a, auto b, auto c) { return detail::real::fma(a, b, c); }, x, y, z);
}

/// What sincos returns.
template <class T> struct sin_cos {
    T sin, cos;
};

/// Sine and cosine of an angle in radians: `auto [s, c] = sincos(a);`.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE auto sincos(const X& x) noexcept {
    if constexpr (detail::any_vec<X>) {
        return sin_cos<decltype(sin(x))>{sin(x), cos(x)};
    } else {
        using T = typename detail::meeting<X>::real;
        sin_cos<T> r;
        detail::real::sincos(static_cast<T>(value(x)), r.sin, r.cos);
        return r;
    }
}

/// The smaller of the two; x where they are equal or one is NaN, so min(NaN, 1) is NaN and min(1, NaN) is 1,
/// as with std::min. One instruction, and vectorizes. The derivative goes to the argument that is returned.
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto min(const X& x, const Y& y) noexcept {
    return detail::apply_same([](auto a, auto b) { return detail::choose_number(b < a, b, a); }, x, y);
}

/// The larger of the two; x where they are equal or one is NaN.
template <class X, class Y>
    requires detail::numerics<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto max(const X& x, const Y& y) noexcept {
    return detail::apply_same([](auto a, auto b) { return detail::choose_number(a < b, b, a); }, x, y);
}

/// x, but not below low and not above high: min(max(x, low), high). A NaN stays NaN; high wins if low > high.
template <class X, class L, class H>
    requires detail::numerics<X, L, H>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto clamp(const X& x, const L& low, const H& high) noexcept {
    return detail::apply_same(
        [](auto a, auto l, auto h) {
            const auto b = detail::choose_number(a < l, l, a);
            return detail::choose_number(h < b, h, b);
        },
        x, low, high);
}

/// The absolute value. For the lowest signed integer it does not exist (undefined, as in C++). The derivative
/// at zero is 0.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto abs(const X& x) noexcept {
    return detail::apply_same(
        []<class T>(T a) {
            if constexpr (std::is_unsigned_v<T>) {
                return a;
            } else if constexpr (std::is_integral_v<T>) {
                return a < 0 ? static_cast<T>(-a) : a;
            } else {
                return static_cast<T>(detail::real::fabs(+a));
            }
        },
        x);
}

/// 1 above zero, -1 below; at zero and for NaN the argument itself (so -0 for -0). The derivative is 0.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto sign(const X& x) noexcept {
    return detail::apply_same(
        []<class T>(T a) {
            if constexpr (std::is_unsigned_v<T>) {
                return static_cast<T>(a != 0);
            } else if constexpr (detail::differentiable<T>) {
                return T(sign(a.root()));
            } else {
                return a > 0 ? static_cast<T>(1) : a < 0 ? static_cast<T>(-1) : a;
            }
        },
        x);
}

/// x if the condition holds, else y; the condition may be a vec<bool, N>, which chooses component by
/// component. Both are evaluated. Any type, if the two are of one type.
template <class C, class X, class Y>
    requires(std::is_same_v<value_type_t<C>, bool> &&
             (std::is_same_v<value_type_t<X>, value_type_t<Y>> || detail::numerics<X, Y>))
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto select(const C& condition, const X& x, const Y& y) noexcept {
    const bool c = value(condition);
    if constexpr (detail::any_vec<X> && detail::numerics<X, Y> &&
                  detail::differentiable<detail::number_t<X>>) {
        return detail::apply_same([c](auto a, auto b) { return detail::choose_number(c, a, b); }, x, y);
    } else if constexpr (std::is_same_v<value_type_t<X>, value_type_t<Y>>) {
        return detail::choose_number<value_type_t<X>>(c, value(x), value(y));
    } else {
        return detail::apply_same([c](auto a, auto b) { return detail::choose_number(c, a, b); }, x, y);
    }
}
template <class C, class X, class Y>
    requires(detail::any_vec<C> && std::is_same_v<detail::number_t<C>, bool> && detail::numerics<C, X, Y>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto select(const C& condition, const X& x, const Y& y) noexcept {
    constexpr int size = detail::number_of<C>::size;
    using T = typename detail::meeting<X, Y>::type;
    return detail::map_components<size>(
        [](bool c, const T& a, const T& b) { return detail::choose_number(c, a, b); }, value(condition),
        vec<T, size>(value(x)), vec<T, size>(value(y)));
}

/// x (1 - t) + y t: x at t = 0 and y at t = 1, exactly; beyond outside [0, 1].
template <class X, class Y, class S>
    requires detail::numerics<X, Y, S>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto lerp(const X& x, const Y& y, const S& t) noexcept {
    return detail::apply_real([](auto a, auto b, auto u) { return a * (1 - u) + b * u; }, x, y, t);
}

/// 0 below the edge, 1 from the edge on (at the edge: 1; NaN: 1). The derivative is 0.
template <class E, class X>
    requires detail::numerics<E, X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto step(const E& edge, const X& x) noexcept {
    return detail::apply_real(
        [](auto e, auto a) {
            using T = decltype(e + a);
            return T(a < e ? 0.0f : 1.0f);
        },
        edge, x);
}

/// 0 up to edge0, 1 from edge1 on, between them t^2 (3 - 2 t) with t = (x - edge0) / (edge1 - edge0); the
/// edges differ.
template <class E, class F, class X>
    requires detail::numerics<E, F, X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto smoothstep(const E& edge0, const F& edge1,
                                                         const X& x) noexcept {
    return detail::apply_real(
        [](auto e0, auto e1, auto a) {
            const auto s = (a - e0) / (e1 - e0);
            using T = std::remove_const_t<decltype(s)>;
            const T t = detail::choose_number(s < 0, T(0), detail::choose_number(s > 1, T(1), s));
            return t * t * (3 - 2 * t);
        },
        edge0, edge1, x);
}

/// Degrees to radians, and back.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto radians(const X& x) noexcept {
    return detail::apply_real([]<class T>(T a) { return a * (pi<detail::real::root_t<T>> / 180); }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto degrees(const X& x) noexcept {
    return detail::apply_real([]<class T>(T a) { return a * (180 / pi<detail::real::root_t<T>>); }, x);
}

/// Is it NaN, is it infinite, is it neither: bool, or vec<bool, N>. Meaningless under -ffast-math, as those
/// of <cmath>.
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto isnan(const X& x) noexcept {
    return detail::apply_real([](auto a) { return a != a; }, x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto isinf(const X& x) noexcept {
    return detail::apply_real(
        []<class T>(T a) {
            using L = limits<detail::real::root_t<T>>;
            return a > L::max() || a < L::lowest();
        },
        x);
}
template <detail::numeric X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto isfinite(const X& x) noexcept {
    return detail::apply_real(
        []<class T>(T a) {
            using L = limits<detail::real::root_t<T>>;
            return a >= L::lowest() && a <= L::max();
        },
        x);
}

/// The number of one bits of an integer, of zero bits above the highest and below the lowest one bit (all
/// bits for 0).
template <class X>
    requires(std::is_integral_v<value_type_t<X>> && !std::is_same_v<value_type_t<X>, bool>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr int popcount(const X& x) noexcept {
    const auto u = static_cast<uint64_t>(static_cast<std::make_unsigned_t<value_type_t<X>>>(value(x)));
#if defined(__CUDA_ARCH__)
    if (!__builtin_is_constant_evaluated()) return ::__popcll(u);
#endif
    return __builtin_popcountll(u);
}
template <class X>
    requires(std::is_integral_v<value_type_t<X>> && !std::is_same_v<value_type_t<X>, bool>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr int countl_zero(const X& x) noexcept {
    const auto u = static_cast<uint64_t>(static_cast<std::make_unsigned_t<value_type_t<X>>>(value(x)));
    constexpr int bits = static_cast<int>(8 * sizeof(value_type_t<X>));
#if defined(__CUDA_ARCH__)
    if (!__builtin_is_constant_evaluated()) return ::__clzll(static_cast<long long>(u)) - (64 - bits);
#endif
    return u == 0 ? bits : __builtin_clzll(u) - (64 - bits);
}
template <class X>
    requires(std::is_integral_v<value_type_t<X>> && !std::is_same_v<value_type_t<X>, bool>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr int countr_zero(const X& x) noexcept {
    using U = std::make_unsigned_t<value_type_t<X>>;
    const U u = static_cast<U>(value(x));
    return popcount(static_cast<U>(~u & (u - 1u)));
}

} // namespace warpx
