// SPDX-License-Identifier: Apache-2.0
// derivative_dropped_fail.cpp: a kernel that stores a number with a derivative in a float.
// expect-error: warpx: a conversion to float would drop the derivative; keep the variable auto (or decltype(x)::value_type), or say stop_gradient(x)
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

constexpr auto square = [] WARPX_KERNEL(auto i, auto x) {
    float t = 0;
    t += x[i];
    x[i] = t * t;
};

void run(const warpx::array<float, 1>& x) { warpx::launch_tangent<square>(1, warpx::with_tangent(x, x)); }
