// SPDX-License-Identifier: Apache-2.0
// adjoint.cu: adjoints of kernels whose items touch their own elements only, against hand-written ones.
#include "adjoint.cuh"

namespace bench {
namespace {

// -- Numbers: x and y
// -----------------------------------------------------------------------------------------------
struct two_arrays : adjoint_data {
    explicit two_arrays(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<float> x{from, warpx::shape(n)};
    consumed<float> y{from, warpx::shape(n)};
    scalar_gradient ga{from};
    template <class F> void each(const F& f) const { f(x), f(y); }
};

struct saxpy_by_hand {
    float* gx;
    const float* gy;
    float a;
    __device__ float2 load(int i) const { return {gx[i], gy[i]}; }
    __device__ void store(int i, float2 r) const { gx[i] = r.x + a * r.y; }
};
struct saxpy_scalar_by_hand {
    const float* x;
    float* gx;
    const float* gy;
    float a;
    __device__ float3 load(int i) const { return {gx[i], gy[i], x[i]}; }
    __device__ void store(int i, float3 r, float* sums) const {
        gx[i] = r.x + a * r.y;
        sums[0] += r.z * r.y;
    }
};
template <const auto& K> void add_saxpy(const memory& m, const char* row, int log2) {
    const auto d = std::make_shared<two_arrays>(m, log2);
    subject s = adjoint_subject(row, log2, 12.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<K>(d->n, d->x.in(), d->y.out(copy), 0.25f);
    }));
    add_items(s, d->n, [d](int copy) { return saxpy_by_hand{d->x.gradient(), d->y.gradient(copy), 0.25f}; });
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}
template <const auto& K> void add_saxpy_scalar(const memory& m, const char* row, int log2) {
    const auto d = std::make_shared<two_arrays>(m, log2);
    subject s = adjoint_subject(row, log2, 16.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<K>(d->n, d->x.in(), d->y.out(copy), warpx::with_grad(0.25f, d->ga.array));
    }));
    s.sides.push_back(in_turn("stride", [d](int copy, cudaStream_t q) {
        run_stride<1>(q, d->n, saxpy_scalar_by_hand{d->x.data(), d->x.gradient(), d->y.gradient(copy), 0.25f},
                      d->ga.data);
    }));
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}

struct unary_by_hand {
    const float* x;
    float *gx, *gy;
    __device__ float3 load(int i) const { return {x[i], gx[i], gy[i]}; }
};
struct branch_by_hand : unary_by_hand {
    __device__ void store(int i, float3 r) const {
        gx[i] = r.x > 0 ? r.y + r.z * (0.5f / sqrtf(r.x)) : r.y - r.z;
        gy[i] = 0;
    }
};
struct branch2_by_hand : unary_by_hand {
    __device__ void store(int i, float3 r) const {
        float now = r.x, slope = 1;
        if (r.x > 0) {
            const float root = sqrtf(r.x);
            now = root * r.x + 1;
            slope = root + r.x * (0.5f / root);
        }
        gx[i] = r.y + 2 * now * r.z * slope;
        gy[i] = 0;
    }
};
struct early_by_hand : unary_by_hand {
    __device__ void store(int i, float3 r) const {
        if (r.x < 0) return;
        const float root = sqrtf(r.x);
        gx[i] = r.y + r.z * (root + r.x * (0.5f / root));
        gy[i] = 0;
    }
};
template <const auto& K, class ByHand> void add_unary(const memory& m, const char* row, int log2) {
    const auto d = std::make_shared<two_arrays>(m, log2);
    subject s = adjoint_subject(row, log2, 20.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn(
        "ours", [d](int copy, cudaStream_t) { warpx::launch_adjoint<K>(d->n, d->x.in(), d->y.out(copy)); }));
    add_items(s, d->n, [d](int copy) { return ByHand{{d->x.data(), d->x.gradient(), d->y.gradient(copy)}}; });
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}

// -- Vectors
// ---------------------------------------------------------------------------------------------------------
struct rosenbrock_data : adjoint_data {
    explicit rosenbrock_data(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<vec2f> p{from, warpx::shape(n)};
    consumed<float> f{from, warpx::shape(n)};
    template <class F> void each(const F& g) const { g(p), g(f); }
};
struct rosenbrock_by_hand {
    const float2* p;
    float2* gp;
    float* gf;
    struct registers {
        float2 p, g;
        float t;
    };
    __device__ registers load(int i) const { return {p[i], gp[i], gf[i]}; }
    __device__ void store(int i, const registers& r) const {
        const float a = 1 - r.p.x, b = r.p.y - r.p.x * r.p.x, gb = 200 * b * r.t;
        gp[i] = {r.g.x - 2 * a * r.t - 2 * r.p.x * gb, r.g.y + gb};
        gf[i] = 0;
    }
};
void add_rosenbrock(const memory& m, int log2) {
    const auto d = std::make_shared<rosenbrock_data>(m, log2);
    subject s = adjoint_subject("adjoint rosenbrock", log2, 32.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::rosenbrock>(d->n, d->p.in(), d->f.out(copy));
    }));
    add_items(s, d->n, [d](int copy) {
        return rosenbrock_by_hand{reinterpret_cast<const float2*>(d->p.data()),
                                  reinterpret_cast<float2*>(d->p.gradient()), d->f.gradient(copy)};
    });
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}

