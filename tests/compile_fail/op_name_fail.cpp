// SPDX-License-Identifier: Apache-2.0
// op_name_fail.cpp: a name that Python cannot call.
// expect-error: warpx::op: the name is an identifier
#include <warpx/operation/entries.hpp>

constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto copy_op = warpx::op<"copy it", copy>(warpx::in<float, "n">("x"), warpx::out<float, "n">("y"));
