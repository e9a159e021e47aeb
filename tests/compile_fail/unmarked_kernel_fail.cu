// SPDX-License-Identifier: Apache-2.0
// unmarked_kernel_fail.cu: a kernel without the mark, without any flag that could hide it.
//
// expect-error: calling a __host__ function
// expect-error: kernel_must_be_marked_WARPX_KERNEL
// expect-error: is not allowed
#include <warpx/cuda/cuda.cuh>

constexpr auto forgets_the_mark = [](auto i, auto x) { x[i] = 1.0f; };

void run(const warpx::array<float, 1, warpx::device::cuda>& x) {
    warpx::launch<forgets_the_mark>(x.extent(0), x);
}
