// SPDX-License-Identifier: Apache-2.0
// tangent.hpp: launch_tangent<kernel>(extents, arguments...): the kernel and its derivative along directions.
#pragma once

#include "forms/tangent.hpp"
#include "launch.hpp"

namespace warpx {

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_tangent_shape(const int64_t* want, const int64_t* got, int rank) {
    throw launch_error(
        sentence("warpx::with_tangent", "tangents of shape " + tuple_text(want, rank),
                 "shape " + tuple_text(got, rank),
                 "the tangents of an array have its shape; those of with_tangent<D>(x, tx) have a "
                 "leading axis of extent D"));
}
WARPX_COLD [[noreturn]] inline void refuse_tangent_device(const std::string& want, const std::string& got) {
    throw launch_error(
        sentence("warpx::with_tangent", "tangents on " + want, "an array on " + got, "copy one of the two"));
}

template <int D, bool Shared, class T, class Tangent, int N, int M, class Device>
auto make_tangent(const array<T, N, Device>& x, const array<Tangent, M, Device>& tangent) {
    int64_t want[M > 0 ? M : 1] = {D};
    for (int axis = 0; axis < N; ++axis) want[axis + M - N] = x.extent(axis);
    for (int axis = 0; axis < M; ++axis)
        if (tangent.extent(axis) != want[axis]) refuse_tangent_shape(want, tangent.extents().values, M);
    if (tangent.device() != x.device() || tangent.device_id() != x.device_id())
        refuse_tangent_device(to_string(x.device(), x.device_id()),
                              to_string(tangent.device(), tangent.device_id()));
    return tangent_array<T, Tangent, N, Device, D, Shared>{x, tangent};
}

} // namespace detail

/// An argument of launch_tangent: `x` with its tangents `tx`, an array of the same element type, shape and
/// device with any strides. What a kernel reads of x then has the derivative tx, what it writes to x writes
/// tx too. Tangents of type const T make an array that the kernel may only read. Throws launch_error where
/// shapes or devices differ.
template <class T, class Tangent, int N, class Device>
    requires std::is_same_v<std::remove_const_t<T>, std::remove_const_t<Tangent>>
[[nodiscard]] auto with_tangent(const array<T, N, Device>& x, const array<Tangent, N, Device>& tx) {
    static_assert(
        detail::is_active<std::remove_const_t<T>>,
        "warpx::with_tangent: only floating-point numbers, and what is made of them, have tangents");
    return detail::make_tangent<1, false>(x, tx);
}
/// The same in D directions at once: `tx` has a leading axis of extent D.
template <int D, class T, class Tangent, int N, class Device>
    requires std::is_same_v<std::remove_const_t<T>, std::remove_const_t<Tangent>>
[[nodiscard]] auto with_tangent(const array<T, N, Device>& x, const array<Tangent, N + 1, Device>& tx) {
    static_assert(
        detail::is_active<std::remove_const_t<T>>,
        "warpx::with_tangent: only floating-point numbers, and what is made of them, have tangents");
    static_assert(D >= 1, "warpx::with_tangent: the number of directions is at least 1");
    return detail::make_tangent<D, true>(x, tx);
}
/// A scalar, vector, matrix, quaternion or complex number with its tangent.
template <class T>
    requires(detail::is_active<T> && !described<T>)
[[nodiscard]] tangent_value<T, 1> with_tangent(const T& x, const std::type_identity_t<T>& tx) noexcept {
    return {x, {tx}};
}
/// A number with its tangents in D directions.
template <class T, int D>
    requires(detail::is_active_scalar<T>)
[[nodiscard]] tangent_value<T, D> with_tangent(const T& x, const vec<T, D>& tx) noexcept {
    tangent_value<T, D> v{x, {}};
    for (int k = 0; k < D; ++k) v.tangent[k] = tx[k];
    return v;
}

