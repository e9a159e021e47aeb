// SPDX-License-Identifier: Apache-2.0
// adjoint_pointwise.cpp: items that touch their own numbers only.
#include "adjoint.hpp"

namespace bench {
namespace {

BENCH_HAND void hand_saxpy(i64 n, float* gx, const float* gy, float a) {
    for (i64 i = 0; i < n; ++i) {
        const float t = gy[i], u = gx[i];
        gx[i] = u + a * t;
    }
}
template <const auto& K> struct saxpy_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void refresh() const {}
    void ours(const options& o) const { warpx::launch_adjoint<K>(o, n, x.in(), y.out(), 0.25f); }
    void hand() const { hand_saxpy(n, x.gradient(), y.gradient(), 0.25f); }
};

BENCH_HAND void hand_saxpy_scalar(i64 n, const float* x, float* gx, const float* gy, float a, float* ga) {
    float sum = 0;
    for (i64 i = 0; i < n; ++i) {
        const float t = gy[i], u = gx[i], w = x[i];
        gx[i] = u + a * t;
        sum += w * t;
    }
    *ga += sum;
}
template <const auto& K> struct saxpy_scalar_case : pair_of_arrays {
    mutable float ga = 0;
    using pair_of_arrays::pair_of_arrays;
    void refresh() const {}
    void ours(const options& o) const {
        warpx::launch_adjoint<K>(o, n, x.in(), y.out(), warpx::with_grad(0.25f, ga));
    }
    void hand() const { hand_saxpy_scalar(n, x.data(), x.gradient(), y.gradient(), 0.25f, &ga); }
    numbers result() const { return {x.numbers_of_gradient(), y.numbers_of_gradient(), {ga}}; }
};

BENCH_HAND void hand_branch(i64 n, const float* x, float* gx, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        const float w = x[i], u = gx[i], t = gy[i];
        gx[i] = w > 0 ? u + t * (0.5f / std::sqrt(w)) : u - t;
        gy[i] = 0;
    }
}
struct branch_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void ours(const options& o) const { warpx::launch_adjoint<kernels::branch>(o, n, x.in(), y.out()); }
    void hand() const { hand_branch(n, x.data(), x.gradient(), y.gradient()); }
};

BENCH_HAND void hand_branch2(i64 n, const float* x, float* gx, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        const float t = x[i], u = gx[i], g = gy[i];
        const float r = std::sqrt(t);
        const bool positive = t > 0;
        const float now = positive ? r * t + 1 : t;
        const float slope = positive ? r + t * (0.5f / r) : 1.0f;
        gx[i] = u + 2 * now * g * slope;
        gy[i] = 0;
    }
}
struct branch2_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void ours(const options& o) const { warpx::launch_adjoint<kernels::branch2>(o, n, x.in(), y.out()); }
    void hand() const { hand_branch2(n, x.data(), x.gradient(), y.gradient()); }
};

BENCH_HAND void hand_early(i64 n, const float* x, float* gx, float* gy) {
    for (i64 i = 0; i < n; ++i) {
        const float t = x[i], u = gx[i], g = gy[i];
        if (t < 0) continue;
        const float r = std::sqrt(t);
        gx[i] = u + g * (r + t * (0.5f / r));
        gy[i] = 0;
    }
}
struct early_case : pair_of_arrays {
    using pair_of_arrays::pair_of_arrays;
    void ours(const options& o) const { warpx::launch_adjoint<kernels::early_return>(o, n, x.in(), y.out()); }
    void hand() const { hand_early(n, x.data(), x.gradient(), y.gradient()); }
};

} // namespace

void add_pointwise() {
    add<saxpy_case<kernels::saxpy>>("saxpy");
    add<saxpy_case<kernels::saxpy_add>>("saxpy +=");
    add<saxpy_scalar_case<kernels::saxpy>>("saxpy, gradient of a");
    add<saxpy_scalar_case<kernels::saxpy_add>>("saxpy +=, gradient of a");
    add<branch_case>("branch");
    add<branch2_case>("branch2");
    add<early_case>("early return");
}

} // namespace bench
