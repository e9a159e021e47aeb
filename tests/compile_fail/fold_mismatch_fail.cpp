// SPDX-License-Identifier: Apache-2.0
// fold_mismatch_fail.cpp: components of another type than the array's.
// expect-error: warpx::fold: the components must have the array's element type, and the array their axes
#include <warpx/warpx.hpp>

auto run(const warpx::array<double, 2>& x) { return warpx::fold<warpx::vec3f>(x); }
