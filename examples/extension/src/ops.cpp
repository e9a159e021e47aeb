// SPDX-License-Identifier: Apache-2.0
// ops.cpp: the kernels and the operations of the package my_ops.
#include <warpx/interop/python_module.hpp> // first: it includes Python.h

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};

using warpx::in, warpx::inout, warpx::out, warpx::value;
using T = warpx::any_of<float, double>;
constexpr auto saxpy_op = warpx::op<"saxpy", saxpy>(in<T, "n">("x"), inout<T, "n">("y"), value<T>("a"))
                              .doc("Adds a * x to y, in place.");
constexpr auto matmul_op =
    warpx::op<"matmul", matmul>(in<T, "n", "k">("a"), in<T, "k", "m">("b"), out<T, "n", "m">("c"))
        .doc("The product of two matrices.");

WARPX_PYTHON_MODULE(_ops, saxpy_op, matmul_op)
