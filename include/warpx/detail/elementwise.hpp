// SPDX-License-Identifier: Apache-2.0
// elementwise.hpp: how a function of numbers applies to plain and located numbers and vectors, and to
// mixtures.
#pragma once

#include "../vec.hpp"

namespace warpx::detail {

template <class X> struct number_of {
    using type = value_type_t<X>;
    static constexpr int size = 0;
};
template <any_vec X> struct number_of<X> {
    using type = component_t<X>;
    static constexpr int size = value_type_t<X>::size();
};

/// The number type of a number or vector.
template <class X> using number_t = typename number_of<X>::type;

/// Real numbers and vectors of them, plain or located.
template <class X>
concept numeric = is_real<number_t<X>>;
template <class X>
concept integer_numeric = std::is_integral_v<number_t<X>> && !std::is_same_v<number_t<X>, bool>;

/// The common vector size of the arguments: 0 for numbers only, -1 if two differ.
template <class... X> WARPX_INLINE WARPX_HOST_DEVICE constexpr int common_size() noexcept {
    const int sizes[] = {number_of<X>::size...};
    int size = 0;
    for (const int s : sizes)
        if (s != 0) size = size == 0 || size == s ? s : -1;
    return size;
}

/// Arguments of one elementwise function: numbers, and vectors of one size.
template <class... X>
concept numerics = (numeric<X> && ...) && (common_size<X...>() >= 0);

template <class First, class... X> struct meeting {
    using sum = decltype((number_t<First>{} + ... + number_t<X>{}));
    /// One type stays as it is.
    using type =
        std::conditional_t<(std::is_same_v<number_t<First>, number_t<X>> && ...), number_t<First>, sum>;
    using promoted = decltype(number_t<First>{} + number_t<First>{});
    using all = std::conditional_t<sizeof...(X) == 0, promoted, sum>;
    /// What elementary functions compute in: float or double; integers as double.
    using real = std::conditional_t<std::is_integral_v<all>, double, all>;
};

/// f of the arguments, each converted to T first, component by component if one is a vector.
template <class T, class F, class... X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto apply_as(F f, const X&... x) noexcept {
    constexpr int size = common_size<X...>();
    if constexpr (size == 0) {
        return f(static_cast<T>(value(x))...);
    } else {
        return map_components<size>(f, vec<T, size>(value(x))...);
    }
}

/// What a function of numbers that carry derivatives gets for X: a constant stays one.
template <class T, class X> struct operand {
    using type = T;
};
template <differentiable T, plain_real X> struct operand<T, X> {
    using type = typename T::plain;
};

/// f in the type of elementary functions.
template <class F, class... X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto apply_real(F f, const X&... x) noexcept {
    using T = typename meeting<X...>::real;
    if constexpr (sizeof...(X) == 1 || !differentiable<T>) {
        return apply_as<T>(f, x...);
    } else if constexpr (common_size<X...>() == 0) {
        return f(static_cast<typename operand<T, number_t<X>>::type>(value(x))...);
    } else {
        constexpr int size = common_size<X...>();
        return map_components<size>(f, vec<typename operand<T, number_t<X>>::type, size>(value(x))...);
    }
}

/// c ? a : b.
template <class T>
WARPX_INLINE WARPX_HOST_DEVICE constexpr T choose_number(bool c, const T& a, const T& b) noexcept {
    if constexpr (differentiable<T>)
        return T::choose(c, a, b);
    else
        return c ? a : b;
}

/// f in the arguments' own type if they have one, else in that of their sum.
template <class F, class... X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto apply_same(F f, const X&... x) noexcept {
    return apply_as<typename meeting<X...>::type>(f, x...);
}

} // namespace warpx::detail
