// SPDX-License-Identifier: Apache-2.0
// with_grad_scalar_fail.cpp: the gradient of a float in a double.
// expect-error: warpx::with_grad: the gradient of a scalar is a variable of the scalar's own type
#include <warpx/gradients.hpp>

double ga = 0;
auto a = warpx::with_grad(2.0f, ga);
