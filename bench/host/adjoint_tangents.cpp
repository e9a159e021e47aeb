// SPDX-License-Identifier: Apache-2.0
// adjoint_tangents.cpp: tangent launches: values and their derivatives, written together.
#include "adjoint.hpp"

namespace bench {
namespace {

BENCH_HAND void hand_saxpy_tangent(i64 n, const float* x, const float* tx, float* y, float* ty, float a) {
    for (i64 i = 0; i < n; ++i) {
        const float u = x[i], du = tx[i], w = y[i], dw = ty[i];
        y[i] = a * u + w;
        ty[i] = a * du + dw;
    }
}
struct saxpy_tangent_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_tangent<kernels::saxpy>(o, n, with_tangent(x.values(), x.tangent()),
                                              with_tangent(y.values(), y.tangent()), 0.25f);
    }
    void hand() const { hand_saxpy_tangent(n, x.data(), x.gradient(), y.data(), y.gradient(), 0.25f); }
    numbers result() const { return {y.numbers_of_values(), y.numbers_of_gradient()}; }
};
BENCH_HAND void hand_rosenbrock_tangent(i64 n, const vec2f* p, const vec2f* tp, float* f, float* tf) {
    for (i64 i = 0; i < n; ++i) {
        const float x = p[i].x, y = p[i].y, dx = tp[i].x, dy = tp[i].y;
        const float a = 1 - x, b = y - x * x, db = dy - 2 * x * dx;
        f[i] = a * a + 100 * (b * b);
        tf[i] = 200 * b * db - 2 * a * dx;
    }
}
struct rosenbrock_tangent_case : from_cache_and_memory {
    i64 n;
    variable<vec2f> p{n};
    variable<float> f{n};
    explicit rosenbrock_tangent_case(i64 count) : n(count) {}
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_tangent<kernels::rosenbrock>(o, n, with_tangent(p.values(), p.tangent()),
                                                   with_tangent(f.values(), f.tangent()));
    }
    void hand() const { hand_rosenbrock_tangent(n, p.data(), p.gradient(), f.data(), f.gradient()); }
    numbers result() const { return {f.numbers_of_values(), f.numbers_of_gradient()}; }
};
BENCH_HAND void hand_branch_tangent(i64 n, const float* x, const float* tx, float* y, float* ty) {
    for (i64 i = 0; i < n; ++i) {
        const float u = x[i], du = tx[i], r = std::sqrt(u);
        y[i] = u > 0 ? r : -u;
        ty[i] = u > 0 ? du * (0.5f / r) : -du;
    }
}
struct branch_tangent_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_tangent<kernels::branch>(o, n, with_tangent(x.values(), x.tangent()),
                                               with_tangent(y.values(), y.tangent()));
    }
    void hand() const { hand_branch_tangent(n, x.data(), x.gradient(), y.data(), y.gradient()); }
    numbers result() const { return {y.numbers_of_values(), y.numbers_of_gradient()}; }
};
BENCH_HAND void hand_stencil_tangent(i64 n, const float* x, const float* tx, float* y, float* ty) {
    for (i64 i = 0; i < n; ++i) {
        y[i] = 0.25f * x[i] + 0.5f * x[i + 1] + 0.25f * x[i + 2];
        ty[i] = 0.25f * tx[i] + 0.5f * tx[i + 1] + 0.25f * tx[i + 2];
    }
}
struct stencil_tangent_case : from_cache_and_memory {
    i64 n;
    variable<float> x{n + 2}, y{n};
    explicit stencil_tangent_case(i64 count) : n(count) {}
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_tangent<kernels::stencil>(o, n, with_tangent(x.values(), x.tangent()),
                                                with_tangent(y.values(), y.tangent()));
    }
    void hand() const { hand_stencil_tangent(n, x.data(), x.gradient(), y.data(), y.gradient()); }
    numbers result() const { return {y.numbers_of_values(), y.numbers_of_gradient()}; }
};
BENCH_HAND void hand_integrate_tangent(i64 n, vec3f* x, vec3f* tx, vec3f* v, vec3f* tv, const vec3f* f,
                                       const vec3f* tf, const float* m, const float* tm, float dt) {
    for (i64 i = 0; i < n; ++i) {
        const vec3f p = x[i], dp = tx[i], u = v[i], du = tv[i], w = f[i], dw = tf[i];
        const float mass = m[i], r = dt / mass, dr = -r / mass * tm[i];
        const float a = u.x + w.x * r, b = u.y + w.y * r, c = u.z + w.z * r;
        const float da = du.x + (dw.x * r + w.x * dr), db = du.y + (dw.y * r + w.y * dr),
                    dc = du.z + (dw.z * r + w.z * dr);
        v[i].x = a, v[i].y = b, v[i].z = c;
        tv[i].x = da, tv[i].y = db, tv[i].z = dc;
        x[i].x = p.x + a * dt, x[i].y = p.y + b * dt, x[i].z = p.z + c * dt;
        tx[i].x = dp.x + da * dt, tx[i].y = dp.y + db * dt, tx[i].z = dp.z + dc * dt;
    }
}
struct integrate_tangent_case : from_cache_and_memory {
    i64 n;
    variable<vec3f> x{n}, v{n}, f{n};
    variable<float> m{n, 1, 2};
    explicit integrate_tangent_case(i64 count) : n(count) {}
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_tangent<kernels::integrate>(
            o, n, with_tangent(x.values(), x.tangent()), with_tangent(v.values(), v.tangent()),
            with_tangent(f.values(), f.tangent()), with_tangent(m.values(), m.tangent()), 0.01f);
    }
    void hand() const {
        hand_integrate_tangent(n, x.data(), x.gradient(), v.data(), v.gradient(), f.data(), f.gradient(),
                               m.data(), m.gradient(), 0.01f);
    }
    numbers result() const {
        return {x.numbers_of_values(), v.numbers_of_values(), x.numbers_of_gradient(),
                v.numbers_of_gradient()};
    }
};

} // namespace

void add_tangents() {
    add<saxpy_tangent_case>("saxpy tangent");
    add<rosenbrock_tangent_case>("rosenbrock vec2 tangent");
    add<branch_tangent_case>("branch tangent");
    add<stencil_tangent_case>("stencil tangent");
    add<integrate_tangent_case>("integrate vec3 tangent");
}

} // namespace bench
