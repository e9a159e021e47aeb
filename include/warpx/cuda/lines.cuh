// SPDX-License-Identifier: Apache-2.0
// lines.cuh: the trampolines of launches that take their items line by line, or from anywhere.
#pragma once

#include "packets.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// At least as large as the launch, any strides; `step` is that along the slots.
template <class T, int N, int W> struct tiled_array {
    strided_layout<N> layout;
    T* data;
    int64_t step;
    static constexpr bool has_cells = true;
    __device__ auto row(const shape<N>& position) const {
        using source = row_source<T, W>;
        return cells_of<T, N, strided_layout<N>, cells<T, W, source>>(
            layout, data, source{data + layout.offset(position), step == 0});
    }
    __device__ auto apart(const shape<N>& position, int slot_step) const {
        using source = apart_source<T, W>;
        return cells_of<T, N, strided_layout<N>, cells<T, W, source>>(
            layout, data, source(data + layout.offset(position), slot_step * step));
    }
};

/// Any extents and strides whose offsets fit 32 bits.
template <class T, int N> struct narrow_array {
    narrow_layout<N> layout;
    T* data;
    static constexpr bool has_cells = true;
    template <int U> __device__ auto items(const shape<N> (&positions)[U]) const {
        using source = apart_source<T, U>;
        source here;
#pragma unroll
        for (int slot = 0; slot < U; ++slot) here.at[slot] = data + layout.offset(positions[slot]);
        return cells_of<T, N, narrow_layout<N>, cells<T, U, source>>(layout, data, here);
    }
};

#pragma GCC visibility push(hidden)

// -- Tiles: lines of a launch over several axes -----------------------------------------------------------

/// How a launch of several axes is shared out: a block has `blockDim.x` threads along `axis`, each with the
/// same number of items, and `blockDim.y` lines. A line is a number that the other axes count, the last one
/// fastest.
template <int R> struct lines_plan {
    int axis;
    bool packed; // all arrays have whole packets along the axis, or are broadcast along it
    uint32_t lines;
    int64_t length;        // items of a line
    int64_t rows = 0;      // of run_columns: the extent of the axis before the last
    divider blocks_along;  // blocks of a line
    divider others[R - 1]; // extents of the other axes

    __device__ shape<R> position(uint32_t line, int64_t along) const {
        int64_t other[R - 1];
#pragma unroll
        for (int k = R - 2; k > 0; --k) {
            const uint32_t rest = others[k].divide(line);
            other[k] = line - rest * others[k].by;
            line = rest;
        }
        other[0] = line;
        shape<R> result;
#pragma unroll
        for (int k = 0; k < R; ++k)
            result[k] = k == axis ? along : k < axis && k < R - 1 ? other[k] : other[k > 0 ? k - 1 : 0];
        return result;
    }
};
/// Where a block of a launch of lines works.
struct lines_place {
    uint32_t line;  // of this thread
    uint32_t block; // number of the block along the axis

    template <int R> __device__ explicit lines_place(const lines_plan<R>& plan) {
        const uint32_t block_line = plan.blocks_along.divide(blockIdx.x);
        block = blockIdx.x - block_line * plan.blocks_along.by;
        line = block_line * blockDim.y + threadIdx.y;
    }
};

template <class V, int R> __device__ inline auto take_row(const V& v, const shape<R>& position) {
    if constexpr (cell_argument<V>)
        return v.row(position);
    else
        return same_for_all<V>{v};
}
template <class V, int R>
__device__ inline auto take_apart(const V& v, const shape<R>& position, int slot_step) {
    if constexpr (cell_argument<V>)
        return v.apart(position, slot_step);
    else
        return same_for_all<V>{v};
}

/// A position `by` items further along an axis that is known at run time. (No branch, or the position would
/// go to local memory.)
template <int R> __device__ inline shape<R> moved(shape<R> position, int axis, int by) {
#pragma unroll
    for (int k = 0; k < R; ++k) position[k] += k == axis ? by : 0;
    return position;
}

