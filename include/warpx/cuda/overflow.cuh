// SPDX-License-Identifier: Apache-2.0
// overflow.cuh: how the items of an adjoint launch say that they need a tape in memory.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/overflow.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../tape_report.hpp"
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

/// What tapes may take from the device's heap, and where it is said that this was too little.
struct tape_limits {
    static constexpr int most_tries = 1 << 20; // two seconds or more
    unsigned long long heap_bytes = 0;
    fault_record* record = nullptr;
    const char* kernel = nullptr;
    volatile unsigned long long* told = nullptr; // host memory: the last launch that needed tapes
    __device__ bool refuse(unsigned long long bytes) const {
        if (atomicCAS(&record->state, 0ull, 1ull) == 0ull) { // the first
            record->kernel = kernel;
            record->argument = fault_record::tape_too_large;
            record->rank = 0;
            record->position[0] = static_cast<int64_t>(bytes);
            record->extents[0] = static_cast<int64_t>(heap_bytes);
            __threadfence();
            atomicExch(&record->state, 2ull);
        }
        return false;
    }
};

inline namespace cuda_v1 {

inline constexpr int overflow_board_words = 256;

/// The words of all devices: one board for all modules of a process, never destroyed.
class WARPX_PUBLIC overflow_board {
public:
    static constexpr int most_devices = 64, words = overflow_board_words;

    static overflow_board& get() noexcept {
        static constinit overflow_board board;
        return board;
    }

    /// A flag for a launch on a device (-1: the current one), and the limits of its tapes.
    overflow_flag next(int ordinal, const launch_site& site, tape_limits& limits) {
        if (ordinal < 0 && cudaGetDevice(&ordinal) != cudaSuccess) (void)cudaGetLastError(), ordinal = 0;
        if (ordinal >= most_devices)
            throw launch_error(sentence("kernel " + site_name(site), "a CUDA ordinal below 64",
                                        std::to_string(ordinal), "launch on another device"));
        fault_board& faults = fault_board::get();
        const std::string name = site_name(site);
        limits.record = faults.of_device(ordinal);
        limits.kernel = faults.keep(name);
        const lock_guard guard(mutex_);
        entry& e = entries_[ordinal];
        if (e.words == nullptr) make(ordinal, e);
        tell(e);
        ++e.number;
        e.kernels[e.number % words] = limits.kernel;
        limits.heap_bytes = e.heap_bytes;
        limits.told = e.told;
        return {e.words + e.number % words, e.number};
    }

private:
    struct entry {
        unsigned long long* words;
        unsigned long long number;
        unsigned long long heap_bytes;
        volatile unsigned long long* told; // pinned host memory
        unsigned long long heard;
        const char* kernels[overflow_board_words]; // of the last launches, by their words
    };
    /// Tells of a launch that needed tapes, each kernel once. Called by later launches: none waits.
    static void tell(entry& e) noexcept {
        const unsigned long long number = *e.told;
        if (number == e.heard || number > e.number || number + words <= e.number) return;
        e.heard = number;
        const char* const kernel = e.kernels[number % words];
        static const char* known[64] = {};
        for (const char*& k : known) {
            if (k == kernel) return;
            if (k != nullptr) continue;
            k = kernel;
            const tape_report report = __atomic_load_n(&tape_reporter::current(), __ATOMIC_ACQUIRE);
            if (report != nullptr) report((std::string("kernel ") + kernel).c_str());
            return;
        }
    }
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
        void* told = nullptr;
        if (status == cudaSuccess) status = cudaHostAlloc(&told, sizeof(unsigned long long), cudaHostAllocPortable);
        size_t heap = 0;
        if (status == cudaSuccess) status = cudaDeviceGetLimit(&heap, cudaLimitMallocHeapSize);
        if (status != cudaSuccess) (void)cudaFree(memory), (void)cudaFreeHost(told);
        cuda_check(status, "an adjoint launch", "making the flags of tapes that overflow",
                   "it needs 2 kB of device memory");
        e.words = static_cast<unsigned long long*>(memory);
        e.told = static_cast<unsigned long long*>(told);
        *e.told = 0;
        e.heap_bytes = heap - heap / 8; // its own bookkeeping needs some
    }

    lock mutex_;
    entry entries_[most_devices] = {};
};

} // namespace cuda_v1
} // namespace detail
} // namespace warpx
