// SPDX-License-Identifier: Apache-2.0
// adjoint_gathers.cu: adjoints of kernels that reach for elements of others, and of loops.
#include "adjoint.cuh"

namespace bench {
namespace {

template <class T> float3* threes(T* p) { return reinterpret_cast<float3*>(p); }
template <int N> using indices = device_array<const std::int32_t, N>;

// -- Springs
// ---------------------------------------------------------------------------------------------------------
__global__ void link(int n, int* ends) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) return;
    ends[2 * i] = i;
    ends[2 * i + 1] = (i + 1 + static_cast<int>((static_cast<unsigned>(i) * 2654435761u >> 20) % 63)) % n;
}
struct spring_data : adjoint_data {
    explicit spring_data(const memory& m, int log2)
        : adjoint_data(m), n(int64_t{1} << log2), ends(from.take<int>(2 * n)),
          pairs(warpx::from_pointer<const std::int32_t, 2, warpx::device::cuda>(ends, warpx::shape(n, 2))) {}
    int64_t n;
    graded<vec3f> p{from, warpx::shape(n)}, f{from, warpx::shape(n)};
    graded<float> rest{from, warpx::shape(n)};
    scalar_gradient gks{from};
    int* ends;
    indices<2> pairs;
    template <class F> void each(const F& g) const { g(p), g(f), g(rest); }
};

enum class red { scalar, pairs, transposed };
/// Adds three numbers. `pairs`: two of them in one instruction. `transposed`: where lanes hold consecutive
/// elements, each instruction of the warp adds to 32 consecutive numbers.
template <red How> __device__ inline void add_three(float3* to, int at, float x, float y, float z) {
    float* const p = reinterpret_cast<float*>(to + at);
    if constexpr (How == red::pairs) {
        const bool odd = reinterpret_cast<unsigned long long>(p) >> 2 & 1;
        atomicAdd(reinterpret_cast<float2*>(odd ? p + 1 : p), odd ? make_float2(y, z) : make_float2(x, y));
        atomicAdd(odd ? p : p + 2, odd ? x : z);
        return;
    }
    if constexpr (How == red::transposed) {
        const int lane = static_cast<int>(threadIdx.x % 32);
        if (__activemask() == ~0u) {
            const int first = __shfl_sync(~0u, at, 0);
            if (__all_sync(~0u, at == first + lane)) {
                float v[3];
#pragma unroll
                for (int k = 0; k < 3; ++k) {
                    const int number = 32 * k + lane, from = number / 3, component = number % 3;
                    const float a = __shfl_sync(~0u, x, from), b = __shfl_sync(~0u, y, from),
                                c = __shfl_sync(~0u, z, from);
                    v[k] = component == 0 ? a : component == 1 ? b : c;
                }
                float* const base = reinterpret_cast<float*>(to + first);
#pragma unroll
                for (int k = 0; k < 3; ++k) atomicAdd(base + 32 * k + lane, v[k]);
                return;
            }
        }
    }
    atomicAdd(p, x), atomicAdd(p + 1, y), atomicAdd(p + 2, z);
}
template <red First, red Second> struct spring_by_hand {
    const float3* p;
    float3* gp;
    const float3* gf;
    const int2* ends;
    const float* rest;
    float* gr;
    float ks;
    struct registers {
        int2 at;
        float3 p, q, g, h;
        float rest, gr;
    };
    __device__ registers load(int i) const {
        const int2 at = ends[i];
        return {at, p[at.x], p[at.y], gf[at.x], gf[at.y], rest[i], gr[i]};
    }
    __device__ void store(int i, const registers& r) const {
        float unused[1] = {};
        store(i, r, unused);
    }
    __device__ void store(int i, const registers& r, float* sums) const {
        const float dx = r.p.x - r.q.x, dy = r.p.y - r.q.y, dz = r.p.z - r.q.z;
        const float gx = r.g.x - r.h.x, gy = r.g.y - r.h.y, gz = r.g.z - r.h.z;
        const float l = sqrtf(dx * dx + dy * dy + dz * dz), over = 1 / l;
        const float ux = dx * over, uy = dy * over, uz = dz * over, f = -ks * (l - r.rest);
        const float gs = gx * ux + gy * uy + gz * uz;
        const float gux = gx * f, guy = gy * f, guz = gz * f;
        sums[0] -= (l - r.rest) * gs;
        gr[i] = r.gr + ks * gs;
        const float gl = -ks * gs - (gux * ux + guy * uy + guz * uz) * over;
        const float hx = gux * over + gl * ux, hy = guy * over + gl * uy, hz = guz * over + gl * uz;
        add_three<First>(gp, r.at.x, hx, hy, hz);
        add_three<Second>(gp, r.at.y, -hx, -hy, -hz);
    }
};
void add_spring(const memory& m, int log2, bool scalar) {
    const auto d = std::make_shared<spring_data>(m, log2);
    subject s = adjoint_subject(scalar ? "adjoint spring, ks" : "adjoint spring", log2,
                                68.0 * static_cast<double>(d->n), d);
    s.fill = [d, fill = s.fill] {
        fill();
        link<<<static_cast<unsigned>(d->n / 256), 256>>>(static_cast<int>(d->n), d->ends);
        need(cudaGetLastError(), "link");
    };
    s.sides.push_back(in_turn("ours", [d, scalar](int, cudaStream_t) {
        if (scalar)
            warpx::launch_adjoint<kernels::spring>(d->n, d->p.in(), d->f.out(), d->pairs, d->rest.in(),
                                                   warpx::with_grad(2.0f, d->gks.array));
        else
            warpx::launch_adjoint<kernels::spring>(d->n, d->p.in(), d->f.out(), d->pairs, d->rest.in(), 2.0f);
    }));
    const auto by_hand = [&]<red First, red Second>(const char* name) {
        const spring_by_hand<First, Second> op{threes(d->p.data()),
                                               threes(d->p.gradient()),
                                               threes(d->f.gradient()),
                                               reinterpret_cast<const int2*>(d->ends),
                                               d->rest.data(),
                                               d->rest.gradient(),
                                               2.0f};
        s.sides.push_back(in_turn(name, [d, op, scalar](int, cudaStream_t q) {
            if (scalar)
                run_stride<1>(q, d->n, op, d->gks.data);
            else
                run_items<1>(q, d->n, op);
        }));
    };
    by_hand.operator()<red::scalar, red::scalar>("red");
    by_hand.operator()<red::pairs, red::pairs>("red pairs");
    by_hand.operator()<red::transposed, red::pairs>("red lines");
    add(std::move(s));
}

