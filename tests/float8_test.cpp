// SPDX-License-Identifier: Apache-2.0
// float8_test.cpp: the eight 8-bit formats against their definitions, every encoding and every hard rounding.
#include <warpx/float8.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using test::slow_format;
using namespace warpx;

namespace {

template <class T> slow_format format_of() {
    switch (T::format) {
    case float8_format::e3m4:
        return {3, 4, 3, slow_format::ieee};
    case float8_format::e4m3:
        return {4, 3, 7, slow_format::ieee};
    case float8_format::e4m3b11fnuz:
        return {4, 3, 11, slow_format::fnuz};
    case float8_format::e4m3fn:
        return {4, 3, 7, slow_format::fn};
    case float8_format::e4m3fnuz:
        return {4, 3, 8, slow_format::fnuz};
    case float8_format::e5m2:
        return {5, 2, 15, slow_format::ieee};
    default:
        return {5, 2, 16, slow_format::fnuz};
    }
}

} // namespace

TEMPLATE_TEST_CASE("float8: every encoding and every hard rounding", "", float8_e3m4, float8_e4m3,
                   float8_e4m3b11fnuz, float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz) {
    using T = TestType;
    const slow_format format = format_of<T>();
    int failures = 0;
    for (int code = 0; code < 256; ++code) {
        const T t = T::from_bits(static_cast<uint8_t>(code));
        const double want = format.decode(code);
        const float got = t;
        failures +=
            std::isnan(want) ? !std::isnan(got) : got != want || std::signbit(got) != std::signbit(want);
        if (!std::isnan(want)) failures += T(got).bits() != code;
    }
    CHECK(failures == 0);

    const auto right = [&](auto x) {
        const int want = format.encode(static_cast<double>(x));
        const int got = T(x).bits();
        return want < 0 ? std::isnan(format.decode(got)) : got == want;
    };
    failures = 0;
    for (float x : test::hard_floats(format)) {
        failures += !right(x);
        failures += !right(std::nextafter(static_cast<double>(x), 1e300));
        failures += !right(std::nextafter(static_cast<double>(x), -1e300));
    }
    std::mt19937 random(2);
    for (int k = 0; k < 100000; ++k) {
        const auto bits = static_cast<uint32_t>(random());
        failures += !right(__builtin_bit_cast(float, bits));
        failures +=
            !right(std::ldexp(static_cast<float>(bits) * 0x1p-31f - 1.0f, static_cast<int>(bits % 40) - 20));
    }
    failures += !right(NAN);
    CHECK(failures == 0);

    CHECK(T::saturated(INFINITY) == static_cast<float>(T::from_bits(static_cast<uint8_t>(format.largest()))));
    CHECK(T::saturated(-1e30f) == -static_cast<float>(T::from_bits(static_cast<uint8_t>(format.largest()))));
    CHECK(std::isnan(static_cast<float>(T::saturated(NAN))));
    CHECK(T::saturated(1.0f) == 1.0f);
}

TEST_CASE("float8: what does not fit becomes infinity where there is one, else NaN") {
    CHECK(float8_e3m4(1e9f).bits() == 0x70);
    CHECK(float8_e4m3(-1e9f).bits() == 0xf8);
    CHECK(float8_e5m2(1e9).bits() == 0x7c);
    CHECK(float8_e4m3fn(1e9f).bits() == 0x7f);
    CHECK(float8_e4m3fn(-1e9f).bits() == 0xff);
    CHECK(float8_e4m3fnuz(-1e9f).bits() == 0x80);
    CHECK(float8_e4m3b11fnuz(INFINITY).bits() == 0x80);
    CHECK(float8_e5m2fnuz(-0.0f).bits() == 0);
    CHECK(float8_e4m3fn(448.0f).bits() == 0x7e);
    CHECK(float8_e4m3fn(464.0f).bits() ==
          0x7e); // the tie beyond the largest number goes to it, which is even
    CHECK(float8_e4m3fn(-NAN).bits() == 0xff);
}

TEST_CASE("float8: e8m0fnu holds powers of two") {
    using T = float8_e8m0fnu;
    int failures = 0;
    for (int code = 0; code < 255; ++code) {
        const T t = T::from_bits(static_cast<uint8_t>(code));
        const double value = std::ldexp(1.0, code - 127);
        failures += static_cast<double>(t) != value;
        failures += T(static_cast<float>(t)).bits() != code;
        failures += T(value * 1.4999).bits() != code;
        const int up = code == 254 ? 255 : code + 1;
        failures += T(value * 1.5).bits() != up;
        failures += T(value * 1.9999).bits() != up;
    }
    CHECK(failures == 0);
    for (float x : {0.0f, -0.0f, -1.0f, INFINITY, -INFINITY, NAN}) CHECK(T(x).bits() == 0xff);
    CHECK(std::isnan(static_cast<float>(T::from_bits(0xff))));
    CHECK(T(1e-45f).bits() == 0);
    CHECK(T::saturated(INFINITY).bits() == 254);
}

TEST_CASE("float8: a storage type of one byte") {
    STATIC_REQUIRE(sizeof(float8_e4m3fn) == 1);
    STATIC_REQUIRE(std::is_trivially_default_constructible_v<float8_e5m2>);
    STATIC_REQUIRE(std::is_same_v<decltype(float8_e5m2{} + float8_e5m2{}), float>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<float, float8_e5m2>);
    STATIC_REQUIRE(is_float8_v<float8_e8m0fnu>);
    STATIC_REQUIRE_FALSE(is_float8_v<float>);
    STATIC_REQUIRE(static_cast<int>(float8_e3m4::format) == 7);
    STATIC_REQUIRE(static_cast<int>(float8_e8m0fnu::format) == 14);
    float8_e4m3fn a(1.5f);
    a += 2;
    a = a * a;
    CHECK(a == 12.0f); // 12.25 rounded to four bits
    a = test::located{2.0};
    CHECK(a == 2.0f);
}
