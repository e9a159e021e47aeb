// SPDX-License-Identifier: Apache-2.0
// tangent_test.cu: tangents and second derivatives on CUDA, against the host's.
#include "cuda/adjoint_support.hpp"

namespace {

using namespace adjoint_test;

constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto x, auto f) {
    auto a = 1 - x[i];
    auto b = x[i + 1] - x[i] * x[i];
    atomic_add(f, 0, a * a + 100 * (b * b));
};
constexpr auto turn = [] WARPX_KERNEL(auto i, auto v, auto w, auto a) {
    auto u = v[i];
    auto r = length(u);
    if (r > 1) u = u / r;
    w[i] = cross(u, w[i]) * a + u;
};
constexpr auto carried = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto v = x[i];
    for (int k = 0; k < p.extent(0); ++k) v = sin(v) * p[k];
    y[i] = v;
};

} // namespace

TEST_CASE("tangents on CUDA are those of the host", "[core]") {
    const auto v = numbers<vec3f>(1, 500), tv = numbers<vec3f>(2, 500), w = numbers<vec3f>(3, 500),
               tw = numbers<vec3f>(4, 500);
    const auto dv = machine::put(v), dtv = machine::put(tv), dw = machine::put(w), dtw = machine::put(tw);
    warpx::launch_tangent<turn>(500, warpx::with_tangent(dv, dtv), warpx::with_tangent(dw, dtw),
                                warpx::with_tangent(2.0f, 0.5f));
    warpx::launch_tangent<turn>(500, warpx::with_tangent(v, tv), warpx::with_tangent(w, tw),
                                warpx::with_tangent(2.0f, 0.5f));
    CHECK(difference(w, dw) < 1e-5);
    CHECK(difference(tw, dtw) < 1e-4);

    const auto x = numbers<double>(1, 300), p = numbers<double>(3, 20), y = numbers<double>(4, 300);
    const auto tx = numbers<double>(2, 2, 300), ty = numbers<double>(5, 2, 300);
    const auto dx = machine::put(x), dp = machine::put(p), dy = machine::put(y);
    const auto dtx = machine::put(tx), dty = machine::put(ty);
    warpx::launch_tangent<carried>(300, warpx::with_tangent<2>(dx, dtx), dp, warpx::with_tangent<2>(dy, dty));
    warpx::launch_tangent<carried>(300, warpx::with_tangent<2>(x, tx), p, warpx::with_tangent<2>(y, ty));
    CHECK(difference(y, dy) < 1e-12);
    CHECK(difference(ty, dty) < 1e-12);
}

TEST_CASE("Hessian-vector products on CUDA are those of the host") {
    const auto x = graded<double>(1, 300), t = graded<double>(2, 300), f = graded<double>(3, 1);
    const auto dx = on_device(x), dt = on_device(t), df = on_device(f);
    warpx::launch_adjoint<rosenbrock>(299, warpx::with_tangent(dx, dt), df);
    warpx::launch_adjoint<rosenbrock>(299, warpx::with_tangent(x, t), f);
    machine::need(cudaDeviceSynchronize());
    CHECK(difference(x.grad(), dx.grad()) < 1e-12);
    CHECK(difference(t.grad(), dt.grad()) < 1e-12);
}
