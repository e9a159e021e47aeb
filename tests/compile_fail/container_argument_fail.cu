// SPDX-License-Identifier: Apache-2.0
// container_argument_fail.cu: a container is no argument of a CUDA launch: its memory is the host's.
//
// expect-error: an argument is neither a warpx::array nor trivially copyable
#include <warpx/cuda/cuda.cuh>

#include <vector>

constexpr auto adds = [] WARPX_KERNEL(auto i, auto x, auto v) { x[i] += v[0]; };

void run(const warpx::array<float, 1, warpx::device::cuda>& x, const std::vector<float>& v) {
    warpx::launch<adds>(x.extent(0), x, v);
}
