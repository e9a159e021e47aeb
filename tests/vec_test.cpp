// SPDX-License-Identifier: Apache-2.0
// vec_test.cpp: vec<T, N>: layout, which types mix and how, and the algebra.
#include <warpx/complex.hpp>
#include <warpx/vec.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using namespace warpx;
using test::located;

namespace {
template <class A, class B> constexpr bool same = std::is_same_v<A, B>;

template <class T, int N>
constexpr bool plain_storage =
    sizeof(vec<T, N>) == N * sizeof(T) && alignof(vec<T, N>) == alignof(T) &&
    std::is_trivially_copyable_v<vec<T, N>> && std::is_standard_layout_v<vec<T, N>> &&
    std::is_trivially_default_constructible_v<vec<T, N>>;
} // namespace

TEST_CASE("vec: N components and nothing else") {
    STATIC_REQUIRE(plain_storage<float, 1>);
    STATIC_REQUIRE(plain_storage<float, 2>);
    STATIC_REQUIRE(plain_storage<float, 3>);
    STATIC_REQUIRE(plain_storage<double, 4>);
    STATIC_REQUIRE(plain_storage<half, 3>);
    STATIC_REQUIRE(plain_storage<int8_t, 3>);
    STATIC_REQUIRE(plain_storage<float, 7>);
    STATIC_REQUIRE(plain_storage<complex<double>, 2>);
    const vec3f v(1, 2, 3);
    float raw[3];
    std::memcpy(raw, &v, sizeof v);
    CHECK(raw[0] == 1);
    CHECK(raw[2] == 3);
    const vec3f zero{};
    CHECK(zero == vec3f(0));
}

TEST_CASE("vec: components by name and by number") {
    vec4f v(1, 2, 3, 4);
    v[1] = 5;
    v.w = 6;
    CHECK(v.x == 1);
    CHECK(v.y == 5);
    CHECK(v[2] == 3);
    CHECK(v[3] == 6);
    const auto [x, y, z, w] = v;
    CHECK(x + y + z + w == 15);
    vec<int, 6> six(1, 2, 3, 4, 5, 6);
    six[5] += 1;
    CHECK(sum(six) == 22);
    constexpr vec3f c(1, 2, 3); // usable in constant expressions
    STATIC_REQUIRE(c[0] == 1);
    STATIC_REQUIRE(c[2] == 3);
    STATIC_REQUIRE(sum(c + c * 2) == 18);
}

TEST_CASE("vec: construction") {
    CHECK(vec3f(1, 2.0, 3u) == vec3f(1.0f, 2.0f, 3.0f));
    CHECK(vec3f(2) == vec3f(2, 2, 2));
    CHECK(vec<int, 5>(2) == vec<int, 5>(2, 2, 2, 2, 2));
    CHECK(vec4f(vec3f(1, 2, 3), 4) == vec4f(1, 2, 3, 4));
    CHECK(vec3f(located{1.0f}, located{2}, half(3)) == vec3f(1, 2, 3));
    CHECK(vec4f(located{vec3f(1, 2, 3)}, located{4}) == vec4f(1, 2, 3, 4));
    CHECK(vec3h(vec3f(1, 2, 3)).z == 3.0f);
    CHECK(vec3h(located{vec3f(1, 2, 3)}).z == 3.0f);
    CHECK(vec<float, 1>(3).x == 3);
    const vec2f braces = {1, 2};
    CHECK(braces.y == 2);
}

TEST_CASE("vec: widening is implicit, narrowing is not") {
    STATIC_REQUIRE(std::is_convertible_v<vec3h, vec3f>);
    STATIC_REQUIRE(std::is_convertible_v<vec3f, vec3d>);
    STATIC_REQUIRE(std::is_convertible_v<vec3i, vec3f>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<vec3d, vec3f>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<vec3f, vec3h>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<vec3f, vec3i>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<float, vec3f>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<vec3f, vec2f>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<vec3f, float, float>);
    vec3h h(1, 2, 3);
    h = vec3f(4, 5, 6); // assignment narrows, as it does for numbers
    CHECK(h == vec3h(4, 5, 6));
    h = located{vec3d(7, 8, 9)};
    CHECK(h.z == 9.0f);
}

