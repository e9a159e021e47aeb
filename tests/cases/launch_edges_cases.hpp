// SPDX-License-Identifier: Apache-2.0
// launch_edges_cases.hpp: launches at their edges on any machine: sizes around chunks and tiles, every
// layout, counts that overflow, every element type. (launch_cases.hpp has the rules.)
#pragma once

#include "cases/machine.hpp"

#include <warpx/math.hpp>
#include <warpx/view.hpp>

#include <algorithm>

namespace launch_edges_cases {

using namespace warpx;
using Catch::Matchers::ContainsSubstring;
using test::all_are, test::put, test::put_zeros, test::read;

constexpr auto count_visit = [] WARPX_KERNEL(auto i, auto y) { y[i] += 1; };
constexpr auto number_rows = [] WARPX_KERNEL(auto i, auto y) {
    auto [row, column] = i;
    y[i] = static_cast<float>(row * 1000 + column);
};
constexpr auto number_planes = [] WARPX_KERNEL(auto i, auto y) {
    auto [a, b, c] = i;
    y(a, b, c) = static_cast<float>(a * 10000 + b * 100 + c);
};
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto fill = [] WARPX_KERNEL(auto i, auto y, auto v) { y[i] = v; };
constexpr auto no_arrays = [] WARPX_KERNEL(auto i) { (void)i; };
constexpr auto add_cell = [] WARPX_KERNEL(auto i, auto z, auto s) { z[i] += s(); };
constexpr auto fill_table = [] WARPX_KERNEL(auto i, auto z, auto t) {
    for (int64_t k = 0; k < t.extent(1); ++k) t(i, k) = z[i] * static_cast<float>(k);
};
constexpr auto guarded = [] WARPX_KERNEL(auto i, auto z) {
    if (i < z.extent(0)) z[i] = 1;
};

struct with_function {
    template <class I, class Y, class V> WARPX_HOST_DEVICE static void forward(I i, Y y, V v) { y[i] = v; }
};
struct with_lambda {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto y, auto v) { y[i] += v; };
};
struct settings {
    float a, b;
};

/// Launches over a compact array, a padded one and one with its axes reversed; each item must be visited
/// once.
template <int N> void visits_once(const shape<N>& extents) {
    const auto compact = put_zeros<float>(extents);
    launch<count_visit>(extents, compact);

    shape<N> padded = extents;
    for (int64_t& e : padded) e += 1;
    const auto whole = put_zeros<float>(padded);
    auto part = whole;
    for (int axis = 0; axis < N; ++axis) part = slice(part, axis, axis % 2, axis % 2 + extents[axis]);
    if (N > 1) part = slice(part, 0, none, none, -1);
    launch<count_visit>(extents, part);
    const auto values = read(whole);
    int64_t ones = 0, others = 0;
    for (int64_t k = 0; k < values.size(); ++k) {
        ones += values.data_handle()[k] == 1;
        others += values.data_handle()[k] != 0 && values.data_handle()[k] != 1;
    }

    const auto turned = put_zeros<float>(transpose(compact).extents());
    launch<count_visit>(extents, transpose(turned));
    const bool once =
        all_are(compact, 1.0f) && ones == extents.count() && others == 0 && all_are(turned, 1.0f);
    CHECK(once);
}

TEST_CASE("every item of 1 to 8 extents is visited once") {
    visits_once(shape(1));
    visits_once(shape(100));
    visits_once(shape(7, 5));
    visits_once(shape(1, 9));
    visits_once(shape(9, 1));
    visits_once(shape(3, 4, 5));
    visits_once(shape(2, 3, 2, 3));
    visits_once(shape(2, 1, 3, 2, 2));
    visits_once(shape(2, 2, 1, 2, 3, 2));
    visits_once(shape(1, 2, 2, 2, 1, 2, 2));
    visits_once(shape(2, 2, 2, 1, 2, 2, 2, 2));
}

