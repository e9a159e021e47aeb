// SPDX-License-Identifier: Apache-2.0
// ops.cpp: saxpy as an operation: one declaration, and Python can call it with arrays of every framework, which record
// its gradient.
#include <warpx/interop/python_module.hpp> // first: it includes Python.h

#include "saxpy.hpp"

using warpx::in, warpx::inout, warpx::value;
constexpr auto saxpy_op = warpx::op<"saxpy", saxpy>(in<float, "n">("x"), inout<float, "n">("y"), value<float>("a"))
                              .doc("Adds a * x to y, in place.");

WARPX_PYTHON_MODULE(warpx_saxpy_ops, saxpy_op)
