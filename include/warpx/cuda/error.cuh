// SPDX-License-Identifier: Apache-2.0
// error.cuh: CUDA runtime calls whose failure becomes a cuda_error with a sentence.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/error.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../error.hpp"

#include <cuda_runtime_api.h>

#include <string>

namespace warpx::detail {

/// Takes the error back from the runtime (its next caller should not find it again), and throws cuda_error
/// with the status.
WARPX_COLD [[noreturn]] inline void refuse_cuda(cudaError_t status, const std::string& who,
                                                const std::string& tried, const std::string& remedy) {
    (void)cudaGetLastError();
    throw cuda_error(static_cast<int>(status),
                     sentence(who, tried + " to succeed",
                              std::string(cudaGetErrorName(status)) + " (" + cudaGetErrorString(status) + ")",
                              remedy));
}

/// What to do about an error of work that ran before.
inline constexpr const char* sticky_remedy =
    "a kernel or copy enqueued earlier failed; an invalid address or a device-side assert ends CUDA in this "
    "process (host arrays go on working), other errors leave it usable; compute-sanitizer names the kernel, "
    "launch_options{.checked = true} the access";

/// Passes success, throws otherwise: `cuda_check(cudaEventCreate(&e), "warpx::event", "creating an event",
/// "...")`.
inline void cuda_check(cudaError_t status, const char* who, const char* tried, const char* remedy) {
    if (status != cudaSuccess) [[unlikely]]
        refuse_cuda(status, who, tried, remedy);
}

} // namespace warpx::detail
