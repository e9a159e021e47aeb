// SPDX-License-Identifier: Apache-2.0
// adjoint_atomic_test.cpp: adjoints of kernels with atomics, and with integers and bools that they write.
#include "support/adjoint_engines.hpp"

using namespace test;

// -- Atomics
// -------------------------------------------------------------------------------------------------

constexpr auto loss = [] WARPX_KERNEL(auto i, auto x, auto target, auto total) {
    const auto d = x[i] - target[i];
    atomic_add(total, 0, d * d);
};
constexpr auto histogram = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    atomic_add(y, table[i], sin(x[i]));
    atomic_sub(y, table[i], x[i] * 0.5f);
};
constexpr auto atomic_own = [] WARPX_KERNEL(auto i, auto x, auto y, auto z) {
    atomic_add(y, i, x[i] * x[i]);
    z[i] = y[i] * y[i];
    atomic_sub(y, i, x[i]);
    y[i] *= x[i];
};
constexpr auto store_then_atomic = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[i] = x[i] * 2.0f;
    atomic_add(y, table[i], x[i] * x[i]);
};
constexpr auto atomic_then_store = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    atomic_add(y, table[i], x[i] * x[i]);
    y[i] = x[i] * 2.0f;
};
constexpr auto atomic_then_gather = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    atomic_add(y, table[i], x[i] * x[i]);
    z[i] = y[table[i]];
};
constexpr auto atomic_constant = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    atomic_add(y, table[i], 1.5f);
    atomic_add(y, table[i], 2);
    atomic_add(y, table[i], x[i]);
};

TEST_CASE("atomics") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto x = with_values<double>(4, 1, how), target = with_values<double>(4, 2, how),
               y = with_values<double>(16, 3, how), z = with_values<double>(4, 4, how),
               total = with_values<double>(1, 5, how);
    const auto together = indices({3, 1, 3, 3}), apart = indices({0, 8, 2, 9});
    check_both(4, kernel<loss>, x, target, total);
    check_both(4, kernel<histogram>, x, together, y);
    check_both(4, kernel<atomic_own>, x, y, z);
    check_both(4, kernel<store_then_atomic>, x, apart, y);
    check_both(4, kernel<atomic_then_store>, x, apart, y);
    check_both(4, kernel<atomic_then_gather>, x, apart, y, z);
    check_both(4, kernel<atomic_constant>, x, together, y);
    check_products(4, kernel<histogram>, x, together, y);
    check_products(4, kernel<atomic_own>, x, y, z);
}

// -- Passive arrays that are written and read again
// -----------------------------------------------------------

constexpr auto passive_own = [] WARPX_KERNEL(auto i, auto x, auto n, auto y) {
    n[i] = static_cast<int>(i) + 1;
    if (n[i] % 2 == 0) n[i] = 0;
    y[i] = x[n[i]] * static_cast<float>(n[i]);
};
constexpr auto passive_elsewhere = [] WARPX_KERNEL(auto i, auto x, auto n, auto flags, auto y) {
    const auto k = 7 - static_cast<int64_t>(i);
    n[k] = n[k] + 1;
    flags[k] = n[k] > 2;
    y[i] = flags[k] ? x[i] * static_cast<float>(n[k]) : x[i] + x[i];
};
constexpr auto passive_count = [] WARPX_KERNEL(auto i, auto x, auto count, auto y) {
    atomic_add(count, 0, 1);
    y[i] = x[i] * x[i];
};

TEST_CASE("integers and bools that the kernel writes") {
    const auto x = with_values<double>(8, 1), y = with_values<double>(8, 2);
    const auto flags = zeros<bool>(8);
    check_both(4, kernel<passive_own>, x, indices({1, 2, 3, 4, 5, 6, 7, 0}), y);
    check_both(4, kernel<passive_elsewhere>, x, indices({1, 2, 3, 4, 0, 1, 2, 3}), flags, y);
    check_both(8, kernel<passive_count>, x, indices({0}), y);
}
