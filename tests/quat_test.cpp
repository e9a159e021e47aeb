// SPDX-License-Identifier: Apache-2.0
// quat_test.cpp: quat<T>: order of the parts, algebra, rotations against matrices, interpolation.
#include <warpx/quat.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using namespace warpx;
using test::located;

namespace {

constexpr double pi = 3.14159265358979323846;

struct turn {
    vec3d axis;
    double angle;
};

std::vector<turn> turns() {
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> angle(-2 * pi, 2 * pi);
    std::vector<turn> all = {
        {vec3d(1, 0, 0), pi}, {vec3d(0, 1, 0), pi}, {vec3d(0, 0, 1), pi}, {vec3d(0, 0, 1), 0}};
    for (int k = 0; k < 300; ++k)
        all.push_back({normalize(vec3d(normal(random), normal(random), normal(random))), angle(random)});
    return all;
}

/// Rodrigues' formula, independent of quaternions.
vec3d turned(const turn& t, const vec3d& v) {
    return v * std::cos(t.angle) + cross(t.axis, v) * std::sin(t.angle) +
           t.axis * dot(t.axis, v) * (1 - std::cos(t.angle));
}

template <class A, class B> double apart(const A& a, const B& b) { return length(a - b); }

} // namespace

TEST_CASE("quat: four parts, w last") {
    STATIC_REQUIRE(sizeof(quath) == 8);
    STATIC_REQUIRE(sizeof(quatd) == 32);
    STATIC_REQUIRE(alignof(quatf) == 4);
    STATIC_REQUIRE(std::is_trivially_copyable_v<quatf>);
    STATIC_REQUIRE(std::is_standard_layout_v<quatf>);
    STATIC_REQUIRE(std::is_trivially_default_constructible_v<quatf>);
    const quatf q(1, 2, 3, 4);
    float raw[4];
    std::memcpy(raw, &q, sizeof q);
    CHECK(raw[0] == 1);
    CHECK(raw[3] == 4);
    CHECK(q[3] == q.w);
    CHECK(quatf::identity() == quatf(0, 0, 0, 1));
    CHECK(quatf(vec3f(1, 2, 3), 4) == q);
}

TEST_CASE("quat: the Hamilton product") {
    const quatd i(1, 0, 0, 0), j(0, 1, 0, 0), k(0, 0, 1, 0), one = quatd::identity();
    CHECK(i * j == k);
    CHECK(j * k == i);
    CHECK(k * i == j);
    CHECK(j * i == -k);
    CHECK(i * i == -one);
    const quatd p(1, 2, 3, 4), q(-2, 1, 5, 3), r(4, -3, 2, 1);
    CHECK((p * q) * r == p * (q * r));
    CHECK(p * one == p);
    CHECK(conj(p * q) == conj(q) * conj(p));
    CHECK(apart(p * inverse(p), one) < 1e-15);
    CHECK(apart(inverse(p) * p, one) < 1e-15);
    CHECK(dot(p, p) == 30);
    CHECK(length(p * q) == Catch::Approx(length(p) * length(q)).epsilon(1e-14));
    CHECK(length(normalize(p)) == Catch::Approx(1.0).epsilon(1e-15));
    CHECK(normalize(quatd{}) == one);
    quatd a = p;
    a += q;
    a -= q;
    a *= 2;
    a /= 2;
    a *= one;
    CHECK(a == p);
}

