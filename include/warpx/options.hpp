// SPDX-License-Identifier: Apache-2.0
// options.hpp: what can be asked of one launch, and executors, on which host launches can run instead of the
// pool.
#pragma once

#include "config.hpp"

namespace warpx {

/// Part of a launch: calls the kernel for the items of [begin, end).
using range_body = void (*)(const void* context, int64_t begin, int64_t end);

/// Runs host launches somewhere else than on the pool of warpx: inline, or on the threads of a framework.
/// `run` calls `body(context, begin, end)` on disjoint ranges that cover [0, count), on any threads, and
/// returns when all are done. An exception of the body must reach the caller. A null `run` is the pool.
struct executor {
    void (*run)(void* state, int64_t count, range_body body, const void* context) = nullptr;
    void* state = nullptr;
};

namespace detail {
// A function, not a lambda: nvcc 13 loses the parameter types of a lambda that initializes a function pointer
// here.
inline void run_inline(void*, int64_t count, range_body body, const void* context) {
    body(context, 0, count);
}
} // namespace detail

/// Runs everything on the calling thread, in order.
inline executor inline_executor() noexcept { return {detail::run_inline, nullptr}; }

/// Options of one launch; name the ones you need: `launch<saxpy>(launch_options{.threads = 1}, n, x,
/// y, 2.0f)`.
struct launch_options {
    int threads = 0;            ///< most host threads to use; 0: as many as the pool has
    bool checked = false;       ///< compare every access with the extents (WARPX_CHECKED: always)
    warpx::executor executor{}; ///< where host launches run
    const char* name = nullptr; ///< the kernel's name in messages; needed for capturing lambdas
    void* stream = nullptr;     ///< the cudaStream_t of a CUDA launch; null: that of the thread's stream_scope
    int block_size = 0;         ///< threads a block of a CUDA launch; 0: chosen by warpx
    bool retain = false;        ///< adjoint launches leave the gradients of what is only written as they are
    bool deterministic = false; ///< adjoint launches give the same bits each time (docs/gradients.md)
};

} // namespace warpx
