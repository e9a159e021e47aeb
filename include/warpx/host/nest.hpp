// SPDX-License-Identifier: Apache-2.0
// nest.hpp: the loop nest of a launch over several extents: which axis runs innermost, and the tiles it is
// cut into.
#pragma once

#include "../launch.hpp"
#include "cost_model.hpp"

namespace warpx::detail {

/// The order of a nest. Items may run in any order, so the innermost axis is the one along which the arrays'
/// strides are smallest in sum. `tiled`: some array prefers another axis; small tiles then keep both sides in
/// cache.
template <int R> struct axis_order {
    int inner = R - 1;
    bool tiled = false;

    template <class... A> static axis_order of(const shape<R>& extents, const A&... arguments) noexcept {
        axis_order order;
        if constexpr (R == 2 || R == 3) {
            int64_t sum[R] = {};
            [[maybe_unused]] const auto add = [&]<class T, int N, class D>(const array<T, N, D>& a) {
                if constexpr (N == R)
                    for (int axis = 0; axis < R; ++axis) sum[axis] += magnitude(a.stride(axis));
            };
            (for_each_array(add, arguments), ...);
            for (int axis = R - 2; axis >= 0; --axis)
                if (extents[axis] > 1 && (sum[axis] < sum[order.inner] || extents[order.inner] == 1))
                    order.inner = axis;

            // An array with a smaller stride along the second axis disagrees. The innermost axis is then the
            // one along which what is written is contiguous: whole cache lines leave, and reads stay in
            // cache.
            const int outer = order.inner == R - 1 ? R - 2 : R - 1;
            int64_t written = 0; // positive: stores prefer the outer axis
            [[maybe_unused]] const auto vote = [&]<class T, int N, class D>(const array<T, N, D>& a) {
                if constexpr (N == R) {
                    const int64_t along = magnitude(a.stride(order.inner)),
                                  across = magnitude(a.stride(outer));
                    order.tiled = order.tiled || (across < along && extents[outer] > 1 && across != 0);
                    if constexpr (!std::is_const_v<T>) written += (across < along) - (along < across);
                }
            };
            (for_each_array(vote, arguments), ...);
            // (If the nest would pair that axis with a third one, the vote was about another nest.)
            const bool same_pair = (outer == R - 1 ? R - 2 : R - 1) == order.inner;
            if (order.tiled && written > 0 && same_pair) order.inner = outer;
        }
        return order;
    }

private:
    static constexpr int64_t magnitude(int64_t stride) noexcept { return stride < 0 ? -stride : stride; }
};

struct tile {
    int64_t outer_begin, outer_end, inner_begin, inner_end;
};

/// A launch over `R >= 2` extents cut into tiles of the inner and one outer axis, numbered as the items of
/// the pool.
template <int R> struct nest {
    shape<R> extents;
    int64_t inner_tile, outer_tile; // extents of a tile
    int64_t inner_tiles, outer_tiles;
    int64_t items;

    static constexpr int outer_axis(int inner) noexcept { return inner == R - 1 ? R - 2 : R - 1; }

    nest(const shape<R>& launch, const axis_order<R>& order) noexcept : extents(launch) {
        // Measured (one side transposed, float, one core; ns an item at 512 / 4000 / 4096 squared): 16 along
        // the written axis x 64 0.20 / 1.06 / 0.58, 32 x 32 0.29 / 0.67 / 0.98, 8 x 128 0.32 / 1.5 / 1.09,
        // 128 x 8 1.4 / 0.55 / 6.7, 64 along the read axis x 16 4.8 / 1.5 / 8.4, rows 1.4 / 1.0 / 9.5.
        constexpr int64_t tile_elements = 4096, inner_side = 16, outer_side = 64;
        const int64_t inner = launch[order.inner], outer = launch[outer_axis(order.inner)];
        const bool tiled = order.tiled && inner > tile_elements / outer;
        inner_tile = smaller(inner, tiled ? inner_side : tile_elements);
        outer_tile = smaller(outer, tiled ? outer_side : tile_elements / inner_tile);
        inner_tiles = pieces(inner, inner_tile);
        outer_tiles = pieces(outer, outer_tile);
        items = inner_tiles * outer_tiles;
        for (int axis = 0; axis < R; ++axis)
            if (axis != order.inner && axis != outer_axis(order.inner)) items *= launch[axis];
    }

    int64_t elements_per_item() const noexcept { return inner_tile * outer_tile; }

    /// The tile that begins with `item`, and the position of the other axes in `base`. Neighbours along the
    /// outer axis, up to item `end`, are joined where tiles are as long as the inner axis. `item` becomes the
    /// first that is not in the tile.
    tile decode(int64_t& item, int64_t end, int inner, int outer, shape<R>& base) const noexcept {
        int64_t rest = item, i = 0, o = 0;
        if (inner_tiles > 1) {
            i = rest % inner_tiles * inner_tile;
            rest /= inner_tiles;
        }
        int64_t number = rest; // of the tile along the outer axis
        if constexpr (R > 2) {
            number = rest % outer_tiles;
            rest /= outer_tiles;
            for (int axis = R - 1; axis >= 0; --axis)
                if (axis != inner && axis != outer) {
                    base[axis] = rest % extents[axis];
                    rest /= extents[axis];
                }
        }
        const int64_t joined = inner_tiles > 1 ? 1 : smaller(end - item, outer_tiles - number);
        item += joined;
        o = number * outer_tile;
        return {o, smaller(o + joined * outer_tile, extents[outer]), i,
                smaller(i + inner_tile, extents[inner])};
    }

private:
    static constexpr int64_t pieces(int64_t length, int64_t piece) noexcept {
        return length == piece ? 1 : host::divide_up(length, piece); // a division costs as much as ten items
    }
    static constexpr int64_t smaller(int64_t a, int64_t b) noexcept { return a < b ? a : b; }
};

} // namespace warpx::detail
