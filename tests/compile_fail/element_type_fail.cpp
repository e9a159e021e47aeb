// SPDX-License-Identifier: Apache-2.0
// element_type_fail.cpp: an array of what no tensor holds.
// expect-error: warpx::array
#include <warpx/warpx.hpp>

warpx::array<long double, 1> x;
