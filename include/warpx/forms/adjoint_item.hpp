// SPDX-License-Identifier: Apache-2.0
// adjoint_item.hpp: one item of an adjoint launch: the kernel forward, then its gradients.
#pragma once

#include "../arguments.hpp"
#include "../gradient.hpp"
#include "adjoint.hpp"
#include "taped.hpp"

// Derivatives that a mask says are not there are never set.
#if defined(__GNUC__) && !defined(__clang__)
#    pragma GCC diagnostic push
#    pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#    pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace warpx {

namespace detail {

// -- What a launch passes for each argument
// ------------------------------------------------------------------

/// A scalar whose gradient is summed in `sum` and then added to `gradient`.
template <class T, class P> struct scalar_view {
    T value;
    P* sum;
    T* gradient;
};

/// A struct whose arrays are views.
template <class S, class Views> struct struct_view {
    using described_type = S;
    using views = Views;
    template <class F> using field = typename bound<Views, 0, F>::type;
    typename struct_traits<S>::template rebind<field> fields;
};
template <class X> inline constexpr bool is_scalar_view = false;
template <class T, class P> inline constexpr bool is_scalar_view<scalar_view<T, P>> = true;
template <class X> inline constexpr bool is_struct_view = false;
template <class S, class W> inline constexpr bool is_struct_view<struct_view<S, W>> = true;

/// What a kernel receives for one field of it.
template <class C, class Views, class F> struct field_handle {
    using type = F;
};
template <class C, class Views, class T, int N, class D> struct field_handle<C, Views, array<T, N, D>> {
    using type = adjoint_handle<T, N, C, typename Views::template layout<N>>;
};
template <class C, class Views, class S> struct struct_handle;
template <class C, class Views, described S>
    requires(argument_traits<S>::holds_arrays)
struct field_handle<C, Views, S> {
    using type = struct_handle<C, Views, S>;
};
template <class C> struct attach_fields {
    const C* c;
    int argument;
    template <class H> WARPX_INLINE WARPX_HOST_DEVICE void operator()(H& handle) const noexcept {
        if constexpr (requires { handle.attach(c, argument); }) handle.attach(c, argument);
    }
};
template <class C, class Views> struct struct_field {
    template <class F> using handle = typename field_handle<C, Views, F>::type;
};
template <class C, class Views, class S>
struct struct_handle : struct_traits<S>::template rebind<struct_field<C, Views>::template handle> {
    using traits = struct_traits<S>;
    using fields = typename traits::template rebind<struct_field<C, Views>::template handle>;
    WARPX_INLINE WARPX_HOST_DEVICE explicit struct_handle(const struct_view<S, Views>& v) noexcept
        : fields(traits::template convert<struct_field<C, Views>::template handle>(v.fields)) {}
    WARPX_INLINE WARPX_HOST_DEVICE void attach(const C* c, int argument) noexcept {
        traits::each(attach_fields<C>{c, argument}, static_cast<fields&>(*this));
    }
};

/// Columns of one argument in a launch of rank `R`.
template <class V, int R> inline constexpr int columns_of = 0;
template <class T, int N, class L, int R>
    requires(N == R)
inline constexpr int columns_of<adjoint_view<T, N, L>, R> = active_count<T>;
template <class T, class P, int R> inline constexpr int columns_of<scalar_view<T, P>, R> = active_count<T>;

/// Masks of columns have 32 bits: arrays beyond that have none and go to memory.
inline constexpr int most_columns = 28;
template <int R, class... V> struct column_plan {
    static constexpr int arguments = static_cast<int>(sizeof...(V));
    struct numbers {
        int first[arguments + 1];
        int total;
    };
    static constexpr numbers make() {
        const int wanted[] = {columns_of<V, R>..., 0};
        const bool needs[] = {is_scalar_view<V>..., false};
        numbers n{};
        int scalars = 0; // they have no memory to go to
        for (int k = 0; k < arguments; ++k)
            if (needs[k]) scalars += wanted[k];
        for (int k = 0; k < arguments; ++k) {
            const bool fits = needs[k] || n.total + wanted[k] + scalars <= most_columns;
            n.first[k] = wanted[k] > 0 && fits ? n.total : -1;
            if (needs[k]) scalars -= wanted[k];
            if (n.first[k] >= 0) n.total += wanted[k];
        }
        return n;
    }
    static constexpr numbers plan = make();
    static constexpr int total = plan.total;
    template <int K> static constexpr int first = plan.first[K];
};

/// The type that derivatives of a launch are computed in: that of its widest elements.
template <class V> inline constexpr bool wants_double = false;
template <class T, int N, class L>
inline constexpr bool wants_double<adjoint_view<T, N, L>> = contains_double<std::remove_const_t<T>>;
template <class S, class W>
inline constexpr bool wants_double<struct_view<S, W>> = std::is_same_v<typename W::partial, double>;
template <class T, class P>
inline constexpr bool wants_double<scalar_view<T, P>> = std::is_same_v<leaf_t<T>, double>;

// -- The fast item
// -------------------------------------------------------------------------------------------

// Arguments and gradients are loaded before the kernel's body and written after it: a store to an address
// whose load is in flight costs a GPU six times the kernel. What the kernel does not use, compilers remove.

template <int Column, int Argument, int R, class V> struct item_argument {
    const V& view;
    WARPX_INLINE WARPX_HOST_DEVICE item_argument(const V& v, const shape<R>&) noexcept : view(v) {}
    template <class P> WARPX_INLINE WARPX_HOST_DEVICE void load(P*, P*) const noexcept {}
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE auto receive(const C& c) const {
        if constexpr (is_struct_view<V>) {
            struct_handle<C, typename V::views, typename V::described_type> s(view);
            s.attach(&c, Argument);
            return s;
        } else {
            return view;
        }
    }
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE void flush(const C&, unsigned) const noexcept {}
};

/// New gradients of the cells of one argument: of what the item depends on and passes through they are a sum,
/// of what it overwrote they are what depends on the old value.
template <class S, int J, class C>
WARPX_INLINE WARPX_HOST_DEVICE void flush_cell(const C& c, S* gradient, unsigned others, bool exclusive,
                                               bool retained) {
    using P = typename C::P;
    const bool passes = (c.depends[J] >> J & 1) && (c.identical[J] >> J & 1), other = others >> J & 1;
    if (passes && !other) return;
    if (!passes && !other && retained) return;
    const P old = c.gradient[J];
    const P now = passes ? old + c.sum[J] : other ? c.sum[J] : P(0);
    if (exclusive)
        *gradient = static_cast<S>(now);
    else if (passes)
        add_gathered<S, C::how == adding::alone ? adding::alone : adding::atomically>(gradient, c.sum[J]);
    else
        add_gathered<S, C::how == adding::alone ? adding::alone : adding::atomically>(gradient, now - old);
}

template <int Column, int Argument, int R, class T, int N, class L>
struct item_argument<Column, Argument, R, adjoint_view<T, N, L>> {
    using V = adjoint_view<T, N, L>;
    const V& view;
    const T* own = nullptr;
    std::remove_const_t<T>* own_gradient = nullptr;
    bool exists = true;
    static constexpr bool sure = is_sure<L>;