// -- Numbers
// ---------------------------------------------------------------------------------------------------------
__global__ void number(int n, int* p, int flip) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) p[i] = i ^ flip;
}
/// x has two elements more than there are items; `at` holds i ^ flip.
struct gather_data : adjoint_data {
    gather_data(const memory& m, int log2, int other)
        : adjoint_data(m), n(int64_t{1} << log2), flip(other), at(from.take<int>(n)),
          table(warpx::from_pointer<const std::int32_t, 1, warpx::device::cuda>(at, warpx::shape(n))) {}
    int64_t n;
    int flip;
    graded<float> x{from, warpx::shape(n + 2)};
    consumed<float> y{from, warpx::shape(n)}, z{from, warpx::shape(n)};
    int* at;
    indices<1> table;
    template <class F> void each(const F& f) const { f(x), f(y), f(z); }
};
std::shared_ptr<gather_data> with_table(const memory& m, int log2, int flip) {
    return std::make_shared<gather_data>(m, log2, flip);
}
subject gather_subject(const char* row, int log2, double bytes, const std::shared_ptr<gather_data>& d) {
    subject s = adjoint_subject(row, log2, bytes * static_cast<double>(d->n), d);
    s.fill = [d, fill = s.fill] {
        fill();
        number<<<static_cast<unsigned>(d->n / 256), 256>>>(static_cast<int>(d->n), d->at, d->flip);
        need(cudaGetLastError(), "number");
    };
    return s;
}

struct stencil_by_hand {
    float *gx, *gy;
    __device__ float load(int i) const { return gy[i]; }
    __device__ void store(int i, float t) const {
        atomicAdd(gx + i, 0.25f * t), atomicAdd(gx + i + 1, 0.5f * t), atomicAdd(gx + i + 2, 0.25f * t);
        gy[i] = 0;
    }
};
void add_stencil(const memory& m, int log2) {
    const auto d = with_table(m, log2, 0);
    subject s = gather_subject("adjoint stencil", log2, 16, d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::stencil>(d->n, d->x.in(), d->y.out(copy));
    }));
    add_items(s, d->n, [d](int copy) { return stencil_by_hand{d->x.gradient(), d->y.gradient(copy)}; });
    add(std::move(s));
}

