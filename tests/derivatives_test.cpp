// SPDX-License-Identifier: Apache-2.0
// derivatives_test.cpp: the derivative of every function of math.hpp against finite differences, what comes
// out at kinks and poles, and second derivatives.
#include <warpx/dual.hpp>
#include <warpx/math.hpp>
#include <warpx/stop_gradient.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <vector>

using namespace warpx;

namespace {

using D = dual<double>;
constexpr double inf = INFINITY;

/// The derivative of f at x by central differences, extrapolated twice (Richardson).
template <class F> double slope(const F& f, double x) {
    const double h = 1e-2 * std::max(1e-2, std::min(1.0, std::fabs(x)));
    const auto central = [&](double e) { return (f(x + e) - f(x - e)) / (2 * e); };
    const double a = central(h), b = central(h / 2), c = central(h / 4);
    const double ab = (4 * b - a) / 3, bc = (4 * c - b) / 3;
    return (16 * bc - ab) / 15;
}

/// f' of dual numbers, at double precision, at float precision, in three directions, and its own slope: duals
/// of the derivative are compared by the test of second derivatives.
template <class F> void check_slope(const F& f, std::vector<double> points) {
    for (const double x : points) {
        CAPTURE(x);
        const double want = slope([&](double t) { return f(D(t)).v; }, x);
        const D got = f(D(x, 1.0));
        CHECK(got.v == f(D(x)).v);
        CHECK(f(D(x)).d.x == 0);
        CHECK(got.d.x == Approx(want).epsilon(1e-8).margin(1e-9));
        const auto wide = f(dual<double, 3>(x, vec3d(1, -2, 0)));
        CHECK(wide.v == got.v);
        CHECK(wide.d == vec3d(got.d.x, -2 * got.d.x, 0));
    }
}
template <class F> void check_float(const F& f, std::vector<double> points) {
    for (const double x : points) {
        CAPTURE(x);
        const double want = f(D(double(float(x)), 1.0)).d.x;
        CHECK(f(dual<float>(float(x), 1.0f)).d.x == Approx(want).epsilon(2e-5).margin(1e-5));
    }
}

} // namespace

#define CHECK_UNARY(function, ...)                                                                           \
    SECTION(#function) {                                                                                     \
        const auto f = [](const auto& x) { return warpx::function(x); };                                     \
        check_slope(f, {__VA_ARGS__});                                                                       \
        check_float(f, {__VA_ARGS__});                                                                       \
    }

