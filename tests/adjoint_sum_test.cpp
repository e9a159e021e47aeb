// SPDX-License-Identifier: Apache-2.0
// adjoint_sum_test.cpp: adjoints of kernels that sum gathered values, and read the sums before they are
// complete.
#include "support/adjoint_engines.hpp"

#include <utility>

using namespace test;

constexpr auto read_while_summing = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto t = s;
    s += x(i, 1);
    y[i] = s * t;
};
constexpr auto kept_in_branch = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), best = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s += x(i, k) * x(i, k);
        if (k == 1) best = s;
    }
    y[i] = s * 2.0f + best;
};
constexpr auto prefix_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s += x(i, k);
        atomic_add(y, i, s * static_cast<float>(k));
        y(i) += s;
    }
};
constexpr auto horner = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s *= 0.5f;
        s += x(i, k);
    }
    y[i] = s;
};
constexpr auto summed_by_functions = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto f = [](auto a, auto b) {
        auto s = a;
        s += b;
        return s;
    };
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto u = f(s, x(i, 1));
    auto v = f(s, x(i, 2));
    std::swap(u, v);
    s += u;
    y[i] = s * v;
};
constexpr auto moved_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto t = std::move(s);
    t += x(i, 1);
    s += x(i, 2);
    s = t * s;
    s += x(i, 3);
    y[i] = s;
};
TEST_CASE("sums of gathered values that are read before they are complete") {
    const auto how = GENERATE(lying::compact, lying::mixed);
    const auto x = with_values<double>({3, 4}, 1, how);
    const auto y = with_values<double>(3, 2, how);
    check_strided(3, kernel<read_while_summing>, x, y);
    check_strided(3, kernel<kept_in_branch>, x, y);
    check_strided(3, kernel<prefix_sums>, x, y);
    check_strided(3, kernel<horner>, x, y);
    check_strided(3, kernel<summed_by_functions>, x, y);
    check_strided(3, kernel<moved_sums>, x, y);
}
