// SPDX-License-Identifier: Apache-2.0
// adjoint_form.hpp: the two forms of adjoint launches, and what they pass for arguments.
#pragma once

#include "adjoint_item.hpp"
#include "taped_item.hpp"

namespace warpx {

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
