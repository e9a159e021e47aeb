// SPDX-License-Identifier: Apache-2.0
// with_adjoint_test.cu: kernels and functions with derivatives of their own, on CUDA against the host.
#include "cuda/adjoint_support.hpp"

#include <warpx/with_adjoint.hpp>
#include <warpx/with_derivative.hpp>

namespace {

using namespace adjoint_test;
using warpx::with_adjoint, warpx::with_derivative, warpx::with_grad;

constexpr auto scaled =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto a, auto gx, auto gy, auto ga) {
                     const auto g = gy.take(i);
                     gx[i] += 2 * a * x[i] * g;
                     ga += x[i] * x[i] * g;
                 });
constexpr auto gather =
    with_adjoint([] WARPX_KERNEL(auto i, auto v, auto at, auto y) { y[i] += dot(v[at[i]], v[at[i]]); },
                 [] WARPX_KERNEL(auto i, auto v, auto at, auto, auto gv, auto, auto gy) {
                     const auto g = gy[i];
                     gv[at[i]] += 2 * v[at[i]] * g;
                 });
struct cubed {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i] * x[i]; };
    static constexpr auto adjoint = [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) {
        gx[i] += 3 * x[i] * x[i] * gy.take(i);
    };
};
constexpr auto softplus = with_derivative([] WARPX_KERNEL(auto x) { return log1p(exp(x)); },
                                          [] WARPX_KERNEL(auto x) { return 1 / (1 + exp(-x)); });
constexpr auto use_softplus = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = decltype(softplus){}(2 * x[i]) * x[i];
};

} // namespace

TEST_CASE("own adjoints and derivatives on CUDA", "[core]") {
    using namespace adjoint_test;
    std::vector<int> at;
    for (int k = 0; k < 1000; ++k) at.push_back(k * 37 % 50);
    const auto ga = warpx::reshape(numbers<double>(5, 1), shape<0>());
    CHECK(differs<scaled>(shape(1000), graded<double>(1, 1000), graded<double>(2, 1000), with_grad(2.0, ga)) <
          1e-12);
    CHECK(differs<scaled>(shape(30, 40), graded<float>(1, 30, 40), graded<float>(2, 30, 40), 2.0f) < 1e-5);
    CHECK(differs<scaled>(shape(1000), numbers<float>(1, 1000), graded<float>(2, 1000), 2.0f) < 1e-5);
    CHECK(differs<scaled>(shape(1000), graded<float>(1, 1000), numbers<float>(2, 1000), 2.0f) < 1e-5);
    CHECK(differs<gather>(shape(1000), graded<vec3f>(1, 50), integers(at), graded<float>(2, 1000)) < 1e-4);
    const auto x = on_device(graded<float>(1, 1000)), y = on_device(graded<float>(2, 1000));
    warpx::launch_adjoint<cubed>(1000, x, y);
    CHECK(machine::read(y.grad())[7] == 0);
    CHECK(differs<use_softplus>(shape(1000), graded<double>(3, 1000), graded<double>(4, 1000)) < 1e-12);
}
TEST_CASE("own adjoints on CUDA: checked, strided", "[core]") {
    using namespace adjoint_test;
    const auto x = on_device(graded<float>(1, 100)), y = on_device(graded<float>(2, 100));
    const auto before = machine::read(x.grad());
    warpx::launch_adjoint<scaled>(warpx::launch_options{.checked = true}, 50, warpx::slice(x, 0, 0, 100, 2),
                                  warpx::slice(y, 0, 0, 100, 2), 1.0f);
    const auto gx = machine::read(x.grad()), gy = machine::read(y.grad()), hx = machine::read(x);
    CHECK(gx[1] == before[1]);
    CHECK(gx[4] != before[4]);
    CHECK(gy[4] == 0);
    CHECK(gy[5] != 0);
}
