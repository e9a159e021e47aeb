// SPDX-License-Identifier: Apache-2.0
// block.cuh: the owner of memory that warpx allocated on CUDA: which streams use it, when and where it is
// freed.
#pragma once

#include "../owner.hpp"
#include "stream.cuh"

#include <new>

namespace warpx {

// When and where memory is freed
// ------------------------------
// Plain memory is freed on the stream it was allocated on, after the work that other streams did with it:
// each launch or copy tells the owner its stream (`record_stream`), the owner keeps one event a stream, and
// the allocation's stream waits for these before the free. Work on the allocation's stream itself needs no
// event, so the usual launch costs a comparison, and work that warpx knows nothing of (a library call on that
// stream) is in order too. The host never waits.
//
// That needs the allocation's stream at the end, when it may be gone, and using its handle then is undefined.
// Hence the board of streams (stream_life.cuh): whoever destroys a stream says so, an event marks the end of
// its work, and the memory is freed on a stream of warpx that waits for the event. A thread's own default
// stream has no handle that other threads could name: there every use is recorded, and the owner drops the
// memory on a stream of warpx unless the same thread drops it.
//
// The stream may be in the middle of a capture when an array dies that was made before it. Then nothing can
// be enqueued on it, and the owner is parked until somebody makes or drops CUDA memory after the capture.
// Arrays that are made on a stream that is being captured belong to the graph: allocation and free are nodes
// of it, if the array is dropped before the capture ends. Work that is captured is not recorded, since the
// graph may run at any time: arrays used in a graph must outlive it.
//
// Pinned and managed memory is freed by calls that take effect at once: dropping the last reference waits
// (the host does) for the work that was recorded.

namespace detail {

inline namespace cuda_v1 { // modules of one process share it: another layout is another name

/// The work of one stream with one block of memory, up to its last record.
struct stream_use {
    unsigned long long stream; // its id
    int device;
    cudaEvent_t event;
    stream_use* next;
};

struct cuda_block : owner {
    void* data = nullptr;
    size_t bytes = 0;
    int device = 0;
    bool touched = false;                 // pinned and managed memory: the allocation's stream used it
    bool busy = false;                    // the lock of `uses`
    cudaStream_t same = nullptr;          // the stream whose work needs no event; null: every one needs it
    stream_life* life = nullptr;          // of the allocation's stream, if that is no default stream
    unsigned long long thread_stream = 0; // the id of the thread's default stream, if allocated on that
    unsigned long long capture = 0;       // the capture it was allocated in
    stream_use* uses = nullptr;
    cuda_block* next_parked = nullptr;
    void (*give_back)(cuda_block& self, cudaStream_t stream) noexcept = nullptr;
    void (*erase)(cuda_block* self) noexcept = nullptr; // the block, not the memory
};

inline void forget_uses(cuda_block& b) noexcept {
    for (stream_use* u = b.uses; u != nullptr;) {
        stream_use* const next = u->next;
        if (cudaEventDestroy(u->event) != cudaSuccess) (void)cudaGetLastError();
        delete u;
        u = next;
    }
    b.uses = nullptr;
    if (b.life != nullptr) stream_board::get().leave(b.life);
    b.life = nullptr;
}

/// Records that the work enqueued on `s` so far uses the memory.
inline void note_use(cuda_block& b, cudaStream_t s) noexcept {
    int where = b.device; // of a default stream: launches over plain memory run on the memory's device
    if (b.memory != memory_kind::plain && cudaGetDevice(&where) != cudaSuccess)
        return (void)cudaGetLastError();
    where = stream_device(s, where);
    const quiet_device there(where);
    cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
    if (cudaStreamIsCapturing(s, &state) != cudaSuccess) return (void)cudaGetLastError();
    if (state != cudaStreamCaptureStatusNone && b.capture == 0) return;
    const unsigned long long id = stream_id(s);
    while (__atomic_test_and_set(&b.busy, __ATOMIC_ACQUIRE)) (void)sched_yield();
    stream_use* use = b.uses;
    while (use != nullptr && (use->stream != id || use->device != where)) use = use->next;
    if (use == nullptr) {
        cudaEvent_t event = nullptr;
        if (cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess)
            use = new (std::nothrow) stream_use{id, where, event, b.uses};
        if (use != nullptr)
            b.uses = use;
        else if (event != nullptr)
            (void)cudaEventDestroy(event);
    }
    if (use == nullptr || cudaEventRecord(use->event, s) != cudaSuccess) {
        (void)cudaGetLastError();
        if (state == cudaStreamCaptureStatusNone) (void)cudaStreamSynchronize(s); // no memory for an event
        (void)cudaGetLastError();
    }
    __atomic_clear(&b.busy, __ATOMIC_RELEASE);
}

inline void record_cuda_stream(owner& self, void* stream) noexcept {
    auto& b = static_cast<cuda_block&>(self);
    const cudaStream_t s = stream_ref(static_cast<cudaStream_t>(stream));
    if (s == b.same && (b.life == nullptr || !b.life->over())) [[likely]] {
        if (b.memory != memory_kind::plain && !__atomic_load_n(&b.touched, __ATOMIC_RELAXED))
            __atomic_store_n(&b.touched, true, __ATOMIC_RELAXED);
        return;
    }
    note_use(b, s);
}

WARPX_PUBLIC inline constinit owner_hook cuda_memory_hook{record_cuda_stream, nullptr};

/// The host waits for the recorded uses.
inline void await_uses(const cuda_block& b) noexcept {
    for (const stream_use* u = b.uses; u != nullptr; u = u->next)
        if (cudaEventSynchronize(u->event) != cudaSuccess) (void)cudaGetLastError();
}

/// `s` waits for the recorded uses; where it cannot, the host does.
inline void await_uses(const cuda_block& b, cudaStream_t s) noexcept {
    for (const stream_use* u = b.uses; u != nullptr; u = u->next)
        if (cudaStreamWaitEvent(s, u->event, 0) != cudaSuccess) {
            (void)cudaGetLastError();
            if (cudaEventSynchronize(u->event) != cudaSuccess) (void)cudaGetLastError();
        }
}

/// Gives the memory back; false if the capture of a stream, or the place of the call, forbids it now.
inline bool give_back(cuda_block& b) noexcept {
    const quiet_device here(b.device);
    if (!here.alive()) { // the memory is gone with the runtime, and so are its events
        for (stream_use* u = b.uses; u != nullptr;) delete std::exchange(u, u->next);
        b.uses = nullptr;
        b.erase(&b);
        return true;
    }
    const relaxed_capture relaxed;
    stream_board& board = stream_board::get();
    const bool held = b.life != nullptr && board.hold(b.life);
    cudaStream_t s = nullptr; // the allocation's stream, if it can be named
    if (held)
        s = b.life->handle;
    else if (b.life == nullptr && b.thread_stream == 0)
        s = cudaStreamLegacy;
    else if (b.thread_stream != 0 && b.thread_stream == stream_id(cudaStreamPerThread))
        s = cudaStreamPerThread;
    {
        cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
        unsigned long long capture = 0;
        const cudaError_t status =
            cudaStreamGetCaptureInfo(s != nullptr ? s : cudaStreamPerThread, &state, &capture);
        if (status != cudaSuccess) (void)cudaGetLastError();
        const bool other_capture =
            status == cudaErrorStreamCaptureImplicit ||
            (status == cudaSuccess && state != cudaStreamCaptureStatusNone && capture != b.capture);
        // Not permitted: this is a callback of CUDA, which must not call it.
        if (status == cudaErrorNotPermitted || (s != nullptr && other_capture)) {
            if (held) board.let_go(b.life);
            return false;
        }
    }
    if (b.memory == memory_kind::plain) {
        const cudaStream_t on = s != nullptr ? s : board.side_stream(b.device);
        if (on == nullptr) {
            await_uses(b);
            if (b.life != nullptr && b.life->end != nullptr) (void)cudaEventSynchronize(b.life->end);
        } else {
            await_uses(b, on);
            if (b.life != nullptr && !held && b.life->end != nullptr &&
                cudaStreamWaitEvent(on, b.life->end, 0) != cudaSuccess)
                (void)cudaGetLastError();
        }
        b.give_back(b, on != nullptr ? on : cudaStreamPerThread);
        if (held) board.let_go(b.life);
    } else {
        if (b.touched && s != nullptr) note_use(b, s);
        if (held) board.let_go(b.life); // before the host waits
        if (b.touched && s == nullptr && b.life != nullptr && b.life->end != nullptr &&
            cudaEventSynchronize(b.life->end) != cudaSuccess)
            (void)cudaGetLastError();
        await_uses(b);
        b.give_back(b, s != nullptr ? s : cudaStreamPerThread);
    }
    forget_uses(b);
    b.erase(&b);
    return true;
}

/// Owners whose last reference went while their memory could not be given back.
class WARPX_PUBLIC parked_blocks {
public:
    static void add(cuda_block* b) noexcept {
        b->next_parked = __atomic_load_n(&first, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(&first, &b->next_parked, b, true, __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED)) {
        }
    }
    static void settle() noexcept {
        if (__atomic_load_n(&first, __ATOMIC_RELAXED) == nullptr) return;
        cuda_block* b = __atomic_exchange_n(&first, nullptr, __ATOMIC_ACQUIRE);
        while (b != nullptr) {
            cuda_block* const next = b->next_parked;
            if (!give_back(*b)) add(b);
            b = next;
        }
    }

private:
    static inline constinit cuda_block* first = nullptr;
};

inline void drop_cuda_block(owner* self) noexcept {
    parked_blocks::settle();
    auto* b = static_cast<cuda_block*>(self);
    if (!give_back(*b)) parked_blocks::add(b);
}

} // namespace cuda_v1

} // namespace detail
} // namespace warpx
