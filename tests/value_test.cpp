// SPDX-License-Identifier: Apache-2.0
// value_test.cpp: the plain value behind plain and located values and indices.
#include "support/catch.hpp"

#include <warpx/array.hpp>
#include <warpx/create.hpp>

namespace {

struct wrapped {
    float held;
};
template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;

} // namespace

template <> struct warpx::value_traits<wrapped> {
    using type = float;
    WARPX_HOST_DEVICE static constexpr float get(const wrapped& w) noexcept { return w.held; }
};

TEST_CASE("value_type_t is the plain type, references and const removed") {
    STATIC_REQUIRE(same<warpx::value_type_t<float>, float>);
    STATIC_REQUIRE(same<warpx::value_type_t<const float&>, float>);
    STATIC_REQUIRE(same<warpx::value_type_t<volatile int&&>, int>);
    STATIC_REQUIRE(same<warpx::value_type_t<warpx::vec3f>, warpx::vec3f>);
    STATIC_REQUIRE(same<warpx::value_type_t<warpx::located<float>>, float>);
    STATIC_REQUIRE(same<warpx::value_type_t<const warpx::located<const float>&>, float>);
    STATIC_REQUIRE(same<warpx::value_type_t<warpx::located<const warpx::vec3f>>, warpx::vec3f>);
    STATIC_REQUIRE(same<warpx::value_type_t<warpx::index<1>>, int64_t>);
    STATIC_REQUIRE(same<warpx::value_type_t<warpx::axis<1, 3>>, int64_t>);
    STATIC_REQUIRE(same<warpx::value_type_t<const wrapped&>, float>);
}

TEST_CASE("value(x) returns the plain value, and a copy of it") {
    float f = 2.5f;
    STATIC_REQUIRE(same<decltype(warpx::value(f)), float>);
    STATIC_REQUIRE(warpx::value(7) == 7);
    STATIC_REQUIRE(warpx::value(wrapped{4.0f}) == 4.0f);
    CHECK(warpx::value(f) == 2.5f);
    auto x = warpx::full<warpx::vec3f>(3, warpx::vec3f(1, 2, 3));
    STATIC_REQUIRE(same<decltype(warpx::value(x[0])), warpx::vec3f>);
    CHECK(warpx::value(x[1]) == warpx::vec3f(1, 2, 3));
    auto t = x[2];
    t.y = 9;
    CHECK(warpx::value(t) == warpx::vec3f(1, 9, 3));
    CHECK(warpx::value(x[2]) == warpx::vec3f(1, 2, 3));
    const auto i = warpx::detail::index_access::make(warpx::shape<1>(5));
    CHECK(warpx::value(i) == 5);
}
