// SPDX-License-Identifier: Apache-2.0
// op_no_output_fail.cpp: an operation that returns nothing.
// expect-error: warpx::op: the operation has no output; an operation returns what it writes
#include <warpx/operation/entries.hpp>

constexpr auto nothing = [] WARPX_KERNEL(auto i, auto x) { (void)x[i]; };
constexpr auto nothing_op = warpx::op<"nothing", nothing>(warpx::in<float, "n">("x"));
constexpr auto d = warpx::detail::description_of<nothing_op>;
