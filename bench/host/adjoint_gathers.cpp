// SPDX-License-Identifier: Apache-2.0
// adjoint_gathers.cpp: items that reach for elements of others.
#include "adjoint.hpp"

namespace bench {
namespace {

template <class Add>
BENCH_HAND void hand_spring(i64 n, const vec3f* p, vec3f* gp, const vec3f* gf, const std::int32_t* ends,
                            const float* rest, float* grest, float ks, float* gks) {
    float sum = 0;
    for (i64 i = 0; i < n; ++i) {
        const int a = ends[2 * i], b = ends[2 * i + 1];
        const float dx = p[a].x - p[b].x, dy = p[a].y - p[b].y, dz = p[a].z - p[b].z;
        const float gx = gf[a].x - gf[b].x, gy = gf[a].y - gf[b].y, gz = gf[a].z - gf[b].z;
        const float r = rest[i], gr = grest[i], l = std::sqrt(dx * dx + dy * dy + dz * dz), over = 1 / l;
        const float ux = dx * over, uy = dy * over, uz = dz * over, s = -ks * (l - r);
        const float gs = gx * ux + gy * uy + gz * uz;
        const float gux = gx * s, guy = gy * s, guz = gz * s;
        sum -= (l - r) * gs;
        grest[i] = gr + ks * gs;
        const float gl = -ks * gs - (gux * ux + guy * uy + guz * uz) * over;
        const float hx = gux * over + gl * ux, hy = guy * over + gl * uy, hz = guz * over + gl * uz;
        add_to<Add>(gp[a], hx, hy, hz);
        add_to<Add>(gp[b], -hx, -hy, -hz);
    }
    if (gks != nullptr) *gks += sum;
}
template <bool Scalar> struct spring_case : from_cache_and_memory {
    i64 n;
    variable<vec3f> p{n}, f{n};
    table<2> ends{{n, 2}};
    variable<float> rest{n};
    mutable float gks = 0;
    explicit spring_case(i64 count) : n(count) {
        for (i64 i = 0; i < n; ++i) {
            ends.data()[2 * i] = static_cast<std::int32_t>(i);
            ends.data()[2 * i + 1] =
                static_cast<std::int32_t>((i + 1 + static_cast<i64>(random_in(0, 63))) % n);
        }
    }
    void refresh() const {}
    void ours(const options& o) const {
        if constexpr (Scalar)
            warpx::launch_adjoint<kernels::spring>(o, n, p.in(), f.out(), ends.in(), rest.in(),
                                                   warpx::with_grad(2.0f, gks));
        else
            warpx::launch_adjoint<kernels::spring>(o, n, p.in(), f.out(), ends.in(), rest.in(), 2.0f);
    }
    template <class Add> void by_hand() const {
        hand_spring<Add>(n, p.data(), p.gradient(), f.gradient(), ends.data(), rest.data(), rest.gradient(),
                         2.0f, Scalar ? &gks : nullptr);
    }
    void hand() const { by_hand<plain_add>(); }
    void hand_atomic() const { by_hand<atomic_add>(); }
    numbers result() const {
        return {p.numbers_of_gradient(), f.numbers_of_gradient(), rest.numbers_of_gradient(), {gks}};
    }
};

template <class Add> BENCH_HAND void hand_stencil(i64 n, float* gx, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        const float t = gy[i];
        Add::to(gx[i], 0.25f * t), Add::to(gx[i + 1], 0.5f * t), Add::to(gx[i + 2], 0.25f * t);
        gy[i] = 0;
    }
}
struct stencil_case : from_cache_and_memory {
    i64 n;
    variable<float> x{n + 2}, y{n};
    explicit stencil_case(i64 count) : n(count) {}
    void refresh() const { y.refresh(); }
    void ours(const options& o) const { warpx::launch_adjoint<kernels::stencil>(o, n, x.in(), y.out()); }
    void hand() const { hand_stencil<plain_add>(n, x.gradient(), y.gradient()); }
    void hand_atomic() const { hand_stencil<atomic_add>(n, x.gradient(), y.gradient()); }
    numbers result() const { return {x.numbers_of_gradient(), y.numbers_of_gradient()}; }
};

BENCH_HAND void hand_scatter(i64 n, const float* x, float* gx, const std::int32_t* to, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        const float w = x[i], u = gx[i], t = gy[to[i]];
        gx[i] = u + 2 * w * t;
        gy[to[i]] = 0;
    }
}
struct scatter_case : pair_of_arrays {
    table<1> to{n};
    explicit scatter_case(i64 count) : pair_of_arrays(count) {
        for (i64 i = 0; i < n; ++i) to.data()[i] = static_cast<std::int32_t>(i ^ 1); // n is even
    }
    void ours(const options& o) const {
        warpx::launch_adjoint<kernels::scatter>(o, n, x.in(), to.in(), y.out());
    }
    void hand() const { hand_scatter(n, x.data(), x.gradient(), to.data(), y.gradient()); }
};

