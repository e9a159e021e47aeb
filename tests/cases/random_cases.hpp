// SPDX-License-Identifier: Apache-2.0
// random_cases.hpp: a kernel draws on any machine the numbers that the host draws outside of kernels.
#pragma once

#include "cases/machine.hpp"

#include <warpx/random.hpp>

#include <cmath>

namespace random_cases {

using namespace warpx;
using test::put_zeros, test::read;

constexpr auto draw_words = [] WARPX_KERNEL(auto i, auto words, uint64_t seed) {
    philox rng(seed, i);
    for (int64_t k = 0; k < words.extent(1); ++k) words(i, k) = rng.next();
};
constexpr auto draw_integers = [] WARPX_KERNEL(auto i, auto small, auto large, uint64_t seed) {
    philox rng(seed, i, 3);
    small[i] = uniform_int<int8_t>(rng, -3, 100);
    large[i] = uniform_int<int64_t>(rng, -5, int64_t{1} << 40);
};
constexpr auto draw_uniform = [] WARPX_KERNEL(auto i, auto y, uint64_t seed) {
    philox rng(seed, i);
    y[i] = uniform<typename decltype(y)::value_type>(rng);
};
constexpr auto draw_normal = [] WARPX_KERNEL(auto i, auto y, uint64_t seed) {
    philox rng(seed, i);
    y[i] = normal<typename decltype(y)::value_type>(rng);
};
constexpr int64_t n = 5000;
constexpr uint64_t seed = 0x299f31d0a4093822;

TEST_CASE("random: kernels draw the host's words and integers", "[core]") {
    const auto words = put_zeros<uint32_t>({n, 9});
    launch<draw_words>(n, words, seed);
    const auto small = put_zeros<int8_t>(n);
    const auto large = put_zeros<int64_t>(n);
    launch<draw_integers>(n, small, large, seed);
    const auto got = read(words);
    const auto got_small = read(small);
    const auto got_large = read(large);
    int wrong = 0;
    for (int64_t k = 0; k < n; ++k) {
        philox rng(seed, k), other(seed, k, 3);
        for (int j = 0; j < 9; ++j) wrong += got(k, j) != rng.next();
        wrong += got_small[k] != uniform_int<int8_t>(other, -3, 100);
        wrong += got_large[k] != uniform_int<int64_t>(other, -5, int64_t{1} << 40);
    }
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("random: kernels draw the host's uniform numbers, bit for bit", "[core]", float, double,
                   half, bfloat16) {
    using T = TestType;
    const auto y = put_zeros<T>(n);
    launch<draw_uniform>(n, y, seed);
    const auto got = read(y);
    int wrong = 0;
    for (int64_t k = 0; k < n; ++k) {
        philox rng(seed, k);
        wrong += !(value(got[k]) == uniform<T>(rng));
    }
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("random: kernels draw the host's normal numbers, but for rounding", "", float, double) {
    using T = TestType;
    const auto y = put_zeros<T>(n);
    launch<draw_normal>(n, y, seed);
    const auto got = read(y);
    const double tolerance = 32 * static_cast<double>(limits<T>::epsilon());
    int wrong = 0;
    for (int64_t k = 0; k < n; ++k) {
        philox rng(seed, k);
        const double want = normal<T>(rng), here = value(got[k]);
        wrong += !(std::fabs(here - want) <= tolerance * std::fmax(1.0, std::fabs(want)));
    }
    CHECK(wrong == 0);
}

} // namespace random_cases
