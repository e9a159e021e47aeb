// SPDX-License-Identifier: Apache-2.0
// element_type_fail.cpp: an array of what no tensor holds.
// expect-error: warpx::array: the element type is bool, an (unsigned) integer of 8 to 64 bits
#include <warpx/warpx.hpp>

warpx::array<long double, 1> x;
