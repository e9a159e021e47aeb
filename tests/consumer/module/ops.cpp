// SPDX-License-Identifier: Apache-2.0
// ops.cpp: a module of one operation, whose name the build chooses.
#include <warpx/interop/python_module.hpp>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto saxpy_op = warpx::op<"saxpy", saxpy>(
    warpx::in<float, "n">("x"), warpx::inout<float, "n">("y"), warpx::value<float>("a", 1.5));

#define MAKE_MODULE(name) WARPX_PYTHON_MODULE(name, saxpy_op)
MAKE_MODULE(MODULE)
