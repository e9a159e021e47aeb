// SPDX-License-Identifier: Apache-2.0
// located_test.cpp: what x[i] returns: a copy is a local variable, a temporary is the place.
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/host/launch.hpp>
#include <warpx/math.hpp>

#include <complex>
#include <vector>

using warpx::array;
using warpx::bfloat16;
using warpx::half;
using warpx::launch;
using warpx::located;
using warpx::vec2f;
using warpx::vec3f;

namespace {

template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;

// What a kernel might try, as a question to the compiler. X is the type of an array or a handle.
template <class X>
concept binds_reference = requires(X x, void (*f)(decltype(x[0])&)) { f(x[0]); };
template <class X>
concept has_address = requires(X x) { &x[0]; };
template <class X>
concept component_has_address = requires(X x) { &x[0].x; };
template <class X>
concept component_binds = requires(X x, void (*f)(decltype(x[0].x)&)) { f(x[0].x); };
template <class X>
concept result_binds = requires(X x, void (*f)(decltype(x[0])&)) { f(x[0] = 1); };

template <class T> T number(int k) { return static_cast<T>(k); }
template <> bool number<bool>(int k) { return k % 2 != 0; }
template <> vec2f number<vec2f>(int k) { return {static_cast<float>(k), static_cast<float>(k + 1)}; }
template <> warpx::vec<double, 6> number<warpx::vec<double, 6>>(int k) {
    return {k, k + 1, k + 2, k + 3, k + 4, k + 5};
}
template <> warpx::vec4h number<warpx::vec4h>(int k) { return {k, k + 1, k + 2, k + 3}; }
template <> warpx::quat<float> number<warpx::quat<float>>(int k) { return {k, k + 1, k + 2, k + 3}; }
template <> warpx::mat<float, 2, 3> number<warpx::mat<float, 2, 3>>(int k) {
    return {k, k + 1, k + 2, k + 3, k + 4, k + 5};
}

} // namespace

TEMPLATE_TEST_CASE("a named copy is a local variable, a temporary is the place", "", bool, int8_t, uint8_t,
                   int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, half, bfloat16, float, double,
                   warpx::complex<float>, warpx::complex<double>, warpx::float8_e4m3fn, warpx::float8_e5m2,
                   vec2f, warpx::vec4h, (warpx::vec<double, 6>), warpx::quat<float>,
                   (warpx::mat<float, 2, 3>)) {
    const TestType one = number<TestType>(1), two = number<TestType>(2), four = number<TestType>(4);
    auto y = warpx::full<TestType>(4, one);
    const auto is = [](auto x, const TestType& v) { return static_cast<TestType>(x) == v; };

    auto t = y[0]; // reads now
    y[0] = two;
    CHECK(is(t, one));
    CHECK(is(y[0], two));
    t = four; // local
    CHECK(is(t, four));
    CHECK(is(y[0], two));
    const auto u = y[0];
    y[1] = u; // a named value on the right is read
    CHECK(is(y[1], two));
    y[2] = y[1]; // a place on the right is read, not bound
    y[1] = one;
    CHECK(is(y[2], two));
    auto v = y[2];
    v = y[1]; // local, although both sides are located
    CHECK(is(v, one));
    CHECK(is(y[2], two));
    auto w = v; // a copy of a local is another local
    w = four;
    CHECK(is(v, one));
    TestType plain = y[2];
    CHECK(plain == two);
    plain = y[1];
    CHECK(plain == one);
    y[3] = y[2] = y[1] = four; // the result of an assignment is the value
    CHECK((is(y[3], four) && is(y[2], four) && is(y[1], four)));
    auto kept = (y[3] = one);
    kept = two;
    CHECK(is(y[3], one));
    CHECK(warpx::value(y[3]) == one);
    STATIC_REQUIRE(same<decltype(warpx::value(y[3])), TestType>);
    STATIC_REQUIRE_FALSE(std::is_reference_v<decltype(y[0])>);
}