    WARPX_INLINE WARPX_HOST_DEVICE item_argument(const V& v, const shape<R>& position) noexcept : view(v) {
        if constexpr (N == R && sure) {
            own = v.data + v.layout.offset(position);
            if constexpr (is_active<std::remove_const_t<T>>)
                own_gradient = v.gradient + v.layout.offset(position);
        } else if constexpr (N == R) {
            exists = v.covers || v.holds(position);
            own = v.data + v.layout.offset(position);
            if constexpr (is_active<std::remove_const_t<T>>)
                if (v.gradient != nullptr) own_gradient = v.gradient + v.gradient_layout.offset(position);
        }
    }
    template <class P> WARPX_INLINE WARPX_HOST_DEVICE void load(P* values, P* gradients) const noexcept {
        if constexpr (Column >= 0)
            load(values, gradients, std::make_integer_sequence<int, active_count<T>>());
    }
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE auto receive(const C& c) const {
        return adjoint_handle<T, N, C, L>(view, &c, own, own_gradient, Column, Argument);
    }
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE void flush(const C& c, unsigned others) const {
        if constexpr (Column >= 0)
            if (sure || own_gradient != nullptr)
                flush(c, others, std::make_integer_sequence<int, active_count<T>>());
    }

private:
    template <class P, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE void load(P* values, P* gradients,
                                             std::integer_sequence<int, K...>) const noexcept {
        using S = leaf_t<T>;
        using F = compute_t<S>;
        const S* const data = reinterpret_cast<const S*>(own);
        const S* const gradient = reinterpret_cast<const S*>(own_gradient);
        ((values[Column + K] = sure || exists ? static_cast<P>(static_cast<F>(data[K])) : P(0)), ...);
        ((gradients[Column + K] =
              sure || (exists && gradient != nullptr) ? static_cast<P>(static_cast<F>(gradient[K])) : P(0)),
         ...);
    }
    template <class C, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE void flush(const C& c, unsigned others,
                                              std::integer_sequence<int, K...>) const {
        using S = leaf_t<T>;
        S* const gradient = reinterpret_cast<S*>(own_gradient);
        (flush_cell<S, Column + K>(c, gradient + K, others, sure || view.exclusive, !sure && view.retained),
         ...);
    }
};

template <int Column, int Argument, int R, class T, class Q>
struct item_argument<Column, Argument, R, scalar_view<T, Q>> {
    using V = scalar_view<T, Q>;
    const V& view;
    WARPX_INLINE WARPX_HOST_DEVICE item_argument(const V& v, const shape<R>&) noexcept : view(v) {}
    template <class P> WARPX_INLINE WARPX_HOST_DEVICE void load(P* values, P* gradients) const noexcept {
        load(values, gradients, std::make_integer_sequence<int, active_count<T>>());
    }
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE auto receive(const C& c) const {
        using access = adjoint_access_t<C, T>;
        typename access::template place_of<const T> place;
        place.data = place.own = &view.value;
        place.c = &c;
        place.own_column = Column;
        place.argument = Argument;
        place.is_own = true;
        return value(located<const T, access>(place));
    }
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE void flush(const C& c, unsigned others) const {
        flush(c, others, std::make_integer_sequence<int, active_count<T>>());
    }

private:
    template <class P, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE void load(P* values, P* gradients,
                                             std::integer_sequence<int, K...>) const noexcept {
        using S = leaf_t<T>;
        const S* const data = reinterpret_cast<const S*>(&view.value);
        ((values[Column + K] = static_cast<P>(static_cast<compute_t<S>>(data[K]))), ...);
        ((gradients[Column + K] = P(0)), ...);
    }
    template <class C, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE void flush(const C& c, unsigned others,
                                              std::integer_sequence<int, K...>) const {
        ((others >> (Column + K) & 1 ? void(view.sum[K] += c.sum[Column + K]) : void()), ...);
    }
};

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
      c.store_direction[A] = 0),
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

