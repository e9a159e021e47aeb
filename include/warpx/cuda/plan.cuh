// SPDX-License-Identifier: Apache-2.0
// plan.cuh: which trampoline a launch takes, and what it passes: decided by what is known of the kernel and
// the arrays.
#pragma once

#include "../forms/probe.hpp"
#include "trampolines.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// The ways of a launch, the fastest first; each asks for more than the next.
///   packets  every array is compact, aligned and only accessed pointwise: 16 bytes at a time
///   tiles    every array is only accessed pointwise (launches of several axes)
///   items    nothing is written through one argument and read through another; offsets fit 32 bits
///   direct   anything else, and kernels of which nothing is known
enum class way { packets, tiles, items, direct };

/// How many threads' worth of work there is: `count` units, `per_block` of them in a block of `block_size`.
struct grid {
    int64_t count;
    int64_t per_block;
    int block_size;
};

/// Whether an argument is an array that can have cells in a launch of rank R.
template <class A, int R> inline constexpr int cell_bytes = 0;
template <class T, int R, class D>
inline constexpr int cell_bytes<array<T, R, D>, R> = static_cast<int>(sizeof(T));

/// Elements that one thread takes: as many of the largest as fill words of 16 bytes, in at most 64 bytes.
constexpr int slots_for(int bytes) {
    for (int slots = 1; bytes > 0 && slots <= 16 && slots * bytes <= 64; slots *= 2)
        if (slots * bytes % 16 == 0) return slots;
    return 1;
}
template <int R, class... A> constexpr int slots_of() {
    int largest = 0;
    ((largest = cell_bytes<A, R> > largest ? cell_bytes<A, R> : largest), ...);
    return slots_for(largest);
}

/// Items that one thread takes where packets are out of the question: their reads are in flight together
/// (a 3-point stencil on an H100: 2287 GB/s with 1, 2703 with 2, 2844 with 4).
inline constexpr int items_each = 4;

// -- What is known
// --------------------------------------------------------------------------------------------------

/// The bytes that an array spans.
struct span_of_bytes {
    uintptr_t begin, end;
    bool writable;
};

template <class T, int N, class D> span_of_bytes span_of(const array<T, N, D>& a) noexcept {
    int64_t low = 0, high = 1;
    for (int axis = 0; axis < N; ++axis) {
        const int64_t reach = (a.extent(axis) - 1) * a.stride(axis);
        if (a.extent(axis) == 0) high = low = 0;
        if (a.extent(axis) == 0) break;
        (reach < 0 ? low : high) += reach;
    }
    const auto data = reinterpret_cast<uintptr_t>(a.data_handle());
    constexpr auto size = static_cast<int64_t>(sizeof(T));
    return {data + static_cast<uintptr_t>(low * size), data + static_cast<uintptr_t>(high * size),
            !std::is_const_v<T>};
}

/// Collects the arrays of a launch and says whether one that may be written overlaps another.
template <int Most> class overlaps {
public:
    void add(const span_of_bytes& s) noexcept {
        for (int k = 0; k < count_; ++k) {
            const span_of_bytes& o = spans_[k];
            if ((s.writable || o.writable) && s.begin < o.end && o.begin < s.end) found_ = true;
        }
        if (count_ < Most)
            spans_[count_++] = s;
        else
            found_ = true;
    }
    bool found() const noexcept { return found_; }

private:
    span_of_bytes spans_[Most];
    int count_ = 0;
    bool found_ = false;
};

/// Compiles the kernel for the host's probe. The body of a device-only lambda does not exist there, so
/// nothing becomes known of it.
template <class F, int R, class... A> void look_at() noexcept {
    if constexpr (!device_only<F>)
        kernel_probe<std::make_integer_sequence<int, sizeof...(A)>, F, R, A...>::require();
}

