// SPDX-License-Identifier: Apache-2.0
// with_grad_container_fail.cpp: the gradient of an array in a container.
// expect-error: warpx::with_grad: the gradient of an array is an array of its shape and type:
#include <warpx/gradients.hpp>

#include <vector>

auto give(const warpx::array<float, 1>& x, std::vector<float>& g) { return warpx::with_grad(x, g); }