TEMPLATE_TEST_CASE("compound assignment and steps", "", int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t,
                   int64_t, uint64_t, half, bfloat16, float, double) {
    using T = TestType;
    auto y = warpx::full<T>(2, number<T>(10));
    const auto is = [](auto x, int v) { return static_cast<T>(x) == number<T>(v); };
    y[0] += 2;
    CHECK(is(y[0], 12));
    y[0] -= number<T>(4);
    CHECK(is(y[0], 8));
    y[0] *= 2.5;
    CHECK(is(y[0], 20));
    y[0] /= 4;
    CHECK(is(y[0], 5));
    y[0] += y[1];
    CHECK(is(y[0], 15));
    CHECK(is(++y[0], 16));
    CHECK(is(y[0]++, 16));
    CHECK(is(y[0], 17));
    CHECK(is(--y[0], 16));
    CHECK(is(y[0]--, 16));
    CHECK(is(y[0], 15));
    auto t = y[0];
    t += 1;
    t *= 2;
    ++t;
    CHECK(is(t--, 33));
    CHECK(is(t, 32));
    CHECK(is(y[0], 15));
    (y[0] += 1) += 2; // as for numbers
    CHECK(is(y[0], 18));
    if constexpr (std::is_integral_v<T>) {
        y[0] %= 5;
        CHECK(is(y[0], 3));
        y[0] <<= 3;
        CHECK(is(y[0], 24));
        y[0] >>= 1;
        CHECK(is(y[0], 12));
        y[0] |= 1;
        y[0] &= 7;
        y[0] ^= 2;
        CHECK(is(y[0], 7));
        t >>= 2;
        t |= 3;
        CHECK(is(t, 11));
    }
}

TEST_CASE("what a located value has not: an address, a reference") {
    STATIC_REQUIRE_FALSE(binds_reference<array<float, 1>>);
    STATIC_REQUIRE_FALSE(binds_reference<array<vec3f, 1>>);
    STATIC_REQUIRE_FALSE(binds_reference<array<const float, 1>>);
    STATIC_REQUIRE_FALSE(has_address<array<float, 1>>);
    STATIC_REQUIRE_FALSE(has_address<array<vec3f, 1>>);
    STATIC_REQUIRE_FALSE(component_has_address<array<vec3f, 1>>);
    STATIC_REQUIRE_FALSE(component_binds<array<vec3f, 1>>);
    STATIC_REQUIRE_FALSE(result_binds<array<float, 1>>);
    STATIC_REQUIRE(has_address<float*>); // the concepts can tell
    STATIC_REQUIRE(binds_reference<std::vector<float>>);
    STATIC_REQUIRE(component_has_address<vec3f*>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<located<float>>);
}

TEST_CASE("elements of const arrays are read, copied and changed as locals") {
    const std::vector<float> memory{1, 2, 3};
    auto x = warpx::from_range(memory);
    STATIC_REQUIRE(same<decltype(x), array<const float, 1>>);
    STATIC_REQUIRE(same<decltype(x[0]), located<const float>>);
    auto t = x[1];
    t += 5;
    CHECK(t == 7);
    CHECK(x[1] == 2);
    const std::vector<vec3f> points{{1, 2, 3}};
    auto p = warpx::from_range(points)[0];
    p.x = 9;
    p = vec3f(4, 5, 6);
    CHECK(p == vec3f(4, 5, 6));
    CHECK(points[0] == vec3f(1, 2, 3));
}

TEST_CASE("components of vectors, quaternions, matrices") {
    auto v = warpx::zeros<vec3f>(2);
    v[1].x = 1;
    v[1].y += 2;
    ++v[1].z;
    CHECK(v[1] == vec3f(1, 2, 1));
    CHECK(v[0] == vec3f(0, 0, 0));
    v[1][2] = 7;
    v[1][0] *= 3;
    CHECK(v[1] == vec3f(3, 2, 7));
    auto t = v[1];
    t.x = 100;
    t[1] = 50;
    t.z += 1;
    CHECK(t == vec3f(100, 50, 8));
    CHECK(v[1] == vec3f(3, 2, 7));
    auto part = v[1].y; // a local
    v[1].y = 0;
    part += 1;
    CHECK(part == 3);
    CHECK(v[1].y == 0);
    v[0] = t;
    CHECK(v[0] == vec3f(100, 50, 8));
}

