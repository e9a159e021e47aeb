// SPDX-License-Identifier: Apache-2.0
// adjoint_cuda_header_fail.cu: an adjoint launch over CUDA arrays without the header that brings it.
// expect-error: warpx::launch_adjoint: the gradients of CUDA arrays need a .cu file that includes
// <warpx/cuda/adjoint.cuh>
#include <warpx/cuda/cuda.cuh>
#include <warpx/gradients.hpp>

using column = warpx::array<float, 1, warpx::device::cuda>;

constexpr auto square = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; };

void run(const column& x, const column& y) { warpx::launch_adjoint<square>(x.extent(0), x, y); }
