// SPDX-License-Identifier: Apache-2.0
// plan.cuh: which trampoline a launch takes, and what it passes: decided by what is known of the kernel and
// the arrays.
#pragma once

#include "survey.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// The blocks of a launch, and the way it goes. With `per_block`, the first argument of the trampoline is the
/// number of the first item: a launch of more blocks than a grid holds comes as several.
template <way, bool Whole = false> struct grid {
    int64_t blocks;
    dim3 threads;
    int64_t per_block = 0;
    int shared_bytes = 0;
};
inline constexpr int64_t most_blocks = INT32_MAX;

constexpr int64_t blocks_for(int64_t items, int64_t per_block) { return (items - 1) / per_block + 1; }
constexpr bool is_narrow(int64_t number) { return number <= INT32_MAX; }

// -- What is passed ---------------------------------------------------------------------------------------

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
        return packed_array<typename A::element_type, R, W>{a.data_handle()};
    else
        return bound<memory_only, Argument, A>::make(memory_only{}, a);
}
template <int R, class A> int64_t length_of(const A& a) {
    if constexpr (cell_bytes<A, R> > 0)
        return a.extent(0);
    else
        return 0;
}
template <int W, int R, int Argument, class A> auto pass_tiled(const A& a, int axis) {
    if constexpr (cell_bytes<A, R> > 0)
        return tiled_array<typename A::element_type, R, W>{strided_layout<R>(a), a.data_handle(),
                                                           a.stride(axis)};
    else
        return bound<memory_only, Argument, A>::make(memory_only{}, a);
}
template <int R, int Argument, class A> auto pass_narrow(const A& a) {
    if constexpr (cell_bytes<A, R> > 0)
        return narrow_array<typename A::element_type, R>{narrow_layout<R>(a), a.data_handle()};
    else
        return bound<narrow_memory_only, Argument, A>::make(narrow_memory_only{}, a);
}
/// What is found while the arrays of a launch in squares are passed, one after the other.
struct crossing {
    int shared_bytes = 0;      // that earlier arrays took
    bool packed = true;        // what does not lie across fits packets along the slots
    bool packed_across = true; // what lies across has packets along its own neighbours
};
template <int W, int R, int Argument, class A>
auto pass_crossed(const A& a, const shape<R>& extents, const axes& chosen, crossing& found) {
    if constexpr (cell_bytes<A, R> > 0) {
        constexpr int bytes = square<W>::template bytes<typename A::element_type>;
        const bool across = cell_bytes<A, R> <= 16 && found.shared_bytes + bytes <= most_shared &&
                            lies_across(a, extents, chosen.slots) == chosen.lines;
        const bool packed = across && rows_of_packets<W>(a, chosen.lines);
        const int place = across ? found.shared_bytes : -1;
        if (across) {
            found.shared_bytes += bytes;
            found.packed_across = found.packed_across && packed;
        } else {
            found.packed = found.packed && fits_packets<W, R>(a, chosen.slots);
        }
        return crossed_array<typename A::element_type, R, W>{
            strided_layout<R>(a),   a.data_handle(), a.stride(chosen.slots),
            a.stride(chosen.lines), place,           packed};
    } else {
        return bound<memory_only, Argument, A>::make(memory_only{}, a);
    }
}

// -- How the items are shared out -------------------------------------------------------------------------

/// Lines along `axis`, of which a thread takes `each` items; false if a grid does not hold them.
template <int R>
bool plan_lines(const shape<R>& extents, int axis, int each, int block_size, lines_plan<R>& plan, auto& g) {
    const int64_t length = blocks_for(extents[axis], each);
    int64_t lines = 1;
    for (int k = 0, other = 0; k < R; ++k) {
        if (k == axis) continue;
        if (!checked_multiply(lines, extents[k], lines) || !is_narrow(lines)) return false;
        plan.others[other++] = divider(static_cast<uint32_t>(extents[k]));
    }
    int64_t along = block_size;
    while (along / 2 >= length) along /= 2;
    const int64_t beside = block_size / along;
    const int64_t blocks_along = blocks_for(length, along), blocks_beside = blocks_for(lines, beside);
    if (!is_narrow(extents[axis]) || !is_narrow(blocks_along * blocks_beside)) return false;
    plan.axis = axis;
    plan.packed = false;
    plan.length = extents[axis];
    plan.lines = static_cast<uint32_t>(lines);
    plan.blocks_along = divider(static_cast<uint32_t>(blocks_along));
    g.blocks = blocks_along * blocks_beside;
    g.threads = dim3(static_cast<unsigned>(along), static_cast<unsigned>(beside));
    return true;
}

/// Squares along two axes; false if a grid does not hold them.
template <int W, int R>
bool plan_squares(const shape<R>& extents, const axes& chosen, squares_plan<R>& plan, int64_t& blocks) {
    blocks = 1;
    for (int k = 0; k < R; ++k) {
        const bool in_square = k == chosen.slots || k == chosen.lines;
        const int64_t count = in_square ? blocks_for(extents[k], square<W>::width) : extents[k];
        if (!checked_multiply(blocks, count, blocks) || !is_narrow(blocks)) return false;
        (k == chosen.slots   ? plan.squares_across
         : k == chosen.lines ? plan.squares_along
                             : plan.others[k]) = divider(static_cast<uint32_t>(count));
    }
    plan.slot_axis = chosen.slots;
    plan.line_axis = chosen.lines;
    plan.slot_extent = extents[chosen.slots];
    plan.line_extent = extents[chosen.lines];
    return true;
}

