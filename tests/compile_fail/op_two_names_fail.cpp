// SPDX-License-Identifier: Apache-2.0
// op_two_names_fail.cpp: two parameters of one name.
// expect-error: two_parameters_have_one_name
#include <warpx/operation/entries.hpp>

constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto copy_op = warpx::op<"copy", copy>(warpx::in<float, "n">("x"), warpx::out<float, "n">("x"));
constexpr auto d = warpx::detail::description_of<copy_op>;
