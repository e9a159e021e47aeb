// SPDX-License-Identifier: Apache-2.0
// atomic_const_fail.cpp: an atomic operation on an array of const elements.
// expect-error: warpx: this array is read-only (its element type is const); atomics need array<T, N>
#include <warpx/warpx.hpp>

constexpr auto count = [] WARPX_KERNEL(auto, auto x) { atomic_add(x, 0, 1.0f); };

void run(const warpx::array<const float, 1>& x) { warpx::launch<count>(x.extent(0), x); }
