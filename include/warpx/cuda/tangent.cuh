// SPDX-License-Identifier: Apache-2.0
// tangent.cuh: tangent launches on CUDA.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/tangent.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../tangent.hpp"
#include "launch.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

template <int D, int... Argument, int R, class F, class... A>
void enqueue_tangent(std::integer_sequence<int, Argument...>, const launch_options& options,
                     const launch_site& site, const shape<R>& extents, const F& kernel,
                     const A&... arguments) {
    using tangents = form::tangent<D, strided_layout, false>;
    const tangents form{&site};
    run_directly(enqueue{options, site, common_ordinal(site, arguments...)}, block_size(options, site),
                 extents, kernel, bound<tangents, Argument, A>::make(form, arguments)...);
    record_use(options, arguments...);
}

} // namespace launching

/// Enqueued on the stream of the options, as other launches. `launch_options::checked` has no effect.
template <> struct tangent_backend<backend<device::cuda>> {
    static constexpr bool present = true;

    template <int D, int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        launching::enqueue_tangent<D>(std::make_integer_sequence<int, sizeof...(A)>(), options, site, extents,
                                      kernel, arguments...);
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
