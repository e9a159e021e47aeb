// SPDX-License-Identifier: Apache-2.0
// nest_test.cpp: the tiles of a nest cover every item once, and arrays pick the order of the axes.
#include "support/catch.hpp"

#include <vector>
#include <warpx/warpx.hpp>

using warpx::shape;
using warpx::detail::axis_order;
using warpx::detail::nest;

namespace {

/// How often each item is visited when the tiles are run in ranges of `chunk`.
template <int R> bool covers_once(const shape<R>& extents, axis_order<R> order, int64_t chunk) {
    const nest<R> plan(extents, order);
    const int outer_axis = nest<R>::outer_axis(order.inner);
    std::vector<int> visits(static_cast<size_t>(extents.count()));
    for (int64_t begin = 0; begin < plan.items; begin += chunk) {
        const int64_t end = begin + chunk < plan.items ? begin + chunk : plan.items;
        for (int64_t item = begin; item < end;) {
            shape<R> position;
            const int64_t before = item;
            const warpx::detail::tile t = plan.decode(item, end, order.inner, outer_axis, position);
            if (item <= before || item > end) return false;
            for (int64_t o = t.outer_begin; o < t.outer_end; ++o)
                for (int64_t i = t.inner_begin; i < t.inner_end; ++i) {
                    position[outer_axis] = o;
                    position[order.inner] = i;
                    int64_t linear = 0;
                    for (int axis = 0; axis < R; ++axis) linear = linear * extents[axis] + position[axis];
                    ++visits[static_cast<size_t>(linear)];
                }
        }
    }
    for (const int count : visits)
        if (count != 1) return false;
    return true;
}

constexpr auto number_items = [](auto i, auto y) {
    auto [row, col] = i;
    y[i] = y[i] + static_cast<float>(1 + row * y.extent(1) + col);
};
constexpr auto copy_items = [](auto i, auto x, auto y) { y[i] = x[i]; };

} // namespace

TEST_CASE("tiles cover every item once") {
    for (const bool tiled : {false, true})
        for (const int64_t chunk : {int64_t{1}, int64_t{3}, int64_t{1000000}})
            for (const int64_t rows : {1, 2, 63, 64, 65, 300})
                for (const int64_t cols : {1, 7, 16, 17, 4096, 4097, 10000})
                    for (const int inner : {0, 1}) {
                        CAPTURE(tiled, chunk, rows, cols, inner);
                        CHECK(covers_once<2>({rows, cols}, {inner, tiled}, chunk));
                    }
    for (const bool tiled : {false, true})
        for (const int64_t chunk : {int64_t{1}, int64_t{5}, int64_t{1000000}})
            for (const int inner : {0, 1, 2}) {
                CAPTURE(tiled, chunk, inner);
                CHECK(covers_once<3>({5, 130, 70}, {inner, tiled}, chunk));
                CHECK(covers_once<3>({3, 2, 5000}, {inner, tiled}, chunk));
            }
    CHECK(covers_once<4>({3, 5, 7, 11}, {3, false}, 2));
    CHECK(covers_once<5>({2, 3, 2, 3, 5000}, {4, false}, 1));
}

TEST_CASE("the innermost axis is the one of small strides, or the one that is written contiguously") {
    std::vector<float> from(300 * 200), to(300 * 200);
    const auto x = warpx::from_pointer<const float, 2>(from.data(), {300, 200});
    const auto x_turned = warpx::from_pointer<const float, 2>(from.data(), {300, 200}, {1, 300});
    const auto y = warpx::from_pointer<float, 2>(to.data(), {300, 200});
    const auto y_turned = warpx::from_pointer<float, 2>(to.data(), {300, 200}, {1, 300});
    const shape<2> extents(300, 200);
    const auto plain = axis_order<2>::of(extents, x, y);
    CHECK((plain.inner == 1 && !plain.tiled));
    const auto turned = axis_order<2>::of(extents, x_turned, y_turned);
    CHECK((turned.inner == 0 && !turned.tiled));
    const auto read_turned = axis_order<2>::of(extents, x_turned, y);
    CHECK((read_turned.inner == 1 && read_turned.tiled));
    const auto written_turned = axis_order<2>::of(extents, x, y_turned);
    CHECK((written_turned.inner == 0 && written_turned.tiled));
}

TEST_CASE("every layout gives the same result") {
    for (const int64_t rows : {1, 5, 64, 257})
        for (const int64_t cols : {1, 16, 130, 4100})
            for (const bool x_turned : {false, true})
                for (const bool y_turned : {false, true}) {
                    CAPTURE(rows, cols, x_turned, y_turned);
                    std::vector<float> from(static_cast<size_t>(rows * cols)), to(from.size(), -1.0f);
                    const auto strides = [&](bool t) { return t ? shape<2>(1, rows) : shape<2>(cols, 1); };
                    const auto x =
                        warpx::from_pointer<float, 2>(from.data(), {rows, cols}, strides(x_turned));
                    const auto y = warpx::from_pointer<float, 2>(to.data(), {rows, cols}, strides(y_turned));
                    warpx::launch<number_items>({rows, cols}, x);
                    warpx::launch<copy_items>({rows, cols}, x, y);
                    bool same = true;
                    for (int64_t r = 0; r < rows; ++r)
                        for (int64_t c = 0; c < cols; ++c)
                            same =
                                same && y(r, c) == static_cast<float>(1 + r * cols + c) && x(r, c) == y(r, c);
                    CHECK(same);
                }
}