TEST_CASE("components of larger vectors, of quaternions and of matrices") {
    auto w = warpx::zeros<warpx::vec<double, 6>>(2);
    w[0][5] = 2.5;
    w[0][4] += 1;
    CHECK(w[0][5] == 2.5);
    CHECK(w[0][4] == 1);
    auto t = w[0];
    t[5] = 0;
    t[0] += 3;
    CHECK(t[0] == 3);
    CHECK(w[0][5] == 2.5);
    CHECK(w[0][0] == 0);

    auto q = warpx::zeros<warpx::quat<float>>(1);
    q[0].w = 1;
    q[0].x -= 2;
    CHECK(static_cast<warpx::quat<float>>(q[0]) == warpx::quat<float>(-2, 0, 0, 1));

    auto m = warpx::zeros<warpx::mat<float, 2, 3>>(2);
    m[1](1, 2) = 4;
    m[1](0, 1) -= 1;
    CHECK(m[1](1, 2) == 4);
    CHECK(m[1](0, 1) == -1);
    CHECK(m[0](1, 2) == 0);
    auto n = m[1];
    n(1, 2) = 8;
    CHECK(n(1, 2) == 8);
    CHECK(m[1](1, 2) == 4);
    const auto c = m[1];
    CHECK(c(0, 1) == -1);

    auto one = warpx::zeros<warpx::vec<float, 1>>(1);
    one[0][0] = 3;
    CHECK(one[0][0] == 3);

    auto h = warpx::zeros<warpx::vec2h>(1);
    h[0].x = 1.5;
    h[0].y += 0.25f;
    CHECK((h[0].x == 1.5f && h[0].y == 0.25f));
    auto z = warpx::zeros<warpx::complex<float>>(1);
    z[0] = warpx::complex<float>(1, -2);
    z[0] *= 2;
    CHECK((z[0].real() == 2 && z[0].imag() == -4));
    z[0] = std::complex<float>(5, 6);
    CHECK(z[0] == warpx::complex<float>(5, 6));
    auto b = warpx::zeros<warpx::vec<bool, 2>>(1);
    b[0].y = true;
    CHECK((b[0].y && !b[0].x));
}

TEST_CASE("elements are assigned from braces, as vectors are") {
    auto v = warpx::zeros<vec3f>(1);
    v[0] = {1, 2, 3};
    CHECK(v[0] == vec3f(1, 2, 3));
    auto t = v[0];
    t = {4, 5, 6};
    CHECK(t == vec3f(4, 5, 6));
    CHECK(v[0] == vec3f(1, 2, 3));
    auto x = warpx::zeros<float>(1);
    x[0] = {2};
    CHECK(x[0] == 2);
}

TEST_CASE("choices between elements and numbers") {
    auto y = warpx::full<float>(2, 3.0f);
    array<const float, 1> x = warpx::full<float>(2, 5.0f);
    auto h = warpx::full<half>(2, half(2.0f));
    auto b = warpx::full<bool>(2, true);
    auto n = warpx::full<int8_t>(2, int8_t{-7});
    for (bool c : {true, false}) {
        CHECK((c ? x[0] : 0.0f) == (c ? 5.0f : 0.0f));
        CHECK((c ? 0.0f : x[0]) == (c ? 0.0f : 5.0f));
        CHECK((c ? x[0] : 0.5) == (c ? 5.0 : 0.5));
        CHECK((c ? x[0] : x[1]) == 5);
        CHECK((c ? x[0] : y[0]) == (c ? 5.0f : 3.0f));
        CHECK((c ? y[0] : x[0]) == (c ? 3.0f : 5.0f));
        CHECK((c ? h[0] : 1.0f) == (c ? 2.0f : 1.0f));
        CHECK((c ? h[0] : y[0]) == (c ? 2.0f : 3.0f));
        CHECK((c ? n[0] : 3) == (c ? -7 : 3));
        CHECK((c ? b[0] : false) == c);
        (c ? y[0] : y[1]) = 8; // a place chosen by a condition, as with references
        CHECK(y[c ? 0 : 1] == 8);
        y[c ? 0 : 1] = 3;
    }
    auto v = warpx::full<vec3f>(1, vec3f(1, 2, 3));
    array<const vec3f, 1> w = warpx::full<vec3f>(1, vec3f(4, 5, 6));
    for (bool c : {true, false}) {
        CHECK((c ? v[0] : vec3f(0.0f)) == (c ? vec3f(1, 2, 3) : vec3f(0.0f)));
        CHECK((c ? v[0] : v[0]) == vec3f(1, 2, 3));
        CHECK((c ? v[0] : w[0]) == (c ? vec3f(1, 2, 3) : vec3f(4, 5, 6)));
        CHECK((c ? w[0] : v[0]) == (c ? vec3f(4, 5, 6) : vec3f(1, 2, 3)));
        auto t = c ? w[0] : v[0];
        t.x = 0;
        CHECK(v[0].x == 1);
    }
}

