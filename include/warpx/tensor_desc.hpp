// SPDX-License-Identifier: Apache-2.0
// tensor_desc.hpp: what the outside says about a tensor: claims, unchecked, with nothing owned.
#pragma once

#include "dtype.hpp"

namespace warpx {

/// Machines the arrays of a program live on. Pinned and managed memory is a kind of memory, not a device.
namespace device {
struct host {}; ///< memory the CPU reads
struct cuda {}; ///< memory an NVIDIA GPU reads
struct any {};  ///< known at run time
} // namespace device

/// Kinds of memory as protocols name them; the values are DLPack's `DLDeviceType`. Others are refused by
/// name.
enum class device_kind : int32_t {
    host = 1,
    cuda = 2,
    cuda_pinned = 3,
    opencl = 4,
    vulkan = 7,
    metal = 8,
    vpi = 9,
    rocm = 10,
    rocm_pinned = 11,
    cuda_managed = 13,
    oneapi = 14,
};

/// What strides count.
enum class stride_unit : uint8_t { elements, bytes };

/// A tensor as a protocol describes it. Nothing here is checked or owned: `extents` and `strides` point into
/// the producer's memory and must stay valid until the gate (`bind`) returns.
struct tensor_desc {
    void* data = nullptr;
    device_kind device = device_kind::host;
    int32_t device_id = 0;
    warpx::dtype dtype;
    int32_t rank = 0;
    const int64_t* extents = nullptr; ///< `rank` of them; may be null for rank 0
    const int64_t* strides = nullptr; ///< null: row-major and compact
    warpx::stride_unit stride_unit = warpx::stride_unit::elements;
    bool read_only = false;
    bool has_stream = false; ///< `stream` is the producer's: order work after it
    uint64_t byte_offset = 0;
    uintptr_t stream = 0;
};

WARPX_COLD inline std::string to_string(device_kind kind, int32_t id) {
    const auto name = [kind]() -> std::string {
        switch (kind) {
        case device_kind::host:
            return "cpu";
        case device_kind::cuda:
            return "cuda";
        case device_kind::cuda_pinned:
            return "cuda_pinned";
        case device_kind::opencl:
            return "opencl";
        case device_kind::vulkan:
            return "vulkan";
        case device_kind::metal:
            return "metal";
        case device_kind::vpi:
            return "vpi";
        case device_kind::rocm:
            return "rocm";
        case device_kind::rocm_pinned:
            return "rocm_pinned";
        case device_kind::cuda_managed:
            return "cuda_managed";
        case device_kind::oneapi:
            return "oneapi";
        }
        return "unknown device " + std::to_string(static_cast<int>(kind));
    };
    return name() + ":" + std::to_string(id);
}

/// One line: "float64, rank 2, shape (3, 4), strides (4, 1), cpu:0, writable".
WARPX_COLD inline std::string to_string(const tensor_desc& desc) {
    std::string text = to_string(desc.dtype) + ", rank " + std::to_string(desc.rank);
    const auto tuple = [&](const int64_t* values) {
        std::string list = "(";
        for (int k = 0; k < desc.rank && k < 64; ++k) list += (k ? ", " : "") + std::to_string(values[k]);
        return list + (desc.rank == 1 ? ",)" : ")");
    };
    if (desc.rank >= 0 && desc.rank <= 64 && (desc.extents || desc.rank == 0))
        text += ", shape " + tuple(desc.extents);
    if (desc.rank > 0 && desc.rank <= 64 && desc.strides)
        text +=
            (desc.stride_unit == stride_unit::bytes ? ", byte strides " : ", strides ") + tuple(desc.strides);
    if (desc.byte_offset) text += ", byte offset " + std::to_string(desc.byte_offset);
    return text + ", " + to_string(desc.device, desc.device_id) +
           (desc.read_only ? ", read-only" : ", writable");
}

} // namespace warpx
