// SPDX-License-Identifier: Apache-2.0
// with_derivative.hpp: with_derivative(value, partials...): a function of numbers with derivatives of its
// own.
#pragma once

#include "atomic.hpp"
#include "detail/derivatives.hpp"

namespace warpx {

namespace detail {

/// The widest number with derivatives among `X`; void if there is none.
template <class N, class... X> struct widest_number {
    using type = N;
};
template <class N, class X, class... Rest> struct widest_number<N, X, Rest...> {
    static constexpr auto pick() {
        if constexpr (!differentiable<X>)
            return std::type_identity<N>();
        else if constexpr (!differentiable<N>)
            return std::type_identity<X>();
        else if constexpr (sizeof(typename X::plain) > sizeof(typename N::plain))
            return std::type_identity<X>();
        else
            return std::type_identity<N>();
    }
    using type = typename widest_number<typename decltype(pick())::type, Rest...>::type;
};

/// One argument of a function and the derivative by it.
template <class N> struct derivative_by {
    const N& x; // not copied: a copy records something
    typename N::partial d;
};
template <class N>
WARPX_INLINE WARPX_HOST_DEVICE N link_chain(const typename N::scalar& v, const derivative_by<N>& a) {
    return real::steep(v, a.x, a.d);
}
template <class N>
WARPX_INLINE WARPX_HOST_DEVICE N link_chain(const typename N::scalar& v, const derivative_by<N>& a,
                                            const derivative_by<N>& b) {
    return N::chain(v, a.x, a.d, b.x, b.d);
}
template <class N, class... Rest>
WARPX_INLINE WARPX_HOST_DEVICE N link_chain(const typename N::scalar& v, const derivative_by<N>& a,
                                            const derivative_by<N>& b, const Rest&... rest) {
    return link_chain<N>(v, derivative_by<N>{N::chain(v, a.x, a.d, b.x, b.d), typename N::partial(1)},
                         rest...);
}

/// `x` as an N; itself if it is one.
template <class N, class X> WARPX_INLINE WARPX_HOST_DEVICE decltype(auto) as_number(const X& x) {
    if constexpr (std::is_same_v<X, N>)
        return (x);
    else
        return N(x);
}
/// What a function of values gets for an argument: the value in the type `S`; a constant as it is.
template <class S, class X> WARPX_INLINE WARPX_HOST_DEVICE decltype(auto) primal_as(const X& x) {
    if constexpr (differentiable<X>)
        return static_cast<S>(x.primal());
    else
        return (x);
}

/// Its parts are made anew for each call, so that the whole is empty.
template <class Value, class... Partial> struct function_with_derivative {
    template <class... X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(const X&... x) const {
        static_assert(sizeof...(X) == sizeof...(Partial),
                      "warpx::with_derivative: the function takes as many arguments as it has partial "
                      "derivatives");
        constexpr bool numbers = (is_real<value_type_t<X>> && ...);
        static_assert(numbers,
                      "warpx::with_derivative: the arguments are numbers; apply the function to each "
                      "component of a vector");
        if constexpr (sizeof...(X) == sizeof...(Partial) && numbers) {
            using N = typename widest_number<void, value_type_t<X>...>::type;
            if constexpr (differentiable<N>)
                return differentiate<N, 0>(std::integer_sequence<int>(), ::warpx::value(x)...);
            else
                return Value{}(::warpx::value(x)...);
        } else {
            return 0.0f; // so that no other error follows
        }
    }

private:
    // Lists the arguments that have derivatives.
    template <class N, int I, int... Active, class... X>
    WARPX_INLINE WARPX_HOST_DEVICE N differentiate(std::integer_sequence<int, Active...>,
                                                   const X&... x) const {
        if constexpr (I == sizeof...(X)) {
            using S = typename N::scalar;
            return link_chain<N>(static_cast<S>(Value{}(primal_as<S>(x)...)),
                                 derivative_by<N>{as_number<N>(pick<Active>(x...)),
                                                  by<N>(pick<Active>(Partial{}...), x...)}...);
        } else if constexpr (differentiable<std::remove_cvref_t<decltype(pick<I>(x...))>>) {
            return differentiate<N, I + 1>(std::integer_sequence<int, Active..., I>(), x...);
        } else {
            return differentiate<N, I + 1>(std::integer_sequence<int, Active...>(), x...);
        }
    }
    template <class N, class P, class... X>
    WARPX_INLINE WARPX_HOST_DEVICE static typename N::partial by(const P& partial, const X&... x) {
        return static_cast<typename N::partial>(partial(primal_as<typename N::partial>(x)...));
    }
};

} // namespace detail

/// A function for use in kernels whose derivative is given: `constexpr auto f = with_derivative(value,
/// partials...)` with one partial derivative for each of its 1 to 4 arguments. All are lambdas without
/// captures of the same arguments, `auto`, marked WARPX_KERNEL.
///  * Without derivatives, `f(x)` is `value(x)`. Where a kernel is differentiated, value and partials get the
///    plain values, and what happens within them is not differentiated.
///  * For Hessian-vector products the plain values are dual numbers: `auto` and `warpx::` functions take
///  them.
///  * Numbers only: apply it to each component of a vector.
///  * Kernels in .cu files call it as `decltype(f){}(x)`: device code cannot name host objects.
template <class Value, class... Partial>
WARPX_HOST_DEVICE constexpr auto with_derivative(const Value&, const Partial&...) {
    static_assert(sizeof...(Partial) >= 1 && sizeof...(Partial) <= 4,
                  "warpx::with_derivative: the value, then one partial derivative for each of the 1 to 4 "
                  "arguments");
    constexpr bool empty = std::is_empty_v<Value> && std::is_default_constructible_v<Value> &&
                           ((std::is_empty_v<Partial> && std::is_default_constructible_v<Partial>) && ...);
    static_assert(empty, "warpx::with_derivative: all are lambdas without captures; pass what they need as "
                         "arguments");
    return detail::function_with_derivative<Value, Partial...>{};
}

} // namespace warpx
