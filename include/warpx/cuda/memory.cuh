// SPDX-License-Identifier: Apache-2.0
// memory.cuh: memory for new arrays on CUDA: options, allocation, the pool.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/memory.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "allocator.cuh"
#include "block.cuh"

namespace warpx {

/// Where new memory lies and which stream uses it first; name what you need:
/// `zeros<float, device::cuda>(n, memory_options{.stream = s})`.
struct memory_options {
    stream_ref stream = current_stream();  ///< work on it may use the memory at once; others wait for it
    int device = -1;                       ///< the CUDA ordinal; -1: the stream's device
    memory_kind kind = memory_kind::plain; ///< pinned and managed memory is for host and device alike
};

namespace detail {

inline namespace cuda_v1 { // modules of one process share it: another layout is another name

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
