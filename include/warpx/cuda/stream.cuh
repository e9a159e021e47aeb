// SPDX-License-Identifier: Apache-2.0
// stream.cuh: CUDA streams, owned or borrowed, and the stream that work of a thread goes to.
#pragma once

#include "stream_life.cuh"

#include <utility> // exchange

namespace warpx {

/// A CUDA stream that somebody else owns: one pointer, passed by value. A null handle means the legacy
/// default stream, whatever nvcc's --default-stream says; it is kept as `cudaStreamLegacy`, never null.
class stream_ref {
public:
    constexpr stream_ref() noexcept = default;
    stream_ref(cudaStream_t handle) noexcept : handle_(handle ? handle : cudaStreamLegacy) {}

    /// The legacy default stream of the current device: it waits for, and is waited for by, all streams that
    /// were made `blocking`.
    static stream_ref legacy() noexcept { return cudaStreamLegacy; }
    /// The calling thread's own default stream.
    static stream_ref per_thread() noexcept { return cudaStreamPerThread; }

    cudaStream_t get() const noexcept { return handle_ ? handle_ : cudaStreamLegacy; }
    operator cudaStream_t() const noexcept { return get(); }

    /// Whether all work enqueued so far is done. Does not wait. Throws cuda_error if some of it failed.
    bool ready() const {
        const cudaError_t status = cudaStreamQuery(get());
        if (status == cudaErrorNotReady) {
            (void)cudaGetLastError();
            return false;
        }
        detail::cuda_check(status, "warpx::stream", "the work enqueued so far", detail::sticky_remedy);
        return true;
    }
    /// Whether the stream is being captured into a graph: its work is recorded, not run.
    bool capturing() const {
        cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
        detail::cuda_check(cudaStreamIsCapturing(get(), &state), "warpx::stream", "asking for the capture",
                           "the legacy default stream cannot be used while another stream is captured");
        return state == cudaStreamCaptureStatusActive;
    }

    friend bool operator==(const stream_ref& a, const stream_ref& b) noexcept { return a.get() == b.get(); }

private:
    cudaStream_t handle_ = nullptr; // null here is the legacy default stream, so that this can be constexpr
};

struct stream_options {
    int device = -1;       ///< the CUDA ordinal; -1: the current device
    int priority = 0;      ///< lower numbers first; clamped to what the device has
    bool blocking = false; ///< wait for the legacy default stream, and make it wait
};

/// An owned CUDA stream. Destroying it does not wait: its work goes on to the end. Arrays that were allocated
/// on it may outlive it.
class stream {
public:
    explicit stream(const stream_options& options = {}) {
        const device_guard guard(options.device);
        detail::cuda_check(
            cudaStreamCreateWithPriority(
                &handle_, options.blocking ? cudaStreamDefault : cudaStreamNonBlocking, options.priority),
            "warpx::stream", "making a stream",
            "a stream needs an NVIDIA GPU, its driver and a little memory on it");
    }
    stream(stream&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    stream& operator=(stream&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~stream() {
        if (handle_ == nullptr) return;
        retire_stream(handle_);
        if (cudaStreamDestroy(handle_) != cudaSuccess) (void)cudaGetLastError();
    }

    cudaStream_t get() const noexcept { return handle_; }
    operator stream_ref() const noexcept { return handle_; }
    operator cudaStream_t() const noexcept { return handle_; }
    bool ready() const { return stream_ref(*this).ready(); }
    bool capturing() const { return stream_ref(*this).capturing(); }

private:
    cudaStream_t handle_ = nullptr;
};

namespace detail {

/// The stream that work of this thread goes to when nothing else is said; null: the legacy default stream.
/// One for all modules of a process.
WARPX_PUBLIC inline constinit thread_local cudaStream_t scoped_stream = nullptr;

} // namespace detail

/// The stream that work of this thread goes to when nothing else is said: that of the innermost
/// `stream_scope`, else the legacy default stream.
inline stream_ref current_stream() noexcept { return detail::scoped_stream; }

/// Sends this thread's launches, copies and allocations to a stream for the length of a scope. The stream
/// must outlive it. Also the way to use a framework's current stream. Waits for nothing.
class stream_scope {
public:
    explicit stream_scope(stream_ref stream) noexcept
        : former_(std::exchange(detail::scoped_stream, stream.get())) {}
    ~stream_scope() { detail::scoped_stream = former_; }
    stream_scope(const stream_scope&) = delete;
    stream_scope& operator=(const stream_scope&) = delete;

private:
    cudaStream_t former_;
};

} // namespace warpx
