// SPDX-License-Identifier: Apache-2.0
// capturing_kernel_by_name_fail.cu: what a named kernel captured is host memory, which the device cannot read.
//
// expect-error: on CUDA a kernel given by name is a lambda without captures
#include <warpx/cuda/cuda.cuh>

constexpr auto adds = [offset = 3.0f] WARPX_KERNEL(auto i, auto x) { x[i] += offset; };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) { warpx::launch<adds>(x.extent(0), x); }