struct integrate_data : adjoint_data {
    explicit integrate_data(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<vec3f> x{from, warpx::shape(n)};
    consumed<vec3f> v{from, warpx::shape(n)};
    graded<vec3f> f{from, warpx::shape(n)};
    graded<float> mass{from, warpx::shape(n), 1, 2};
    template <class F> void each(const F& g) const { g(x), g(v), g(f), g(mass); }
};
struct integrate_by_hand {
    const float3* gx;
    float3* gv;
    const float3* f;
    float3* gf;
    const float* mass;
    float* gm;
    float dt;
    struct registers {
        float3 p, v, f, g;
        float mass, gm;
    };
    __device__ registers load(int i) const { return {gx[i], gv[i], f[i], gf[i], mass[i], gm[i]}; }
    __device__ void store(int i, const registers& r) const {
        const float by = dt / r.mass;
        const float x = r.p.x * dt + r.v.x, y = r.p.y * dt + r.v.y, z = r.p.z * dt + r.v.z;
        gv[i] = {x, y, z};
        gf[i] = {r.g.x + x * by, r.g.y + y * by, r.g.z + z * by};
        gm[i] = r.gm - (x * r.f.x + y * r.f.y + z * r.f.z) * by / r.mass;
    }
};
template <class T> float3* threes(T* p) { return reinterpret_cast<float3*>(p); }
void add_integrate(const memory& m, int log2) {
    const auto d = std::make_shared<integrate_data>(m, log2);
    subject s = adjoint_subject("adjoint integrate", log2, 84.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::integrate>(d->n, d->x.out(), d->v.out(copy), d->f.in(), d->mass.in(),
                                                  0.01f);
    }));
    add_items(s, d->n, [d](int copy) {
        return integrate_by_hand{threes(d->x.gradient()),
                                 threes(d->v.gradient(copy)),
                                 threes(d->f.data()),
                                 threes(d->f.gradient()),
                                 d->mass.data(),
                                 d->mass.gradient(),
                                 0.01f};
    });
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}

struct contact_data : adjoint_data {
    explicit contact_data(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<vec3f> x{from, warpx::shape(n)}, v{from, warpx::shape(n)}, f{from, warpx::shape(n)};
    scalar_gradient gke{from}, gmu{from};
    template <class F> void each(const F& g) const { g(x), g(v), g(f); }
};
struct contact_by_hand {
    const float3* x;
    float3* gx;
    const float3* v;
    float3* gv;
    const float3* gf;
    float ke, mu;
    struct registers {
        float height, above;
        float3 v, o, g;
    };
    __device__ registers load(int i) const { return {x[i].y, gx[i].y, v[i], gv[i], gf[i]}; }
    __device__ void store(int i, const registers& r) const {
        float unused[2] = {};
        store(i, r, unused);
    }
    __device__ void store(int i, const registers& r, float* sums) const {
        const float3 u = r.v, g = r.g;
        float friction = 0, of_x = 0, of_z = 0;
        if (r.height < 0) {
            const float normal = -ke * r.height, speed = sqrtf(u.x * u.x + u.z * u.z + 1e-6f);
            const float of_friction = -(u.x * g.x + u.z * g.z);
            float of_normal = g.y;
            friction = normal * mu / speed;
            if (friction > 2) {
                friction = 2;
            } else {
                of_normal += of_friction * mu / speed;
                sums[1] += of_friction * normal / speed;
                const float of_square = -of_friction * friction / speed / speed;
                of_x = of_square * u.x, of_z = of_square * u.z;
            }
            sums[0] -= r.height * of_normal;
            gx[i].y = r.above - ke * of_normal;
        }
        gv[i] = {r.o.x - friction * g.x + of_x, r.o.y - 0.1f * g.y, r.o.z - friction * g.z + of_z};
    }
};
void add_contact(const memory& m, int log2, bool scalars) {
    const auto d = std::make_shared<contact_data>(m, log2);
    const auto n = static_cast<double>(d->n);
    subject s = adjoint_subject(scalars ? "adjoint contact, ke mu" : "adjoint contact", log2, 72.0 * n, d);
    const contact_by_hand op{threes(d->x.data()),
                             threes(d->x.gradient()),
                             threes(d->v.data()),
                             threes(d->v.gradient()),
                             threes(d->f.gradient()),
                             10.0f,
                             0.5f};
    s.sides.push_back(in_turn("ours", [d, scalars](int, cudaStream_t) {
        if (scalars)
            warpx::launch_adjoint<kernels::contact>(d->n, d->x.in(), d->v.in(), d->f.out(),
                                                    warpx::with_grad(10.0f, d->gke.array),
                                                    warpx::with_grad(0.5f, d->gmu.array));
        else
            warpx::launch_adjoint<kernels::contact>(d->n, d->x.in(), d->v.in(), d->f.out(), 10.0f, 0.5f);
    }));
    if (scalars)
        s.sides.push_back(in_turn("stride", [d, op](int, cudaStream_t q) {
            run_stride<2>(q, d->n, op, d->gke.data, d->gmu.data);
        }));
    else
        add_items(s, d->n, [op](int) { return op; });
    s.sides.push_back(d->copy(s.bytes));
    add(std::move(s));
}

} // namespace

void add_adjoint_items(const memory& m) {
    for (const int more : {0, 2}) {
        add_saxpy<kernels::saxpy>(m, "adjoint saxpy", 24 + more);
        add_saxpy_scalar<kernels::saxpy>(m, "adjoint saxpy, a", 24 + more);
        add_saxpy<kernels::saxpy_add>(m, "adjoint saxpy +=", 24 + more);
        add_unary<kernels::branch, branch_by_hand>(m, "adjoint branch", 24 + more);
        add_unary<kernels::branch2, branch2_by_hand>(m, "adjoint branch2", 24 + more);
        add_unary<kernels::early_return, early_by_hand>(m, "adjoint early return", 24 + more);
        add_rosenbrock(m, 24 + more);
        add_integrate(m, 22 + more);
        add_contact(m, 22 + more, false);
        add_contact(m, 22 + more, true);
    }
}

} // namespace bench
