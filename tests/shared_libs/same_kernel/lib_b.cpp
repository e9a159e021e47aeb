// SPDX-License-Identifier: Apache-2.0
// lib_b.cpp: another library with a launch of the same kernel, and one that throws an error of ours.
#include "parts.hpp"

void scale_in_b(const warpx::array<float, 1>& x, float a) { warpx::launch<scale>(x.extent(0), x, a); }
void refuse_in_b() { (void)warpx::zeros<float>(-1); }
