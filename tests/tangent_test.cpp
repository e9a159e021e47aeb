// SPDX-License-Identifier: Apache-2.0
// tangent_test.cpp: launch_tangent against finite differences of launch: what a kernel may contain, what an
// element may be, layouts, directions, refusals.
#include <warpx/host/tangent.hpp>
#include <warpx/stop_gradient.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

struct particle {
    vec3d position;
    double mass;
    int64_t kind;
};
WARPX_STRUCT(particle, position, mass, kind);

namespace {

/// An array of doubles (or of what is made of them) and the direction in which it moves.
template <class T> struct field {
    using element = T;
    array<T, 1> x, tx;
};

template <class T> double* numbers(const array<T, 1>& a) {
    return reinterpret_cast<double*>(a.data_handle());
}
template <class T> int64_t count(const array<T, 1>& a) {
    return a.size() * int64_t(sizeof(T) / sizeof(double));
}

template <class T> field<T> moving(int64_t n, unsigned seed) {
    field<T> f{zeros<T>(n), zeros<T>(n)};
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> uniform(0.2, 1.5);
    for (int64_t k = 0; k < count(f.x); ++k) numbers(f.x)[k] = uniform(random);
    for (int64_t k = 0; k < count(f.x); ++k) numbers(f.tx)[k] = uniform(random) - 0.8;
    return f;
}
template <class T> array<T, 1> moved(const field<T>& f, double t) {
    auto y = zeros<T>(f.x.size());
    for (int64_t k = 0; k < count(y); ++k) numbers(y)[k] = numbers(f.x)[k] + t * numbers(f.tx)[k];
    return y;
}

/// Runs K(i, fields..., constants...) with tangents and compares every number of every field, and its
/// tangent, with what launches at shifted arguments give.
template <const auto& K, class... T, class... C>
void check(int64_t dim, const std::tuple<field<T>...>& fields, const C&... constants) {
    const auto at = [&](double t) {
        return std::apply(
            [&](const auto&... f) {
                auto arrays = std::make_tuple(moved(f, t)...);
                std::apply([&](const auto&... a) { launch<K>(dim, a..., constants...); }, arrays);
                return arrays;
            },
            fields);
    };
    const double h = 1e-3;
    const auto up = at(h), down = at(-h), up2 = at(h / 2), down2 = at(-h / 2), here = at(0);
    std::apply(
        [&](const auto&... f) {
            launch_tangent<K>(dim, with_tangent(f.x, f.tx)..., constants...);
            const auto compare = [&](const auto& got, const auto& u, const auto& d, const auto& u2,
                                     const auto& d2, const auto& value) {
                for (int64_t k = 0; k < count(got.x); ++k) {
                    CAPTURE(k);
                    CHECK(numbers(got.x)[k] == Approx(numbers(value)[k]).epsilon(1e-13));
                    const double coarse = (numbers(u)[k] - numbers(d)[k]) / (2 * h);
                    const double fine = (numbers(u2)[k] - numbers(d2)[k]) / h;
                    CHECK(numbers(got.tx)[k] == Approx((4 * fine - coarse) / 3).epsilon(1e-6).margin(1e-8));
                }
            };
            [&]<size_t... I>(std::index_sequence<I...>) {
                (compare(f, std::get<I>(up), std::get<I>(down), std::get<I>(up2), std::get<I>(down2),
                         std::get<I>(here)),
                 ...);
            }(std::index_sequence_for<T...>());
        },
        fields);
}

constexpr auto saxpy = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto branches = [](auto i, auto x, auto y) {
    auto t = x[i];
    if (t > 1) {
        y[i] = sin(t) * y[i];
        return;
    }
    switch (int64_t(i) % 3) {
    case 0:
        t *= 2;
        break;
    case 1:
        t = t * t - 0.5;
        break;
    default:
        t /= y[i];
    }
    y[i] = t > 0.3 ? t * y[i] : y[i] / (t + 2);
};
constexpr auto loops = [](auto i, auto x, auto y) {
    auto v = x[i];
    for (int64_t k = 0; k <= int64_t(i) % 5; ++k) v = v - 0.1 * (v * v - y[i]);
    int turns = 0;
    while (v < 3 && turns++ < 7) v *= 1.5;
    decltype(x[i] * y[i]) local[4] = {v, x[i], y[i], 1.0};
    for (int k = 1; k < 4; ++k) local[k] += local[k - 1] * 0.5;
    y[i] = local[3];
};
constexpr auto gathers = [](auto i, auto x, auto y, auto index) {
    auto s = y.zero();
    for (int k = 0; k < 3; ++k) s += x[index[i] + k] * (k + 1);
    y[i] = s * x[static_cast<int64_t>(i)];
};
constexpr auto scatter = [](auto i, auto x, auto y) {
    const int64_t n = y.extent(0);
    y[(int64_t(i) * 3 + 1) % n] = x[i] * x[i];
    x[i] = 2.0; // a constant: the tangent becomes 0
};
constexpr auto atomics = [](auto i, auto x, auto y, auto v) {
    atomic_add(y, int64_t(i) % 2, x[i] * x[i]);
    atomic_sub(y, 2, x[i]);
    atomic_add(v, 0, v.zero() + x[i] * vec3d(1, 2, 3));
    atomic_add(v, i, vec3d(1, 0, 1));
    atomic_add(y, 3, 0.5);
};
constexpr auto in_place = [](auto i, auto x) {
    x[i] *= x[i];
    x[i] += sin(x[i]);
    x[i] /= 1 + x[i];
    x[i] -= 0.25;
    auto t = x[i];
    x[i] = 0;
    x[i] = t * t + x[i];
};
constexpr auto spring = [](auto i, auto position, auto force, auto pairs, auto stiffness) {
    const int64_t a = pairs(i, 0), b = pairs(i, 1);
    const auto d = position[b] - position[a];
    const auto l = length(d);
    const auto f = d * (stiffness * (l - 1) / l);
    atomic_add(force, a, f);
    atomic_add(force, b, -f);
};
constexpr auto vectors = [](auto i, auto v, auto w, auto s) {
    auto t = v[i] * 2.0 + w[i];
    t += v[i];
    t -= vec3d(0, 1, 0) * s[i];
    w[i] = cross(t, w[i]) * s[i];
    w[i].x += 3 * v[i].y;
    w[i][1] = dot(v[i], w[i]);
    v[i] *= s[i];
    if (i > 0) v[i].z *= sqrt(s[i]);
    auto named = w[i];
    named.x = 7;
    s[i] = normalize(w[i] + vec3d(1, 1, 1)).x + named.y - max(v[i].x, v[i].y);
};
constexpr auto complexes = [](auto i, auto z, auto w) {
    auto t = z[i] * w[i] + complex<double>(1, 2) / z[i];
    t += exp(z[i]);
    w[i] = sqrt(t) - conj(t) * z[i].real() + abs(z[i]);
    z[i] *= w[i];
};
constexpr auto quaternions = [](auto i, auto q, auto v) {
    const auto n = normalize(q[i]);
    v[i] = rotate(n, v[i]) + rotate(slerp(n, quatd::identity(), 0.3), vec3d(1, 2, 3));
    q[i] = q[i] * n + conj(q[i]) * 0.5;
    q[i].w += dot(v[i], v[i]);
};
constexpr auto matrices = [](auto i, auto m, auto v) {
    auto a = m[i] + mat33d::identity() * 3.0;
    v[i] = inverse(a) * v[i] + v[i] * a;
    m[i] = a * transpose(m[i]) * determinant(a);
    m[i](0, 1) += v[i].x;
};
constexpr auto structs = [](auto i, auto p, auto y) {
    const auto f = p[i].position * p[i].mass;
    p[i].mass *= 2;
    p[i].position.x += y[i];
    p[i].position = p[i].position + f * 0.1;
    if (p[i].kind == 0) y[i] = length(p[i].position) * p[i].mass;
};
constexpr auto stopped = [](auto i, auto x, auto y) {
    y[i] = stop_gradient(x[i]) * x[i] + stop_gradient(y[i]);
};

struct square {
    static constexpr auto forward = [](auto i, auto x) { x[i] = x[i] * x[i]; };
};

template <class... T> auto all(const field<T>&... f) { return std::tuple<field<T>...>(f...); }

} // namespace

