// SPDX-License-Identifier: Apache-2.0
// event.cuh: CUDA events, order between streams, and the waits of the host.
#pragma once

#include "fault.cuh"
#include "stream.cuh"

namespace warpx {

struct event_options {
    bool timing = false;   ///< keep the time, for `milliseconds`; costs a little on the device
    bool blocking = false; ///< `synchronize` sleeps instead of spinning
    int device = -1;       ///< the CUDA ordinal; -1: the current device
};

/// An owned CUDA event: a mark in a stream. It belongs to a device; only streams of that device record it,
/// any stream may wait for it. Destroying it does not wait.
class event {
public:
    explicit event(const event_options& options = {}) {
        const device_guard guard(options.device);
        detail::cuda_check(
            cudaEventCreateWithFlags(&handle_, (options.timing ? cudaEventDefault : cudaEventDisableTiming) |
                                                   (options.blocking ? cudaEventBlockingSync : 0u)),
            "warpx::event", "making an event", "an event needs an NVIDIA GPU and its driver");
    }
    event(event&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    event& operator=(event&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~event() {
        if (handle_ && cudaEventDestroy(handle_) != cudaSuccess) (void)cudaGetLastError();
    }

    cudaEvent_t get() const noexcept { return handle_; }
    operator cudaEvent_t() const noexcept { return handle_; }

    /// Marks the work enqueued on the stream so far (a later record replaces this one). Does not wait.
    void record(stream_ref stream = current_stream()) {
        detail::cuda_check(cudaEventRecord(handle_, stream), "warpx::event", "recording an event",
                           "an event and the stream it is recorded on belong to one device");
    }
    /// Whether the recorded work is done (or nothing was recorded). Does not wait.
    bool ready() const {
        const cudaError_t status = cudaEventQuery(handle_);
        if (status == cudaErrorNotReady) {
            (void)cudaGetLastError();
            return false;
        }
        detail::cuda_check(status, "warpx::event", "the recorded work", detail::sticky_remedy);
        return true;
    }

private:
    cudaEvent_t handle_ = nullptr;
};

/// Time between two events with `timing`, in milliseconds (resolution about half a microsecond). Both must be
/// done; throws cuda_error otherwise. Does not wait.
inline float milliseconds(const event& begin, const event& end) {
    float elapsed = 0;
    detail::cuda_check(cudaEventElapsedTime(&elapsed, begin, end), "warpx::milliseconds",
                       "the time between two events",
                       "make both with event_options{.timing = true}, record both, synchronize the second");
    return elapsed;
}

/// Work enqueued on `stream` from now on runs after what `e` marks. The host does not wait.
inline void wait(stream_ref stream, const event& e) {
    detail::cuda_check(cudaStreamWaitEvent(stream, e, 0), "warpx::wait", "making a stream wait for an event",
                       "both must still exist; events of a capture are waited for inside of it only");
}

/// Work enqueued on `stream` from now on runs after what is enqueued on `other` now. The host does not wait.
inline void wait(stream_ref stream, stream_ref other) {
    if (stream == other) return;
    event mark({.device = detail::stream_device(other, -1)});
    mark.record(other);
    wait(stream, mark);
}

/// Waits (the host does) until the work enqueued on the stream is done. Throws cuda_error if some of it
/// failed, and index_error for the first access outside of an array that a checked launch recorded (on any
/// device, whichever stream it ran on). Illegal while the stream is captured.
inline void synchronize(stream_ref stream = current_stream()) {
    detail::cuda_check(cudaStreamSynchronize(stream), "warpx::synchronize", "the work on a stream",
                       detail::sticky_remedy);
    detail::throw_recorded_fault();
}
/// The same for the work that an event marks.
inline void synchronize(const event& e) {
    detail::cuda_check(cudaEventSynchronize(e), "warpx::synchronize", "the work before an event",
                       detail::sticky_remedy);
    detail::throw_recorded_fault();
}
/// The same for all work on a device (-1: the current one).
inline void synchronize_device(int ordinal = -1) {
    const device_guard guard(ordinal);
    detail::cuda_check(cudaDeviceSynchronize(), "warpx::synchronize_device", "the work on the device",
                       detail::sticky_remedy);
    detail::throw_recorded_fault();
}

} // namespace warpx
