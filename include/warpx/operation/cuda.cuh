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