TEST_CASE("derivatives: functions of one number"){
    CHECK_UNARY(sqrt, 0.01, 0.7, 1, 30) CHECK_UNARY(rsqrt, 0.01, 0.7, 1, 30) CHECK_UNARY(cbrt, -20, -0.7,
                                                                                         0.03, 1, 30)
        CHECK_UNARY(exp, -3, -0.1, 0, 2) CHECK_UNARY(exp2, -3, -0.1, 0, 2) CHECK_UNARY(exp10, -3, -0.1, 0, 2)
            CHECK_UNARY(expm1, -10, -3, -0.1, 0, 2) CHECK_UNARY(log, 0.05, 0.7, 1, 30)
                CHECK_UNARY(log2, 0.05, 0.7, 1, 30) CHECK_UNARY(log10, 0.05, 0.7, 1,
                                                                30) CHECK_UNARY(log1p, -0.9, -0.1, 0, 0.7, 30)
                    CHECK_UNARY(sin, -3, -0.1, 0, 2) CHECK_UNARY(cos, -3, -0.1, 0, 2) CHECK_UNARY(tan, -1.2,
                                                                                                  -0.1, 0, 1)
                        CHECK_UNARY(asin, -0.9, -0.1, 0, 0.5) CHECK_UNARY(acos, -0.9, -0.1, 0, 0.5)
                            CHECK_UNARY(atan, -9, -0.1, 0, 2) CHECK_UNARY(sinh, -3, -0.1, 0,
                                                                          2) CHECK_UNARY(cosh, -3, -0.1, 0, 2)
                                CHECK_UNARY(tanh, -3, -0.1, 0, 2) CHECK_UNARY(asinh, -9, -0.1, 0, 2)
                                    CHECK_UNARY(acosh, 1.2, 3, 20) CHECK_UNARY(atanh, -0.9, -0.1, 0, 0.5)
                                        CHECK_UNARY(erf, -2, -0.1, 0, 1.5) CHECK_UNARY(erfc, -2, -0.1, 0, 1.5)
                                            CHECK_UNARY(tgamma, -1.6, -0.4, 0.3, 1, 1.46,
                                                        4.5) CHECK_UNARY(lgamma, -1.6, -0.4, 0.3, 1, 2.5, 40)
                                                CHECK_UNARY(floor, -1.6, -0.4, 0.3,
                                                            7.5) CHECK_UNARY(ceil, -1.6, -0.4, 0.3, 7.5)
                                                    CHECK_UNARY(trunc, -1.6, -0.4, 0.3,
                                                                7.5) CHECK_UNARY(round, -1.6, -0.4, 0.3, 7.3)
                                                        CHECK_UNARY(rint, -1.6, -0.4, 0.3, 7.3)
                                                            CHECK_UNARY(abs, -1.6, -0.4, 0.3, 7.3)
                                                                CHECK_UNARY(sign, -1.6, -0.4, 0.3, 7.3)
                                                                    CHECK_UNARY(radians, -1.6, 0, 200)
                                                                        CHECK_UNARY(degrees, -1.6, 0, 200)}

TEST_CASE("derivatives: sincos, and into its own argument") {
    const auto [s, c] = sincos(D(0.7, 2.0));
    CHECK(s.d.x == Approx(2 * std::cos(0.7)));
    CHECK(c.d.x == Approx(-2 * std::sin(0.7)));
    D x(0.7, 2.0), y;
    detail::real::sincos(x, x, y);
    CHECK(x.v == s.v);
    CHECK(x.d == s.d);
    CHECK(y.d == c.d);
}

// f(x, y) with x, y or both moving; then with one of them a constant: a plain double, float or int.
template <class F> void check_two(const F& f, double x, double y) {
    CAPTURE(x, y);
    check_slope([&](const auto& t) { return f(t, t * (y / x)); }, {x});
    check_slope([&](const auto& t) { return f(t, y); }, {x});
    check_slope([&](const auto& t) { return f(x, t); }, {y});
    CHECK(f(D(x, 1.0), D(y)).d.x == Approx(f(D(x, 1.0), y).d.x).epsilon(1e-14));
    CHECK(f(D(x), D(y, 1.0)).d.x == Approx(f(x, D(y, 1.0)).d.x).epsilon(1e-14));
    CHECK(f(dual<float>(float(x), 1.0f), float(y)).d.x ==
          Approx(f(D(float(x), 1.0), float(y)).d.x).epsilon(1e-4));
    static_assert(std::is_same_v<decltype(f(dual<float>(), 1.0)), dual<float>>); // a constant has no type
    static_assert(std::is_same_v<decltype(f(half(), dual<double>())), dual<double>>);
    static_assert(std::is_same_v<decltype(f(dual<float>(), dual<double>())), dual<double>>);
}