/// One item a thread, with handles that the kernel takes as they are.
template <class Run, int R, class F, class... V>
auto run_directly(const Run& run, int block_size, const shape<R>& extents, const F& kernel,
                  const V&... handles) {
    const int64_t count = extents.count();
    return run(reinterpret_cast<const void*>(&run_items<1, R, F, V...>),
               grid<way::direct>{blocks_for(count, block_size), dim3(block_size), block_size}, int64_t{0},
               count, extents, kernel, handles...);
}

/// Squares: `run` with what was passed, if a grid holds them.
template <int W, int R, class F, class Run, class... V>
auto run_squares(const Run& run, const squares_plan<R>& plan, int64_t blocks, const crossing& found,
                 const F& kernel, const V&... passed) {
    const dim3 threads(square<W>::threads);
    if (found.packed && found.packed_across && plan.slot_extent % square<W>::width == 0 &&
        plan.line_extent % square<W>::width == 0)
        return run(reinterpret_cast<const void*>(&run_crossed<true, W, R, F, V...>),
                   grid<way::crossed, true>{blocks, threads, 0, found.shared_bytes}, plan, kernel, passed...);
    return run(reinterpret_cast<const void*>(&run_crossed<false, W, R, F, V...>),
               grid<way::crossed>{blocks, threads, 0, found.shared_bytes}, plan, kernel, passed...);
}
template <int W, int R, class F, class Run, class... V>
auto run_lines(const Run& run, const lines_plan<R>& plan, const grid<way::tiles>& g, const F& kernel,
               const V&... passed) {
    if (plan.packed && plan.length % W == 0)
        return run(reinterpret_cast<const void*>(&run_tiles<true, W, R, F, V...>),
                   grid<way::tiles, true>{g.blocks, g.threads}, plan, kernel, passed...);
    return run(reinterpret_cast<const void*>(&run_tiles<false, W, R, F, V...>), g, plan, kernel, passed...);
}

/// Decides, and calls `run(trampoline, grid, parameters...)`.
template <int W, class Run, int... Argument, int R, class F, class... A>
auto arrange(const Run& run, std::integer_sequence<int, Argument...>, int block_size, const shape<R>& extents,
             const F& kernel, const A&... arguments) {
    constexpr int with_cells = ((cell_bytes<A, R> > 0) + ... + 0);
    const way chosen = choose<W, F>(std::integer_sequence<int, Argument...>(), extents, arguments...);
    const int64_t count = extents.count();
    if constexpr (with_cells > 0) {
        const int64_t whole = count / W, blocks = blocks_for(whole + count % W, block_size);
        if (chosen == way::packets && is_narrow(blocks)) {
            return run(reinterpret_cast<const void*>(
                           &run_packets<W, R, F, decltype(pass_packed<W, R, Argument>(arguments))...>),
                       grid<way::packets>{blocks, dim3(block_size)}, packet_counts{whole, count},
                       pass_packed<W, R, Argument>(arguments)...,
                       packet_shapes<R, sizeof...(A)>{extents, {length_of<R>(arguments)...}}, kernel);
        }
    }
    if constexpr (with_cells > 0 && R > 1) {
        if (chosen == way::tiles) {
            const axes ways = choose_axes(extents, arguments...);
            if constexpr (with_cells > 1) {
                squares_plan<R> squares;
                int64_t blocks = 0;
                if (ways.lines >= 0 && plan_squares<W>(extents, ways, squares, blocks)) {
                    crossing found;
                    return [&](const auto&... passed) {
                        squares.packed = found.packed;
                        return run_squares<W>(run, squares, blocks, found, kernel, passed...);
                    }(pass_crossed<W, R, Argument>(arguments, extents, ways, found)...);
                }
            }
            lines_plan<R> lines;
            grid<way::tiles> g{};
            if (plan_lines(extents, ways.slots, W, block_size, lines, g)) {
                lines.packed = (fits_packets<W, R>(arguments, ways.slots) && ...);
                return run_lines<W>(run, lines, g, kernel,
                                    pass_tiled<W, R, Argument>(arguments, ways.slots)...);
            }
        }
    }
    if constexpr (R == 1) {
        if (chosen == way::items)
            return run(reinterpret_cast<const void*>(
                           &run_items<items_each, R, F, decltype(pass_narrow<R, Argument>(arguments))...>),
                       grid<way::items>{blocks_for(count, int64_t{block_size} * items_each), dim3(block_size),
                                        int64_t{block_size} * items_each},
                       int64_t{0}, count, extents, kernel, pass_narrow<R, Argument>(arguments)...);
    } else {
        shape<R> threads = extents;
        threads[R - 2] = blocks_for(extents[R - 2], items_each);
        lines_plan<R> columns;
        grid<way::items> g{};
        if (chosen == way::items && plan_lines(threads, R - 1, 1, block_size, columns, g)) {
            columns.rows = extents[R - 2];
            return run(reinterpret_cast<const void*>(
                           &run_columns<items_each, R, F, decltype(pass_narrow<R, Argument>(arguments))...>),
                       g, columns, kernel, pass_narrow<R, Argument>(arguments)...);
        }
    }
    return run_directly(run, block_size, extents, kernel,
                        bound<form::strided, Argument, A>::make(form::strided{}, arguments)...);
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
