// SPDX-License-Identifier: Apache-2.0
// launch_index_fail.cpp: the index of a launch as an argument of another.
// expect-error: warpx::launch: the index of one launch is no argument of another; pass it as a number:
// int64_t(i)
#include <warpx/warpx.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto s, auto b) { x[i] = s[b]; };

void run(const warpx::array<float, 1>& x) {
    warpx::launch(4, [=](auto b) { warpx::launch<scale>(x.extent(0), x, x, b); });
}
