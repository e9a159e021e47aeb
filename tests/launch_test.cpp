// SPDX-License-Identifier: Apache-2.0
// launch_test.cpp: what may be launched, over what, and what is refused.
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {

constexpr auto saxpy = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto count_visit = [](auto i, auto y) { y[i] += 1; };
constexpr auto with_capture = [offset = 3](auto i, auto y) { y[i] = static_cast<float>(offset); };

struct lambda_kernel {
    static constexpr auto forward = [](auto i, auto y, float a) { y[i] = a; };
};
struct function_kernel {
    template <class I, class Y> static void forward(I i, Y y, float a) { y[i] = a; }
};
struct not_templated {
    static void forward(warpx::index<1> i, detail::direct_handle<float, 1, detail::compact_layout<1>> y) {
        y[i] = 7;
    }
};

struct plain {
    float scale;
    int shift;
};
struct inner {
    array<const float, 1> x;
    float a;
};
struct whole {
    inner in;
    array<float, 1> y;
};

constexpr auto nested = [](auto i, auto o) { o.y[i] += o.in.a * o.in.x[i]; };

} // namespace
WARPX_STRUCT(inner, x, a);
WARPX_STRUCT(whole, in, y);

TEST_CASE("extents come as integers of any type, shapes and lists") {
    const auto y = zeros<int>(12);
    launch<count_visit>(12, y);
    launch<count_visit>(int64_t{12}, y);
    launch<count_visit>(size_t{12}, y);
    launch<count_visit>(uint8_t{12}, y);
    launch<count_visit>(shape(12), y);
    launch<count_visit>({12}, y);
    launch<count_visit>(y.extent(0), y);
    launch<count_visit>(y.extents(), y);
    for (int k = 0; k < 12; ++k) CHECK(y[k] == 8);
}

namespace {
template <int R> void visits_all(const shape<R>& extents) {
    const auto compact = zeros<int>(extents);
    launch<count_visit>(extents, compact);
    int order[R];
    shape<R> turned;
    for (int k = 0; k < R; ++k) order[k] = (k + 1) % R, turned[k] = extents[(k + 1) % R];
    const auto other = permute(zeros<int>(extents), order); // strided unless R is 1
    launch<count_visit>(turned, other);
    const auto reversed = slice(zeros<int>(extents), R - 1, none, none, -1);
    launch<count_visit>(extents, reversed);
    bool once = true;
    const auto look = [&](const auto& a) {
        shape<R> p;
        for (int64_t n = a.size(); n > 0; --n) {
            once = once && a[detail::index_access::make(p)] == 1;
            for (int axis = R - 1; axis >= 0 && ++p[axis] == a.extent(axis); --axis) p[axis] = 0;
        }
    };
    look(compact), look(other), look(reversed);
    CHECK(once);
}
} // namespace

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

TEST_CASE("the index has the coordinates of its item") {
    const auto m = zeros<int64_t>({5, 6, 7});
    launch(
        m.extents(),
        [](auto i, auto a) {
            auto [x, y, z] = i;
            a[i] = 100 * x + 10 * y + z;
        },
        m);
    CHECK(m(4, 5, 6) == 456);
    const auto t = transpose(m);
    launch(
        t.extents(),
        [](auto i, auto a) {
            auto [x, y, z] = i;
            a(x, y, z) = 100 * x + 10 * y + z;
        },
        t);
    CHECK(m(4, 5, 6) == 654);
}

TEST_CASE("kernels are lambdas, structs with forward, and closures") {
    const auto y = zeros<float>(10);
    launch<lambda_kernel>(10, y, 1.0f);
    CHECK(y[9] == 1.0f);
    launch<function_kernel>(10, y, 2.0f);
    CHECK(y[9] == 2.0f);
    if constexpr (!checked_build) {
        launch<with_capture>(10, y);
        CHECK(y[9] == 3.0f);
    }
    float four = 4;
    launch(10, [four](auto i, auto v) { v[i] = four; }, y);
    CHECK(y[9] == 4.0f);
    launch(10, [four, y](auto i) { y[i] += four; }); // arrays may be captured
    CHECK(y[9] == 8.0f);
    int runs = 0;
    launch(1, [&runs](auto) { ++runs; });
    CHECK(runs == 1);
}

