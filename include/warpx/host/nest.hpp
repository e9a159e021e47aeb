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

            // An array with a smaller stride along the second axis disagrees. The long side of the tiles then
            // goes along the axis in which what is read is contiguous.
            const int outer = order.inner == R - 1 ? R - 2 : R - 1;
            bool reads_outer = false;
            [[maybe_unused]] const auto vote = [&]<class T, int N, class D>(const array<T, N, D>& a) {
                if constexpr (N == R) {
                    const bool disagrees = magnitude(a.stride(outer)) < magnitude(a.stride(order.inner));
                    order.tiled = order.tiled || (disagrees && extents[outer] > 1 && a.stride(outer) != 0);
                    reads_outer = reads_outer || (disagrees && std::is_const_v<T>);
                }
            };
            (for_each_array(vote, arguments), ...);
            if (order.tiled && reads_outer) order.inner = outer;
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
        // Measured (one side transposed, float, 4096 x 4096, one core): 128 x 8 0.93 ns an item, 32 x 32 2.3,
        // rows 6.95.
        constexpr int64_t tile_elements = 4096, long_side = 128, short_side = 8;
        const int64_t inner = launch[order.inner], outer = launch[outer_axis(order.inner)];
        inner_tile = smaller(inner, order.tiled ? long_side : tile_elements);
        outer_tile = smaller(outer, order.tiled ? short_side : host::divide_up(tile_elements, inner_tile));
        inner_tiles = host::divide_up(inner, inner_tile);
        outer_tiles = host::divide_up(outer, outer_tile);
        items = launch.count() / (inner * outer) * inner_tiles * outer_tiles;
    }

    int64_t elements_per_item() const noexcept { return inner_tile * outer_tile; }

    /// The tile of an item, and the position of the other axes in `base`.
    tile decode(int64_t item, int inner, int outer, shape<R>& base) const noexcept {
        const int64_t i = item % inner_tiles * inner_tile;
        item /= inner_tiles;
        const int64_t o = item % outer_tiles * outer_tile;
        item /= outer_tiles;
        for (int axis = R - 1; axis >= 0; --axis)
            if (axis != inner && axis != outer) {
                base[axis] = item % extents[axis];
                item /= extents[axis];
            }
        return {o, smaller(o + outer_tile, extents[outer]), i, smaller(i + inner_tile, extents[inner])};
    }

private:
    static constexpr int64_t smaller(int64_t a, int64_t b) noexcept { return a < b ? a : b; }
};

} // namespace warpx::detail
