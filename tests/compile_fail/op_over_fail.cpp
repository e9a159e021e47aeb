// SPDX-License-Identifier: Apache-2.0
// op_over_fail.cpp: a launch over an extent that no argument has.
// expect-error: over_names_an_extent_that_no_parameter_has
#include <warpx/operation/entries.hpp>

constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto copy_op =
    warpx::op<"copy", copy>(warpx::in<float, "n">("x"), warpx::out<float, "n">("y")).over<"m">();
constexpr auto d = warpx::detail::description_of<copy_op>;
