// SPDX-License-Identifier: Apache-2.0
// launch_c_array_fail.cpp: a C array as an argument of a launch; the kernel would get a pointer to the caller's memory.
// expect-error: warpx::launch: an argument is neither a warpx::array nor trivially copyable; bind containers with warpx::from_range
#include <warpx/warpx.hpp>

constexpr auto weigh = [] WARPX_KERNEL(auto i, auto y, auto w) { y[i] = w[0]; };

void run(const warpx::array<float, 1>& y) {
    const float weights[3] = {1, 2, 3};
    warpx::launch<weigh>(y.extent(0), y, weights);
    warpx::launch(y.extent(0), [](auto i, auto to, auto w) { to[i] = w[0]; }, y, weights);
}
