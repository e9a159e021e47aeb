// SPDX-License-Identifier: Apache-2.0
// op_parameters_fail.cpp: a kernel with more parameters than the operation.
// expect-error: warpx::launch: the kernel cannot be called as kernel(index, arguments...)
#include <warpx/operation/entries.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i]; };
constexpr auto scale_op = warpx::op<"scale", scale>(warpx::in<float, "n">("x"), warpx::out<float, "n">("y"));
constexpr auto e = warpx::detail::entries_of<scale_op, warpx::device::host>;
