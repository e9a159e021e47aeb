// SPDX-License-Identifier: Apache-2.0
// exact_sum_test.cpp: sums that do not depend on their order.
#include "support/catch.hpp"

#include <warpx/detail/exact_sum.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace {

template <class T> T sum_of(const std::vector<T>& numbers) {
    using sum = warpx::detail::exact_sum<T>;
    int64_t words[sum::words] = {};
    for (const T v : numbers) sum::add(words, v);
    return sum::round(words);
}
/// Numbers of both signs with exponents in [-spread, spread].
template <class T> std::vector<T> numbers(std::mt19937_64& random, int spread) {
    std::vector<T> all(1 + random() % 50);
    for (T& v : all) {
        const double fraction = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
        v = static_cast<T>(
            std::ldexp(fraction, static_cast<int>(random() % (2u * unsigned(spread))) - spread));
    }
    return all;
}

} // namespace

TEMPLATE_TEST_CASE("exact sums: any order gives the same bits, within a unit of the true sum", "", float,
                   double) {
    std::mt19937_64 random(1);
    for (int turn = 0; turn < 3000; ++turn) {
        std::vector<TestType> all = numbers<TestType>(random, turn % 2 == 0           ? 20
                                                              : sizeof(TestType) == 4 ? 140
                                                                                      : 1000);
        const TestType first = sum_of(all);
        std::shuffle(all.begin(), all.end(), random);
        const TestType second = sum_of(all);
        CHECK(std::memcmp(&first, &second, sizeof(first)) == 0);
        if (turn % 2 == 0) { // within 113 bits
            __float128 exact = 0;
            for (const TestType v : all) exact += v;
            const double unit =
                std::fabs(static_cast<double>(exact)) * std::numeric_limits<TestType>::epsilon();
            CHECK(std::fabs(static_cast<double>(first - exact)) <= unit);
        }
    }
}
TEMPLATE_TEST_CASE("exact sums: cancellation, the ends of the range, infinities", "", float, double) {
    using limits = std::numeric_limits<TestType>;
    constexpr TestType most = limits::max(), least = limits::denorm_min(), infinity = limits::infinity();
    CHECK(sum_of<TestType>({}) == 0);
    CHECK(sum_of<TestType>({1, -1}) == 0);
    CHECK(sum_of<TestType>({most, least, -most}) == least);
    CHECK(sum_of<TestType>({most, most, -most}) == most);
    CHECK(sum_of<TestType>({-most, -most}) == -infinity);
    CHECK(sum_of<TestType>({least, least}) == 2 * least);
    CHECK(sum_of<TestType>({-least}) == -least);
    CHECK(sum_of<TestType>({1, infinity}) == infinity);
    CHECK(sum_of<TestType>({-infinity, most}) == -infinity);
    CHECK(std::isnan(sum_of<TestType>({infinity, -infinity})));
    CHECK(std::isnan(sum_of<TestType>({1, limits::quiet_NaN()})));
}
