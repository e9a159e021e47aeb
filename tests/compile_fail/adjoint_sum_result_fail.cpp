// SPDX-License-Identifier: Apache-2.0
// adjoint_sum_result_fail.cpp: the adjoint of a kernel that uses the result of +=.
// expect-error: warpx::launch_adjoint: the kernel uses the result of `y[i] += e`, which adds without reading;
#include <warpx/gradients.hpp>

constexpr auto kernel = [] WARPX_KERNEL(auto i, auto x, auto y) { x[i] = 2.0f * (y[i] += x[i]); };

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<kernel>(x.extent(0), x, y);
}