TEST_CASE("mixed types meet as their values do") {
    auto f = warpx::full<float>(1, 1.5f);
    auto d = warpx::full<double>(1, 2.0);
    auto i = warpx::full<int32_t>(1, 3);
    auto u = warpx::full<uint8_t>(1, uint8_t{250});
    auto h = warpx::full<half>(1, half(0.5f));
    auto g = warpx::full<bfloat16>(1, bfloat16(4.0f));
    auto e = warpx::full<warpx::float8_e4m3fn>(1, warpx::float8_e4m3fn(2.0f));
    auto b = warpx::full<bool>(1, true);
    auto z = warpx::full<warpx::complex<float>>(1, warpx::complex<float>(0, 1));
    STATIC_REQUIRE(same<decltype(f[0] * d[0]), double>);
    STATIC_REQUIRE(same<decltype(f[0] + f[0]), float>);
    STATIC_REQUIRE(same<decltype(2.0f * f[0] + f[0]), float>);
    STATIC_REQUIRE(same<decltype(i[0] + u[0]), int>);
    STATIC_REQUIRE(same<decltype(h[0] * g[0]), float>);
    STATIC_REQUIRE(same<decltype(h[0] * 2), float>);
    STATIC_REQUIRE(same<decltype(h[0] * 2.0), double>);
    STATIC_REQUIRE(same<decltype(-f[0]), float>);
    STATIC_REQUIRE(same<decltype(-h[0]), float>);
    STATIC_REQUIRE(same<decltype(+u[0]), int>);
    STATIC_REQUIRE(same<decltype(!b[0]), bool>);
    CHECK(f[0] * d[0] == 3.0);
    CHECK(u[0] + u[0] == 500);
    CHECK(h[0] * g[0] == 2.0f);
    CHECK(e[0] + h[0] == 2.5f);
    CHECK((b[0] && i[0] == 3 && f[0] < d[0] && d[0] >= 2 && i[0] != u[0] && h[0] < g[0] && h[0] <= 0.5 &&
           e[0] == 2));
    CHECK((~u[0] == ~250 && (i[0] << 2) == 12 && (u[0] & 6) == 2));
    CHECK(z[0] * z[0] == warpx::complex<float>(-1, 0));
    CHECK(2.0f * z[0] == warpx::complex<float>(0, 2));
    CHECK(f[0] * z[0] == warpx::complex<float>(0, 1.5f));
    float plain = h[0];
    half stored = h[0];
    double wide = h[0];
    int whole = static_cast<int>(g[0]);
    CHECK((plain == 0.5f && stored == half(0.5f) && wide == 0.5 && whole == 4));
    if (b[0] && h[0] > 0) plain = g[0];
    CHECK(plain == 4.0f);
    switch (i[0]) {
    case 3:
        plain = 1;
        break;
    default:
        plain = 0;
    }
    CHECK(plain == 1);
}

