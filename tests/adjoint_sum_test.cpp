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

TEST_CASE("sums of gathered values that are read before they are complete") {
    const auto how = GENERATE(lying::compact, lying::mixed);
    const auto x = with_values<double>({3, 4}, 1, how);
    const auto y = with_values<double>(3, 2, how);
    check_both(3, kernel<read_while_summing>, x, y);
    check_both(3, kernel<kept_in_branch>, x, y);
    check_both(3, kernel<prefix_sums>, x, y);
    check_both(3, kernel<horner>, x, y);
    check_both(3, kernel<summed_by_functions>, x, y);
    check_both(3, kernel<moved_sums>, x, y);
    check_both(3, kernel<many_sums>, x, y);
    check_both(3, kernel<sums_of_sums>, x, y);
    check_both(3, kernel<sums_in_array>, x, y);
    check_both(3, kernel<sum_started_in_branch>, x, y);
    check_both(3, kernel<sum_chosen>, x, y);
    check_both(3, kernel<sum_to_element>, x, y);
}
