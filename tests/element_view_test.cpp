// SPDX-License-Identifier: Apache-2.0
// element_view_test.cpp: the same memory with other elements.
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/element_view.hpp>
#include <warpx/struct.hpp>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("fold and unfold: components as axes and back") {
    auto x = zeros<float>({5, 4, 3});
    for (int k = 0; k < 60; ++k) x.data_handle()[k] = static_cast<float>(k);
    auto v = fold<vec3f>(x);
    STATIC_REQUIRE(std::is_same_v<decltype(v), array<vec3f, 2>>);
    CHECK((v.extents() == shape(5, 4) && v.strides() == shape(4, 1)));
    CHECK(v(4, 3) == vec3f(57, 58, 59));
    auto every = fold<vec3f>(slice(slice(x, 0, none, none, -2), 1, none, none, 3));
    CHECK((every.extents() == shape(3, 2) && every.strides() == shape(-8, 3)));
    CHECK(every(0, 1) == v(4, 3));
    auto m = fold<mat<float, 4, 3>>(x);
    CHECK((m.extents() == shape(5) && m[2](3, 1) == 34));
    CHECK((unfold(m).extents() == shape(5, 4, 3) && unfold(v).strides() == x.strides()));
    STATIC_REQUIRE(std::is_same_v<decltype(fold<vec3f>(array<const float, 3>(x))), array<const vec3f, 2>>);
    CHECK((fold<quat<float>>(zeros<float>({3, 4})).extents() == shape(3)));
    auto all = fold<vec3f>(broadcast_to(slice(take(x, 0, 0), 0, 0, 1), {7, 3})); // overlap was judged before
    CHECK((all.extents() == shape(7) && all[6] == vec3f(0, 1, 2)));
    CHECK_THROWS_AS(fold<vec4f>(x), bind_error);
    CHECK_THROWS_AS(fold<vec3f>(slice(zeros<float>({5, 6}), 1, none, none, 2)), bind_error);
    CHECK_THROWS_AS(fold<vec3f>(slice(zeros<float>({5, 4}), 1, 0, 3)), bind_error); // 4 is no multiple of 3
    CHECK_THROWS_AS(fold<vec3f>(transpose(zeros<float>({3, 5}))), bind_error);
    CHECK(fold<vec3f>(zeros<float>({0, 3})).empty());
}

TEST_CASE("view_as: the same bytes as another type") {
    auto x = full<float>({3, 4}, 1.0f);
    CHECK(view_as<uint32_t>(x)(2, 3) == 0x3f800000u);
    CHECK(view_as<uint32_t>(transpose(x)).strides() == shape(1, 4));
    auto d = view_as<double>(x);
    CHECK((d.extents() == shape(3, 2) && d.strides() == shape(2, 1)));
    auto b = view_as<uint8_t>(slice(x, 0, none, none, -2));
    CHECK((b.extents() == shape(2, 16) && b.strides() == shape(-32, 1) && b(1, 3) == 0x3f));
    auto c = view_as<complex<float>>(x);
    CHECK((c(1, 1) == complex<float>(1, 1) && c.extents() == shape(3, 2)));
    STATIC_REQUIRE(std::is_same_v<decltype(view_as<int>(array<const float, 2>(x))), array<const int, 2>>);
    CHECK(view_as<uint8_t>(slice(x, 1, 1, 2)).extents() == shape(3, 4)); // one float, then its bytes
    CHECK_THROWS_WITH(view_as<double>(zeros<float>({2, 3})),
                      ContainsSubstring("elements of 8 bytes") &&
                          ContainsSubstring("shape (2, 3), strides (3, 1) of 4 bytes"));
    CHECK_THROWS_AS(view_as<double>(slice(zeros<float>({2, 5}), 1, 0, 4)), bind_error); // rows 20 bytes apart
    CHECK_THROWS_AS(view_as<double>(transpose(x)), bind_error);
    CHECK_THROWS_AS(view_as<uint8_t>(slice(x, 1, none, none, 2)), bind_error);
    alignas(8) static uint8_t bytes[17];
    CHECK_THROWS_WITH(view_as<float>(from_pointer<uint8_t, 1>(bytes + 1, 16)),
                      ContainsSubstring("aligned to 4"));
    CHECK(view_as<double>(zeros<float>({3, 0})).empty());
    CHECK(view_as<vec3f>(zeros<float>({2, 6})).extents() == shape(2, 2));
}

TEST_CASE("real and imag") {
    auto z = zeros<complex<double>>({2, 3});
    real(z)(1, 2) = 4;
    imag(z)(1, 2) = -1;
    CHECK(z(1, 2) == complex<double>(4, -1));
    auto t = imag(transpose(z));
    CHECK((t.extents() == shape(3, 2) && t.strides() == shape(2, 6) && t(2, 1) == -1));
    STATIC_REQUIRE(std::is_same_v<decltype(real(array<const complex<float>, 1>())), array<const float, 1>>);
    CHECK(imag(array<complex<float>, 1>()).data_handle() == nullptr);
}

TEST_CASE("nothing as other elements is nothing") {
    CHECK((fold<vec3f>(array<float, 2>(zeros<float>({0, 3}))).empty()));
    CHECK(view_as<int>(array<float, 1>()).empty());
    CHECK(real(array<complex<float>, 1>()).empty());
}
