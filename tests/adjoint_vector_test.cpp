// SPDX-License-Identifier: Apache-2.0
// adjoint_vector_test.cpp: adjoints over vectors, as NVIDIA Warp's test_composite_component_adjoint, and what
// it cannot do.
#include "support/adjoint_engines.hpp"

using namespace test;

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
    check_strided(4, kernel<integrate>, v, w, 0.125);
    check_strided(4, kernel<component_assigned>, x, v);
    check_strided(4, kernel<component_twice>, x, v);
    check_strided(4, kernel<local_components>, x, v);
    check_strided(4, kernel<components_elsewhere>, x, v);
    check_strided(4, kernel<gathered_vectors>, v, w, x);
    check_strided(4, kernel<atomic_vectors>, v, w, x);
    check_strided(4, kernel<summed_vectors>, v, w, x);
}