// No always_inline from here to the kernel: GCC orders functions as if such calls did not exist, and then
// does not inline the kernel at all. The loop around is `flatten`.
WARPX_DETAIL_HOST_BODY template <class Kernel, int R, class... H>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE void call_kernel(const Kernel& kernel, const index<R>& i,
                                                          const H&... handles) {
    kernel(i, handles...);
}

/// Runs one item; false if it needs the tape in memory: then nothing was written. Without `Derive` it only
/// says so. Without gathers there are no accumulators to find, and one pass is enough.
template <bool Derive, bool Gathers, class P, int Columns, adding How, unsigned Types, class Kernel, int R,
          class... I>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool run_item(const Kernel& kernel, const index<R>& i,
                                                       const I&... items) {
    constexpr int arguments = static_cast<int>(sizeof...(I));
    constexpr int columns = Columns > 0 ? Columns : 1, some = arguments > 0 ? arguments : 1;
    constexpr int accumulators = Gathers ? most_accumulators : 0, entries = Gathers ? short_tape + 1 : 1;
    constexpr int rows = Columns + accumulators;
    using first_pass = cell_context<P, Columns, arguments, 1, How, Types, Gathers>;
    using second_pass = cell_context<P, Columns, arguments, 2, How, Types, Gathers>;
    short_entry<P> tape[entries];
    P bar[entries], sum[columns], accumulator_bar[most_accumulators];
    P value[columns], row[columns * (rows > 0 ? rows : 1)], gradient[columns];
    int id[columns];
    bool on_tape[columns], used[most_accumulators];
    unsigned depends[columns], identical[columns], accumulates[columns];
    bool read_elsewhere[some], stored_elsewhere[some], added_elsewhere[some];
    uintptr_t last_store[some];
    int store_direction[some];
    int count = 0;
    bool keeping = false, bail = false;
    unsigned stored = 0, sunk = 0;
    // clang-format off
    if constexpr (Gathers) {
        clear_sums(accumulator_bar, std::make_integer_sequence<int, most_accumulators>());
        (items.load(value, gradient), ...);
        const first_pass c{count, keeping, bail, stored, sunk, used, tape, bar, sum, accumulator_bar, value, row,
                           gradient, id, on_tape, depends, identical, accumulates, read_elsewhere,
                           stored_elsewhere, added_elsewhere, last_store, store_direction};
        start_pass(c);
        call_kernel(kernel, i, items.receive(c)...);
        if (bail) return false;
        if constexpr (!Derive) return true;
        if (used[0]) flow_to_accumulators(c, typename first_pass::column_list{});
    }
    (items.load(value, gradient), ...);
    const second_pass c{count, keeping, bail, stored, sunk, used, tape, bar, sum, accumulator_bar, value, row,
                        gradient, id, on_tape, depends, identical, accumulates, read_elsewhere,
                        stored_elsewhere, added_elsewhere, last_store, store_direction};
    // clang-format on
    start_pass(c);
    call_kernel(kernel, i, items.receive(c)...);
    if constexpr (!Gathers)
        if (bail) return false;
    if constexpr (!Derive) return true;
    unsigned others = sunk;
    flow(c, others, typename second_pass::column_list{});
    if constexpr (Gathers) c.reverse();
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

template <bool Derive = true, class Kernel, int R, bool Gathers, bool Alone, int... A, class... V>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE bool
fast_item(item_numbers<Gathers, Alone, A...>, const Kernel& kernel, const index<R>& i, const V&... views) {
    using plan = column_plan<R, V...>;
    using P = std::conditional_t<(wants_double<V> || ...), double, float>;
    constexpr adding how = Alone                       ? adding::alone
                           : (moves_vectors<V> || ...) ? adding::atomically
                                                       : adding::by_warps;
    constexpr unsigned types = (stored_types<V> | ... | 0u);
    const shape<R>& position = index_access::positions(i);
    constexpr bool gathers = Gathers || (lacks_cells<V, R, plan::template first<A>> || ...);
    return run_item<Derive, gathers, P, plan::total, how, types>(
        kernel, i, item_argument<plan::template first<A>, A, R, V>(views, position)...);
}

// -- The taped item
// ------------------------------------------------------------------------------------------

/// A scalar argument on the tape.
template <class T, class P, int D> struct taped_scalar {
    T value;
    active_memory<P, D> memory;
    WARPX_HOST_DEVICE auto receive(tape<P>* on) const {
        using access = taped_access_t<P, D, T>;
        typename access::template place_of<const T> place;
        place.data = &value;
        place.memory = memory;
        place.on = on;
        return warpx::value(located<const T, access>(place));
    }
};
template <class H, class P> WARPX_HOST_DEVICE auto receive_taped(const H& h, tape<P>* on) {
    if constexpr (requires { h.receive(on); }) {
        return h.receive(on);
    } else {
        H attached = h;
        if constexpr (requires { attached.attach(on); }) attached.attach(on);
        return attached;
    }
}
/// Runs one item on a tape; false if its memory was too small: then nothing was written, and `on` says what
/// is needed.
template <class P, class Kernel, int R, class... H>
WARPX_HOST_DEVICE bool taped_item(tape<P>& on, const Kernel& kernel, const index<R>& i, const H&... handles) {
    call_kernel(kernel, i, receive_taped(handles, &on)...);
    if (on.overflowed()) return false;
    on.reverse();
    return true;
}

/// A struct argument of the taped form.
template <class P> struct attach_fields_to {
    tape<P>* on;
    template <class H> WARPX_HOST_DEVICE void operator()(H& handle) const noexcept {
        if constexpr (requires { handle.attach(on); }) handle.attach(on);
    }
};
template <class Form, class S> struct taped_struct : struct_traits<S>::template rebind<Form::template field> {
    using traits = struct_traits<S>;
    using fields = typename traits::template rebind<Form::template field>;
    explicit taped_struct(const fields& f) : fields(f) {}
    template <class P> WARPX_HOST_DEVICE void attach(tape<P>* on) noexcept {
        traits::each(attach_fields_to<P>{on}, static_cast<fields&>(*this));
    }
};

} // namespace detail

