// SPDX-License-Identifier: Apache-2.0
// silently_empty_kernel_fail.cu: an unmarked kernel that calls a host function. With this flag nvcc would
// compile it to a kernel that does nothing, with a warning at most.
//
// flags: --expt-relaxed-constexpr
// expect-error: calling a __host__ function
// expect-error: is not allowed
#include <warpx/cuda/cuda.cuh>

float on_the_host(float x);
constexpr auto forgets_the_mark = [](auto i, auto x) { x[i] = on_the_host(x[i]); };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) {
    warpx::launch<forgets_the_mark>(x.extent(0), x);
}
