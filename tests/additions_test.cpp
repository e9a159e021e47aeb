// SPDX-License-Identifier: Apache-2.0
// additions_test.cpp: which kernels only add to an array, by what they do with it.
#include <warpx/operation/additions.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

using namespace warpx;

namespace {

template <class T> using source = array<const T, 1, device::host>;
template <class T> using target = array<T, 1, device::host>;
using mat2f = mat<float, 2, 2>;

template <int Asked, class... A, class F> bool adds(const F&) {
    return detail::only_adds<std::make_integer_sequence<int, sizeof...(A)>, F, 1, Asked, A...>::known();
}
template <class T, class F> bool adds_to_y(const F& kernel) {
    return adds<1, source<T>, target<T>, T>(kernel);
}

struct two {
    float a, b;
};

} // namespace
WARPX_STRUCT(two, a, b);

TEST_CASE("additions in every spelling are found") {
    CHECK(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] += a * x[i]; }));
    CHECK(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] -= a * x[i]; }));
    CHECK(adds_to_y<double>([](auto i, auto x, auto y, auto a) { y(i) += a * x(i); }));
    CHECK(adds_to_y<float>([](auto i, auto x, auto y, auto a) { atomic_add(y, i, a * x[i]); }));
    CHECK(adds_to_y<float>([](auto i, auto x, auto y, auto a) { atomic_sub(y, 0, a * x[i]); }));
    CHECK(adds_to_y<float>([](auto i, auto x, auto y, auto a) {
        for (int k = 0; k < y.extent(0); ++k)
            if (x[i] > a) y(k) += x[i];
    }));
    CHECK(adds_to_y<half>([](auto i, auto x, auto y, auto a) { y[i] += a * x[i]; }));
    CHECK(adds_to_y<complex<float>>([](auto i, auto x, auto y, auto a) { y[i] += a * x[i]; }));
    CHECK(adds<1, source<vec3f>, target<vec3f>, float>([](auto i, auto x, auto y, auto a) {
        y[i] += x[i];
        y[i].x += a * x[i].y;
        y[i][2] += a;
    }));
    CHECK(
        adds<1, source<mat2f>, target<mat2f>, float>([](auto i, auto, auto y, auto a) { y[i](0, 1) += a; }));
}

TEST_CASE("what reads or overwrites an array does not only add to it") {
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] = a * x[i]; }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) {
        y[i] += x[i];
        y[i] *= a;
    }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) {
        if (y[i] > a) y[i] += x[i];
    }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) {
        const auto sum = (y[i] += x[i]);
        if (sum > a) y[i] += 1;
    }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] += exp(y(i)) * x[i] * a; }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto, auto y, auto) { y[i] += y[i]; }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto, auto y, auto) { ++y[i]; }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) { atomic_max(y, i, a * x[i]); }));
    CHECK_FALSE(adds_to_y<float>([](auto i, auto x, auto y, auto a) { y[i] += a * (a > 0 ? x[i] : y[i]); }));
    CHECK_FALSE(
        adds<1, source<vec3f>, target<vec3f>, float>([](auto i, auto, auto y, auto) { y[i].x += y[i].y; }));
    CHECK_FALSE(adds_to_y<float>([](auto, auto, auto, auto) {})); // its body may not have been compiled
}

TEST_CASE("components of a local are reads of its element") {
    using vec6f = vec<float, 6>;
    CHECK_FALSE(adds<1, source<mat2f>, target<mat2f>, float>([](auto i, auto x, auto y, auto) {
        auto t = y[i];
        y[i] += t(0, 1) * x[i];
    }));
    CHECK_FALSE(adds<1, source<mat2f>, target<mat2f>, float>([](auto i, auto x, auto y, auto a) {
        const auto t = y[i];
        y[i] += a * t(0, 1) * x[i];
    }));
    CHECK_FALSE(adds<1, source<vec6f>, target<vec6f>, float>([](auto i, auto x, auto y, auto) {
        auto&& t = y[i];
        y[i] += t[2] * x[i];
    }));
    CHECK_FALSE(adds<1, source<vec6f>, target<vec6f>, float>([](auto i, auto x, auto y, auto) {
        const auto t = y[i];
        y[i] += t[2] * x[i];
    }));
}

TEST_CASE("elements that are structs are not asked about") {
    const auto kernel = [](auto i, auto x, auto y, auto a) {
        y[i].a = (a > 0 ? x[i] : y[i]).a;
        y[i].b += x[i].b;
    };
    CHECK_FALSE(adds<1, source<two>, target<two>, float>(kernel));
}

TEST_CASE("the answer is that of the types of one launch") {
    const auto kernel = [](auto i, auto x, auto y, auto a) {
        if constexpr (sizeof(a) == 8)
            y[i] += x[i] * y[i];
        else
            y[i] += x[i];
    };
    CHECK(adds_to_y<float>(kernel));
    CHECK_FALSE(adds_to_y<double>(kernel));
}

TEST_CASE("of several arrays that may be written none is told") {
    const auto kernel = [](auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
    CHECK_FALSE(adds<1, target<float>, target<float>, float>(kernel));
    CHECK_FALSE(adds<1, target<double>, target<float>, float>(kernel));
    CHECK(adds<1, source<double>, target<float>, double>(kernel));
}
