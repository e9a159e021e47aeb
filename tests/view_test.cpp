// SPDX-License-Identifier: Apache-2.0
// view_test.cpp: views against slow references, index by index, over random shapes and strides.
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/struct.hpp>
#include <warpx/view.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

std::mt19937 random_bits(3);
int64_t draw(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_bits);
}

/// An array of numbers that tell where they lie, with strides of any sign (zero too), empty at times.
int numbers[4000];
template <int N> array<const int, N> random_array() {
    for (int k = 0; k < 4000; ++k) numbers[k] = k;
    shape<N> extents, strides;
    for (int axis = 0; axis < N; ++axis) {
        extents[axis] = draw(0, 9) == 0 ? 0 : draw(1, 4);
        strides[axis] = draw(-60, 60) * (draw(0, 5) != 0);
    }
    return from_pointer<const int, N>(numbers + 2000, extents, strides);
}

/// Calls f(position) for every position of a shape.
template <int N, class F> void for_each(const shape<N>& extents, const F& f) {
    shape<N> at;
    for (int64_t left = extents.count(); left > 0; --left) {
        f(at);
        for (int axis = N - 1; axis >= 0 && ++at[axis] == extents[axis]; --axis) at[axis] = 0;
    }
}
template <class T, int N, class D> int look(const array<T, N, D>& a, const shape<N>& at) {
    return a[detail::index_access::make(at)];
}

/// Python's range(*slice(start, stop, step).indices(extent)), as its documentation words it.
std::vector<int64_t> python_slice(int64_t extent, int64_t start, int64_t stop, int64_t step) {
    const bool back = step < 0;
    const auto bound = [&](int64_t b, int64_t missing) {
        if (b == none) return missing;
        if (b < 0) b += extent;
        if (b < 0) return back ? int64_t{-1} : int64_t{0};
        if (b >= extent) return back ? extent - 1 : extent;
        return b;
    };
    const int64_t first = bound(start, back ? extent - 1 : 0), last = bound(stop, back ? -1 : extent);
    std::vector<int64_t> list;
    for (int64_t k = first; back ? k > last : k < last; k += step) list.push_back(k);
    return list;
}

} // namespace

