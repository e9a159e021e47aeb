// SPDX-License-Identifier: Apache-2.0
// host/tangent.hpp: tangent launches on the host.
#pragma once

#include "../tangent.hpp"
#include "launch.hpp"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

template <> struct tangent_backend<backend<device::host>> {
    static constexpr bool present = true;

    template <int D, int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
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
