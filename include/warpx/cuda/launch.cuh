// SPDX-License-Identifier: Apache-2.0
// launch.cuh: launches on CUDA: what stands before the trampolines.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/launch.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

// Kernels that call what their side does not have are errors, not warnings: with a warning only, such a
// kernel may compile to nothing.
#pragma nv_diag_error 20011
#pragma nv_diag_error 20013
#pragma nv_diag_error 20014

#include "checked.cuh"
#include "enqueue.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

template <> struct backend<device::cuda> {
    static constexpr bool present = true;

    /// Enqueues the launch on the stream of the options (null: `current_stream()`) and returns: it waits for
    /// nothing, allocates nothing and may be captured into a graph. (The first checked launch on a device
    /// allocates the record of faults, 5 kB.) Throws cuda_error if the runtime refuses, which includes errors
    /// of earlier work; launch_error for arrays on several devices.
    template <int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        arrange_for(enqueue{options, site, common_ordinal(site, arguments...)}, options, site, extents,
                    kernel, arguments...);
        record_use(options, arguments...);
    }

    /// Binds the arguments now; `keep(f)` stores a callable and returns what `prepare` returns.
    template <class Keep, int R, class F, class... A>
    static auto prepare(const Keep& keep, const launch_options& options, const detail::launch_site& site,
                        const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        int ordinal = common_ordinal(site, arguments...);
        if ((checked_build || options.checked) && ordinal < 0) // the record of faults is a device's own
            ordinal = device_switch(site, -1).ordinal();
        return arrange_for(
            [&](const void* trampoline, const auto& g, const auto&... parameters) {
                return keep([=] {
                    enqueue{options, site, ordinal}(trampoline, g, parameters...);
                    record_use(options, arguments...);
                });
            },
            options, site, extents, kernel, arguments...);
    }

    static void* stream(const launch_options& options) noexcept { return launching::stream_of(options); }

    /// The device and the stream, for hooks.
    template <class... A>
    static launching::launch_place place(const launch_options& options, const detail::launch_site& site,
                                         const A&... arguments) {
        using namespace launching;
        int ordinal = common_ordinal(site, arguments...);
        if (ordinal < 0 && cudaGetDevice(&ordinal) != cudaSuccess) (void)cudaGetLastError(), ordinal = 0;
        return {device_kind::cuda, ordinal, stream_of(options)};
    }

private:
    template <class Run, int R, class F, class... A>
    static auto arrange_for(const Run& run, const launch_options& options, const detail::launch_site& site,
                            const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        look_at<F, R, A...>();
        const int threads = block_size(options, site);
        if constexpr (checked_build) {
            return arrange_checked(run, site, threads, extents, kernel, arguments...);
        } else {
            if (options.checked) [[unlikely]]
                return arrange_checked(run, site, threads, extents, kernel, arguments...);
            return arrange(run, threads, extents, kernel, arguments...);
        }
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
