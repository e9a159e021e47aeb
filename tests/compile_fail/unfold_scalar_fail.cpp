// SPDX-License-Identifier: Apache-2.0
// unfold_scalar_fail.cpp: elements without components.
// expect-error: warpx::unfold: the elements must have components of one type
#include <warpx/warpx.hpp>

auto run(const warpx::array<double, 2>& x) { return warpx::unfold(x); }
