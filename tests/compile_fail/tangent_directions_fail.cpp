// SPDX-License-Identifier: Apache-2.0
// tangent_directions_fail.cpp: arguments with tangents in different numbers of directions.
// expect-error: warpx::launch_tangent: the arguments have tangents in different numbers of directions; all that have some have the same number
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto a) { x[i] = x[i] * a; };

void run(const warpx::array<float, 1>& x) {
    warpx::launch_tangent<scale>(1, warpx::with_tangent(x, x), warpx::with_tangent(2.0f, warpx::vec2f(1, 0)));
}