template <class Add>
BENCH_HAND void hand_store_gather(i64 n, const float* x, float* gx, const std::int32_t* from, const float* y,
                                  float* gy, float* gz) {
    for (i64 i = 0; i < n; ++i) {
        const float w = x[i], u = gx[i], t = gz[i], s = gy[i];
        const int j = from[i];
        const float found = j == i ? w * w : y[j];
        const float of_y = j == i ? s + t * w : s;
        gx[i] = u + t * found + 2 * w * of_y;
        Add::to(gy[i], -s);
        if (j != i) Add::to(gy[j], t * w);
        gz[i] = 0;
    }
}
struct store_gather_case : pair_of_arrays {
    variable<float> z{n};
    table<1> from{n};
    explicit store_gather_case(i64 count) : pair_of_arrays(count) {
        for (i64 i = 0; i < n; ++i) from.data()[i] = static_cast<std::int32_t>(i);
    }
    void refresh() const { y.refresh(), z.refresh(); }
    void ours(const options& o) const {
        warpx::launch_adjoint<kernels::store_gather>(o, n, x.in(), from.in(), y.out(), z.out());
    }
    template <class Add> void by_hand() const {
        hand_store_gather<Add>(n, x.data(), x.gradient(), from.data(), y.data(), y.gradient(), z.gradient());
    }
    void hand() const { by_hand<plain_add>(); }
    void hand_atomic() const { by_hand<atomic_add>(); }
    numbers result() const {
        return {x.numbers_of_gradient(), y.numbers_of_gradient(), z.numbers_of_gradient()};
    }
};

BENCH_HAND void hand_loss(i64 n, const float* x, float* gx, const float* gsum) {
    const float t = *gsum;
    for (i64 i = 0; i < n; ++i) {
        const float a = x[2 * i], b = x[2 * i + 1], u = gx[2 * i], w = gx[2 * i + 1];
        gx[2 * i] = u + 2 * a * t;
        gx[2 * i + 1] = w + 2 * b * t;
    }
}
struct loss_case : from_cache_and_memory {
    i64 n;
    variable<float, 2> x{{n, 2}};
    variable<float> sum{1};
    explicit loss_case(i64 count) : n(count) {}
    void refresh() const {}
    void ours(const options& o) const { warpx::launch_adjoint<kernels::loss>(o, n, x.in(), sum.out()); }
    void hand() const { hand_loss(n, x.data(), x.gradient(), sum.gradient()); }
    numbers result() const { return {x.numbers_of_gradient(), sum.numbers_of_gradient()}; }
};

} // namespace

void add_gathers() {
    add<spring_case<false>>("spring vec3");
    add<spring_case<true>>("spring vec3, gradient of ks");
    add<stencil_case>("stencil");
    add<scatter_case>("scatter");
    add<store_gather_case>("store then gather");
    add<loss_case>("loss");
}

} // namespace bench