TEST_CASE("slices are Python's, for every small extent and bound") {
    for (int64_t extent = 0; extent <= 5; ++extent) {
        std::vector<int> memory(static_cast<size_t>(extent) + 1);
        std::iota(memory.begin(), memory.end(), 0);
        const auto a = from_pointer<int, 1>(memory.data(), extent);
        std::vector<int64_t> bounds{none, INT64_MAX, -INT64_MAX};
        for (int64_t b = -8; b <= 8; ++b) bounds.push_back(b);
        for (int64_t start : bounds)
            for (int64_t stop : bounds)
                for (int64_t step : {int64_t{1}, int64_t{2}, int64_t{3}, int64_t{7}, INT64_MAX, int64_t{-1},
                                     int64_t{-2}, int64_t{-3}, int64_t{-7}, -INT64_MAX}) {
                    const auto view = slice(a, 0, start, stop, step);
                    std::vector<int64_t> want;
                    if (step == INT64_MAX || step == -INT64_MAX) { // at most the first
                        want = python_slice(extent, start, stop, step > 0 ? 100 : -100);
                    } else
                        want = python_slice(extent, start, stop, step);
                    CAPTURE(extent, start, stop, step);
                    REQUIRE(view.extent(0) == static_cast<int64_t>(want.size()));
                    for (size_t k = 0; k < want.size(); ++k) REQUIRE(view[k] == want[k]);
                }
    }
    // Written down from CPython.
    const auto ten = arange<int>(10);
    const auto list = [&](int64_t start, int64_t stop, int64_t step) {
        const auto v = slice(ten, 0, start, stop, step);
        std::vector<int> values;
        for (int64_t k = 0; k < v.extent(0); ++k) values.push_back(v[k]);
        return values;
    };
    CHECK(list(none, none, -1) == std::vector<int>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
    CHECK(list(-3, none, 1) == std::vector<int>{7, 8, 9});
    CHECK(list(8, 2, -2) == std::vector<int>{8, 6, 4});
    CHECK(list(none, -1, 3) == std::vector<int>{0, 3, 6});
    CHECK(list(20, none, -4) == std::vector<int>{9, 5, 1});
    CHECK(list(5, 5, 1).empty());
    CHECK(list(-20, -15, 1).empty());
}

TEST_CASE("slice, take, transpose, permute, expand, squeeze, index by index") {
    for (int round = 0; round < 2000; ++round) {
        const auto a = random_array<3>();
        const int axis = static_cast<int>(draw(-3, 2)), real_axis = axis < 0 ? axis + 3 : axis;
        const int64_t extent = a.extent(axis < 0 ? axis + 3 : axis);
        const int64_t start = draw(0, 4) ? draw(-6, 6) : none, stop = draw(0, 4) ? draw(-6, 6) : none;
        const int64_t step = draw(0, 1) ? draw(1, 3) : draw(-3, -1);
        const auto rows = python_slice(extent, start, stop, step);
        const auto s = slice(a, axis, start, stop, step);
        REQUIRE(s.extent(real_axis) == static_cast<int64_t>(rows.size()));
        for_each(s.extents(), [&](shape<3> at) {
            const int got = look(s, at);
            at[real_axis] = rows[static_cast<size_t>(at[real_axis])];
            REQUIRE(got == look(a, at));
        });
        if (extent > 0) {
            const int64_t position = draw(-extent, extent - 1),
                          row = position < 0 ? position + extent : position;
            const auto t = take(a, axis, position);
            for_each(t.extents(), [&](const shape<2>& at) {
                shape<3> full;
                for (int k = 0, from = 0; k < 3; ++k) full[k] = k == real_axis ? row : at[from++];
                REQUIRE(look(t, at) == look(a, full));
            });
        }
        const auto flipped = transpose(a);
        for_each(flipped.extents(), [&](const shape<3>& at) {
            REQUIRE(look(flipped, at) == look(a, shape(at[2], at[1], at[0])));
        });
        int order[3] = {0, 1, 2};
        std::shuffle(order, order + 3, random_bits);
        const int negative[3] = {order[0] - 3, order[1], order[2] - 3};
        const auto p = permute(a, draw(0, 1) ? order : negative);
        for_each(p.extents(), [&](const shape<3>& at) {
            shape<3> full;
            for (int k = 0; k < 3; ++k) full[order[k]] = at[k];
            REQUIRE(look(p, at) == look(a, full));
        });
        const int place = static_cast<int>(draw(-4, 3)), real_place = place < 0 ? place + 4 : place;
        const auto e = expand(a, place);
        REQUIRE(e.extent(real_place) == 1);
        const auto back = squeeze(e, place);
        REQUIRE(back.extents() == a.extents());
        for_each(e.extents(), [&](const shape<4>& at) {
            shape<3> full;
            for (int k = 0, to = 0; k < 4; ++k)
                if (k != real_place) full[to++] = at[k];
            REQUIRE(look(e, at) == look(a, full));
            REQUIRE(look(back, full) == look(a, full));
        });
    }
}

TEST_CASE("broadcast_to repeats as NumPy does") {
    for (int round = 0; round < 1000; ++round) {
        const auto a = random_array<2>();
        shape<4> to(draw(0, 3), draw(1, 3), a.extent(0) == 1 ? draw(0, 4) : a.extent(0),
                    a.extent(1) == 1 ? draw(0, 4) : a.extent(1));
        const auto b = broadcast_to(a, to);
        REQUIRE(b.extents() == to);
        for_each(to, [&](const shape<4>& at) {
            REQUIRE(look(b, at) ==
                    look(a, shape(a.extent(0) == 1 ? 0 : at[2], a.extent(1) == 1 ? 0 : at[3])));
        });
    }
    STATIC_REQUIRE(std::is_same_v<decltype(broadcast_to(zeros<float>(1), {3})), array<const float, 1>>);
    const auto scalar = full<int>(shape<0>(), 4);
    CHECK(look(broadcast_to(scalar, {2, 3}), shape(1, 2)) == 4);
    const auto x = zeros<float>({2, 3});
    CHECK_THROWS_WITH(broadcast_to(x, {4, 3}),
                      ContainsSubstring("a shape that (2, 3) repeats to; got (4, 3)"));
    CHECK_THROWS_AS(broadcast_to(x, {2, 0}), bind_error);
    CHECK_THROWS_AS(broadcast_to(x, {-1, 2, 3}), bind_error);
    CHECK_THROWS_AS(broadcast_to(x, {INT64_MAX, 2, 3}), bind_error);
}

namespace {

/// Whether some strides put the elements of `a` in row-major order under `extents`; by their addresses.
template <int M, int N>
bool some_strides(const array<const int, N>& a, const shape<M>& extents, std::vector<int64_t>& addresses) {
    addresses.clear();
    for_each(a.extents(), [&](const shape<N>& at) {
        int64_t address = 0;
        for (int k = 0; k < N; ++k) address += at[k] * a.stride(k);
        addresses.push_back(address);
    });
    // Each stride is the distance of the first two elements along its axis, if there are two.
    shape<M> strides;
    int64_t step = 1;
    for (int axis = M - 1; axis >= 0; --axis) {
        strides[axis] = extents[axis] > 1 ? addresses[static_cast<size_t>(step)] - addresses[0] : 0;
        step *= extents[axis];
    }
    bool fits = true;
    size_t k = 0;
    for_each(extents, [&](const shape<M>& at) {
        int64_t address = addresses[0];
        for (int axis = 0; axis < M; ++axis) address += at[axis] * strides[axis];
        fits = fits && address == addresses[k++];
    });
    return fits;
}

template <int M, int N>
void compare_reshape(const array<const int, N>& a, const shape<M>& extents, int& views, int& refusals) {
    std::vector<int64_t> addresses;
    CAPTURE(a.extents().values[0], a.strides().values[0], extents.values[0]);
    if (!some_strides(a, extents, addresses)) {
        ++refusals;
        REQUIRE_THROWS_AS(reshape<M>(a, extents), bind_error);
        return;
    }
    ++views;
    const auto r = reshape<M>(a, extents);
    REQUIRE(r.extents() == extents);
    size_t k = 0;
    for_each(extents, [&](const shape<M>& at) { REQUIRE(look(r, at) == a.data_handle()[addresses[k++]]); });
}

} // namespace

TEST_CASE("reshape finds strides exactly where there are some") {
    for (int k = 0; k < 4000; ++k) numbers[k] = k;
    int views = 0, refusals = 0;
    const int64_t stride_choice[] = {0, 1, 2, 3, 4, 6, 8, 12, -1, -2, -6};
    for (int64_t e0 : {1, 2, 3, 4, 6})
        for (int64_t e1 : {1, 2, 3, 4, 6})
            for (int64_t s0 : stride_choice)
                for (int64_t s1 : stride_choice) {
                    const auto a = from_pointer<const int, 2>(numbers + 2000, {e0, e1}, {s0, s1});
                    const int64_t n = e0 * e1;
                    compare_reshape(a, shape(n), views, refusals);
                    for (int64_t x = 1; x <= n; ++x)
                        if (n % x == 0) {
                            compare_reshape(a, shape(x, n / x), views, refusals);
                            for (int64_t y = 1; y <= n / x; ++y)
                                if (n / x % y == 0)
                                    compare_reshape(a, shape(x, y, n / x / y), views, refusals);
                        }
                }
    for (int round = 0; round < 3000; ++round) {
        auto a = random_array<3>();
        if (a.empty()) continue;
        if (draw(0, 1)) a = from_pointer<const int, 3>(numbers, a.extents()); // compact, cut and turned
        if (draw(0, 1)) a = slice(a, static_cast<int>(draw(0, 2)), none, none, draw(0, 1) ? -1 : 2);
        if (draw(0, 1)) a = transpose(a);
        if (a.empty()) continue;
        compare_reshape(a, shape(a.extent(0) * a.extent(1), a.extent(2)), views, refusals);
        compare_reshape(a, shape(a.extent(0), 1, a.extent(1) * a.extent(2), 1), views, refusals);
        compare_reshape(a, shape(a.size()), views, refusals);
        compare_reshape(a, shape(1, a.size(), 1, 1), views, refusals);
    }
    CHECK((views > 5000 && refusals > 5000));
}

TEST_CASE("reshape works out one extent, keeps empty arrays empty, knows rank 0") {
    const auto a = zeros<float>({2, 3, 4});
    CHECK(reshape(a, {-1}).extents() == shape(24));
    CHECK(reshape(a, {4, -1, 2}).extents() == shape(4, 3, 2));
    CHECK(reshape(a, {24, -1}).extents() == shape(24, 1));
    CHECK_THROWS_WITH(reshape(a, {5, -1}), ContainsSubstring("24 elements"));
    CHECK_THROWS_AS(reshape(a, {-1, -1}), bind_error);
    CHECK_THROWS_AS(reshape(a, {-2, -12}), bind_error);
    CHECK_THROWS_AS(reshape(a, {23}), bind_error);
    CHECK_THROWS_AS(reshape(a, {0, -1}), bind_error);
    CHECK_THROWS_AS(reshape(a, {INT64_MAX, 3}), bind_error);
    const auto none_of_them = zeros<float>({0, 3});
    CHECK(reshape(none_of_them, {5, 0, 2}).extents() == shape(5, 0, 2));
    CHECK(reshape(none_of_them, {-1, 7}).extents() == shape(0, 7));
    CHECK_THROWS_AS(reshape(none_of_them, {-1, 0}), bind_error); // any extent would do
    CHECK_THROWS_AS(reshape(none_of_them, {1}), bind_error);
    const auto one = zeros<float>({1, 1});
    CHECK(reshape<0>(one, shape<0>()).size() == 1);
    CHECK(reshape(zeros<float>(shape<0>()), {1, 1}).extents() == shape(1, 1));
    CHECK_THROWS_WITH(
        reshape(transpose(zeros<float>({2, 3})), {6}),
        ContainsSubstring("strides that allow shape (6,) without a copy; got shape (3, 2), strides (1, 3)"));
}

TEST_CASE("wrong axes, positions and steps end in a sentence") {
    const auto x = zeros<float>({2, 3});
    CHECK_THROWS_WITH(slice(x, 2),
                      ContainsSubstring("warpx::slice: expected an axis of -2 to 1; got axis 2; "));
    CHECK_THROWS_WITH(slice(x, -3), ContainsSubstring("got axis -3"));
    CHECK_THROWS_WITH(slice(x, 0, none, none, 0), ContainsSubstring("a step other than 0; got 0"));
    CHECK_THROWS_WITH(take(x, 1, 3), ContainsSubstring("a position within the extent 3; got 3"));
    CHECK_THROWS_WITH(take(x, 1, -4), ContainsSubstring("got -4"));
    CHECK_THROWS_AS(take(zeros<float>({0, 3}), 0, 0), bind_error);
    CHECK_THROWS_WITH(permute(x, {0, 0}), ContainsSubstring("every axis once; got axis 0 twice"));
    CHECK_THROWS_WITH(permute(x, {1, -1}), ContainsSubstring("axis 1 twice"));
    CHECK_THROWS_WITH(permute(x, {0, 2}), ContainsSubstring("warpx::permute"));
    CHECK_THROWS_WITH(squeeze(x, 1), ContainsSubstring("an axis of extent 1; got extent 3"));
    CHECK_THROWS_AS(squeeze(x, 5), bind_error);
    CHECK_THROWS_WITH(expand(x, 3), ContainsSubstring("an axis of -3 to 2"));
    CHECK(expand(x, -1).extents() == shape(2, 3, 1));
    CHECK(expand(zeros<float>(shape<0>()), 0).extents() == shape(1));
    CHECK(take(zeros<float>(1), 0, 0).rank() == 0);
}

TEST_CASE("views of nothing") {
    const array<float, 2> none_at_all;
    CHECK(slice(none_at_all, 0, 0, 5).data_handle() == nullptr);
    CHECK(transpose(none_at_all).empty());
    CHECK(expand(none_at_all, 0).empty());
    CHECK(reshape(none_at_all, {0}).empty());
    CHECK(broadcast_to(none_at_all, {4, 0, 0}).empty());
}
