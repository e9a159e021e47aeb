// SPDX-License-Identifier: Apache-2.0
// adjoint_function_test.cpp: adjoints of kernels with functions, objects, local arrays, random numbers.
#include "support/adjoint_engines.hpp"

#include <warpx/random.hpp>

#include <utility>

using namespace test;

namespace {
template <class T> WARPX_HOST_DEVICE T squared(const T& x) { return x * x; }
template <class T> WARPX_HOST_DEVICE void scale_by_reference(T& x, const T& by) { x *= by; }
template <class T> WARPX_HOST_DEVICE T power(T x, int n) {
    if (n == 0) return T(1.0f);
    T half = power(x, n / 2);
    return n % 2 == 0 ? half * half : half * half * x;
}
template <class T> struct oscillator {
    T position, velocity;
    WARPX_HOST_DEVICE void step(T stiffness) {
        velocity -= stiffness * position * 0.1f;
        position += velocity * 0.1f;
    }
    WARPX_HOST_DEVICE T energy() const { return position * position + velocity * velocity; }
};
template <class T> WARPX_HOST_DEVICE auto largest(const T& a, const T& b) -> const T& {
    return a < b ? b : a;
}
} // namespace

constexpr auto functions = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    V t = squared<V>(x[i]) + squared(value(p[1]));
    scale_by_reference(t, value(p[0]));
    y[i] = power(t, 5) + largest(t, value(x[i]));
};
constexpr auto objects = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    oscillator<V> o{x[i], V(0.5f)};
    for (int k = 0; k < 3; ++k) o.step(p[k]);
    auto copy = o;
    copy.step(p[0]);
    y[i] = o.energy() * copy.position;
};
constexpr auto inner_lambdas = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto t = value(x[i]);
    const auto add = [&](const auto& by) { t += by; };
    const auto twice = [&t, p](int k) { return t * p[k] * 2.0f; };
    add(value(p[0]));
    auto u = twice(1);
    add(u);
    add(u * t);
    t = twice(2) + t;
    y[i] = t;
};
constexpr auto local_arrays = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    V a[4] = {x[i], p[0], p[1], V(2.0f)};
    for (int k = 0; k < 6; ++k) a[k % 4] = a[(k + 1) % 4] * a[k % 4] + a[(k + 2) % 4];
    V b[4];
    for (int k = 0; k < 4; ++k) b[3 - k] = a[k];
    for (int k = 0; k < 4; ++k) a[k] += b[k] * p[k % 3];
    y[i] = a[0] * a[1] + a[2] - b[3];
};
constexpr auto swapping = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto a = x[i] * p[0], b = p[1] * p[2], c = value(p[0]);
    auto swap = [](auto& u, auto& v) {
        auto t = std::move(u);
        u = std::move(v);
        v = std::move(t);
    };
    swap(a, b);
    swap(b, c);
    auto& same = a; // clang warns of a = a
    a = same;
    c += a;
    std::swap(a, c);
    a *= a;
    b -= b * a;
    y[i] = a + b * c;
};
constexpr auto randomly = [] WARPX_KERNEL(auto i, auto x, auto y) {
    philox rng(7, i);
    auto s = value(x[i]);
    for (int k = 0; k < 4; ++k)
        if (uniform<float>(rng) < 0.5f)
            s = s * s + uniform<float>(rng);
        else
            s = sin(s) * x[(static_cast<int64_t>(i) + k) % x.extent(0)];
    y[i] = s;
};

TEST_CASE("functions, objects, local arrays, swaps, random numbers") {
    const auto x = with_values<double>(9, 1), p = with_values<double>(3, 2), y = with_values<double>(9, 3);
    check_strided(9, kernel<functions>, x, p, y);
    check_strided(9, kernel<objects>, x, p, y);
    check_strided(9, kernel<inner_lambdas>, x, p, y);
    check_strided(9, kernel<local_arrays>, x, p, y);
    check_strided(9, kernel<swapping>, x, p, y);
    check_strided(9, kernel<randomly>, x, y);
}
