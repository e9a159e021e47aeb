// SPDX-License-Identifier: Apache-2.0
// vec.hpp: vec<T, N>, N numbers side by side, and the algebra of such vectors.
#pragma once

#include "detail/derivatives.hpp"
#include "half.hpp"
#include "value.hpp"

namespace warpx {

template <class T, int N> struct vec;

namespace detail {

template <class T> inline constexpr bool is_vec = false;
template <class T, int N> inline constexpr bool is_vec<vec<T, N>> = true;
template <class T, int N> inline constexpr bool copy_records<vec<T, N>> = copy_records<T>;
template <plain_real T, int M, class N> struct with_number<vec<T, M>, N> {
    using type = vec<N, M>;
};

/// The type in which sums of T are computed, as in C++: float for half, int for the small integers.
template <class T> using sum_t = decltype(T{} + T{});

/// Elements of U become elements of T without being asked: where C++ arithmetic on the two gives T.
template <class U, class T> inline constexpr bool widens = std::is_same_v<U, T>;
template <class U, class T>
    requires(is_real<U> && is_real<T> && !std::is_same_v<U, T>)
inline constexpr bool widens<U, T> = std::is_same_v<decltype(U{} + T{}), T>;

// Named members up to four; more than that is an array.
template <class T, int N> struct vec_members {
    static_assert(N >= 1, "vec<T, N> needs N >= 1");
    T e[N];
};
template <class T> struct vec_members<T, 1> {
    T x;
};
template <class T> struct vec_members<T, 2> {
    T x, y;
};
template <class T> struct vec_members<T, 3> {
    T x, y, z;
};
template <class T> struct vec_members<T, 4> {
    T x, y, z, w;
};

/// f(a_k, b_k, ...) for every component k, as a vector. Written out up to four: g++ -O2 does not unroll
/// loops.
template <int N, class F, class... V>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto map_components(const F& f, const V&... v) {
    using result = vec<std::remove_cvref_t<decltype(f(v[0]...))>, N>;
    if constexpr (N == 1) {
        return result(f(v.x...));
    } else if constexpr (N == 2) {
        return result(f(v.x...), f(v.y...));
    } else if constexpr (N == 3) {
        return result(f(v.x...), f(v.y...), f(v.z...));
    } else if constexpr (N == 4) {
        return result(f(v.x...), f(v.y...), f(v.z...), f(v.w...));
    } else {
        result r{};
        for (int k = 0; k < N; ++k) r.e[k] = f(v.e[k]...);
        return r;
    }
}

// What X (a plain or a located value) is.
template <class X>
concept any_vec = is_vec<value_type_t<X>>;
template <class X> using component_t = typename value_type_t<X>::value_type;
template <class X>
concept any_real = is_real<value_type_t<X>>;
/// A scalar that a vector of T may be multiplied with.
template <class S, class T>
concept scales = !any_vec<S> && std::is_constructible_v<sum_t<T>, value_type_t<S>> && !lifts<T, S>;
template <class X, class Y>
concept vecs_of_one_size = any_vec<X> && any_vec<Y> && (value_type_t<X>::size() == value_type_t<Y>::size());
template <class X, class Y>
concept vecs_of_two_types = vecs_of_one_size<X, Y> && !std::is_same_v<value_type_t<X>, value_type_t<Y>>;

/// The vector type in which two vectors meet.
template <class X, class Y>
using meet_t = vec<decltype(component_t<X>{} + component_t<Y>{}), value_type_t<X>::size()>;

} // namespace detail

/// N components of type T, in exactly N * sizeof(T) bytes: x, y, z, w up to N = 4, e[N] beyond.
///
/// T is a real or complex number type. `+`, `-`, `*`, `/` between vectors and with a scalar (`*` and `/`
/// only) work component by component. A vector keeps its element type: `2.0 * vec3f` is a vec3f; but element
/// types that C++ widens in arithmetic do so here (vec<half, 3> + vec<half, 3> is a vec<float, 3>, of int8_t
/// a vec of int). Two element types meet in the wider one. Widening is implicit, narrowing construction
/// explicit; assignment narrows, as it does for numbers. The default constructor leaves the components
/// undefined; `vec3f{}` is zero.
template <class T, int N> struct vec : detail::vec_members<T, N> {
private:
    using members = detail::vec_members<T, N>;

public:
    using value_type = T;
    /// The same number of components in the type that sums have.
    using sum_type = vec<detail::sum_t<T>, N>;

    /// The number of components.
    WARPX_HOST_DEVICE static constexpr int size() noexcept { return N; }

    vec() = default;
    // Forced inline, because of numbers that carry derivatives: left as calls they would live in memory.
    [[gnu::always_inline]] constexpr vec(const vec&) = default;
    [[gnu::always_inline]] constexpr vec(vec&&) = default;
    [[gnu::always_inline]] constexpr vec& operator=(const vec&) = default;
    [[gnu::always_inline]] constexpr vec& operator=(vec&&) = default;
    [[gnu::always_inline]] constexpr ~vec() = default;

    /// From N numbers, each converted to T.
    template <class... A>
        requires(sizeof...(A) == N && N > 1 && (std::is_constructible_v<T, value_type_t<A>> && ...))
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec(const A&... a) noexcept
        : members{static_cast<T>(value(a))...} {}

    /// All components the same.
    template <class A>
        requires(!detail::any_vec<A> && std::is_constructible_v<T, value_type_t<A>>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr vec(const A& a) noexcept
        : members(fill(static_cast<T>(value(a)))) {}

    /// From a vector of another element type; implicit where it widens.
    template <class U>
        requires(!std::is_same_v<U, T> && std::is_constructible_v<T, U>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit(!detail::widens<U, T>) constexpr vec(const vec<U, N>& v) noexcept
        : vec(detail::map_components<N>([](const U& c) { return static_cast<T>(c); }, v)) {}

    /// From a vector of N - 1 components and the last one, as in vec4f(position, 1).
    template <class V, class A>
        requires(detail::any_vec<V> && N > 2 && value_type_t<V>::size() == N - 1 &&
                 std::is_constructible_v<T, value_type_t<A>>)
    WARPX_HOST_DEVICE explicit constexpr vec(const V& x, const A& last) noexcept : vec{} {
        const value_type_t<V> v = value(x);
        for (int k = 0; k < N - 1; ++k) (*this)[k] = static_cast<T>(v[k]);
        (*this)[N - 1] = static_cast<T>(value(last));
    }

    /// From a located vector of any element type. (Explicit: without it a located vector converts by itself.)
    template <class X>
        requires(detail::any_vec<X> && !detail::is_vec<X> && value_type_t<X>::size() == N)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr vec(const X& x) noexcept : vec(value(x)) {}

    /// Assignment converts the components to T, narrowing too.
    template <class X>
        requires(detail::any_vec<X> && !std::is_same_v<X, vec> && value_type_t<X>::size() == N)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& operator=(const X& x) noexcept {
        return *this = vec(value(x));
    }

    /// Component k, 0 <= k < N, unchecked.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T& operator[](int64_t k) noexcept { return at(*this, k); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const T& operator[](int64_t k) const noexcept {
        return at(*this, k);
    }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator+(const vec& a, const vec& b) noexcept {
        return detail::map_components<N>([](const T& s, const T& t) { return s + t; }, a, b);
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const vec& a, const vec& b) noexcept {
        return detail::map_components<N>([](const T& s, const T& t) { return s - t; }, a, b);
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const vec& a, const vec& b) noexcept {
        return detail::map_components<N>([](const T& s, const T& t) { return s * t; }, a, b);
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator/(const vec& a, const vec& b) noexcept {
        return detail::map_components<N>([](const T& s, const T& t) { return s / t; }, a, b);
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const vec& a) noexcept {
        return detail::map_components<N>([](const T& s) { return -s; }, a);
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator+(const vec& a) noexcept {
        return detail::map_components<N>([](const T& s) { return +s; }, a);
    }

    // With a scalar: it is converted to the type of the sum first.
    template <class S>
        requires detail::scales<S, T>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const vec& a, const S& s) noexcept {
        const auto c = static_cast<detail::sum_t<T>>(value(s));
        return detail::map_components<N>([&c](const T& t) { return t * c; }, a);
    }
    template <class S>
        requires detail::scales<S, T>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const S& s, const vec& a) noexcept {
        const auto c = static_cast<detail::sum_t<T>>(value(s));
        return detail::map_components<N>([&c](const T& t) { return c * t; }, a);
    }
    template <class S>
        requires detail::scales<S, T>
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator/(const vec& a, const S& s) noexcept {
        const auto c = static_cast<detail::sum_t<T>>(value(s));
        return detail::map_components<N>([&c](const T& t) { return t / c; }, a);
    }

    // a op= b is a = a op b, with everything b may be there.
    template <class B>
        requires requires(const vec& a, const B& b) { a + b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& operator+=(const B& b) noexcept {
        if constexpr (detail::differentiable<T>)
            return each(b, [](T& s, const auto& t) { s += t; });
        else
            return *this = vec(*this + b);
    }
    template <class B>
        requires requires(const vec& a, const B& b) { a - b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& operator-=(const B& b) noexcept {
        if constexpr (detail::differentiable<T>)
            return each(b, [](T& s, const auto& t) { s -= t; });
        else
            return *this = vec(*this - b);
    }
    template <class B>
        requires requires(const vec& a, const B& b) { a* b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& operator*=(const B& b) noexcept {
        return *this = vec(*this * b);
    }
    template <class B>
        requires requires(const vec& a, const B& b) { a / b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& operator/=(const B& b) noexcept {
        return *this = vec(*this / b);
    }

    /// All components equal (a NaN equals nothing).
    WARPX_HOST_DEVICE friend constexpr bool operator==(const vec& a, const vec& b) noexcept {
        bool same = true;
        for (int k = 0; k < N; ++k) same = same && a[k] == b[k];
        return same;
    }

private:
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr members fill(const T& a) noexcept {
        if constexpr (N == 1) {
            return {a};
        } else if constexpr (N == 2) {
            return {a, a};
        } else if constexpr (N == 3) {
            return {a, a, a};
        } else if constexpr (N == 4) {
            return {a, a, a, a};
        } else {
            members r{};
            for (int k = 0; k < N; ++k) r.e[k] = a;
            return r;
        }
    }

    /// f on the components of this vector and of another: numbers with derivatives add in their own way.
    template <class B, class F>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr vec& each(const B& b, const F& f) noexcept {
        const auto& v = value_traits<B>::get(b);
        if constexpr (N <= 4) f(this->x, v.x);
        if constexpr (N >= 2 && N <= 4) f(this->y, v.y);
        if constexpr (N >= 3 && N <= 4) f(this->z, v.z);
        if constexpr (N == 4) f(this->w, v.w);
        if constexpr (N > 4)
            for (int k = 0; k < N; ++k) f(this->e[k], v.e[k]);
        return *this;
    }

    template <class V> WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto& at(V& v, int64_t k) noexcept {
        if constexpr (N > 4) {
            return v.e[k];
        } else if constexpr (N == 1) {
            return v.x;
        } else {
            if (__builtin_is_constant_evaluated()) {
                if (k == 0) return v.x;
                if constexpr (N > 2) {
                    if (k == 2) return v.z;
                }
                if constexpr (N > 3) {
                    if (k == 3) return v.w;
                }
                return v.y;
            }
            return (&v.x)[k];
        }
    }
};

// Vectors of two element types meet in the type that C++ arithmetic gives.
template <class X, class Y>
    requires detail::vecs_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const X& x, const Y& y) noexcept {
    return detail::meet_t<X, Y>(value(x)) + detail::meet_t<X, Y>(value(y));
}
template <class X, class Y>
    requires detail::vecs_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const X& x, const Y& y) noexcept {
    return detail::meet_t<X, Y>(value(x)) - detail::meet_t<X, Y>(value(y));
}
template <class X, class Y>
    requires detail::vecs_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator*(const X& x, const Y& y) noexcept {
    return detail::meet_t<X, Y>(value(x)) * detail::meet_t<X, Y>(value(y));
}
template <class X, class Y>
    requires detail::vecs_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator/(const X& x, const Y& y) noexcept {
    return detail::meet_t<X, Y>(value(x)) / detail::meet_t<X, Y>(value(y));
}

using vec2i = vec<int32_t, 2>;
using vec3i = vec<int32_t, 3>;
using vec4i = vec<int32_t, 4>;
using vec2u = vec<uint32_t, 2>;
using vec3u = vec<uint32_t, 3>;
using vec4u = vec<uint32_t, 4>;
using vec2h = vec<half, 2>;
using vec3h = vec<half, 3>;
using vec4h = vec<half, 4>;
using vec2f = vec<float, 2>;
using vec3f = vec<float, 3>;
using vec4f = vec<float, 4>;
using vec2d = vec<double, 2>;
using vec3d = vec<double, 3>;
using vec4d = vec<double, 4>;

/// Sum of the components.
template <detail::any_vec X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto sum(const X& x) noexcept {
    const value_type_t<X> v = value(x);
    constexpr int n = v.size();
    if constexpr (n == 1) {
        return +v.x;
    } else if constexpr (n == 2) {
        return v.x + v.y;
    } else if constexpr (n == 3) {
        return v.x + v.y + v.z;
    } else if constexpr (n == 4) {
        return v.x + v.y + v.z + v.w;
    } else {
        detail::sum_t<detail::component_t<X>> s = +v.e[0];
        for (int k = 1; k < n; ++k) s += v.e[k];
        return s;
    }
}

/// Sum of x_k * y_k (no conjugation).
template <class X, class Y>
    requires detail::vecs_of_one_size<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto dot(const X& x, const Y& y) noexcept {
    return sum(value(x) * value(y));
}

/// The right-handed cross product of two vectors with three components.
template <class X, class Y>
    requires(detail::vecs_of_one_size<X, Y> && value_type_t<X>::size() == 3)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto cross(const X& x, const Y& y) noexcept {
    const auto a = value(x);
    const auto b = value(y);
    using result = decltype(a * b);
    return result(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

/// The z component of the cross product of two plane vectors: x.x * y.y - x.y * y.x.
template <class X, class Y>
    requires(detail::vecs_of_one_size<X, Y> && value_type_t<X>::size() == 2)
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto cross(const X& x, const Y& y) noexcept {
    const auto a = value(x);
    const auto b = value(y);
    return a.x * b.y - a.y * b.x;
}

/// dot(x, x).
template <detail::any_vec X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto length_squared(const X& x) noexcept {
    return dot(x, x);
}

/// The Euclidean length: sqrt(dot(x, x)), in float or double; overflows where the square does. Its derivative
/// at zero, where none exists, is 0.
template <detail::any_vec X>
    requires detail::any_real<detail::component_t<X>>
WARPX_INLINE WARPX_HOST_DEVICE auto length(const X& x) noexcept {
    const auto s = dot(x, x);
    if constexpr (detail::differentiable<std::remove_const_t<decltype(s)>>) {
        return detail::real::norm_of(s);
    } else if constexpr (std::is_same_v<std::remove_const_t<decltype(s)>, float>) {
        return detail::real::sqrt(s);
    } else {
        return detail::real::sqrt(static_cast<double>(s));
    }
}

/// x divided by its length; zero for the zero vector, with derivative 0.
template <detail::any_vec X>
    requires detail::any_real<detail::component_t<X>>
WARPX_INLINE WARPX_HOST_DEVICE auto normalize(const X& x) noexcept {
    const auto l = length(x);
    using result = vec<std::remove_const_t<decltype(l)>, value_type_t<X>::size()>;
    if constexpr (detail::differentiable<std::remove_const_t<decltype(l)>>)
        if (l == 0) return result(0);
    return l > 0 ? result(value(x)) / l : result(value(x)) * (l - l);
}

/// length(x - y).
template <class X, class Y>
    requires detail::vecs_of_one_size<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE auto distance(const X& x, const Y& y) noexcept {
    return length(value(x) - value(y));
}

/// x mirrored at the plane through the origin with unit normal n: x - 2 dot(x, n) n.
template <class X, class Y>
    requires detail::vecs_of_one_size<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto reflect(const X& x, const Y& n) noexcept {
    return value(x) - value(n) * (2 * dot(x, n));
}

} // namespace warpx
