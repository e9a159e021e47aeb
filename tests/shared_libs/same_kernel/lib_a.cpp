// SPDX-License-Identifier: Apache-2.0
// lib_a.cpp: a library that makes arrays and launches the shared kernel.
#include "parts.hpp"

warpx::array<float, 1> make_in_a(int64_t n) { return warpx::full<float>(n, 1.0f); }
void scale_in_a(const warpx::array<float, 1>& x, float a) { warpx::launch<scale>(x.extent(0), x, a); }