TEST_CASE("tangent: saxpy, branches, loops, in place") {
    check<saxpy>(100, all(moving<double>(100, 1), moving<double>(100, 2)), 0.7);
    check<saxpy>(100, all(moving<double>(100, 1), moving<double>(100, 2)), 2);
    check<branches>(100, all(moving<double>(100, 3), moving<double>(100, 4)));
    check<loops>(100, all(moving<double>(100, 5), moving<double>(100, 6)));
    check<in_place>(100, all(moving<double>(100, 7)));
}

TEST_CASE("tangent: gathers, scatters and atomics with computed places") {
    auto index = zeros<int32_t>(40);
    for (int32_t k = 0; k < 40; ++k) index[k] = (k * 7) % 38;
    check<gathers>(40, all(moving<double>(41, 1), moving<double>(40, 2)), index);
    check<scatter>(40, all(moving<double>(40, 3), moving<double>(40, 4)));
    check<atomics>(30, all(moving<double>(30, 5), moving<double>(4, 6), moving<vec3d>(30, 7)));
    auto pairs = zeros<int32_t>(shape(60, 2));
    for (int32_t k = 0; k < 60; ++k)
        pairs(k, 0) = k % 20, pairs(k, 1) = (k * 3 + 1) % 20 == k % 20 ? 19 - k % 20 : (k * 3 + 1) % 20;
    check<spring>(60, all(moving<vec3d>(20, 8), moving<vec3d>(20, 9)), pairs, 1.3);
}

