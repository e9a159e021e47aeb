// SPDX-License-Identifier: Apache-2.0
// array_rank_fail.cpp: a negative rank.
// expect-error: warpx::array: the rank is not negative
#include <warpx/warpx.hpp>

warpx::array<float, -1> x;
