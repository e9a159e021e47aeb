// SPDX-License-Identifier: Apache-2.0
// adjoint_sum_more_test.cpp: more sums: many, of each other, in arrays, begun and chosen in branches.
#include "support/adjoint_engines.hpp"

#include <utility>

using namespace test;

constexpr auto many_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    using V = typename decltype(y[0])::value_type;
    V a(0.0f), b(0.0f), c(0.0f), d(0.0f), e(0.0f), f(1.0f);
    for (int k = 0; k < 4; ++k) {
        a += x(i, k);
        b -= x(i, k) * a;
        c += b * x(i, k);
        d += c;
        e += x(i, k) * d;
        f *= x(i, k);
    }
    y[i] = a * b + c * d + e * f;
};
constexpr auto sums_of_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    s += x(i, 0);
    t += s;
    s += x(i, 1);
    t += s;
    t += t;
    s -= t;
    s += x(i, 2);
    s += s;
    t += s;
    y[i] = t * s;
};
constexpr auto sums_in_array = [] WARPX_KERNEL(auto i, auto x, auto y) {
    using V = typename decltype(y[0])::value_type;
    V s[2] = {V(0.0f), V(0.0f)};
    for (int k = 0; k < 4; ++k) s[k % 2] += x(i, k) * x(i, 3 - k);
    s[0] += s[1];
    s[1] += s[0] * x(i, 0);
    y[i] = s[0] * s[1];
};
constexpr auto sum_started_in_branch = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        if (x(i, k) > 0.0f)
            s += x(i, k) * x(i, k);
        else
            t += x(i, k) * 3.0f;
        if (k == 2) s = s * t + 1.0f;
    }
    y[i] = s - t * t;
};
constexpr auto sum_chosen = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    s += x(i, 0);
    t += x(i, 1);
    auto& u = x(i, 2) > 0.0f ? s : t;
    u += x(i, 2);
    const auto& v = u;
    t += v * x(i, 3);
    y[i] = s * t + (s > t ? s : t) + max(s, t);
};
constexpr auto sum_to_element = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 3; ++k) {
        s += x(i, k);
        y[i] = s;
    }
    s += x(i, 3);
    y[i] = s * y[i];
};

TEST_CASE("many sums, sums of sums, in arrays and branches") {
    const auto how = GENERATE(lying::compact, lying::mixed);
    const auto x = with_values<double>({3, 4}, 1, how);
    const auto y = with_values<double>(3, 2, how);
    check_strided(3, kernel<many_sums>, x, y);
    check_strided(3, kernel<sums_of_sums>, x, y);
    check_strided(3, kernel<sums_in_array>, x, y);
    check_strided(3, kernel<sum_started_in_branch>, x, y);
    check_strided(3, kernel<sum_chosen>, x, y);
    check_strided(3, kernel<sum_to_element>, x, y);
}
