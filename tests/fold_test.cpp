// SPDX-License-Identifier: Apache-2.0
// fold_test.cpp: loops that carry a value, isolated computations, and their derivatives.
#include <warpx/gradients.hpp>

#include "support/catch.hpp"

#include <cmath>

using warpx::array;

namespace {

constexpr auto carried = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto v = x[i];
    for (int k = 0; k < n; ++k) v = sin(v) * p[k];
    y[i] = v;
};
constexpr auto folded = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    y[i] = warpx::fold(n, x[i], [&](auto k, auto v) { return sin(v) * p[k]; });
};
constexpr auto folded_of_own = [] WARPX_KERNEL(auto i, auto x, auto, auto y, int n) {
    auto c = x[i];
    y[i] = warpx::fold(n, c, [&](auto, auto v) { return sin(v) * c; });
};
constexpr auto carried_of_own = [] WARPX_KERNEL(auto i, auto x, auto, auto y, int n) {
    auto c = x[i];
    auto v = x[i];
    for (int k = 0; k < n; ++k) v = sin(v) * c;
    y[i] = v;
};
constexpr auto folded_twice = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto a = warpx::fold(n, x[i], [&](auto k, auto v) { return sin(v) * p[k]; });
    auto b = warpx::fold(n, 0.5 * x[i], [&](auto k, auto v) { return v + 0.1 * p[k] * v; });
    y[i] = a * b;
};
constexpr auto carried_twice = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto a = x[i];
    auto b = 0.5 * x[i];
    for (int k = 0; k < n; ++k) a = sin(a) * p[k];
    for (int k = 0; k < n; ++k) b = b + 0.1 * p[k] * b;
    y[i] = a * b;
};
constexpr auto isolated = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int) {
    y[i] = warpx::local(
        [](auto a, auto b, auto c) {
            auto r = a * b;
            if (r > 1) r = r * r * c;
            return r;
        },
        x[i], p[int64_t(i)], 2.0);
};
constexpr auto in_line = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int) {
    auto a = x[i];
    auto b = p[int64_t(i)];
    auto r = a * b;
    if (r > 1) r = r * r * 2.0;
    y[i] = r;
};

struct run {
    array<double, 1> x = warpx::empty<double>(5), p = warpx::empty<double>(5000), y = warpx::zeros<double>(5);
    run() {
        for (int k = 0; k < 5; ++k) x[k] = 0.3 + 0.5 * k;
        for (int k = 0; k < 5000; ++k) p[k] = 1.2 + 0.3 * std::sin(k);
        x.set_grad(warpx::zeros<double>(5)), p.set_grad(warpx::zeros<double>(5000));
        y.set_grad(warpx::ones<double>(5));
    }
    double difference(const run& o) const {
        double worst = 0;
        for (int k = 0; k < 5; ++k) {
            worst = std::max(worst,
                             std::abs(x.grad()[k] - o.x.grad()[k]) / (1e-30 + std::abs(double(x.grad()[k]))));
            worst = std::max(worst, std::abs(y[k] - o.y[k]));
        }
        for (int k = 0; k < 5000; ++k)
            worst = std::max(worst,
                             std::abs(p.grad()[k] - o.p.grad()[k]) / (1e-30 + std::abs(double(p.grad()[k]))));
        return worst;
    }
};
template <const auto& One, const auto& Other> double difference(int n) {
    run a, b;
    warpx::launch<One>(5, a.x, a.p, a.y, n);
    warpx::launch<Other>(5, b.x, b.p, b.y, n);
    warpx::launch_adjoint<One>(5, a.x, a.p, a.y, n);
    warpx::launch_adjoint<Other>(5, b.x, b.p, b.y, n);
    return a.difference(b);
}

} // namespace

TEST_CASE("fold is the loop, and so is its gradient") {
    warpx::set_tape_report(nullptr);
    for (const int n : {0, 1, 2, 17, 63, 64, 65, 200, 4095, 4096, 4097, 5000}) {
        CAPTURE(n);
        CHECK(difference<carried, folded>(n) < 1e-11);
        if (n <= 200) CHECK(difference<carried_of_own, folded_of_own>(n) < 1e-11);
        if (n <= 200) CHECK(difference<carried_twice, folded_twice>(n) < 1e-11);
    }
    warpx::set_tape_report(warpx::print_tape_report);
}

TEST_CASE("local is the computation in line, and so is its gradient") {
    CHECK(difference<in_line, isolated>(0) < 1e-14);
}

TEST_CASE("a fold needs no tape in memory, the loop does") {
    static int told;
    told = 0;
    warpx::set_tape_report([](const char*) noexcept { ++told; });
    run a;
    warpx::launch_adjoint<folded>(5, a.x, a.p, a.y, 1000);
    CHECK(told == 0);
    warpx::set_tape_report(warpx::print_tape_report);
}

TEST_CASE("fold and local carry tangents") {
    run a, b;
    const auto tx = warpx::ones<double>(5), ty = warpx::zeros<double>(5), ty2 = warpx::zeros<double>(5);
    warpx::launch_tangent<folded>(5, warpx::with_tangent(a.x, tx), a.p, warpx::with_tangent(a.y, ty), 20);
    warpx::launch_tangent<carried>(5, warpx::with_tangent(b.x, tx), b.p, warpx::with_tangent(b.y, ty2), 20);
    for (int k = 0; k < 5; ++k) CHECK(ty[k] == Approx(double(ty2[k])));
}
