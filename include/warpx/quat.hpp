// SPDX-License-Identifier: Apache-2.0
// quat.hpp: quat<T>, a quaternion x i + y j + z k + w, and rotations by unit quaternions.
#pragma once

#include "mat.hpp"

namespace warpx {

template <class T> struct quat;

namespace detail {

template <class T> inline constexpr bool is_quat = false;
template <class T> inline constexpr bool is_quat<quat<T>> = true;
template <plain_real T, class N> struct with_number<quat<T>, N> {
    using type = quat<N>;
};

template <class X>
concept any_quat = is_quat<value_type_t<X>>;
template <class X>
concept any_vec3 = any_vec<X> && (value_type_t<X>::size() == 3);

/// T, or what it meets a U with derivatives in.
template <class T, class U> struct meet_derivative {
    using type = T;
};
template <class T, differentiable U> struct meet_derivative<T, U> {
    using type = decltype(T{} + U{});
};
template <class T, class U> using meet_derivative_t = typename meet_derivative<T, U>::type;

/// The type quaternions of X are computed in.
template <class X> using quat_sum_t = sum_t<typename value_type_t<X>::value_type>;

} // namespace detail

/// x i + y j + z k + w, stored in this order (w last, as NVIDIA Warp and ROS do), in exactly 4 * sizeof(T)
/// bytes. T is half, bfloat16, float or double.
///
/// A unit quaternion (v sin(a/2), cos(a/2)) stands for the right-handed rotation by a radians about the unit
/// vector v; q and -q are the same rotation, and p * q rotates by q first. Element types mix as those of vec
/// do. The default constructor leaves the parts undefined; `quatf{}` is zero and no rotation: see
/// `quat::identity()`.
template <class T> struct quat {
    static_assert(detail::is_real<T> && !std::is_integral_v<T>, "quat<T> needs a floating-point T");
    using value_type = T;
    using sum_type = quat<detail::sum_t<T>>;

    T x, y, z, w;

    quat() = default;
    template <class X, class Y, class Z, class W>
        requires(detail::any_real<X> && detail::any_real<Y> && detail::any_real<Z> && detail::any_real<W>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat(const X& x_, const Y& y_, const Z& z_, const W& w_) noexcept
        : x(static_cast<T>(value(x_))), y(static_cast<T>(value(y_))), z(static_cast<T>(value(z_))),
          w(static_cast<T>(value(w_))) {}
    /// From the vector part and w.
    template <detail::any_vec3 V, detail::any_real W>
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr quat(const V& v, const W& w_) noexcept
        : quat(value(v).x, value(v).y, value(v).z, w_) {}
    /// From a quaternion of another element type; implicit where it widens.
    template <class U>
        requires(!std::is_same_v<U, T>)
    WARPX_HOST_DEVICE explicit(!detail::widens<U, T>) constexpr quat(const quat<U>& q) noexcept
        : quat(q.x, q.y, q.z, q.w) {}
    /// From a located quaternion of any element type.
    template <class X>
        requires(detail::any_quat<X> && !detail::is_quat<X>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr quat(const X& q) noexcept : quat(value(q)) {}

    /// Assignment converts the parts to T, narrowing too.
    template <class X>
        requires(detail::any_quat<X> && !std::is_same_v<X, quat>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat& operator=(const X& q) noexcept {
        return *this = quat(value(q));
    }

    /// No rotation: (0, 0, 0, 1).
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr quat identity() noexcept { return quat(0, 0, 0, 1); }

    /// Part k: x, y, z, w for 0 to 3, unchecked.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T& operator[](int64_t k) noexcept {
        return k == 0 ? x : k == 1 ? y : k == 2 ? z : w;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const T& operator[](int64_t k) const noexcept {
        return k == 0 ? x : k == 1 ? y : k == 2 ? z : w;
    }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator+(const quat& a,
                                                                       const quat& b) noexcept {
        return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const quat& a,
                                                                       const quat& b) noexcept {
        return {a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator-(const quat& a) noexcept {
        return {-a.x, -a.y, -a.z, -a.w};
    }
    /// The Hamilton product.
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const quat& a,
                                                                       const quat& b) noexcept {
        return {a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y, a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
                a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w, a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z};
    }
    template <detail::any_real S>
        requires(!detail::lifts<T, S>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const quat& a, const S& s) noexcept {
        const auto t = static_cast<detail::sum_t<T>>(value(s));
        return {a.x * t, a.y * t, a.z * t, a.w * t};
    }
    template <detail::any_real S>
        requires(!detail::lifts<T, S>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator*(const S& s, const quat& a) noexcept {
        return a * s;
    }
    template <detail::any_real S>
        requires(!detail::lifts<T, S>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr sum_type operator/(const quat& a, const S& s) noexcept {
        const auto t = static_cast<detail::sum_t<T>>(value(s));
        return {a.x / t, a.y / t, a.z / t, a.w / t};
    }

    /// `a op= b` is `a = a op b`.
    template <class B>
        requires requires(const quat& a, const B& b) { a + b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat& operator+=(const B& b) noexcept {
        return *this = quat(*this + b);
    }
    template <class B>
        requires requires(const quat& a, const B& b) { a - b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat& operator-=(const B& b) noexcept {
        return *this = quat(*this - b);
    }
    template <class B>
        requires requires(const quat& a, const B& b) { a* b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat& operator*=(const B& b) noexcept {
        return *this = quat(*this * b);
    }
    template <class B>
        requires requires(const quat& a, const B& b) { a / b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr quat& operator/=(const B& b) noexcept {
        return *this = quat(*this / b);
    }

    /// All parts equal (a NaN equals nothing); q and -q are different numbers.
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const quat& a, const quat& b) noexcept {
        return a.x == b.x && a.y == b.y && a.z == b.z && a.w == b.w;
    }
};

using quath = quat<half>;
using quatf = quat<float>;
using quatd = quat<double>;

// Quaternions of two element types meet in the type that C++ arithmetic gives.
namespace detail {
template <class X, class Y>
concept quats_of_two_types = any_quat<X> && any_quat<Y> && !std::is_same_v<value_type_t<X>, value_type_t<Y>>;
template <class X, class Y>
using meet_quat_t =
    quat<decltype(typename value_type_t<X>::value_type{} + typename value_type_t<Y>::value_type{})>;
} // namespace detail
template <class X, class Y>
    requires detail::quats_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator+(const X& p, const Y& q) noexcept {
    return detail::meet_quat_t<X, Y>(value(p)) + detail::meet_quat_t<X, Y>(value(q));
}
template <class X, class Y>
    requires detail::quats_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator-(const X& p, const Y& q) noexcept {
    return detail::meet_quat_t<X, Y>(value(p)) - detail::meet_quat_t<X, Y>(value(q));
}
template <class X, class Y>
    requires detail::quats_of_two_types<X, Y>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator*(const X& p, const Y& q) noexcept {
    return detail::meet_quat_t<X, Y>(value(p)) * detail::meet_quat_t<X, Y>(value(q));
}

/// The conjugate (-x, -y, -z, w): the inverse rotation, for a unit quaternion.
template <detail::any_quat Q> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto conj(const Q& q) noexcept {
    const auto p = value(q);
    return quat<detail::quat_sum_t<Q>>(-p.x, -p.y, -p.z, p.w);
}

/// Sum of the products of equal parts.
template <detail::any_quat P, detail::any_quat Q>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto dot(const P& p, const Q& q) noexcept {
    const auto a = value(p);
    const auto b = value(q);
    return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

/// sqrt(dot(q, q)). The derivative at zero is 0.
template <detail::any_quat Q> WARPX_INLINE WARPX_HOST_DEVICE auto length(const Q& q) noexcept {
    const auto s = dot(q, q);
    if constexpr (detail::differentiable<std::remove_const_t<decltype(s)>>)
        return detail::real::norm_of(s);
    else
        return detail::real::sqrt(s);
}

/// q divided by its length; the identity, with derivative 0, for zero.
template <detail::any_quat Q> WARPX_INLINE WARPX_HOST_DEVICE auto normalize(const Q& q) noexcept {
    using result = quat<detail::quat_sum_t<Q>>;
    const auto l = length(q);
    return l > 0 ? result(value(q)) / l : result::identity();
}

/// The q' with q * q' = 1: conj(q) / dot(q, q). Zero gives NaN.
template <detail::any_quat Q> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto inverse(const Q& q) noexcept {
    return conj(q) / dot(q, q);
}

/// The vector v turned by the unit quaternion q: the vector part of q v conj(q), as v + w t + u x t with u =
/// (x, y, z) and t = 2 u x v.
template <detail::any_quat Q, detail::any_vec3 V>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto rotate(const Q& q, const V& v) noexcept {
    const auto p = value(q);
    const auto u = vec<typename value_type_t<Q>::value_type, 3>(p.x, p.y, p.z);
    const auto t = 2 * cross(u, v);
    return value(v) + p.w * t + cross(u, t);
}

/// The vector v turned back by the unit quaternion q.
template <detail::any_quat Q, detail::any_vec3 V>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto rotate_inv(const Q& q, const V& v) noexcept {
    return rotate(conj(q), v);
}

/// The rotation by `angle` radians about the unit vector `axis`.
template <detail::any_vec3 V, detail::any_real A>
WARPX_INLINE WARPX_HOST_DEVICE auto quat_from_axis_angle(const V& axis, const A& angle) noexcept {
    using T = detail::meet_derivative_t<detail::quotient_t<detail::component_t<V>>, value_type_t<A>>;
    T s, c;
    detail::real::sincos(static_cast<T>(value(angle)) / 2, s, c);
    return quat<T>(vec<T, 3>(value(axis)) * s, c);
}

/// The unit axis and the angle in [0, pi] (radians) of the rotation by q, which need not be normalized.
template <class T> struct axis_angle {
    vec<T, 3> axis;
    T angle;
};

/// Axis and angle of the rotation by q. The axis is (1, 0, 0) where there is no rotation; its derivative and
/// that of the angle are 0 there.
template <detail::any_quat Q> WARPX_INLINE WARPX_HOST_DEVICE auto quat_to_axis_angle(const Q& q) noexcept {
    using T = detail::quat_sum_t<Q>;
    const quat<T> p(value(q));
    const vec<T, 3> u(p.x, p.y, p.z);
    const T s = length(u);
    const T sign = p.w < 0 ? T(-1) : T(1);
    const T angle = 2 * detail::real::atan2(s, sign * p.w);
    return axis_angle<T>{s > 0 ? u * (sign / s) : vec<T, 3>(1, 0, 0), angle};
}

/// The rotation matrix of the unit quaternion q: quat_to_matrix(q) * v == rotate(q, v).
template <detail::any_quat Q>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto quat_to_matrix(const Q& q) noexcept {
    using T = detail::quat_sum_t<Q>;
    const quat<T> p(value(q));
    const T xx = p.x * p.x, yy = p.y * p.y, zz = p.z * p.z;
    const T xy = p.x * p.y, xz = p.x * p.z, yz = p.y * p.z;
    const T wx = p.w * p.x, wy = p.w * p.y, wz = p.w * p.z;
    return mat<T, 3, 3>(1 - 2 * (yy + zz), 2 * (xy - wz), 2 * (xz + wy), 2 * (xy + wz), 1 - 2 * (xx + zz),
                        2 * (yz - wx), 2 * (xz - wy), 2 * (yz + wx), 1 - 2 * (xx + yy));
}

/// The unit quaternion of a rotation matrix, up to sign. Divides by the largest of the four parts (Shepperd
/// 1978, "Quaternion from rotation matrix").
template <detail::any_mat M>
    requires(value_type_t<M>::rows() == 3 && value_type_t<M>::columns() == 3)
WARPX_INLINE WARPX_HOST_DEVICE auto quat_from_matrix(const M& matrix) noexcept {
    using T = detail::quotient_t<typename value_type_t<M>::value_type>;
    const mat<T, 3, 3> m(value(matrix));
    const T a = m(0, 0), b = m(1, 1), c = m(2, 2);
    const T t = a + b + c;
    if (t >= a && t >= b && t >= c) {
        const T r = detail::real::sqrt(1 + t);
        const T s = T(0.5) / r;
        return quat<T>((m(2, 1) - m(1, 2)) * s, (m(0, 2) - m(2, 0)) * s, (m(1, 0) - m(0, 1)) * s, r / 2);
    }
    if (a >= b && a >= c) {
        const T r = detail::real::sqrt(1 + a - b - c);
        const T s = T(0.5) / r;
        return quat<T>(r / 2, (m(0, 1) + m(1, 0)) * s, (m(0, 2) + m(2, 0)) * s, (m(2, 1) - m(1, 2)) * s);
    }
    if (b >= c) {
        const T r = detail::real::sqrt(1 + b - a - c);
        const T s = T(0.5) / r;
        return quat<T>((m(0, 1) + m(1, 0)) * s, r / 2, (m(1, 2) + m(2, 1)) * s, (m(0, 2) - m(2, 0)) * s);
    }
    const T r = detail::real::sqrt(1 + c - a - b);
    const T s = T(0.5) / r;
    return quat<T>((m(0, 2) + m(2, 0)) * s, (m(1, 2) + m(2, 1)) * s, r / 2, (m(1, 0) - m(0, 1)) * s);
}

/// From the unit quaternion p (t = 0) to q (t = 1) at constant angular speed along the shorter arc (Shoemake
/// 1985, "Animating rotation with quaternion curves"); where the two nearly agree, the normalized straight
/// line. At t = 1 the result is q or -q.
template <detail::any_quat P, detail::any_quat Q, detail::any_real S>
WARPX_INLINE WARPX_HOST_DEVICE auto slerp(const P& p, const Q& q, const S& t) noexcept {
    using T = detail::meet_derivative_t<decltype(dot(p, q)), value_type_t<S>>;
    const quat<T> a(value(p));
    quat<T> b(value(q));
    const T u = static_cast<T>(value(t));
    T cosine = dot(a, b);
    if (cosine < 0) b = -b, cosine = -cosine;
    if (cosine > T(0.9995)) return normalize(a * (1 - u) + b * u);
    const T angle = detail::real::acos(cosine);
    const T scale = 1 / detail::real::sin(angle);
    return a * (detail::real::sin((1 - u) * angle) * scale) + b * (detail::real::sin(u * angle) * scale);
}

} // namespace warpx
