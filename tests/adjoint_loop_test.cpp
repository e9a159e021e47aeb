// SPDX-License-Identifier: Apache-2.0
// adjoint_loop_test.cpp: adjoints of kernels with loops whose trip count is known at run time.
#include "support/adjoint_engines.hpp"

using namespace test;

constexpr auto carried = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = value(x[i]);
    for (int k = 0; k < steps; ++k) s = s - 0.1f * sin(s * p[k % 3]);
    y[i] = s;
};
constexpr auto carried_own = [] WARPX_KERNEL(auto i, auto x, int steps, auto y) {
    y[i] = x[i];
    for (int k = 0; k < steps; ++k) y[i] *= 0.99f + 0.01f * x[i];
};
constexpr auto summed = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) s += p[k % 3] * x[i];
    y[i] = s * s;
};
constexpr auto self_scaling = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = value(x[i]);
    for (int k = 0; k < steps; ++k) s += 0.02f * s * p[k % 3];
    y[i] = s;
};
constexpr auto while_loop = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto t = x[i] * x[i] + 1.0f;
    int k = 0;
    while (t < 1000.0f && k < steps) {
        t = t * (1.0f + 0.01f * p[k % 3] * p[k % 3]);
        ++k;
    }
    do t += p[0];
    while (t < 0.0f);
    y[i] = t;
};
constexpr auto nested_loops = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        auto t = decltype(x)::zero();
        for (int j = 0; j < 3; ++j) {
            if (j == k % 3) continue;
            t += p[j] * x[i];
        }
        s += 0.1f * t * t;
        if (s > 40.0f) break;
    }
    y[i] = s;
};
constexpr auto averaged = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto mean = decltype(x)::zero();
    auto square = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        mean += p[k % 3] * x[i];
        square += mean * p[k % 3];
        mean *= 0.9f;
    }
    y[i] = mean * square;
};
constexpr auto stored_in_loop = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y, auto z) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        s += p[k % 3] * x[i];
        z[i] = s * p[0] + z[i];
        if (k % 5 == 0) y[i] = s;
    }
};

TEST_CASE("loops whose trip count is known at run time") {
    const int steps = GENERATE(0, 1, 17, 200, 600);
    CAPTURE(steps);
    const auto x = with_values<double>(3, 1), p = with_values<double>(3, 2), y = with_values<double>(3, 3),
               z = with_values<double>(3, 4);
    check_strided(3, kernel<carried>, x, p, steps, y);
    check_strided(3, kernel<carried_own>, x, steps, y);
    check_strided(3, kernel<summed>, x, p, steps, y);
    check_strided(3, kernel<self_scaling>, x, p, steps, y);
    check_strided(3, kernel<while_loop>, x, p, steps, y);
    check_strided(3, kernel<nested_loops>, x, p, steps, y);
    check_strided(3, kernel<averaged>, x, p, steps, y);
    if (steps < 200) check_strided(3, kernel<stored_in_loop>, x, p, steps, y, z);
}
