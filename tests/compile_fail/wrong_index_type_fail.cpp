// SPDX-License-Identifier: Apache-2.0
// wrong_index_type_fail.cpp: a floating-point coordinate.
// expect-error: warpx: a coordinate is an integer
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x[0.5 * i] = 0.0f; };

void run(const warpx::array<float, 1>& x) { warpx::launch<zero>(x.extent(0), x); }