TEST_CASE("quat: element types and located operands") {
    STATIC_REQUIRE(std::is_same_v<decltype(quath{} * quath{}), quatf>);
    STATIC_REQUIRE(std::is_same_v<decltype(quath{} * quatd{}), quatd>);
    STATIC_REQUIRE(std::is_same_v<decltype(quatf{} * 2.0), quatf>);
    STATIC_REQUIRE(std::is_same_v<decltype(rotate(quath{}, vec3h{})), vec3f>);
    STATIC_REQUIRE(std::is_convertible_v<quath, quatf>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<quatd, quatf>);
    const located q{quatf(1, 2, 3, 4)};
    CHECK(q * q == quatf(8, 16, 24, 2));
    CHECK(q + q == 2 * q);
    CHECK(q - located{quath(1, 2, 3, 4)} == quatf{});
    CHECK(conj(q) == quatf(-1, -2, -3, 4));
    quath h(q);
    h = q;
    h *= 0.5;
    CHECK(h == quath(0.5, 1, 1.5, 2));
    CHECK(rotate(located{quatf::identity()}, located{vec3f(1, 2, 3)}) == vec3f(1, 2, 3));
}

TEST_CASE("quat: rotation agrees with Rodrigues' formula, with its matrix, and with its way back") {
    const vec3d v(1, -2, 3);
    double rotation = 0, matrix = 0, back = 0, composition = 0, round_trip = 0, axis_angle = 0;
    quatd previous = quatd::identity();
    for (const turn& t : turns()) {
        const quatd q = quat_from_axis_angle(t.axis, t.angle);
        const vec3d w = rotate(q, v);
        rotation = std::max(rotation, apart(w, turned(t, v)));
        const mat33d m = quat_to_matrix(q);
        matrix = std::max(matrix, apart(w, m * v));
        CHECK(determinant(m) == Catch::Approx(1.0).epsilon(1e-13));
        back = std::max(back, apart(rotate_inv(q, w), v));
        composition = std::max(composition, apart(rotate(q * previous, v), rotate(q, rotate(previous, v))));
        const quatd r = quat_from_matrix(m);
        round_trip = std::max(round_trip, std::min(apart(r, q), apart(r, -q)));
        const auto [axis, angle] = quat_to_axis_angle(q);
        CHECK(angle >= 0);
        CHECK(angle <= pi + 1e-15);
        axis_angle = std::max(axis_angle, apart(turned({axis, angle}, v), w));
        previous = q;
    }
    CHECK(rotation < 1e-14);
    CHECK(matrix < 1e-14);
    CHECK(back < 1e-14);
    CHECK(composition < 2e-14);
    CHECK(round_trip < 1e-14);
    CHECK(axis_angle < 1e-14);
    CHECK(apart(rotate(quat_from_axis_angle(vec3f(0, 0, 1), pi / 2), vec3f(1, 0, 0)), vec3f(0, 1, 0)) <
          1e-6f);
}

TEST_CASE("quat: slerp goes from end to end along the shorter arc at constant speed") {
    const quatd p = quat_from_axis_angle(vec3d(0, 0, 1), 0.25);
    const quatd q = quat_from_axis_angle(vec3d(0, 0, 1), 2.0);
    CHECK(apart(slerp(p, q, 0), p) < 1e-15);
    CHECK(apart(slerp(p, q, 1), q) < 1e-15);
    for (double t : {0.1, 0.25, 0.5, 0.9}) {
        const quatd want = quat_from_axis_angle(vec3d(0, 0, 1), 0.25 + 1.75 * t);
        CHECK(apart(slerp(p, q, t), want) < 1e-15);
        CHECK(apart(slerp(p, -q, t), want) < 1e-15); // the same rotation
    }
    // Nearly equal: still unit length, still in between.
    const quatd near = quat_from_axis_angle(vec3d(0, 0, 1), 0.26);
    CHECK(apart(slerp(p, near, 0.5), quat_from_axis_angle(vec3d(0, 0, 1), 0.255)) < 1e-7);
    CHECK(length(slerp(p, near, 0.3)) == Catch::Approx(1.0).epsilon(1e-15));
    CHECK(slerp(p, p, 0.5) == normalize(p));
    CHECK(length(slerp(located{quatf(0, 0, 0, 1)}, quath(1, 0, 0, 0), located{0.5f})) == Catch::Approx(1.0f));
}
