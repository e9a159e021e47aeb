// SPDX-License-Identifier: Apache-2.0
// adjoint.hpp: the fast adjoint form: an item's own elements are registers with derivatives by each other;
// only what is gathered goes onto a tape, a short one that compilers remove.
#pragma once

#include "adjoint_fold.hpp"

WARPX_DETAIL_BEGIN_UNSET

namespace warpx {

namespace detail {

/// Reads and writes the cells of an item, and makes the numbers of gathered elements.
template <class C> struct cell_engine {
    using P = typename C::P;

    template <class N, int Column, int... J>
    WARPX_INLINE WARPX_HOST_DEVICE static void read_one(const C& c, int column, N& r,
                                                        std::integer_sequence<int, J...>) {
        if (column != Column) return;
        r.c_ = &c;
        r.v_ = static_cast<typename N::scalar>(c.value[Column]);
        r.depends_ = c.depends[Column];
        r.identical_ = c.identical[Column];
        r.accumulates_ = c.accumulates[Column];
        ((r.d_[J] = c.row[Column * C::rows + J]), ...);
        if constexpr (C::gathers)
            if (c.on_tape[Column]) r.enter(&c, c.push(P(1), c.id[Column], P(0), -1));
    }
    template <class N, int... Column>
    WARPX_INLINE WARPX_HOST_DEVICE static void read(const C& c, [[maybe_unused]] int column, N& r,
                                                    std::integer_sequence<int, Column...>) {
        (read_one<N, Column>(c, column, r, typename C::row_list{}), ...);
    }

    template <class T, class N, int Column, int... J>
    WARPX_INLINE WARPX_HOST_DEVICE static void write_one(const C& c, int column, const N& o,
                                                         std::integer_sequence<int, J...>) {
        if (column != Column) return;
        int id = 0;
        const bool on_tape = o.is_taped();
        o.close();
        if (on_tape) id = c.push(P(1), o.id_, P(0), -1);
        if constexpr (C::gathers)
            if (c.on_tape[Column]) c.drop(c.id[Column]);
        c.stored |= 1u << Column;
        c.value[Column] = static_cast<P>(as_stored<T>(o.v_));
        c.id[Column] = id;
        c.on_tape[Column] = on_tape;
        c.depends[Column] = o.depends_;
        c.identical[Column] = o.identical_;
        c.accumulates[Column] = o.accumulates_;
        ((c.row[Column * C::rows + J] = o.d_[J]), ...);
    }
    template <class T, class N, int... Column>
    WARPX_INLINE WARPX_HOST_DEVICE static void write(const C& c, [[maybe_unused]] int column, const N& o,
                                                     std::integer_sequence<int, Column...>) {
        (write_one<T, N, Column>(c, column, o, typename C::row_list{}), ...);
    }

    /// A gathered element that the item may have stored as its own: then its value and derivatives.
    template <class N, int Column, int... J>
    WARPX_INLINE WARPX_HOST_DEVICE static void forward_one(const C& c, int column, bool same, N& r,
                                                           std::integer_sequence<int, J...>) {
        if (column != Column || !(c.stored >> Column & 1)) return;
        if (same) r.v_ = static_cast<typename N::scalar>(c.value[Column]);
        r.depends_ = same ? c.depends[Column] : 0;
        r.identical_ = same ? c.identical[Column] : 0;
        r.accumulates_ = same ? c.accumulates[Column] : 0;
        ((r.d_[J] = c.row[Column * C::rows + J]), ...);
        if (c.on_tape[Column])
            r.enter(&c, c.push(P(!same), r.id_, P(same), c.id[Column]));
        else
            r.enter(&c, c.push(P(!same), r.id_, P(0), -1));
    }
    template <class N, int... Column>
    WARPX_INLINE WARPX_HOST_DEVICE static void forward(const C& c, [[maybe_unused]] int column,
                                                       [[maybe_unused]] bool same, N& r,
                                                       std::integer_sequence<int, Column...>) {
        (forward_one<N, Column>(c, column, same, r, typename C::row_list{}), ...);
    }

    /// The gradient `g` of a place goes to what `o` depends on, at once.
    template <class N, int... J>
    WARPX_INLINE WARPX_HOST_DEVICE static void pull_columns(const C& c, const N& o, P g,
                                                            std::integer_sequence<int, J...>) {
        ((o.template has<J>() ? void(c.sum[J] += g * o.d_[J]) : void()), ...);
    }
    template <class N, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE static void pull_accumulators(const C& c, const N& o, P g,
                                                                 std::integer_sequence<int, K...>) {
        ((o.template has<C::columns + K>() ? void(c.accumulator_bar[K] += g * o.d_[C::columns + K]) : void()),
         ...);
    }
    template <class N> WARPX_INLINE WARPX_HOST_DEVICE static void pull(const C& c, const N& o, P g) {
        pull_columns(c, o, g, typename C::column_list{});
        c.sunk |= o.depends_;
        o.close();
        if constexpr (C::pass == 1) {
            pull_accumulators(c, o, g, typename C::accumulator_list{});
        } else {
            if (o.is_taped()) c.bar[o.id_] += g;
        }
    }

    template <class T, class N>
    WARPX_INLINE WARPX_HOST_DEVICE static void gathered(const C& c, int argument, const T* data,
                                                        std::remove_const_t<T>* gradient, N& r) {
        using V = std::remove_const_t<T>;
        r.v_ = static_cast<typename N::scalar>(*data);
        r.enter(&c, c.push(P(0), argument, P(0), entry_read - static_cast<int>(stored_as_v<V>), gradient));
    }
};

/// Where an element lies, what it is to the item, and where its gradient lies (null: it has none).
template <class T, class C> struct adjoint_place {
    T* data = nullptr;
    std::remove_const_t<T>* gradient = nullptr;
    const T* own = nullptr; // the item's own element
    const C* c = nullptr;
    int own_column = -1; // of the item's own element; -1: the array has no cells
    int argument = 0;
    bool is_own = false; // accessed with the index
    bool retained = false;
    template <class U>
        requires std::is_same_v<U, const T>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator adjoint_place<U, C>() const noexcept {
        return {data, gradient, own, c, own_column, argument, is_own, retained};
    }
};

/// The number that stands for a real type in a pass.
template <class C> struct cell_numbers {
    template <class T> using number = cell_number<compute_t<T>, C>;
    template <class T> using value = active_value_t<T, number>;
};

/// How a located value reaches a cell, or an element elsewhere. `Value` is what a kernel computes with: as a
/// template argument, so that its operators are found.
template <class C, class Value> struct adjoint_access {
    template <class T> using number = typename cell_numbers<C>::template number<T>;
    template <class T> using value = typename cell_numbers<C>::template value<T>;
    template <class F> using access_of_field = adjoint_access<C, value<F>>;
    using engine = cell_engine<C>;
    using P = typename C::P;
    template <class T> using place_of = adjoint_place<T, C>;
    template <class T> using place = place_of<T>;

    template <class T, class F>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr place_of<F> part(const place_of<T>& p,
                                                                     F* component) noexcept {
        return moved(p, component,
                     reinterpret_cast<const char*>(component) - reinterpret_cast<const char*>(p.data));
    }
    template <int K, class T, class F>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr place_of<F> numbered_part(const place_of<T>& p,
                                                                              F* component) noexcept {
        return moved(p, component, int64_t{K} * static_cast<int64_t>(sizeof(F)));
    }
    template <class T, class F>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr place_of<F> moved(const place_of<T>& p, F* component,
                                                                      int64_t bytes) noexcept {
        using V = std::remove_const_t<F>;
        const int column = p.own_column < 0 ? -1 : p.own_column + static_cast<int>(bytes / leaf_bytes<T>);
        V* const gradient = p.gradient == nullptr
                                ? nullptr
                                : reinterpret_cast<V*>(reinterpret_cast<char*>(p.gradient) + bytes);
        const F* const own = reinterpret_cast<const F*>(reinterpret_cast<const char*>(p.own) + bytes);
        return {component, gradient, own, p.c, column, p.argument, p.is_own, p.retained};
    }
    /// The k-th of the numbers that a composite element is made of.
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto nth(const place_of<T>& p, int k) noexcept {
        using F = component_of<T>;
        return moved(p, reinterpret_cast<F*>(p.data) + k, k * static_cast<int64_t>(sizeof(F)));
    }
    template <class T>
    static constexpr int64_t leaf_bytes = [] {
        if constexpr (active_count<T> > 0)
            return int64_t{sizeof(leaf_t<T>)};
        else
            return int64_t{1}; // such elements have no columns
    }();
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr T* pointer(const place_of<T>& p) noexcept {
        return p.data;
    }
    /// The value that was read is needed: not so that of a left-hand side.
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr void used(const place_of<T>& p) noexcept {
        if (p.c == nullptr) return; // a local variable
        if constexpr (is_active<std::remove_const_t<T>>) {
            if constexpr (C::gathers)
                if (!p.is_own) p.c->read_other(p.argument);
        } else if constexpr (!std::is_const_v<T>) {
            p.c->touch_own(p.argument);
        }
    }
    /// The value was read for the left-hand side of an assignment.
    template <class N> WARPX_INLINE WARPX_HOST_DEVICE static constexpr void forget(const N& n) {
        if constexpr (is_differentiable<N>) n.forget();
    }

    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static value<std::remove_const_t<T>> load(const place_of<T>& p) {
        using V = std::remove_const_t<T>;
        if constexpr (is_active_scalar<V>) {
            number<V> r;
            if (p.is_own) {
                p.c->touch_own(p.argument);
                engine::read(*p.c, p.own_column, r, typename C::column_list{});
            } else if constexpr (!C::gathers) {
                p.c->bail = true; // the probe saw nothing of it
            } else {
                engine::template gathered<T>(*p.c, p.argument, p.data, p.gradient, r);
                engine::forward(*p.c, p.own_column, p.data == p.own, r, typename C::column_list{});
            }
            return r;
        } else if constexpr (is_composite<V>) {
            return make_composite<V, value<V>>([&](int k) { return load(nth(p, k)); });
        } else {
            return direct_access::load(p.data);
        }
    }
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static void store(const place_of<T>& p, const value<T>& v) {
        if constexpr (is_active_scalar<T>) {
            if constexpr (C::gathers)
                if (p.c->keeping) p.c->bail = true; // a fold runs its steps more than once
            if (p.is_own) {
                p.c->touch_own(p.argument);
                engine::template write<T>(*p.c, p.own_column, v, typename C::column_list{});
            } else if constexpr (!C::gathers) {
                p.c->bail = true;
            } else {
                const bool own_stored = p.own_column >= 0 && (p.c->stored >> p.own_column & 1);
                p.c->store_other(p.argument, p.data, own_stored);
                if (p.gradient != nullptr) {
                    engine::pull(*p.c, v, static_cast<P>(*p.gradient));
                    if constexpr (C::pass == 2)
                        if (!p.retained) *p.gradient = static_cast<T>(0.0f);
                }
            }
        } else if constexpr (is_composite<T>) {
            each_component<T>(v, [&](int k, const auto& c) { store(nth(p, k), c); });
        } else {
            p.c->add_other(p.argument); // nothing is written; a later read finds out
        }
    }
    /// += on the place: its gradient goes to `v` and stays.
    template <class T>
        requires is_active<T>
    WARPX_INLINE WARPX_HOST_DEVICE static void add(const place_of<T>& p, const value<T>& v) {
        if constexpr (is_active_scalar<T>) {
            if (p.is_own) {
                store(p, load(p) + v);
            } else if constexpr (!C::gathers) {
                p.c->bail = true;
            } else {
                if (p.c->keeping) p.c->bail = true;
                p.c->add_other(p.argument);
                if (p.gradient != nullptr) engine::pull(*p.c, v, static_cast<P>(*p.gradient));
            }
        } else {
            each_component<T>(v, [&](int k, const auto& c) { add(nth(p, k), c); });
        }
    }
};

template <class C, class T>
using adjoint_access_t = adjoint_access<C, typename cell_numbers<C>::template value<std::remove_const_t<T>>>;

/// The layout of launches in which nothing needs a question: arrays and gradients are compact, all elements
/// with derivatives have a gradient, which is the item's alone, and every item has an element.
template <int N> struct sure_layout : compact_layout<N> {
    using compact_layout<N>::compact_layout;
    using sure = void;
};
template <class L> inline constexpr bool is_sure = requires { typename L::sure; };

/// The same where gradients of what is only read hold nothing yet: they are written, not added to, and may be
/// missing. Saves the zeros, and their way to memory and back.
template <int N> struct fresh_layout : sure_layout<N> {
    using sure_layout<N>::sure_layout;
    using fresh = void;
};
/// Also with the rule of launch_options::retain.
template <int N> struct fresh_retaining_layout : fresh_layout<N> {
    using fresh_layout<N>::fresh_layout;
    using retaining = void;
};
template <class L> inline constexpr bool is_fresh = requires { typename L::fresh; };
template <class L> inline constexpr bool is_retaining = requires { typename L::retaining; };

/// Passive arrays have no second layout.
struct no_layout {};

/// An array argument as a fast adjoint launch sees it, without the item.
template <class T, int N, class Layout> struct adjoint_view {
    using element_type = T;
    using V = std::remove_const_t<T>;
    T* data = nullptr;
    V* gradient = nullptr; // null: none
    Layout layout;
    [[no_unique_address]] std::conditional_t<is_active<V>, Layout, no_layout> gradient_layout;
    bool exclusive =
        false;          // no other item, and no other argument, adds to the gradient of the item's element
    bool covers = true; // every item has an element
    bool retained = false;

    WARPX_INLINE WARPX_HOST_DEVICE bool holds(const shape<N>& position) const noexcept {
        return holds(position, std::make_integer_sequence<int, N>());
    }

private:
    template <int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE bool holds(const shape<N>& position,
                                              std::integer_sequence<int, Axis...>) const noexcept {
        return ((position[Axis] < layout.extent(Axis)) && ...);
    }
};

/// What a kernel receives for an array in the fast adjoint form.
template <class T, int N, class C, class Layout>
class adjoint_handle : public handle_interface<adjoint_handle<T, N, C, Layout>, T, N>,
                       public active_atomics<adjoint_handle<T, N, C, Layout>, T, adjoint_access_t<C, T>> {
    using interface = handle_interface<adjoint_handle<T, N, C, Layout>, T, N>;

public:
    using access = adjoint_access_t<C, T>;
    using value_type = accessed_t<T, access>;
    template <class F> using place_of = typename access::template place_of<F>;

    WARPX_INLINE WARPX_HOST_DEVICE adjoint_handle(const adjoint_view<T, N, Layout>& view, const C* c,
                                                  const T* own, std::remove_const_t<T>* own_gradient,
                                                  int column, int argument) noexcept
        : view_(view), c_(c), own_(own), own_gradient_(own_gradient), column_(column), argument_(argument) {}
    /// A field of a struct: its array has no cells.
    WARPX_INLINE WARPX_HOST_DEVICE explicit adjoint_handle(const adjoint_view<T, N, Layout>& view) noexcept
        : adjoint_handle(view, nullptr, nullptr, nullptr, -1, 0) {}
    WARPX_INLINE WARPX_HOST_DEVICE void attach(const C* c, int argument) noexcept {
        c_ = c;
        argument_ = argument;
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return view_.layout.extent(axis);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        return view_.layout.stride(axis);
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr value_type zero() noexcept { return value_type{}; }

    WARPX_INLINE WARPX_HOST_DEVICE located<T, access> place(const shape<N>& position) const {
        return located<T, access>(elsewhere(position));
    }
    template <class I> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](const I& i) const {
        if constexpr (std::is_same_v<I, index<N>> || (N == 1 && is_whole_index_v<I>))
            return located<T, access>(place_at(i));
        else
            return interface::operator[](i);
    }
    template <coordinate... I> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(const I&... i) const {
        if constexpr (is_whole_index_v<I...> && sizeof...(I) == N)
            return located<T, access>(place_at(i...));
        else
            return interface::operator()(i...);
    }
    template <class... I> WARPX_INLINE WARPX_HOST_DEVICE place_of<T> place_at(const I&... i) const noexcept {
        if constexpr (sizeof...(I) == 1 && (is_index_v<I> && ...))
            return column_ >= 0 ? own() : elsewhere(index_access::positions(i)...);
        else if constexpr (is_whole_index_v<I...>)
            return column_ >= 0 ? own() : elsewhere(shape<N>(static_cast<int64_t>(i)...));
        else
            return elsewhere(shape<N>(static_cast<int64_t>(i)...));
    }

private:
    WARPX_INLINE WARPX_HOST_DEVICE place_of<T> own() const noexcept {
        return {const_cast<T*>(own_), own_gradient_, own_, c_, column_, argument_, true, view_.retained};
    }
    WARPX_INLINE WARPX_HOST_DEVICE auto* gradient_at(const shape<N>& position) const noexcept {
        if constexpr (is_active<std::remove_const_t<T>>)
            return view_.gradient + view_.gradient_layout.offset(position);
        else
            return view_.gradient;
    }
    WARPX_INLINE WARPX_HOST_DEVICE place_of<T> elsewhere(const shape<N>& position) const noexcept {
        auto* const gradient = view_.gradient == nullptr ? nullptr : gradient_at(position);
        return {view_.data + view_.layout.offset(position),
                gradient,
                own_,
                c_,
                column_,
                argument_,
                false,
                view_.retained};
    }

    adjoint_view<T, N, Layout> view_;
    const C* c_;
    const T* own_;
    std::remove_const_t<T>* own_gradient_;
    int column_, argument_;
};

} // namespace detail
} // namespace warpx

WARPX_DETAIL_END_UNSET
