// SPDX-License-Identifier: Apache-2.0
// adjoint_argument.hpp: the arguments of a fast adjoint launch: what is passed, and what an item loads and
// writes.
#pragma once

#include "../arguments.hpp"
#include "../gradient.hpp"
#include "adjoint.hpp"

namespace warpx {

namespace detail {

WARPX_DETAIL_BEGIN_UNSET

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

/// Views of a launch whose items have nothing in common: gradients are the items' own and were compared with
/// all other memory of the launch, and an item loads everything before it stores. So the loop may say so,
/// without which g++ compares more pairs of addresses than it is willing to.
template <class V> inline constexpr bool is_independent = !is_scalar_view<V> && !is_struct_view<V>;
template <class T, int N, class L> inline constexpr bool is_independent<adjoint_view<T, N, L>> = is_sure<L>;
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
        add_gathered<S, C::one_by_one>(gradient, c.sum[J]);
    else
        add_gathered<S, C::one_by_one>(gradient, now - old);
}

template <int Column, int Argument, int R, class T, int N, class L>
struct item_argument<Column, Argument, R, adjoint_view<T, N, L>> {
    using V = adjoint_view<T, N, L>;
    const V& view;
    const T* own = nullptr;
    std::remove_const_t<T>* own_gradient = nullptr;
    bool exists = true;
    static constexpr bool sure = is_sure<L>;
    static constexpr bool fresh = is_fresh<L> && std::is_const_v<T>;

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
            if (fresh ? view.gradient != nullptr : sure || own_gradient != nullptr)
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
        ((gradients[Column + K] = fresh ? P(0)
                                  : sure || (exists && gradient != nullptr)
                                      ? static_cast<P>(static_cast<F>(gradient[K]))
                                      : P(0)),
         ...);
    }
    template <class C, int... K>
    WARPX_INLINE WARPX_HOST_DEVICE void flush(const C& c, unsigned others,
                                              std::integer_sequence<int, K...>) const {
        using S = leaf_t<T>;
        S* const gradient = reinterpret_cast<S*>(own_gradient);
        if constexpr (fresh)
            ((gradient[K] = others >> (Column + K) & 1 ? static_cast<S>(c.sum[Column + K]) : S{}), ...);
        else
            (flush_cell<S, Column + K>(c, gradient + K, others, sure || view.exclusive,
                                       sure ? is_retaining<L> : view.retained),
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

WARPX_DETAIL_END_UNSET

} // namespace detail
} // namespace warpx
