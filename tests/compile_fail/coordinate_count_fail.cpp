// SPDX-License-Identifier: Apache-2.0
// coordinate_count_fail.cpp: one coordinate for two axes.
// expect-error: warpx: x(i, j, ...) takes one coordinate for each axis of the array
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x(i) = 0.0f; };

void run(const warpx::array<float, 2>& x) { warpx::launch<zero>(x.extent(0), x); }
