// SPDX-License-Identifier: Apache-2.0
// packets.cuh: how trampolines call a kernel, and the one for items that follow each other in memory.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/packets.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
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
    WARPX_INLINE __device__ static void kernel_must_be_marked_WARPX_KERNEL(const F& kernel, const A&... a) {
        kernel(a...);
    }
};
template <const auto& K> struct device_call<kernel_ref<K>> {
    template <class... A>
    WARPX_INLINE __device__ static void kernel_must_be_marked_WARPX_KERNEL(const kernel_ref<K>&,
                                                                           const A&... a) {
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
    WARPX_INLINE __device__ static void kernel_must_be_marked_WARPX_KERNEL(const struct_kernel<S>&,
                                                                           const A&... a) {
        if constexpr (requires { requires std::is_class_v<std::remove_cvref_t<decltype(S::forward)>>; })
            std::remove_cvref_t<decltype(S::forward)>{}(a...); // a static constexpr lambda
        else
            S::forward(a...);
    }
};

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

#pragma GCC visibility pop

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
