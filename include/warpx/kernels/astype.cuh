// SPDX-License-Identifier: Apache-2.0
// astype.cuh: a new CUDA array with the elements of another, converted.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/kernels/astype.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "astype.hpp"
#include "copy.cuh"

namespace warpx {

/// A new compact array of element type `U` with the elements of `a`, converted as `copy` does, in plain
/// memory of the same device: `astype<half>(a)`. Enqueued on `stream`, waits for nothing, may be captured
/// into a graph (then drop the result before the capture ends). device::any arrays in host memory: done on
/// return. Throws cuda_error.
template <element U, class T, int N, class D>
    requires(!std::is_same_v<D, device::host>)
[[nodiscard]] array<std::remove_const_t<U>, N, D> astype(const array<T, N, D>& a,
                                                         stream_ref stream = current_stream()) {
    using V = std::remove_const_t<U>;
    if constexpr (std::is_same_v<D, device::any>)
        if (a.device() == device_kind::host) return astype<V>(device_cast<device::host>(a));
    const int ordinal = a.memory() == memory_kind::plain ? a.device_id() : -1;
    const auto fresh = detail::new_array<V, device::cuda>(a.extents(), {stream, ordinal, memory_kind::plain});
    copy(a, fresh, stream);
    return fresh;
}

} // namespace warpx
