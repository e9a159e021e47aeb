// SPDX-License-Identifier: Apache-2.0
// missing_extended_lambda_fail.cu: a marked lambda without nvcc's flag.
//
// expect-error: a lambda marked WARPX_KERNEL needs nvcc's option --extended-lambda
// without: --extended-lambda
#include <warpx/cuda/cuda.cuh>

constexpr auto doubles = [] WARPX_KERNEL(auto i, auto x) { x[i] = x[i] * 2.0f; };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) { warpx::launch<doubles>(x.extent(0), x); }