TEST_CASE("tangent: vectors, complex numbers, quaternions, matrices, structs") {
    check<vectors>(50, all(moving<vec3d>(50, 1), moving<vec3d>(50, 2), moving<double>(50, 3)));
    check<complexes>(50, all(moving<complex<double>>(50, 4), moving<complex<double>>(50, 5)));
    check<quaternions>(50, all(moving<quatd>(50, 6), moving<vec3d>(50, 7)));
    check<matrices>(50, all(moving<mat33d>(50, 8), moving<vec3d>(50, 9)));
}

TEST_CASE("tangent: described structs; their integers are constants") {
    auto p = zeros<particle>(2), tp = zeros<particle>(2);
    auto y = full<double>(2, 1.0), ty = full<double>(2, 1.0);
    p[0] = particle{{3, 0, 4}, 2, 0};
    p[1] = particle{{3, 0, 4}, 2, 1};
    tp[0] = particle{{0, 1, 0}, 1, 0};
    tp[1] = particle{{0, 0, 0}, 0, 5};
    launch_tangent<structs>(2, with_tangent(p, tp), with_tangent(y, ty));
    const particle q = p[0], tq = tp[0];
    // position: (3 + 1, 0, 4) + 0.2 (3, 0, 4); its tangent: (1, 1, 0) + 0.1 (2 (0, 1, 0) + (3, 0, 4)).
    CHECK(q.position.x == Approx(4.6));
    CHECK(tq.position.x == Approx(1.3));
    CHECK(tq.position.y == Approx(1.2));
    CHECK(tq.position.z == Approx(0.4));
    CHECK((q.mass == 4 && tq.mass == 2));
    const double l = std::sqrt(4.6 * 4.6 + 4.8 * 4.8);
    CHECK(y[0] == Approx(l * 4));
    CHECK(ty[0] == Approx((4.6 * 1.3 + 4.8 * 0.4) / l * 4 + l * 2));
    CHECK(y[1] == 1);
    CHECK(ty[1] == 1);
    const particle unmoved = tp[1];
    CHECK(unmoved.kind == 5); // not touched
}

TEST_CASE("tangent: float, half and bfloat16 store rounded what is computed in float") {
    constexpr auto run = []<class T>(T) {
        auto x = full<T>(3, T(1.5)), y = full<T>(3, T(2)), tx = full<T>(3, T(0.5)), ty = full<T>(3, T(0.25));
        launch_tangent<saxpy>(3, with_tangent(x, tx), with_tangent(y, ty), 0.7f);
        CHECK(float(T(y[1])) == float(T(0.7f * 1.5f + 2)));
        CHECK(float(T(ty[1])) == float(T(0.7f * 0.5f + 0.25f)));
        constexpr auto norm = [](auto i, auto v, auto s) { s[i] = length(v[i]) * half(2) + s[i]; };
        auto v = full<vec<T, 3>>(3, vec<T, 3>(2, 1, 2)), tv = full<vec<T, 3>>(3, vec<T, 3>(1, 0, 0.5f));
        launch_tangent(3, norm, with_tangent(v, tv), with_tangent(x, tx));
        CHECK(float(T(x[1])) == 7.5f);
        CHECK(float(T(tx[1])) == Approx(0.5f + 2.0f).epsilon(0.01));
        auto sum = zeros<T>(1), tsum = zeros<T>(1);
        constexpr auto add = [](auto i, auto total, auto e) { atomic_add(total, 0, e[i] * e[i]); };
        launch_tangent(3, add, with_tangent(sum, tsum), with_tangent(y, ty));
        CHECK(float(T(tsum[0])) == Approx(3 * 2 * float(T(y[0])) * float(T(ty[0]))).epsilon(0.02));
    };
    run(float());
    run(half());
    run(bfloat16());
}

