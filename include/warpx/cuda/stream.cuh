// SPDX-License-Identifier: Apache-2.0
// stream.cuh: CUDA streams, owned or borrowed, and the stream that launches of a thread go to.
#pragma once

#include "error.cuh"

namespace warpx {

namespace detail {

/// The stream that launches of this thread go to when their options name none; null: the legacy default
/// stream. One for all modules of a process.
WARPX_PUBLIC inline constinit thread_local cudaStream_t scoped_stream = nullptr;

} // namespace detail

/// The stream that work of this thread goes to when nothing else is said: that of the innermost
/// `stream_scope`, else the legacy default stream (by its name, so that nvcc's --default-stream changes
/// nothing). Never null.
inline cudaStream_t current_stream() noexcept {
    return detail::scoped_stream ? detail::scoped_stream : cudaStreamLegacy;
}

} // namespace warpx
