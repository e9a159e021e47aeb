// SPDX-License-Identifier: Apache-2.0
// cuda.cuh: operations on CUDA: what entries.hpp needs of the device's memory, and whose stream the work goes
// to.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/operation/cuda.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../cuda/adjoint.cuh"
#include "../cuda/cuda.cuh"
#include "../kernels/fill.cuh"
#include "entries.hpp"

namespace warpx {
namespace detail {

inline memory_options memory_on(const launch_options& options) noexcept {
    return {.stream = stream_ref(static_cast<cudaStream_t>(options.stream))};
}

/// One number in the memory of a device, of a type that is known at run time.
struct far_number {
    const void* at;
    dtype type;
    template <class S> WARPX_HOST_DEVICE double as() const {
        return static_cast<double>(static_cast<compute_t<S>>(*static_cast<const S*>(at)));
    }
    WARPX_HOST_DEVICE double value() const {
        const int code = static_cast<int>(type.code), bits = type.bits;
        switch (code * 256 + bits) {
        case 0 * 256 + 8:
            return as<int8_t>();
        case 0 * 256 + 16:
            return as<int16_t>();
        case 0 * 256 + 32:
            return as<int32_t>();
        case 0 * 256 + 64:
            return as<int64_t>();
        case 1 * 256 + 8:
            return as<uint8_t>();
        case 1 * 256 + 16:
            return as<uint16_t>();
        case 1 * 256 + 32:
            return as<uint32_t>();
        case 1 * 256 + 64:
            return as<uint64_t>();
        case 2 * 256 + 16:
            return as<half>();
        case 2 * 256 + 32:
            return as<float>();
        case 2 * 256 + 64:
            return as<double>();
        case 4 * 256 + 16:
            return as<bfloat16>();
        case 6 * 256 + 8:
            return as<bool>();
        default:
            return 0;
        }
    }
};
struct convert_far_number {
    template <class I, class Y, class N> WARPX_HOST_DEVICE static void forward(I i, Y y, N n) {
        y[i] = static_cast<typename Y::value_type>(n.value());
    }
};

/// All of it is taken and freed in the order of the call's stream.
template <> struct operation_memory<device::cuda> {
    template <class T> class holder {
    public:
        holder(bool needed, const T& v, const launch_options& options) {
            if (needed) held_ = full<T, device::cuda>(shape<1>(1), v, memory_on(options));
        }
        T* data() noexcept { return held_.data_handle(); }

    private:
        array<T, 1, device::cuda> held_;
    };
    template <class T> static void convert(const launch_options& options, const tensor_desc& from, T* to) {
        const auto y = array_access::make<array<T, 1, device::cuda>>(
            to, shape<1>(1), shape<1>(1), {}, device_kind::cuda, from.device_id, memory_kind::plain);
        const void* const at = static_cast<const char*>(from.data) + from.byte_offset;
        if constexpr (dtype_of<T>.code != dtype_code::complex)
            launch<convert_far_number>(options, 1, y, far_number{at, from.dtype});
    }
    template <class T> class scratch {
    public:
        T* get(int64_t count, const launch_options& options) {
            if (!held_.data_handle())
                held_ = empty<T, device::cuda>(shape<1>(count > 0 ? count : 1), memory_on(options));
            return held_.data_handle();
        }

    private:
        array<T, 1, device::cuda> held_;
    };
    template <class T, int N>
    static void clear(const launch_options& options, const array<T, N, device::cuda>& a) {
        fill(a, T{}, stream_ref(static_cast<cudaStream_t>(options.stream)));
    }
};

/// Sends a call to the stream of its first array on a device, which waits for what the producers of the
/// others have enqueued on theirs. Descriptions without a stream mean the legacy default one.
inline void enter_stream(const operation_call& call, launch_options& options) {
    const tensor_desc* first = nullptr;
    each_operand_of(call, [&](const call_operand& o) {
        if (!first && o.desc->device == device_kind::cuda) first = o.desc;
    });
    const auto stream_of = [](const tensor_desc& t) {
        return t.has_stream ? stream_of_number(t.stream) : stream_ref::legacy();
    };
    const stream_ref ours = first ? stream_of(*first) : current_stream();
    options.stream = ours.get();
    each_operand_of(call, [&](const call_operand& o) {
        if (o.desc->has_stream && o.desc != first) wait_for_producer(*o.desc, ours);
    });
}
/// Lets those whose results lie on another stream wait for the call.
inline void leave_stream(const operation_call& call, const launch_options& options) {
    const stream_ref ours = static_cast<cudaStream_t>(options.stream);
    each_operand_of(call, [&](const call_operand& o) {
        if (!o.desc->has_stream || o.desc->device != device_kind::cuda) return;
        const stream_ref theirs = stream_of_number(o.desc->stream);
        if (theirs == ours) return;
        const device_guard guard(o.desc->device_id);
        wait(theirs, ours);
    });
}

} // namespace detail
} // namespace warpx
