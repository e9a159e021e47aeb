// SPDX-License-Identifier: Apache-2.0
// mat_inverse.hpp: determinant and inverse: cofactors up to 4 x 4, elimination with pivots beyond.
#pragma once

#include "../config.hpp"

namespace warpx::detail {

/// The 2 x 2 minors of the upper and of the lower two rows of a 4 x 4 matrix (Laplace expansion by row
/// pairs).
template <class T> struct minors4 {
    T s0, s1, s2, s3, s4, s5, c0, c1, c2, c3, c4, c5;

    template <class M>
    WARPX_HOST_DEVICE explicit constexpr minors4(const M& m) noexcept
        : s0(m(0, 0) * m(1, 1) - m(1, 0) * m(0, 1)), s1(m(0, 0) * m(1, 2) - m(1, 0) * m(0, 2)),
          s2(m(0, 0) * m(1, 3) - m(1, 0) * m(0, 3)), s3(m(0, 1) * m(1, 2) - m(1, 1) * m(0, 2)),
          s4(m(0, 1) * m(1, 3) - m(1, 1) * m(0, 3)), s5(m(0, 2) * m(1, 3) - m(1, 2) * m(0, 3)),
          c0(m(2, 0) * m(3, 1) - m(3, 0) * m(2, 1)), c1(m(2, 0) * m(3, 2) - m(3, 0) * m(2, 2)),
          c2(m(2, 0) * m(3, 3) - m(3, 0) * m(2, 3)), c3(m(2, 1) * m(3, 2) - m(3, 1) * m(2, 2)),
          c4(m(2, 1) * m(3, 3) - m(3, 1) * m(2, 3)), c5(m(2, 2) * m(3, 3) - m(3, 2) * m(2, 3)) {}

    WARPX_HOST_DEVICE constexpr T determinant() const noexcept {
        return s0 * c5 - s1 * c4 + s2 * c3 + s3 * c2 - s4 * c1 + s5 * c0;
    }
};

template <class T> WARPX_HOST_DEVICE constexpr auto pivot_size(const T& x) noexcept {
    if constexpr (requires { x.imag(); }) {
        return x.real() * x.real() + x.imag() * x.imag();
    } else if constexpr (requires { x.root(); }) {
        return pivot_size(x.root());
    } else {
        return x < T(0) ? -x : x;
    }
}

/// Gauss-Jordan elimination with partial pivoting: turns `a` into the identity, applies the same steps to
/// `b`, and returns the determinant of `a`; stops at a zero pivot.
template <class M> WARPX_HOST_DEVICE constexpr auto eliminate(M& a, M& b) noexcept {
    using T = typename M::value_type;
    constexpr int n = M::rows();
    T determinant = T(1);
    for (int k = 0; k < n; ++k) {
        int pivot = k;
        for (int r = k + 1; r < n; ++r)
            if (pivot_size(a(r, k)) > pivot_size(a(pivot, k))) pivot = r;
        if (pivot != k) {
            determinant = -determinant;
            for (int c = 0; c < n; ++c) {
                const T s = a(k, c), t = b(k, c);
                a(k, c) = a(pivot, c), b(k, c) = b(pivot, c);
                a(pivot, c) = s, b(pivot, c) = t;
            }
        }
        const T p = a(k, k);
        determinant = determinant * p;
        const T scale = T(1) / p;
        for (int c = 0; c < n; ++c) a(k, c) = a(k, c) * scale, b(k, c) = b(k, c) * scale;
        if (p == T(0)) return determinant;
        for (int r = 0; r < n; ++r) {
            if (r == k) continue;
            const T f = a(r, k);
            for (int c = 0; c < n; ++c) a(r, c) = a(r, c) - f * a(k, c), b(r, c) = b(r, c) - f * b(k, c);
        }
    }
    return determinant;
}

template <class M> WARPX_HOST_DEVICE constexpr auto determinant_of(const M& m) noexcept {
    using T = typename M::value_type;
    constexpr int n = M::rows();
    if constexpr (n == 1) {
        return +m(0, 0);
    } else if constexpr (n == 2) {
        return m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0);
    } else if constexpr (n == 3) {
        return m(0, 0) * (m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) -
               m(0, 1) * (m(1, 0) * m(2, 2) - m(1, 2) * m(2, 0)) +
               m(0, 2) * (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0));
    } else if constexpr (n == 4) {
        return minors4<T>(m).determinant();
    } else {
        M a = m;
        M b{};
        return eliminate(a, b);
    }
}

