// SPDX-License-Identifier: Apache-2.0
// write_const_fail.cpp: writing through an array of const elements.
// expect-error: warpx: this array is read-only (its element type is const); bind it as array<T, N>
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x[i] = 0.0f; };

void run(const warpx::array<const float, 1>& x) { warpx::launch<zero>(x.extent(0), x); }
