// SPDX-License-Identifier: Apache-2.0
// dual_third_order_fail.cpp: a dual number of dual numbers.
// expect-error: warpx: dual<T, K> is for T = float or double; second derivatives are the adjoint of duals, and third ones are not there
#include <warpx/dual.hpp>

warpx::dual<warpx::dual<float>> x;
