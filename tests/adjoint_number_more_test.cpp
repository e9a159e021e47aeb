// SPDX-License-Identifier: Apache-2.0
// adjoint_number_more_test.cpp: more of adjoint_number_test.cpp.
#include "support/adjoint_engines.hpp"

#include <algorithm>
#include <utility>

using namespace test;

constexpr auto chosen_reference = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) { // ternary refs
    auto a = x[i] * 1.0, b = p[0] * 1.0;
    auto& r = a > b ? a : b;
    r *= p[1];
    r += b;
    auto c = a > b ? a : b;
    c += p[2];
    y[i] = a * b * c;
};
constexpr auto negative_sums = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) { // s -= , negative
    auto s = decltype(x)::zero();
    for (int k = 0; k < 3; ++k) s -= p[k] * x[i];
    auto t = -s;
    t -= p[0];
    s -= t;
    s -= s;
    s -= p[2];
    y[i] = s * t;
};
constexpr auto extremes = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) { // min max abs clamp
    auto t = max(x[i], p[0]);
    t = min(t, p[1] * 2.0);
    t = abs(t) + clamp(p[2], -0.5, 0.5);
    y[i] = t * t + std::max(value(x[i]), value(p[0]));
};
constexpr auto return_from_loop = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                  auto y) { // early return with live numbers in a loop
    auto s = value(p[0]);
    for (int k = 0; k < 3; ++k) {
        auto u = p[k] * s;
        if (k == 1 && x[i] > 0.0) {
            y[i] = u;
            return;
        }
        s = u + p[2];
        if (u > 100.0) break;
    }
    y[i] = s * p[1];
};
constexpr auto captured_numbers = [] WARPX_KERNEL(auto i, auto x, auto p,
                                                  auto y) { // lambda returning by value captured by ref
    auto s = value(p[0]);
    auto f = [&s]() { return s; };
    auto g = [s]() { return s * 2.0; };
    s *= x[i];
    auto u = f() + g();
    s = p[1];
    y[i] = u * f() * g();
};
constexpr auto pairs = [] WARPX_KERNEL(auto i, auto x, auto p,
                                       auto y) { // pair/array of numbers, structured bindings
    auto pr = std::pair(p[0] * x[i], p[1] * 1.0);
    auto [a, b] = pr;
    pr.first += b;
    a *= pr.first;
    auto q = std::move(pr);
    q.second -= a;
    y[i] = q.first * q.second + a;
};
constexpr auto rotated_array = [] WARPX_KERNEL(auto i, auto x, auto p,
                                               auto y) { // out of order lifetimes: array elements
    using V = typename decltype(x[0])::value_type;
    V v[3];
    for (int k = 0; k < 3; ++k) v[2 - k] = p[k] * x[i];
    for (int r = 0; r < 4; ++r) {
        V t = v[0];
        v[0] = v[1];
        v[1] = v[2];
        v[2] = t * v[0];
    }
    y[i] = v[0] + v[1] * v[2];
};
constexpr auto sums_by_index = [] WARPX_KERNEL(auto i, auto x, auto p,
                                               auto y) { // accumulators in an array with run-time index
    using V = typename decltype(x[0])::value_type;
    V v[3] = {V(0.), V(0.), V(0.)};
    for (int k = 0; k < 9; ++k) v[(k * k) % 3] += p[k % 3] * x[i];
    V w = v[0];
    v[1] += w;
    v[0] += p[0];
    y[i] = v[0] * v[1] + w + v[2];
};
constexpr auto sum_reset = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) { // sum over sums, reset in loop
    auto total = decltype(x)::zero();
    auto s = decltype(x)::zero();
    for (int k = 0; k < 3; ++k) {
        s = 0.0;
        for (int j = 0; j < 2; ++j) s += p[(j + k) % 3] * x[i];
        total += s * s;
    }
    y[i] = total + s;
};
constexpr auto sum_as_factor = [] WARPX_KERNEL(auto i, auto x, auto p,
                                               auto y) { // accumulator declared outside and used as factor
    auto s = value(x[i]);
    for (int k = 0; k < 3; ++k) {
        auto t = s * p[k];
        s += t;
        s += p[k];
        t += s;
        y[i] += t;
    }
    y[i] *= s;
};
constexpr auto powers = [] WARPX_KERNEL(auto i, auto x, auto p,
                                        auto y) { // integer powers, comparisons, int conversion
    auto t = x[i] * p[0];
    int n = static_cast<int>(floor(abs(t) * 3.0)) + 1;
    auto u = pow(abs(t), 2.5) + pow(abs(p[1]), x[i]);
    for (int k = 0; k < n; ++k) u = u * p[2] + 1;
    y[i] = u;
};

TEST_CASE("numbers in references, captures, pairs, arrays") {
    const auto x = with_values<double>(5, 1), p = with_values<double>(3, 2), y = with_values<double>(5, 3);
    check_strided(5, kernel<chosen_reference>, x, p, y);
    check_strided(5, kernel<negative_sums>, x, p, y);
    check_strided(5, kernel<extremes>, x, p, y);
    check_strided(5, kernel<return_from_loop>, x, p, y);
    check_strided(5, kernel<captured_numbers>, x, p, y);
    check_strided(5, kernel<pairs>, x, p, y);
    check_strided(5, kernel<rotated_array>, x, p, y);
    check_strided(5, kernel<sums_by_index>, x, p, y);
    check_strided(5, kernel<sum_reset>, x, p, y);
    check_strided(5, kernel<sum_as_factor>, x, p, y);
    check_strided(5, kernel<powers>, x, p, y);
}
