// SPDX-License-Identifier: Apache-2.0
// with_adjoint_arity_fail.cpp: an own adjoint that does not take a gradient for each argument.
// expect-error: warpx::launch_adjoint: the kernel's own adjoint cannot be called as adjoint(index,
// arguments..., gradients...): it takes the parameters of the kernel, then one gradient for each argument in
// their order, all by value (auto gx)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>
#include <warpx/with_adjoint.hpp>

constexpr auto scaled = warpx::with_adjoint(
    [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i]; },
    [] WARPX_KERNEL(auto i, auto, auto, auto a, auto gx, auto gy) { gx[i] += a * gy.take(i); });

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<scaled>(x.extent(0), x, y, 2.0f);
}
