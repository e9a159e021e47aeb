// SPDX-License-Identifier: Apache-2.0
// launch_cases.hpp: what may be launched, over what, and what is refused, on any machine.
#pragma once

#include "cases/machine.hpp"

#include <stdexcept>

namespace launch_cases {

using namespace warpx;
using Catch::Matchers::ContainsSubstring;
using test::array_here, test::put, test::put_zeros, test::read;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto count_visit = [] WARPX_KERNEL(auto i, auto y) {
    (void)i;
    y[i] += 1;
};
constexpr auto coordinates = [] WARPX_KERNEL(auto i, auto a) {
    auto [x, y, z] = i;
    a[i] = 100 * x + 10 * y + z;
};
constexpr auto coordinates_by_axes = [] WARPX_KERNEL(auto i, auto a) {
    auto [x, y, z] = i;
    a(x, y, z) = 100 * x + 10 * y + z;
};
constexpr auto crossed = [] WARPX_KERNEL(auto i, auto a, auto b) {
    b[i].x = a[i].y;
    b[i].y = a[i].x;
};

struct lambda_kernel {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto y, float a) { y[i] = a; };
};
struct function_kernel {
    template <class I, class Y> WARPX_HOST_DEVICE static void forward(I i, Y y, float a) { y[i] = a; }
};

struct plain {
    float scale;
    int shift;
};
struct inner {
    array_here<const float, 1> x;
    float a;
};
struct whole {
    inner in;
    array_here<float, 1> y;
};
constexpr auto nested = [] WARPX_KERNEL(auto i, auto o) { o.y[i] += o.in.a * o.in.x[i]; };

} // namespace launch_cases
WARPX_STRUCT(launch_cases::inner, x, a);
WARPX_STRUCT(launch_cases::whole, in, y);

