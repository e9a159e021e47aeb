// SPDX-License-Identifier: Apache-2.0
// fault.cuh: where checked launches note the first access outside of an array, and how the host hears of it.
#pragma once

#include "../detail/lock.hpp"
#include "../detail/text.hpp"
#include "stream_life.cuh"

#include <string.h>

namespace warpx {

namespace detail {

inline namespace cuda_v1 { // modules of one process share it: another layout is another name

/// Lies in device memory, one a device. Accesses outside of an array go to `sink` instead, so nothing faults.
struct fault_record {
    static constexpr int most_axes = 16; // of arrays of higher rank the first axes are shown
    static constexpr int sink_bytes = 4096;
    static constexpr int tape_too_large = -1; // an adjoint's: position[0] bytes wanted, extents[0] there

    unsigned long long state; // 0: nothing, 1: being written, 2: written
    const char* kernel;       // a string of this process's host memory that lives to its end
    int argument;
    int rank;
    int64_t position[most_axes];
    int64_t extents[most_axes];
    alignas(16) unsigned char sink[sink_bytes];
};

/// The records of all devices: one for all modules of a process, never destroyed.
class WARPX_PUBLIC fault_board {
public:
    static constexpr int most_devices = 64;

    static fault_board& get() noexcept {
        static constinit fault_board board;
        return board;
    }

    /// The record of the current device `ordinal`, made at its first use: a few kilobytes, which are
    /// allocated in a way that is legal while a stream is captured.
    fault_record* of_device(int ordinal) {
        const lock_guard guard(mutex_);
        if (ordinal < 0 || ordinal >= most_devices)
            throw launch_error(sentence("a checked launch", "a CUDA ordinal below 64",
                                        std::to_string(ordinal), "launch unchecked on this device"));
        entry& e = entries_[ordinal];
        if (e.record == nullptr) {
            const relaxed_capture relaxed;
            void* memory = nullptr;
            cudaError_t status = cudaMalloc(&memory, sizeof(fault_record));
            if (status == cudaSuccess && e.stream == nullptr)
                status = cudaStreamCreateWithFlags(&e.stream, cudaStreamNonBlocking);
            if (status == cudaSuccess) status = cudaMemsetAsync(memory, 0, sizeof(fault_record), e.stream);
            if (status == cudaSuccess) status = cudaStreamSynchronize(e.stream);
            if (status != cudaSuccess) (void)cudaFree(memory);
            cuda_check(status, "a checked launch", "making the record of faults",
                       "it needs 5 kB of device memory");
            e.record = static_cast<fault_record*>(memory);
            __atomic_store_n(&any_, true, __ATOMIC_RELEASE);
        }
        return e.record;
    }

    /// The same text at the same address, for the rest of the process.
    const char* keep(const std::string& name) {
        const lock_guard guard(mutex_);
        for (const kept* k = names_; k != nullptr; k = k->next)
            if (name == k->text) return k->text;
        names_ = new kept{strdup(name.c_str()), names_};
        return names_->text;
    }

    /// Throws index_error (a tape without memory: launch_error) if a device has a fault, and forgets it.
    void throw_first() {
        if (!__atomic_load_n(&any_, __ATOMIC_ACQUIRE)) return;
        const lock_guard guard(mutex_);
        for (int ordinal = 0; ordinal < most_devices; ++ordinal)
            if (entries_[ordinal].record != nullptr) look(ordinal, entries_[ordinal]);
    }

private:
    struct entry {
        fault_record* record;
        cudaStream_t stream; // of its own, so that reading waits for nobody's work
    };
    struct kept {
        const char* text;
        const kept* next;
    };

    static void look(int ordinal, const entry& e) {
        const device_guard current(ordinal);
        fault_record found;
        if (!read(&found.state, &e.record->state, sizeof(found.state), e) || found.state != 2) return;
        if (!read(&found, e.record, offsetof(fault_record, sink), e)) return;
        (void)cudaMemsetAsync(e.record, 0, sizeof(found.state), e.stream);
        (void)cudaStreamSynchronize(e.stream);
        const int rank = found.rank < fault_record::most_axes ? found.rank : fault_record::most_axes;
        text t;
        if (found.argument == fault_record::tape_too_large) {
            t.add("the adjoint of kernel ").add(found.kernel);
            t.expected("an item's tape to fit the device's malloc heap, ")
                .add(found.extents[0])
                .add(" bytes");
            t.got("a tape of ").add(found.position[0]).add(" bytes, and gradients that lack its item");
            t.remedy("call cudaDeviceSetLimit(cudaLimitMallocHeapSize, ...) before the first adjoint launch, "
                     "or write "
                     "the loop as warpx::fold");
            throw launch_error(t.c_str());
        }
        t.add("kernel ").add(found.kernel).add(", array argument ").add(found.argument);
        t.expected("an index within the shape ").add(found.extents, rank);
        t.got("index ").add(found.position, rank);
        t.remedy("guard the access, or launch over fewer items (arguments count from 0; the first of this "
                 "device's checked launches, later ones were not recorded)");
        throw index_error(t.c_str());
    }
    static bool read(void* into, const void* from, size_t bytes, const entry& e) {
        if (cudaMemcpyAsync(into, from, bytes, cudaMemcpyDeviceToHost, e.stream) == cudaSuccess &&
            cudaStreamSynchronize(e.stream) == cudaSuccess)
            return true;
        (void)cudaGetLastError(); // the context is lost: its error reaches the caller by itself
        return false;
    }

    lock mutex_;
    bool any_ = false;
    entry entries_[most_devices] = {};
    const kept* names_ = nullptr;
};

} // namespace cuda_v1

/// Throws index_error if a checked launch recorded an access outside of an array, and launch_error if an item
/// of an adjoint launch had no memory for its tape.
inline void throw_recorded_fault() { fault_board::get().throw_first(); }

} // namespace detail
} // namespace warpx
