// SPDX-License-Identifier: Apache-2.0
// adjoint_stack.cu: the adjoints that docs/gradients.md calls fast, for ptxas to count their stack; never
// run. (compile_check.py: what folds needs none. A kernel whose columns or accumulators did not fold has 4
// kB.)
#include "../../bench/adjoint_kernels.hpp"

#include <warpx/cuda/adjoint.cuh>

namespace kernels {

/// Sums of gathered values that are used once they are complete.
constexpr auto blended_sum = [] WARPX_KERNEL(auto at, auto a, auto b, auto c, int count) {
    auto [i, j] = at;
    auto s = c.zero();
    for (int k = 0; k < count; ++k) s += a(i, k) * b(k, j);
    c[at] = 0.5f * s + 2.0f * c[at];
};
constexpr auto squared_sum = [] WARPX_KERNEL(auto at, auto a, auto b, auto c, int count) {
    auto [i, j] = at;
    auto s = c.zero();
    for (int k = 0; k < count; ++k) s += a(i, k) * b(k, j);
    c[at] = s * s;
};

} // namespace kernels

using namespace warpx;
template <class T, int N> using cuda_array = array<T, N, device::cuda>;
using column = cuda_array<float, 1>;
using vectors = cuda_array<vec3f, 1>;
using matrix = cuda_array<float, 2>;

void items(const column& x, const column& y, const vectors& p, const vectors& v, const vectors& f,
           const cuda_array<vec2f, 1>& q, const cuda_array<float, 0>& ga) {
    const int64_t n = x.extent(0);
    launch_adjoint<kernels::saxpy>(n, x, y, with_grad(2.0f, ga));
    launch_adjoint<kernels::saxpy_add>(n, x, y, 2.0f);
    launch_adjoint<kernels::rosenbrock>(n, q, x);
    launch_adjoint<kernels::branch>(n, x, y);
    launch_adjoint<kernels::branch2>(n, x, y);
    launch_adjoint<kernels::early_return>(n, x, y);
    launch_adjoint<kernels::integrate>(n, p, v, f, x, 0.1f);
    launch_adjoint<kernels::contact>(n, p, v, f, with_grad(10.0f, ga), with_grad(0.5f, ga));
}
void gathers(const column& x, const column& y, const column& z, const vectors& p, const vectors& f,
             const matrix& a, const matrix& b, const matrix& c, const cuda_array<const int, 1>& to,
             const cuda_array<const int, 2>& ends, const cuda_array<float, 0>& ga) {
    const int64_t n = x.extent(0);
    launch_adjoint<kernels::spring>(n, p, f, ends, x, with_grad(2.0f, ga));
    launch_adjoint<kernels::stencil>(n, x, y);
    launch_adjoint<kernels::scatter>(n, x, to, y);
    launch_adjoint<kernels::store_gather>(n, x, to, y, z);
    launch_adjoint<kernels::loss>(n, a, x);
    launch_adjoint<kernels::blended_sum>(c.extents(), a, b, c, 48);
    launch_adjoint<kernels::squared_sum>(c.extents(), a, b, c, 48);
    launch_adjoint<kernels::matmul>(c.extents(), a, b, c, 48);
    launch_adjoint<kernels::carry_fold>(n, x, y, z, 48);
}
