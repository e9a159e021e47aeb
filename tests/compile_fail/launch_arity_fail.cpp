// SPDX-License-Identifier: Apache-2.0
// launch_arity_fail.cpp: a kernel that takes fewer parameters than it is given.
// expect-error: warpx::launch: the kernel cannot be called as kernel(index, arguments...)
#include <warpx/warpx.hpp>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };

void run(const warpx::array<float, 1>& x) { warpx::launch<saxpy>(x.extent(0), x, x, 2.0f); }
