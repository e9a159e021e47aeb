// SPDX-License-Identifier: Apache-2.0
// nvtx.hpp: launches as named ranges in Nsight Systems and other tools that listen to NVTX.
#pragma once

#include "../launch_hook.hpp"

#if !__has_include(<nvtx3/nvToolsExt.h>)
#    error                                                                                                   \
        "warpx/interop/nvtx.hpp needs <nvtx3/nvToolsExt.h>, which the CUDA toolkit has: nvcc finds it; for other compilers add the toolkit's include folder (CMake: CUDA::nvtx3 or CUDA::toolkit)"
#endif
#include <nvtx3/nvToolsExt.h>

namespace warpx {

namespace detail {

/// The range is that of the thread which launches: on CUDA it covers the call, and tools show the work of the
/// device that was enqueued in it.
inline void begin_nvtx_range(void* domain, const launch_info& launch) noexcept {
    int64_t items = 1;
    for (int axis = 0; axis < launch.rank; ++axis) items *= launch.extents[axis];
    nvtxEventAttributes_t attributes = {};
    attributes.version = NVTX_VERSION;
    attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    attributes.colorType = NVTX_COLOR_ARGB;
    attributes.color = launch.device == device_kind::cuda ? 0xFF76B900u : 0xFF4A90D9u;
    attributes.payloadType = NVTX_PAYLOAD_TYPE_INT64;
    attributes.payload.llValue = items;
    attributes.messageType = NVTX_MESSAGE_TYPE_ASCII;
    attributes.message.ascii = launch.kernel; // tools copy it
    nvtxDomainRangePushEx(static_cast<nvtxDomainHandle_t>(domain), &attributes);
}
inline void end_nvtx_range(void* domain, const launch_info&) noexcept {
    nvtxDomainRangePop(static_cast<nvtxDomainHandle_t>(domain));
}

} // namespace detail

/// A hook that opens an NVTX range around each launch, host and CUDA, in the domain "warpx": its name is the
/// kernel's, its payload the number of items. Without a tool that listens a range costs a few nanoseconds.
/// Keep it as long as it is installed:
///     static const launch_hook ranges = nvtx_hook();
///     set_launch_hook(&ranges);
inline launch_hook nvtx_hook() noexcept {
    return {detail::begin_nvtx_range, detail::end_nvtx_range, nvtxDomainCreateA("warpx")};
}

} // namespace warpx
