// SPDX-License-Identifier: Apache-2.0
// stream_life.cuh: the streams that arrays were allocated on, and what is left of one that ends before them.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/stream_life.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../detail/lock.hpp"
#include "device.cuh"

#include <sched.h>

namespace warpx {

namespace detail {

/// For the length of a scope this thread may allocate, free and make streams although some stream is being
/// captured: such calls are not recorded, and are harmless because nothing of them ends up in the graph.
class relaxed_capture {
public:
    relaxed_capture() noexcept { (void)cudaThreadExchangeStreamCaptureMode(&mode_); }
    ~relaxed_capture() { (void)cudaThreadExchangeStreamCaptureMode(&mode_); }
    relaxed_capture(const relaxed_capture&) = delete;
    relaxed_capture& operator=(const relaxed_capture&) = delete;

private:
    cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

/// device_guard for places that must not throw. `alive()` is false where CUDA can no longer be called: at the
/// end of the process, or after an error that ended it.
class quiet_device {
public:
    explicit quiet_device(int ordinal) noexcept {
        int now = 0;
        alive_ =
            cudaGetDevice(&now) == cudaSuccess && (now == ordinal || cudaSetDevice(ordinal) == cudaSuccess);
        if (!alive_)
            (void)cudaGetLastError();
        else if (now != ordinal)
            former_ = now;
    }
    ~quiet_device() {
        if (former_ >= 0) (void)cudaSetDevice(former_);
    }
    quiet_device(const quiet_device&) = delete;
    quiet_device& operator=(const quiet_device&) = delete;