namespace launch_cases {

TEST_CASE("extents come as integers of any type, shapes and lists", "[core]") {
    const auto y = put_zeros<int>(12);
    launch<count_visit>(12, y);
    launch<count_visit>(int64_t{12}, y);
    launch<count_visit>(size_t{12}, y);
    launch<count_visit>(uint8_t{12}, y);
    launch<count_visit>(shape(12), y);
    launch<count_visit>({12}, y);
    launch<count_visit>(y.extent(0), y);
    launch<count_visit>(y.extents(), y);
    CHECK(test::all_are(y, 8));
}

template <int R> void visits_all(const shape<R>& extents) {
    const auto compact = put_zeros<int>(extents);
    launch<count_visit>(extents, compact);
    int order[R];
    shape<R> turned;
    for (int k = 0; k < R; ++k) order[k] = (k + 1) % R, turned[k] = extents[(k + 1) % R];
    const auto other = permute(put_zeros<int>(extents), order); // strided unless R is 1
    launch<count_visit>(turned, other);
    const auto reversed = slice(put_zeros<int>(extents), R - 1, none, none, -1);
    launch<count_visit>(extents, reversed);
    const bool once = test::all_are(compact, 1) && test::all_are(other, 1) && test::all_are(reversed, 1);
    CHECK(once);
}

TEST_CASE("one to eight extents visit every index once, whatever the strides") {
    visits_all(shape(1));
    visits_all(shape(1500));
    visits_all(shape(37, 41));
    visits_all(shape(1, 5000));
    visits_all(shape(5000, 1));
    visits_all(shape(7, 11, 13));
    visits_all(shape(3, 4, 5, 6));
    visits_all(shape(2, 3, 4, 5, 2));
    visits_all(shape(2, 3, 1, 4, 2, 3));
    visits_all(shape(2, 1, 2, 3, 2, 2, 2));
    visits_all(shape(2, 2, 1, 2, 2, 3, 2, 2));
}

TEST_CASE("the index has the coordinates of its item", "[core]") {
    const auto m = put_zeros<int64_t>({5, 6, 7});
    launch<coordinates>(m.extents(), m);
    CHECK(read(m)(4, 5, 6) == 456);
    const auto t = transpose(m);
    launch<coordinates_by_axes>(t.extents(), t);
    CHECK(read(m)(4, 5, 6) == 654);
}

TEST_CASE("kernels are lambdas, structs with forward, and closures", "[core]") {
    const auto y = put_zeros<float>(10);
    launch<lambda_kernel>(10, y, 1.0f);
    CHECK(read(y)[9] == 1.0f);
    launch<function_kernel>(10, y, 2.0f);
    CHECK(read(y)[9] == 2.0f);
    const float four = 4;
    launch(10, [four] WARPX_DEVICE(auto i, auto v) { v[i] = four; }, y);
    CHECK(read(y)[9] == 4.0f);
}

TEST_CASE("arguments are arrays, scalars, small structs, structs of arrays", "[core]") {
    const auto x = put(arange<float>(10)), y = put(ones<float>(10));
    launch(
        10,
        [] WARPX_DEVICE(auto i, auto u, auto v, plain p, vec2f w) {
            v[i] = p.scale * u[i] + static_cast<float>(p.shift) + w.y;
        },
        x, y, plain{2, 3}, vec2f(0, 0.5f));
    CHECK(read(y)[4] == 11.5f);
    launch<nested>(10, whole{{x, 2.0f}, y});
    CHECK(read(y)[4] == 19.5f);
    launch<nested>(5, whole{{slice(x, 0, none, none, 2), 1.0f}, slice(y, 0, none, none, 2)});
    CHECK(read(y)[4] == 23.5f);
}

TEST_CASE("an array is whatever converts to it for reading") {
    const array_here<const float, 1> x = put(arange<float>(10));
    const auto y = put_zeros<float>(10);
    launch<saxpy>(10, x, y, 2.0f);
    CHECK(read(y)[9] == 18.0f);
}

TEST_CASE("fixed-size local arrays work in kernels", "[core]") {
    const auto y = put_zeros<float>(10);
    launch(
        10,
        [] WARPX_DEVICE(auto i, auto v) {
            float window[4] = {};
            for (int k = 0; k < 4; ++k) window[k] = static_cast<float>(i + k);
            float sum = 0;
            for (float w : window) sum += w;
            v[i] = sum;
        },
        y);
    CHECK(read(y)[9] == 42.0f);
}

TEST_CASE("zero items do nothing") {
    const auto y = put_zeros<int>(4);
    launch<count_visit>(0, y);
    launch<count_visit>({0}, y);
    CHECK(read(y)[0] == 0);
    launch<count_visit>(array_here<int, 1>().extents(), array_here<int, 1>());
}

TEST_CASE("negative extents are refused with the kernel's name") {
    const auto y = put_zeros<int>(4);
    REQUIRE_THROWS_AS(launch<count_visit>(-1, y), launch_error);
    const auto closure = [] WARPX_DEVICE(auto, auto) {};
    REQUIRE_THROWS_WITH(launch(shape(3, -2), closure, y), ContainsSubstring("(3, -2)"));
    REQUIRE_THROWS_WITH(launch<count_visit>(-1, y),
                        ContainsSubstring("count_visit: expected") && ContainsSubstring("(-1,)"));
}

TEST_CASE("arrays whose device is known at run time run where they are", "[core]") {
    array<const float, 1, device::any> x = array_here<const float, 1>(put(arange<float>(10)));
    const auto memory = put_zeros<float>(10);
    array<float, 1, device::any> y = memory;
    launch<saxpy>(10, x, y, 2.0f);
    CHECK(read(memory)[9] == 18.0f);
    launch<saxpy>(10, x, memory, 2.0f); // the two kinds go together
    CHECK(read(memory)[9] == 36.0f);
}

TEST_CASE("results do not depend on aliasing arguments that are race free", "[core]") {
    // Within an item a store may change what the next load sees: the answer of a serial loop counts.
    const auto start = zeros<vec2f>(10000);
    for (int k = 0; k < 10000; ++k) start[k] = vec2f(static_cast<float>(k), static_cast<float>(-k));
    const auto v = put(start);
    launch<crossed>(10000, v, v);
    const auto got = read(v);
    bool serial = true;
    for (int k = 0; k < 10000; ++k)
        serial = serial && got[k].x == static_cast<float>(-k) && got[k].y == static_cast<float>(-k);
    CHECK(serial);
    const auto y = put(ones<float>(10000));
    launch<saxpy>(10000, y, y, 2.0f);
    CHECK(read(y)[9999] == 3.0f);
}

} // namespace launch_cases
