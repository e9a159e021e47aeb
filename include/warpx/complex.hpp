// SPDX-License-Identifier: Apache-2.0
// complex.hpp: complex<T>, which has the layout of std::complex<T> and works in kernels, and its functions.
#pragma once

#include "detail/derivatives.hpp"
#include "value.hpp"

namespace warpx {

template <class T> struct complex;

namespace detail {

template <class T> inline constexpr bool is_complex = false;
template <class T> inline constexpr bool is_complex<complex<T>> = true;
template <plain_real T, class N> struct with_number<complex<T>, N> {
    using type = complex<N>;
};

template <class X>
concept any_complex = is_complex<value_type_t<X>>;

template <class T> struct complex_parts {
    T re, im;
};

/// Somebody else's complex number: std::complex, cuda::std::complex, thrust::complex, known by what they can
/// do. They are copied by their bytes (real part first): members of std::complex are host functions to nvcc.
template <class C>
concept foreign_complex = std::is_class_v<C> && !any_complex<C> && std::is_same_v<value_type_t<C>, C> &&
                          std::is_trivially_copyable_v<C> && requires(const C& c) {
                              typename C::value_type;
                              static_cast<typename C::value_type>(c.real());
                              static_cast<typename C::value_type>(c.imag());
                              C(typename C::value_type(), typename C::value_type());
                          } && sizeof(C) == 2 * sizeof(typename C::value_type);

template <foreign_complex C> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto parts_of(const C& c) noexcept {
    return __builtin_bit_cast(complex_parts<typename C::value_type>, c);
}
template <any_complex X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto parts_of(const X& x) noexcept {
    using T = typename value_type_t<X>::value_type;
    const value_type_t<X> c = value(x);
    return complex_parts<T>{c.real(), c.imag()};
}

template <class U, class T> inline constexpr bool complex_widens = std::is_same_v<decltype(U{} + T{}), T>;

} // namespace detail

/// A complex number of two floats or doubles, real part first: the layout of std::complex<T>, two-number
/// arrays, and the complex64 / complex128 of array frameworks.
///
/// Converts implicitly from and to the complex<T> of the standard library, of libcu++ and of Thrust; from
/// complex<float> to complex<double> implicitly, back explicitly. Products use the plain formula: an infinite
/// operand may give NaN where C's Annex G asks for infinity; quotients are scaled, so that they overflow only
/// where the result does. The default constructor leaves the value undefined; `complex<float>{}` is zero.
/// Derivatives take the two parts for two real variables.
template <class T> struct complex {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || detail::differentiable<T>,
                  "complex<T> is for float and double");
    using value_type = T;

    complex() = default;
    /// re + im i.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex(T re, T im) noexcept : re_(re), im_(im) {}
    /// A real number, plain or located.
    template <class X>
        requires detail::is_real<value_type_t<X>>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex(const X& re) noexcept
        : re_(static_cast<T>(value(re))), im_(0) {}
    template <class U>
        requires(!std::is_same_v<U, T>)
    WARPX_HOST_DEVICE explicit(!detail::complex_widens<U, T>) constexpr complex(const complex<U>& c) noexcept
        : re_(static_cast<T>(c.real())), im_(static_cast<T>(c.imag())) {}
    template <detail::foreign_complex C>
    WARPX_HOST_DEVICE explicit(!detail::complex_widens<typename C::value_type, T>) constexpr complex(
        const C& c) noexcept
        : complex(detail::parts_of(c)) {}

    template <detail::foreign_complex C>
        requires std::is_same_v<typename C::value_type, T>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator C() const noexcept {
        return __builtin_bit_cast(C, *this);
    }