inline namespace WARPX_LAUNCH_NAMESPACE {

/// Runs tangent launches on the machine of a backend: host/tangent.hpp has that of the host.
template <class Backend> struct tangent_backend {
    static constexpr bool present = false;
};

namespace launching {

template <class Form, class Numbers, class F, int R, class... A> inline constexpr bool takes_tangents = false;
template <class Form, int... Argument, class F, int R, class... A>
inline constexpr bool takes_tangents<Form, std::integer_sequence<int, Argument...>, F, R, A...> =
    std::is_invocable_v<const F&, index<R>, typename bound<Form, Argument, A>::type...>;

/// What dispatch does with a tangent launch that passed the rules of launches.
template <int D> struct run_tangent {
    static void nothing() noexcept {}
    template <class Backend, int R, class F, class... A>
    static void on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        using backend = tangent_backend<Backend>;
        constexpr bool fits = takes_tangents<form::tangent<D, strided_layout, false>,
                                             std::make_integer_sequence<int, sizeof...(A)>, F, R, A...>;
        static_assert(fits,
                      "warpx::launch_tangent: the kernel cannot be called with numbers that carry tangents; "
                      "take its parameters as auto");
        static_assert(backend::present,
                      "warpx::launch_tangent: include <warpx/gradients.hpp>, for CUDA arrays "
                      "in a .cu file that includes <warpx/cuda/adjoint.cuh>");
        if constexpr (fits && backend::present) {
            if (const launch_hook* const hook = current_hook()) [[unlikely]] {
                const hook_scope scope(*hook, site, extents.values, R,
                                       Backend::place(options, site, arguments...), false);
                backend::template launch<D>(options, site, extents, kernel, arguments...);
                return;
            }
            backend::template launch<D>(options, site, extents, kernel, arguments...);
        }
    }
};

template <class Named, class Dim, class F, class... A>
void start_tangent(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    constexpr int most = [] {
        int d = 0;
        ((d = directions_of<A> > d ? directions_of<A> : d), ...);
        return d;
    }();
    constexpr bool agree = ((directions_of<A> == 0 || directions_of<A> == most) && ...);
    static_assert(most > 0, "warpx::launch_tangent: no argument has tangents; pass with_tangent(x, tx)");
    static_assert(agree,
                  "warpx::launch_tangent: the arguments have tangents in different numbers of directions; "
                  "all that have some have the same number");
    if constexpr (most > 0 && agree)
        dispatch<run_tangent<most>>(options, Named::site(options.name), shape_of(dim), kernel, arguments...);
}

} // namespace launching

/// Runs `K` once, as `launch` does, over numbers that carry derivatives: writes values and tangents.
/// Arguments made by `with_tangent` have tangents, all in the same number of directions; others are
/// constants. What is written to an array with tangents writes its tangent, which is 0 for a constant; an
/// array of floating-point numbers without tangents is not written (that does not compile). atomic_add and
/// atomic_sub add value and tangents, each atomically. Otherwise all is as for `launch`.
template <const auto& K, shape_like Dim, class... A>
void launch_tangent(const Dim& dim, const A&... arguments) {
    launching::start_tangent<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{},
                                                  arguments...);
}
template <const auto& K, int R, class... A>
void launch_tangent(const int64_t (&dim)[R], const A&... arguments) {
    launching::start_tangent<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{},
                                                  arguments...);
}
template <const auto& K, shape_like Dim, class... A>
void launch_tangent(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start_tangent<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
void launch_tangent(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start_tangent<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}

/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A> void launch_tangent(const Dim& dim, const A&... arguments) {
    launching::start_tangent<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, int R, class... A> void launch_tangent(const int64_t (&dim)[R], const A&... arguments) {
    launching::start_tangent<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, shape_like Dim, class... A>
void launch_tangent(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start_tangent<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, int R, class... A>
void launch_tangent(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start_tangent<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}

/// The same for a callable object.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch_tangent(const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start_tangent<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch_tangent(const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    launching::start_tangent<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch_tangent(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start_tangent<launching::named_type<F>>(options, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch_tangent(const launch_options& options, const int64_t (&dim)[R], const F& kernel,
                    const A&... arguments) {
    launching::start_tangent<launching::named_type<F>>(options, dim, kernel, arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE

} // namespace warpx
