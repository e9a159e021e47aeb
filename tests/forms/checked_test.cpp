// SPDX-License-Identifier: Apache-2.0
// checked_test.cpp: accesses outside of an array are found and named.
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {

constexpr auto shifted = [](auto i, auto x, auto y) { y[i] = x[i + 1]; };
constexpr auto guarded = [](auto i, auto x) {
    if (i < x.extent(0)) x[i] = 1;
};
constexpr auto outside_2d = [](auto i, auto m) {
    auto [row, col] = i;
    m(row, col + 1) = 0;
};
constexpr auto scatter = [](auto i, auto where, auto y) { atomic_add(y, where[i], 1); };

constexpr launch_options checked{.checked = true};

struct holder {
    array<float, 1> inner;
    int other;
};

} // namespace
WARPX_STRUCT(holder, inner, other);

TEST_CASE("an access outside names kernel, argument, index and shape") {
    const auto x = zeros<float>(5), y = zeros<float>(5);
    REQUIRE_THROWS_AS(launch<shifted>(checked, 5, x, y), index_error);
    REQUIRE_THROWS_WITH(launch<shifted>(checked, 5, x, y),
                        ContainsSubstring("kernel shifted, array argument 0") &&
                            ContainsSubstring("within the shape (5,)") && ContainsSubstring("index (5,)"));
    CHECK_NOTHROW(launch<shifted>(checked, 4, x, y));
}

TEST_CASE("a negative index is outside") {
    const auto y = zeros<float>(5);
    const auto where = full<int>(5, -1);
    REQUIRE_THROWS_WITH(launch<scatter>(checked, 5, where, y),
                        ContainsSubstring("array argument 1") && ContainsSubstring("index (-1,)"));
}

TEST_CASE("every axis is compared, not the address") {
    const auto m = zeros<float>({3, 4}); // (0, 4) is the address of (1, 0)
    REQUIRE_THROWS_WITH(launch<outside_2d>(checked, {3, 4}, m),
                        ContainsSubstring("shape (3, 4)") && ContainsSubstring("4)"));
    CHECK_NOTHROW(launch<outside_2d>(checked, {3, 3}, m));
}

TEST_CASE("views are compared with their own extents") {
    const auto x = zeros<float>(10), y = zeros<float>(10);
    REQUIRE_THROWS_AS(launch<shifted>(checked, 5, slice(x, 0, 0, none, 2), y), index_error);
}

TEST_CASE("a name from the options wins") {
    const auto x = zeros<float>(5), y = zeros<float>(5);
    REQUIRE_THROWS_WITH(launch<shifted>(launch_options{.checked = true, .name = "my update"}, 5, x, y),
                        ContainsSubstring("kernel my update,"));
}

TEST_CASE("closures and structs of arrays are checked") {
    const auto x = zeros<float>(5);
    REQUIRE_THROWS_AS(launch(checked, 5, [](auto i, auto v) { v[i + 7] = 0; }, x), index_error);
    REQUIRE_THROWS_AS(
        launch(checked, 5, [](auto i, auto h) { h.inner[i + h.other] = 0; }, holder{x, 1}), index_error);
}

TEST_CASE("arrays smaller than the launch are legal as long as no access is outside") {
    const auto x = zeros<float>(3);
    CHECK_NOTHROW(launch<guarded>(checked, 5, x));
    CHECK(x[2] == 1.0f);
    const auto where = full<int>(5, 2);
    CHECK_NOTHROW(launch<scatter>(checked, 5, where, x));
    CHECK(x[2] == 6.0f);
    REQUIRE_THROWS_WITH(launch(
                            checked, 5, [](auto i, auto v) { v[i] = 0; }, x),
                        ContainsSubstring("shape (3,)") && ContainsSubstring("index (3,)"));
}

TEST_CASE("checked launches on the pool report one error and compute the rest as others do") {
    const auto x = arange<float>(200001), y = zeros<float>(200000);
    launch<shifted>(checked, 200000, x, y);
    CHECK(y[199999] == 200000.0f);
    const auto z = zeros<float>(200000);
    REQUIRE_THROWS_AS(launch<shifted>(checked, 200000, z, y), index_error);
}