namespace form {

/// What an adjoint launch knows of its arguments, by number.
struct adjoint_facts {
    static constexpr int most = 64;
    struct argument {
        bool exclusive = false, covers = false, retained = false;
    } of[most];
};

/// The fast adjoint, over arrays of one kind of layout. Derivatives in `P`.
template <template <int> class Layout, class P> struct adjoint {
    using partial = P;
    const adjoint_facts* facts;
    template <int N> using layout = Layout<N>;
    template <class T, int N, int Argument> using handle = detail::adjoint_view<T, N, Layout<N>>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        const adjoint_facts::argument& f = facts->of[Argument];
        handle<T, N, Argument> v;
        v.data = a.data_handle();
        v.layout = Layout<N>(a);
        if constexpr (detail::is_active<std::remove_const_t<T>>) {
            const auto g = a.grad();
            v.gradient = g.data_handle();
            v.gradient_layout = a.has_grad() ? Layout<N>(g) : v.layout;
        }
        v.exclusive = f.exclusive;
        v.covers = f.covers;
        v.retained = f.retained;
        return v;
    }
};

/// The taped adjoint, `D` directions of tangents (0: first derivatives).
template <class P, int D> struct taped {
    const adjoint_facts* facts;
    template <class T, int N, int Argument> using handle = detail::taped_handle<T, N, P, D>;
    template <class F> using field = typename detail::bound<taped, 0, F>::type;
    template <int Argument, class T, int N, class Dev> auto make(const array<T, N, Dev>& a) const noexcept {
        return handle<T, N, Argument>(view<Argument>(a));
    }
    template <int Argument, class T, int N, class Dev> auto view(const array<T, N, Dev>& a) const noexcept {
        detail::active_array<T, N> v;
        v.data = a.data_handle();
        v.extents = a.extents();
        v.strides = a.strides();
        if constexpr (detail::is_active<std::remove_const_t<T>>) {
            const auto g = a.grad();
            v.gradient = g.data_handle();
            v.gradient_strides = g.strides();
        }
        v.argument = Argument;
        v.retained = facts->of[Argument].retained;
        return v;
    }
};

} // namespace form

