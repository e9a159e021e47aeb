// SPDX-License-Identifier: Apache-2.0
// ops.cpp: warpx_test_ops: operations with derived gradients, in float and double.
#include <warpx/interop/python_module.hpp>

#include <warpx/math.hpp>

namespace {

using warpx::in, warpx::inout, warpx::out, warpx::value;
using T = warpx::any_of<float, double>;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto saxpy_op =
    warpx::op<"saxpy", saxpy>(in<T, "n">("x"), inout<T, "n">("y"), value<T>("a")).doc("y = a * x + y, in place.");

constexpr auto sinmul = [] WARPX_KERNEL(auto i, auto x, auto a, auto y) { y[i] = a * sin(x[i]); };
constexpr auto sinmul_op = warpx::op<"sinmul", sinmul>(in<T, "n">("x"), value<T>("a"), out<T, "n">("y"));

constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto xy, auto z) {
    const auto v = xy[i];
    const auto one = 1 - v.x, bend = v.y - v.x * v.x;
    z[i] = one * one + 100 * bend * bend;
};
constexpr auto rosenbrock_op =
    warpx::op<"rosenbrock", rosenbrock>(in<warpx::vec<T, 2>, "n">("xy"), out<T, "n">("z"));

constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto matmul_op =
    warpx::op<"matmul", matmul>(in<T, "n", "k">("a"), in<T, "k", "m">("b"), out<T, "n", "m">("c"));

constexpr auto norm3 = [] WARPX_KERNEL(auto i, auto v, auto r) { r[i] = sqrt(dot(v[i], v[i])); };
constexpr auto norm3_op = warpx::op<"norm3", norm3>(in<warpx::vec<T, 3>, "n">("v"), out<T, "n">("r"));

constexpr auto outer = [] WARPX_KERNEL(auto i, auto x, auto y, auto o) {
    auto [row, col] = i;
    o[i] = x(row) * y(col);
};
constexpr auto outer_op = warpx::op<"outer", outer>(in<T, "n">("x"), in<T, "m">("y"), out<T, "n", "m">("o"));

constexpr auto sum_squares = [] WARPX_KERNEL(auto i, auto x, auto s) { atomic_add(s, x[i] * x[i]); };
constexpr auto sum_squares_op =
    warpx::op<"sum_squares", sum_squares>(in<T, "n">("x"), out<T>("s").zeroed()).over<"n">();

constexpr auto gather = [] WARPX_KERNEL(auto i, auto x, auto at, auto y) {
    const auto v = x[at[i]];
    y[i] = v * v;
};
constexpr auto gather_op =
    warpx::op<"gather", gather>(in<T, "m">("x"), in<int64_t, "n">("at"), out<T, "n">("y"));

} // namespace

WARPX_PYTHON_MODULE(warpx_test_ops, saxpy_op, sinmul_op, rosenbrock_op, matmul_op, norm3_op, outer_op, sum_squares_op,
                    gather_op)
