// SPDX-License-Identifier: Apache-2.0
// overflow.cuh: how the items of an adjoint launch say that they need a tape in memory.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/overflow.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "launch.cuh"

namespace warpx {
namespace detail {

/// Raised if an item of the launch `number` did not run. Several launches may share a word: it holds the
/// highest number that raised it, so that none is missed, and a launch may look at its items for nothing.
struct overflow_flag {
    unsigned long long* word = nullptr;
    unsigned long long number = 0;
    __device__ void raise() const { atomicMax(word, number); }
    __device__ bool raised() const { return *static_cast<volatile unsigned long long*>(word) >= number; }
};

inline namespace cuda_v1 {

/// The words of all devices: one board for all modules of a process, never destroyed.
class WARPX_PUBLIC overflow_board {
public:
    static constexpr int most_devices = 64, words = 256;

    static overflow_board& get() noexcept {
        static constinit overflow_board board;
        return board;
    }

    /// A flag for a launch on a device (-1: the current one).
    overflow_flag next(int ordinal, const launch_site& site) {
        if (ordinal < 0 && cudaGetDevice(&ordinal) != cudaSuccess) (void)cudaGetLastError(), ordinal = 0;
        if (ordinal >= most_devices)
            throw launch_error(sentence("kernel " + site_name(site), "a CUDA ordinal below 64",
                                        std::to_string(ordinal), "launch on another device"));
        const lock_guard guard(mutex_);
        entry& e = entries_[ordinal];
        if (e.words == nullptr) make(ordinal, e);
        ++e.number;
        return {e.words + e.number % words, e.number};
    }

private:
    struct entry {
        unsigned long long* words;
        unsigned long long number;
    };
    static void make(int ordinal, entry& e) {
        const device_guard current(ordinal);
        const relaxed_capture relaxed;
        void* memory = nullptr;
        cudaError_t status = cudaMalloc(&memory, words * sizeof(unsigned long long));
        cudaStream_t stream = nullptr;
        if (status == cudaSuccess) status = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
        if (status == cudaSuccess)
            status = cudaMemsetAsync(memory, 0, words * sizeof(unsigned long long), stream);
        if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
        if (stream != nullptr) (void)cudaStreamDestroy(stream);
        if (status != cudaSuccess) (void)cudaFree(memory);
        cuda_check(status, "an adjoint launch", "making the flags of tapes that overflow",
                   "it needs 2 kB of device memory");
        e.words = static_cast<unsigned long long*>(memory);
    }

    lock mutex_;
    entry entries_[most_devices] = {};
};

} // namespace cuda_v1
} // namespace detail
} // namespace warpx
