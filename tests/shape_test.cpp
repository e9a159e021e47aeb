// SPDX-License-Identifier: Apache-2.0
// shape_test.cpp: shapes, and the search for elements that share memory against brute force.
#include "support/catch.hpp"

#include <warpx/index.hpp>
#include <warpx/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

using warpx::shape;
using warpx::detail::compact_strides;
using warpx::detail::overlap;
using warpx::detail::self_overlap;

/// Whether two index tuples name one address, by writing all of them down.
bool shares_memory(const std::vector<int64_t>& extents, const std::vector<int64_t>& strides) {
    std::vector<int64_t> addresses{0};
    for (size_t axis = 0; axis < extents.size(); ++axis) {
        std::vector<int64_t> next;
        for (int64_t base : addresses)
            for (int64_t k = 0; k < extents[axis]; ++k) next.push_back(base + k * strides[axis]);
        addresses = next;
    }
    const std::set<int64_t> distinct(addresses.begin(), addresses.end());
    return distinct.size() != addresses.size();
}

overlap search(const std::vector<int64_t>& extents, const std::vector<int64_t>& strides) {
    return self_overlap(extents.data(), strides.data(), static_cast<int>(extents.size()));
}

} // namespace

TEST_CASE("a shape is deduced from its extents") {
    STATIC_REQUIRE(std::is_same_v<decltype(shape(3)), shape<1>>);
    STATIC_REQUIRE(std::is_same_v<decltype(shape(3, 4u, size_t{5})), shape<3>>);
    STATIC_REQUIRE(std::is_same_v<decltype(shape(shape(3, 4))), shape<2>>);
    STATIC_REQUIRE(shape(2, 3, 4).count() == 24);
    STATIC_REQUIRE(shape<0>().count() == 1);
    STATIC_REQUIRE(shape<2>().count() == 0);
    STATIC_REQUIRE(shape(2, 0, 4).count() == 0);
    STATIC_REQUIRE(shape(2, 3) == shape(2, 3));
    STATIC_REQUIRE_FALSE(shape(2, 3) == shape(3, 2));
    STATIC_REQUIRE(shape<0>() == shape<0>());
    STATIC_REQUIRE(shape(7, 8)[1] == 8);
    STATIC_REQUIRE(shape<3>::rank() == 3);
    int64_t sum = 0;
    for (int64_t extent : shape(1, 2, 3)) sum += extent;
    CHECK(sum == 6);
    const shape<0> nothing;
    CHECK(nothing.begin() == nothing.end());
}

TEST_CASE("a shape takes as many integers as its rank, and nothing else") {
    STATIC_REQUIRE(std::is_constructible_v<shape<2>, int, size_t>);
    STATIC_REQUIRE(std::is_constructible_v<shape<1>, warpx::index<1>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<shape<2>, int>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<shape<2>, int, int, int>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<shape<1>, double>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<shape<2>, int, float>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<shape<1>, const char*>);
    STATIC_REQUIRE(std::is_convertible_v<int, shape<1>>);
}

TEST_CASE("an empty shape counts 0, however large its other extents are") {
    const int64_t huge = int64_t{1} << 40;
    CHECK(shape(huge, huge, 0).count() == 0);
    CHECK(shape(0, huge, huge).count() == 0);
    CHECK(shape(huge, int64_t{1} << 22).count() == int64_t{1} << 62);
}

TEST_CASE("compact strides step over everything behind them") {
    STATIC_REQUIRE(compact_strides(shape(2, 3, 4)) == shape(12, 4, 1));
    STATIC_REQUIRE(compact_strides(shape(2, 0, 4)) == shape(4, 4, 1));
    STATIC_REQUIRE(compact_strides(shape(1, 1)) == shape(1, 1));
    STATIC_REQUIRE(compact_strides(shape<0>()) == shape<0>());
    const int64_t huge = int64_t{1} << 40;
    CHECK(compact_strides(shape(huge, huge, huge, 0))[3] ==
          1); // the others mean nothing, but may be asked for
}

TEST_CASE("checked arithmetic") {
    int64_t r = 0;
    CHECK((warpx::detail::checked_multiply(1LL << 31, 1LL << 31, r) && r == 1LL << 62));
    CHECK_FALSE(warpx::detail::checked_multiply(1LL << 32, 1LL << 31, r));
    CHECK((warpx::detail::checked_multiply(-1, INT64_MAX, r) && r == -INT64_MAX));
    CHECK_FALSE(warpx::detail::checked_multiply(-1, INT64_MIN, r));
    CHECK((warpx::detail::checked_add(INT64_MAX, -1, r) && r == INT64_MAX - 1));
    CHECK_FALSE(warpx::detail::checked_add(INT64_MAX, 1, r));
}

