// SPDX-License-Identifier: Apache-2.0
// adjoint_axes_test.cpp: adjoints of launches with several axes, and over broadcast arrays.
#include "support/adjoint_engines.hpp"

using namespace test;

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

constexpr auto in_place = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = y[i] * x[i];
    y[i] = sin(y[i]) + x[i];
};

TEST_CASE("broadcast arrays add up") {
    const auto x = with_values<double>(5, 1, lying::broadcast), y = with_values<double>(5, 2);
    check_both(5, kernel<in_place>, x, y);
    const array<const double, 1> same = x;
    check_both(5, kernel<in_place>, same, y);
    const auto u = with_values<double>({4, 4}, 3, lying::broadcast), v = with_values<double>({4, 4}, 4),
               w = with_values<double>({4, 4}, 5);
    check_both(shape(4, 4), kernel<matrix_product>, u, v, w);
}
