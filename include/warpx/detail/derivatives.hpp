// SPDX-License-Identifier: Apache-2.0
// derivatives.hpp: the functions of real.hpp for numbers that carry derivatives.
#pragma once

#include "differentiable.hpp"
#include "digamma.hpp"
#include "real.hpp"

// Where no source is named, the derivative is that of a calculus text. Where a function has a kink or an
// infinite slope, the comment says what comes out; it is what PyTorch says, and JAX where PyTorch has no
// rule.
namespace warpx::detail::real {

// Qualified calls only: an unqualified sqrt(v) would find warpx::sqrt too, where v is a class of warpx. They
// see what is declared before them, hence this list.
// clang-format off
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sqrt(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N norm_of(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N rsqrt(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cbrt(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp2(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp10(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N expm1(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log2(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log10(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log1p(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sin(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cos(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE void sincos(const N& x, N& s, N& c) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tan(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N asin(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N acos(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sinh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cosh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tanh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N asinh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N acosh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atanh(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N erf(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N erfc(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tgamma(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N lgamma(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N digamma(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N floor(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N ceil(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N round(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N trunc(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N rint(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fabs(const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(const N& x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(const N& x, typename N::plain y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(typename N::plain x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(const N& x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(const N& x, typename N::plain y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(typename N::plain x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(const N& y, const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(const N& y, typename N::plain x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(typename N::plain y, const N& x) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(const N& x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(const N& x, typename N::plain y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(typename N::plain x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N copysign(const N& x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N copysign(const N& x, typename N::plain y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N copysign(typename N::plain x, const N& y) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, const N& y, const N& z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, const N& y, typename N::plain z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, typename N::plain y, const N& z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, const N& y, const N& z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, typename N::plain y, typename N::plain z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, const N& y, typename N::plain z) noexcept;
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, typename N::plain y, const N& z) noexcept;
// clang-format on

template <class N> using partial_t = typename N::partial;
/// float or double: what is behind a number, or the number itself.
template <class S> struct root {
    using type = S;
};
template <differentiable S> struct root<S> {
    using type = typename S::plain;
};
template <class S> using root_t = typename root<S>::type;
/// A constant of the partial derivatives of N.
template <class N> WARPX_INLINE WARPX_HOST_DEVICE auto constant(double c) noexcept {
    return static_cast<root_t<partial_t<N>>>(c);
}
/// The value of `x` in the type that derivatives are computed in.
template <class N> WARPX_INLINE WARPX_HOST_DEVICE auto at(const N& x) noexcept {
    return partial_t<N>(x.primal());
}
/// c ? a : b of partial derivatives, without a branch where they have derivatives themselves.
template <class P> WARPX_INLINE WARPX_HOST_DEVICE P either(bool c, const P& a, const P& b) noexcept {
    if constexpr (differentiable<P>)
        return P::choose(c, a, b);
    else
        return c ? a : b;
}
/// A number that is the root of another, or the number itself.
template <class S> WARPX_INLINE WARPX_HOST_DEVICE auto root_of(const S& s) noexcept {
    if constexpr (differentiable<S>)
        return s.root();
    else
        return s;
}

/// N::chain for a slope that may be infinite where the value is finite: an argument without a derivative
/// stays without one (0 times infinity would be NaN). Numbers that need care for that say `steep`.
template <class N, class S, class P>
WARPX_INLINE WARPX_HOST_DEVICE N steep(const S& v, const N& x, const P& slope) noexcept {
    if constexpr (requires { N::steep(v, x, slope); })
        return N::steep(v, x, slope);
    else
        return N::chain(v, x, slope);
}

/// Infinite slope at 0; NaN below.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sqrt(const N& x) noexcept {
    const auto v = real::sqrt(x.primal());
    return real::steep(v, x, 1 / (2 * partial_t<N>(v)));
}
/// sqrt(x) of a sum of squares: the slope at 0 is 0, as that of PyTorch's norm.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N norm_of(const N& x) noexcept {
    using P = partial_t<N>;
    const auto v = real::sqrt(x.primal());
    const bool zero = x.root() == 0;
    return N::chain(v, x, real::either<P>(zero, P(0), 1 / (2 * real::either<P>(zero, P(1), P(v)))));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N rsqrt(const N& x) noexcept {
    const auto v = real::rsqrt(x.primal());
    const partial_t<N> p(v);
    return N::chain(v, x, p * p * p / -2);
}
/// Infinite slope at 0.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cbrt(const N& x) noexcept {
    const auto v = real::cbrt(x.primal());
    const partial_t<N> p(v);
    return real::steep(v, x, 1 / (3 * p * p));
}

template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp(const N& x) noexcept {
    const auto v = real::exp(x.primal());
    return N::chain(v, x, partial_t<N>(v));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp2(const N& x) noexcept {
    const auto v = real::exp2(x.primal());
    return N::chain(v, x, partial_t<N>(v) * real::constant<N>(0.69314718055994530942)); // ln 2
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N exp10(const N& x) noexcept {
    const auto v = real::exp10(x.primal());
    return N::chain(v, x, partial_t<N>(v) * real::constant<N>(2.30258509299404568402)); // ln 10
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N expm1(const N& x) noexcept {
    return N::chain(real::expm1(x.primal()), x, real::exp(real::at(x)));
}
/// The slope at 0 is infinite, below it is that of log(-x), while the value is NaN. So with all logarithms.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log(const N& x) noexcept {
    return N::chain(real::log(x.primal()), x, 1 / real::at(x));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log2(const N& x) noexcept {
    return N::chain(real::log2(x.primal()), x,
                    real::constant<N>(1.44269504088896340736) / real::at(x)); // 1 / ln 2
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log10(const N& x) noexcept {
    return N::chain(real::log10(x.primal()), x,
                    real::constant<N>(0.43429448190325182765) / real::at(x)); // 1 / ln 10
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N log1p(const N& x) noexcept {
    return N::chain(real::log1p(x.primal()), x, 1 / (1 + real::at(x)));
}

template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sin(const N& x) noexcept {
    return N::chain(real::sin(x.primal()), x, real::cos(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cos(const N& x) noexcept {
    return N::chain(real::cos(x.primal()), x, -real::sin(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE void sincos(const N& x, N& s, N& c) noexcept {
    typename N::scalar sine, cosine;
    real::sincos(x.primal(), sine, cosine);
    const N angle = x; // s or c may be x
    s = N::chain(sine, angle, partial_t<N>(cosine));
    c = N::chain(cosine, angle, -partial_t<N>(sine));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tan(const N& x) noexcept {
    const auto v = real::tan(x.primal());
    const partial_t<N> p(v);
    return N::chain(v, x, 1 + p * p);
}
/// Infinite slopes of asin and acos at -1 and 1; NaN outside. By factors, which are exact near 1.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N asin(const N& x) noexcept {
    const auto p = real::at(x);
    return real::steep(real::asin(x.primal()), x, 1 / real::sqrt((1 - p) * (1 + p)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N acos(const N& x) noexcept {
    const auto p = real::at(x);
    return real::steep(real::acos(x.primal()), x, -1 / real::sqrt((1 - p) * (1 + p)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan(const N& x) noexcept {
    const auto p = real::at(x);
    return N::chain(real::atan(x.primal()), x, 1 / (1 + p * p));
}

template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N sinh(const N& x) noexcept {
    return N::chain(real::sinh(x.primal()), x, real::cosh(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N cosh(const N& x) noexcept {
    return N::chain(real::cosh(x.primal()), x, real::sinh(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tanh(const N& x) noexcept {
    const auto v = real::tanh(x.primal());
    const partial_t<N> p(v);
    return N::chain(v, x, (1 - p) * (1 + p));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N asinh(const N& x) noexcept {
    const auto p = real::at(x);
    return N::chain(real::asinh(x.primal()), x, 1 / real::sqrt(1 + p * p));
}
/// Infinite slope at 1; NaN below.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N acosh(const N& x) noexcept {
    const auto p = real::at(x);
    return real::steep(real::acosh(x.primal()), x, 1 / (real::sqrt(p - 1) * real::sqrt(p + 1)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atanh(const N& x) noexcept {
    const auto p = real::at(x);
    return N::chain(real::atanh(x.primal()), x, 1 / ((1 - p) * (1 + p)));
}

/// DLMF 7.2.1: the factor is 2 / sqrt(pi).
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N erf(const N& x) noexcept {
    const auto p = real::at(x);
    return N::chain(real::erf(x.primal()), x, real::constant<N>(1.12837916709551257390) * real::exp(-p * p));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N erfc(const N& x) noexcept {
    const auto p = real::at(x);
    return N::chain(real::erfc(x.primal()), x,
                    real::constant<N>(-1.12837916709551257390) * real::exp(-p * p));
}
/// DLMF 5.2.2: gamma' = gamma digamma. The poles are those of digamma.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N tgamma(const N& x) noexcept {
    const auto v = real::tgamma(x.primal());
    return N::chain(v, x, partial_t<N>(v) * real::digamma(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N lgamma(const N& x) noexcept {
    return N::chain(real::lgamma(x.primal()), x, real::digamma(real::at(x)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N digamma(const N& x) noexcept {
    static_assert(!differentiable<partial_t<N>>, "warpx: third derivatives are not there");
    return N::chain(real::digamma(x.primal()), x, real::trigamma(real::at(x)));
}

/// Zero, at the steps too.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N floor(const N& x) noexcept {
    return N(real::floor(x.root()));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N ceil(const N& x) noexcept {
    return N(real::ceil(x.root()));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N round(const N& x) noexcept {
    return N(real::round(x.root()));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N trunc(const N& x) noexcept {
    return N(real::trunc(x.root()));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N rint(const N& x) noexcept {
    return N(real::rint(x.root()));
}

/// 1, 0 or -1: the sign, which is 0 at 0.
template <class P, class S> WARPX_INLINE WARPX_HOST_DEVICE P sign_of(const S& s) noexcept {
    return s > 0 ? P(1) : s < 0 ? P(-1) : P(0);
}
/// 0 at 0.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fabs(const N& x) noexcept {
    return N::chain(real::fabs(x.primal()), x, real::sign_of<partial_t<N>>(x.root()));
}
/// To x: 1 or -1, and 0 at 0. To y: 0.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N copysign(const N& x, const N& y) noexcept {
    return real::copysign(x, y.root());
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N copysign(const N& x, typename N::plain y) noexcept {
    const auto slope = real::copysign(typename N::plain(1), y) * real::sign_of<typename N::plain>(x.root());
    return N::chain(real::copysign(x.primal(), y), x, partial_t<N>(slope));
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N copysign(typename N::plain x, const N& y) noexcept {
    return N(real::copysign(x, y.root()));
}

/// The slopes of x^y. To x: y x^(y - 1), and 0 where y is 0. To y: x^y log(x), and 0 where x is 0 and y is
/// not negative (0^y does not move). For x < 0 the second is NaN: x^y exists for integers y only, so an
/// integer exponent should be an integer, or a constant.
template <class P, class Y> WARPX_INLINE WARPX_HOST_DEVICE P pow_slope_x(const P& x, const Y& y) noexcept {
    return real::either<P>(real::root_of(y) == 0, P(0), P(y * real::pow(x, y - 1)));
}
template <class P, class X>
WARPX_INLINE WARPX_HOST_DEVICE P pow_slope_y(const P& v, const X& x, const P& y) noexcept {
    const bool still = real::root_of(x) == 0 && real::root_of(y) >= 0;
    return real::either<P>(still, P(0), P(v * real::log(real::either<X>(still, X(1), x))));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(const N& x, const N& y) noexcept {
    using P = partial_t<N>;
    const auto v = real::pow(x.primal(), y.primal());
    const P to_x = real::pow_slope_x<P>(real::at(x), real::at(y));
    const P to_y = real::pow_slope_y<P>(P(v), real::at(x), real::at(y));
    return N::chain(v, real::steep(v, x, to_x), P(1), real::steep(v, y, to_y), P(1));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(const N& x, typename N::plain y) noexcept {
    using P = partial_t<N>;
    return real::steep(real::pow(x.primal(), y), x,
                       real::pow_slope_x<P>(real::at(x), static_cast<real::root_t<P>>(y)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N pow(typename N::plain x, const N& y) noexcept {
    using P = partial_t<N>;
    const auto v = real::pow(x, y.primal());
    return real::steep(v, y, real::pow_slope_y<P>(P(v), static_cast<real::root_t<P>>(x), real::at(y)));
}

/// A quotient that is 0 where the divisor is.
template <class P, class S> WARPX_INLINE WARPX_HOST_DEVICE P over(const S& a, const P& b) noexcept {
    const bool zero = real::root_of(b) == 0;
    return real::either<P>(zero, P(0), P(a / real::either<P>(zero, P(1), b)));
}
/// 0 at the origin, as the slope of fabs at 0 and of PyTorch's abs of a complex number.
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(const N& x, const N& y) noexcept {
    const auto v = real::hypot(x.primal(), y.primal());
    const partial_t<N> p(v);
    return N::chain(v, x, real::over(real::at(x), p), y, real::over(real::at(y), p));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(const N& x, typename N::plain y) noexcept {
    const auto v = real::hypot(x.primal(), y);
    return N::chain(v, x, real::over(real::at(x), partial_t<N>(v)));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N hypot(typename N::plain x, const N& y) noexcept {
    return real::hypot(y, x);
}

/// The slopes of atan2(y, x), x / (x^2 + y^2) and -y / (x^2 + y^2), without overflow on the way. 0 at the
/// origin, as PyTorch's angle of a complex number.
template <class P> struct turning {
    P to_y, to_x;
    WARPX_INLINE WARPX_HOST_DEVICE turning(const P& y, const P& x) noexcept {
        const auto a = real::fabs(real::root_of(x)), b = real::fabs(real::root_of(y));
        const P large = real::either<P>(a >= b, x, y), small = real::either<P>(a >= b, y, x);
        const P t = real::over(small, large);
        const P r = real::over(1 / (1 + t * t), large);
        to_y = real::either<P>(a >= b, r, t * r);
        to_x = -real::either<P>(a >= b, t * r, r);
    }
};
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(const N& y, const N& x) noexcept {
    const turning<partial_t<N>> slope(real::at(y), real::at(x));
    return N::chain(real::atan2(y.primal(), x.primal()), y, slope.to_y, x, slope.to_x);
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(const N& y, typename N::plain x) noexcept {
    const turning<partial_t<N>> slope(real::at(y), partial_t<N>(x));
    return N::chain(real::atan2(y.primal(), x), y, slope.to_y);
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N atan2(typename N::plain y, const N& x) noexcept {
    const turning<partial_t<N>> slope(partial_t<N>(y), real::at(x));
    return N::chain(real::atan2(y, x.primal()), x, slope.to_x);
}

/// To x: 1. To y: minus the integer n in fmod(x, y) = x - n y. At the steps too.
template <class S> WARPX_INLINE WARPX_HOST_DEVICE S turns(S x, S y) noexcept {
    return real::rint((x - real::fmod(x, y)) / y);
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(const N& x, const N& y) noexcept {
    using P = partial_t<N>;
    return N::chain(real::fmod(x.primal(), y.primal()), x, P(1), y, P(-real::turns(x.root(), y.root())));
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(const N& x, typename N::plain y) noexcept {
    return N::shifted(real::fmod(x.primal(), y), x);
}
template <differentiable N> WARPX_INLINE WARPX_HOST_DEVICE N fmod(typename N::plain x, const N& y) noexcept {
    return N::chain(real::fmod(x, y.primal()), y, partial_t<N>(-real::turns(x, y.root())));
}

template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, const N& y, const N& z) noexcept {
    using P = partial_t<N>;
    const auto v = real::fma(x.primal(), y.primal(), z.primal());
    return N::chain(v, N::chain(v, x, real::at(y), y, real::at(x)), P(1), z, P(1));
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, const N& y, typename N::plain z) noexcept {
    return N::chain(real::fma(x.primal(), y.primal(), z), x, real::at(y), y, real::at(x));
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, typename N::plain y, const N& z) noexcept {
    using P = partial_t<N>;
    return N::chain(real::fma(x.primal(), y, z.primal()), x, P(y), z, P(1));
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, const N& y, const N& z) noexcept {
    return real::fma(y, x, z);
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(const N& x, typename N::plain y, typename N::plain z) noexcept {
    return N::chain(real::fma(x.primal(), y, z), x, partial_t<N>(y));
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, const N& y, typename N::plain z) noexcept {
    return real::fma(y, x, z);
}
template <differentiable N>
WARPX_INLINE WARPX_HOST_DEVICE N fma(typename N::plain x, typename N::plain y, const N& z) noexcept {
    return N::shifted(real::fma(x, y, z.primal()), z);
}

} // namespace warpx::detail::real