TEST_CASE("sizes at the edges of chunks and tiles") {
    for (int64_t n : {63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 4095, 4096, 4097, 10007}) {
        const auto y = put_zeros<float>(n);
        launch<count_visit>(n, y);
        REQUIRE(all_are(y, 1.0f));
    }
    for (int64_t rows : {1, 7, 8, 9, 127, 129})
        for (int64_t columns : {1, 8, 9, 128, 130, 257}) {
            const auto x = put_zeros<float>({rows, columns}), y = put_zeros<float>({columns, rows});
            launch<number_rows>({rows, columns}, transpose(y));
            launch<saxpy>(shape(rows, columns), transpose(y), x, 1.0f); // the sides disagree: tiles
            const auto values = read(x);
            int wrong = 0;
            for (int64_t r = 0; r < rows; ++r)
                for (int64_t c = 0; c < columns; ++c)
                    wrong += values(r, c) != static_cast<float>(r * 1000 + c);
            REQUIRE(wrong == 0);
        }
}

TEST_CASE("three extents in every order of the axes", "[core]") {
    int order[3] = {0, 1, 2};
    const int64_t extents[3] = {3, 11, 17};
    do {
        shape<3> stored(extents[order[0]], extents[order[1]], extents[order[2]]);
        const auto memory = put_zeros<float>(stored), compact = put_zeros<float>({3, 11, 17});
        int inverse[3];
        for (int k = 0; k < 3; ++k) inverse[order[k]] = k;
        const auto view = permute(memory, inverse);
        REQUIRE(view.extents() == shape(3, 11, 17));
        launch<number_planes>({3, 11, 17}, view);
        launch<saxpy>({3, 11, 17}, view, compact, 1.0f);
        const auto values = read(compact);
        int wrong = 0;
        for (int64_t k = 0; k < 3 * 11 * 17; ++k)
            wrong +=
                values.data_handle()[k] != static_cast<float>(k / 187 * 10000 + k / 17 % 11 * 100 + k % 17);
        CHECK(wrong == 0);
    } while (std::next_permutation(order, order + 3));
}

TEST_CASE("zero extents run nothing, and touch nothing") {
    launch<fill>(0, test::array_here<float, 1>(), 1.0f);
    launch<fill>({0, 5}, test::array_here<float, 2>(), 1.0f);
    launch<fill>({5, 0}, test::array_here<float, 2>(), 1.0f);
    launch<fill>({int64_t{1} << 40, int64_t{1} << 40, 0}, test::array_here<float, 3>(), 1.0f);
}

TEST_CASE("negative extents and more items than can be counted are refused") {
    const auto y = put_zeros<float>(4);
    const auto table = put_zeros<float>({2, 2});
    CHECK_THROWS_AS(launch<fill>(-1, y, 1.0f), launch_error);
    CHECK_THROWS_WITH(launch<fill>(-1, y, 1.0f),
                      ContainsSubstring("fill") &&
                          ContainsSubstring("expected extents that are not negative; got (-1,); "));
    CHECK_THROWS_WITH(launch<fill>({0, -3}, table, 1.0f), ContainsSubstring("(0, -3)"));
    CHECK_THROWS_AS(launch<fill>(UINT64_MAX, y, 1.0f), launch_error);
    CHECK_THROWS_WITH(launch<fill>({int64_t{1} << 32, int64_t{1} << 32}, table, 1.0f),
                      ContainsSubstring("a number of items that 64 bits count"));
    CHECK(all_are(y, 0.0f));
}

TEST_CASE("extents come as any integer, a shape, braces, an array") {
    const auto y = put_zeros<float>(3);
    launch<count_visit>(3, y);
    launch<count_visit>(3u, y);
    launch<count_visit>(size_t{3}, y);
    launch<count_visit>(static_cast<short>(3), y);
    launch<count_visit>(static_cast<unsigned char>(3), y);
    launch<count_visit>(y.extent(0), y);
    launch<count_visit>(y.extents(), y);
    launch<count_visit>({3}, y);
    launch<count_visit>(shape(3), y);
    const int64_t dims[1] = {3};
    launch<count_visit>(dims, y);
    CHECK(all_are(y, 10.0f));
}

