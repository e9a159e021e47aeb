// SPDX-License-Identifier: Apache-2.0
// op_vector_value_fail.cpp: a vector as a scalar.
// expect-error: warpx: value and static_value are scalars; pass a vector as an array without axes
#include <warpx/operation/entries.hpp>

constexpr auto shift = [] WARPX_KERNEL(auto i, auto x, auto v, auto y) { y[i] = x[i] + v; };
constexpr auto shift_op =
    warpx::op<"shift", shift>(warpx::in<warpx::vec3f, "n">("x"), warpx::value<warpx::vec3f>("v"),
                              warpx::out<warpx::vec3f, "n">("y"));
constexpr auto d = warpx::detail::description_of<shift_op>;
