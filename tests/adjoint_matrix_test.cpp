// SPDX-License-Identifier: Apache-2.0
// adjoint_matrix_test.cpp: adjoints over matrices, quaternions, complex numbers, long vectors.
#include "support/adjoint_engines.hpp"

using namespace test;

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
    check_strided(4, kernel<matrices>, m, v, w);
    const auto q = with_values<quat<double>>(8, 4, how);
    const auto v3 = with_values<vec<double, 3>>(4, 5, how), w3 = with_values<vec<double, 3>>(4, 6, how);
    check_strided(4, kernel<quaternions>, q, v3, w3);
    const auto z = with_values<complex<double>>(8, 7, how);
    const auto x = with_values<double>(4, 8, how);
    check_strided(4, kernel<complex_numbers>, z, x);
    const auto big = with_values<mat<double, 4, 4>>(3, 9, how),
               other = with_values<mat<double, 4, 4>>(3, 10, how);
    check_strided(3, kernel<big_matrices>, big, other);
    const auto v7 = with_values<vec<double, 7>>(4, 11, how);
    check_strided(4, kernel<long_vectors>, v7, x);
}
