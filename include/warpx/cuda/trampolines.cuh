// SPDX-License-Identifier: Apache-2.0
// trampolines.cuh: the __global__ functions that kernels run in, one for each way to share out the items.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/trampolines.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../forms/cell.hpp"
#include "../launch.hpp"

#include <cuda_runtime_api.h>

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// How device code calls a kernel object. For one given by name this is a new closure of the same type, since
/// the named object is host memory.
template <class F> struct device_call {
    template <class... A> __device__ static void run(const F& kernel, const A&... a) { kernel(a...); }
};
template <const auto& K> struct device_call<kernel_ref<K>> {
    template <class... A> __device__ static void run(const kernel_ref<K>&, const A&... a) {
        using closure = std::remove_cvref_t<decltype(K)>;
        static_assert(
            std::is_default_constructible_v<closure>,
            "warpx::launch: on CUDA a kernel given by name is a lambda without captures, or an object "
            "without state; pass a capturing one as an argument: launch(n, [=] WARPX_DEVICE ...)");
        if constexpr (std::is_default_constructible_v<closure>) closure{}(a...);
    }
};
template <class S> struct device_call<struct_kernel<S>> {
    template <class... A> __device__ static void run(const struct_kernel<S>&, const A&... a) {
        if constexpr (requires { requires std::is_class_v<std::remove_cvref_t<decltype(S::forward)>>; })
            std::remove_cvref_t<decltype(S::forward)>{}(a...); // a static constexpr lambda
        else
            S::forward(a...);
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

/// The position of the next item, the last axis fastest.
template <int R> __device__ inline void advance(shape<R>& position, const shape<R>& extents) {
    ++position[R - 1];
#pragma unroll
    for (int axis = R - 1; axis > 0; --axis)
        if (position[axis] == extents[axis]) {
            position[axis] = 0;
            ++position[axis - 1];
        }
}

/// What is read or written at once: a register type of 1 to 16 bytes.
template <int Bytes> struct word;
template <> struct word<1> {
    using type = unsigned char;
};
template <> struct word<2> {
    using type = unsigned short;
};
template <> struct word<4> {
    using type = unsigned int;
};
template <> struct word<8> {
    using type = uint2;
};
template <> struct word<16> {
    using type = uint4;
};

/// The largest word that divides `bytes`.
constexpr int word_size(int bytes) {
    int size = 16;
    while (bytes % size != 0) size /= 2;
    return size;
}

template <class Word> __device__ inline Word read_word(const Word* from, std::true_type /* read-only */) {
    return __ldg(from);
}
template <class Word> __device__ inline Word read_word(const Word* from, std::false_type) { return *from; }

/// `W` elements that follow each other, aligned to words.
template <class T, int W> struct packet_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = true;
    static constexpr int size = word_size(static_cast<int>(sizeof(T)) * W);
    static constexpr int words = static_cast<int>(sizeof(T)) * W / size;
    using word_type = typename word<size>::type;
    T* at;

    template <class S> __device__ void load(S* into) const {
#pragma unroll
        for (int k = 0; k < words; ++k)
            reinterpret_cast<word_type*>(into)[k] =
                read_word(reinterpret_cast<const word_type*>(at) + k, std::is_const<T>());
    }
    __device__ void store_all(const plain* values) const {
        alignas(16) plain packet[W];
#pragma unroll
        for (int slot = 0; slot < W; ++slot) packet[slot] = values[slot];
#pragma unroll
        for (int k = 0; k < words; ++k)
            reinterpret_cast<word_type*>(at)[k] = reinterpret_cast<const word_type*>(packet)[k];
    }
    __device__ void store_one(int slot, const plain& v) const { at[slot] = v; }
};

/// `W` elements `step` apart, of which the first `valid` exist; as a packet where that was found possible.
template <class T, int W> struct slot_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = true;
    T* at;
    int64_t step;
    int valid;
    bool packed;

    template <class S> __device__ void load(S* into) const {
        if (packed && valid == W) {
            packet_source<T, W>{at}.load(into);
        } else {
#pragma unroll
            for (int slot = 0; slot < W; ++slot)
                if (slot < valid) into[slot] = reinterpret_cast<const S*>(at)[slot * step];
        }
    }
    __device__ void store_all(const plain* values) const {
        if (packed) {
            packet_source<T, W>{at}.store_all(values);
        } else {
#pragma unroll
            for (int slot = 0; slot < W; ++slot) at[slot * step] = values[slot];
        }
    }
    __device__ void store_one(int slot, const plain& v) const { at[slot * step] = v; }
};

