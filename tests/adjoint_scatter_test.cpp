// SPDX-License-Identifier: Apache-2.0
// adjoint_scatter_test.cpp: adjoints of kernels that write the elements of others, some twice.
#include "support/adjoint_engines.hpp"

using namespace test;

constexpr auto scatter = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) { y[table[i]] = x[i] * x[i]; };
constexpr auto scatter_twice = [] WARPX_KERNEL(auto i, auto x, auto a, auto b, auto y) {
    y[a[i]] = x[i] * x[i];
    y[b[i]] = 3.0f * x[i];
};
constexpr auto scatter_and_own = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[table[i]] = x[i] * x[i];
    y[i] = 3.0f * x[i];
};
constexpr auto own_and_scatter = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[i] = 3.0f * x[i];
    y[table[i]] = x[i] * x[i];
};
constexpr auto scatter_then_gather = [] WARPX_KERNEL(auto i, auto x, auto a, auto b, auto y, auto z) {
    y[a[i]] = x[i] * x[i];
    z[i] = y[b[i]] * x[i];
};
constexpr auto gather_then_scatter = [] WARPX_KERNEL(auto i, auto x, auto a, auto b, auto y, auto z) {
    auto t = value(y[b[i]]);
    y[a[i]] = t * x[i];
    z[i] = t;
};
constexpr auto ascending = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto row = static_cast<int64_t>(i);
    for (int k = 0; k < 3; ++k) y[row * 3 + k] = x[i] * static_cast<float>(k + 1);
};
constexpr auto descending = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto row = static_cast<int64_t>(i);
    for (int k = 2; k >= 0; --k) y[row * 3 + k] = sin(x[i] * static_cast<float>(k + 1));
};
constexpr auto back_and_forth = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto row = static_cast<int64_t>(i) * 3;
    y[row] = x[i];
    y[row + 2] = 2.0f * x[i];
    y[row + 1] = 3.0f * x[i];
    y[row + 2] = x[i] * x[i];
    y[row] *= x[i];
};
constexpr auto scatter_add = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[table[i]] += x[i] * x[i];
    y[table[i]] -= 3.0f * x[i];
};
constexpr auto scatter_add_read = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    y[table[i]] += x[i] * x[i];
    z[i] = y[table[i]] * y[table[i]];
};
constexpr auto scatter_scale = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[table[i]] *= x[i];
    y[table[i]] /= x[i] + 3.0f;
    y[table[i]] += 1.5f;
};
constexpr auto scatter_self = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[table[i]] += x[i] * y[table[i]];
};

TEST_CASE("scatters") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto x = with_values<double>(4, 1, how), y = with_values<double>(16, 2, how),
               z = with_values<double>(4, 3, how);
    // Items stay apart; within one some meet.
    const auto a = indices({0, 5, 9, 12}), b = indices({4, 5, 8, 12}), own = indices({0, 8, 2, 9});
    check_both(4, kernel<scatter>, x, a, y);
    check_both(4, kernel<scatter_twice>, x, a, b, y);
    check_both(4, kernel<scatter_twice>, x, b, a, y);
    check_both(4, kernel<scatter_and_own>, x, own, y);
    check_both(4, kernel<own_and_scatter>, x, own, y);
    check_both(4, kernel<scatter_then_gather>, x, a, b, y, z);
    check_both(4, kernel<gather_then_scatter>, x, a, b, y, z);
    check_both(4, kernel<ascending>, x, y);
    check_both(4, kernel<descending>, x, y);
    check_both(4, kernel<back_and_forth>, x, y);
    check_both(4, kernel<scatter_add>, x, a, y);
    check_both(4, kernel<scatter_add_read>, x, a, y, z);
    check_both(4, kernel<scatter_scale>, x, a, y);
    check_both(4, kernel<scatter_self>, x, a, y);
    check_products(4, kernel<scatter_twice>, x, a, b, y);
    check_products(4, kernel<back_and_forth>, x, y);
    check_products(4, kernel<scatter_scale>, x, a, y);
}
