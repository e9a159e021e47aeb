// SPDX-License-Identifier: Apache-2.0
// mat.hpp: mat<T, R, C>, a small matrix stored row by row, and its algebra.
#pragma once

#include "detail/mat_inverse.hpp"
#include "vec.hpp"

namespace warpx {

template <class T, int R, int C> struct mat;

namespace detail {

template <class T> inline constexpr bool is_mat = false;
template <class T, int R, int C> inline constexpr bool is_mat<mat<T, R, C>> = true;
template <plain_real T, int R, int C, class N> struct with_number<mat<T, R, C>, N> {
    using type = mat<N, R, C>;
};

template <class X>
concept any_mat = is_mat<value_type_t<X>>;
template <class X>
concept square_mat = any_mat<X> && (value_type_t<X>::rows() == value_type_t<X>::columns());
template <class X, class Y>
concept mats_of_two_types = any_mat<X> && any_mat<Y> && !std::is_same_v<value_type_t<X>, value_type_t<Y>> &&
                            (value_type_t<X>::rows() == value_type_t<Y>::rows()) &&
                            (value_type_t<X>::columns() == value_type_t<Y>::columns());

} // namespace detail

/// A matrix of R rows and C columns in exactly R * C * sizeof(T) bytes, row after row: m(r, c).
///
/// `+` and `-` work element by element, `*` is the matrix product (with a matrix, or with a vector on either
/// side) or a scaling, `/` by a scalar. Element types mix as those of vec do. The default constructor leaves
/// the elements undefined; `mat33f{}` is zero.
template <class T, int R, int C> struct mat {
    static_assert(R >= 1 && C >= 1, "mat<T, R, C> needs R >= 1 and C >= 1");
    using value_type = T;
    /// The same shape in the type that sums have.
    using sum_type = mat<detail::sum_t<T>, R, C>;

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int rows() noexcept { return R; }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int columns() noexcept { return C; }

    mat() = default;

    /// From R * C numbers, row by row.
    template <class... A>
        requires(sizeof...(A) == R * C && R * C > 1 && (std::is_constructible_v<T, value_type_t<A>> && ...))
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat(const A&... a) noexcept : e_{static_cast<T>(value(a))...} {}

    /// From a matrix of another element type; implicit where it widens.
    template <class U>
        requires(!std::is_same_v<U, T> && std::is_constructible_v<T, U>)
    WARPX_HOST_DEVICE explicit(!detail::widens<U, T>) constexpr mat(const mat<U, R, C>& m) noexcept : mat{} {
        for (int r = 0; r < R; ++r)
            for (int c = 0; c < C; ++c) (*this)(r, c) = static_cast<T>(m(r, c));
    }
    /// From a located matrix of any element type.
    template <class X>
        requires(detail::any_mat<X> && !detail::is_mat<X> && std::is_constructible_v<mat, value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr mat(const X& x) noexcept : mat(value(x)) {}

    /// Assignment converts the elements to T, narrowing too.
    template <class X>
        requires(detail::any_mat<X> && !std::is_same_v<X, mat> &&
                 std::is_constructible_v<mat, value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat& operator=(const X& x) noexcept {
        return *this = mat(value(x));
    }

    /// Element in row r and column c, unchecked.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T& operator()(int64_t r, int64_t c) noexcept {
        return e_[r * C + c];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const T& operator()(int64_t r, int64_t c) const noexcept {
        return e_[r * C + c];
    }

    /// A row or a column as a vector.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec<T, C> row(int64_t r) const noexcept {
        vec<T, C> v{};
        for (int c = 0; c < C; ++c) v[c] = (*this)(r, c);
        return v;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec<T, R> column(int64_t c) const noexcept {
        vec<T, R> v{};
        for (int r = 0; r < R; ++r) v[r] = (*this)(r, c);
        return v;
    }

    /// Ones on the diagonal, zero elsewhere.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr mat identity() noexcept {
        mat m{};
        for (int k = 0; k < (R < C ? R : C); ++k) m(k, k) = static_cast<T>(1);
        return m;
    }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator+(const mat& a, const mat& b) noexcept {
        sum_type m{};
        for (int k = 0; k < R * C; ++k) m(0, k) = a.e_[k] + b.e_[k];
        return m;
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const mat& a, const mat& b) noexcept {
        sum_type m{};
        for (int k = 0; k < R * C; ++k) m(0, k) = a.e_[k] - b.e_[k];
        return m;
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const mat& a) noexcept {
        sum_type m{};
        for (int k = 0; k < R * C; ++k) m(0, k) = -a.e_[k];
        return m;
    }

    // The matrix product; the right factor may be a plain or a located value.
    template <class Y>
        requires(detail::any_mat<Y> && value_type_t<Y>::rows() == C)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr auto operator*(const mat& a, const Y& y) noexcept {
        const value_type_t<Y> b = value(y);
        using S = decltype(T{} * typename value_type_t<Y>::value_type{});
        constexpr int columns = value_type_t<Y>::columns();
        mat<S, R, columns> m{};
        for (int r = 0; r < R; ++r)
            for (int c = 0; c < columns; ++c) {
                S s = a(r, 0) * b(0, c);
                for (int k = 1; k < C; ++k) s += a(r, k) * b(k, c);
                m(r, c) = s;
            }
        return m;
    }
    template <class Y>
        requires(detail::any_vec<Y> && value_type_t<Y>::size() == C)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr auto operator*(const mat& a, const Y& y) noexcept {
        const value_type_t<Y> v = value(y);
        vec<decltype(T{} * detail::component_t<Y>{}), R> r{};
        for (int k = 0; k < R; ++k) r[k] = dot(a.row(k), v);
        return r;
    }
    template <class Y>
        requires(detail::any_vec<Y> && value_type_t<Y>::size() == R)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr auto operator*(const Y& y, const mat& a) noexcept {
        const value_type_t<Y> v = value(y);
        vec<decltype(T{} * detail::component_t<Y>{}), C> r{};
        for (int k = 0; k < C; ++k) r[k] = dot(v, a.column(k));
        return r;
    }
    template <class S>
        requires(!detail::any_mat<S> && detail::scales<S, T>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const mat& a, const S& s) noexcept {
        const auto t = static_cast<detail::sum_t<T>>(value(s));
        sum_type m{};
        for (int k = 0; k < R * C; ++k) m(0, k) = a.e_[k] * t;
        return m;
    }
    template <class S>
        requires(!detail::any_mat<S> && detail::scales<S, T>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const S& s, const mat& a) noexcept {
        return a * s;
    }
    template <class S>
        requires(!detail::any_mat<S> && detail::scales<S, T>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator/(const mat& a, const S& s) noexcept {
        const auto t = static_cast<detail::sum_t<T>>(value(s));
        sum_type m{};
        for (int k = 0; k < R * C; ++k) m(0, k) = a.e_[k] / t;
        return m;
    }

    /// `a op= b` is `a = a op b`.
    template <class B>
        requires requires(const mat& a, const B& b) { a + b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat& operator+=(const B& b) noexcept {
        return *this = mat(*this + b);
    }
    template <class B>
        requires requires(const mat& a, const B& b) { a - b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat& operator-=(const B& b) noexcept {
        return *this = mat(*this - b);
    }
    template <class B>
        requires requires(const mat& a, const B& b) { a* b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat& operator*=(const B& b) noexcept {
        return *this = mat(*this * b);
    }
    template <class B>
        requires requires(const mat& a, const B& b) { a / b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr mat& operator/=(const B& b) noexcept {
        return *this = mat(*this / b);
    }

    /// All elements equal (a NaN equals nothing).
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const mat& a, const mat& b) noexcept {
        bool same = true;
        for (int k = 0; k < R * C; ++k) same = same && a.e_[k] == b.e_[k];
        return same;
    }

private:
    T e_[R * C];
};

using mat22h = mat<half, 2, 2>;
using mat33h = mat<half, 3, 3>;
using mat44h = mat<half, 4, 4>;
using mat22f = mat<float, 2, 2>;
using mat33f = mat<float, 3, 3>;
using mat44f = mat<float, 4, 4>;
using mat22d = mat<double, 2, 2>;
using mat33d = mat<double, 3, 3>;
using mat44d = mat<double, 4, 4>;

// Matrices of two element types meet in the type that C++ arithmetic gives.
template <class X, class Y>
    requires detail::mats_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const X& x, const Y& y) noexcept {
    using T = decltype(typename value_type_t<X>::value_type{} + typename value_type_t<Y>::value_type{});
    using M = mat<T, value_type_t<X>::rows(), value_type_t<X>::columns()>;
    return M(value(x)) + M(value(y));
}
template <class X, class Y>
    requires detail::mats_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const X& x, const Y& y) noexcept {
    return value(x) + -value(y);
}

/// Rows become columns.
template <detail::any_mat X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto transpose(const X& x) noexcept {
    const value_type_t<X> m = value(x);
    mat<typename value_type_t<X>::value_type, m.columns(), m.rows()> t{};
    for (int r = 0; r < m.rows(); ++r)
        for (int c = 0; c < m.columns(); ++c) t(c, r) = m(r, c);
    return t;
}

/// The matrix x y^T: element (r, c) is x_r * y_c.
template <class X, class Y>
    requires(detail::any_vec<X> && detail::any_vec<Y>)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto outer(const X& x, const Y& y) noexcept {
    const value_type_t<X> a = value(x);
    const value_type_t<Y> b = value(y);
    mat<decltype(a[0] * b[0]), a.size(), b.size()> m{};
    for (int r = 0; r < a.size(); ++r)
        for (int c = 0; c < b.size(); ++c) m(r, c) = a[r] * b[c];
    return m;
}

/// The square matrix with the components of x on its diagonal and zero elsewhere.
template <detail::any_vec X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto diag(const X& x) noexcept {
    const value_type_t<X> v = value(x);
    mat<detail::component_t<X>, v.size(), v.size()> m{};
    for (int k = 0; k < v.size(); ++k) m(k, k) = v[k];
    return m;
}

/// The diagonal of a square matrix.
template <detail::square_mat X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto diagonal(const X& x) noexcept {
    const value_type_t<X> m = value(x);
    vec<typename value_type_t<X>::value_type, m.rows()> v{};
    for (int k = 0; k < m.rows(); ++k) v[k] = m(k, k);
    return v;
}

/// The sum of the diagonal.
template <detail::square_mat X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto trace(const X& x) noexcept {
    return sum(diagonal(x));
}

/// The matrix of the cross product: skew(a) * b == cross(a, b).
template <detail::any_vec X>
    requires(value_type_t<X>::size() == 3)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto skew(const X& x) noexcept {
    const value_type_t<X> a = value(x);
    using S = detail::sum_t<detail::component_t<X>>;
    return mat<S, 3, 3>(S(0), -a.z, a.y, a.z, S(0), -a.x, -a.y, a.x, S(0));
}

namespace detail {
/// Quotients of Ts: integers divide as doubles, half in float.
template <class T> using quotient_t = std::conditional_t<std::is_integral_v<T>, double, sum_t<T>>;
template <class X>
using quotient_mat = mat<quotient_t<typename value_type_t<X>::value_type>, value_type_t<X>::rows(),
                         value_type_t<X>::columns()>;
} // namespace detail

/// The determinant, in the type of the inverse.
template <detail::square_mat X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto determinant(const X& x) noexcept {
    return detail::determinant_of(detail::quotient_mat<X>(value(x)));
}

/// The inverse; in float for half elements and in double for integers. Up to 4 x 4 by cofactors, larger ones
/// by elimination. A singular matrix gives infinities or NaN.
template <detail::square_mat X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto inverse(const X& x) noexcept {
    return detail::inverse_of(detail::quotient_mat<X>(value(x)));
}

} // namespace warpx