TEST_CASE("tangent: two element types of one kernel meet in the wider") {
    constexpr auto mixed = [](auto i, auto x, auto y, auto n) {
        y[i] = x[i] * y[i] + float(n[i]) * x[i] + (n[i] + 1) * 0.5;
    };
    auto x = full<float>(2, 3.0f), tx = full<float>(2, 1.0f);
    auto y = full<double>(2, 5.0), ty = full<double>(2, 2.0);
    auto n = full<int32_t>(2, 4);
    launch_tangent(2, mixed, with_tangent(x, tx), with_tangent(y, ty), n);
    CHECK(y[0] == 15 + 12 + 2.5);
    CHECK(ty[0] == 5 + 6 + 4);
}

TEST_CASE("tangent: several directions in one launch") {
    const auto one = [](int64_t direction) {
        auto x = full<double>(5, 1.5), y = full<double>(5, 2.0), tx = zeros<double>(5), ty = zeros<double>(5);
        for (int64_t k = 0; k < 5; ++k) tx[k] = double(k + direction), ty[k] = double(k * direction);
        launch_tangent<in_place>(5, with_tangent(x, tx));
        launch_tangent<saxpy>(5, with_tangent(x, tx), with_tangent(y, ty),
                              with_tangent(0.7, double(direction)));
        return ty;
    };
    auto x = full<double>(5, 1.5), y = full<double>(5, 2.0);
    auto tx = zeros<double>(shape(3, 5)), ty = zeros<double>(shape(3, 5));
    for (int64_t d = 0; d < 3; ++d)
        for (int64_t k = 0; k < 5; ++k) tx(d, k) = double(k + d), ty(d, k) = double(k * d);
    launch_tangent<in_place>(5, with_tangent<3>(x, tx));
    launch_tangent<saxpy>(5, with_tangent<3>(x, tx), with_tangent<3>(y, ty),
                          with_tangent(0.7, vec3d(0, 1, 2)));
    for (int64_t d = 0; d < 3; ++d) {
        const auto want = one(d);
        for (int64_t k = 0; k < 5; ++k) CHECK(ty(d, k) == Approx(double(want[k])));
    }
    // Directions last in memory, an array of vectors, atomics.
    auto interleaved = zeros<double>(shape(5, 2));
    for (int64_t k = 0; k < 5; ++k) interleaved(k, 0) = 1, interleaved(k, 1) = double(k);
    auto v = full<vec2f>(5, vec2f(1, 2));
    auto tv = zeros<vec2f>(shape(2, 5));
    constexpr auto sums = [](auto i, auto a, auto w) {
        atomic_add(w, 0, vec2f(1, 2) * a[i]);
        if (i > 0) w[i].y *= a[i];
    };
    auto a = full<double>(5, 3.0);
    launch_tangent(5, sums, with_tangent<2>(a, transpose(interleaved)), with_tangent<2>(v, tv));
    CHECK(vec2f(v[0]) == vec2f(16, 32));
    CHECK(vec2f(tv(0, 0)) == vec2f(5, 10));
    CHECK(vec2f(tv(1, 0)) == vec2f(10, 20));
    CHECK(vec2f(tv(1, 3)) == vec2f(0, 6));
    CHECK(vec2f(v[3]) == vec2f(1, 6));
}

TEST_CASE("tangent: any strides, any rank, arrays for reading only, constants") {
    constexpr auto plane = [](auto i, auto x, auto b, auto y) {
        auto [row, col] = i;
        auto t = b[col]; // a constant of the launch, and a variable of the kernel
        t += x(row, col) * x[i];
        y(row, col) = t;
    };
    auto x = zeros<double>(shape(4, 6)), tx = zeros<double>(shape(6, 4)), y = zeros<double>(shape(4, 6)),
         ty = zeros<double>(shape(4, 6));
    auto b = arange<double>(6);
    for (int64_t r = 0; r < 4; ++r)
        for (int64_t c = 0; c < 6; ++c) x(r, c) = double(r + c), tx(c, r) = double(r * c);
    const array<const double, 2> constant_x = x, constant_tx = transpose(tx);
    launch_tangent({4, 6}, plane, with_tangent(constant_x, constant_tx), b, with_tangent(y, ty));
    for (int64_t r = 0; r < 4; ++r)
        for (int64_t c = 0; c < 6; ++c) {
            CHECK(y(r, c) == double((r + c) * (r + c) + c));
            CHECK(ty(r, c) == double(2 * (r + c) * r * c));
        }
    // An array that is written elsewhere, with tangents for reading only.
    constexpr auto copy = [](auto i, auto from, auto to) { to[i] = from[i]; };
    launch_tangent(shape(4, 6), copy, with_tangent(x, constant_tx), with_tangent(y, ty));
    CHECK(ty(3, 5) == 15);
}

