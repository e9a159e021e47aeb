// SPDX-License-Identifier: Apache-2.0
// adjoint_kernels.hpp: the kernels whose adjoints are measured, on the host and on CUDA.
#pragma once

#include <warpx/warpx.hpp>

#include <warpx/fold.hpp>

namespace kernels {

// -- Items that touch their own elements only
// -----------------------------------------------------------------------
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto saxpy_add = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto p, auto f) {
    auto q = p[i];
    auto a = 1.0f - q.x;
    auto b = q.y - q.x * q.x;
    f[i] = a * a + 100.0f * (b * b);
};
constexpr auto branch = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.0f)
        y[i] = warpx::sqrt(x[i]);
    else
        y[i] = -x[i];
};
/// One side computes more than the other, and code follows that needs either.
constexpr auto branch2 = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = value(x[i]);
    if (t > 0.0f) t = warpx::sqrt(t) * t + 1.0f;
    y[i] = t * t;
};
constexpr auto early_return = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] < 0.0f) return;
    auto t = x[i];
    y[i] = warpx::sqrt(t) * t;
};
/// A step of semi-implicit Euler in place, on vec3.
constexpr auto integrate = [] WARPX_KERNEL(auto i, auto x, auto v, auto f, auto m, auto dt) {
    auto u = v[i] + f[i] * (dt / m[i]);
    v[i] = u;
    x[i] = x[i] + u * dt;
};
/// Contact with the ground, with friction: nested ifs, vec3, and atomic_add at the own index.
constexpr auto contact = [] WARPX_KERNEL(auto i, auto x, auto v, auto f, auto ke, auto mu) {
    using vector = typename decltype(f)::value_type;
    using number = typename vector::value_type;
    auto p = x[i];
    auto u = v[i];
    number normal = 0.0f, friction = 0.0f;
    if (p.y < 0.0f) {
        normal = -ke * p.y;
        auto speed = warpx::sqrt(u.x * u.x + u.z * u.z + 1e-6f);
        friction = normal * mu / speed;
        if (friction > 2.0f) friction = 2.0f;
    }
    warpx::atomic_add(f, i, vector(-friction * u.x, normal - 0.1f * u.y, -friction * u.z));
};

// -- Gathers and scatters
// -------------------------------------------------------------------------------------------
/// The force of a spring on its two ends: gathers of vec3, atomics.
constexpr auto spring = [] WARPX_KERNEL(auto i, auto position, auto force, auto ends, auto rest, auto ks) {
    const int a = ends(i, 0), b = ends(i, 1);
    auto d = position[a] - position[b];
    auto l = warpx::length(d);
    auto pull = d / l * (-ks * (l - rest[i]));
    warpx::atomic_add(force, a, pull);
    warpx::atomic_add(force, b, -pull);
};
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = 0.25f * x[i] + 0.5f * x[i + 1] + 0.25f * x[i + 2];
};
constexpr auto scatter = [] WARPX_KERNEL(auto i, auto x, auto to, auto y) { y[to[i]] = x[i] * x[i]; };
/// A store, then a gather of the same array by an index that is sometimes the item's own.
constexpr auto store_gather = [] WARPX_KERNEL(auto i, auto x, auto from, auto y, auto z) {
    y[i] = x[i] * x[i];
    z[i] = y[from[i]] * x[i];
};
/// A sum over all items, of rows of x.
constexpr auto loss = [] WARPX_KERNEL(auto i, auto x, auto sum) {
    warpx::atomic_add(sum, 0, x(i, 0) * x(i, 0) + x(i, 1) * x(i, 1));
};

// -- Loops
// ----------------------------------------------------------------------------------------------------------
constexpr auto matmul = [] WARPX_KERNEL(auto at, auto a, auto b, auto c, int count) {
    auto [i, j] = at;
    auto s = decltype(c)::zero();
    for (int k = 0; k < count; ++k) s += a(i, k) * b(k, j);
    c[at] = s;
};
/// A variable carried through a loop, with parameters that all items share.
constexpr auto carry = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int count) {
    auto v = value(x[i]);
    for (int k = 0; k < count; ++k) v = warpx::sin(v) * p[k];
    y[i] = v;
};
/// The same, faster: where the loop is known as one.
constexpr auto carry_fold = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int count) {
    y[i] = warpx::fold(count, value(x[i]), [&](auto k, auto v) { return warpx::sin(v) * p[k]; });
};

} // namespace kernels
