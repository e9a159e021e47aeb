// SPDX-License-Identifier: Apache-2.0
// memory.cuh: the owner of CUDA memory: when it is freed, on which stream, and after whose work.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/memory.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../owner.hpp"
#include "allocator.cuh"
#include "stream.cuh"

#include <new>

namespace warpx {

/// Where new memory lies and which stream uses it first; name what you need:
/// `zeros<float, device::cuda>(n, memory_options{.stream = s})`.
struct memory_options {
    stream_ref stream = current_stream();  ///< work on it may use the memory at once; others wait for it
    int device = -1;                       ///< the CUDA ordinal; -1: the stream's device
    memory_kind kind = memory_kind::plain; ///< pinned and managed memory is for host and device alike
};

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

WARPX_COLD [[noreturn]] inline void refuse_stream_device(int wanted, int got) {
    throw bind_error(sentence("a new warpx::array",
                              "a stream of cuda:" + std::to_string(wanted) + " (memory_options::device)",
                              "a stream of cuda:" + std::to_string(got),
                              "leave the device at -1, or give a stream that was made on it"));
}

inline int device_for(const memory_options& options) {
    const int on = stream_device(options.stream, -1);
    if (options.device < 0) return on >= 0 ? on : current_device();
    if (on >= 0 && on != options.device) [[unlikely]]
        refuse_stream_device(options.device, on);
    return options.device;
}

/// What the block needs to know of its stream.
inline void join_stream(cuda_block& b, const memory_options& options, int device) {
    const cudaStream_t s = options.stream;
    b.memory = options.kind;
    b.device = device;
    b.hook = &cuda_memory_hook;
    b.destroy = drop_cuda_block;
    if (options.kind == memory_kind::plain) {
        cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
        if (const cudaError_t status = cudaStreamGetCaptureInfo(s, &state, &b.capture); status != cudaSuccess)
            [[unlikely]]
            refuse_memory(status, b.bytes, "device memory");
        if (state != cudaStreamCaptureStatusActive) b.capture = 0;
    }
    if (is_named_stream(s)) {
        b.life = stream_board::get().join(s, stream_device(s, device));
        b.same = s;
    } else if (s == cudaStreamPerThread) {
        b.thread_stream = stream_id(s);
    } else if (options.kind == memory_kind::plain || device_count() == 1) {
        b.same = s; // shared memory is used by the legacy streams of several devices
    }
}

template <class A> struct cuda_block_of final : cuda_block {
    A allocator;
    explicit cuda_block_of(const A& a) : allocator(a) {
        give_back = [](cuda_block& self, cudaStream_t stream) noexcept {
            static_cast<cuda_block_of&>(self).allocator.deallocate(self.data, self.bytes, stream);
        };
        erase = [](cuda_block* self) noexcept { delete static_cast<cuda_block_of*>(self); };
    }
};

struct fresh_memory {
    void* data = nullptr;
    owner_ref keeper;
    int device = 0;
};

/// New memory with its owner; none for 0 bytes.
template <device_allocator A>
fresh_memory allocate_memory(size_t bytes, const memory_options& options, const A& allocator) {
    fresh_memory fresh;
    fresh.device = device_for(options);
    if (bytes == 0) return fresh;
    parked_blocks::settle();
    const device_guard here(fresh.device);
    auto* const block = new cuda_block_of<A>(allocator);
    block->bytes = bytes;
    try {
        join_stream(*block, options, fresh.device);
        block->data = block->allocator.allocate(bytes, options.stream);
        if (block->data == nullptr) [[unlikely]]
            refuse_memory(cudaErrorMemoryAllocation, bytes, "memory of the allocator");
    } catch (...) {
        forget_uses(*block);
        delete block;
        throw;
    }
    if (block->thread_stream != 0) note_use(*block, cudaStreamPerThread);
    fresh.data = block->data;
    fresh.keeper = owner_ref(block);
    return fresh;
}
/// The same from where memory of that kind usually comes.
inline fresh_memory allocate_memory(size_t bytes, const memory_options& options) {
    switch (options.kind) {
    case memory_kind::pinned:
        return allocate_memory(bytes, options, pinned_allocator{});
    case memory_kind::managed:
        return allocate_memory(bytes, options, managed_allocator{});
    default:
        return allocate_memory(bytes, options, pool_allocator{});
    }
}

/// Tells the owner of an array that work on `stream` uses its memory.
template <class A> void tell_use(const A& a, stream_ref stream) noexcept {
    owner* const keeper = a.keeper().get();
    if (keeper != nullptr && keeper->hook != nullptr && keeper->hook->record_stream != nullptr)
        keeper->hook->record_stream(*keeper, stream.get());
}

} // namespace cuda_v1

} // namespace detail

/// Lets the memory pool of a device (-1: the current one) keep up to `bytes` of memory that no array uses.
/// By default it returns all of it to the system whenever the host waits for a stream, and the next
/// allocation takes hundreds of microseconds instead of one: programs that make arrays in a loop and
/// synchronize want this. `keep_memory(SIZE_MAX)` keeps everything, `keep_memory(0)` is the default. Waits
/// for nothing.
inline void keep_memory(size_t bytes, int device = -1) {
    if (device < 0) device = current_device();
    cudaMemPool_t pool = nullptr;
    detail::cuda_check(cudaDeviceGetMemPool(&pool, device), "warpx::keep_memory",
                       "asking for the memory pool of the device",
                       "this device or driver has no memory pools");
    uint64_t threshold = bytes;
    detail::cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
                       "warpx::keep_memory", "setting how much memory the pool keeps",
                       "this device or driver has no memory pools");
}

} // namespace warpx