TEST_CASE("tangent: scalars and vectors by value") {
    constexpr auto kernel = [](auto i, auto y, auto a, auto v, int n, half h) {
        y[i] = a * v.x + length(v) * float(n) + h;
    };
    auto y = zeros<float>(1), ty = zeros<float>(1);
    launch_tangent(1, kernel, with_tangent(y, ty), with_tangent(2.0f, 1),
                   with_tangent(vec2f(3, 4), vec2f(1, 0)), 2, half(1));
    CHECK(y[0] == 17);
    CHECK(ty[0] == Approx(3 + 2 + 2 * 0.6f));
}

TEST_CASE("tangent: stop_gradient, also where no derivatives are") {
    auto x = full<double>(2, 3.0), y = full<double>(2, 1.0), tx = full<double>(2, 1.0),
         ty = full<double>(2, 1.0);
    launch<stopped>(2, x, y);
    CHECK(y[0] == 10);
    launch_tangent<stopped>(2, with_tangent(x, tx), with_tangent(y, ty));
    CHECK(y[0] == 19);
    CHECK(ty[0] == 3);
}

TEST_CASE("tangent: overloads are those of launch") {
    static constexpr auto lambda = [](auto i, auto x) { x[i] = x[i] * x[i]; };
    auto x = full<double>(1, 2.0), tx = full<double>(1, 1.0);
    const auto a = with_tangent(x, tx);
    const launch_options options{.threads = 1};
    launch_tangent<square>(1, a);
    launch_tangent<lambda>(1, a);
    CHECK(tx[0] == 4 * 8);
    x[0] = 1;
    tx[0] = 1;
    launch_tangent<square>({1}, a);
    launch_tangent<square>(options, 1, a);
    launch_tangent<square>(options, {1}, a);
    launch_tangent<lambda>({1}, a);
    launch_tangent<lambda>(options, 1, a);
    launch_tangent<lambda>(options, {1}, a);
    launch_tangent(1, lambda, a);
    launch_tangent({1}, lambda, a);
    launch_tangent(options, 1, lambda, a);
    launch_tangent(options, {1}, lambda, a);
    CHECK(tx[0] == 1024);
    launch_tangent<lambda>(0, a);
    const double factor = 3;
    launch_tangent(1, [factor](auto i, auto y) { y[i] *= factor; }, a);
    CHECK(tx[0] == 3072);
}

TEST_CASE("tangent: a checked launch names the access") {
    constexpr auto beyond = [](auto i, auto x) { x[i + 1] = x[i]; };
    auto x = full<double>(2, 2.0), tx = full<double>(2, 1.0);
    const launch_options options{.checked = true, .name = "beyond"};
    CHECK_THROWS_WITH(launch_tangent(options, 2, beyond, with_tangent(x, tx)),
                      ContainsSubstring("beyond") && ContainsSubstring("(2,)"));
    launch_tangent(options, 1, beyond, with_tangent(x, tx));
}

TEST_CASE("tangent: shapes must agree") {
    auto x = zeros<float>(shape(2, 3));
    CHECK_THROWS_WITH(with_tangent(x, zeros<float>(shape(3, 2))),
                      ContainsSubstring("expected tangents of shape (2, 3); got shape (3, 2); "));
    CHECK_THROWS_WITH(with_tangent<4>(x, zeros<float>(shape(3, 2, 3))),
                      ContainsSubstring("expected tangents of shape (4, 2, 3); got shape (3, 2, 3); "));
    CHECK_THROWS_AS(with_tangent(x, zeros<float>(shape(3, 2))), launch_error);
    CHECK_NOTHROW(with_tangent<4>(x, zeros<float>(shape(4, 2, 3))));
}

TEST_CASE("tangent: the arrays live as long as the argument") {
    constexpr auto add = [](auto i, auto x, auto y) { y[i] += x[i]; };
    auto y = zeros<double>(1000), ty = zeros<double>(1000);
    const auto kept = with_tangent(full<double>(1000, 2.0), full<double>(1000, 3.0));
    launch_tangent(1000, add, kept, with_tangent(y, ty));
    CHECK((y[999] == 2 && ty[999] == 3));
}
