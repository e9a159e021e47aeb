// SPDX-License-Identifier: Apache-2.0
// adjoint_types_test.cpp: adjoints over float, half and bfloat16 arrays of every layout.
#include "support/adjoint_engines.hpp"

#include <cmath>

using namespace test;

constexpr auto in_place = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] *= x[i];
    y[i] += sin(x[i]) * y[i];
    if (x[i] > 0.5f) y[i] /= x[i] + 2.0f;
};
constexpr auto sum_of_gathered = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    auto s = decltype(x)::zero() * x[i];
    for (int k = 0; k < 3; ++k) s += x[table[k]] * x[i];
    y[i] = s * x[table[i]];
};
constexpr auto carried = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    auto s = x[i] * 1.0f;
    for (int k = 0; k < 40; ++k) s = s * 0.9f + 0.1f * sin(x[table[k % 3]]);
    y[i] = s;
};
constexpr auto scatter_and_add = [] WARPX_KERNEL(auto i, auto x, auto table, auto y) {
    y[table[i] + 4] = x[i] * x[i];
    y[table[i] + 4] *= x[i];
    atomic_add(y, 0, x[i]);
};

/// The gradient in the type itself against that in double at the same values: but for rounding the same.
template <class T, class F, class... Rest>
void against_double(const F& f, lying how, double tolerance, const Rest&... table) {
    const auto x = with_values<T>(8, 1, how), y = with_values<T>(8, 2, how);
    const auto dx = with_values<double>(8, 1), dy = with_values<double>(8, 2);
    const auto compare = [&](const auto& run) {
        seed_gradient(x, 0), seed_gradient(y, 0.75), seed_gradient(dx, 0), seed_gradient(dy, 0.75);
        run(x, y), run(dx, dy);
        for (int64_t k = 0; k < 8; ++k) {
            const double gx = static_cast<double>(static_cast<float>(value(x.grad()[k])));
            const double gy = static_cast<double>(static_cast<float>(value(y.grad()[k])));
            CHECK(std::fabs(gx - dx.grad()[k]) <= tolerance * std::max(1.0, std::fabs(value(dx.grad()[k]))));
            CHECK(std::fabs(gy - dy.grad()[k]) <= tolerance * std::max(1.0, std::fabs(value(dy.grad()[k]))));
        }
    };
    compare([&](const auto& u, const auto& v) { launch_adjoint(4, f, u, table..., v); });
    compare([&](const auto& u, const auto& v) {
        taped_adjoint(warpx::detail::quiet_launch(), 4, f, u, table..., v);
    });
}

TEMPLATE_TEST_CASE("adjoints of narrow types", "", float, half, bfloat16) {
    using T = TestType;
    const double exact = std::is_same_v<T, float> ? 1e-5 : std::is_same_v<T, half> ? 4e-3 : 3e-2;
    const auto how = GENERATE(lying::compact, lying::padded, lying::negative, lying::mixed);
    const auto table = indices({1, 0, 3, 2});
    SECTION("against finite differences") {
        const auto x = with_values<T>(8, 1, how), y = with_values<T>(8, 2, how);
        check_both(4, kernel<in_place>, x, y);
        check_both(4, kernel<sum_of_gathered>, x, table, y);
        check_both(4, kernel<carried>, x, table, y);
        check_both(4, kernel<scatter_and_add>, x, table, y);
        check_products(4, kernel<in_place>, x, y);
        check_products(4, kernel<sum_of_gathered>, x, table, y);
    }
    SECTION("against double") {
        against_double<T>(kernel<in_place>, how, exact);
        against_double<T>(kernel<sum_of_gathered>, how, exact, table);
        against_double<T>(kernel<carried>, how, exact, table);
        against_double<T>(kernel<scatter_and_add>, how, exact, table);
    }
}
