// SPDX-License-Identifier: Apache-2.0
// adjoint_test.cu: adjoints of kernels over an item's own elements, against the host's.
#include "cuda/adjoint_support.hpp"

namespace {

using namespace adjoint_test;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto xy, auto z) {
    auto v = xy[i];
    auto a = 1.0f - v.x;
    auto b = v.y - v.x * v.x;
    z[i] = a * a + 100.0f * (b * b);
};
constexpr auto branches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    typename decltype(x)::value_type t = x[i];
    if (x[i] > 1) t = sqrt(x[i]) * t + 1;
    y[i] = t * t;
};
constexpr auto early = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] < 0.7f) return;
    auto t = x[i];
    y[i] = sqrt(t) * t;
};
constexpr auto integrate = [] WARPX_KERNEL(auto i, auto x, auto v, auto f, auto m, auto dt) {
    auto vn = v[i] + f[i] * (dt / m[i]);
    v[i] = vn;
    x[i] = x[i] + vn * dt;
};
constexpr auto twice = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = x[i] * 2;
    y[i] = y[i] * y[i];
    y[i] *= x[i];
    y[i] /= 1 + x[i];
};
constexpr auto store_then_gather = [] WARPX_KERNEL(auto i, auto x, auto y, auto z) {
    y[i] = x[i] * x[i];
    int64_t j = i;
    z[i] = y[j] * y[j];
};
constexpr auto components = [] WARPX_KERNEL(auto i, auto v, auto y) {
    v[i].x = v[i].y * 2;
    v[i].y += v[i].x * v[i].z;
    v[i].x *= v[i].y;
    y[i] = v[i].x + v[i].z;
};

} // namespace

TEST_CASE("adjoints on CUDA: kernels of an item's own elements", "[core]") {
    CHECK(differs<saxpy>(shape(1000), numbers<float>(1, 1000), graded<float>(2, 1000), 2.0f) < 1e-5);
    CHECK(differs<saxpy>(shape(1000), graded<float>(1, 1000), graded<float>(2, 1000), 2.0f) < 1e-5);
    CHECK(differs<saxpy>(shape(1000), graded<double>(1, 1000), graded<double>(2, 1000), 2.0) < 1e-13);
    CHECK(differs<rosenbrock>(shape(1000), graded<vec2f>(3, 1000), graded<float>(4, 1000)) < 1e-4);
    CHECK(differs<branches>(shape(1000), graded<float>(5, 1000), graded<float>(6, 1000)) < 1e-5);
    CHECK(differs<early>(shape(1000), graded<float>(7, 1000), graded<float>(8, 1000)) < 1e-5);
    CHECK(differs<integrate>(shape(1000), graded<vec3f>(1, 1000), graded<vec3f>(2, 1000),
                             graded<vec3f>(3, 1000), graded<float>(4, 1000), 0.1f) < 1e-5);
    CHECK(differs<twice>(shape(1000), graded<double>(7, 1000), graded<double>(8, 1000)) < 1e-13);
    CHECK(differs<components>(shape(1000), graded<vec3f>(7, 1000), graded<float>(8, 1000)) < 1e-5);
    CHECK(differs<store_then_gather>(shape(1000), graded<float>(7, 1000), graded<float>(8, 1000),
                                     graded<float>(9, 1000)) < 1e-5);
}
