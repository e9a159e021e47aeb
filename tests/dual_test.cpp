// SPDX-License-Identifier: Apache-2.0
// dual_test.cpp: dual numbers: arithmetic, constants, conversions, and what is made of them.
#include <warpx/dual.hpp>
#include <warpx/math.hpp>
#include <warpx/quat.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstring>

using namespace warpx;

namespace {

using D = dual<double>;
using F = dual<float>;
template <class A, class B> constexpr bool same = std::is_same_v<A, B>;

/// The derivative along one direction against central differences.
template <class G> void check(const G& g, double x) {
    const auto central = [&](double h) { return (g(D(x + h)).v - g(D(x - h)).v) / (2 * h); };
    const double want = (4 * central(5e-4) - central(1e-3)) / 3;
    CHECK(g(D(x, 1.0)).d.x == Approx(want).epsilon(1e-8).margin(1e-9));
}

} // namespace

TEST_CASE("dual: the value and its derivatives, trivially copyable, constant expressions") {
    static_assert(std::is_trivially_copyable_v<D> && std::is_trivially_default_constructible_v<D>);
    static_assert(sizeof(D) == 16 && sizeof(F) == 8 && sizeof(dual<float, 4>) == 20);
    static_assert(F{}.v == 0 && F{}.d.x == 0);
    static_assert((F(3.0f, 1.0f) * F(3.0f, 1.0f)).d.x == 6);
    static_assert((1 / F(2.0f, 1.0f)).d.x == -0.25f);
    static_assert(F::directions == 1 && dual<double, 3>::directions == 3);
    constexpr dual<double, 3> x(2, vec3d(1, 2, 3)), y(4, vec3d(0, -1, 1));
    static_assert((x * y).v == 8 && (x * y).d == vec3d(4, 6, 14));
    static_assert((x + y).d == vec3d(1, 1, 4) && (x - y).d == vec3d(1, 3, 2));
    static_assert((x / y).d == (vec3d(1, 2, 3) * 4.0 - vec3d(0, -1, 1) * 2.0) / 16.0);
    static_assert((-x).d == vec3d(-1, -2, -3) && (+x).d == x.d);
}

TEST_CASE("dual: assignments change the variable") {
    D x(2, 1.0);
    x += D(1, 3.0);
    CHECK((x.v == 3 && x.d.x == 4));
    x -= D(1, 1.0);
    CHECK((x.v == 2 && x.d.x == 3));
    x *= D(2, 1.0);
    CHECK((x.v == 4 && x.d.x == 8));
    x /= D(2, 0.0);
    CHECK((x.v == 2 && x.d.x == 4));
    x += 1;
    x -= 1.0f;
    x *= 3u;
    x /= half(2);
    CHECK((x.v == 3 && x.d.x == 6));
    x = 7;
    CHECK((x.v == 7 && x.d.x == 0));
    x = D(1, 1.0);
    x += x;
    x *= x;
    CHECK((x.v == 4 && x.d.x == 8));
}

TEST_CASE("dual: constants keep the type of the number; two precisions meet in the wider") {
    static_assert(same<decltype(F() * 2.0), F> && same<decltype(2.0 * F()), F>);
    static_assert(same<decltype(F() + 1), F> && same<decltype(uint64_t(1) - F()), F>);
    static_assert(same<decltype(F() / half()), F> && same<decltype(bfloat16() * D()), D>);
    static_assert(same<decltype(F() * D()), D> && same<decltype(D() - F()), D>);
    static_assert(same<decltype(true ? F() : 1.0f), F>);
    CHECK((F(2.0f, 3.0f) * D(4, 5.0)).d.x == 22);
    CHECK((F(2.0f, 3.0f) * 0.1).v == 2.0f * 0.1f);
    static_assert(std::is_convertible_v<F, D> && !std::is_convertible_v<D, F>);
    static_assert(std::is_constructible_v<F, D>);
}

TEST_CASE("dual: comparisons are those of the values, with constants as C++ compares them") {
    const F x(0.1f, 1.0f);
    CHECK((x == F(0.1f, 7.0f) && x != F(0.2f) && x < F(0.2f) && x <= F(0.1f) && x > F(0) && x >= F(0.1f)));
    CHECK((x > 0 && x < 1 && 0 < x && 1 > x && x >= 0.1f && 0.1f <= x && x != 0 && 0 != x));
    CHECK(x > 0.1); // float(0.1) is the larger
    CHECK_FALSE(x == 0.1);
    const F nan(NAN, 1.0f);
    CHECK_FALSE((nan == nan || nan < nan || nan >= 0));
    CHECK((isnan(nan) && isinf(F(INFINITY)) && isfinite(x)));
}

