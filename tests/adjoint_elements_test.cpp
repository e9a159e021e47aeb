// SPDX-License-Identifier: Apache-2.0
// adjoint_elements_test.cpp: adjoints over vectors, matrices, quaternions, complex numbers and structs.
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

// -- Vectors: Warp's test_composite_component_adjoint, and what it cannot do
// ---------------------------------------

constexpr auto integrate = [] WARPX_KERNEL(auto i, auto p, auto v, double dt) {
    auto speed = length(v[i]);
    v[i] += vec<double, 3>(0.0, -9.8, 0.0) * dt - v[i] * speed * 0.1;
    p[i] += v[i] * dt;
    if (p[i].y < 0.0) {
        p[i].y = -p[i].y;
        v[i].y *= -0.5;
    }
};
constexpr auto component_assigned = [] WARPX_KERNEL(auto i, auto x, auto v) {
    v[i].x = x[i];
    v[i].y = x[i] * 2.0 + v[i].x;
    v[i][2] = v[i].x * v[i].y;
};
constexpr auto component_twice = [] WARPX_KERNEL(auto i, auto x, auto v) {
    v[i].x = x[i];
    v[i].x = x[i] * x[i];
    v[i].y += x[i];
    v[i].y *= v[i].x;
    v[i].z /= x[i];
    v[i].z -= v[i].y;
};
constexpr auto local_components = [] WARPX_KERNEL(auto i, auto x, auto v) {
    auto u = value(v[i]);
    u.x = x[i];
    u[1] = u.x * u.z;
    u.x = u[1] * 2.0;
    u.z += u.x;
    for (int k = 0; k < 3; ++k) u[k] *= u[(k + 1) % 3];
    v[i] = u * x[i];
};
constexpr auto components_elsewhere = [] WARPX_KERNEL(auto i, auto x, auto v) {
    const auto j = 7 - static_cast<int64_t>(i);
    v[j].x = x[i];
    v[j].y += x[i] * x[i];
    v[j].z *= x[i];
    v[j].x *= v[j].z;
};
constexpr auto gathered_vectors = [] WARPX_KERNEL(auto i, auto v, auto w, auto y) {
    const auto j = static_cast<int64_t>(i);
    auto d = v[j] - v[(j + 1) % 4];
    w[i] = cross(d, v[j]) / length(d);
    y[i] = dot(w[i], d) + v[j].x * v[(j + 2) % 4].z;
};
constexpr auto atomic_vectors = [] WARPX_KERNEL(auto i, auto v, auto w, auto y) {
    const auto j = static_cast<int64_t>(i);
    atomic_add(w, j / 2, v[i] * y[i]);
    atomic_sub(w, 3, v[i]);
};
constexpr auto summed_vectors = [] WARPX_KERNEL(auto i, auto v, auto w, auto y) {
    auto s = decltype(v)::zero();
    for (int k = 0; k < 4; ++k) {
        s += v[k] * y[i];
        s.x += v[k].y;
    }
    w[i] = s;
    s -= v[0];
    y[i] = length_squared(s);
};

TEST_CASE("vectors") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::mixed);
    const auto v = with_values<vec<double, 3>>(8, 1, how), w = with_values<vec<double, 3>>(8, 2, how);
    const auto x = with_values<double>(8, 3, how);
    check_both(4, kernel<integrate>, v, w, 0.125);
    check_both(4, kernel<component_assigned>, x, v);
    check_both(4, kernel<component_twice>, x, v);
    check_both(4, kernel<local_components>, x, v);
    check_both(4, kernel<components_elsewhere>, x, v);
    check_both(4, kernel<gathered_vectors>, v, w, x);
    check_both(4, kernel<atomic_vectors>, v, w, x);
    check_both(4, kernel<summed_vectors>, v, w, x);
}

// -- Matrices, quaternions, complex numbers, many columns
// -----------------------------------------------------------

constexpr auto matrices = [] WARPX_KERNEL(auto i, auto m, auto v, auto w) {
    m[i](0, 1) = v[i].x * m[i](1, 0);
    m[i](1, 1) *= v[i].y;
    auto n = m[i] * m[i];
    n(0, 0) += v[i].y;
    w[i] = n * v[i] + transpose(n) * w[i] * determinant(n);
};
constexpr auto quaternions = [] WARPX_KERNEL(auto i, auto q, auto v, auto w) {
    auto r = q[i] * q[(static_cast<int64_t>(i) + 1) % 4 + 4];
    q[i].w = r.x;
    w[i] = rotate(normalize(r), v[i]);
};
constexpr auto complex_numbers = [] WARPX_KERNEL(auto i, auto z, auto x) {
    auto c = z[i] * z[i] + complex<double>(0.25, -0.5) * x[i];
    z[i] = c / (conj(z[(static_cast<int64_t>(i) + 1) % 4 + 4]) + 2.0);
    x[i] = abs(c) + c.real() * z[i].imag();
};
constexpr auto big_matrices = [] WARPX_KERNEL(auto i, auto m, auto n) {
    // 32 columns are more than the masks have: one of them has no cells
    auto t = m[i];
    n[i](0, 0) = t(1, 1) * n[i](2, 2);
    n[i](3, 3) *= t(0, 2);
    m[i] = t * n[i];
};
constexpr auto long_vectors = [] WARPX_KERNEL(auto i, auto v, auto y) {
    auto s = decltype(y)::zero();
    for (int k = 0; k < 7; ++k) s += v[i][k] * v[i][(k + 2) % 7];
    v[i][3] = s;
    v[i][3] *= v[i][4];
    y[i] = s * v[i][3];
};

TEST_CASE("matrices, quaternions, complex numbers, long vectors") {
    const auto how = GENERATE(lying::compact, lying::mixed);
    const auto m = with_values<mat<double, 2, 2>>(4, 1, how);
    const auto v = with_values<vec<double, 2>>(4, 2, how), w = with_values<vec<double, 2>>(4, 3, how);
    check_both(4, kernel<matrices>, m, v, w);
    const auto q = with_values<quat<double>>(8, 4, how);
    const auto v3 = with_values<vec<double, 3>>(4, 5, how), w3 = with_values<vec<double, 3>>(4, 6, how);
    check_both(4, kernel<quaternions>, q, v3, w3);
    const auto z = with_values<complex<double>>(8, 7, how);
    const auto x = with_values<double>(4, 8, how);
    check_both(4, kernel<complex_numbers>, z, x);
    const auto big = with_values<mat<double, 4, 4>>(3, 9, how),
               other = with_values<mat<double, 4, 4>>(3, 10, how);
    check_both(3, kernel<big_matrices>, big, other);
    const auto v7 = with_values<vec<double, 7>>(4, 11, how);
    check_both(4, kernel<long_vectors>, v7, x);
}

// -- Structs
// -------------------------------------------------------------------------------------------------

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
