// SPDX-License-Identifier: Apache-2.0
// adjoint_atomic_exchange_fail.cpp: the adjoint of atomic_exchange on an array of floating-point numbers.
// expect-error: warpx::launch_adjoint: of the atomics, atomic_add and atomic_sub have a derivative; for
// others give the kernel its own adjoint (with_adjoint)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>

constexpr auto last = [] WARPX_KERNEL(auto i, auto x, auto y) { atomic_exchange(y, 0, x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<last>(x.extent(0), x, y);
}