TEST_CASE("dual: to integers said aloud, as a condition") {
    const D x(-3.7, 1.0);
    CHECK(static_cast<int64_t>(x) == -3);
    CHECK(static_cast<int>(floor(x)) == -4);
    CHECK(static_cast<bool>(x));
    CHECK_FALSE(std::is_convertible_v<D, int>);
    CHECK_FALSE(std::is_convertible_v<D, double>);
    CHECK((D(0.0, 1.0) ? 1 : 2) == 2);
}

TEST_CASE("dual: vectors") {
    using V = vec<D, 3>;
    static_assert(same<decltype(V() * 2.0f), V> && same<decltype(vec3f() * D()), V> &&
                  same<decltype(F() * vec3f()), vec<F, 3>>);
    static_assert(same<decltype(V() + vec3f()), V> && same<decltype(vec<F, 3>() * vec3d()), vec<F, 3>>);
    static_assert(same<decltype(dot(V(), vec3f())), D> && same<decltype(length(V())), D>);
    check([](D x) { return sum(V(x, x * x, 1) * vec3f(1, 2, 3) / vec3d(2, x.v * 0 + 1, 1)); }, 0.7);
    check([](D x) { return dot(normalize(V(x, 1, 2)), cross(V(x, x, 1), vec3d(1, 0, 2))); }, 0.7);
    check([](D x) { return distance(V(x, 1, 2), vec3f(3, 1, 1)) + length_squared(V(x, x, x)); }, 0.7);
    check([](D x) { return sum(reflect(V(x, 1, 2), vec3d(0, 1, 0)) + reflect(vec3d(1, 2, 3), V(x, 1, 0))); },
          0.7);
    check(
        [](D x) {
            auto v = vec3f(1, 2, 3) * x + x * vec3f(1, 1, 1) - vec3f(1, 2, 3) / x;
            v += V(x, 1, x);
            v += vec3f(1, 2, 3);
            v -= v * 0.5;
            v *= x;
            v /= 3;
            v.y += x;
            v[2] *= x;
            return sum(v);
        },
        0.7);
    check(
        [](D x) {
            vec<D, 6> w(x);
            w[3] = x * x;
            w += w;
            w -= vec<double, 6>(0.5);
            return sum(sqrt(w)) + dot(w, w);
        },
        0.7);
    check(
        [](D x) {
            return sum(select(vec<bool, 3>(true, false, true), V(x, x, x), vec3d(1, 2, 3))) +
                   sum(min(V(x, 1, 2), 0.5)) + sum(select(x > 0, V(x, x, 1), V(1, 2, 3))) +
                   sum(pow(V(x, 1, 2), vec3f(2, 3, 1))) + sum(lerp(V(x, 1, 2), vec3f(3, 1, 1), x));
        },
        0.7);
}

TEST_CASE("dual: matrices") {
    using M = mat<D, 3, 3>;
    check(
        [](D x) {
            M m(x, 1, 2, x * x, 3, 1, 0, 1, x);
            m += mat33f::identity() * x;
            m -= transpose(m) * 0.25;
            const auto v = m * vec3d(1, 2, 3) + vec3f(1, 1, 2) * m + mat33d::identity() * vec<D, 3>(x, 1, x);
            return determinant(m) + trace(inverse(m) * mat33d(1, 2, 3, 4, 5, 6, 7, 8, 9)) + sum(v) +
                   sum(diagonal(m * m / x)) + trace(outer(v, vec3f(1, 2, 3))) + sum(skew(v) * v) +
                   trace(diag(v));
        },
        0.7);
    check(
        [](D x) {
            mat<D, 4, 4> m;
            for (int r = 0; r < 4; ++r)
                for (int c = 0; c < 4; ++c) m(r, c) = sin(x * (r + 2 * c)) + (r == c ? 3 : 0);
            mat<D, 2, 2> n(x, 1, 2, x);
            return determinant(m) + trace(inverse(m)) + trace(inverse(n));
        },
        0.7);
    check(
        [](D x) { // by elimination with pivots
            mat<D, 5, 5> m;
            for (int r = 0; r < 5; ++r)
                for (int c = 0; c < 5; ++c) m(r, c) = sin(x * 0.2 * (r + 2 * c + r * c)) + (r == c ? 5 : 0);
            m(0, 0) = x * 0.01;
            return determinant(m) + trace(inverse(m));
        },
        0.7);
}