/// `W` elements anywhere, each read by itself: it may not exist.
template <class T, int W> struct apart_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = false;
    T* at[W];
    template <class S> __device__ void load_one(int slot, S& into) const {
        into = *reinterpret_cast<const S*>(at[slot]);
    }
    __device__ void store_all(const plain* values) const {
#pragma unroll
        for (int slot = 0; slot < W; ++slot) *at[slot] = values[slot];
    }
    __device__ void store_one(int slot, const plain& v) const { *at[slot] = v; }
};

/// What a trampoline makes of a launch argument that has no cells: `slot(s)` is what the kernel gets.
template <class V> struct same_for_all {
    const V& v;
    const __device__ V& slot(int) const { return v; }
    __device__ void flush() const {}
};

/// An array whose elements become cells. `Cells` live on the thread's stack until the compiler has put them
/// into registers.
template <class T, int N, class Layout, class Cells> struct cells_of {
    Layout layout;
    T* data;
    Cells cells;
    template <class Source>
    __device__ cells_of(const Layout& l, T* d, const Source& source) : layout(l), data(d), cells(source) {}
    __device__ cell_handle<T, N, Layout, Cells> slot(int s) {
        return cell_handle<T, N, Layout, Cells>(layout, data, &cells, s);
    }
    __device__ void flush() { cells.flush(); }
};

// -- What the host passes for an array, and how each trampoline takes it up
// --------------------------------------

/// Compact, as large as the launch, aligned for packets of `W`.
template <class T, int N, int W> struct packed_array {
    compact_layout<N> layout;
    T* data;
    static constexpr bool has_cells = true;
    __device__ auto packet(int64_t item) const {
        using here = cells<T, W, packet_source<T, W>>;
        return cells_of<T, N, compact_layout<N>, here>(layout, data, packet_source<T, W>{data + item});
    }
    __device__ auto element(int64_t item) const {
        using here = cells<T, 1, apart_source<T, 1>>;
        return cells_of<T, N, compact_layout<N>, here>(layout, data, apart_source<T, 1>{{data + item}});
    }
};

