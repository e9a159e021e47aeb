// SPDX-License-Identifier: Apache-2.0
// gradcheck_test.cpp: the checks of gradients pass where they should, and name what is wrong where not.
#include <warpx/gradcheck.hpp>
#include <warpx/stop_gradient.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <limits>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto right = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = y[i] * sin(x[i]) + x[i] * x[i]; };
/// Wrong for elements above 2 only.
constexpr auto wrong = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 2.0f)
        y[i] = stop_gradient(x[i]) * x[i];
    else
        y[i] = x[i] * x[i];
};
constexpr auto scaled = [] WARPX_KERNEL(auto i, auto x, auto a, auto y) { y[i] = a * x[i] * x[i]; };
constexpr auto wrong_in_a = [] WARPX_KERNEL(auto i, auto x, auto a, auto y) {
    y[i] = stop_gradient(a) * x[i] * x[i];
};
constexpr auto root = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = sqrt(x[i]); };
constexpr auto turned = [] WARPX_KERNEL(auto i, auto v, auto m, auto w) {
    w[i] = m[i] * v[i] + w[i] * v[i].x;
};
constexpr auto wrong_component = [] WARPX_KERNEL(auto i, auto v, auto w) {
    w[i] = v[i];
    w[i].y = stop_gradient(v[i].y) * v[i].x;
};
constexpr auto table_product = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto [row, col] = i;
    y[i] = x(row, 0) * x(row, col);
};
struct squares {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; };
};

template <class T> array<T, 1> values(int64_t n) {
    const auto a = zeros<T>(n);
    for (int64_t k = 0; k < n; ++k) a.data_handle()[k] = static_cast<T>(0.25f + 0.5f * static_cast<float>(k));
    return a;
}

} // namespace

TEMPLATE_TEST_CASE("gradcheck passes on a right kernel", "", float, double, half, bfloat16) {
    const auto x = values<TestType>(5), y = values<TestType>(5);
    const gradient_report r = gradcheck<right>(5, x, y);
    INFO(to_string(r));
    CHECK(r.passed);
    REQUIRE(r.arguments.size() == 2);
    CHECK(r.arguments[0].numbers == 5);
    CHECK(r.arguments[0].checked == 5);
    CHECK(adjoint_test<right>(5, x, y).passed);
    CHECK_THAT(to_string(r), ContainsSubstring("gradcheck of kernel right: passed"));
}

TEMPLATE_TEST_CASE("gradcheck names the element that is wrong", "", float, double, half, bfloat16) {
    const auto x = values<TestType>(6), y = values<TestType>(6); // 0.25, 0.75, ..., 2.25, 2.75
    const gradient_report r = gradcheck<wrong>(6, x, y);
    INFO(to_string(r));
    CHECK(!r.passed);
    CHECK(r.worst.argument == 0);
    REQUIRE(r.worst.index.size() == 1);
    CHECK(r.worst.index[0] >= 4);
    CHECK(r.worst.component == -1);
    CHECK(r.worst.numerical == Approx(2 * r.worst.derived).epsilon(0.1));
    CHECK(r.worst.relative_error == Approx(0.5).epsilon(0.2));
    REQUIRE(r.arguments.size() == 2);
    CHECK(!r.arguments[0].passed);
    CHECK(r.arguments[1].passed);
    CHECK_THAT(to_string(r), ContainsSubstring("FAILED") && ContainsSubstring("argument 0, element ("));
}

TEST_CASE("gradcheck and the dot-product test: scalars, vectors, matrices, ranks, structs, closures") {
    const auto x = values<double>(5), y = values<double>(5);
    double g = 7;
    CHECK(gradcheck<scaled>(5, x, with_grad(1.5, g), y).passed);
    const auto r = gradcheck<wrong_in_a>(5, x, with_grad(1.5, g), y);
    CHECK(!r.passed);
    CHECK(r.worst.argument == 1);
    CHECK(r.worst.index.empty());
    CHECK(r.worst.derived == 0);
    CHECK(g == 7);
    // Given gradients: others are constants.
    const auto only_y = with_grad(y, zeros<double>(5));
    CHECK(gradcheck<wrong>(5, x, only_y).passed);
    // A tangent stops at stop_gradient too: the dot-product test is blind where both are wrong alike.
    CHECK(adjoint_test<wrong_in_a>(5, x, with_grad(1.5, g), with_grad(y, zeros<double>(5))).passed);

    auto v = zeros<vec<double, 2>>(3), w = zeros<vec<double, 2>>(3);
    auto m = zeros<mat<double, 2, 2>>(3);
    for (int64_t k = 0; k < 3; ++k) {
        const double t = static_cast<double>(k) + 0.5;
        v[k] = vec<double, 2>(t, -t), w[k] = vec<double, 2>(1, t), m[k](0, 1) = t, m[k](1, 1) = 1.0;
    }
    CHECK(gradcheck<turned>(3, v, m, w).passed);
    CHECK(adjoint_test<turned>(3, v, m, w).passed);
    const auto wrong_y = gradcheck<wrong_component>(3, v, w);
    CHECK(!wrong_y.passed);
    CHECK(wrong_y.worst.argument == 0);
    CHECK(wrong_y.worst.component == 1);

    const auto a = zeros<double>({3, 4}), b = zeros<double>({3, 4});
    for (int64_t k = 0; k < 12; ++k) a.data_handle()[k] = static_cast<double>(k) / 8 + 0.25;
    CHECK(gradcheck<table_product>({3, 4}, a, b).passed);
    CHECK(gradcheck<table_product>(gradcheck_options{.tolerance = 1e-8}, {3, 4}, a, b).passed);
    CHECK(adjoint_test<table_product>({3, 4}, a, b).passed);
    CHECK(gradcheck<squares>(5, x, y).passed);
    CHECK(adjoint_test<squares>(5, x, y).passed);
    const double factor = 3;
    const auto closure = [factor](auto i, auto u, auto r_) { r_[i] = u[i] * factor; };
    CHECK(gradcheck(5, closure, x, y).passed);
    CHECK(adjoint_test(5, closure, x, y).passed);
}

