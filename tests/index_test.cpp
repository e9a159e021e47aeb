// SPDX-License-Identifier: Apache-2.0
// index_test.cpp: indices and axes are types that only launches make and nobody changes.
#include "support/catch.hpp"

#include <warpx/half.hpp>
#include <warpx/index.hpp>

namespace {

using warpx::axis;
using warpx::index;
using warpx::shape;
using make = warpx::detail::index_access;
template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;

template <class I>
concept changeable =
    requires(I i) { i = i; } || requires(I i) { ++i; } || requires(I i) { i++; } || requires(I i) { --i; } ||
    requires(I i) { i += 1; } || requires(I i) { i -= 1; } || requires(I i) { i = 1; };

} // namespace

TEST_CASE("nobody else makes an index or an axis") {
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<index<1>>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<index<3>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<index<1>, int>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<index<1>, shape<1>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<index<2>, shape<2>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<index<2>, int, int>);
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<axis<0, 2>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<axis<0, 2>, int64_t>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<axis<0, 2>, axis<1, 2>>);
    STATIC_REQUIRE(std::is_copy_constructible_v<index<2>>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<index<8>>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<axis<0, 1>>);
}

TEST_CASE("an index and an axis are not changed") {
    STATIC_REQUIRE_FALSE(changeable<index<1>>);
    STATIC_REQUIRE_FALSE(changeable<index<2>>);
    STATIC_REQUIRE_FALSE(changeable<axis<0, 1>>);
    STATIC_REQUIRE_FALSE(changeable<axis<1, 3>>);
    STATIC_REQUIRE(changeable<int64_t>); // the concept can tell
}

TEST_CASE("arithmetic gives a signed 64-bit integer, no index") {
    const auto i = make::make(shape<1>(7));
    STATIC_REQUIRE(same<decltype(i + 1), int64_t>);
    STATIC_REQUIRE(same<decltype(1 - i), int64_t>);
    STATIC_REQUIRE(same<decltype(i * short(2)), int64_t>);
    STATIC_REQUIRE(same<decltype(i + 1u), int64_t>);
    STATIC_REQUIRE(same<decltype(-i), int64_t>);
    STATIC_REQUIRE(same<decltype(+i), int64_t>);
    STATIC_REQUIRE(same<decltype(i % 4), int64_t>);
    STATIC_REQUIRE(same<decltype(i + i), int64_t>);
    STATIC_REQUIRE(same<decltype(0.5f * i), float>);
    CHECK(i + 1 == 8);
    CHECK(1 - i == -6);
    CHECK(i % 4 == 3);
    CHECK(-i == -7);
    CHECK((i < 8 && i > 6 && i == 7 && i != 0));
    const auto [row, column] = make::make(shape(3, 1LL << 40));
    STATIC_REQUIRE(same<decltype(row + column), int64_t>);
    STATIC_REQUIRE(same<decltype(column + 1), int64_t>);
    CHECK(row + column == 3 + (1LL << 40));
}

TEST_CASE("structured bindings give the axes in launch order") {
    const auto i = make::make(shape(1, 2, 3, 4, 5, 6, 7, 8));
    STATIC_REQUIRE(decltype(i)::rank() == 8);
    auto [a, b, c, d, e, f, g, h] = i;
    STATIC_REQUIRE(same<decltype(a), axis<0, 8>>);
    STATIC_REQUIRE(same<decltype(h), axis<7, 8>>);
    CHECK((a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && g == 7 && h == 8));
    auto [only] = make::make(shape<1>(-3));
    STATIC_REQUIRE(same<decltype(only), axis<0, 1>>);
    CHECK(only == -3);
}

TEST_CASE("only an index of one extent is an integer") {
    STATIC_REQUIRE(std::is_convertible_v<index<1>, int64_t>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<index<2>, int64_t>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<index<8>, int64_t>);
}

TEST_CASE("the whole index is known by its axes: all of one launch, in order") {
    using warpx::detail::is_index_v;
    using warpx::detail::is_whole_index_v;
    STATIC_REQUIRE(is_index_v<index<1>>);
    STATIC_REQUIRE(is_index_v<index<5>>);
    STATIC_REQUIRE_FALSE(is_index_v<int64_t>);
    STATIC_REQUIRE_FALSE(is_index_v<axis<0, 1>>);
    STATIC_REQUIRE(is_whole_index_v<axis<0, 1>>);
    STATIC_REQUIRE(is_whole_index_v<axis<0, 2>, axis<1, 2>>);
    STATIC_REQUIRE(is_whole_index_v<axis<0, 3>, axis<1, 3>, axis<2, 3>>);
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<1, 2>, axis<0, 2>>);             // transposed
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 2>, axis<0, 2>>);             // the diagonal
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 3>, axis<1, 3>>);             // one is missing
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 2>>);                         // one is missing
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 2>, int64_t>);                // x(row, column + 1)
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 1>, axis<1, 2>>);             // of two launches
    STATIC_REQUIRE_FALSE(is_whole_index_v<axis<0, 2>, axis<1, 2>, axis<0, 2>>); // too many
    STATIC_REQUIRE_FALSE(is_whole_index_v<int64_t>);
    STATIC_REQUIRE_FALSE(is_whole_index_v<>);
}

TEST_CASE("a coordinate is an integer or what holds one; never a floating-point number") {
    STATIC_REQUIRE(warpx::coordinate<int>);
    STATIC_REQUIRE(warpx::coordinate<unsigned long>);
    STATIC_REQUIRE(warpx::coordinate<const int8_t&>);
    STATIC_REQUIRE(warpx::coordinate<index<1>>);
    STATIC_REQUIRE(warpx::coordinate<axis<1, 2>>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<index<2>>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<float>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<double>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<warpx::half>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<const char*>);
    STATIC_REQUIRE_FALSE(warpx::coordinate<std::nullptr_t>);
}
