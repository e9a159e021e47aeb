// SPDX-License-Identifier: Apache-2.0
// mixed_devices_fail.cpp: arrays of both sides in one launch.
//
// expect-error: the arguments mix host and CUDA arrays; copy one side, or bind them as device::any
#include <warpx/warpx.hpp>

constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };

void run(const warpx::array<const float, 1, warpx::device::cuda>& x, const warpx::array<float, 1>& y) {
    warpx::launch<copy>(10, x, y);
}
