// SPDX-License-Identifier: Apache-2.0
// crossed.cuh: the trampoline of launches whose arrays have their neighbours along different axes (a
// transposed operand): what lies across comes through shared memory, so that all of it moves in whole
// packets.
#pragma once

#include "lines.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// A block of 256 threads works on a square of items: `width` along each of two axes, `W` of a line a thread.
template <int W> struct square {
    static constexpr int threads = 256;
    static constexpr int width = W >= 4 ? 64 : 32;
    static constexpr int lanes = width / W;
    static constexpr int lines = threads / lanes; // at once

    /// Bytes from line to line of an array in shared memory: an odd number of banks.
    template <class T>
    static constexpr int pitch =
        width * static_cast<int>(sizeof(T)) + (sizeof(T) < 4 ? 4 : static_cast<int>(sizeof(T)));
    template <class T> static constexpr int bytes = (width * pitch<T> + 15) / 16 * 16;
};
/// Bytes that a block has without asking for more.
inline constexpr int most_shared = 48 * 1024;

/// A packet from memory, or elements that were staged; writes of those go to memory one by one.
template <class T, int W> struct crossed_row_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = true;
    T* at;
    int64_t step;
    const unsigned char* staged; // null: not staged

    template <class S> __device__ void load(S* into) const {
        if (staged == nullptr) {
            row_source<T, W>{at, step == 0}.load(into);
        } else {
#pragma unroll
            for (int slot = 0; slot < W; ++slot)
                into[slot] = *reinterpret_cast<const S*>(staged + slot * square<W>::template pitch<S>);
        }
    }
    __device__ void store_all(const plain* values) const {
        if (staged == nullptr) {
            packet_source<T, W>{at}.store_all(values);
        } else {
#pragma unroll
            for (int slot = 0; slot < W; ++slot) at[slot * step] = values[slot];
        }
    }
    __device__ void store_one(int slot, const plain& v) const { at[slot * step] = v; }
};

/// The same for elements that may not exist.
template <class T, int W> struct crossed_apart_source : apart_source<T, W> {
    const unsigned char* staged;
    int staged_step;
    __device__ crossed_apart_source(T* first, int64_t step, const unsigned char* s, int by)
        : apart_source<T, W>(first, step), staged(s), staged_step(by) {}
    template <class S> __device__ void load_one(int slot, S& into) const {
        if (staged == nullptr)
            apart_source<T, W>::load_one(slot, into);
        else
            into = *reinterpret_cast<const S*>(staged + slot * staged_step);
    }
};

/// What the host passes. `shared`: its place in the block's memory if the array lies across, else -1.
template <class T, int N, int W> struct crossed_array {
    strided_layout<N> layout;
    T* data;
    int64_t step;      // along the slots
    int64_t line_step; // along the other axis of the square
    int shared;
    bool packed; // lies across, in whole packets
    static constexpr bool has_cells = true;
    using form = square<W>;
    using stored = std::conditional_t<std::is_same_v<std::remove_const_t<T>, bool>, unsigned char,
                                      std::remove_const_t<T>>;

    /// Brings a square into shared memory; `across` and `along` of it exist along the slots and along the
    /// other axis, where this array has its neighbours.
    template <bool Whole>
    __device__ void stage(unsigned char* memory, const shape<N>& corner, int across, int along) const {
        if (shared < 0) return;
        const T* const from = data + layout.offset(corner);
        unsigned char* const to = memory + shared;
        const int lane = static_cast<int>(threadIdx.x) % form::lanes;
        const int first = static_cast<int>(threadIdx.x) / form::lanes;
        if (Whole || (packed && across == form::width && along == form::width)) {
#pragma unroll
            for (int line = 0; line < form::width; line += form::lines) {
                alignas(16) stored packet[W];
                packet_source<T, W>{const_cast<T*>(from) + (first + line) * step + lane * W}.load(packet);
                auto* const row = reinterpret_cast<stored*>(to + (first + line) * form::template pitch<T>);
#pragma unroll
                for (int slot = 0; slot < W; ++slot) row[lane * W + slot] = packet[slot];
            }
        } else {
#pragma unroll 1
            for (int line = first; line < across; line += form::lines) {
                auto* const row = reinterpret_cast<stored*>(to + line * form::template pitch<T>);
                const auto* const source = reinterpret_cast<const stored*>(from + line * step);
#pragma unroll
                for (int at = lane; at < form::width; at += form::lanes)
                    if (at < along) row[at] = source[at];
            }
        }
    }
    /// The elements of line `line` of the square, from `begin`, `first` items from the square's corner.
    __device__ auto row(const unsigned char* memory, const shape<N>& begin, int first, int line) const {
        using source = crossed_row_source<T, W>;
        return cells_of<T, N, strided_layout<N>, cells<T, W, source>>(
            layout, data, source{at(begin, line), step, staged(memory, first, line)});
    }
    __device__ auto apart(const unsigned char* memory, const shape<N>& begin, int first, int line,
                          int slot_step) const {
        using source = crossed_apart_source<T, W>;
        return cells_of<T, N, strided_layout<N>, cells<T, W, source>>(
            layout, data,
            source(at(begin, line), slot_step * step, staged(memory, first, line),
                   slot_step * form::template pitch<T>));
    }

private:
    __device__ T* at(const shape<N>& begin, int line) const {
        return data + layout.offset(begin) + line * line_step; // the first term once a thread
    }
    const __device__ unsigned char* staged(const unsigned char* memory, int first, int line) const {
        return shared < 0
                   ? nullptr
                   : memory + shared + first * form::template pitch<T> + line * static_cast<int>(sizeof(T));
    }
};