/// At least as large as the launch, any strides; `packed`: rows of packets along the slot axis.
template <class T, int N, int W> struct tiled_array {
    strided_layout<N> layout;
    T* data;
    int64_t step;
    bool packed;
    static constexpr bool has_cells = true;
    __device__ auto slots(const shape<N>& position, int valid) const {
        using here = cells<T, W, slot_source<T, W>>;
        return cells_of<T, N, strided_layout<N>, here>(
            layout, data, slot_source<T, W>{data + layout.offset(position), step, valid, packed});
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

/// Runs the kernel for one item with what stands for its arguments.
template <int R, class F, class... Local>
__device__ inline void run_item(const F& kernel, const shape<R>& position, int slot, Local&... locals) {
    device_call<F>::run(kernel, index_access::make(position), locals.slot(slot)...);
}

template <int W, int R, class F, class... Local>
__device__ inline void run_packet(const F& kernel, shape<R> position, const shape<R>& extents,
                                  Local... locals) {
#pragma unroll
    for (int slot = 0; slot < W; ++slot) {
        run_item(kernel, position, slot, locals...);
        advance(position, extents);
    }
    (locals.flush(), ...);
}
template <int R, class F, class... Local>
__device__ inline void run_single(const F& kernel, const shape<R>& position, Local... locals) {
    run_item(kernel, position, 0, locals...);
    (locals.flush(), ...);
}
template <int W, int R, class F, class... Local>
__device__ inline void run_slots(const F& kernel, shape<R> position, int axis, int valid, Local... locals) {
#pragma unroll
    for (int slot = 0; slot < W; ++slot) {
        if (slot < valid) run_item(kernel, position, slot, locals...);
#pragma unroll
        for (int k = 0; k < R; ++k) position[k] += k == axis;
    }
    (locals.flush(), ...);
}

template <int U, int R, class F, class... Local>
__device__ inline void run_apart(const F& kernel, const shape<R> (&positions)[U], int valid,
                                 Local... locals) {
#pragma unroll
    for (int slot = 0; slot < U; ++slot)
        if (slot < valid) run_item(kernel, positions[slot], slot, locals...);
    (locals.flush(), ...);
}

template <class V> __device__ inline auto take_packet(const V& v, int64_t item) {
    if constexpr (cell_argument<V>)
        return v.packet(item);
    else
        return same_for_all<V>{v};
}
template <class V> __device__ inline auto take_element(const V& v, int64_t item) {
    if constexpr (cell_argument<V>)
        return v.element(item);
    else
        return same_for_all<V>{v};
}
template <class V, int R> __device__ inline auto take_slots(const V& v, const shape<R>& position, int valid) {
    if constexpr (cell_argument<V>)
        return v.slots(position, valid);
    else
        return same_for_all<V>{v};
}
template <class V, int R, int U>
__device__ inline auto take_items(const V& v, const shape<R> (&positions)[U]) {
    if constexpr (cell_argument<V>)
        return v.items(positions);
    else
        return same_for_all<V>{v};
}

/// `W` items that follow each other in memory, one thread. The rest behind the last whole packet goes one by
/// one.
template <int W, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_packets(const __grid_constant__ int64_t first, const __grid_constant__ int64_t count,
                const __grid_constant__ shape<R> extents, const __grid_constant__ F kernel,
                const __grid_constant__ V... arguments) {
    const int64_t item = first + (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * W;
    if (item + W <= count) {
        run_packet<W>(kernel, position_of(item, extents, count), extents, take_packet(arguments, item)...);
    } else if constexpr (W > 1) {
#pragma unroll 1
        for (int64_t k = item; k < count; ++k)
            run_single(kernel, position_of(k, extents, count), take_element(arguments, k)...);
    }
}

/// How a launch of several axes is shared out: `W` slots along `slot_axis`, neighbouring threads along the
/// last axis, the other axes outside. `extents` count slots in groups; where lanes and slots run along
/// different axes, a block is a tile of 32 lanes and several groups, so that both directions use whole
/// sectors.
template <int R> struct tiling {
    shape<R> extents;
    shape<R> groups; // extents, the slot axis in groups of W, for tiles in tiles
    int slot_axis;
    bool crossed; // lanes and slots along different axes
};
inline constexpr int tile_lanes = 32;
inline constexpr int tile_groups = 8;

template <int W, int R, class F, class... V>
__global__ void __launch_bounds__(1024)
    run_tiles(const __grid_constant__ int64_t first, const __grid_constant__ int64_t count,
              const __grid_constant__ tiling<R> tiles, const __grid_constant__ F kernel,
              const __grid_constant__ V... arguments) {
    const int64_t number =
        first + (tiles.crossed ? static_cast<int64_t>(blockIdx.x)
                               : static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x);
    if (number >= count) return;
    shape<R> position = position_of(number, tiles.groups, count);
    const int axis = tiles.slot_axis;
    if (tiles.crossed) {
        const int lane = static_cast<int>(threadIdx.x) % tile_lanes;
        const int group = static_cast<int>(threadIdx.x) / tile_lanes;
        position[R - 1] = position[R - 1] * tile_lanes + lane;
#pragma unroll
        for (int k = 0; k < R; ++k)
            if (k == axis) position[k] = position[k] * tile_groups + group;
    }
    int64_t rest = 0;
#pragma unroll
    for (int k = 0; k < R; ++k)
        if (k == axis) {
            position[k] *= W;
            rest = tiles.extents[k] - position[k];
        }
    if (rest <= 0 || position[R - 1] >= tiles.extents[R - 1]) return;
    const int valid = rest < W ? static_cast<int>(rest) : W;
    run_slots<W>(kernel, position, axis, valid, take_slots(arguments, position, valid)...);
}

/// `U` items of one thread, `stride` apart so that neighbouring threads take neighbouring items; cells where
/// the arguments have them.
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
    const int64_t rest = (count - item - 1) / blockDim.x + 1;
    run_apart<U>(kernel, positions, rest < U ? static_cast<int>(rest) : U,
                 take_items(arguments, positions)...);
}

#pragma GCC visibility pop

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