/// What the plan needs of one argument, and drops a rank in `best` where it does not fit.
template <int W, int R> struct survey {
    const shape<R>& extents;
    way best = way::packets;
    bool narrow = true;
    bool linear = true;
    overlaps<16> spans{};

    void at_least(way w) noexcept { best = w > best ? w : best; }

    template <class Kernel, int Argument, class A> void look(const A& argument) noexcept {
        using facts = access_facts<Kernel, Argument>;
        if constexpr (is_array_v<A>) {
            add(argument);
            if (facts::shared) {
                at_least(facts::pointwise && !std::is_const_v<typename A::element_type> ? way::direct
                                                                                        : way::items);
            } else if constexpr (A::rank() == R) {
                linear = linear && packable(argument);
                for (int axis = 0; axis < R; ++axis) {
                    if (argument.extent(axis) < extents[axis]) at_least(way::items);
                    if (argument.extent(axis) != extents[axis] && axis > 0) linear = false;
                }
            }
        } else if constexpr (argument_traits<A>::holds_arrays) {
            for_each_array([this](const auto& a) { add(a); }, argument);
            at_least(way::items);
        } else if constexpr (std::is_pointer_v<A>) {
            at_least(way::direct); // may point into an array
        }
    }

private:
    template <class A> void add(const A& a) noexcept {
        spans.add(span_of(a));
        narrow = narrow && narrow_layout<A::rank()>::fits(a);
    }
    template <class A> static bool packable(const A& a) noexcept {
        using source = packet_source<typename A::element_type, W>;
        return a.is_compact() && reinterpret_cast<uintptr_t>(a.data_handle()) % source::size == 0;
    }
};

// -- What is passed
// ---------------------------------------------------------------------------------------------------

/// The arrays that have no cells: their handles still give the located type of the cells.
struct memory_only {
    template <class T, int N, int Argument> using handle = cell_handle<T, N, strided_layout<N>, no_cells>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a);
    }
};
struct narrow_memory_only {
    template <class T, int N, int Argument> using handle = cell_handle<T, N, narrow_layout<N>, no_cells>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a);
    }
};

template <int W, int R, int Argument, class A> auto pass_packed(const A& a) {
    if constexpr (cell_bytes<A, R> > 0)
        return packed_array<typename A::element_type, R, W>{compact_layout<R>(a), a.data_handle()};
    else
        return bound<memory_only, Argument, A>::make(memory_only{}, a);
}
template <int R, int Argument, class A> auto pass_narrow(const A& a) {
    if constexpr (cell_bytes<A, R> > 0)
        return narrow_array<typename A::element_type, R>{narrow_layout<R>(a), a.data_handle()};
    else
        return bound<narrow_memory_only, Argument, A>::make(narrow_memory_only{}, a);
}

/// The slots of an array in tiles along `axis`: whole packets if they follow each other and every row of them
/// is aligned.
template <int W, int R, int Argument, class A> auto pass_tiled(const A& a, int axis) {
    if constexpr (cell_bytes<A, R> > 0) {
        using T = typename A::element_type;
        using source = packet_source<T, W>;
        bool packed = a.stride(axis) == 1 && reinterpret_cast<uintptr_t>(a.data_handle()) % source::size == 0;
        for (int k = 0; k < R; ++k)
            packed =
                packed && (k == axis || a.stride(k) * static_cast<int64_t>(sizeof(T)) % source::size == 0);
        return tiled_array<T, R, W>{strided_layout<R>(a), a.data_handle(), a.stride(axis), packed};
    } else {
        return bound<memory_only, Argument, A>::make(memory_only{}, a);
    }
}

