// SPDX-License-Identifier: Apache-2.0
// launch_test.cpp: what may be launched, over what, and what is refused: the cases of every machine, and
// those that only the host has.
#include "cases/launch_cases.hpp"

#include <stdexcept>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {

using launch_cases::count_visit, launch_cases::saxpy;

constexpr auto with_capture = [offset = 3](auto i, auto y) { y[i] = static_cast<float>(offset); };

struct not_templated {
    static void forward(warpx::index<1> i, detail::direct_handle<float, 1, detail::compact_layout<1>> y) {
        y[i] = 7;
    }
};

} // namespace

TEST_CASE("host kernels capture what they like") {
    const auto y = zeros<float>(10);
    if constexpr (!checked_build) {
        launch<with_capture>(10, y);
        CHECK(y[9] == 3.0f);
    }
    const float four = 4;
    launch(10, [four, y](auto i) { y[i] = four; }); // arrays too
    CHECK(y[9] == 4.0f);
    int runs = 0;
    launch(1, [&runs](auto) { ++runs; });
    CHECK(runs == 1);
}

TEST_CASE("zero items call nothing") {
    launch(shape(3, 0, 2), [](auto) { throw std::logic_error("ran"); });
}

TEST_CASE("what would need CUDA is refused where it was not compiled") {
    const array<const float, 1, device::any> x = array<const float, 1>(arange<float>(10));
    float never[10] = {};
    array<float, 1, device::any> z = from_pointer<float, 1, device::cuda>(never, {10});
    REQUIRE_THROWS_WITH(launch<saxpy>(10, x, z, 2.0f),
                        ContainsSubstring("array 0 in host memory and array 1 on a CUDA device"));
    const array<const float, 1, device::any> u = z;
    REQUIRE_THROWS_WITH(launch<saxpy>(10, u, z, 2.0f), ContainsSubstring("compiled without CUDA"));
}

TEST_CASE("kernel_for says what can be launched") {
    STATIC_REQUIRE(kernel_for<decltype(saxpy), 1, array<const float, 1>, array<float, 1>, float>);
    STATIC_REQUIRE(!kernel_for<decltype(saxpy), 1, array<const float, 1>, array<float, 1>>);
    STATIC_REQUIRE(kernel_for<detail::struct_kernel<not_templated>, 1, array<float, 1>>);
    STATIC_REQUIRE(kernel_argument<launch_cases::plain>);
    STATIC_REQUIRE(kernel_argument<launch_cases::whole>);
    STATIC_REQUIRE(!kernel_argument<std::vector<float>>);
    STATIC_REQUIRE(shape_like<shape<3>>);
    STATIC_REQUIRE(!shape_like<float>);
}
