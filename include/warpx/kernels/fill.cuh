// SPDX-License-Identifier: Apache-2.0
// fill.cuh: every element of a CUDA array the same value.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/kernels/fill.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../cuda/create.cuh"
#include "../view.hpp"
#include "fill.hpp"

namespace warpx {

namespace detail {

template <class T, int N, class D>
void fill_with_cuda(const array<T, N, D>& a, const T& v, cudaStream_t stream) {
    if (a.empty()) return;
    const joint_layout<N> l(a.extents(), a.strides(), a.strides());
    T* const data = a.data_handle() + l.to_offset;
    const int ordinal =
        a.memory() == memory_kind::plain ? a.device_id() : stream_device(stream, current_device());
    if (l.rank == 1 && l.to[0] == 1)
        fill_compact(array_access::make<array<T, 1, device::cuda>>(data, shape<1>(l.extents[0]), shape<1>(1),
                                                                   owner_ref(), device_kind::cuda, ordinal,
                                                                   memory_kind::plain),
                     v, stream);
    else
        run_fill<N, device::cuda, T>(launch_options{.stream = stream}, l.rank, l.extents, {data, l.to}, v,
                                     ordinal);
    tell_use(a, stream);
}

} // namespace detail

/// Makes every element `v` (a number is converted as `copy` does). Any strides. CUDA arrays: enqueued on
/// `stream`, waits for nothing, may be captured into a graph (except on arrays of a stream of another
/// device). device::any arrays in host memory: done on return. Throws cuda_error.
template <class T, int N, class D, detail::fills<T> V>
    requires(!std::is_same_v<D, device::host>)
void fill(const array<T, N, D>& a, const V& v, stream_ref stream = current_stream()) {
    if constexpr (std::is_same_v<D, device::any>)
        if (a.device() == device_kind::host) return fill(device_cast<device::host>(a), v);
    detail::fill_with_cuda(a, detail::fill_value<T>(v), stream.get());
}

} // namespace warpx
