// SPDX-License-Identifier: Apache-2.0
// random_test.cpp: Philox against the published vectors, how streams are laid out, the distributions, and
// that kernels draw the same numbers.
#include "cases/random_cases.hpp"
#include "support/numbers.hpp"

using namespace warpx;

TEST_CASE("random: Philox 4x32-10 gives the known answers of Random123") {
    STATIC_REQUIRE(philox4x32_10(vec4u(0), vec2u(0)) ==
                   vec4u(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
    CHECK(philox4x32_10(vec4u(0xffffffff), vec2u(0xffffffff)) ==
          vec4u(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
    CHECK(
        philox4x32_10(vec4u(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), vec2u(0xa4093822, 0x299f31d0)) ==
        vec4u(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST_CASE("random: seed is the key, subsequence the upper and block the lower half of the counter") {
    const uint64_t seed = 0x299f31d0a4093822, subsequence = 0x0370734413198a2e;
    philox rng(seed, subsequence);
    for (uint32_t block = 0; block < 3; ++block) {
        const vec4u want =
            philox4x32_10(vec4u(block, 0, 0x13198a2e, 0x03707344), vec2u(0xa4093822, 0x299f31d0));
        for (int k = 0; k < 4; ++k) CHECK(rng.next() == want[k]);
    }
    // Into the upper word of the block number.
    philox far(seed, subsequence, (uint64_t{1} << 34) - 1);
    far.next();
    const vec4u want = philox4x32_10(vec4u(0, 1, 0x13198a2e, 0x03707344), vec2u(0xa4093822, 0x299f31d0));
    CHECK(far.next() == want.x);
}

TEST_CASE("random: an offset skips words") {
    philox all(42, 7);
    std::vector<uint32_t> words;
    for (int k = 0; k < 40; ++k) words.push_back(all.next());
    for (uint64_t offset = 0; offset < 30; ++offset) {
        philox rng(42, test::located{7}, offset);
        for (int k = 0; k < 9; ++k) REQUIRE(rng.next() == words[offset + static_cast<size_t>(k)]);
    }
    philox two(42, 7);
    CHECK(two.next64() == (words[0] | static_cast<uint64_t>(words[1]) << 32));
    philox copy = two;
    CHECK(copy.next() == two.next());
    CHECK(philox(42, 8).next() != words[0]);
    CHECK(philox(43, 7).next() != words[0]);
}

TEMPLATE_TEST_CASE("random: uniform numbers lie in [0, 1) on their grid, evenly", "", float, double, half,
                   bfloat16) {
    using T = TestType;
    const int digits = limits<T>::digits;
    philox rng(1);
    const int n = 200000;
    double sum = 0, squares = 0;
    std::vector<int> bins(16);
    for (int k = 0; k < n; ++k) {
        const double u = static_cast<double>(uniform<T>(rng));
        REQUIRE(u >= 0);
        REQUIRE(u < 1);
        REQUIRE(std::ldexp(u, digits) == std::floor(std::ldexp(u, digits)));
        sum += u;
        squares += u * u;
        ++bins[static_cast<size_t>(u * 16)];
    }
    const double grid = std::ldexp(1.0, -digits);
    CHECK(std::fabs(sum / n - (0.5 - grid / 2)) < 4 * 0.2887 / std::sqrt(n));
    CHECK(std::fabs(squares / n - (1.0 / 3 - grid / 2)) < 4 * 0.3 / std::sqrt(n));
    double chi = 0;
    for (int b : bins) chi += (b - n / 16.0) * (b - n / 16.0) / (n / 16.0);
    CHECK(chi < 45); // 15 degrees of freedom: exceeded with probability 1e-4
}

TEST_CASE("random: uniform numbers are the upper bits of the words") {
    philox a(9), b(9);
    CHECK(uniform<float>(a) == static_cast<float>(b.next() >> 8) * 0x1p-24f);
    CHECK(uniform<double>(a) == static_cast<double>(b.next64() >> 11) * 0x1p-53);
    CHECK(uniform<half>(a) == static_cast<float>(b.next() >> 21) * 0x1p-11f);
    CHECK(uniform<bfloat16>(a) == static_cast<float>(b.next() >> 24) * 0x1p-8f);
}

TEMPLATE_TEST_CASE("random: normal numbers have the moments and the tails they should", "", float, double) {
    using T = TestType;
    philox rng(2, 3);
    const int n = 200000;
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, cross = 0;
    int beyond2 = 0;
    for (int k = 0; k < n; ++k) {
        const vec<T, 2> p = normal_pair<T>(rng);
        const double z = p.x;
        m1 += z, m2 += z * z, m3 += z * z * z, m4 += z * z * z * z;
        cross += z * p.y;
        beyond2 += std::fabs(z) > 2;
    }
    const double s = std::sqrt(n);
    CHECK(std::fabs(m1 / n) < 4 / s);
    CHECK(std::fabs(m2 / n - 1) < 4 * 1.414 / s);
    CHECK(std::fabs(m3 / n) < 4 * 3.873 / s);
    CHECK(std::fabs(m4 / n - 3) < 4 * 9.8 / s);
    CHECK(std::fabs(cross / n) < 4 / s);
    CHECK(std::fabs(beyond2 / static_cast<double>(n) - 0.0455) < 4 * 0.21 / s);
    philox a(4), b(4);
    CHECK(normal<T>(a) == normal_pair<T>(b).x);
    CHECK(a.next() == b.next()); // one number takes the words of a pair
    CHECK(std::isfinite(static_cast<float>(normal<half>(a))));
}

TEST_CASE("random: integers fill their range evenly and stay in it") {
    philox rng(5);
    std::vector<int> counts(7);
    const int n = 70000;
    for (int k = 0; k < n; ++k) {
        const int8_t i = uniform_int<int8_t>(rng, -3, 4);
        REQUIRE(i >= -3);
        REQUIRE(i < 4);
        ++counts[static_cast<size_t>(i + 3)];
    }
    double chi = 0;
    for (int c : counts) chi += (c - 10000.0) * (c - 10000.0) / 10000.0;
    CHECK(chi < 28); // 6 degrees of freedom: exceeded with probability 1e-4

    // A range of 3/4 of all words: without rejection, a third of the numbers would come twice as often as the
    // others.
    const uint32_t range = 0xc0000000u;
    int thirds[3] = {};
    for (int k = 0; k < 60000; ++k) {
        const uint32_t i = uniform_int<uint32_t>(rng, 0, range);
        REQUIRE(i < range);
        ++thirds[i % 3];
    }
    for (int t : thirds) CHECK(std::abs(t - 20000) < 4 * 116);
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int k = 0; k < 1000; ++k) {
        const int64_t i = uniform_int<int64_t>(rng, INT64_MIN, INT64_MAX);
        low = std::min(low, i), high = std::max(high, i);
    }
    CHECK(low < INT64_MIN / 100 * 99);
    CHECK(high > INT64_MAX / 100 * 99);
    CHECK(uniform_int(rng, 5, 6) == 5);
    CHECK(uniform_int<uint64_t>(rng, 5, 6) == 5);
}
