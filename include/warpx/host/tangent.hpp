// SPDX-License-Identifier: Apache-2.0
// host/tangent.hpp: tangent launches on the host.
#pragma once

#include "../tangent.hpp"
#include "launch.hpp"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

// With tangents kernels are longer than clang inlines by itself, and `flatten` reaches one call deep there.
#if defined(__clang__)
#    define WARPX_DETAIL_FLAT [[gnu::flatten]]
#else
#    define WARPX_DETAIL_FLAT
#endif
template <class F> struct tangent_kernel {
    F kernel;
    template <class... A> WARPX_DETAIL_FLAT void operator()(const A&... a) const { kernel(A(a)...); }
};
template <const auto& K> struct tangent_kernel<kernel_ref<K>> {
    kernel_ref<K> kernel;
    template <class... A> WARPX_DETAIL_FLAT void operator()(const A&... a) const { K(A(a)...); }
};
template <class S> struct tangent_kernel<struct_kernel<S>> {
    struct_kernel<S> kernel;
    template <class... A> WARPX_DETAIL_FLAT void operator()(const A&... a) const { S::forward(A(a)...); }
};
#undef WARPX_DETAIL_FLAT

} // namespace launching

template <> struct tangent_backend<backend<device::host>> {
    static constexpr bool present = true;

    template <int D, int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& callable, const A&... arguments) {
        using namespace launching;
        const tangent_kernel<F> kernel{callable};
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        if (checked_build || options.checked) [[unlikely]] {
            bind_and_run(form::tangent<D, strided_layout, true>{&site}, numbers, options, extents,
                         axis_order<R>{}, kernel, arguments...);
            return;
        }
        if constexpr (!checked_build) {
            if (all_compact(arguments...))
                bind_and_run(form::tangent<D, compact_layout, false>{&site}, numbers, options, extents,
                             axis_order<R>{}, kernel, arguments...);
            else
                bind_and_run(form::tangent<D, strided_layout, false>{&site}, numbers, options, extents,
                             axis_order<R>{}, kernel, arguments...);
        }
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
