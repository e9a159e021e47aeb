// SPDX-License-Identifier: Apache-2.0
// check_adjoint_none_fail.cpp: check_adjoint of a kernel without an adjoint of its own.
// expect-error: warpx::check_adjoint: the kernel has no adjoint of its own: make it by with_adjoint(forward,
// adjoint), or give the struct a static `adjoint`; gradcheck checks the derived one
#include <warpx/check_adjoint.hpp>

constexpr auto square = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; };

bool run(const warpx::array<float, 1>& x, const warpx::array<float, 1>& y) {
    return warpx::check_adjoint<square>(x.extent(0), x, y).passed;
}
