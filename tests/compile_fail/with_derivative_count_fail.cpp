// SPDX-License-Identifier: Apache-2.0
// with_derivative_count_fail.cpp: a function of two arguments with one partial derivative.
// expect-error: warpx::with_derivative: the function takes as many arguments as it has partial derivatives
#include <warpx/with_derivative.hpp>

constexpr auto product = warpx::with_derivative([] WARPX_KERNEL(auto x, auto y) { return x * y; },
                                                [] WARPX_KERNEL(auto, auto y) { return y; });
void run(float* x) { x[0] = product(x[0], x[1]); }
