// SPDX-License-Identifier: Apache-2.0
// adjoint_item.hpp: one item of a fast adjoint launch: the kernel forward, then its gradients.
#pragma once

#include "adjoint_argument.hpp"
#include "call_kernel.hpp"

namespace warpx {

namespace detail {

WARPX_DETAIL_BEGIN_UNSET

/// What flows into the columns from the gradients of the cells.
template <int From, int To, class C>
WARPX_INLINE WARPX_HOST_DEVICE void flow_one(const C& c, unsigned& others) {
    if (!(c.depends[From] >> To & 1) || (From == To && (c.identical[From] >> To & 1))) return;
    c.sum[To] += c.gradient[From] * c.row[From * C::rows + To];
    others |= 1u << To;
}
template <int From, class C, int... To>
WARPX_INLINE WARPX_HOST_DEVICE void flow_from(const C& c, unsigned& others,
                                              std::integer_sequence<int, To...>) {
    (flow_one<From, To>(c, others), ...);
    if constexpr (C::gathers)
        if (c.on_tape[From]) c.bar[c.id[From]] += c.gradient[From];
}
template <class C, int... From>
WARPX_INLINE WARPX_HOST_DEVICE void flow(const C& c, unsigned& others,
                                         [[maybe_unused]] std::integer_sequence<int, From...> columns) {
    (flow_from<From>(c, others, columns), ...);
}
template <int From, int K, class C> WARPX_INLINE WARPX_HOST_DEVICE void flow_to_accumulator(const C& c) {
    if (c.accumulates[From] >> K & 1)
        c.accumulator_bar[K] += c.gradient[From] * c.row[From * C::rows + C::columns + K];
}
template <int From, class C, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void flow_to_accumulators(const C& c, std::integer_sequence<int, K...>) {
    (flow_to_accumulator<From, K>(c), ...);
}
template <class C, int... From>
WARPX_INLINE WARPX_HOST_DEVICE void flow_to_accumulators(const C& c, std::integer_sequence<int, From...>) {
    (flow_to_accumulators<From>(c, typename C::accumulator_list{}), ...);
}

template <class C, int J, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void start_column(const C& c, std::integer_sequence<int, K...>) {
    c.id[J] = 0;
    c.on_tape[J] = false;
    c.depends[J] = c.identical[J] = 1u << J;
    c.accumulates[J] = 0;
    c.sum[J] = no_sum<typename C::P>();
    ((c.row[J * C::rows + K] = K == J ? typename C::P(1) : typename C::P(0)), ...);
}
template <class C, int... J>
WARPX_INLINE WARPX_HOST_DEVICE void start_columns(const C& c, std::integer_sequence<int, J...>) {
    (start_column<C, J>(c, typename C::row_list{}), ...);
}
template <class C, int... A>
WARPX_INLINE WARPX_HOST_DEVICE void start_arguments(const C& c, std::integer_sequence<int, A...>) {
    ((c.read_elsewhere[A] = c.stored_elsewhere[A] = c.added_elsewhere[A] = false, c.last_store[A] = 0,
      c.store_direction[A] = 0, c.apart[A] = false),
     ...);
}
template <class C, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void start_accumulators(const C& c, std::integer_sequence<int, K...>) {
    ((c.used[K] = false), ...);
}
/// Prepares a pass: nothing was read, stored, or summed.
template <class C> WARPX_INLINE WARPX_HOST_DEVICE void start_pass(const C& c) {
    c.entries = 0;
    c.stored = c.sunk = 0;
    start_columns(c, typename C::column_list{});
    start_arguments(c, typename C::argument_list{});
    start_accumulators(c, typename C::accumulator_list{});
}
template <class P, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void clear_sums(P* p, std::integer_sequence<int, K...>) {
    ((p[K] = no_sum<P>()), ...);
}

/// Runs `Slots` items (1 or 2; `second`: there is a second one) that access elements with derivatives at
/// their index only: no tape, no accumulators, one pass. All are loaded before the first is written. False if
/// one needs the tape in memory: it has then written nothing. `items`: the arguments of the first item, then
/// those of the second.
template <bool Derive, class P, int Columns, adding How, int Slots, class Kernel, int R, int... A, class... I>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool
run_own_items(std::integer_sequence<int, A...>, [[maybe_unused]] bool second, const Kernel& kernel,
              const index<R> (&i)[Slots], const I&... items) {
    constexpr int arguments = static_cast<int>(sizeof...(A));
    constexpr int columns = Columns > 0 ? Columns : 1, some = arguments > 0 ? arguments : 1;
    using context = cell_context<P, Columns, arguments, 2, How, 0, false>;
    P sum[Slots * columns], value[Slots * columns], row[Slots * columns * columns], gradient[Slots * columns];
    int id[Slots * columns];
    bool on_tape[Slots * columns];
    unsigned depends[Slots * columns], identical[Slots * columns], accumulates[Slots * columns];
    bool read_elsewhere[Slots * some], stored_elsewhere[Slots * some], added_elsewhere[Slots * some];
    uintptr_t last_store[Slots * some];
    int store_direction[Slots * some];
    bool apart[Slots * some];
    int count = 0;
    bool keeping = false, bail = false;
    unsigned stored = 0, sunk = 0;
    // clang-format off
    const context c{count, keeping, bail, stored, sunk, nullptr, nullptr, nullptr, sum, nullptr, value, row,
                    gradient, id, on_tape, depends, identical, accumulates, read_elsewhere,
                    stored_elsewhere, added_elsewhere, last_store, store_direction, apart};
    // clang-format on
    if constexpr (Slots == 1) {
        (items.load(value, gradient), ...);
        start_pass(c);
        call_kernel(kernel, i[0], items.receive(c)...);
        if (bail) return false;
        if constexpr (!Derive) return true;
        unsigned others = sunk;
        flow(c, others, typename context::column_list{});
        (items.flush(c, others), ...);
        return true;
    } else {
        (pick<A>(items...).load(value, gradient), ...);
        if (second) (pick<arguments + A>(items...).load(value + columns, gradient + columns), ...);
        int count_2 = 0;
        bool keeping_2 = false, bail_2 = false;
        unsigned stored_2 = 0, sunk_2 = 0;
        // clang-format off
        const context d{count_2, keeping_2, bail_2, stored_2, sunk_2, nullptr, nullptr, nullptr, sum + columns, nullptr,
                        value + columns, row + columns * columns, gradient + columns, id + columns, on_tape + columns,
                        depends + columns, identical + columns, accumulates + columns, read_elsewhere + some,
                        stored_elsewhere + some, added_elsewhere + some, last_store + some, store_direction + some, apart + some};
        // clang-format on
        start_pass(c);
        call_kernel(kernel, i[0], pick<A>(items...).receive(c)...);
        unsigned others = sunk, others_2 = 0;
        flow(c, others, typename context::column_list{});
        if (second) {
            start_pass(d);
            call_kernel(kernel, i[1], pick<arguments + A>(items...).receive(d)...);
            others_2 = sunk_2;
            flow(d, others_2, typename context::column_list{});
        }
        if (!bail) (pick<A>(items...).flush(c, others), ...);
        if (second && !bail_2) (pick<arguments + A>(items...).flush(d, others_2), ...);
        return !bail && !bail_2;
    }
}

/// Runs an item that gathers; false if it needs the tape in memory: then nothing was written. Without
/// `Derive` it only says so.
template <bool Derive, class P, int Columns, adding How, unsigned Types, class Kernel, int R, class... I>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool run_gathering_item(const Kernel& kernel, const index<R>& i,
                                                                 const I&... items) {
    constexpr int arguments = static_cast<int>(sizeof...(I));
    constexpr int columns = Columns > 0 ? Columns : 1, some = arguments > 0 ? arguments : 1;
    constexpr int rows = Columns + most_accumulators;
    using first_pass = cell_context<P, Columns, arguments, 1, How, Types, true>;
    using second_pass = cell_context<P, Columns, arguments, 2, How, Types, true>;
    short_entry<P> tape[short_tape + 1];
    P bar[short_tape + 1], sum[columns], accumulator_bar[most_accumulators];
    P value[columns], row[columns * rows], gradient[columns];
    int id[columns];
    bool on_tape[columns], used[most_accumulators];
    unsigned depends[columns], identical[columns], accumulates[columns];
    bool read_elsewhere[some], stored_elsewhere[some], added_elsewhere[some];
    uintptr_t last_store[some];
    int store_direction[some];
    bool apart[some];
    int count = 0;
    bool keeping = false, bail = false;
    unsigned stored = 0, sunk = 0;
    // clang-format off
    clear_sums(accumulator_bar, std::make_integer_sequence<int, most_accumulators>());
    (items.load(value, gradient), ...);
    const first_pass first{count, keeping, bail, stored, sunk, used, tape, bar, sum, accumulator_bar, value, row,
                           gradient, id, on_tape, depends, identical, accumulates, read_elsewhere,
                           stored_elsewhere, added_elsewhere, last_store, store_direction, apart};
    start_pass(first);
    call_kernel(kernel, i, items.receive(first)...);
    if (bail) return false;
    if constexpr (!Derive) return true;
    if (used[0]) flow_to_accumulators(first, typename first_pass::column_list{});
    (items.load(value, gradient), ...);
    const second_pass c{count, keeping, bail, stored, sunk, used, tape, bar, sum, accumulator_bar, value, row,
                        gradient, id, on_tape, depends, identical, accumulates, read_elsewhere,
                        stored_elsewhere, added_elsewhere, last_store, store_direction, apart};
    // clang-format on
    start_pass(c);
    call_kernel(kernel, i, items.receive(c)...);
    unsigned others = sunk;
    flow(c, others, typename second_pass::column_list{});
    c.reverse();
    (items.flush(c, others), ...);
    return true;
}

/// In which types a launch may gather.
template <class V> inline constexpr unsigned stored_types = 0;
template <class T> constexpr unsigned stored_types_in() {
    if constexpr (!is_active<T>)
        return 0;
    else if constexpr (is_active_scalar<leaf_t<T>>)
        return stored_bit<leaf_t<T>>;
    else
        return 15; // a struct of several
}
template <class T, int N, class L>
inline constexpr unsigned stored_types<adjoint_view<T, N, L>> = stored_types_in<std::remove_const_t<T>>();
template <class S, class W> inline constexpr unsigned stored_types<struct_view<S, W>> = 15;

template <class V> inline constexpr bool moves_vectors = false;
template <class T, int N, class L>
inline constexpr bool moves_vectors<adjoint_view<T, N, L>> = (active_count<T> > 1);

/// The numbers of a launch's arguments, and whether it may access elements with derivatives elsewhere than at
/// the item's index. `Alone`: no other thread runs items of the launch, so that gradients need no atomics.
template <bool Gathers, bool Alone, int... A> struct item_numbers {};

/// Whether an argument's own elements go to memory, because there are too many columns or none for its type.
template <class V, int R, int First> inline constexpr bool lacks_cells = is_struct_view<V>;
template <class T, int N, class L, int R, int First>
inline constexpr bool lacks_cells<adjoint_view<T, N, L>, R, First> =
    N == R && First < 0 && is_active<std::remove_const_t<T>>;

/// What the items of a launch with these views are.
template <class Numbers, int R, class... V> struct item_kind;
template <bool Gathers, bool Alone, int... A, int R, class... V>
struct item_kind<item_numbers<Gathers, Alone, A...>, R, V...> {
    using plan = column_plan<R, V...>;
    using P = std::conditional_t<(wants_double<V> || ...), double, float>;
    static constexpr bool gathers = Gathers || (lacks_cells<V, R, plan::template first<A>> || ...);
    static constexpr adding how = Alone                       ? adding::alone
                                  : (moves_vectors<V> || ...) ? adding::atomically
                                                              : adding::by_warps;
    static constexpr unsigned types = (stored_types<V> | ... | 0u);
    template <int Argument, class View>
    using argument = item_argument<plan::template first<Argument>, Argument, R, View>;
};

/// Runs an item; false if it needs the tape in memory: then nothing was written. Without `Derive` it only
/// says so.
template <bool Derive = true, class Kernel, int R, bool Gathers, bool Alone, int... A, class... V>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool
fast_item(item_numbers<Gathers, Alone, A...>, const Kernel& kernel, const index<R>& i, const V&... views) {
    using kind = item_kind<item_numbers<Gathers, Alone, A...>, R, V...>;
    const shape<R>& position = index_access::positions(i);
    if constexpr (kind::gathers) {
        return run_gathering_item<Derive, typename kind::P, kind::plan::total, kind::how, kind::types>(
            kernel, i, typename kind::template argument<A, V>(views, position)...);
    } else {
        const index<R> positions[1] = {i};
        return run_own_items<Derive, typename kind::P, kind::plan::total, kind::how, 1>(
            std::integer_sequence<int, A...>(), false, kernel, positions,
            typename kind::template argument<A, V>(views, position)...);
    }
}

/// Runs two items, or the first one; where item_kind says that they do not gather.
template <class Kernel, int R, bool Gathers, bool Alone, int... A, class... V>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool fast_pair(item_numbers<Gathers, Alone, A...>,
                                                        const Kernel& kernel, bool second,
                                                        const index<R> (&i)[2], const V&... views) {
    using kind = item_kind<item_numbers<Gathers, Alone, A...>, R, V...>;
    return run_own_items<true, typename kind::P, kind::plan::total, kind::how, 2>(
        std::integer_sequence<int, A...>(), second, kernel, i,
        typename kind::template argument<A, V>(views, index_access::positions(i[0]))...,
        typename kind::template argument<A, V>(views, index_access::positions(i[1]))...);
}

WARPX_DETAIL_END_UNSET

} // namespace detail
} // namespace warpx
