// SPDX-License-Identifier: Apache-2.0
// adjoint_atomic_result_fail.cpp: the adjoint of a kernel that uses what an atomic returns.
// expect-error: warpx::launch_adjoint: the kernel uses the value that an atomic returned; it is not the same when the kernel runs again for its gradient. Compute such indices in a launch of their own, or give the kernel its own adjoint (with_adjoint)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>

constexpr auto compact = [] WARPX_KERNEL(auto i, auto x, auto count, auto y) {
    const int k = atomic_add(count, 0, 1);
    y[k] = x[i];
};

void run(const warpx::array<float, 1>& x, const warpx::array<int, 1>& count, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<compact>(x.extent(0), x, count, y);
}
