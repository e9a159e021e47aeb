// SPDX-License-Identifier: Apache-2.0
// tangent_atomic_max_fail.cpp: the tangent of atomic_max on an array of floating-point numbers.
// expect-error: warpx::launch_tangent: of the atomics on floating-point numbers, atomic_add and atomic_sub
// have a tangent
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

constexpr auto largest = [] WARPX_KERNEL(auto i, auto x, auto y) { atomic_max(y, 0, x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_tangent<largest>(1, warpx::with_tangent(x, x), warpx::with_tangent(y, y));
}