/// How a launch is shared out in squares along two axes; the other axes count the squares.
template <int R> struct squares_plan {
    int slot_axis;
    int line_axis;
    bool packed; // what does not lie across has whole packets along the slots, or is broadcast along them
    int64_t slot_extent;
    int64_t line_extent;
    divider squares_across; // along the slot axis
    divider squares_along;  // along the line axis
    divider others[R];      // 1 for these two
};

/// The square of a block: its first item, and how much of it exists.
template <int R> struct square_place {
    shape<R> corner;
    int across; // along the slot axis
    int along;  // along the line axis

    __device__ square_place(const squares_plan<R>& plan, int width) {
        uint32_t rest = blockIdx.x, next = plan.squares_across.divide(rest);
        const auto first = static_cast<int64_t>(rest - next * plan.squares_across.by) * width;
        rest = next;
        next = plan.squares_along.divide(rest);
        const auto second = static_cast<int64_t>(rest - next * plan.squares_along.by) * width;
        rest = next;
#pragma unroll
        for (int k = R - 1; k >= 0; --k) {
            next = plan.others[k].divide(rest);
            const int64_t outside = rest - next * plan.others[k].by;
            rest = next;
            corner[k] = k == plan.slot_axis ? first : k == plan.line_axis ? second : outside;
        }
        const int64_t left_across = plan.slot_extent - first, left_along = plan.line_extent - second;
        across = left_across < width ? static_cast<int>(left_across) : width;
        along = left_along < width ? static_cast<int>(left_along) : width;
    }
};

#pragma GCC visibility push(hidden)

template <bool Whole, class V, int R>
__device__ inline void stage(const V& v, unsigned char* memory, const shape<R>& corner, int across,
                             int along) {
    if constexpr (cell_argument<V>) v.template stage<Whole>(memory, corner, across, along);
}
template <class V, int R>
__device__ inline auto take_crossed_row(const V& v, const unsigned char* memory, const shape<R>& begin,
                                        int first, int line) {
    if constexpr (cell_argument<V>)
        return v.row(memory, begin, first, line);
    else
        return same_for_all<V>{v};
}
template <class V, int R>
__device__ inline auto take_crossed_apart(const V& v, const unsigned char* memory, const shape<R>& begin,
                                          int first, int line, int slot_step) {
    if constexpr (cell_argument<V>)
        return v.apart(memory, begin, first, line, slot_step);
    else
        return same_for_all<V>{v};
}

/// `Whole`: all squares are whole and everything moves in packets (see run_tiles).
template <bool Whole, int W, int R, class F, class... V>
__global__ void __launch_bounds__(square<W>::threads)
    run_crossed(const __grid_constant__ squares_plan<R> plan, const __grid_constant__ F kernel,
                const __grid_constant__ V... arguments) {
    extern __shared__ __align__(16) unsigned char square_memory[];
    using form = square<W>;
    const square_place<R> place(plan, form::width);
    (stage<Whole>(arguments, square_memory, place.corner, place.across, place.along), ...);
    __syncthreads();

    const bool packed = Whole || plan.packed;
    const int lane = static_cast<int>(threadIdx.x) % form::lanes;
    const int first = packed ? lane * W : lane;
    const int rest = Whole ? W : place.across - first, lines = Whole ? form::width : place.along;
    if (rest <= 0) return;
    const shape<R> begin = moved(place.corner, plan.slot_axis, first);
    int line = static_cast<int>(threadIdx.x) / form::lanes;
    if (Whole || (packed && rest >= W)) {
#pragma unroll 1
        for (; line < lines; line += form::lines) {
            const shape<R> position = moved(begin, plan.line_axis, line);
            run_slots<W>(
                kernel, W, [&](int slot) { return moved(position, plan.slot_axis, slot); },
                take_crossed_row(arguments, square_memory, begin, first, line)...);
        }
    } else {
        const int slot_step = packed ? 1 : form::lanes;
        const int valid = rest > (W - 1) * slot_step ? W : (rest - 1) / slot_step + 1;
#pragma unroll 1
        for (; line < lines; line += form::lines) {
            const shape<R> position = moved(begin, plan.line_axis, line);
            run_slots<W>(
                kernel, valid, [&](int slot) { return moved(position, plan.slot_axis, slot * slot_step); },
                take_crossed_apart(arguments, square_memory, begin, first, line, slot_step)...);
        }
    }
}

#pragma GCC visibility pop

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
