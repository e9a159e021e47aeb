// SPDX-License-Identifier: Apache-2.0
// arguments.hpp: what may be launched and passed to it, and what a kernel receives for each argument.
#pragma once

#include "array.hpp"
#include "struct.hpp"

namespace warpx {

namespace detail {

/// A kernel given by name, carried as a type. Calls on the host; other machines name the callee themselves,
/// so that a kernel which is not made for them is an error there and works here. Kernels get temporaries: a
/// parameter `auto& x` is refused, since it would be slow here and wrong elsewhere.
template <const auto& K> struct kernel_ref {
    template <class... A> constexpr auto operator()(const A&... a) const -> decltype(K(A(a)...)) {
        return K(A(a)...);
    }
};

/// A kernel given as a struct with a static `forward` (a function, or a constexpr lambda).
template <class S> struct struct_kernel {
    template <class... A> constexpr auto operator()(const A&... a) const -> decltype(S::forward(A(a)...)) {
        return S::forward(A(a)...);
    }
};

template <class A> struct argument_traits {
    static constexpr bool holds_arrays = false;
    // A C array would arrive as a pointer into the caller's memory, which a prepared or CUDA launch outlives.
    static constexpr bool usable = std::is_trivially_copyable_v<A> && !std::is_array_v<A>;
};
/// An index is no argument: an access with it would be taken for one to the item's own element.
template <class A> inline constexpr bool is_position_v = is_index_v<A>;
template <int Axis, int Rank> inline constexpr bool is_position_v<axis<Axis, Rank>> = true;

template <class T, int N, class D> struct argument_traits<array<T, N, D>> {
    static constexpr bool holds_arrays = true;
    static constexpr bool usable = true;
};
template <class Fields> inline constexpr bool fields_hold_arrays = false;
template <class... F>
inline constexpr bool fields_hold_arrays<field_list<void, F...>> = (argument_traits<F>::holds_arrays || ...);
template <class Fields> inline constexpr bool fields_usable = false;
template <class... F>
inline constexpr bool fields_usable<field_list<void, F...>> = (argument_traits<F>::usable && ...);
template <described S> struct argument_traits<S> {
    static constexpr bool holds_arrays = fields_hold_arrays<typename struct_traits<S>::fields>;
    static constexpr bool usable = fields_usable<typename struct_traits<S>::fields>;
};

/// Whether a callable is a lambda that nvcc was told to compile for the device only.
#if defined(__NVCC__) && defined(__CUDACC_EXTENDED_LAMBDA__)
template <class F> inline constexpr bool device_only = __nv_is_extended_device_lambda_closure_type(F);
#else
template <class F> inline constexpr bool device_only = false;
#endif

/// What a kernel receives for an argument of type `A` in a form: a handle for an array, the described struct
/// with handles for a struct that holds arrays, the value itself otherwise.
template <class Form, int Argument, class A> struct bound {
    using type = A;
    static const type& make(const Form&, const A& a) noexcept { return a; }
};
template <class Form, int Argument, class T, int N, class D> struct bound<Form, Argument, array<T, N, D>> {
    using type = typename Form::template handle<T, N, Argument>;
    static type make(const Form& form, const array<T, N, D>& a) noexcept {
        return form.template make<Argument>(a);
    }
};
template <class Form, int Argument, described S>
    requires(argument_traits<S>::holds_arrays)
struct bound<Form, Argument, S> {
    template <class F> using field = typename bound<Form, Argument, F>::type;
    using type = typename struct_traits<S>::template rebind<field>;
    static type make(const Form& form, const S& s) {
        return struct_traits<S>::template map<field>(
            s, [&form]<class F>(const F& f) { return bound<Form, Argument, F>::make(form, f); });
    }
};

/// Calls `f` for every array among the arguments, those in structs included.
template <class F, class A> void for_each_array(const F& f, const A& a) {
    if constexpr (is_array_v<A>)
        f(a);
    else if constexpr (requires { for_own_arrays(f, a); })
        for_own_arrays(f, a);
    else if constexpr (argument_traits<A>::holds_arrays)
        struct_traits<A>::each([&f](const auto& field) { for_each_array(f, field); }, a);
}

/// Which devices the arrays of an argument name, as bits: 1 host, 2 cuda, 4 any.
template <class A> struct devices_of {
    static constexpr int value = 0;
};
template <class T, int N, class D> struct devices_of<array<T, N, D>> {
    static constexpr int value = std::is_same_v<D, device::host>   ? 1
                                 : std::is_same_v<D, device::cuda> ? 2
                                                                   : 4;
};
template <class Fields> inline constexpr int devices_of_fields = 0;
template <class... F>
inline constexpr int devices_of_fields<field_list<void, F...>> = (devices_of<F>::value | ... | 0);
template <described S> struct devices_of<S> {
    static constexpr int value = devices_of_fields<typename struct_traits<S>::fields>;
};
template <class... A> inline constexpr int devices = (devices_of<A>::value | ... | 0);

template <class Form, class Numbers, class F, int R, class... A> inline constexpr bool callable = false;
template <class Form, int... Argument, class F, int R, class... A>
inline constexpr bool callable<Form, std::integer_sequence<int, Argument...>, F, R, A...> =
    std::is_invocable_v<std::conditional_t<device_only<F>, F, const F>&, index<R>,
                        typename bound<Form, Argument, A>::type...>;

} // namespace detail

/// A type that can be an argument of a launch: an array, a trivially copyable value (scalar, vec, small
/// struct), or a struct described with WARPX_STRUCT, which may hold arrays.
template <class A>
concept kernel_argument = detail::argument_traits<A>::usable;

} // namespace warpx
