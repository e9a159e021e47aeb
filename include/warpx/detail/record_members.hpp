// SPDX-License-Identifier: Apache-2.0
// record_members.hpp: components of vectors of numbers that record what becomes of them.
#pragma once

#include "../vec.hpp"

namespace warpx::detail {

// Copies of such numbers are calls with effects, and they fold only where they are inlined: g++ leaves the
// special members that a class has by itself out of line.
template <class T>
    requires copy_records<T>
struct vec_members<T, 2> {
    T x, y;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members() noexcept : x(), y() {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members(T x_, T y_) noexcept
        : x(static_cast<T&&>(x_)), y(static_cast<T&&>(y_)) {}
    [[gnu::always_inline]] constexpr vec_members(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members(vec_members&&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(vec_members&&) = default;
    [[gnu::always_inline]] constexpr ~vec_members() = default;
};
template <class T>
    requires copy_records<T>
struct vec_members<T, 3> {
    T x, y, z;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members() noexcept : x(), y(), z() {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members(T x_, T y_, T z_) noexcept
        : x(static_cast<T&&>(x_)), y(static_cast<T&&>(y_)), z(static_cast<T&&>(z_)) {}
    [[gnu::always_inline]] constexpr vec_members(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members(vec_members&&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(vec_members&&) = default;
    [[gnu::always_inline]] constexpr ~vec_members() = default;
};
template <class T>
    requires copy_records<T>
struct vec_members<T, 4> {
    T x, y, z, w;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members() noexcept : x(), y(), z(), w() {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec_members(T x_, T y_, T z_, T w_) noexcept
        : x(static_cast<T&&>(x_)), y(static_cast<T&&>(y_)), z(static_cast<T&&>(z_)), w(static_cast<T&&>(w_)) {
    }
    [[gnu::always_inline]] constexpr vec_members(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members(vec_members&&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(const vec_members&) = default;
    [[gnu::always_inline]] constexpr vec_members& operator=(vec_members&&) = default;
    [[gnu::always_inline]] constexpr ~vec_members() = default;
};

} // namespace warpx::detail
