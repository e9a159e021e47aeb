// SPDX-License-Identifier: Apache-2.0
// cuda_arrays_in_cpp_fail.cpp: CUDA arrays cannot be launched over from a file that a host compiler compiles.
//
// expect-error: CUDA arrays are launched from a .cu file that includes <warpx/cuda/cuda.cuh>
#include <warpx/warpx.hpp>

constexpr auto doubles = [] WARPX_KERNEL(auto i, auto x) { x[i] = x[i] * 2.0f; };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) { warpx::launch<doubles>(x.extent(0), x); }
