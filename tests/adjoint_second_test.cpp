// SPDX-License-Identifier: Apache-2.0
// adjoint_second_test.cpp: Hessian-vector products (forward over reverse) against differences of gradients,
// and the same bits on request.
#include <warpx/gradients.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstring>

using warpx::array;

namespace {

constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto x, auto f) {
    auto a = 1 - x[i];
    auto b = x[i + 1] - x[i] * x[i];
    atomic_add(f, 0, a * a + 100 * (b * b));
};
constexpr auto mixture = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = x[i];
    for (int k = 0; k < 3; ++k) t = sin(t) * exp(0.1 * t) + x[i];
    y[i] = y[i] * t + pow(t, 3);
};
constexpr auto shared_sum = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = x[int64_t(i) % 7] * a; };

array<double, 1> numbers(int64_t n, double scale) {
    auto a = warpx::empty<double>(n);
    for (int64_t k = 0; k < n; ++k) a[k] = scale * std::sin(1.0 + static_cast<double>(3 * k));
    return a;
}
template <const auto& K>
array<double, 1> gradient(int64_t dim, const array<double, 1>& x, const array<double, 1>& t, double step,
                          int64_t outputs) {
    auto moved = warpx::empty<double>(x.extent(0));
    for (int64_t k = 0; k < x.extent(0); ++k) moved[k] = x[k] + step * t[k];
    moved.set_grad(warpx::zeros<double>(x.extent(0)));
    auto f = warpx::full<double>(outputs, 0.3);
    f.set_grad(warpx::ones<double>(outputs));
    warpx::launch_adjoint<K>(dim, moved, f);
    return moved.grad();
}

} // namespace

TEMPLATE_TEST_CASE_SIG("forward over reverse gives Hessian-vector products", "", ((int Which), Which), 0, 1) {
    constexpr const auto& kernel = []() -> const auto& {
        if constexpr (Which == 0)
            return rosenbrock;
        else
            return mixture;
    }();
    const int64_t n = 12, dim = Which == 0 ? n - 1 : n, outputs = Which == 0 ? 1 : n;
    auto x = numbers(n, 0.8), t = numbers(n, 1.3);
    x.set_grad(warpx::zeros<double>(n)), t.set_grad(warpx::zeros<double>(n));
    auto f = warpx::full<double>(outputs, 0.3);
    f.set_grad(warpx::ones<double>(outputs));
    warpx::launch_adjoint<kernel>(dim, warpx::with_tangent(x, t), f);
    const double h = 1e-5;
    const auto above = gradient<kernel>(dim, x, t, h, outputs),
               below = gradient<kernel>(dim, x, t, -h, outputs),
               here = gradient<kernel>(dim, x, t, 0, outputs);
    for (int64_t k = 0; k < n; ++k) {
        CHECK(x.grad()[k] == Approx(double(here[k])).epsilon(1e-10));
        CHECK(t.grad()[k] == Approx((above[k] - below[k]) / (2 * h)).epsilon(1e-5).margin(1e-6));
    }
}

TEST_CASE("several directions at once are the directions one by one") {
    const int64_t n = 8;
    const auto x = numbers(n, 0.7);
    auto all = warpx::empty<double>({2, n});
    for (int64_t k = 0; k < n; ++k) all(0, k) = 0.1 * static_cast<double>(k), all(1, k) = 1.0;
    auto xs = warpx::empty<double>(n);
    for (int64_t k = 0; k < n; ++k) xs[k] = x[k];
    xs.set_grad(warpx::zeros<double>(n)), all.set_grad(warpx::zeros<double>({2, n}));
    auto f = warpx::zeros<double>(1);
    f.set_grad(warpx::ones<double>(1));
    warpx::launch_adjoint<rosenbrock>(n - 1, warpx::with_tangent<2>(xs, all), f);
    for (int d = 0; d < 2; ++d) {
        auto one = warpx::empty<double>(n), y = warpx::empty<double>(n);
        for (int64_t k = 0; k < n; ++k) one[k] = all(d, k), y[k] = x[k];
        y.set_grad(warpx::zeros<double>(n)), one.set_grad(warpx::zeros<double>(n));
        f.set_grad(warpx::ones<double>(1));
        warpx::launch_adjoint<rosenbrock>(n - 1, warpx::with_tangent(y, one), f);
        for (int64_t k = 0; k < n; ++k) CHECK(all.grad()(d, k) == Approx(double(one.grad()[k])));
    }
}

TEST_CASE("deterministic adjoints give the same bits each time") {
    const int64_t n = 100000;
    auto x = warpx::empty<float>(7), y = warpx::zeros<float>(n);
    for (int k = 0; k < 7; ++k) x[k] = 0.1f * static_cast<float>(k + 1);
    auto first = warpx::zeros<float>(7);
    float first_scalar = 0;
    for (int round = 0; round < 5; ++round) {
        auto gx = warpx::zeros<float>(7), gy = warpx::empty<float>(n);
        for (int64_t k = 0; k < n; ++k) gy[k] = std::sin(static_cast<float>(k));
        float ga = 0;
        warpx::launch_adjoint<shared_sum>(warpx::launch_options{.deterministic = true}, n,
                                          warpx::with_grad(x, gx), warpx::with_grad(y, gy),
                                          warpx::with_grad(1.5f, ga));
        if (round == 0) first = gx, first_scalar = ga;
        CHECK(std::memcmp(first.data_handle(), gx.data_handle(), 7 * sizeof(float)) == 0);
        CHECK(std::memcmp(&first_scalar, &ga, sizeof(float)) == 0);
    }
}

namespace {
constexpr auto written_and_read = [] WARPX_KERNEL (auto i, auto x, auto y) {
    y[i] = max(0.0, x[i]);
    y[i] = y[i] * y[i];
};
} // namespace

TEST_CASE("what is written and read back needs no tangents of its own") {
    auto x = warpx::full<double>(3, 3.0), v = warpx::ones<double>(3), y = warpx::zeros<double>(3);
    x.set_grad(warpx::zeros<double>(3)), v.set_grad(warpx::zeros<double>(3)), y.set_grad(warpx::ones<double>(3));
    warpx::launch_adjoint<written_and_read>(3, warpx::with_tangent(x, v), y);
    CHECK(x.grad()[1] == 6.0);
    CHECK(v.grad()[1] == 2.0);
    CHECK(y.grad()[1] == 0.0);
}
