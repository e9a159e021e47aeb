// SPDX-License-Identifier: Apache-2.0
// with_derivative_none_fail.cpp: a function without partial derivatives.
// expect-error: warpx::with_derivative: the value, then one partial derivative for each of the 1 to 4
#include <warpx/with_derivative.hpp>

constexpr auto square = warpx::with_derivative([] WARPX_KERNEL(auto x) { return x * x; });