TEST_CASE("derivatives: functions of two numbers") {
    for (const double x : {0.3, 1.0, 2.5}) {
        for (const double y : {0.4, 1.0, 3.2}) {
            check_two([](const auto& a, const auto& b) { return pow(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return pow(a, -b); }, x, y);
        }
    }
    for (const double x : {-0.3, 1.0, -2.5, 2.6}) {
        for (const double y : {0.4, -1.1, 3.2}) {
            check_two([](const auto& a, const auto& b) { return atan2(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return hypot(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return copysign(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return min(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return max(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return step(a, b); }, x, y);
            check_two([](const auto& a, const auto& b) { return a * b + a / b - b / a - (a - b) * 3; }, x, y);
        }
    }
    const auto remainder = [](const auto& a, const auto& b) { return fmod(a, b); };
    check_slope([&](const auto& t) { return remainder(t, 0.7); }, {-3.2, -0.3, 0.2, 3.3});
    check_slope([&](const auto& t) { return remainder(3.3, t); }, {-3.2, -0.7, 0.35, 3.1, 4});
    check_slope([&](const auto& t) { return remainder(t * t, t); }, {-3.2, -0.7, 0.37, 3.1});
}

TEST_CASE("derivatives: functions of three numbers, every mixture") {
    const auto all = [](const auto& f, double x, double y, double z) {
        CAPTURE(x, y, z);
        check_slope([&](const auto& t) { return f(t, y, z); }, {x});
        check_slope([&](const auto& t) { return f(x, t, z); }, {y});
        check_slope([&](const auto& t) { return f(x, y, t); }, {z});
        check_slope([&](const auto& t) { return f(t, t * (y / x), z); }, {x});
        check_slope([&](const auto& t) { return f(t, y, t * (z / x)); }, {x});
        check_slope([&](const auto& t) { return f(x, t, t * (z / y)); }, {y});
        check_slope([&](const auto& t) { return f(t, t * (y / x), t * (z / x)); }, {x});
    };
    all([](const auto& x, const auto& y, const auto& z) { return fma(x, y, z); }, 0.3, -1.2, 2.1);
    all([](const auto& x, const auto& y, const auto& z) { return lerp(x, y, z); }, 0.3, -1.2, 2.1);
    for (const double x : {0.3, 0.9, 1.7})
        all([](const auto& v, const auto& low, const auto& high) { return clamp(v, low, high); }, x, 0.5,
            1.5);
    for (const double x : {0.3, 0.9, 1.1, 1.7})
        all([](const auto& v, const auto& low, const auto& high) { return smoothstep(low, high, v); }, x, 0.5,
            1.5);
}

TEST_CASE("derivatives: a constant exponent costs no logarithm, an integer one is right below zero") {
    CHECK(pow(D(-2, 1.0), 3).v == -8);
    CHECK(pow(D(-2, 1.0), 3).d.x == 12);
    CHECK(pow(D(-2, 1.0), D(3.0)).d.x == 12); // a variable that does not move
    CHECK(pow(D(0, 1.0), 2).d.x == 0);
    CHECK(pow(D(0, 1.0), 1).d.x == 1);
    CHECK(pow(D(0, 1.0), 0).d.x == 0);
    CHECK(pow(D(0, 1.0), 0.5).d.x == inf);
    CHECK(pow(D(0, 1.0), -1).d.x == -inf);
    CHECK(pow(D(0.0), 0.5).d.x == 0);
    CHECK(std::isnan(pow(D(-2), D(3, 1.0)).d.x));
    CHECK(pow(0.0, D(2, 1.0)).d.x == 0);
    CHECK(pow(0.0, D(0, 1.0)).d.x == 0);
    CHECK(pow(D(0, 1.0), D(1, 1.0)).d.x == 1);
}

TEST_CASE("derivatives: kinks, poles and infinite slopes") {
    CHECK(sqrt(D(0, 1.0)).d.x == inf);
    CHECK(sqrt(D(0.0)).d.x == 0); // a constant stays one: no 0 * infinity
    CHECK(cbrt(D(0, 1.0)).d.x == inf);
    CHECK(cbrt(D(0.0)).d.x == 0);
    CHECK(asin(D(1, 1.0)).d.x == inf);
    CHECK(acos(D(1, 1.0)).d.x == -inf);
    CHECK(asin(D(1)).d.x == 0);
    CHECK(acosh(D(1, 1.0)).d.x == inf);
    CHECK(log(D(0, 1.0)).d.x == inf);
    CHECK(rsqrt(D(0, 1.0)).d.x == -inf);
    CHECK(abs(D(0, 1.0)).d.x == 0);
    CHECK(sign(D(0, 1.0)).d.x == 0);
    CHECK(std::signbit(sign(D(-0.0, 1.0)).v));
    CHECK(copysign(D(0, 1.0), -1).d.x == 0);
    CHECK(std::signbit(copysign(D(0, 1.0), -1).v));
    CHECK(hypot(D(0, 1.0), 0.0).d.x == 0);
    CHECK(hypot(D(0, 1.0), D(0, 1.0)).d.x == 0);
    CHECK(atan2(D(0, 1.0), D(0, 1.0)).d.x == 0);
    CHECK(atan2(D(0, 1.0), D(-1.0)).d.x == -1);
    CHECK(atan2(D(1e-200, 1.0), 1e-200).d.x == Approx(0.5e200));
    CHECK(hypot(D(3e200, 1.0), 4e200).d.x == Approx(0.6));
    CHECK(fmod(D(3, 1.0), 1.5).d.x == 1);
    CHECK(fmod(3.0, D(1.5, 1.0)).d.x == -2);
    CHECK(floor(D(3, 1.0)).d.x == 0);
    // To the argument that is returned: the first where both are equal.
    CHECK(min(D(1, 1.0), D(1, 5.0)).d.x == 1);
    CHECK(max(D(1, 1.0), D(1, 5.0)).d.x == 1);
    CHECK(clamp(D(1, 1.0), 1, 2).d.x == 1);
    CHECK(clamp(D(2, 1.0), 1, 2).d.x == 1);
    CHECK(select(true, D(1, 1.0), D(1, 5.0)).d.x == 1);
    CHECK(select(false, D(1, 1.0), 2).d.x == 0);
    CHECK(select(true, D(1, 1.0), 2).d.x == 1);
    CHECK(lgamma(D(0, 1.0)).d.x == -inf);
    CHECK(length(vec<D, 3>(D(0, 1.0), 0, 0)).d.x == 0);
    const auto n = normalize(vec<D, 2>(D(0, 1.0), 0));
    CHECK(n == vec<D, 2>(0, 0));
    CHECK(n.x.d.x == 0);
    CHECK(abs(complex<D>(D(0, 1.0), D(0))).d.x == 0);
    CHECK(arg(complex<D>(D(0, 1.0), D(0))).d.x == 0);
    CHECK(sqrt(complex<D>(D(0, 1.0), D(0))).real().d.x == inf);
}

TEST_CASE("digamma and trigamma") {
    using detail::real::digamma;
    using detail::real::trigamma;
    const double euler = 0.57721566490153286061, pi2 = 9.86960440108935861883;
    // DLMF 5.4.12 to 5.4.15, 5.15.3; and mpmath 1.3 at 30 digits.
    CHECK(digamma(1.0) == Approx(-euler).epsilon(1e-14));
    CHECK(digamma(0.5) == Approx(-euler - 2 * std::log(2.0)).epsilon(1e-14));
    CHECK(digamma(2.0) == Approx(1 - euler).epsilon(1e-14));
    CHECK(digamma(-0.5) == Approx(2 - euler - 2 * std::log(2.0)).epsilon(1e-13));
    CHECK(digamma(-10.5) == Approx(digamma(11.5)).epsilon(1e-14)); // cot(-10.5 pi) = 0
    CHECK(std::fabs(digamma(1.4616321449683623413)) < 1e-15);
    CHECK(digamma(100.0) == Approx(4.600161852738087400).epsilon(1e-15));
    CHECK(digamma(1e-8) == Approx(-1e8 - euler).epsilon(1e-15));
    CHECK(digamma(0.0) == -inf);
    CHECK(digamma(-0.0) == inf);
    CHECK(std::isnan(digamma(-3.0)));
    CHECK(digamma(inf) == inf);
    CHECK(std::isnan(digamma(double(NAN))));
    CHECK(digamma(0.5f) == Approx(digamma(0.5)).epsilon(1e-7));
    CHECK(trigamma(1.0) == Approx(pi2 / 6).epsilon(1e-14));
    CHECK(trigamma(0.5) == Approx(pi2 / 2).epsilon(1e-14));
    CHECK(trigamma(-0.5) == Approx(pi2 / 2 + 4).epsilon(1e-14));
    CHECK(trigamma(-2.0) == inf);
    CHECK(trigamma(0.0) == inf);
    CHECK(trigamma(100.0) == Approx(0.010050166663333571395).epsilon(1e-14));
    // The recurrences, over the border of series and sum.
    for (double x = -7.3; x < 15; x += 0.37) {
        CAPTURE(x);
        CHECK(digamma(x + 1) - digamma(x) == Approx(1 / x).epsilon(1e-12).margin(1e-13));
        CHECK(trigamma(x) - trigamma(x + 1) == Approx(1 / (x * x)).epsilon(1e-12).margin(1e-13));
    }
    check_slope([](const auto& x) { return digamma(x); }, {-1.6, 0.3, 2, 9.9, 10.1, 30});
}

// A number like dual whose value is a dual: what the adjoint of duals will be, without the adjoint. Its
// derivative is a dual too, so that x' of x' is the second derivative.
namespace {
struct nested;
}
template <> inline constexpr bool warpx::detail::is_differentiable<nested> = true;

namespace {

struct nested : detail::differentiable_operators<nested> {
    using plain = double;
    using scalar = D;
    using partial = D;

    D v, d;

    nested() = default;
    template <detail::plain_real U> nested(const U& u) : v(u), d(0) {}
    nested(const D& v_, const D& d_) : v(v_), d(d_) {}

    D primal() const { return v; }
    double root() const { return v.v; }
    static nested chain(const D& v, const nested& a, const D& da) { return {v, da * a.d}; }
    static nested chain(const D& v, const nested& a, const D& da, const nested& b, const D& db) {
        return {v, da * a.d + db * b.d};
    }
    static nested shifted(const D& v, const nested& a) { return {v, a.d}; }
    static nested sum(const nested& a, const nested& b) { return {a.v + b.v, a.d + b.d}; }
    static nested difference(const nested& a, const nested& b) { return {a.v - b.v, a.d - b.d}; }
    static nested choose(bool c, const nested& a, const nested& b) { return c ? a : b; }
    template <bool Negative> void accumulate(const nested& b) { *this = Negative ? *this - b : *this + b; }
};

} // namespace

namespace {

template <class F> void check_second(const F& f, std::vector<double> points) {
    for (const double x : points) {
        CAPTURE(x);
        const nested got = f(nested(D(x, 1.0), D(1.0)));
        CHECK(got.v.v == Approx(f(D(x)).v));
        CHECK(got.v.d.x == Approx(f(D(x, 1.0)).d.x).margin(1e-12));
        CHECK(got.d.v == Approx(f(D(x, 1.0)).d.x).margin(1e-12));
        const double want = slope([&](double t) { return f(D(t, 1.0)).d.x; }, x);
        CHECK(got.d.d.x == Approx(want).epsilon(1e-8).margin(1e-9));
    }
}

} // namespace

#define CHECK_SECOND(function, ...)                                                                          \
    SECTION(#function) {                                                                                     \
        check_second([](const auto& x) { return warpx::function(x); }, {__VA_ARGS__});                       \
    }

TEST_CASE("second derivatives") {
    CHECK_SECOND(sqrt, 0.1, 0.7, 30)
    CHECK_SECOND(rsqrt, 0.1, 0.7, 30)
    CHECK_SECOND(cbrt, -0.7, 30)
    CHECK_SECOND(exp, -3, 2)
    CHECK_SECOND(exp2, -3, 2)
    CHECK_SECOND(exp10, -3, 2)
    CHECK_SECOND(expm1, -3, 2)
    CHECK_SECOND(log, 0.3, 30)
    CHECK_SECOND(log2, 0.3, 30)
    CHECK_SECOND(log10, 0.3, 30)
    CHECK_SECOND(log1p, -0.5, 30)
    CHECK_SECOND(sin, -3, 0, 2)
    CHECK_SECOND(cos, -3, 0, 2)
    CHECK_SECOND(tan, -1.2, 0, 1)
    CHECK_SECOND(asin, -0.9, 0.5)
    CHECK_SECOND(acos, -0.9, 0.5)
    CHECK_SECOND(atan, -9, 0.5)
    CHECK_SECOND(sinh, -3, 2)
    CHECK_SECOND(cosh, -3, 2)
    CHECK_SECOND(tanh, -3, 0.2)
    CHECK_SECOND(asinh, -3, 0.2)
    CHECK_SECOND(acosh, 1.5, 20)
    CHECK_SECOND(atanh, -0.5, 0.2)
    CHECK_SECOND(erf, -0.5, 1.2)
    CHECK_SECOND(erfc, -0.5, 1.2)
    CHECK_SECOND(tgamma, -1.6, 0.7, 3.5)
    CHECK_SECOND(lgamma, -1.6, 0.7, 3.5)
    CHECK_SECOND(abs, -1.6, 0.7)
    CHECK_SECOND(floor, -1.6, 0.7)
    SECTION("of two and three") {
        check_second([](const auto& x) { return pow(x, 3) + pow(2.0, x) + pow(x, x) + x / (1 + x) + 2 / x; },
                     {0.7, 2.1});
        check_second([](const auto& x) { return atan2(x, 2) + atan2(2, x) + atan2(x * x, x); }, {0.7, -2.1});
        check_second([](const auto& x) { return hypot(x, 2) + hypot(2, x) + hypot(x * x, x); }, {0.7, -2.1});
        check_second([](const auto& x) { return fmod(x, 0.3) * fmod(2, x) + copysign(x, -1) * x; },
                     {0.7, -2.1});
        check_second(
            [](const auto& x) {
                return fma(x, x, x) + fma(x, 2, x) + fma(x, x, 1) + fma(1, x, x) +
                       fma(1, 2, x) * fma(x, 1, 2) * fma(1, x, 2);
            },
            {0.7, -2.1});
        check_second(
            [](const auto& x) {
                return min(x, x * x) + clamp(x, -1, 1) + smoothstep(0, 1, x) + lerp(x, x * x, x);
            },
            {0.7, -2.1});
        check_second(
            [](const auto& x) {
                using N = std::remove_cvref_t<decltype(x)>;
                return length(vec<N, 3>(x, x * x, 1)) + real(sqrt(complex<N>(x, x * x))) +
                       real(pow(complex<N>(x, x * x), 2.5));
            },
            {0.7, -2.1});
    }
}

TEST_CASE("stop_gradient in every kind") {
    const D x(2, 1.0);
    CHECK(stop_gradient(x).v == 2);
    CHECK(stop_gradient(x).d.x == 0);
    CHECK((x * stop_gradient(x)).d.x == 2);
    CHECK(stop_gradient(vec<D, 2>(x, x)).y.d.x == 0);
    CHECK(stop_gradient(vec<D, 7>(x))[6].d.x == 0);
    CHECK(stop_gradient(mat<D, 2, 2>(x, x, x, x))(1, 1).d.x == 0);
    CHECK(stop_gradient(mat<D, 2, 2>(x, x, x, x))(1, 1).v == 2);
    CHECK(stop_gradient(quat<D>(x, x, x, x)).w.d.x == 0);
    CHECK(stop_gradient(complex<D>(x, x)).imag().d.x == 0);
    static_assert(stop_gradient(2.0f) == 2.0f);
    static_assert(stop_gradient(vec2f(1, 2)) == vec2f(1, 2));
    static_assert(std::is_same_v<decltype(stop_gradient(half())), half>);
}
