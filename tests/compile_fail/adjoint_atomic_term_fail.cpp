// SPDX-License-Identifier: Apache-2.0
// adjoint_atomic_term_fail.cpp: the adjoint of a kernel that computes with what an atomic returns.
// expect-error: warpx::launch_adjoint: the kernel uses the value that an atomic returned;
#include <warpx/gradients.hpp>

constexpr auto kernel = [] WARPX_KERNEL(auto i, auto x, auto y) { x[i] = 2.0f * atomic_add(y, 0, x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<kernel>(x.extent(0), x, y);
}
