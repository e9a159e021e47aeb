// SPDX-License-Identifier: Apache-2.0
// adjoint_atomic_cas_fail.cpp: the adjoint of atomic_cas on an array of floating-point numbers.
// expect-error: warpx::launch_adjoint: of the atomics, atomic_add and atomic_sub have a derivative; for
// others give the kernel its own adjoint (with_adjoint)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>

constexpr auto first = [] WARPX_KERNEL(auto i, auto x, auto y) { atomic_cas(y, 0, 0.0f, x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<first>(x.extent(0), x, y);
}
