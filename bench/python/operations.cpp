// SPDX-License-Identifier: Apache-2.0
// operations.cpp: bench_operations, the module that operations_bench.py compares with its peers.
#include <warpx/interop/python_module.hpp>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto x, auto y, auto f) {
    const auto one = 1 - x[i], bend = y[i] - x[i] * x[i];
    f[i] = one * one + 100 * bend * bend;
};
constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};

using warpx::in, warpx::inout, warpx::out, warpx::value;
constexpr auto saxpy_op =
    warpx::op<"saxpy", saxpy>(in<float, "n">("x"), inout<float, "n">("y"), value<float>("a"));
constexpr auto rosenbrock_op =
    warpx::op<"rosenbrock", rosenbrock>(in<float, "n">("x"), in<float, "n">("y"), out<float, "n">("f"));
constexpr auto matmul_op = warpx::op<"matmul", matmul>(in<float, "n", "k">("a"), in<float, "k", "m">("b"),
                                                       out<float, "n", "m">("c"));
WARPX_PYTHON_MODULE(bench_operations, saxpy_op, rosenbrock_op, matmul_op)
