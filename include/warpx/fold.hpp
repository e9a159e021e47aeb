// SPDX-License-Identifier: Apache-2.0
// fold.hpp: loops that carry a value, in a form whose gradient needs no tape; and isolated computations.
#pragma once

#include "dual.hpp"

#include <utility>

namespace warpx {

/// f(n - 1, ... f(1, f(0, init))): `y[i] = fold(n, x[i], [&](auto k, auto v) { return sin(v) * p[k]; });`.
/// `f(k, state)` takes the number of the step, from 0 on, and returns the next state, a number; it may read
/// arrays and captured values, and must not write (an adjoint then uses a tape). n <= 0 gives init. The
/// adjoint goes through the steps backwards and computes the states again from 64 that it keeps: about twice
/// the work of the loop, more where n > 4096.
template <class N, class S, class F>
    requires(std::is_integral_v<value_type_t<N>>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto fold(const N& n, const S& init, const F& f) {
    const auto count = static_cast<int64_t>(value(n));
    using start = value_type_t<S>;
    using state = std::remove_cvref_t<value_type_t<decltype(f(int64_t{}, std::declval<const start&>()))>>;
    if constexpr (requires(const state& s) { state::fold(count, s, f); }) {
        return state::fold(count, static_cast<state>(value(init)), f);
    } else {
        state s = static_cast<state>(value(init));
        for (int64_t k = 0; k < count; ++k) s = static_cast<state>(value(f(k, s)));
        return s;
    }
}

namespace detail {

template <class T> inline constexpr bool is_dual = false;
template <class T, int K> inline constexpr bool is_dual<dual<T, K>> = true;

/// Number `I` of a pack.
template <int I, class First, class... Rest>
WARPX_INLINE WARPX_HOST_DEVICE constexpr const auto& nth_of(const First& first,
                                                            const Rest&... rest) noexcept {
    if constexpr (I == 0)
        return first;
    else
        return nth_of<I - 1>(rest...);
}
template <class A> inline constexpr bool is_active_number = differentiable<A> && !is_dual<A>;
/// The argument `a`, as a dual number with the derivative 1 in direction I if it has derivatives.
template <int I, int Count, class A> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto seeded(const A& a) {
    if constexpr (is_active_number<A>) {
        using S = typename A::scalar;
        if constexpr (std::is_floating_point_v<S>) {
            dual<S, Count> d(a.primal());
            d.d[I] = 1;
            return d;
        } else {
            return a; // of a second derivative
        }
    } else {
        return a;
    }
}
template <int I, class N, class D, class A>
WARPX_INLINE WARPX_HOST_DEVICE constexpr void chain_one(N& sum, const D& d, const A& a) {
    if constexpr (is_active_number<A>)
        sum = N::sum(sum, N::chain(0, static_cast<const N&>(a), static_cast<typename N::partial>(d.d[I])));
}
template <int... I, class F, class... A>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto local(std::integer_sequence<int, I...>, const F& f,
                                                    const A&... a) {
    const auto d = f(seeded<I, static_cast<int>(sizeof...(A))>(a)...);
    using D = std::remove_cvref_t<decltype(d)>;
    if constexpr (is_dual<D>) {
        using N = std::remove_cvref_t<decltype((a + ... + 0))>;
        N r = N::constant(0);
        (chain_one<I>(r, d, a), ...);
        return N::shifted(d.v, r);
    } else {
        return d;
    }
}

} // namespace detail

/// f(arguments...) of a few numbers, isolated: an adjoint computes its derivatives with dual numbers, so that
/// branches and long expressions in `f` cost the rest of the kernel nothing. `f` gets everything it needs as
/// an argument (what it captures has no derivative there) and returns one number.
template <class F, class... A>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto local(const F& f, const A&... arguments) {
    if constexpr ((detail::is_active_number<value_type_t<A>> || ...))
        return detail::local(std::make_integer_sequence<int, sizeof...(A)>(), f, value(arguments)...);
    else
        return f(value(arguments)...);
}

} // namespace warpx