TEST_CASE("vec: the element type of results") {
    STATIC_REQUIRE(same<decltype(vec3f{} + vec3f{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec3h{} + vec3h{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec3h{} * vec3f{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec3h{} + vec<bfloat16, 3>{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec3f{} - vec3d{}), vec3d>);
    STATIC_REQUIRE(same<decltype(vec3i{} + vec3f{}), vec3f>);
    STATIC_REQUIRE(same<decltype(2.0 * vec3f{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec3h{} * half{}), vec3f>);
    STATIC_REQUIRE(same<decltype(-vec3h{}), vec3f>);
    STATIC_REQUIRE(same<decltype(vec<int8_t, 2>{} + vec<int8_t, 2>{}), vec2i>);
    STATIC_REQUIRE(same<decltype(dot(vec3h{}, vec3h{})), float>);
    STATIC_REQUIRE(same<decltype(length(vec3i{})), double>);
    STATIC_REQUIRE(same<decltype(located<vec3h>{} + located<vec3f>{}), vec3f>);
}

TEST_CASE("vec: arithmetic, component by component") {
    const vec3f a(1, 2, 3), b(4, 5, 6);
    CHECK(a + b == vec3f(5, 7, 9));
    CHECK(b - a == vec3f(3));
    CHECK(a * b == vec3f(4, 10, 18));
    CHECK(b / vec3f(4, 5, 2) == vec3f(1, 1, 3));
    CHECK(2 * a == vec3f(2, 4, 6));
    CHECK(b / 2 == vec3f(2, 2.5, 3));
    CHECK(-a == vec3f(-1, -2, -3));
    vec3f c = a;
    c += b;
    c -= vec3h(1, 1, 1);
    c *= 2;
    c /= vec3f(2, 4, 8);
    CHECK(c == vec3f(4, 3, 2));
    vec3h h(1, 2, 3);
    h += h;
    h *= 0.5;
    CHECK(h == vec3h(1, 2, 3));
    vec<uint8_t, 3> pixel(200, 100, 50);
    CHECK((pixel + pixel) / 4 == vec3i(100, 50, 25));
    CHECK(vec<float, 6>(1) + vec<float, 6>(2) == vec<float, 6>(3));
    CHECK_FALSE(vec2f(NAN, 1) == vec2f(NAN, 1));
}

TEST_CASE("vec: located operands") {
    const located v{vec3f(1, 2, 3)};
    const located w{vec3f(4, 5, 6)};
    const located s{2.0f};
    CHECK(v + w == vec3f(5, 7, 9));
    CHECK(v * 2.0f == vec3f(2, 4, 6));
    CHECK(s * v == vec3f(2, 4, 6));
    CHECK(v / s == vec3f(0.5, 1, 1.5));
    CHECK(-v == vec3f(-1, -2, -3));
    CHECK(v + vec3h(1, 1, 1) == vec3f(2, 3, 4));
    CHECK(dot(v, w) == 32);
    CHECK(dot(v, vec3d(1, 1, 1)) == 6);
    CHECK(cross(v, w) == vec3f(-3, 6, -3));
    vec3f x(1);
    x += v;
    x *= s;
    CHECK(x == vec3f(4, 6, 8));
}

TEST_CASE("vec: products, lengths, directions") {
    const vec3f x(1, 0, 0), y(0, 1, 0), z(0, 0, 1);
    CHECK(cross(x, y) == z);
    CHECK(cross(y, z) == x);
    CHECK(cross(vec2f(1, 2), vec2f(3, 5)) == -1);
    CHECK(dot(vec<int8_t, 2>(100, 100), vec<int8_t, 2>(100, 100)) == 20000);
    CHECK(length(vec2f(3, 4)) == 5);
    CHECK(length(vec2i(3, 4)) == 5.0);
    CHECK(length(vec<half, 4>(1, 1, 1, 1)) == 2.0f);
    CHECK(length_squared(vec2d(3, 4)) == 25);
    CHECK(distance(vec2f(1, 1), vec2f(4, 5)) == 5);
    CHECK(normalize(vec3d(0, 3, 4)) == vec3d(0, 3.0 / 5, 4.0 / 5));
    CHECK(normalize(vec3f(0, 0, 0)) == vec3f(0));
    CHECK(length(normalize(vec<double, 9>(3))) == Catch::Approx(1.0).epsilon(1e-15));
    CHECK(reflect(vec2f(1, -1), vec2f(0, 1)) == vec2f(1, 1));
    const vec<complex<float>, 2> c(complex<float>(0, 1), 2);
    CHECK(dot(c, c) == complex<float>(3, 0));
}
