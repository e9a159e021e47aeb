// SPDX-License-Identifier: Apache-2.0
// silently_empty_marked_kernel_fail.cu: a marked kernel that calls a host function, which nvcc by itself only
// warns of.
//
// expect-error: calling a __host__ function
// expect-error: is not allowed
#include <warpx/cuda/cuda.cuh>

float on_the_host(float x);
constexpr auto calls_the_host = [] WARPX_KERNEL(auto i, auto x) { x[i] = on_the_host(x[i]); };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) {
    warpx::launch<calls_the_host>(x.extent(0), x);
}