TEST_CASE("what is not a number fails") {
    const auto x = values<double>(3), y = values<double>(3);
    x.data_handle()[1] = std::numeric_limits<double>::quiet_NaN();
    const auto r = gradcheck<right>(3, x, y);
    CHECK(!r.passed);
    CHECK(r.worst.index == std::vector<int64_t>{1});
    x.data_handle()[1] = -1;
    CHECK(!gradcheck<root>(3, x, y).passed);
}

TEST_CASE("the caller's values and gradients are left alone") {
    auto x = values<float>(4), y = values<float>(4);
    x.set_grad(full<float>(4, 3.0f)), y.set_grad(full<float>(4, 5.0f));
    CHECK(gradcheck<right>(4, x, y).passed);
    CHECK(adjoint_test<right>(4, x, y).passed);
    (void)jacobian<right>(4, 0, 1, x, y);
    for (int64_t k = 0; k < 4; ++k) {
        CHECK(x[k] == 0.25f + 0.5f * static_cast<float>(k));
        CHECK(y[k] == 0.25f + 0.5f * static_cast<float>(k));
        CHECK(x.grad()[k] == 3.0f);
        CHECK(y.grad()[k] == 5.0f);
    }
}

TEST_CASE("samples of large arrays, and the report says so") {
    const auto x = values<double>(3000), y = values<double>(3000);
    const auto r = gradcheck<squares>(gradcheck_options{.samples = 20, .seed = 5}, 3000, x, y);
    CHECK(r.passed);
    CHECK(r.arguments[0].numbers == 3000);
    CHECK(r.arguments[0].checked == 20);
    CHECK_THAT(to_string(r), ContainsSubstring("20 of 3000 numbers (random sample)"));
}

TEST_CASE("Jacobians by the adjoint and by finite differences") {
    const auto x = values<double>(3), y = values<double>(3);
    const auto j = jacobian<right>(3, 0, 1, x, y), n = numerical_jacobian<right>(3, 0, 1, x, y);
    const auto s = jacobian<right>(3, 1, 1, x, y); // in place
    REQUIRE(j.extent(0) == 3);
    REQUIRE(j.extent(1) == 3);
    for (int64_t r = 0; r < 3; ++r)
        for (int64_t c = 0; c < 3; ++c) {
            const double at = x[c];
            const double want = r == c ? static_cast<double>(y[c]) * std::cos(at) + 2 * at : 0;
            CHECK(j(r, c) == Approx(want));
            CHECK(n(r, c) == Approx(want).margin(1e-9));
            CHECK(s(r, c) == Approx(r == c ? std::sin(at) : 0));
        }
    const auto a = zeros<double>({2, 2}), b = zeros<double>({2, 2});
    for (int64_t k = 0; k < 4; ++k) a.data_handle()[k] = static_cast<double>(k + 1);
    const auto t = jacobian<table_product>({2, 2}, 0, 1, a, b);
    const double want[4][4] = {{2, 0, 0, 0}, {2, 1, 0, 0}, {0, 0, 6, 0}, {0, 0, 4, 3}};
    for (int64_t r = 0; r < 4; ++r)
        for (int64_t c = 0; c < 4; ++c) CHECK(t(r, c) == want[r][c]);
    const auto f = jacobian<squares>(3, 0, 1, values<half>(3), values<half>(3));
    CHECK(f(2, 2) == 2.5);
    double g = 0;
    const auto by_scalar = jacobian<scaled>(3, 1, 2, x, with_grad(2.0, g), y);
    CHECK(by_scalar.extent(1) == 1);
    CHECK(by_scalar(2, 0) == Approx(1.25 * 1.25));
    CHECK_THROWS_WITH((jacobian<scaled>(3, 1, 2, x, 2.0, y)),
                      ContainsSubstring("with_grad(value, gradient)"));
}

TEST_CASE("a check that compares nothing fails") {
    const auto x = values<double>(3), y = values<double>(3), ones = full<double>(3, 1.0);
    const auto given = with_grad(x, zeros<double>(3));
    CHECK_FALSE(gradcheck<wrong>(3, given, y).passed); // y has none
    CHECK_THAT(to_string(gradcheck<wrong>(3, given, y)), ContainsSubstring("nothing was compared"));
    CHECK_FALSE(adjoint_test<wrong>(3, given, y).passed);
    CHECK(gradcheck<right>(3, given, with_grad(y, ones)).passed);
    CHECK(gradcheck<right>(3, x, y).passed);     // none has one, so all count
    CHECK(gradcheck<right>(0, given, y).passed); // nothing is written
}