template <class M> WARPX_HOST_DEVICE constexpr M inverse_of(const M& m) noexcept {
    using T = typename M::value_type;
    constexpr int n = M::rows();
    const T one = T(1);
    if constexpr (n == 1) {
        M r{};
        r(0, 0) = one / m(0, 0);
        return r;
    } else if constexpr (n == 2) {
        const T d = one / determinant_of(m);
        return M(m(1, 1) * d, -m(0, 1) * d, -m(1, 0) * d, m(0, 0) * d);
    } else if constexpr (n == 3) {
        const T d = one / determinant_of(m);
        return M((m(1, 1) * m(2, 2) - m(1, 2) * m(2, 1)) * d, (m(0, 2) * m(2, 1) - m(0, 1) * m(2, 2)) * d,
                 (m(0, 1) * m(1, 2) - m(0, 2) * m(1, 1)) * d, (m(1, 2) * m(2, 0) - m(1, 0) * m(2, 2)) * d,
                 (m(0, 0) * m(2, 2) - m(0, 2) * m(2, 0)) * d, (m(0, 2) * m(1, 0) - m(0, 0) * m(1, 2)) * d,
                 (m(1, 0) * m(2, 1) - m(1, 1) * m(2, 0)) * d, (m(0, 1) * m(2, 0) - m(0, 0) * m(2, 1)) * d,
                 (m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0)) * d);
    } else if constexpr (n == 4) {
        const minors4<T> k(m);
        const T d = one / k.determinant();
        return M((m(1, 1) * k.c5 - m(1, 2) * k.c4 + m(1, 3) * k.c3) * d,
                 (-m(0, 1) * k.c5 + m(0, 2) * k.c4 - m(0, 3) * k.c3) * d,
                 (m(3, 1) * k.s5 - m(3, 2) * k.s4 + m(3, 3) * k.s3) * d,
                 (-m(2, 1) * k.s5 + m(2, 2) * k.s4 - m(2, 3) * k.s3) * d,
                 (-m(1, 0) * k.c5 + m(1, 2) * k.c2 - m(1, 3) * k.c1) * d,
                 (m(0, 0) * k.c5 - m(0, 2) * k.c2 + m(0, 3) * k.c1) * d,
                 (-m(3, 0) * k.s5 + m(3, 2) * k.s2 - m(3, 3) * k.s1) * d,
                 (m(2, 0) * k.s5 - m(2, 2) * k.s2 + m(2, 3) * k.s1) * d,
                 (m(1, 0) * k.c4 - m(1, 1) * k.c2 + m(1, 3) * k.c0) * d,
                 (-m(0, 0) * k.c4 + m(0, 1) * k.c2 - m(0, 3) * k.c0) * d,
                 (m(3, 0) * k.s4 - m(3, 1) * k.s2 + m(3, 3) * k.s0) * d,
                 (-m(2, 0) * k.s4 + m(2, 1) * k.s2 - m(2, 3) * k.s0) * d,
                 (-m(1, 0) * k.c3 + m(1, 1) * k.c1 - m(1, 2) * k.c0) * d,
                 (m(0, 0) * k.c3 - m(0, 1) * k.c1 + m(0, 2) * k.c0) * d,
                 (-m(3, 0) * k.s3 + m(3, 1) * k.s1 - m(3, 2) * k.s0) * d,
                 (m(2, 0) * k.s3 - m(2, 1) * k.s1 + m(2, 2) * k.s0) * d);
    } else {
        M a = m;
        M b = M::identity();
        eliminate(a, b);
        return b;
    }
}

} // namespace warpx::detail
