// SPDX-License-Identifier: Apache-2.0
// launch_auto_reference_fail.cpp: a kernel that takes its arrays by reference.
// expect-error: warpx::launch: the kernel cannot be called as kernel(index, arguments...)
// expect-error: take them by value (auto x)
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto& x) { x[i] = 0.0f; };

void run(const warpx::array<float, 1>& x) { warpx::launch<zero>(x.extent(0), x); }