    bool alive() const noexcept { return alive_; }

private:
    bool alive_ = false;
    int former_ = -1;
};

inline bool is_named_stream(cudaStream_t s) noexcept {
    return s != nullptr && s != cudaStreamLegacy && s != cudaStreamPerThread;
}

/// Whether the stream is being captured: the runtime then answers no question about it without ending the
/// capture (cudaStreamGetId of CUDA 13.0 does).
inline bool is_captured(cudaStream_t s) noexcept {
    cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
    if (cudaStreamIsCapturing(s, &state) == cudaSuccess) return state != cudaStreamCaptureStatusNone;
    (void)cudaGetLastError();
    return false;
}

/// Marks the id of a stream that had to be named by its handle.
inline constexpr unsigned long long by_handle = 1ull << 63;

/// Tells two streams apart for the whole program, also where the second got the handle of the first. The
/// legacy default stream is 1 (on every device); a captured stream is named by its handle. 0 if the runtime
/// does not answer.
inline unsigned long long stream_id(cudaStream_t s) noexcept {
    if (s == cudaStreamLegacy || s == nullptr) return 1;
    if (is_captured(s)) return by_handle | reinterpret_cast<uintptr_t>(s);
    unsigned long long id = 0;
    if (cudaStreamGetId(s, &id) == cudaSuccess) return id + 2;
    (void)cudaGetLastError();
    return 0;
}

/// The device of a stream; `otherwise` for the default streams, which every device has, and where the runtime
/// cannot say (before CUDA 12.8, and of captured streams).
inline int stream_device([[maybe_unused]] cudaStream_t s, int otherwise) noexcept {
#if CUDART_VERSION >= 12080
    int ordinal = 0;
    if (is_named_stream(s) && !is_captured(s)) {
        if (cudaStreamGetDevice(s, &ordinal) == cudaSuccess) return ordinal;
        (void)cudaGetLastError();
    }
#endif
    return otherwise;
}

inline namespace cuda_v1 { // modules of one process share it: another layout is another name

/// A stream that arrays were allocated on. Everything but `ended` is guarded by the board.
struct stream_life {
    cudaStream_t handle = nullptr;
    unsigned long long id = 0;
    int device = 0;
    int64_t references = 0;    // arrays
    int64_t holders = 0;       // threads that are about to enqueue a free on it
    cudaEvent_t end = nullptr; // all of its work, once it has ended
    bool ended = false;
    stream_life* next = nullptr;

    bool over() const noexcept { return __atomic_load_n(&ended, __ATOMIC_ACQUIRE); }
    bool is(cudaStream_t s, unsigned long long s_id) const noexcept {
        return ((id | s_id) & by_handle) != 0 ? handle == s : id == s_id;
    }
};

/// The streams that arrays were allocated on: one board for all modules of a process, never destroyed, since
/// arrays may be dropped while the process ends.
class WARPX_PUBLIC stream_board {
public:
    static constexpr int most_devices = 64;

    static stream_board& get() {
        static stream_board* const board = new stream_board;
        return *board;
    }

    /// The life of a stream that is not a default one, counted once more.
    stream_life* join(cudaStream_t handle, int device) {
        const unsigned long long id = stream_id(handle);
        const lock_guard lock(mutex_);
        stream_life* life = first_;
        while (life != nullptr && !life->is(handle, id)) life = life->next;
        if (life == nullptr) {
            life = new stream_life{handle, id, device};
            life->next = first_;
            __atomic_store_n(&first_, life, __ATOMIC_RELEASE);
        }
        ++life->references;
        return life;
    }
    void leave(stream_life* life) noexcept {
        const lock_guard lock(mutex_);
        if (--life->references > 0) return;
        if (life->ended) {
            if (life->end != nullptr && cudaEventDestroy(life->end) != cudaSuccess) (void)cudaGetLastError();
        } else {
            unlink(life);
        }
        delete life;
    }

    /// Keeps the stream from ending until `let_go`; false if it has ended.
    bool hold(stream_life* life) noexcept {
        const lock_guard lock(mutex_);
        if (life->ended) return false;
        ++life->holders;
        return true;
    }
    void let_go(stream_life* life) noexcept {
        const lock_guard lock(mutex_);
        --life->holders;
    }

    /// Marks the end of a stream's work, for the arrays that outlive it.
    void end(cudaStream_t handle) noexcept {
        if (!is_named_stream(handle) || __atomic_load_n(&first_, __ATOMIC_ACQUIRE) == nullptr) return;
        const unsigned long long id = stream_id(handle);
        for (;; (void)sched_yield()) {
            const lock_guard lock(mutex_);
            stream_life* life = first_;
            while (life != nullptr && !life->is(handle, id)) life = life->next;
            if (life == nullptr) return;
            if (life->holders > 0) continue;
            const quiet_device there(life->device);
            if (cudaEventCreateWithFlags(&life->end, cudaEventDisableTiming) != cudaSuccess ||
                cudaEventRecord(life->end, handle) != cudaSuccess) {
                (void)cudaGetLastError();
                (void)cudaStreamSynchronize(handle); // no memory for an event: the only way left
                (void)cudaGetLastError();
            }
            unlink(life);
            __atomic_store_n(&life->ended, true, __ATOMIC_RELEASE);
            return;
        }
    }

    /// A stream of our own on the current device `ordinal`, where memory is freed whose own stream cannot be
    /// named any more. Null if there is no memory for it.
    cudaStream_t side_stream(int ordinal) noexcept {
        if (ordinal < 0 || ordinal >= most_devices) return nullptr;
        const lock_guard lock(mutex_);
        cudaStream_t& s = side_streams_[ordinal];
        const relaxed_capture relaxed;
        if (s == nullptr && cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking) != cudaSuccess) {
            (void)cudaGetLastError();
            s = nullptr;
        }
        return s;
    }

private:
    void unlink(stream_life* life) noexcept {
        stream_life** at = &first_;
        while (*at != life) at = &(*at)->next;
        __atomic_store_n(at, life->next, __ATOMIC_RELEASE);
    }

    lock mutex_;
    stream_life* first_ = nullptr;
    cudaStream_t side_streams_[most_devices] = {};
};

} // namespace cuda_v1

} // namespace detail

/// To be called before a raw `cudaStream_t` is destroyed (cudaStreamDestroy) while arrays that were allocated
/// on it live on: they are then freed after all of its work, on a stream of warpx. Waits for nothing.
inline void retire_stream(cudaStream_t stream) noexcept { detail::stream_board::get().end(stream); }

} // namespace warpx
