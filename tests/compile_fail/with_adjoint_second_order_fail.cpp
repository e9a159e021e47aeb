// SPDX-License-Identifier: Apache-2.0
// with_adjoint_second_order_fail.cpp: the second derivative of an own adjoint.
// expect-error: warpx::launch_adjoint: an own adjoint gives first derivatives only; for second ones
// (arguments with tangents) launch the kernel without its own adjoint
#include <warpx/gradients.hpp>

constexpr auto square = warpx::with_adjoint(
    [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
    [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) { gx[i] += 2 * x[i] * gy.take(i); });

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<square>(x.extent(0), warpx::with_tangent(x, x), warpx::with_tangent(y, y));
}
