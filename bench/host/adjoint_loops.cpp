// SPDX-License-Identifier: Apache-2.0
// adjoint_loops.cpp: loops whose length is known at run time only.
#include "adjoint.hpp"

namespace bench {
namespace {

template <class Add>
BENCH_HAND void hand_matmul(i64 m, i64 n, i64 count, const float* a, float* ga, const float* b, float* gb,
                            float* gc) {
    for (i64 i = 0; i < m; ++i)
        for (i64 j = 0; j < n; ++j) {
            const float t = gc[i * n + j];
            for (i64 k = 0; k < count; ++k) {
                Add::to(ga[i * count + k], b[k * n + j] * t);
                Add::to(gb[k * n + j], a[i * count + k] * t);
            }
            gc[i * n + j] = 0;
        }
}
struct matmul_case {
    static std::vector<i64> sizes() { return {64 * 64, 256 * 256}; }
    i64 items, side = static_cast<i64>(std::sqrt(static_cast<double>(items)));
    variable<float, 2> a{{side, side}}, b{{side, side}}, c{{side, side}};
    explicit matmul_case(i64 n) : items(n) {}
    void refresh() const { c.refresh(); }
    void ours(const options& o) const {
        warpx::launch_adjoint<kernels::matmul>(o, {side, side}, a.in(), b.in(), c.out(),
                                               static_cast<int>(side));
    }
    template <class Add> void by_hand() const {
        hand_matmul<Add>(side, side, side, a.data(), a.gradient(), b.data(), b.gradient(), c.gradient());
    }
    void hand() const { by_hand<plain_add>(); }
    void hand_atomic() const { by_hand<atomic_add>(); }
    numbers result() const {
        return {a.numbers_of_gradient(), b.numbers_of_gradient(), c.numbers_of_gradient()};
    }
};

constexpr int carry_steps = 50;
template <class Add>
BENCH_HAND void hand_carry(i64 n, const float* x, float* gx, const float* p, float* gp, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        float before[carry_steps];
        float v = x[i], g = gy[i];
        const float u = gx[i];
        for (int k = 0; k < carry_steps; ++k) {
            before[k] = v;
            v = std::sin(v) * p[k];
        }
        for (int k = carry_steps - 1; k >= 0; --k) {
            Add::to(gp[k], g * std::sin(before[k]));
            g *= p[k] * std::cos(before[k]);
        }
        gx[i] = u + g;
        gy[i] = 0;
    }
}
template <const auto& K> struct carry_case : from_cache {
    i64 n;
    variable<float> x{n}, y{n}, p{carry_steps, 0.5f, 1.5f};
    explicit carry_case(i64 count) : n(count) {}
    void refresh() const { y.refresh(); }
    void ours(const options& o) const {
        warpx::launch_adjoint<K>(o, n, x.in(), p.in(), y.out(), carry_steps);
    }
    template <class Add> void by_hand() const {
        hand_carry<Add>(n, x.data(), x.gradient(), p.data(), p.gradient(), y.gradient());
    }
    void hand() const { by_hand<plain_add>(); }
    void hand_atomic() const { by_hand<atomic_add>(); }
    numbers result() const {
        return {x.numbers_of_gradient(), p.numbers_of_gradient(), y.numbers_of_gradient()};
    }
};

} // namespace

void add_loops() {
    add<matmul_case>("matmul");
    add<carry_case<kernels::carry>>("carry");
    add<carry_case<kernels::carry_fold>>("carry fold");
}

} // namespace bench