TEST_CASE("kernels: structs, capturing lambdas, no arrays at all", "[core]") {
    const auto y = put_zeros<float>(100);
    launch<with_function>(100, y, 2.0f);
    launch<with_lambda>(100, y, 3.0f);
    CHECK(all_are(y, 5.0f));
    const float scale = 2;
    launch(shape(100), [scale] WARPX_DEVICE(auto i, auto z) { z[i] -= scale; }, y);
    CHECK(all_are(y, 3.0f));
    launch(
        {10, 10},
        [scale] WARPX_DEVICE(auto i, auto z) {
            auto [row, column] = i;
            z[row * 10 + column] += scale;
        },
        y);
    CHECK(all_are(y, 5.0f));
    launch<no_arrays>(50); // on the host, wherever the other cases run
    if constexpr (!checked_build) CHECK(y.keeper()->use_count() == 1); // nothing is kept
}

TEST_CASE("arguments: scalars, vectors, structs, rank 0 arrays, more than the kernel's rank", "[core]") {
    const auto y = put_zeros<float>(10);
    launch<fill>(10, y, 3);
    CHECK(all_are(y, 3.0f));
    launch<fill>(10, y, 2.5);
    CHECK(all_are(y, 2.5f));
    launch<fill>(10, y, true);
    CHECK(all_are(y, 1.0f));
    launch(10, [] WARPX_DEVICE(auto i, auto z, auto s) { z[i] = s.a + s.b; }, y, settings{1, 6});
    CHECK(all_are(y, 7.0f));
    launch<add_cell>(10, y, put(full<float>(shape<0>(), 4.0f)));
    CHECK(all_are(y, 11.0f));
    const auto table = put_zeros<float>({10, 4});
    launch<fill_table>(10, y, table);
    const auto values = read(table);
    CHECK((values(9, 3) == 33 && values(0, 0) == 0));
    const auto& constant = y;
    launch<fill>(10, constant, 5.0f); // a const array object is a handle like any other
    CHECK(all_are(y, 5.0f));
}

TEMPLATE_TEST_CASE("large arrays equal a plain loop, bit for bit", "", uint8_t, int16_t, int32_t, int64_t,
                   bool, half, bfloat16, float, double) {
    using T = TestType;
    const int64_t n = checked_build ? 20000 : 1000000;
    const auto x = empty<T>(n), start = empty<T>(n), want = empty<T>(n);
    const T a = static_cast<T>(1.5f);
    for (int64_t k = 0; k < n; ++k) {
        x.data_handle()[k] = static_cast<T>(static_cast<float>(k % 100));
        start.data_handle()[k] = static_cast<T>(static_cast<float>(k % 7));
        want.data_handle()[k] = static_cast<T>(a * x.data_handle()[k] + start.data_handle()[k]);
    }
    const auto y = put(start);
    launch<saxpy>(n, put(x), y, a);
    const auto values = read(y);
    int64_t wrong = 0;
    for (int64_t k = 0; k < n; ++k) wrong += !(values.data_handle()[k] == want.data_handle()[k]);
    REQUIRE(wrong == 0);
}

TEST_CASE("guarded kernels may be larger than their arrays") {
    const auto y = put_zeros<float>(10);
    launch<guarded>(16, y);
    CHECK(all_are(y, 1.0f));
}

TEST_CASE("strides of any kind: backwards, zero, shared by several arguments", "[core]") {
    const auto x = put(arange<float>(20)), y = put_zeros<float>(20);
    launch<saxpy>(20, slice(x, 0, none, none, -1), y, 1.0f);
    auto values = read(y);
    int wrong = 0;
    for (int k = 0; k < 20; ++k) wrong += values[k] != 19.0f - static_cast<float>(k);
    CHECK(wrong == 0);
    launch<fill>(10, slice(y, 0, 1, none, 2), 0.5f);
    values = read(y);
    CHECK((values[0] == 19 && values[1] == 0.5f && values[19] == 0.5f));
    launch<saxpy>(20, broadcast_to(slice(x, 0, 5, 6), {20}), y, 2.0f);
    values = read(y);
    CHECK((values[0] == 29 && values[1] == 10.5f));
    launch<saxpy>(20, x, x, 1.0f); // one array as two arguments
    values = read(x);
    CHECK((values[7] == 14 && values[19] == 38));
}

} // namespace launch_edges_cases