/// Slots run along the last axis, or along the axis where other arrays have their neighbours (a transposed
/// operand); the last axis stays that of the lanes.
template <int W, int R, class... A>
int slot_axis_of(const shape<R>& extents, const A&... arguments) noexcept {
    int bytes[R] = {};
    const auto look = [&]<class X>(const X& a) {
        if constexpr (cell_bytes<X, R> > 0)
            for (int axis = 0; axis < R; ++axis)
                if (a.stride(axis) == 1 && extents[axis] > 1 && (axis == R - 1 || a.stride(R - 1) != 0))
                    bytes[axis] += cell_bytes<X, R>;
    };
    (look(arguments), ...);
    int best = R - 1;
    bool others = false;
    for (int axis = 0; axis + 1 < R; ++axis)
        if (bytes[axis] > 0 && (!others || bytes[axis] > bytes[best])) best = axis, others = true;
    return best;
}

/// Decides, and calls `run(trampoline, grid, extents, kernel, arguments as passed...)`.
template <int W, class Run, int... Argument, int R, class F, class... A>
auto arrange(const Run& run, std::integer_sequence<int, Argument...>, int block_size, const shape<R>& extents,
             const F& kernel, const A&... arguments) {
    constexpr bool has_cells = ((cell_bytes<A, R> > 0) || ...);
    way chosen = way::direct;
    if (probe_facts<F>::complete) {
        survey<W, R> s{extents};
        (s.template look<F, Argument>(arguments), ...);
        if (s.spans.found())
            chosen = way::direct;
        else if (s.best == way::packets && has_cells)
            chosen = s.linear ? way::packets : R > 1 ? way::tiles : s.narrow ? way::items : way::direct;
        else
            chosen = s.best <= way::items && s.narrow ? way::items : way::direct;
    }
    const int64_t count = extents.count();
    if constexpr (has_cells) {
        if (chosen == way::packets) {
            const auto* const f = reinterpret_cast<const void*>(
                &run_packets<W, R, F, decltype(pass_packed<W, R, Argument>(arguments))...>);
            return run(f, grid{count, int64_t{block_size} * W, block_size}, extents, kernel,
                       pass_packed<W, R, Argument>(arguments)...);
        }
    }
    if constexpr (has_cells && R > 1) {
        if (chosen == way::tiles) {
            tiling<R> tiles{extents, extents, slot_axis_of<W, R>(extents, arguments...), false};
            const int axis = tiles.slot_axis;
            tiles.crossed = axis != R - 1;
            tiles.groups[axis] = (extents[axis] + W - 1) / W;
            if (tiles.crossed) {
                tiles.groups[axis] = (tiles.groups[axis] + tile_groups - 1) / tile_groups;
                tiles.groups[R - 1] = (extents[R - 1] + tile_lanes - 1) / tile_lanes;
            }
            const auto* const f = reinterpret_cast<const void*>(
                &run_tiles<W, R, F, decltype(pass_tiled<W, R, Argument>(arguments, 0))...>);
            const grid g = tiles.crossed ? grid{tiles.groups.count(), 1, tile_lanes * tile_groups}
                                         : grid{tiles.groups.count(), block_size, block_size};
            return run(f, g, tiles, kernel, pass_tiled<W, R, Argument>(arguments, axis)...);
        }
    }
    const grid g{count, block_size, block_size};
    if (chosen == way::items) {
        const auto* const f = reinterpret_cast<const void*>(
            &run_items<items_each, R, F, decltype(pass_narrow<R, Argument>(arguments))...>);
        return run(f, grid{count, int64_t{block_size} * items_each, block_size}, extents, kernel,
                   pass_narrow<R, Argument>(arguments)...);
    }
    const auto* const f = reinterpret_cast<const void*>(
        &run_items<1, R, F, typename bound<form::strided, Argument, A>::type...>);
    return run(f, g, extents, kernel, bound<form::strided, Argument, A>::make(form::strided{}, arguments)...);
}
template <class Run, int R, class F, class... A>
auto arrange(const Run& run, int block_size, const shape<R>& extents, const F& kernel,
             const A&... arguments) {
    return arrange<slots_of<R, A...>()>(run, std::make_integer_sequence<int, sizeof...(A)>(), block_size,
                                        extents, kernel, arguments...);
}

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
