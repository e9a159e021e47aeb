// SPDX-License-Identifier: Apache-2.0
// half_test.cpp: half and bfloat16 against their definitions, every encoding and every hard rounding.
#include <warpx/half.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using test::located;
using test::slow_format;
using warpx::bfloat16;
using warpx::half;

namespace {

constexpr slow_format binary16{5, 10, 15, slow_format::ieee};
constexpr slow_format brain16{8, 7, 127, slow_format::ieee};

template <class T> int failures_of_widening(const slow_format& format) {
    int failures = 0;
    for (int code = 0; code < 65536; ++code) {
        const double want = format.decode(code);
        const double got = static_cast<float>(T::from_bits(static_cast<uint16_t>(code)));
        const bool same =
            std::isnan(want) ? std::isnan(got) : got == want && std::signbit(got) == std::signbit(want);
        failures += !same;
    }
    return failures;
}

template <class T, class From> bool rounds_right(From x, const slow_format& format) {
    const int want = format.encode(static_cast<double>(x));
    const int got = T(x).bits();
    return want < 0 ? std::isnan(format.decode(got)) : got == want;
}

template <class T> int failures_of_rounding(const slow_format& format) {
    int failures = 0;
    for (float x : test::hard_floats(format)) {
        failures += !rounds_right<T>(x, format);
        // A double next to a midpoint is a float midpoint itself when rounded twice.
        for (double towards : {-1e300, 1e300}) {
            failures += !rounds_right<T>(std::nextafter(static_cast<double>(x), towards), format);
        }
    }
    std::mt19937_64 random(1);
    for (int k = 0; k < 300000; ++k) {
        const uint64_t bits = random();
        const auto low = static_cast<uint32_t>(bits);
        float f;
        double d;
        std::memcpy(&f, &low, 4);
        std::memcpy(&d, &bits, 8);
        failures += !rounds_right<T>(f, format);
        failures += !rounds_right<T>(d, format);
        failures += !rounds_right<T>(static_cast<double>(f) * (1 + 1e-12), format);
    }
    return failures;
}

} // namespace

TEST_CASE("half: every encoding widens to the value of its definition") {
    CHECK(failures_of_widening<half>(binary16) == 0);
    CHECK(failures_of_widening<bfloat16>(brain16) == 0);
}

TEST_CASE("half: every encoding survives the way to float and back") {
    int failures = 0;
    for (int code = 0; code < 65536; ++code) {
        const half h = half::from_bits(static_cast<uint16_t>(code));
        const bfloat16 b = bfloat16::from_bits(static_cast<uint16_t>(code));
        const float hf = h, bf = b;
        // A signalling NaN comes back quiet, with its sign and the rest of its payload.
        failures += half(hf).bits() != (hf == hf ? code : code | 0x200);
        failures += bfloat16(bf).bits() != (bf == bf ? code : code | 0x40);
    }
    CHECK(failures == 0);
}

TEST_CASE("half: float and double round once to nearest even") {
    CHECK(failures_of_rounding<half>(binary16) == 0);
    CHECK(failures_of_rounding<bfloat16>(brain16) == 0);
}

TEST_CASE("half: the reference of this test knows the well-known encodings") {
    CHECK(binary16.encode(1.0) == 0x3c00);
    CHECK(binary16.encode(65504.0) == 0x7bff);
    CHECK(binary16.encode(65519.99) == 0x7bff);
    CHECK(binary16.encode(65520.0) == 0x7c00);
    CHECK(binary16.encode(-2.0) == 0xc000);
    CHECK(binary16.encode(0x1p-25) == 0);
    CHECK(binary16.encode(0x1.000002p-25) == 1);
    CHECK(brain16.encode(3.140625) == 0x4049);
}

TEST_CASE("half: integers round once, 64 bits too") {
    CHECK(half(2049).bits() == half(2048.0f).bits());
    CHECK(half(2051).bits() == half(2052.0f).bits());
    CHECK(half(INT64_MAX).bits() == 0x7c00);
    CHECK(half(true).bits() == 0x3c00);
    CHECK(half(int8_t{-3}).bits() == half(-3.0f).bits());
    // One above a tie between two bfloat16, but only in the last of 64 bits: double would round it to the
    // tie.
    const int64_t tie = (int64_t{1} << 62) + (int64_t{1} << 54);
    CHECK(static_cast<float>(bfloat16(tie)) == 0x1p62f);
    CHECK(static_cast<float>(bfloat16(tie + 1)) == 0x1.02p62f);
    CHECK(static_cast<float>(bfloat16(-tie - 1)) == -0x1.02p62f);
    CHECK(static_cast<float>(bfloat16(INT64_MIN)) == -0x1p63f);
    CHECK(static_cast<float>(bfloat16(UINT64_MAX)) == 0x1p64f);
}

TEST_CASE("half: NaN is quiet and keeps its sign, also where truncation would give infinity") {
    const float signalling = __builtin_bit_cast(float, 0xff800001u);
    CHECK(half(signalling).bits() == 0xfe00);
    CHECK(bfloat16(signalling).bits() == 0xffc0);
    CHECK(half(__builtin_bit_cast(double, uint64_t{0x7ff0000000000001})).bits() >= 0x7e00);
}

TEST_CASE("half: a storage type: arithmetic in float, explicit in, implicit out") {
    STATIC_REQUIRE(std::is_same_v<decltype(half{} + half{}), float>);
    STATIC_REQUIRE(std::is_same_v<decltype(half{} * 2), float>);
    STATIC_REQUIRE(std::is_same_v<decltype(half{} * 2.0), double>);
    STATIC_REQUIRE(std::is_same_v<decltype(-bfloat16{}), float>);
    STATIC_REQUIRE(std::is_convertible_v<half, float>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<float, half>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<bfloat16, half>);
    STATIC_REQUIRE(std::is_constructible_v<half, bfloat16>);
    STATIC_REQUIRE(std::is_same_v<half, warpx::float16>);
    STATIC_REQUIRE(std::is_trivially_default_constructible_v<half>);
    STATIC_REQUIRE(std::is_trivially_copyable_v<bfloat16>);
    STATIC_REQUIRE(std::is_standard_layout_v<half>);
    STATIC_REQUIRE(half(1.5f).bits() == 0x3e00); // constant expressions

    half h(1);
    h = 2;
    h += 1;
    h *= 2.0;
    h -= half(0.5f);
    h /= bfloat16(2);
    CHECK(h == 2.75f);
    CHECK(h > 2);
    h = {};
    CHECK(h.bits() == 0);
}

TEST_CASE("half: located values of any number type go in") {
    half h(located{2.5f});
    h = located{half(3)};
    h += located{half(1)};
    h += located{0.5f};
    h *= located{2};
    CHECK(h == 9.0f);
    CHECK(half(located{bfloat16(2)}) == 2.0f);
}