/// `W` items of a line, one thread: neighbours in packets, or a block apart so that neighbouring threads take
/// neighbours. `Whole`: all threads have whole packets (a trampoline of its own, since ptxas puts the other
/// branch in front, which costs up to a tenth where the data is in the L2 cache).
template <bool Whole, int W, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_tiles(const __grid_constant__ lines_plan<R> plan, const __grid_constant__ F kernel,
              const __grid_constant__ V... arguments) {
    const lines_place place(plan);
    const int lane = static_cast<int>(threadIdx.x), lanes = static_cast<int>(blockDim.x);
    const bool packed = Whole || plan.packed;
    const int64_t first = static_cast<int64_t>(place.block) * (lanes * W) + (packed ? lane * W : lane);
    const int64_t rest = plan.length - first;
    if (place.line >= plan.lines || rest <= 0) return;
    const shape<R> position = plan.position(place.line, first);
    if (Whole || (packed && rest >= W)) {
        run_slots<W>(
            kernel, W, [&](int slot) { return moved(position, plan.axis, slot); },
            take_row(arguments, position)...);
    } else {
        const int slot_step = packed ? 1 : lanes;
        run_slots<W>(
            kernel, rest > (W - 1) * slot_step ? W : static_cast<int>(rest - 1) / slot_step + 1,
            [&](int slot) { return moved(position, plan.axis, slot * slot_step); },
            take_apart(arguments, position, slot_step)...);
    }
}

// -- Items: elements anywhere, several of them in flight --------------------------------------------------

template <class V, int R, int U>
__device__ inline auto take_items(const V& v, const shape<R> (&positions)[U]) {
    if constexpr (cell_argument<V>)
        return v.items(positions);
    else
        return same_for_all<V>{v};
}
template <int U, int R, class F, class... V>
__device__ inline void run_apart(const F& kernel, const shape<R> (&positions)[U], int64_t rest,
                                 const V&... arguments) {
    run_slots<U>(
        kernel, rest < U ? static_cast<int>(rest) : U, [&](int slot) { return positions[slot]; },
        take_items(arguments, positions)...);
}

/// `U` items of one thread, a block apart so that neighbouring threads take neighbouring items.
template <int U, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_items(const __grid_constant__ int64_t first, const __grid_constant__ int64_t count,
              const __grid_constant__ shape<R> extents, const __grid_constant__ F kernel,
              const __grid_constant__ V... arguments) {
    const int64_t item = first + static_cast<int64_t>(blockIdx.x) * (blockDim.x * U) + threadIdx.x;
    if (item >= count) return;
    shape<R> positions[U];
#pragma unroll
    for (int slot = 0; slot < U; ++slot)
        positions[slot] = position_of(item + slot * static_cast<int64_t>(blockDim.x), extents, count);
    run_apart<U>(kernel, positions, (count - item - 1) / blockDim.x + 1, arguments...);
}

/// Launches of several axes: `U` items of one thread follow each other along the axis before the last, so
/// that neighbours which one item reads are read again by the next.
template <int U, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_columns(const __grid_constant__ lines_plan<R> plan, const __grid_constant__ F kernel,
                const __grid_constant__ V... arguments) {
    const lines_place place(plan);
    const int64_t column = static_cast<int64_t>(place.block) * blockDim.x + threadIdx.x;
    if (place.line >= plan.lines || column >= plan.length) return;
    shape<R> positions[U];
    positions[0] = plan.position(place.line, column);
    positions[0][R - 2] *= U;
#pragma unroll
    for (int slot = 1; slot < U; ++slot) {
        positions[slot] = positions[0];
        positions[slot][R - 2] += slot;
    }
    run_apart<U>(kernel, positions, plan.rows - positions[0][R - 2], arguments...);
}

#pragma GCC visibility pop

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
