// SPDX-License-Identifier: Apache-2.0
// adjoint_vectors.cpp: items that touch their own vectors only.
#include "adjoint.hpp"

namespace bench {
namespace {

BENCH_HAND void hand_rosenbrock(i64 n, const vec2f* p, vec2f* gp, float* gf) {
    for (i64 i = 0; i < n; ++i) {
        const float x = p[i].x, y = p[i].y, gx = gp[i].x, gy = gp[i].y, t = gf[i];
        const float a = 1 - x, b = y - x * x, gb = 200 * b * t;
        gp[i].x = gx - 2 * a * t - 2 * x * gb;
        gp[i].y = gy + gb;
        gf[i] = 0;
    }
}
struct rosenbrock_case : from_cache_and_memory {
    i64 n;
    variable<vec2f> p{n};
    variable<float> f{n};
    explicit rosenbrock_case(i64 count) : n(count) {}
    void refresh() const { f.refresh(); }
    void ours(const options& o) const { warpx::launch_adjoint<kernels::rosenbrock>(o, n, p.in(), f.out()); }
    void hand() const { hand_rosenbrock(n, p.data(), p.gradient(), f.gradient()); }
    numbers result() const { return {p.numbers_of_gradient(), f.numbers_of_gradient()}; }
};

BENCH_HAND void hand_integrate(i64 n, const vec3f* gx, vec3f* gv, const vec3f* f, vec3f* gf, const float* m,
                               float* gm, float dt) {
    for (i64 i = 0; i < n; ++i) {
        const vec3f p = gx[i], v = gv[i], w = f[i], q = gf[i];
        const float mass = m[i], g = gm[i], r = dt / mass;
        const float x = p.x * dt + v.x, y = p.y * dt + v.y, z = p.z * dt + v.z;
        gv[i].x = x, gv[i].y = y, gv[i].z = z;
        gf[i].x = q.x + x * r, gf[i].y = q.y + y * r, gf[i].z = q.z + z * r;
        gm[i] = g - (x * w.x + y * w.y + z * w.z) * r / mass;
    }
}
struct integrate_case : from_cache_and_memory {
    i64 n;
    variable<vec3f> x{n}, v{n}, f{n};
    variable<float> m{n, 1, 2};
    explicit integrate_case(i64 count) : n(count) {}
    void refresh() const { v.refresh(); }
    void ours(const options& o) const {
        warpx::launch_adjoint<kernels::integrate>(o, n, x.out(), v.out(), f.in(), m.in(), 0.01f);
    }
    void hand() const {
        hand_integrate(n, x.gradient(), v.gradient(), f.data(), f.gradient(), m.data(), m.gradient(), 0.01f);
    }
    numbers result() const {
        return {x.numbers_of_gradient(), v.numbers_of_gradient(), f.numbers_of_gradient(),
                m.numbers_of_gradient()};
    }
};

BENCH_HAND void hand_contact(i64 n, const vec3f* x, vec3f* gx, const vec3f* v, vec3f* gv, const vec3f* gf,
                             float ke, float mu, float* gke, float* gmu) {
    float sum_ke = 0, sum_mu = 0;
    for (i64 i = 0; i < n; ++i) {
        const float height = x[i].y, above = gx[i].y;
        const vec3f u = v[i], o = gv[i], g = gf[i];
        float friction = 0, of_x = 0, of_z = 0;
        if (height < 0) {
            const float normal = -ke * height, speed = std::sqrt(u.x * u.x + u.z * u.z + 1e-6f);
            const float of_friction = -(u.x * g.x + u.z * g.z);
            float of_normal = g.y;
            friction = normal * mu / speed;
            if (friction > 2) {
                friction = 2;
            } else {
                of_normal += of_friction * mu / speed;
                sum_mu += of_friction * normal / speed;
                const float of_square = -of_friction * friction / speed / speed;
                of_x = of_square * u.x, of_z = of_square * u.z;
            }
            sum_ke -= height * of_normal;
            gx[i].y = above - ke * of_normal;
        }
        gv[i].x = o.x - friction * g.x + of_x;
        gv[i].y = o.y - 0.1f * g.y;
        gv[i].z = o.z - friction * g.z + of_z;
    }
    if (gke != nullptr) *gke += sum_ke, *gmu += sum_mu;
}
template <bool Scalars> struct contact_case : from_cache_and_memory {
    i64 n;
    variable<vec3f> x{n}, v{n}, f{n};
    mutable float gke = 0, gmu = 0;
    explicit contact_case(i64 count) : n(count) {}
    void refresh() const {}
    void ours(const options& o) const {
        if constexpr (Scalars)
            warpx::launch_adjoint<kernels::contact>(
                o, n, x.in(), v.in(), f.out(), warpx::with_grad(10.0f, gke), warpx::with_grad(0.5f, gmu));
        else
            warpx::launch_adjoint<kernels::contact>(o, n, x.in(), v.in(), f.out(), 10.0f, 0.5f);
    }
    void hand() const {
        hand_contact(n, x.data(), x.gradient(), v.data(), v.gradient(), f.gradient(), 10.0f, 0.5f,
                     Scalars ? &gke : nullptr, &gmu);
    }
    numbers result() const {
        return {x.numbers_of_gradient(), v.numbers_of_gradient(), f.numbers_of_gradient(), {gke}, {gmu}};
    }
};

} // namespace

void add_vectors() {
    add<rosenbrock_case>("rosenbrock vec2");
    add<integrate_case>("integrate vec3");
    add<contact_case<false>>("contact vec3");
    add<contact_case<true>>("contact vec3, gradient of ke mu");
}

} // namespace bench
