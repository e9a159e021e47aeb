// SPDX-License-Identifier: Apache-2.0
// trampolines.cuh: the __global__ functions that kernels run in, one for each way to share out the items
// (crossed.cuh has another).
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/trampolines.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../detail/divider.hpp"
#include "sources.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// How device code calls a kernel object. For one given by name this is a new closure of the same type, since
/// the named object is host memory. The function's name is what nvcc's error says of a kernel without its
/// mark.
template <class F> struct device_call {
    template <class... A>
    __device__ static void kernel_must_be_marked_WARPX_KERNEL(const F& kernel, const A&... a) {
        kernel(a...);
    }
};
template <const auto& K> struct device_call<kernel_ref<K>> {
    template <class... A>
    __device__ static void kernel_must_be_marked_WARPX_KERNEL(const kernel_ref<K>&, const A&... a) {
        using closure = std::remove_cvref_t<decltype(K)>;
        static_assert(
            std::is_default_constructible_v<closure>,
            "warpx::launch: on CUDA a kernel given by name is a lambda without captures, or an object "
            "without state; pass a capturing one as an argument: launch(n, [=] WARPX_DEVICE ...)");
        if constexpr (std::is_default_constructible_v<closure>) closure{}(a...);
    }
};
template <class S> struct device_call<struct_kernel<S>> {
    template <class... A>
    __device__ static void kernel_must_be_marked_WARPX_KERNEL(const struct_kernel<S>&, const A&... a) {
        if constexpr (requires { requires std::is_class_v<std::remove_cvref_t<decltype(S::forward)>>; })
            std::remove_cvref_t<decltype(S::forward)>{}(a...); // a static constexpr lambda
        else
            S::forward(a...);
    }
};

// -- What the host passes for an array with cells --------------------------------------------------------

/// Compact, as large as the launch (the first axis may be longer), aligned for packets of `W`. Its extents
/// travel behind all arguments: what every thread needs first should lie in one line of the constant cache.
template <class T, int N, int W> struct packed_array {
    T* data;
    static constexpr bool has_cells = true;
    template <int Slots> __device__ auto packet(int64_t item, const compact_layout<N>& layout) const {
        using source = packet_source<T, Slots>;
        return cells_of<T, N, compact_layout<N>, cells<T, Slots, source>>(layout, data, source{data + item});
    }
};

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

template <class V>
concept cell_argument = requires { requires V::has_cells; };

#pragma GCC visibility push(hidden) // each shared library launches its own copy

/// Runs the kernel for the items of one thread; `positions(slot)` and `valid` say which they are.
template <int Slots, class F, class Positions, class... Local>
__device__ inline void run_slots(const F& kernel, int valid, const Positions& positions, Local... locals) {
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot)
        if (slot < valid)
            device_call<F>::kernel_must_be_marked_WARPX_KERNEL(kernel, index_access::make(positions(slot)),
                                                               locals.slot(slot)...);
    (locals.flush(), ...);
}

// -- Packets: items that follow each other in memory ------------------------------------------------------

/// What every thread of a launch of packets needs: how many packets are whole, how many items there are.
struct packet_counts {
    int64_t whole;
    int64_t count;
};
/// The extents of the launch, and of the first axis of each argument that is an array.
template <int R, int Arguments> struct packet_shapes {
    shape<R> extents;
    int64_t lengths[Arguments > 0 ? Arguments : 1];

    __device__ compact_layout<R> layout(int argument) const {
        shape<R> own = extents;
        own[0] = lengths[argument];
        return compact_layout<R>(own);
    }
};

/// Takes the number of an item apart, the last axis fastest. 32-bit divisions cost a quarter of 64-bit ones.
template <class Number, int R> __device__ inline shape<R> position_of(int64_t item, const shape<R>& extents) {
    shape<R> position;
    auto rest = static_cast<Number>(item);
#pragma unroll
    for (int axis = R - 1; axis > 0; --axis) {
        const auto extent = static_cast<Number>(extents[axis]);
        position[axis] = static_cast<int64_t>(rest % extent);
        rest /= extent;
    }
    position[0] = static_cast<int64_t>(rest);
    return position;
}
/// `count` (of all items) decides, so that every thread takes the same way.
template <int R>
__device__ inline shape<R> position_of(int64_t item, const shape<R>& extents, int64_t count) {
    if constexpr (R == 1)
        return shape<R>(item);
    else
        return count <= INT32_MAX ? position_of<uint32_t>(item, extents)
                                  : position_of<uint64_t>(item, extents);
}

/// The position `steps` items on, the last axis fastest.
template <int R> __device__ inline shape<R> advanced(shape<R> position, const shape<R>& extents, int steps) {
    if constexpr (R == 1) {
        position[0] += steps;
    } else {
        for (int step = 0; step < steps; ++step) {
            ++position[R - 1];
#pragma unroll
            for (int axis = R - 1; axis > 0; --axis)
                if (position[axis] == extents[axis]) {
                    position[axis] = 0;
                    ++position[axis - 1];
                }
        }
    }
    return position;
}

template <int Slots, class V, int R, int Arguments>
__device__ inline auto take_packet(const V& v, int64_t item, const packet_shapes<R, Arguments>& shapes,
                                   int argument) {
    if constexpr (cell_argument<V>)
        return v.template packet<Slots>(item, shapes.layout(argument));
    else
        return same_for_all<V>{v};
}
template <int Slots, int... Argument, int R, class F, class... V>
__device__ inline void run_packet(std::integer_sequence<int, Argument...>, const F& kernel,
                                  const packet_shapes<R, sizeof...(V)>& shapes, int64_t count, int64_t item,
                                  const V&... arguments) {
    const shape<R> first = position_of(item, shapes.extents, count);
    run_slots<Slots>(
        kernel, Slots, [&](int slot) { return advanced(first, shapes.extents, slot); },
        take_packet<Slots>(arguments, item, shapes, Argument)...);
}

/// Each thread takes a packet of `W` items, and the threads behind the last whole packet an item each.
template <int W, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_packets(const __grid_constant__ packet_counts counts, const __grid_constant__ V... arguments,
                const __grid_constant__ packet_shapes<R, sizeof...(V)> shapes,
                const __grid_constant__ F kernel) {
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(V)>();
    const int64_t packet = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (__builtin_expect(packet >= counts.whole, false)) {
        const int64_t item = packet + counts.whole * (W - 1);
        if (W > 1 && item < counts.count)
            run_packet<1>(numbers, kernel, shapes, counts.count, item, arguments...);
        return;
    }
    run_packet<W>(numbers, kernel, shapes, counts.count, packet * W, arguments...);
}

// -- Tiles: lines of a launch over several axes -----------------------------------------------------------

/// How a launch of several axes is shared out: a block has `blockDim.x` threads along `axis`, each with the
/// same number of items, and `blockDim.y` lines. A line is a number that the other axes count, the last one
/// fastest.
template <int R> struct lines_plan {
    int axis;
    bool packed; // all arrays have whole packets along the axis, or are broadcast along it
    uint32_t lines;
    int64_t length;        // items of a line
    int64_t rows;          // the extent of the axis before the last
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
