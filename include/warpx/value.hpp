// SPDX-License-Identifier: Apache-2.0
// value.hpp: the plain value behind whatever a kernel holds (a plain value, a located value, an index).
#pragma once

#include "config.hpp"

#include <type_traits>

namespace warpx {

/// Says which plain type stands behind `X`. A form whose accesses return something else than plain values
/// specializes it: `type` is the plain type, `get` returns it.
template <class X> struct value_traits {
    using type = X;
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr const X& get(const X& x) noexcept { return x; }
};

/// The plain type behind `X`, references and const removed: `T` for `located<T>`, `X` for a plain type.
template <class X> using value_type_t = typename value_traits<std::remove_cvref_t<X>>::type;

namespace detail {
/// Values that are passed on by reference, because a copy records something: numbers with derivatives, and
/// vectors of them.
template <class X> inline constexpr bool copy_records = false;
template <class X> using passed_value_t = std::conditional_t<copy_records<X>, const X&, value_type_t<X>>;
} // namespace detail

/// The plain value behind `x`.
template <class X> WARPX_INLINE WARPX_HOST_DEVICE constexpr detail::passed_value_t<X> value(const X& x) {
    return value_traits<X>::get(x);
}

} // namespace warpx