TEST_CASE("elements that share memory: every small array of two and three axes") {
    int wrong = 0, found = 0;
    const auto compare = [&](const std::vector<int64_t>& e, const std::vector<int64_t>& s) {
        const bool shared = shares_memory(e, s);
        found += shared;
        wrong += search(e, s) != (shared ? overlap::found : overlap::none);
    };
    for (int64_t e0 = 0; e0 <= 5; ++e0) {
        for (int64_t s0 = -6; s0 <= 6; ++s0) compare({e0}, {s0});
        for (int64_t e1 = 0; e1 <= 5; ++e1)
            for (int64_t s0 = -8; s0 <= 8; ++s0)
                for (int64_t s1 = -8; s1 <= 8; ++s1) compare({e0, e1}, {s0, s1});
    }
    for (int64_t e0 = 1; e0 <= 4; ++e0)
        for (int64_t e1 = 1; e1 <= 4; ++e1)
            for (int64_t e2 = 1; e2 <= 4; ++e2)
                for (int64_t s0 = -1; s0 <= 12; ++s0)
                    for (int64_t s1 = 0; s1 <= 12; s1 += 1)
                        for (int64_t s2 = -3; s2 <= 12; s2 += 3) compare({e0, e1, e2}, {s0, s1, s2});
    CHECK(wrong == 0);
    CHECK(found > 1000);
}

TEST_CASE("elements that share memory: random arrays of four and five axes") {
    std::mt19937 random(1);
    const auto draw = [&](int64_t low, int64_t high) {
        return std::uniform_int_distribution<int64_t>(low, high)(random);
    };
    int wrong = 0, found = 0, free = 0;
    for (int round = 0; round < 8000; ++round) {
        std::vector<int64_t> e, s;
        for (int64_t axis = 0, rank = draw(4, 5); axis < rank; ++axis) {
            e.push_back(draw(1, 4));
            s.push_back(draw(-90, 90));
        }
        const bool shared = shares_memory(e, s);
        ++(shared ? found : free);
        wrong += search(e, s) != (shared ? overlap::found : overlap::none);
    }
    CHECK(wrong == 0);
    CHECK((found > 300 && free > 300));
}

TEST_CASE("extents of 0 and 1 share nothing") {
    CHECK(search({}, {}) == overlap::none);
    CHECK(search({1}, {0}) == overlap::none);
    CHECK(search({1, 1, 1}, {0, 0, 0}) == overlap::none);
    CHECK(search({2, 0}, {0, 0}) == overlap::none);
    CHECK(search({0, 2}, {0, 0}) == overlap::none);
    CHECK(search({2, 1}, {0, 5}) == overlap::found);
    const std::vector<int64_t> ones(100, 1), zeros(100, 0);
    CHECK(search(ones, zeros) == overlap::none);
}

TEST_CASE("arrays of any size get an answer without overflow") {
    const int64_t big = int64_t{1} << 40;
    CHECK(search({big, big}, {big, 1}) == overlap::none);
    CHECK(search({big, big}, {1, big}) == overlap::none);
    CHECK(search({big, big}, {-big, 1}) == overlap::none);
    CHECK(search({big, big}, {big - 1, 1}) == overlap::found);
    CHECK(search({3, 3, INT64_MAX}, {2, 3, INT64_MAX}) !=
          overlap::found); // 3 * 2 == 2 * 3 needs four of the first
    CHECK(search({4, 3, 2}, {2, 3, INT64_MAX}) == overlap::found);
    CHECK(search({2, 2, 2}, {INT64_MAX, INT64_MAX, INT64_MAX}) != overlap::none);
    CHECK(search({INT64_MAX, 2, 2}, {1, 1, 1}) == overlap::found);
    CHECK(search({3, 3, 3}, {INT64_MAX / 4, INT64_MAX / 4 - 1, INT64_MAX / 4 - 2}) != overlap::none);
}

TEST_CASE("a search that takes too long says so") {
    // Many axes of large, unrelated strides: exponentially many sums, and (most likely) no solution.
    std::mt19937_64 random(7);
    std::vector<int64_t> e, s;
    for (int axis = 0; axis < 40; ++axis) {
        e.push_back(2);
        s.push_back(static_cast<int64_t>(random() >> 8 | 1));
    }
    CHECK(search(e, s) == overlap::unknown);
    const std::vector<int64_t> twos(65, 2);
    std::vector<int64_t> unique(65, 0);
    for (size_t k = 0; k < 65; ++k) unique[k] = 3 + static_cast<int64_t>(k);
    CHECK(search(twos, unique) == overlap::unknown); // more axes than it looks at
}
