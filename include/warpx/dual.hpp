// SPDX-License-Identifier: Apache-2.0
// dual.hpp: dual<T, K>, a number with its derivatives along K directions.
#pragma once

#include "detail/derivatives.hpp"
#include "vec.hpp"

namespace warpx {

template <class T, int K = 1> struct dual;

namespace detail {
template <class T, int K> inline constexpr bool is_differentiable<dual<T, K>> = true;
} // namespace detail

/// v + d[0] e_0 + ... + d[K - 1] e_(K-1) with e_j e_k = 0: arithmetic and the functions of math.hpp carry the
/// derivatives along. T is float or double. Constants convert implicitly and have no derivative; comparisons
/// are those of the values. The default constructor leaves the number undefined; `dual<float>{}` is zero.
template <class T, int K> struct dual : detail::differentiable_operators<dual<T, K>> {
    static_assert(
        std::is_same_v<T, float> || std::is_same_v<T, double>,
        "warpx: dual<T, K> is for T = float or double; second derivatives are the adjoint of duals, "
        "and third ones are not there");
    static_assert(K >= 1, "warpx: dual<T, K> needs K >= 1");

    using plain = T;
    using scalar = T;
    using partial = T;
    static constexpr int directions = K;

    /// The value; the derivatives.
    T v;
    vec<T, K> d;

    dual() = default;
    /// A constant. (Explicit from a located one: an integer element beside its struct's floats stays an
    /// integer.)
    template <detail::plain_real U>
    WARPX_INLINE WARPX_HOST_DEVICE explicit(!detail::is_real<U>) constexpr dual(const U& u) noexcept
        : v(static_cast<T>(value(u))), d{} {}
    /// Value and derivatives.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr dual(T v_, const vec<T, K>& d_) noexcept : v(v_), d(d_) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr dual(T v_, T d_) noexcept
        requires(K == 1)
        : v(v_), d(d_) {}
    /// From the other precision; implicit where it widens.
    template <class U>
        requires(!std::is_same_v<U, T>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit(sizeof(U) >
                                            sizeof(T)) constexpr dual(const dual<U, K>& x) noexcept
        : v(static_cast<T>(x.v)), d(x.d) {}

    template <detail::plain_real U>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr dual& operator=(const U& u) noexcept {
        return *this = dual(u);
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr T primal() const noexcept { return v; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T root() const noexcept { return v; }

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual chain(T v, const dual& a, T da) noexcept {
        return {v, a.d * da};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual chain(T v, const dual& a, T da, const dual& b,
                                                               T db) noexcept {
        return {v, a.d * da + b.d * db};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual steep(T v, const dual& a, T da) noexcept {
        return {v, detail::map_components<K>([da](T t) { return t == 0 ? T(0) : t * da; }, a.d)};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual shifted(T v, const dual& a) noexcept {
        return {v, a.d};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual sum(const dual& a, const dual& b) noexcept {
        return {a.v + b.v, a.d + b.d};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual difference(const dual& a, const dual& b) noexcept {
        return {a.v - b.v, a.d - b.d};
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr dual choose(bool c, const dual& a,
                                                                const dual& b) noexcept {
        return {c ? a.v : b.v, detail::map_components<K>([c](T s, T t) { return c ? s : t; }, a.d, b.d)};
    }
    template <bool Negative>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void accumulate(const dual& b) noexcept {
        *this = Negative ? difference(*this, b) : sum(*this, b);
    }
};

static_assert(std::is_trivially_copyable_v<dual<float>> && sizeof(dual<float, 3>) == 16);

} // namespace warpx
