// SPDX-License-Identifier: Apache-2.0
// tangent_add_constant_fail.cpp: a kernel that adds to an array which was passed without tangents.
// expect-error: warpx::launch_tangent: the kernel adds to an array of floating-point numbers that was passed
// without tangents, which would drop derivatives; pass with_tangent(y, ty)
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

constexpr auto sum = [] WARPX_KERNEL(auto i, auto x, auto y) { atomic_add(y, 0, x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_tangent<sum>(1, warpx::with_tangent(x, x), y);
}