    /// Assignment converts to T, narrowing too.
    template <class X>
        requires((detail::any_complex<X> && !std::is_same_v<X, complex>) || detail::foreign_complex<X>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex& operator=(const X& c) noexcept {
        return *this = complex(detail::parts_of(c));
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr T real() const noexcept { return re_; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T imag() const noexcept { return im_; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void real(T re) noexcept { re_ = re; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void imag(T im) noexcept { im_ = im; }

    /// `a op= b` is `a = a op b`; the result is narrowed to T if need be.
    template <class B>
        requires requires(const complex& a, const B& b) { a + b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex& operator+=(const B& b) noexcept {
        return *this = complex(*this + b);
    }
    template <class B>
        requires requires(const complex& a, const B& b) { a - b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex& operator-=(const B& b) noexcept {
        return *this = complex(*this - b);
    }
    template <class B>
        requires requires(const complex& a, const B& b) { a* b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex& operator*=(const B& b) noexcept {
        return *this = complex(*this * b);
    }
    template <class B>
        requires requires(const complex& a, const B& b) { a / b; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr complex& operator/=(const B& b) noexcept {
        return *this = complex(*this / b);
    }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator+(const complex& a) noexcept { return a; }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator-(const complex& a) noexcept {
        return {-a.re_, -a.im_};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator+(const complex& a,
                                                                      const complex& b) noexcept {
        return {a.re_ + b.re_, a.im_ + b.im_};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator-(const complex& a,
                                                                      const complex& b) noexcept {
        return {a.re_ - b.re_, a.im_ - b.im_};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator*(const complex& a,
                                                                      const complex& b) noexcept {
        return {a.re_ * b.re_ - a.im_ * b.im_, a.re_ * b.im_ + a.im_ * b.re_};
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator/(const complex& a,
                                                                      const complex& b) noexcept {
        // Smith 1962, "Algorithm 116: complex division".
        const auto re = detail::real::root_of(b.re_), im = detail::real::root_of(b.im_);
        if ((re < 0 ? -re : re) >= (im < 0 ? -im : im)) {
            const T r = b.im_ / b.re_;
            const T d = b.re_ + b.im_ * r;
            // Zero divided by zero and by infinity would spoil the ratio; a plain division says the right
            // thing.
            if constexpr (!detail::differentiable<T>)
                if (b.im_ == 0) return {a.re_ / b.re_, a.im_ / b.re_};
            return {(a.re_ + a.im_ * r) / d, (a.im_ - a.re_ * r) / d};
        }
        const T r = b.re_ / b.im_;
        const T d = b.re_ * r + b.im_;
        return {(a.re_ * r + a.im_) / d, (a.im_ * r - a.re_) / d};
    }
    // With a real number, converted to T first: half the work, and no zero that turns infinity into NaN.
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator+(const complex& a, const X& x) noexcept {
        return {a.re_ + static_cast<T>(value(x)), a.im_};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator+(const X& x, const complex& a) noexcept {
        return {static_cast<T>(value(x)) + a.re_, a.im_};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator-(const complex& a, const X& x) noexcept {
        return {a.re_ - static_cast<T>(value(x)), a.im_};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator-(const X& x, const complex& a) noexcept {
        return {static_cast<T>(value(x)) - a.re_, -a.im_};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator*(const complex& a, const X& x) noexcept {
        const T t = static_cast<T>(value(x));
        return {a.re_ * t, a.im_ * t};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator*(const X& x, const complex& a) noexcept {
        const T t = static_cast<T>(value(x));
        return {t * a.re_, t * a.im_};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator/(const complex& a, const X& x) noexcept {
        const T t = static_cast<T>(value(x));
        return {a.re_ / t, a.im_ / t};
    }
    template <class X>
        requires(detail::is_real<value_type_t<X>> && !detail::lifts<T, X>)
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr complex operator/(const X& x, const complex& a) noexcept {
        return complex(static_cast<T>(value(x)), 0) / a;
    }
    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const complex& a,
                                                                    const complex& b) noexcept {
        return a.re_ == b.re_ && a.im_ == b.im_;
    }

private:
    template <class U>
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr complex(const detail::complex_parts<U>& p) noexcept
        : re_(static_cast<T>(p.re)), im_(static_cast<T>(p.im)) {}

    T re_, im_;
};

using complex64 = complex<float>;
using complex128 = complex<double>;

static_assert(sizeof(complex<float>) == 8 && sizeof(complex<double>) == 16);
static_assert(std::is_trivially_copyable_v<complex<float>> && std::is_standard_layout_v<complex<float>>);

/// The parts; the squared modulus; the conjugate.
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto real(const X& x) noexcept {
    return value(x).real();
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto imag(const X& x) noexcept {
    return value(x).imag();
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto norm(const X& x) noexcept {
    const auto z = value(x);
    return z.real() * z.real() + z.imag() * z.imag();
}
template <detail::any_complex X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr value_type_t<X> conj(const X& x) noexcept {
    const auto z = value(x);
    return {z.real(), -z.imag()};
}

/// The modulus, without overflow on the way. The derivatives at 0 are 0.
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE auto abs(const X& x) noexcept {
    const auto z = value(x);
    return detail::real::hypot(z.real(), z.imag());
}

/// The argument in radians, in [-pi, pi]; the cut is the negative real axis. arg(0) = 0, with
/// derivative 0.
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE auto arg(const X& x) noexcept {
    const auto z = value(x);
    return detail::real::atan2(z.imag(), z.real());
}

/// The number with modulus r and argument theta (radians).
template <class R, class A>
    requires(detail::is_real<value_type_t<R>> && detail::is_real<value_type_t<A>>)
WARPX_INLINE WARPX_HOST_DEVICE auto polar(const R& r, const A& theta) noexcept {
    using sum = decltype(value_type_t<R>{} + value_type_t<A>{});
    using T = std::conditional_t<std::is_same_v<sum, float> || detail::differentiable<sum>, sum, double>;
    T s, c;
    detail::real::sincos(static_cast<T>(value(theta)), s, c);
    return complex<T>(static_cast<T>(value(r)) * c, static_cast<T>(value(r)) * s);
}

/// Elementary functions, with the branch cuts of the functions of the same name in <complex>. They agree with
/// those to a few units in the last place for finite arguments; the values at infinities and NaN are
/// unspecified.
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> exp(const X& x) noexcept {
    const auto z = value(x);
    return polar(detail::real::exp(z.real()), z.imag());
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> log(const X& x) noexcept {
    return {detail::real::log(abs(x)), arg(x)};
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> log10(const X& x) noexcept {
    using T = typename value_type_t<X>::value_type;
    return log(x) * detail::real::root_t<T>(0.43429448190325182765); // 1 / ln 10
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> sqrt(const X& x) noexcept {
    using T = typename value_type_t<X>::value_type;
    using P = detail::real::root_t<T>;
    const auto z = value(x);
    const P x0 = detail::real::root_of(z.real()), y0 = detail::real::root_of(z.imag());
    if (x0 == 0 && y0 == 0) {
        if constexpr (detail::differentiable<T>)
            return {detail::real::sqrt(T::shifted(0, z.real())), detail::real::sqrt(T::shifted(0, z.imag()))};
        else
            return {T(0), z.imag()};
    }
    // The larger part without cancellation, the other from their product. Arguments near the ends of the
    // range are scaled.
    const P a = detail::real::fabs(x0), b = detail::real::fabs(y0);
    const P size = a > b ? a : b;
    constexpr P huge = std::is_same_v<P, float> ? P(0x1p120) : P(0x1p1000);
    const P scale = size > huge ? P(0.25) : size < 1 / huge ? P(0x1p30) : P(1);
    const P side = detail::real::copysign(P(1), y0);
    const T re = z.real() * ((x0 < 0 ? -1 : 1) * scale * scale), im = z.imag() * (scale * scale);
    const T root = detail::real::sqrt((re + detail::real::hypot(re, im)) / 2);
    const T t = root / scale, other = im / (root + root) / scale;
    if (x0 >= 0) return {t, other};
    return {other * side, t * side};
}

/// exp(y log(x)); 0 to the power 0 is 1, to a power with positive real part 0. One of the two is complex.
template <class X, class Y>
    requires((detail::any_complex<X> && (detail::any_complex<Y> || detail::is_real<value_type_t<Y>>)) ||
             (detail::is_real<value_type_t<X>> && detail::any_complex<Y>))
WARPX_INLINE WARPX_HOST_DEVICE auto pow(const X& x, const Y& y) noexcept {
    using C = decltype(value(x) * value(y));
    using T = typename C::value_type;
    const C a(value(x)), b(value(y));
    if constexpr (detail::differentiable<T>) {
        using S = typename T::scalar;
        using P = typename T::partial;
        if (a == C(0, 0)) { // to x: y x^(y - 1); to y: 0, as for real numbers
            const complex<S> base(a.real().primal(), a.imag().primal()),
                e(b.real().primal(), b.imag().primal());
            const complex<S> v = pow(base, e);
            const complex<S> slope = e == complex<S>(0, 0) ? e : e * pow(base, e - 1);
            return C(T::chain(v.real(), a.real(), P(slope.real()), a.imag(), P(-slope.imag())),
                     T::chain(v.imag(), a.real(), P(slope.imag()), a.imag(), P(slope.real())));
        }
    } else if (a == C(T(0), T(0)))
        return b == C(T(0), T(0)) ? C(T(1), T(0)) : b.real() > 0 ? C(T(0), T(0)) : C(T(1), T(0)) / a;
    return exp(b * log(a));
}

template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> sinh(const X& x) noexcept {
    const auto z = value(x);
    typename value_type_t<X>::value_type s, c;
    detail::real::sincos(z.imag(), s, c);
    return {detail::real::sinh(z.real()) * c, detail::real::cosh(z.real()) * s};
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> cosh(const X& x) noexcept {
    const auto z = value(x);
    typename value_type_t<X>::value_type s, c;
    detail::real::sincos(z.imag(), s, c);
    return {detail::real::cosh(z.real()) * c, detail::real::sinh(z.real()) * s};
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> tanh(const X& x) noexcept {
    using T = typename value_type_t<X>::value_type;
    const auto z = value(x);
    // With t = tan(y), sinh and cosh of x: (sinh cosh (1 + t^2) + i t) / (1 + sinh^2 (1 + t^2)), Kahan 1987.
    // Far from zero the real part is 1 within rounding and cosh would overflow.
    if (detail::real::fabs(z.real()) > T(20)) {
        T s, c;
        detail::real::sincos(z.imag(), s, c);
        const T e = detail::real::exp(-detail::real::fabs(z.real()));
        return {detail::real::copysign(T(1), z.real()), 4 * s * c * e * e};
    }
    const T t = detail::real::tan(z.imag());
    const T sh = detail::real::sinh(z.real());
    const T beta = 1 + t * t;
    const T rho = detail::real::sqrt(1 + sh * sh);
    const T d = 1 + beta * sh * sh;
    return {beta * rho * sh / d, t / d};
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> sin(const X& x) noexcept {
    const auto z = value(x);
    const value_type_t<X> r = sinh(value_type_t<X>(-z.imag(), z.real()));
    return {r.imag(), -r.real()};
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> cos(const X& x) noexcept {
    const auto z = value(x);
    return cosh(value_type_t<X>(-z.imag(), z.real()));
}
template <detail::any_complex X> WARPX_INLINE WARPX_HOST_DEVICE value_type_t<X> tan(const X& x) noexcept {
    const auto z = value(x);
    const value_type_t<X> r = tanh(value_type_t<X>(-z.imag(), z.real()));
    return {r.imag(), -r.real()};
}

} // namespace warpx
