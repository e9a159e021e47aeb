// SPDX-License-Identifier: Apache-2.0
// two_units.hpp: one kernel and one function with external linkage that both translation units use.
#pragma once
#include <warpx/warpx.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto a) { x[i] = a * x[i]; };

inline void scale_by(warpx::array<float, 1> x, float a) { warpx::launch<scale>(x.extent(0), x, a); }
void scale_in_other_unit(warpx::array<float, 1> x, float a);
