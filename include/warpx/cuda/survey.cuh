// SPDX-License-Identifier: Apache-2.0
// survey.cuh: what a launch can know of its kernel and arrays, and the way of sharing out the items that
// follows.
#pragma once

#include "../detail/byte_span.hpp"
#include "../forms/probe.hpp"
#include "crossed.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// The ways of a launch, the fastest first; each asks for more than the next.
///   packets  every array is compact, aligned and only accessed pointwise: 16 bytes at a time
///   crossed  tiles whose arrays have their neighbours along different axes (found when they are arranged)
///   tiles    every array is only accessed pointwise (launches of several axes)
///   items    nothing is written through one argument and read through another; offsets fit 32 bits
///   direct   anything else, and kernels of which nothing is known
enum class way { packets, crossed, tiles, items, direct };

/// Whether an argument is an array that can have cells in a launch of rank R: the bytes of its elements.
template <class A, int R> inline constexpr int cell_bytes = 0;
template <class T, int R, class D>
inline constexpr int cell_bytes<array<T, R, D>, R> = static_cast<int>(sizeof(T));

/// Elements that one thread takes: as many as fill a word of 16 bytes. Elements that no number of makes one
/// leave gaps between the words of neighbouring threads, which costs more than words of 4 bytes do (vec3f on
/// an H100: 2790 GB/s with 48 bytes a thread, 3068 with 12).
constexpr int slots_for(int bytes) {
    if (bytes <= 0) return 1;
    if (16 % bytes == 0) return 16 / bytes;
    return word_size(bytes) < 4 ? 4 / word_size(bytes) : 1;
}
template <int R, class... A> constexpr int slots_of() {
    int largest = 0;
    ((largest = cell_bytes<A, R> > largest ? cell_bytes<A, R> : largest), ...);
    return slots_for(largest);
}

/// Items that one thread takes where packets are out of the question: their reads are in flight together
/// (a 3-point stencil on an H100: 2287 GB/s with 1, 2703 with 2, 2844 with 4).
inline constexpr int items_each = 4;

/// Collects the arrays of a launch and says whether one that may be written overlaps another.
template <int Most> class overlaps {
public:
    void add(const byte_span& bytes, bool writable) noexcept {
        for (int k = 0; k < count_; ++k)
            if ((writable || spans_[k].writable) && bytes.meets(spans_[k].bytes)) found_ = true;
        if (count_ < Most)
            spans_[count_++] = {bytes, writable};
        else
            found_ = true;
    }
    bool found() const noexcept { return found_; }

private:
    struct {
        byte_span bytes;
        bool writable;
    } spans_[Most];
    int count_ = 0;
    bool found_ = false;
};

/// Whether packets of `W` elements along an axis are whole words at their alignment, line after line.
template <int W, class T, int R, class D> bool rows_of_packets(const array<T, R, D>& a, int axis) noexcept {
    using source = packet_source<T, W>;
    bool packed = a.stride(axis) == 1 && reinterpret_cast<uintptr_t>(a.data_handle()) % source::size == 0;
    for (int k = 0; k < R; ++k)
        packed = packed && (k == axis || a.stride(k) * static_cast<int64_t>(sizeof(T)) % source::size == 0);
    return packed;
}
/// Whether an argument is no obstacle to packets along an axis: no array with cells, rows of packets, or one
/// element for all.
template <int W, int R, class A> bool fits_packets(const A& a, int axis) noexcept {
    if constexpr (cell_bytes<A, R> > 0)
        return rows_of_packets<W>(a, axis) ||
               (std::is_const_v<typename A::element_type> && a.stride(axis) == 0);
    else
        return true;
}

/// Compiles the kernel for the host's probe. The body of a device-only lambda does not exist there, so
/// nothing becomes known of it.
template <class F, int R, class... A> void look_at() noexcept {
    if constexpr (!device_only<F>)
        kernel_probe<std::make_integer_sequence<int, sizeof...(A)>, F, R, A...>::require();
}

/// What is asked of one argument after the other: `best` drops where one does not fit.
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
                linear = linear && argument.is_compact() &&
                         reinterpret_cast<uintptr_t>(argument.data_handle()) %
                                 packet_source<typename A::element_type, W>::size ==
                             0;
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
        spans.add(byte_span::of(a), !std::is_const_v<typename A::element_type>);
        narrow = narrow && narrow_layout<A::rank()>::fits(a);
    }
};

template <int W, class F, int... Argument, int R, class... A>
way choose(std::integer_sequence<int, Argument...>, const shape<R>& extents, const A&... arguments) noexcept {
    // What a kernel has captured may be a pointer into an array, or the index of another launch.
    if (!std::is_empty_v<F> || !probe_facts<F, index<R>, A...>::complete) return way::direct;
    survey<W, R> s{extents};
    (s.template look<F, Argument>(arguments), ...);
    if (s.spans.found()) return way::direct;
    if (((cell_bytes<A, R> > 0) || ...) && s.best <= way::tiles) {
        if (s.best == way::packets && s.linear) return way::packets;
        if (R > 1) return way::tiles;
    }
    return s.best <= way::items && s.narrow ? way::items : way::direct;
}

// -- Launches of several axes -----------------------------------------------------------------------------

/// The axis along which a thread takes neighbours, and the one along which arrays that lie across have theirs
/// (-1: none does).
struct axes {
    int slots;
    int lines;
};

/// The axis along which an array has its neighbours; -1: none.
template <class T, int R, class D>
int axis_of_neighbours(const array<T, R, D>& a, const shape<R>& extents) noexcept {
    for (int axis = R - 1; axis >= 0; --axis)
        if (a.stride(axis) == 1 && extents[axis] > 1) return axis;
    return -1;
}
/// The same if an array has no neighbours along the slots, and is no broadcast along them.
template <class T, int R, class D>
int lies_across(const array<T, R, D>& a, const shape<R>& extents, int slots) noexcept {
    const int axis = axis_of_neighbours(a, extents);
    return axis == slots || a.stride(slots) == 0 ? -1 : axis;
}

/// Squares pay from here on: with fewer items along one of their axes, most of their threads would idle.
inline constexpr int64_t least_square = 16;

/// The last array that may be written decides on the slots (outputs come last, and packets that are not
/// written whole cost most); without one the last array does.
template <int R, class... A> axes choose_axes(const shape<R>& extents, const A&... arguments) noexcept {
    axes result{-1, -1};
    bool written = false;
    const auto lead = [&]<class X>(const X& a) {
        if constexpr (cell_bytes<X, R> > 0) {
            constexpr bool writable = !std::is_const_v<typename X::element_type>;
            const int axis = axis_of_neighbours(a, extents);
            if (axis < 0 || (written && !writable)) return;
            result.slots = axis;
            written = written || writable;
        }
    };
    (lead(arguments), ...);
    if (result.slots < 0) result.slots = R - 1;
    const auto cross = [&]<class X>(const X& a) {
        if constexpr (cell_bytes<X, R> > 0) {
            const int axis = lies_across(a, extents, result.slots);
            if (axis >= 0 && extents[axis] >= least_square && extents[result.slots] >= least_square &&
                cell_bytes<X, R> <= 16)
                result.lines = axis;
        }
    };
    (cross(arguments), ...);
    return result;
}

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
