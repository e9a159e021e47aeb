// SPDX-License-Identifier: Apache-2.0
// two_units_other.cpp: the second translation unit.
#include "two_units.hpp"

void scale_in_other_unit(warpx::array<float, 1> x, float a) { scale_by(x, a); }