struct scatter_by_hand {
    const float* x;
    float* gx;
    const int* to;
    float* gy;
    struct registers {
        int at;
        float x, g, t;
    };
    __device__ registers load(int i) const {
        const int at = to[i];
        return {at, x[i], gx[i], gy[at]};
    }
    __device__ void store(int i, const registers& r) const {
        gx[i] = r.g + 2 * r.x * r.t;
        gy[r.at] = 0;
    }
};
void add_scatter(const memory& m, int log2) {
    const auto d = with_table(m, log2, 1);
    subject s = gather_subject("adjoint scatter", log2, 24, d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::scatter>(d->n, d->x.in(), d->table, d->y.out(copy));
    }));
    add_items(s, d->n, [d](int copy) {
        return scatter_by_hand{d->x.data(), d->x.gradient(), d->at, d->y.gradient(copy)};
    });
    add(std::move(s));
}

struct store_gather_by_hand {
    const float* x;
    float* gx;
    const int* from;
    const float* y;
    float *gy, *gz;
    struct registers {
        int at;
        float x, g, s, t, found;
    };
    __device__ registers load(int i) const {
        const int at = from[i];
        return {at, x[i], gx[i], gy[i], gz[i], y[at]};
    }
    __device__ void store(int i, const registers& r) const {
        const bool own = r.at == i;
        const float found = own ? r.x * r.x : r.found, of_y = own ? r.s + r.t * r.x : r.s;
        gx[i] = r.g + r.t * found + 2 * r.x * of_y;
        atomicAdd(gy + i, -r.s);
        if (!own) atomicAdd(gy + r.at, r.t * r.x);
        gz[i] = 0;
    }
};
void add_store_gather(const memory& m, int log2) {
    const auto d = with_table(m, log2, 0);
    subject s = gather_subject("adjoint store, gather", log2, 36, d);
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::store_gather>(d->n, d->x.in(), d->table, d->y.out(copy),
                                                     d->z.out(copy));
    }));
    add_items(s, d->n, [d](int copy) {
        return store_gather_by_hand{d->x.data(), d->x.gradient(),     d->at,
                                    d->y.data(), d->y.gradient(copy), d->z.gradient(copy)};
    });
    add(std::move(s));
}

struct loss_data : adjoint_data {
    explicit loss_data(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<float, 2> x{from, warpx::shape(n, 2)};
    graded<float> sum{from, warpx::shape(1)};
    template <class F> void each(const F& f) const { f(x), f(sum); }
};
struct loss_by_hand {
    const float2* x;
    float2* gx;
    const float* gsum;
    struct registers {
        float2 x, g;
        float t;
    };
    __device__ registers load(int i) const { return {x[i], gx[i], *gsum}; }
    __device__ void store(int i, const registers& r) const {
        gx[i] = {r.g.x + 2 * r.x.x * r.t, r.g.y + 2 * r.x.y * r.t};
    }
};
void add_loss(const memory& m, int log2) {
    const auto d = std::make_shared<loss_data>(m, log2);
    subject s = adjoint_subject("adjoint loss", log2, 24.0 * static_cast<double>(d->n), d);
    s.sides.push_back(in_turn("ours", [d](int, cudaStream_t) {
        warpx::launch_adjoint<kernels::loss>(d->n, d->x.in(), d->sum.out());
    }));
    add_items(s, d->n, [d](int) {
        return loss_by_hand{reinterpret_cast<const float2*>(d->x.data()),
                            reinterpret_cast<float2*>(d->x.gradient()), d->sum.gradient()};
    });
    add(std::move(s));
}

// -- Loops
// -----------------------------------------------------------------------------------------------------------
struct matmul_data : adjoint_data {
    matmul_data(const memory& m, int64_t rows, int64_t columns, int64_t depth)
        : adjoint_data(m), m(rows), n(columns), k(depth) {}
    int64_t m, n, k;
    graded<float, 2> a{from, warpx::shape(m, k)}, b{from, warpx::shape(k, n)};
    consumed<float, 2> c{from, warpx::shape(m, n)};
    template <class F> void each(const F& f) const { f(a), f(b), f(c); }
};
/// `Uniform`: the lanes of a warp share a row of a, whose gradient they sum first.
template <bool Uniform>
__global__ void __launch_bounds__(256)
    matmul_by_hand(int n, int depth, const float* a, float* ga, const float* b, float* gb, float* gc) {
    const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x), i = static_cast<int>(blockIdx.y);
    const float t = gc[i * n + j];
    for (int k = 0; k < depth; ++k) {
        const float v = b[k * n + j] * t;
        if constexpr (Uniform) {
            const float sum = sum_of_warp(v);
            if (threadIdx.x % 32 == 0) atomicAdd(ga + i * depth + k, sum);
        } else {
            atomicAdd(ga + i * depth + k, v);
        }
        atomicAdd(gb + k * n + j, a[i * depth + k] * t);
    }
    gc[i * n + j] = 0;
}
void add_matmul(const memory& m, int log2, int depth) {
    const int64_t rows = int64_t{1} << (log2 - 10);
    const auto d = std::make_shared<matmul_data>(m, rows, 1024, depth);
    subject s = adjoint_subject(depth == 48 ? "adjoint matmul, 48" : "adjoint matmul, 1024", log2, 0, d);
    s.rounds = depth == 48 ? 11 : 5;
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<kernels::matmul>({d->m, d->n}, d->a.in(), d->b.in(), d->c.out(copy),
                                               static_cast<int>(d->k));
    }));
    const auto by_hand = [&]<bool Uniform>(const char* name) {
        s.sides.push_back(in_turn(name, [d](int copy, cudaStream_t q) {
            const dim3 blocks(static_cast<unsigned>(d->n / 256), static_cast<unsigned>(d->m));
            matmul_by_hand<Uniform><<<blocks, 256, 0, q>>>(static_cast<int>(d->n), static_cast<int>(d->k),
                                                           d->a.data(), d->a.gradient(), d->b.data(),
                                                           d->b.gradient(), d->c.gradient(copy));
            need(cudaGetLastError(), "matmul_by_hand");
        }));
    };
    if (depth == 48) by_hand.operator()<false>("plain"); // ten times slower
    by_hand.operator()<true>("uniform");
    add(std::move(s));
}