TEST_CASE("dual: quaternions") {
    check(
        [](D x) {
            const auto q = quat_from_axis_angle(vec3d(0.6, 0, 0.8), x);
            return sum(rotate(q, vec3d(1, 2, 3))) +
                   sum(rotate_inv(quatd(0, 0.6, 0, 0.8), vec<D, 3>(x, 1, 2)));
        },
        0.7);
    check(
        [](D x) {
            const auto q = normalize(quat<D>(x, 1, x * x, 2) * quatf(1, 2, 3, 4) * x);
            const auto turn = quat_to_axis_angle(q);
            return quat_from_matrix(quat_to_matrix(q)).w + turn.angle + sum(turn.axis) +
                   length(q + quatd(1, 2, 3, 4)) + (conj(q) - inverse(q * 2)).x + (quatf::identity() * x).w +
                   dot(q, quatd(1, 2, 3, 4) / x);
        },
        0.7);
    check(
        [](D x) {
            const auto b = quat_from_axis_angle(vec3d(0, 1, 0), 1.0);
            return sum(rotate(slerp(quatd::identity(), b, x), vec3f(1, 2, 3))) +
                   slerp(quat_from_axis_angle(vec3d(1, 0, 0), x), b, 0.3f).w;
        },
        0.7);
}

TEST_CASE("dual: complex numbers, the parts as two real variables") {
    using C = complex<D>;
    using plain = complex<double>;
    const auto both = [](const auto& f) {
        for (const double a : {0.0, 0.5, -0.5})
            for (const double b : {0.3, -0.3, 0.0}) {
                CAPTURE(a, b);
                if (b == 0 && a <= 0) continue; // the cut
                check(
                    [&](D t) {
                        const auto z = f(C(a + t, b + 0.5 * t));
                        return real(z) + 2 * imag(z);
                    },
                    0);
            }
    };
    both([](const C& z) { return z * z + z / C(1, z.imag()) - C(2, 1) / z; });
    both([](const C& z) {
        return z * plain(1, 2) + plain(2, 1) / z + plain(1, 1) * z.real() + 1.0f / z - z * 2;
    });
    both([](const C& z) { return z / plain(2, 0) + z / C(1, z.imag() - z.imag()); });
    both([](const C& z) { return exp(z) + sin(z) + cos(z) + tan(z) + sinh(z) + cosh(z) + tanh(z); });
    both([](const C& z) { return log(z) + log10(z) + sqrt(z) + conj(z) * z; });
    both([](const C& z) { return pow(z, 3) + pow(z, plain(1, 2)) + pow(2.0, z) + pow(z, z.imag()); });
    both([](const C& z) { return C(abs(z), arg(z)) + C(norm(z), 0) + polar(z.real(), z.imag()); });
    both([](const C& z) {
        C w = z;
        w += z;
        w *= plain(1, 1);
        w -= 1;
        w /= z.real() + 3;
        return w;
    });
    // z^n at 0 has the derivative n z^(n - 1), as in PyTorch.
    check(
        [](D t) {
            const auto z = pow(C(t, 0.5 * t), 1);
            return real(z) + 2 * imag(z);
        },
        0);
    check(
        [](D t) {
            const auto z = pow(C(t, 0.5 * t), 2);
            return real(z) + 2 * imag(z);
        },
        0);
    // On the cut, from the side that the sign of the zero says: i / 2 for sqrt at -1 + 0i, along the real
    // axis.
    const auto root = sqrt(C(D(-1, 1.0), D(0.0)));
    CHECK(root.imag().d.x == Approx(-0.5));
    const auto across = sqrt(C(D(-1), D(0, 1.0)));
    CHECK(across.real().d.x == Approx(0.5));
    CHECK(sqrt(C(D(-1), D(-0.0, 1.0))).real().d.x == Approx(-0.5));
}
