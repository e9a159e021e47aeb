// SPDX-License-Identifier: Apache-2.0
// strict_test.cpp: the strict form, here without WARPX_STRICT: bounds and races of one launch.
#include <warpx/forms/strict.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {

struct pair {
    vec2f a;
    int b;
};

/// What a strict build does with a launch.
template <int R, class Kernel, int... Argument, class... A>
void run(std::integer_sequence<int, Argument...>, const shape<R>& extents, const Kernel& kernel,
         const A&... arguments) {
    const detail::launch_site site{.name = "the_kernel"};
    detail::race_detector detector(&site);
    const form::strict form{&detector};
    shape<R> position;
    for (int64_t count = extents.count(); count > 0; --count) {
        detector.next_item();
        kernel(detail::index_access::make(position),
               detail::bound<form::strict, Argument, A>::make(form, arguments)...);
        for (int axis = R - 1; axis >= 0 && ++position[axis] == extents[axis]; --axis) position[axis] = 0;
    }
}
template <class Kernel, class... A> void run(int64_t n, const Kernel& kernel, const A&... arguments) {
    run(std::make_integer_sequence<int, sizeof...(A)>(), shape(n), kernel, arguments...);
}

} // namespace
WARPX_STRUCT(pair, a, b);

TEST_CASE("independent items are no race") {
    const auto x = arange<float>(8), y = zeros<float>(8);
    run(8, [](auto i, auto u, auto v) { v[i] = 2 * u[i] + v[i]; }, x, y);
    CHECK(y[7] == 14.0f);
    run(8, [](auto i, auto u, auto v) { v[i] = u[0]; }, x, y); // everybody reads one element
    CHECK(y[7] == 0.0f);
}

TEST_CASE("two items that write one element race") {
    const auto y = zeros<float>(8);
    REQUIRE_THROWS_AS(run(8, [](auto i, auto v) { v[i / 2] = 1; }, y), launch_error);
    REQUIRE_THROWS_WITH(run(
                            8, [](auto i, auto v) { v[i / 2] = 1; }, y),
                        ContainsSubstring("kernel the_kernel") && ContainsSubstring("written") &&
                            ContainsSubstring("item 1 ") && ContainsSubstring("item 0 ") &&
                            ContainsSubstring("atomic_add"));
}

TEST_CASE("an item that reads what another writes races, in either order") {
    const auto y = zeros<float>(9);
    REQUIRE_THROWS_AS(run(8, [](auto i, auto v) { v[i] = v[i + 1]; }, y), launch_error);
    REQUIRE_THROWS_AS(run(8, [](auto i, auto v) { v[i + 1] = v[i]; }, y), launch_error);
}

TEST_CASE("an element that is only written is not read") {
    const auto y = zeros<float>(8);
    // Making y[0] a located value without using it touches nothing.
    CHECK_NOTHROW(run(
        8,
        [](auto i, auto v) {
            [[maybe_unused]] auto unused = v[0];
            v[i] = 1;
        },
        y));
}

TEST_CASE("components are elements of their own") {
    const auto v = zeros<vec2f>(4);
    CHECK_NOTHROW(run(
        8,
        [](auto i, auto w) {
            if (i % 2 == 0)
                w[i / 2].x = 1;
            else
                w[i / 2].y = 2;
        },
        v));
    CHECK(v[3].y == 2.0f);
    REQUIRE_THROWS_AS(run(8, [](auto i, auto w) { w[i / 2].x = 1; }, v), launch_error);
    const auto p = zeros<pair>(4);
    CHECK_NOTHROW(run(
        8,
        [](auto i, auto q) {
            if (i % 2 == 0)
                q[i / 2].a.x = 1;
            else
                q[i / 2].b = 2;
        },
        p));
    REQUIRE_THROWS_AS(run(8, [](auto i, auto q) { q[i / 2].b += 2; }, p), launch_error);
}

TEST_CASE("atomics may meet") {
    const auto sum = zeros<int>(1);
    CHECK_NOTHROW(run(8, [](auto i, auto s) { atomic_add(s, 0, static_cast<int>(i)); }, sum));
    CHECK(sum[0] == 28);
}

TEST_CASE("overlapping arguments race through memory, whatever their names") {
    const auto x = arange<float>(9);
    const auto head = slice(x, 0, 0, 8), tail = slice(x, 0, 1);
    REQUIRE_THROWS_AS(run(8, [](auto i, auto a, auto b) { b[i] = a[i]; }, head, tail), launch_error);
    CHECK_NOTHROW(run(8, [](auto i, auto a, auto b) { b[i] = a[i] + b[i]; }, head, head));
}

TEST_CASE("bounds are checked too") {
    const auto x = zeros<float>(4);
    REQUIRE_THROWS_AS(run(4, [](auto i, auto v) { v[i + 1] = 0; }, x), index_error);
    REQUIRE_THROWS_AS(run(4, [](auto i, auto v) { atomic_add(v, i - 1, 1); }, x), index_error);
}

TEST_CASE("a strict build runs launches that way") {
#if defined(WARPX_STRICT)
    const auto y = zeros<float>(8);
    REQUIRE_THROWS_AS(launch(8, [](auto i, auto v) { v[i / 2] = 1; }, y), launch_error);
#endif
    STATIC_REQUIRE(checked_build ==
#if defined(WARPX_STRICT) || defined(WARPX_CHECKED)
                   true
#else
                   false
#endif
    );
}