TEST_CASE("arguments are arrays, scalars, small structs, structs of arrays") {
    const auto x = arange<float>(10), y = ones<float>(10);
    launch(
        10,
        [](auto i, auto u, auto v, plain p, vec2f w) {
            v[i] = p.scale * u[i] + static_cast<float>(p.shift) + w.y;
        },
        x, y, plain{2, 3}, vec2f(0, 0.5f));
    CHECK(y[4] == 11.5f);
    launch<nested>(10, whole{{x, 2.0f}, y});
    CHECK(y[4] == 19.5f);
    launch<nested>(5, whole{{slice(x, 0, none, none, 2), 1.0f}, slice(y, 0, none, none, 2)});
    CHECK(y[4] == 23.5f);
}

TEST_CASE("an array is whatever converts to it for reading") {
    const array<const float, 1> x = arange<float>(10);
    const auto y = zeros<float>(10);
    launch<saxpy>(10, x, y, 2.0f);
    CHECK(y[9] == 18.0f);
}

TEST_CASE("fixed-size local arrays work in kernels") {
    const auto y = zeros<float>(10);
    launch(
        10,
        [](auto i, auto v) {
            float window[4] = {};
            for (int k = 0; k < 4; ++k) window[k] = static_cast<float>(i + k);
            float sum = 0;
            for (float w : window) sum += w;
            v[i] = sum;
        },
        y);
    CHECK(y[9] == 42.0f);
}

TEST_CASE("zero items do nothing") {
    const auto y = zeros<int>(4);
    launch<count_visit>(0, y);
    launch<count_visit>({0}, y);
    launch(shape(3, 0, 2), [](auto) { throw std::logic_error("ran"); });
    CHECK(y[0] == 0);
    launch<count_visit>(array<int, 1>().extents(), array<int, 1>());
}

TEST_CASE("negative extents are refused with the kernel's name") {
    const auto y = zeros<int>(4);
    REQUIRE_THROWS_AS(launch<count_visit>(-1, y), launch_error);
    REQUIRE_THROWS_WITH(launch(shape(3, -2), [](auto, auto) {}, y), ContainsSubstring("(3, -2)"));
    REQUIRE_THROWS_WITH(launch<count_visit>(-1, y),
                        ContainsSubstring("kernel count_visit") && ContainsSubstring("(-1,)"));
}

TEST_CASE("arrays whose device is known at run time run where they are") {
    array<const float, 1, device::any> x = array<const float, 1>(arange<float>(10));
    array<float, 1, device::any> y = zeros<float>(10);
    launch<saxpy>(10, x, y, 2.0f);
    CHECK(y[9] == 18.0f);
    float never[10] = {};
    array<float, 1, device::any> z = from_pointer<float, 1, device::cuda>(never, {10});
    REQUIRE_THROWS_WITH(launch<saxpy>(10, x, z, 2.0f),
                        ContainsSubstring("array 0 in host memory and array 1 on a CUDA device"));
    const array<const float, 1, device::any> u = z;
    REQUIRE_THROWS_WITH(launch<saxpy>(10, u, z, 2.0f), ContainsSubstring("compiled without CUDA"));
}

TEST_CASE("results do not depend on aliasing arguments that are race free") {
    // Within an item a store may change what the next load sees: the answer of a serial loop counts.
    const auto swap = [](auto i, auto a, auto b) {
        b[i].x = a[i].y;
        b[i].y = a[i].x;
    };
    const auto v = zeros<vec2f>(10000);
    for (int k = 0; k < 10000; ++k) v[k] = vec2f(static_cast<float>(k), static_cast<float>(-k));
    launch(10000, swap, v, v);
    bool serial = true;
    for (int k = 0; k < 10000; ++k)
        serial = serial && v[k].x == static_cast<float>(-k) && v[k].y == static_cast<float>(-k);
    CHECK(serial);
    const auto y = ones<float>(10000);
    launch<saxpy>(10000, y, y, 2.0f);
    CHECK(y[9999] == 3.0f);
}

TEST_CASE("kernel_for says what can be launched") {
    STATIC_REQUIRE(kernel_for<decltype(saxpy), 1, array<const float, 1>, array<float, 1>, float>);
    STATIC_REQUIRE(!kernel_for<decltype(saxpy), 1, array<const float, 1>, array<float, 1>>);
    STATIC_REQUIRE(kernel_for<detail::struct_kernel<not_templated>, 1, array<float, 1>>);
    STATIC_REQUIRE(kernel_argument<plain>);
    STATIC_REQUIRE(kernel_argument<whole>);
    STATIC_REQUIRE(!kernel_argument<std::vector<float>>);
    STATIC_REQUIRE(shape_like<shape<3>>);
    STATIC_REQUIRE(!shape_like<float>);
}
