// SPDX-License-Identifier: Apache-2.0
// launch_nine_extents_fail.cpp: more extents than a launch has.
// expect-error: warpx::launch: a launch has 1 to 8 extents
#include <warpx/warpx.hpp>

constexpr auto nothing = [] WARPX_KERNEL(auto) {};

void run() { warpx::launch<nothing>({1, 1, 1, 1, 1, 1, 1, 1, 1}); }