constexpr int carry_steps = 50;
struct carry_data : adjoint_data {
    explicit carry_data(const memory& m, int log2) : adjoint_data(m), n(int64_t{1} << log2) {}
    int64_t n;
    graded<float> x{from, warpx::shape(n)};
    consumed<float> y{from, warpx::shape(n)};
    graded<float> p{from, warpx::shape(carry_steps), 0.5f, 1.5f};
    template <class F> void each(const F& f) const { f(x), f(y), f(p); }
};
__global__ void __launch_bounds__(256)
    carry_by_hand(int n, const float* x, float* gx, const float* p, float* gp, float* gy) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) return;
    float before[carry_steps];
    float v = x[i], g = gy[i];
    const float u = gx[i];
    for (int k = 0; k < carry_steps; ++k) {
        before[k] = v;
        v = sinf(v) * p[k];
    }
    for (int k = carry_steps - 1; k >= 0; --k) {
        float sine, cosine;
        sincosf(before[k], &sine, &cosine);
        const float sum = sum_of_warp(g * sine);
        if (threadIdx.x % 32 == 0) atomicAdd(gp + k, sum);
        g *= p[k] * cosine;
    }
    gx[i] = u + g;
    gy[i] = 0;
}
template <const auto& K> void add_carry(const memory& m, const char* row, int log2, int rounds) {
    const auto d = std::make_shared<carry_data>(m, log2);
    subject s = adjoint_subject(row, log2, 0, d);
    s.rounds = rounds;
    if (rounds == 1) s.burst = 1; // it may take a tape in memory: slow
    s.result = [d] { // the gradient of p is a sum of a million numbers, in any order
        std::vector<float> all;
        d->x.append(all), d->y.append(all);
        return all;
    };
    s.sides.push_back(in_turn("ours", [d](int copy, cudaStream_t) {
        warpx::launch_adjoint<K>(d->n, d->x.in(), d->p.in(), d->y.out(copy), carry_steps);
    }));
    s.sides.push_back(in_turn("warp sums", [d](int copy, cudaStream_t q) {
        carry_by_hand<<<static_cast<unsigned>(d->n / 256), 256, 0, q>>>(static_cast<int>(d->n), d->x.data(),
                                                                        d->x.gradient(), d->p.data(),
                                                                        d->p.gradient(), d->y.gradient(copy));
        need(cudaGetLastError(), "carry_by_hand");
    }));
    add(std::move(s));
}

} // namespace

void add_adjoint_gathers(const memory& m) {
    for (const int more : {0, 2}) {
        add_spring(m, 22 + more, false);
        add_spring(m, 22 + more, true);
        add_stencil(m, 24 + more);
        add_scatter(m, 24 + more);
        add_store_gather(m, 24 + more);
        add_loss(m, 24 + more);
        add_matmul(m, 20 + more, 48);
        add_matmul(m, 20 + more, 1024);
        add_carry<kernels::carry_fold>(m, "adjoint carry, fold", 20 + more, 5);
    }
}

} // namespace bench
