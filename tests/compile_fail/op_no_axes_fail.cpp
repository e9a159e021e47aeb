// SPDX-License-Identifier: Apache-2.0
// op_no_axes_fail.cpp: a launch over an output without axes.
// expect-error: warpx::op: the first output has no axes to launch over; say over which extents it is computed
#include <warpx/operation/entries.hpp>

constexpr auto total = [] WARPX_KERNEL(auto i, auto x, auto s) { warpx::atomic_add(s, x[i]); };
constexpr auto total_op = warpx::op<"total", total>(warpx::in<float, "n">("x"), warpx::out<float>("s"));
constexpr auto d = warpx::detail::description_of<total_op>;
