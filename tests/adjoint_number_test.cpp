// SPDX-License-Identifier: Apache-2.0
// adjoint_number_test.cpp: adjoints of kernels that keep, copy, swap and update numbers in ways that an
// engine may trip over.
#include "support/adjoint_engines.hpp"

#include <utility>

using namespace test;

constexpr auto product_of_gathered = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    y[i] = p[0];
    y[i] *= x[i];
};
constexpr auto assigned_then_scaled = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    (y[i] = p[0]) *= x[i];
};
constexpr auto updated_in_turn = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    y[i] = p[0];
    y[i] += x[i];
    y[i] /= p[1];
    ++y[i];
    y[i]--;
};
constexpr auto kept_located = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto&& t = y[i];
    t += p[0];
    auto u = value(t);
    std::move(t) = x[i];
    y[i] += u;
};
constexpr auto read_back = [] WARPX_KERNEL(auto i, auto, auto p, auto y) {
    y[i] = p[0];
    y[i] = y[i];
    y[i] = y[i] * y[i];
    auto t = y[i];
    t *= p[1];
    t = t + p[2];
    y[i] = t;
};
constexpr auto copies_of_located = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto t = p[0];
    auto u = t;
    t += x[i];
    u *= t;
    t = u;
    u = p[2];
    y[i] = t * u;
};
constexpr auto located_as_variable = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                     auto y) { // located kept as auto, then changed
    auto t = x[i];
    auto u = p[0];
    t = u;
    u = p[1];
    t += u;
    u -= t;
    t *= u;
    y[i] = t;
};
constexpr auto located_as_sum = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                auto y) { // located accumulates in loop
    auto t = y[i];
    for (int k = 0; k < 3; ++k) t += p[k] * x[i];
    auto s = t;
    t += p[0];
    y[i] = s * t;
};
constexpr auto elements_in_turn = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                  auto y) { // cell accumulates in loop, read between
    for (int k = 0; k < 3; ++k) {
        y[i] += p[k] * x[i];
        x[i] *= y[i];
    }
};
constexpr auto sum_between_stores = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                    auto y) { // accumulate an accumulator cell
    auto s = decltype(x)::zero();
    for (int k = 0; k < 3; ++k) s += p[k];
    y[i] += s;
    s += x[i];
    y[i] += s;
    s += p[1];
    y[i] *= s;
};

TEST_CASE("numbers that are kept, copied, updated") {
    const auto x = with_values<double>(5, 1), p = with_values<double>(3, 2), y = with_values<double>(5, 3);
    check_strided(5, kernel<product_of_gathered>, x, p, y);
    check_strided(5, kernel<assigned_then_scaled>, x, p, y);
    check_strided(5, kernel<updated_in_turn>, x, p, y);
    check_strided(5, kernel<kept_located>, x, p, y);
    check_strided(5, kernel<read_back>, x, p, y);
    check_strided(5, kernel<copies_of_located>, x, p, y);
    check_strided(5, kernel<located_as_variable>, x, p, y);
    check_strided(5, kernel<located_as_sum>, x, p, y);
    check_strided(5, kernel<elements_in_turn>, x, p, y);
    check_strided(5, kernel<sum_between_stores>, x, p, y);
}
