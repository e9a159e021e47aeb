// SPDX-License-Identifier: Apache-2.0
// differentiable.hpp: what a number that carries derivatives is, and its arithmetic.
#pragma once

#include "small_float.hpp"

// A static_assert takes a literal.
#define WARPX_DETAIL_DROPS_DERIVATIVE                                                                        \
    "warpx: a conversion to float would drop the derivative; keep the variable auto (or "                    \
    "decltype(x)::value_type), or say stop_gradient(x)"

namespace warpx {
/// A base of all numbers that carry derivatives, so that kernels find the functions of warpx for them.
struct number_with_derivatives {};
} // namespace warpx

namespace warpx::detail {

// A differentiable number `N` (is_differentiable<N>, in small_float.hpp) stands for a real number while a
// kernel runs in a form that differentiates. It derives from `differentiable_operators<N>` and has
//   plain             the number at the root of it: float or double
//   scalar            the type of its value: plain, or another differentiable number
//   partial           the type that derivatives are computed in: scalar, or one like it over double
//   primal()          the value, a scalar;  root() the value, a plain
//   N(), N(number)    undefined; a constant
//   N::chain(v, a, da), N::chain(v, a, da, b, db)
//                     the number of value `v` (a scalar) whose derivative is da a' (+ db b')
//   N::shifted(v, a)  the number of value `v` with the derivative of `a`
//   N::sum(a, b), N::difference(a, b)
//   N::choose(c, a, b)   c ? a : b, without a branch
//   accumulate<bool Negative>(b)   += or -= on a variable
template <class N>
concept differentiable = is_differentiable<N>;

/// A real number without derivatives, plain or located: a constant for numbers that have them.
template <class U>
concept plain_real = is_real<value_type_t<U>> && !differentiable<value_type_t<U>>;

/// `a op b` for the comparison of a differentiable number's value with a constant, as C++ compares the two.
template <class P, class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto comparable(const U& u) noexcept {
    using V = value_type_t<U>;
    return static_cast<decltype(P{} + V{})>(value(u));
}

/// The arithmetic of `N`. Hidden friends, so that whatever converts to an N (a located value) takes part.
/// Constants take the type of N's value: `100.0 * x` is computed in float if x is.
template <class N> struct differentiable_operators : number_with_derivatives {
    // clang-format off
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator+(const N& a, const N& b) { return N::sum(a, b); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator-(const N& a, const N& b) { return N::difference(a, b); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator*(const N& a, const N& b) {
        return N::chain(a.primal() * b.primal(), a, partial_t<N>(b.primal()), b, partial_t<N>(a.primal()));
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator/(const N& a, const N& b) {
        const auto quotient = a.primal() / b.primal();
        const partial_t<N> inverse = 1 / partial_t<N>(b.primal());
        return N::chain(quotient, a, inverse, b, -(partial_t<N>(quotient) * inverse));
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator-(const N& a) { return N::chain(-a.primal(), a, partial_t<N>(-1)); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator+(const N& a) { return a; }

    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator+(const N& a, const U& u) { return N::shifted(a.primal() + as_plain<U>(u), a); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator+(const U& u, const N& a) { return N::shifted(as_plain<U>(u) + a.primal(), a); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator-(const N& a, const U& u) { return N::shifted(a.primal() - as_plain<U>(u), a); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator-(const U& u, const N& a) { return N::chain(as_plain<U>(u) - a.primal(), a, partial_t<N>(-1)); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator*(const N& a, const U& u) { return N::chain(a.primal() * as_plain<U>(u), a, partial_t<N>(as_plain<U>(u))); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator*(const U& u, const N& a) { return N::chain(as_plain<U>(u) * a.primal(), a, partial_t<N>(as_plain<U>(u))); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator/(const N& a, const U& u) { return N::chain(a.primal() / as_plain<U>(u), a, 1 / partial_t<N>(as_plain<U>(u))); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N operator/(const U& u, const N& a) {
        const auto quotient = as_plain<U>(u) / a.primal();
        return N::chain(quotient, a, -(partial_t<N>(quotient) / partial_t<N>(a.primal())));
    }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator+=(N& a, const N& b) { a.template accumulate<false>(b); return a; }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator-=(N& a, const N& b) { a.template accumulate<true>(b); return a; }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator*=(N& a, const N& b) { a = a * b; return a; }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator/=(N& a, const N& b) { a = a / b; return a; }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator+=(N& a, const U& u) { a = a + u; return a; }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator-=(N& a, const U& u) { a = a - u; return a; }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator*=(N& a, const U& u) { a = a * u; return a; }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr N& operator/=(N& a, const U& u) { a = a / u; return a; }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const N& a, const N& b) { return a.root() == b.root(); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<(const N& a, const N& b) { return a.root() < b.root(); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>(const N& a, const N& b) { return a.root() > b.root(); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<=(const N& a, const N& b) { return a.root() <= b.root(); }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>=(const N& a, const N& b) { return a.root() >= b.root(); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const N& a, const U& u) { return a.root() == comparable<plain_t<N>>(u); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<(const N& a, const U& u) { return a.root() < comparable<plain_t<N>>(u); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>(const N& a, const U& u) { return a.root() > comparable<plain_t<N>>(u); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<=(const N& a, const U& u) { return a.root() <= comparable<plain_t<N>>(u); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>=(const N& a, const U& u) { return a.root() >= comparable<plain_t<N>>(u); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<(const U& u, const N& a) { return comparable<plain_t<N>>(u) < a.root(); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>(const U& u, const N& a) { return comparable<plain_t<N>>(u) > a.root(); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator<=(const U& u, const N& a) { return comparable<plain_t<N>>(u) <= a.root(); }
    template <plain_real U> WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator>=(const U& u, const N& a) { return comparable<plain_t<N>>(u) >= a.root(); }
    // clang-format on

    /// To an integer as from a float. To a float: said aloud only.
    template <class I>
        requires std::is_integral_v<I>
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator I() const noexcept {
        return static_cast<I>(static_cast<const N&>(*this).root());
    }
    template <class F>
        requires(std::is_floating_point_v<F>)
    WARPX_HOST_DEVICE explicit constexpr operator F() const noexcept {
        static_assert(differentiable<F>, WARPX_DETAIL_DROPS_DERIVATIVE);
        return F{};
    }
    template <class F>
        requires(std::is_floating_point_v<F> || is_small_float<F>)
    WARPX_HOST_DEVICE friend constexpr F& operator+=(F& f, const N&) noexcept {
        static_assert(differentiable<F>, WARPX_DETAIL_DROPS_DERIVATIVE);
        return f;
    }
    template <class F>
        requires(std::is_floating_point_v<F> || is_small_float<F>)
    WARPX_HOST_DEVICE friend constexpr F& operator-=(F& f, const N&) noexcept {
        static_assert(differentiable<F>, WARPX_DETAIL_DROPS_DERIVATIVE);
        return f;
    }
    template <class F>
        requires(std::is_floating_point_v<F> || is_small_float<F>)
    WARPX_HOST_DEVICE friend constexpr F& operator*=(F& f, const N&) noexcept {
        static_assert(differentiable<F>, WARPX_DETAIL_DROPS_DERIVATIVE);
        return f;
    }
    template <class F>
        requires(std::is_floating_point_v<F> || is_small_float<F>)
    WARPX_HOST_DEVICE friend constexpr F& operator/=(F& f, const N&) noexcept {
        static_assert(differentiable<F>, WARPX_DETAIL_DROPS_DERIVATIVE);
        return f;
    }

private:
    template <class M> using partial_t = typename M::partial;
    template <class M> using plain_t = typename M::plain;
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto as_plain(const U& u) {
        return static_cast<plain_t<N>>(value(u));
    }
};

/// Two kinds of numbers, as float and double elements of one kernel give: they meet in the wider.
template <class X, class Y>
concept differentiables_of_two_types =
    differentiable<value_type_t<X>> && differentiable<value_type_t<Y>> &&
    !std::is_same_v<value_type_t<X>, value_type_t<Y>> &&
    !std::is_same_v<typename value_type_t<X>::plain, typename value_type_t<Y>::plain>;
template <class X, class Y>
using wider_t =
    std::conditional_t<(sizeof(typename value_type_t<X>::plain) > sizeof(typename value_type_t<Y>::plain)),
                       value_type_t<X>, value_type_t<Y>>;

/// A vector, matrix, quaternion or complex number of constants as one of `N`; specialized where these are
/// defined.
template <class V, class N> struct with_number {};
template <class V, class S>
concept lifted = differentiable<value_type_t<S>> &&
                 requires { typename with_number<value_type_t<V>, value_type_t<S>>::type; };
template <class V, class S> using lifted_t = typename with_number<value_type_t<V>, value_type_t<S>>::type;

/// `S` as a factor would give derivatives to a vector (or the like) of `T`, which has none: see `lifted`.
template <class T, class S>
concept lifts = differentiable<value_type_t<S>> && !differentiable<T>;

} // namespace warpx::detail

namespace warpx {

// clang-format off
template <class X, class Y>
    requires detail::differentiables_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const X& x, const Y& y) { return detail::wider_t<X, Y>(value(x)) + detail::wider_t<X, Y>(value(y)); }
template <class X, class Y>
    requires detail::differentiables_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const X& x, const Y& y) { return detail::wider_t<X, Y>(value(x)) - detail::wider_t<X, Y>(value(y)); }
template <class X, class Y>
    requires detail::differentiables_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator*(const X& x, const Y& y) { return detail::wider_t<X, Y>(value(x)) * detail::wider_t<X, Y>(value(y)); }
template <class X, class Y>
    requires detail::differentiables_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator/(const X& x, const Y& y) { return detail::wider_t<X, Y>(value(x)) / detail::wider_t<X, Y>(value(y)); }

// Vectors and the like of constants, with a number that has derivatives.
template <class V, class S>
    requires detail::lifted<V, S>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator*(const V& v, const S& s) { return detail::lifted_t<V, S>(value(v)) * value(s); }
template <class S, class V>
    requires detail::lifted<V, S>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator*(const S& s, const V& v) { return value(s) * detail::lifted_t<V, S>(value(v)); }
template <class V, class S>
    requires detail::lifted<V, S>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator/(const V& v, const S& s) { return detail::lifted_t<V, S>(value(v)) / value(s); }
template <class S, class V>
    requires(detail::lifted<V, S> && requires(const detail::lifted_t<V, S>& v, value_type_t<S> s) { s / v; })
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator/(const S& s, const V& v) { return value(s) / detail::lifted_t<V, S>(value(v)); }
template <class V, class S>
    requires(detail::lifted<V, S> && requires(const detail::lifted_t<V, S>& v, value_type_t<S> s) { v + s; })
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const V& v, const S& s) { return detail::lifted_t<V, S>(value(v)) + value(s); }
template <class S, class V>
    requires(detail::lifted<V, S> && requires(const detail::lifted_t<V, S>& v, value_type_t<S> s) { s + v; })
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const S& s, const V& v) { return value(s) + detail::lifted_t<V, S>(value(v)); }
template <class V, class S>
    requires(detail::lifted<V, S> && requires(const detail::lifted_t<V, S>& v, value_type_t<S> s) { v - s; })
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const V& v, const S& s) { return detail::lifted_t<V, S>(value(v)) - value(s); }
template <class S, class V>
    requires(detail::lifted<V, S> && requires(const detail::lifted_t<V, S>& v, value_type_t<S> s) { s - v; })
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const S& s, const V& v) { return value(s) - detail::lifted_t<V, S>(value(v)); }
// clang-format on

} // namespace warpx
