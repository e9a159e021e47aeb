// SPDX-License-Identifier: Apache-2.0
// adjoint_float_sum_fail.cu: the adjoint of a CUDA kernel that sums numbers with derivatives in a float.
// expect-error: warpx: a conversion to float would drop the derivative; keep the variable auto (or
// decltype(x)::value_type), or say stop_gradient(x)
#include <warpx/cuda/adjoint.cuh>

constexpr auto row_sum = [] WARPX_KERNEL(auto i, auto x, auto y) {
    float s = 0;
    for (int k = 0; k < 3; ++k) s += x(i, k) * 2.0f;
    y[i] = s;
};

void run(const warpx::array<float, 2, warpx::device::cuda>& x,
         const warpx::array<float, 1, warpx::device::cuda>& y) {
    warpx::launch_adjoint<row_sum>(x.extent(0), x, y);
}
