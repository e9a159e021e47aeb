// SPDX-License-Identifier: Apache-2.0
// index_rank_fail.cpp: an index of a launch over one extent, into an array of two.
// expect-error: warpx: the index of this launch and this array have different ranks
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x[i] = 0.0f; };

void run(const warpx::array<float, 2>& x) { warpx::launch<zero>(x.extent(0), x); }
