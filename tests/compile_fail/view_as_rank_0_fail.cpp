// SPDX-License-Identifier: Apache-2.0
// view_as_rank_0_fail.cpp: a single element as one of another size.
// expect-error: warpx::view_as: a rank-0 array can only be seen as a type of the same size
#include <warpx/warpx.hpp>

auto run(const warpx::array<double, 0>& x) { return warpx::view_as<float>(x); }
