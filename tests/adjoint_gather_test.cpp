// SPDX-License-Identifier: Apache-2.0
// adjoint_gather_test.cpp: adjoints of kernels that read and write their own elements, and gather others.
#include "support/adjoint_engines.hpp"

using namespace test;

// -- Own elements
// --------------------------------------------------------------------------------------------

constexpr auto in_place = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = y[i] * x[i];
    y[i] = sin(y[i]) + x[i];
};
constexpr auto multiply_in_place = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] *= x[i];
    y[i] /= x[i] + 2.0f;
    y[i] += x[i] * y[i];
    y[i] -= y[i] * y[i];
};
constexpr auto overwritten_after_read = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = x[i];
    x[i] = 3.0f;
    y[i] = t * t * x[i];
};
constexpr auto read_between_writes = [] WARPX_KERNEL(auto i, auto x, auto y, auto z) {
    y[i] = x[i] * x[i];
    z[i] = y[i] * x[i];
    y[i] = z[i] + y[i];
    x[i] = y[i];
};
constexpr auto swapped_elements = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = value(x[i]);
    x[i] = y[i];
    y[i] = t * y[i];
};

TEST_CASE("own elements, in any order") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto x = with_values<double>(5, 1, how), y = with_values<double>(5, 2, how),
               z = with_values<double>(5, 3, how);
    check_both(5, kernel<in_place>, x, y);
    check_both(5, kernel<multiply_in_place>, x, y);
    check_both(5, kernel<overwritten_after_read>, x, y);
    check_both(5, kernel<read_between_writes>, x, y, z);
    check_both(5, kernel<swapped_elements>, x, y);
    check_products(5, kernel<multiply_in_place>, x, y);
    check_products(5, kernel<read_between_writes>, x, y, z);
}

// -- Gathers
// -------------------------------------------------------------------------------------------------

constexpr auto gather_by_table = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    const auto j = table[i];
    y[i] = x[j] * x[j] + x[i];
};
constexpr auto two_gathers = [] WARPX_KERNEL(auto i, auto x, auto a, auto b, auto y) {
    y[i] = x[a[i]] * sin(x[b[i]]);
};
constexpr auto store_then_gather = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    y[i] = 2.0f * x[i];
    z[i] = y[table[i]] * x[i];
};
constexpr auto store_product_then_gather = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    y[i] = x[table[i]] * x[i];
    z[i] = y[table[i]] * x[i];
};
constexpr auto gather_then_store = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    auto t = y[table[i]];
    y[i] = x[i] * t * t;
};
constexpr auto gather_store_gather = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    auto t = value(y[table[i]]);
    y[i] = x[i] * t;
    auto u = value(y[table[i]]);
    y[i] = u * u;
    z[i] = t * y[table[i]];
};
constexpr auto gather_store_constant = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    y[i] = 0.5f;
    z[i] = y[table[i]] * x[i];
};

TEST_CASE("gathers") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto x = with_values<double>(8, 1, how), y = with_values<double>(8, 2, how),
               z = with_values<double>(4, 3, how);
    const auto table = indices({0, 5, 2, 7}), same = indices({4, 4, 2, 4}), other = indices({4, 5, 2, 4});
    check_both(4, kernel<gather_by_table>, x, table, y);
    check_both(4, kernel<gather_by_table>, x, same, y);
    check_both(4, kernel<two_gathers>, x, same, other, y);
    check_both(4, kernel<store_then_gather>, x, table, y, z);
    check_both(4, kernel<store_product_then_gather>, x, table, y, z);
    check_both(4, kernel<gather_then_store>, x, table, y);
    check_both(4, kernel<gather_store_gather>, x, table, y, z);
    check_both(4, kernel<gather_store_constant>, x, table, y, z);
    check_products(4, kernel<store_then_gather>, x, table, y, z);
    check_products(4, kernel<gather_store_gather>, x, table, y, z);
}
