// SPDX-License-Identifier: Apache-2.0
// from_range_temporary_fail.cpp: a temporary that owns nothing.
// expect-error: warpx::from_range: a temporary view would leave the array with memory that nobody keeps
#include <warpx/warpx.hpp>

#include <span>
#include <vector>

auto run(std::vector<float>& x) { return warpx::from_range(std::span<float>(x)); }