TEST_CASE("stores convert to the element, as assignment does") {
    auto u = warpx::zeros<uint8_t>(1);
    u[0] = 300;
    CHECK(u[0] == 44);
    u[0] = 3.9;
    CHECK(u[0] == 3);
    u[0] += 254;
    CHECK(u[0] == 1);
    --u[0], --u[0];
    CHECK(u[0] == 255);
    auto s = warpx::zeros<int8_t>(1);
    s[0] = 127;
    ++s[0];
    CHECK(s[0] == -128);
    s[0] = int64_t{1} << 40;
    CHECK(s[0] == 0);
    auto i = warpx::full<int32_t>(1, 10);
    i[0] *= 0.25;
    CHECK(i[0] == 2);
    i[0] += 0.75; // computed in double, then converted
    CHECK(i[0] == 2);
    auto b = warpx::zeros<bool>(1);
    b[0] = 2;
    CHECK(b[0] == true);
    CHECK(static_cast<int>(b[0]) == 1);
    b[0] |= false;
    b[0] ^= true;
    CHECK(b[0] == false);
    auto h = warpx::zeros<half>(1);
    h[0] = 1.0 / 3;
    CHECK(h[0] == static_cast<float>(half(1.0 / 3)));
    h[0] = 65520.0f;
    CHECK(h[0] > 65504.0f); // infinity
    auto d = warpx::zeros<float>(1);
    d[0] = int64_t{16777217};
    CHECK(d[0] == 16777216.0f);
    auto v = warpx::zeros<vec2f>(1);
    v[0] = warpx::vec2d(0.1, 0.2);
    CHECK(v[0] == vec2f(0.1, 0.2));
    v[0] = warpx::vec2i(3, 4);
    v[0] *= 0.5;
    CHECK(v[0] == vec2f(1.5, 2));
}

// Kernels: the same, with whatever the launch passes.
namespace {

template <class T> T twice(const T& x) { return static_cast<T>(x + x); }
float half_of(float x) { return x / 2; }
template <class X> auto square(X x) { return x * x; }
template <class X, class Y> auto larger(X x, Y y) { return x > y ? warpx::value(x) : warpx::value(y); }
template <class V> auto first_component(const V& v) { return v.x; }
void add_to(float& sum, float x) { sum += x; }

constexpr auto keeps_value = [](auto i, auto y, auto seen) {
    auto t = y[i];
    y[i] = 0;
    seen[i] = t;
    t = 77;
};
constexpr auto calls_functions = [](auto i, auto x, auto y) {
    y[i] = twice(warpx::value(x[i])) + half_of(x[i]) + square(x[i]) + larger(x[i], 2.0f) + max(x[i], 1.0f) +
           sqrt(x[i]);
};
constexpr auto local_arrays = [](auto i, auto x, auto y) {
    float window[3] = {x[i], 0, 0};
    window[1] = x[i];
    window[2] = window[0] + x[i];
    window[2] += x[i];
    float sum = 0;
    for (float w : window) add_to(sum, w);
    add_to(sum, x[i]);
    auto best = x[i];
    for (int k = 0; k < 3; ++k)
        if (window[k] > best) best = window[k];
    y[i] = sum + best;
};
constexpr auto gather = [](auto i, auto x, auto index, auto y) { y[i] = x[index[i]]; };
constexpr auto scatter = [](auto i, auto x, auto index, auto y) { y[index[i]] = x[i]; };
constexpr auto gather_2d = [](auto i, auto x, auto index, auto y) {
    auto [row, column] = i;
    y(row, column) = x(row, index[column]) + x(index[column], row);
};
constexpr auto swap_in_place = [](auto i, auto x, auto y) {
    y[i].x = x[i].y;
    y[i].y = x[i].x;
};
constexpr auto vectors = [](auto i, auto p, auto v, auto m, auto q) {
    auto a = p[i] + v[i] * 0.5f;
    p[i] = a;
    p[i] += v[i];
    v[i] -= cross(p[i], v[i]);
    m[i](0, 1) = dot(p[i], v[i]);
    m[i](1, 0) += first_component(p[i]);
    q[i].w = length(v[i]);
    q[i].x = -p[i].z;
};

} // namespace

