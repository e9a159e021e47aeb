// SPDX-License-Identifier: Apache-2.0
// adjoint_struct_test.cpp: adjoints over structs, as elements and as arguments that hold arrays.
#include "support/adjoint_engines.hpp"

using namespace test;

namespace adjoint_elements {
struct particle {
    vec<double, 3> position, velocity;
    double mass;
};
struct tagged { // passive beside active, and a gap
    int32_t id;
    double weight;
    bool flag;
};
struct body {
    particle inner;
    complex<double> phase;
};
struct springs { // an argument
    array<const double, 1> rest;
    array<double, 1> force;
    array<const int32_t, 1> other;
    double stiffness;
};
struct scene {
    springs first;
    array<vec<double, 2>, 1> points;
    int shift;
};
} // namespace adjoint_elements
WARPX_STRUCT(adjoint_elements::particle, position, velocity, mass);
WARPX_STRUCT(adjoint_elements::tagged, id, weight, flag);
WARPX_STRUCT(adjoint_elements::body, inner, phase);
WARPX_STRUCT(adjoint_elements::springs, rest, force, other, stiffness);
WARPX_STRUCT(adjoint_elements::scene, first, points, shift);

using namespace adjoint_elements;

constexpr auto particles = [] WARPX_KERNEL(auto i, auto p, auto y) {
    p[i].velocity.x += p[i].position.y * p[i].mass;
    p[i].velocity.x *= 0.5;
    p[i].position += p[i].velocity * 0.1;
    y[i] = dot(p[i].position, p[i].velocity) / p[i].mass;
};
constexpr auto particles_elsewhere = [] WARPX_KERNEL(auto i, auto p, auto y) {
    const auto j = (static_cast<int64_t>(i) + 1) % 4 + 4;
    auto other = value(p[j]);
    other.mass *= y[i];
    p[i] = other;
    y[i] = p[i].mass * p[j].position.z;
};
constexpr auto tagged_numbers = [] WARPX_KERNEL(auto i, auto t, auto y) {
    t[i].id += 2;
    t[i].flag = t[i].id > 3;
    t[i].weight *= y[i] * static_cast<double>(t[i].id);
    y[i] = t[i].flag ? t[i].weight * t[i].weight : y[i] * t[i].weight;
};
constexpr auto bodies = [] WARPX_KERNEL(auto i, auto b, auto y) {
    b[i].inner.position.z = y[i] * b[i].phase.real();
    b[i].phase = b[i].phase * b[i].phase * b[i].inner.position.z;
    y[i] = b[i].phase.imag() + b[i].inner.position.z;
};

TEST_CASE("structs as elements") {
    const auto y = with_values<double>(4, 1);
    const auto p = with_values<particle>(8, 2), q = with_values<particle>(8, 3, lying::mixed);
    check_both(4, kernel<particles>, p, y);
    check_both(4, kernel<particles>, q, y);
    check_both(4, kernel<particles_elsewhere>, p, y);
    const auto t = with_values<tagged>(4, 4);
    for (int64_t k = 0; k < 4; ++k) t.data_handle()[k].id = static_cast<int32_t>(k);
    check_both(4, kernel<tagged_numbers>, t, y);
    const auto b = with_values<body>(4, 5);
    check_both(4, kernel<bodies>, b, y);
}

constexpr auto spring_forces = [] WARPX_KERNEL(auto i, auto s, auto x) {
    const auto j = s.other[i];
    auto d = x[i] - x[j] - s.rest[i];
    s.force[i] = s.stiffness * d * x[i];
    s.force[j] += d * s.rest[i];
    s.force[i] *= d;
};
constexpr auto nested_struct = [] WARPX_KERNEL(auto i, auto s, auto x) {
    const auto j = s.first.other[i] + s.shift;
    s.points[i].x = x[i] * s.first.rest[i];
    s.points[i].y *= s.points[i].x;
    atomic_add(s.first.force, j, s.points[i].y * x[i]);
    x[i] = s.points[i].x;
};

TEST_CASE("structs that hold arrays") {
    const auto x = with_values<double>(8, 1);
    auto other = zeros<int32_t>(4);
    for (int64_t k = 0; k < 4; ++k) other.data_handle()[k] = 7 - static_cast<int32_t>(k);
    springs s{with_values<double>(8, 2), with_values<double>(8, 3), other, 1.5};
    check_both(4, kernel<spring_forces>, s, x);
    s.rest = without_grad(s.rest);
    check_both(4, kernel<spring_forces>, s, x);
    const scene whole{{with_values<double>(8, 4), with_values<double>(8, 5), other, 1.5},
                      with_values<vec<double, 2>>(4, 6),
                      0};
    check_both(4, kernel<nested_struct>, whole, x);
}
