// SPDX-License-Identifier: Apache-2.0
// ops.cpp: warpx_gallery: the operations of the gallery (docs/operations.md). Each is a kernel and a declaration; the
// gradients are derived.
#include <warpx/interop/python_module.hpp> // first: it includes Python.h

#include <warpx/create.hpp>
#include <warpx/math.hpp>

using warpx::in, warpx::inout, warpx::out, warpx::value;
using warpx::vec;

// -- saxpy ------------------------------------------------------------------------------------------------

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
constexpr auto saxpy_op = warpx::op<"saxpy", saxpy>(in<float, "n">("x"), inout<float, "n">("y"), value<float>("a"))
                              .doc("Adds a * x to y, in place.");

// -- rosenbrock -------------------------------------------------------------------------------------------

constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto p, auto f) {
    const auto at = p[i];
    const auto to_valley = at.y - at.x * at.x, along = 1 - at.x;
    f[i] = 100 * to_valley * to_valley + along * along;
};
constexpr auto rosenbrock_op =
    warpx::op<"rosenbrock", rosenbrock>(in<vec<float, 2>, "n">("p"), out<float, "n">("f"))
        .doc("Rosenbrock's function of points; its minimum is at (1, 1).");

// -- matmul -----------------------------------------------------------------------------------------------

constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto matmul_op =
    warpx::op<"matmul", matmul>(in<float, "n", "k">("a"), in<float, "k", "m">("b"), out<float, "n", "m">("c"))
        .doc("The product of two matrices.");

// -- rms_norm: two launches, so a host function with an adjoint -----------------------------------------------

constexpr auto inverse_rms = [] WARPX_KERNEL(auto i, auto x, auto eps, auto r) {
    auto s = r.zero();
    for (int k = 0; k < x.extent(1); ++k) s += x(i, k) * x(i, k);
    r[i] = 1 / sqrt(s / static_cast<float>(x.extent(1)) + eps);
};
constexpr auto scale_rows = [] WARPX_KERNEL(auto i, auto x, auto r, auto weight, auto y) {
    auto [row, col] = i;
    y[i] = x[i] * r(row) * weight(col);
};
constexpr auto rms_norm = [](const warpx::launch_options& options, auto x, auto weight, auto eps, auto y) {
    const auto r = warpx::empty<float>(x.extent(0));
    warpx::launch<inverse_rms>(options, x.extent(0), x, eps, r);
    warpx::launch<scale_rows>(options, x.extents(), x, r, weight, y);
};
constexpr auto rms_norm_adjoint = [](const warpx::launch_options& options, auto x, auto weight, auto eps, auto y) {
    auto r = warpx::empty<float>(x.extent(0));
    r.set_grad(warpx::zeros<float>(x.extent(0)));
    warpx::launch<inverse_rms>(options, x.extent(0), x, eps, r);
    warpx::launch_adjoint<scale_rows>(options, x.extents(), x, r, weight, y); // the last launch first
    warpx::launch_adjoint<inverse_rms>(options, x.extent(0), x, eps, r);
};
constexpr auto rms_norm_op =
    warpx::callable<"rms_norm", rms_norm>(in<float, "n", "d">("x"), in<float, "d">("weight"), value<float>("eps", 1e-6),
                                          out<float, "n", "d">("y"))
        .adjoint<rms_norm_adjoint>()
        .doc("Rows divided by the root of their mean square, times weight.");

// -- particles with springs ---------------------------------------------------------------------------------

// One item a spring: its force on both ends.
constexpr auto springs = [] WARPX_KERNEL(auto i, auto x, auto ends, auto rest, auto stiffness, auto force) {
    const auto a = ends[i].x, b = ends[i].y;
    const auto apart = x[b] - x[a];
    const auto pull = stiffness * (1 - rest[i] / length(apart)) * apart;
    atomic_add(force, a, pull);
    atomic_sub(force, b, pull);
};
constexpr auto springs_op =
    warpx::op<"springs", springs>(in<vec<float, 2>, "n">("x"), in<vec<int32_t, 2>, "m">("ends"), in<float, "m">("rest"),
                                  value<float>("stiffness"), out<vec<float, 2>, "n">("force").zeroed())
        .over<"m">()
        .doc("The forces of springs on the particles that they join.");

// One item a particle: gravity, the ground at height 0 (which pushes and brakes), then the velocity, then the place.
constexpr auto advance = [] WARPX_KERNEL(auto i, auto x, auto v, auto force, auto dt, auto x_next, auto v_next) {
    const auto at = x[i], before = v[i];
    auto f = force[i];
    f.y -= 9.81F;
    if (at.y < 0) {
        f.x += 1000 * at.y * before.x;
        f.y -= at.y * (20000 - 1000 * before.y);
    }
    const auto after = before + dt * f;
    v_next[i] = after;
    x_next[i] = at + dt * after;
};
constexpr auto advance_op =
    warpx::op<"advance", advance>(in<vec<float, 2>, "n">("x"), in<vec<float, 2>, "n">("v"),
                                  in<vec<float, 2>, "n">("force"), value<float>("dt"),
                                  out<vec<float, 2>, "n">("x_next"), out<vec<float, 2>, "n">("v_next"))
        .doc("One step of semi-implicit Euler for particles of mass 1.");

WARPX_PYTHON_MODULE(warpx_gallery, saxpy_op, rosenbrock_op, matmul_op, rms_norm_op, springs_op, advance_op)
