// SPDX-License-Identifier: Apache-2.0
// adjoint_float_variable_fail.cpp: the adjoint of a kernel that keeps a number with derivatives as a float.
// expect-error: warpx: a conversion to float would drop the derivative; keep the variable auto (or decltype(x)::value_type), or say stop_gradient(x)
#include <warpx/host/adjoint.hpp>
#include <warpx/warpx.hpp>

constexpr auto squared = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const float t = static_cast<float>(x[i] * 2.0f);
    y[i] = t * t;
};

void run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    warpx::launch_adjoint<squared>(x.extent(0), x, y);
}
