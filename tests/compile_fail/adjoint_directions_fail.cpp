// SPDX-License-Identifier: Apache-2.0
// adjoint_directions_fail.cpp: an adjoint launch over tangents in different numbers of directions.
// expect-error: warpx::launch_adjoint: the arguments have tangents in different numbers of directions; give
// all the same: with_tangent<D>
#include <warpx/gradients.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto a) { x[i] = x[i] * a; };

void run(const warpx::array<float, 1>& x) {
    warpx::launch_adjoint<scale>(1, warpx::with_tangent(x, x), warpx::with_tangent(2.0f, warpx::vec2f(1, 0)));
}
