// SPDX-License-Identifier: Apache-2.0
// tangent_none_fail.cpp: a tangent launch without tangents.
// expect-error: warpx::launch_tangent: no argument has tangents; pass with_tangent(x, tx)
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x[i] = 0.0f; };

void run(const warpx::array<float, 1>& x) { warpx::launch_tangent<zero>(1, x); }
