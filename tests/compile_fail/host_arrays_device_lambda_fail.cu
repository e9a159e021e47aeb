// SPDX-License-Identifier: Apache-2.0
// host_arrays_device_lambda_fail.cu: a device-only lambda over host arrays.
//
// expect-error: a lambda marked WARPX_DEVICE runs on CUDA arrays only, and these are host arrays
#include <warpx/cuda/cuda.cuh>

void run(const warpx::array<float, 1>& x) {
    warpx::launch(x.extent(0), [=] WARPX_DEVICE(auto i, auto p) { p[i] = 1.0f; }, x);
}
