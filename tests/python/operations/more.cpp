// SPDX-License-Identifier: Apache-2.0
// more.cpp: warpx_test_more: what operations may have beside arrays in and out, each in one type.
#include <warpx/interop/python_module.hpp>

#include <warpx/math.hpp>
#include <warpx/with_adjoint.hpp>

#include <stdexcept>

namespace {

using warpx::in, warpx::inout, warpx::out, warpx::value, warpx::static_value;

constexpr auto sincos = [] WARPX_KERNEL(auto i, auto x, auto s, auto c) {
    s[i] = sin(x[i]);
    c[i] = cos(x[i]);
};
constexpr auto sincos_op =
    warpx::op<"sincos", sincos>(in<double, "n">("x"), out<double, "n">("s"), out<double, "n">("c"));

constexpr auto affine = [] WARPX_KERNEL(auto i, auto x, auto bias, auto scale, auto y) {
    auto v = scale * x[i];
    if (bias.extent(0) > 0) v += bias[i];
    y[i] = v;
};
constexpr auto affine_op = warpx::op<"affine", affine>(in<double, "n">("x"), in<double, "n">("bias").optional(),
                                                       value<double>("scale", 2.0), out<double, "n">("y"));

constexpr auto power = [] WARPX_KERNEL(auto i, auto x, auto count, auto y) {
    auto v = 1 + y.zero();
    for (int k = 0; k < count; ++k) v = v * x[i];
    y[i] = v;
};
constexpr auto power_op =
    warpx::op<"power", power>(in<double, "n">("x"), static_value<int>("count", 2), out<double, "n">("y"));

constexpr auto ramp = [] WARPX_KERNEL(auto i, auto step, auto y) { y[i] = step * static_cast<double>(int64_t(i)); };
constexpr auto ramp_op = warpx::op<"ramp", ramp>(value<double>("step"), out<double, "n">("y"));

constexpr auto swap = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto a = x[i], b = y[i];
    x[i] = b;
    y[i] = a * a;
};
constexpr auto swap_op = warpx::op<"swap", swap>(inout<double, "n">("x"), inout<double, "n">("y"));

// Vectors in and out: derivatives of whole elements.
constexpr auto lengthen = [] WARPX_KERNEL(auto i, auto v, auto w) { w[i] = dot(v[i], v[i]) * v[i]; };
constexpr auto lengthen_op = warpx::op<"lengthen", lengthen>(in<warpx::vec<double, 3>, "n">("v"),
                                                             out<warpx::vec<double, 3>, "n">("w"));

// What is only added to: neither its old value nor a copy of its gradient is kept.
constexpr auto accumulate = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i] * x[i]; };
constexpr auto accumulate_op =
    warpx::op<"accumulate", accumulate>(in<double, "n">("x"), inout<double, "n">("y"), value<double>("a"));

constexpr auto scatter = [] WARPX_KERNEL(auto i, auto x, auto at, auto y) { atomic_add(y, at[i], x[i]); };
constexpr auto scatter_op =
    warpx::op<"scatter", scatter>(in<double, "n">("x"), in<int64_t, "n">("at"), inout<double, "m">("y")).over<"n">();

// Squares through a host function with derivatives of its own.
constexpr auto square = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; };
constexpr auto square_tangent = [] WARPX_KERNEL(auto i, auto x, auto dx, auto dy) { dy[i] = 2 * x[i] * dx[i]; };
constexpr auto squares = [](const warpx::launch_options& options, auto x, auto y) {
    warpx::launch<square>(options, y.size(), x, y);
};
constexpr auto squares_adjoint = [](const warpx::launch_options& options, auto x, auto y) {
    warpx::launch_adjoint<square>(options, y.size(), x, y);
};
constexpr auto squares_tangent = [](const warpx::launch_options& options, auto x, auto y, auto dx, auto dy) {
    warpx::launch<square>(options, y.size(), x, y);
    warpx::launch<square_tangent>(options, y.size(), x, dx, dy);
};
constexpr auto squares_op = warpx::callable<"squares", squares>(in<double, "n">("x"), out<double, "n">("y"))
                                .adjoint<squares_adjoint>()
                                .tangent<squares_tangent>();
constexpr auto no_gradient_op =
    warpx::callable<"no_gradient", squares>(in<double, "n">("x"), out<double, "n">("y"));

// Says in the gradient of x whether that of w was wanted: 100 times as large then.
constexpr auto seen = warpx::with_adjoint(
    [] WARPX_KERNEL(auto i, auto x, auto w, auto y) { y[i] = x[i] * w[i]; },
    [] WARPX_KERNEL(auto i, auto x, auto w, auto, auto gx, auto gw, auto gy) {
        const auto g = gy.take(i);
        gx[i] += (gw ? 100 : 1) * g * w[i];
        gw[i] += (gx ? 100 : 1) * g * x[i];
    });
constexpr auto seen_op =
    warpx::op<"seen", seen>(in<double, "n">("x"), in<double, "n">("w"), out<double, "n">("y"));

using H = warpx::any_of<warpx::half, warpx::bfloat16>;
constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto a, auto y) { y[i] = a * x[i]; };
constexpr auto scale_op = warpx::op<"scale", scale>(in<H, "n">("x"), value<H>("a"), out<H, "n">("y"));

using C = warpx::complex<double>;
constexpr auto product = [] WARPX_KERNEL(auto i, auto x, auto w, auto y) { y[i] = x[i] * w[i] * w[i]; };
constexpr auto product_op = warpx::op<"product", product>(in<C, "n">("x"), in<C, "n">("w"), out<C, "n">("y"));

constexpr auto throws = [](const warpx::launch_options&, auto, auto) {
    throw std::runtime_error("the operation failed");
};
constexpr auto throws_op = warpx::callable<"throws", throws>(in<double, "n">("x"), out<double, "n">("y"));

constexpr auto next = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[int64_t(i) + 1]; };
constexpr auto next_op = warpx::op<"next", next>(in<double, "n">("x"), out<double, "n">("y"));

// A name that another module has too.
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] - 1; };
constexpr auto saxpy_op = warpx::op<"saxpy", saxpy>(in<double, "n">("x"), out<double, "n">("y"));

} // namespace

WARPX_PYTHON_MODULE(warpx_test_more, sincos_op, affine_op, power_op, ramp_op, swap_op, squares_op, no_gradient_op,
                    seen_op, scale_op, product_op, throws_op, next_op, saxpy_op,
                    accumulate_op, scatter_op, lengthen_op)
