// SPDX-License-Identifier: Apache-2.0
// captured_array_fail.cu: an array belongs among the arguments of a CUDA launch, not into the captures.
//
// expect-error: pass arrays as arguments of the launch
#include <warpx/cuda/cuda.cuh>

void run(const warpx::array<float, 1, warpx::device::cuda>& x) {
    warpx::launch(10, [=] WARPX_DEVICE(auto i) { (void)x.data_handle(); });
}
