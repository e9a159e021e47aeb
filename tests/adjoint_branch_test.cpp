// SPDX-License-Identifier: Apache-2.0
// adjoint_branch_test.cpp: adjoints of kernels with branches, early return, switch.
#include "support/adjoint_engines.hpp"

using namespace test;

constexpr auto branches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.5f)
        y[i] = x[i] * x[i];
    else if (x[i] > 0.0f)
        y[i] = sin(x[i]) + y[i];
    // else y is left
};
constexpr auto ternaries = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto a = value(x[i]), b = value(y[i]);
    auto t = a > b ? a * a : b;
    y[i] = t > 0.0f ? t * b : -t;
};
constexpr auto switches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = value(x[i]);
    switch (static_cast<int64_t>(i) % 4) {
    case 0:
        t *= 2.0f;
        [[fallthrough]];
    case 1:
        t = t * t;
        break;
    case 2:
        return;
    default:
        t = x[(static_cast<int64_t>(i) + 1) % x.extent(0)] * t;
    }
    y[i] = t;
};
constexpr auto early = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = x[static_cast<int64_t>(i)] * 2.0f;
    if (x[i] < 0.0f) return;
    auto t = s * x[i];
    if (t > 1.0f) {
        y[i] = t;
        return;
    }
    y[i] += t * s;
};

TEST_CASE("branches, switch, early return") {
    const auto x = with_values<double>(9, 1), y = with_values<double>(9, 2);
    check_strided(9, kernel<branches>, x, y);
    check_strided(9, kernel<ternaries>, x, y);
    check_strided(9, kernel<switches>, x, y);
    check_strided(9, kernel<early>, x, y);
}