namespace detail {

template <template <int> class L, class P, int Argument, class T, class D>
struct bound<form::adjoint<L, P>, Argument, scalar_with_grad<T, D>> {
    using type = scalar_view<T, P>;
    static type make(const form::adjoint<L, P>&, const scalar_with_grad<T, D>& a) noexcept {
        return {a.value, nullptr, a.gradient.data_handle()};
    }
};
template <template <int> class L, class P, int Argument, described S>
    requires(argument_traits<S>::holds_arrays)
struct bound<form::adjoint<L, P>, Argument, S> {
    using views = form::adjoint<L, P>;
    using type = struct_view<S, views>;
    static type make(const views& form, const S& s) {
        return {struct_traits<S>::template map<type::template field>(
            s, [&form]<class F>(const F& f) { return bound<views, Argument, F>::make(form, f); })};
    }
};
template <class P, int D, int Argument, class T, class Dev>
struct bound<form::taped<P, D>, Argument, scalar_with_grad<T, Dev>> {
    using type = taped_scalar<T, P, D>;
    static type make(const form::taped<P, D>&, const scalar_with_grad<T, Dev>& a) noexcept {
        type t;
        t.value = a.value;
        t.memory.gradient.data = a.gradient.data_handle();
        return t;
    }
};
template <class P, int D, int Argument, described S>
    requires(argument_traits<S>::holds_arrays)
struct bound<form::taped<P, D>, Argument, S> {
    using taped = form::taped<P, D>;
    using type = taped_struct<taped, S>;
    static type make(const taped& form, const S& s) {
        return type(struct_traits<S>::template map<taped::template field>(
            s, [&form]<class F>(const F& f) { return bound<taped, Argument, F>::make(form, f); }));
    }
};

} // namespace detail
} // namespace warpx

#if defined(__GNUC__) && !defined(__clang__)
#    pragma GCC diagnostic pop
#endif