TEST_CASE("kernels: a named element keeps its value") {
    auto y = warpx::arange<int32_t>(1, 101);
    auto seen = warpx::zeros<int32_t>(100);
    launch<keeps_value>(100, y, seen);
    for (int k = 0; k < 100; ++k) {
        CHECK(seen[k] == k + 1);
        CHECK(y[k] == 0);
    }
}

TEST_CASE("kernels: elements are passed to functions, templates and local arrays") {
    auto x = warpx::arange<float>(1, 51);
    auto y = warpx::zeros<float>(50);
    launch<calls_functions>(50, x, y);
    for (int k = 0; k < 50; ++k) {
        const float v = x[k];
        CHECK(y[k] == Approx(2 * v + v / 2 + v * v + (v > 2 ? v : 2) + (v > 1 ? v : 1) + std::sqrt(v)));
    }
    launch<local_arrays>(50, x, y);
    for (int k = 0; k < 50; ++k) CHECK(y[k] == 6 * x[k] + 3 * x[k]);
}

TEMPLATE_TEST_CASE("kernels: gather and scatter through an array of indices", "", uint8_t, int32_t, int64_t,
                   uint64_t) {
    auto x = warpx::arange<double>(100, 150);
    auto index = warpx::arange<TestType>(50);
    for (int k = 0; k < 50; ++k) index[k] = k * 7 % 50;
    auto y = warpx::zeros<double>(50), z = warpx::zeros<double>(50);
    launch<gather>(50, x, index, y);
    launch<scatter>(50, y, index, z);
    for (int k = 0; k < 50; ++k) {
        CHECK(y[k] == 100 + k * 7 % 50);
        CHECK(z[k] == x[k]);
    }
    auto square = warpx::zeros<float>({5, 5}), out = warpx::zeros<float>({5, 5});
    for (int k = 0; k < 25; ++k) square(k / 5, k % 5) = k;
    auto turned = warpx::zeros<TestType>(5);
    for (int k = 0; k < 5; ++k) turned[k] = 4 - k;
    launch<gather_2d>({5, 5}, square, turned, out);
    for (int r = 0; r < 5; ++r)
        for (int c = 0; c < 5; ++c) CHECK(out(r, c) == square(r, 4 - c) + square(4 - c, r));
}

TEST_CASE("kernels: the swap that is no swap when both sides are one array") {
    for (int n : {1, 3, 4, 7, 64, 1000}) {
        auto x = warpx::zeros<vec2f>(n);
        for (int k = 0; k < n; ++k) x[k] = vec2f(k, -k - 1);
        auto y = warpx::zeros<vec2f>(n);
        launch<swap_in_place>(n, x, y);
        for (int k = 0; k < n; ++k) REQUIRE(y[k] == vec2f(-k - 1, k));
        launch<swap_in_place>(n, x, x); // y.x = x.y, then y.y = the new x.x
        for (int k = 0; k < n; ++k) REQUIRE(x[k] == vec2f(-k - 1, -k - 1));
    }
}

TEST_CASE("kernels: vector, matrix and quaternion elements") {
    constexpr int n = 33;
    auto p = warpx::zeros<vec3f>(n), v = warpx::zeros<vec3f>(n);
    auto m = warpx::zeros<warpx::mat<float, 2, 2>>(n);
    auto q = warpx::zeros<warpx::quat<float>>(n);
    for (int k = 0; k < n; ++k) {
        p[k] = vec3f(k, 1, -k);
        v[k] = vec3f(1, k, 2);
        m[k](1, 0) = 1000;
    }
    launch<vectors>(n, p, v, m, q);
    for (int k = 0; k < n; ++k) {
        vec3f a(k, 1, -k), b(1, k, 2);
        a = a + b * 0.5f;
        a += b;
        b -= cross(a, b);
        CHECK(p[k] == a);
        CHECK(v[k] == b);
        CHECK(m[k](0, 1) == Approx(dot(a, b)));
        CHECK(m[k](1, 0) == 1000 + a.x);
        CHECK(m[k](0, 0) == 0);
        CHECK(q[k].w == Approx(length(b)));
        CHECK(q[k].x == -a.z);
        CHECK(q[k].y == 0);
    }
}
