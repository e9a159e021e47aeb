// SPDX-License-Identifier: Apache-2.0
// with_derivative_test.cpp: functions with derivatives of their own, in kernels and for dual numbers.
#include <warpx/with_derivative.hpp>

#include "support/adjoint_engines.hpp"

#include <warpx/dual.hpp>
#include <warpx/gradcheck.hpp>

using namespace test;

namespace {

/// Not the derivative, so that one sees what was used.
constexpr auto marked =
    with_derivative([] WARPX_KERNEL(auto x) { return x * x; }, [] WARPX_KERNEL(auto x) { return 100 * x; });
constexpr auto softplus = with_derivative([] WARPX_KERNEL(auto x) { return log1p(exp(x)); },
                                          [] WARPX_KERNEL(auto x) { return 1 / (1 + exp(-x)); });
constexpr auto product =
    with_derivative([] WARPX_KERNEL(auto x, auto y) { return x * y; },
                    [] WARPX_KERNEL(auto, auto y) { return y; }, [] WARPX_KERNEL(auto x, auto) { return x; });
constexpr auto four =
    with_derivative([] WARPX_KERNEL(auto a, auto b, auto c, auto d) { return a * b + c * d; },
                    [] WARPX_KERNEL(auto, auto b, auto, auto) { return b; },
                    [] WARPX_KERNEL(auto a, auto, auto, auto) { return a; },
                    [] WARPX_KERNEL(auto, auto, auto, auto d) { return d; },
                    [] WARPX_KERNEL(auto, auto, auto c, auto) { return c; });

constexpr auto use_marked = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = 3 * marked(x[i]); };
constexpr auto use_softplus = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = softplus(2 * x[i]); };
constexpr auto use_all = [] WARPX_KERNEL(auto i, auto x, auto z, auto n, auto y) {
    auto t = product(x[i], z[i]) + product(x[i], 2.0f) + product(3, z[i]) + product(n[i], x[i]);
    y[i] = t + four(x[i], z[i], t, x[i]) + four(1, x[i], z[i], 2) + four(x[i], 2, z[i], x[i]);
};
constexpr auto two_widths = [] WARPX_KERNEL(auto i, auto x, auto z, auto y) { y[i] = product(x[i], z[i]); };

template <class T> array<T, 1> some(int64_t n, double from) {
    auto a = zeros<T>(n);
    for (int64_t k = 0; k < n; ++k) a[k] = static_cast<T>(from + 0.25 * static_cast<double>(k));
    return a;
}

} // namespace

TEST_CASE("a function with its own derivative is its value elsewhere") {
    static_assert(marked(3) == 9);
    CHECK(marked(1.5f) == 2.25f);
    const auto x = some<float>(4, 1), y = zeros<float>(4);
    launch<use_marked>(4, x, y);
    CHECK(value(y[2]) == 3 * 1.5f * 1.5f);
}
TEST_CASE("the given derivative is used, in both engines") {
    for (const bool taped : {false, true}) {
        auto x = some<float>(4, 1), y = zeros<float>(4);
        x.set_grad(zeros<float>(4));
        y.set_grad(full<float>(4, 1.0f));
        if (taped)
            taped_adjoint({}, 4, kernel<use_marked>, x, y);
        else
            launch_adjoint<use_marked>(4, x, y);
        CHECK(value(x.grad()[2]) == 300 * 1.5f);
    }
}
TEST_CASE("right derivatives pass gradcheck and the dot-product test") {
    const int64_t n = 7;
    CHECK(gradcheck<use_softplus>(n, some<double>(n, -1), zeros<double>(n)).passed);
    CHECK(gradcheck<use_softplus>(n, some<float>(n, -1), zeros<float>(n)).passed);
    CHECK(gradcheck<use_softplus>(n, some<half>(n, -1), zeros<half>(n)).passed);
    CHECK(adjoint_test<use_softplus>(n, some<double>(n, -1), zeros<double>(n)).passed);
    const auto count = full<int>(n, 5);
    CHECK(gradcheck<use_all>(n, some<double>(n, -1), some<double>(n, 2), count, zeros<double>(n)).passed);
    CHECK(adjoint_test<use_all>(n, some<double>(n, -1), some<double>(n, 2), count, zeros<double>(n)).passed);
    CHECK(gradcheck<two_widths>(n, some<float>(n, -1), some<double>(n, 2), zeros<double>(n)).passed);
}
TEST_CASE("dual numbers: own derivatives, mixtures with constants") {
    const dual<double> x(2, 1), z(3, 10);
    CHECK(marked(x).d[0] == 200);
    CHECK(product(x, z).d[0] == 23);
    CHECK(product(x, 4).d[0] == 4);
    CHECK(product(4.0f, z).d[0] == 40);
    CHECK(four(x, z, x, z).v == 12);
    CHECK(four(x, z, x, z).d[0] == 46);
    CHECK(four(1, z, 2, x).d[0] == 12);
}
