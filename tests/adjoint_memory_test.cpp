// SPDX-License-Identifier: Apache-2.0
// adjoint_memory_test.cpp: adjoints of kernels that gather, scatter, add atomically, and meet themselves in
// memory.
#include "support/adjoint_engines.hpp"

using namespace test;

namespace {

/// Integers as an array, some of which name the item itself.
array<int32_t, 1> indices(std::initializer_list<int> values) {
    const auto a = zeros<int32_t>(static_cast<int64_t>(values.size()));
    int64_t k = 0;
    for (const int v : values) a.data_handle()[k++] = v;
    return a;
}

} // namespace

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

// -- Scatters
// ------------------------------------------------------------------------------------------------

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

// -- More dimensions
// -----------------------------------------------------------------------------------------

constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto [row, col] = i;
    if (row == 0 || col == 0 || row + 1 == x.extent(0) || col + 1 == x.extent(1)) return;
    y[i] = x(row - 1, col) + x(row + 1, col) + x(row, col - 1) * x(row, col + 1) - 4.0f * x(row, col) * x[i];
};
constexpr auto transposed_copy = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto [row, col] = i;
    y(col, row) = x[i] * x(row, col);
};
constexpr auto matrix_product = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    const auto [row, col] = i;
    auto s = decltype(c)::zero();
    for (int64_t k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto three = [] WARPX_KERNEL(auto i, auto x, auto y, auto line) {
    const auto [a, b, c] = i;
    y[i] = x[i] * line[c] + x(a, b, 0) * y[i];
};
constexpr auto line_of_rows = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const int64_t row = i;
    y[i] = x(i, 0) * x(row, 1);
    x(i, 2) = y[i];
    x(row, 3) = x(i, 2) * y[i];
};

TEST_CASE("two and three dimensions") {
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto x = with_values<double>({4, 5}, 1, how), y = with_values<double>({4, 5}, 2, how),
               t = with_values<double>({5, 4}, 3, how), s = with_values<double>({4, 4}, 4, how);
    check_both(shape(4, 5), kernel<stencil>, x, y);
    check_both(shape(4, 5), kernel<transposed_copy>, x, t);
    check_both(shape(4, 4), kernel<matrix_product>, x, t, s);
    const auto u = with_values<double>({2, 3, 2}, 5, how), v = with_values<double>({2, 3, 2}, 6, how);
    const auto line = with_values<double>(2, 7, how), column = with_values<double>(4, 8, how);
    check_both(shape(2, 3, 2), kernel<three>, u, v, line);
    check_both(4, kernel<line_of_rows>, x, column);
}

TEST_CASE("broadcast arrays add up") {
    const auto x = with_values<double>(5, 1, lying::broadcast), y = with_values<double>(5, 2);
    check_both(5, kernel<in_place>, x, y);
    const array<const double, 1> same = x;
    check_both(5, kernel<in_place>, same, y);
    const auto u = with_values<double>({4, 4}, 3, lying::broadcast), v = with_values<double>({4, 4}, 4),
               w = with_values<double>({4, 4}, 5);
    check_both(shape(4, 4), kernel<matrix_product>, u, v, w);
}
