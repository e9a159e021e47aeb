// SPDX-License-Identifier: Apache-2.0
// allocator.cuh: where the memory of CUDA arrays comes from: the pools of CUDA, a framework, a CCCL or RMM
// resource.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/allocator.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "stream_life.cuh"

#include <string>
#include <type_traits>

namespace warpx {

/// What `empty`, `zeros` and their like take memory from. Copied into the owner of each array; copies give
/// and take the same memory. Called with the array's device current, from any thread.
///   allocate(bytes, stream)           memory that work on `stream` may use from now on, aligned to 256
///                                     bytes; throws, or returns null, if there is none. `bytes` is not 0.
///   deallocate(data, bytes, stream)   the memory may be used again by work enqueued on `stream` from now on;
///                                     `stream` is that of the allocation, or, where that does not exist any
///                                     more, one that waits for its work. Must not throw.
template <class A>
concept device_allocator =
    std::is_copy_constructible_v<A> && requires(A& a, size_t bytes, void* data, cudaStream_t stream) {
        { static_cast<void*>(a.allocate(bytes, stream)) };
        { a.deallocate(data, bytes, stream) } noexcept;
    };

namespace detail {

/// Throws cuda_error: how much was asked for, how much there is.
WARPX_COLD [[noreturn]] inline void refuse_memory(cudaError_t status, size_t bytes, const char* what) {
    (void)cudaGetLastError();
    const relaxed_capture relaxed;
    size_t free = 0, total = 0;
    int ordinal = 0;
    std::string room;
    if (cudaGetDevice(&ordinal) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess) {
        room = " (cuda:" + std::to_string(ordinal) + " has " + std::to_string(free) + " bytes free of " +
               std::to_string(total) + ")";
        // What exceeds every memory is called an invalid value by some drivers.
        if (status == cudaErrorInvalidValue && bytes > total) status = cudaErrorMemoryAllocation;
    }
    refuse_cuda(status, "a new warpx::array", std::to_string(bytes) + " bytes of " + what + room,
                status == cudaErrorMemoryAllocation
                    ? "free arrays, or take fewer elements at a time; memory that other streams have not "
                      "finished with counts as used"
                : status == cudaErrorStreamCaptureImplicit || status == cudaErrorStreamCaptureUnsupported
                    ? "a stream that the legacy default stream waits for is being captured: allocate on "
                      "another stream (memory_options::stream, stream_scope), or before the capture"
                    : "this needs an NVIDIA GPU, its driver, and a stream that exists; an error of earlier "
                      "work comes back here");
}

} // namespace detail

/// The default: the memory pool of the device (`cudaMallocAsync`, `cudaFreeAsync`), in order with the stream,
/// without waiting. On a device without pools `cudaMalloc` and `cudaFree`, which wait for the device.
struct pool_allocator {
    void* allocate(size_t bytes, cudaStream_t stream) const {
        void* data = nullptr;
        cudaError_t status = cudaSuccess;
        if (has_pools()) {
            status = cudaMallocAsync(&data, bytes, stream);
        } else {
            const detail::relaxed_capture relaxed;
            status = cudaMalloc(&data, bytes);
        }
        if (status != cudaSuccess) [[unlikely]]
            detail::refuse_memory(status, bytes, "device memory");
        return data;
    }
    void deallocate(void* data, size_t, cudaStream_t stream) const noexcept {
        // Errors of earlier work come back here; nobody could do anything about them.
        if ((has_pools() ? cudaFreeAsync(data, stream) : cudaFree(data)) != cudaSuccess)
            (void)cudaGetLastError();
    }

private:
    static bool has_pools() noexcept {
        int ordinal = 0, supported = 0;
        if (cudaGetDevice(&ordinal) == cudaSuccess &&
            cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, ordinal) == cudaSuccess)
            return supported != 0;
        (void)cudaGetLastError();
        return true;
    }
};

/// Memory of somebody else's caching allocator, by two C functions and a context. For PyTorch they call
/// c10::cuda::CUDACachingAllocator::raw_alloc_with_stream(bytes, stream) and raw_delete(data). The context
/// and the functions must outlive every array. `deallocate` must not wait for a lock (Python's GIL, say) that
/// is held by threads which make or drop arrays.
struct function_allocator {
    void* context = nullptr;
    void* (*allocate_function)(void* context, size_t bytes, cudaStream_t stream) = nullptr;
    void (*deallocate_function)(void* context, void* data, size_t bytes, cudaStream_t stream) = nullptr;

    void* allocate(size_t bytes, cudaStream_t stream) const {
        return allocate_function(context, bytes, stream);
    }
    void deallocate(void* data, size_t bytes, cudaStream_t stream) const noexcept {
        deallocate_function(context, data, bytes, stream);
    }
};

namespace detail {

/// CCCL 3.1 and later: `allocate(stream, bytes, alignment)`.
template <class R>
concept stream_first_resource = requires(R& r, void* data, size_t bytes, cudaStream_t stream) {
    { static_cast<void*>(r.allocate(stream, bytes, bytes)) };
    r.deallocate(stream, data, bytes, bytes);
};
/// CCCL up to 3.0, and RMM: `allocate_async(bytes, alignment, stream)`.
template <class R>
concept async_resource = requires(R& r, void* data, size_t bytes, cudaStream_t stream) {
    { static_cast<void*>(r.allocate_async(bytes, bytes, stream)) };
    r.deallocate_async(data, bytes, bytes, stream);
};
/// RMM's device_memory_resource: `allocate(bytes, stream)`.
template <class R>
concept stream_last_resource = requires(R& r, void* data, size_t bytes, cudaStream_t stream) {
    { static_cast<void*>(r.allocate(bytes, stream)) };
    r.deallocate(data, bytes, stream);
};

} // namespace detail

/// Memory of a stream-ordered resource of CCCL (`cuda::mr`) or RMM, or of anything with their functions. The
/// resource must outlive every array. Its `deallocate` must not throw.
template <class R>
    requires(detail::stream_first_resource<R> || detail::async_resource<R> || detail::stream_last_resource<R>)
class resource_allocator {
public:
    explicit resource_allocator(R& resource) noexcept : resource_(&resource) {}

    void* allocate(size_t bytes, cudaStream_t stream) const {
        if constexpr (detail::stream_first_resource<R>)
            return resource_->allocate(stream, bytes, alignment);
        else if constexpr (detail::async_resource<R>)
            return resource_->allocate_async(bytes, alignment, stream);
        else
            return resource_->allocate(bytes, stream);
    }
    void deallocate(void* data, size_t bytes, cudaStream_t stream) const noexcept {
        if constexpr (detail::stream_first_resource<R>)
            resource_->deallocate(stream, data, bytes, alignment);
        else if constexpr (detail::async_resource<R>)
            resource_->deallocate_async(data, bytes, alignment, stream);
        else
            resource_->deallocate(data, bytes, stream);
    }

private:
    static constexpr size_t alignment = 256;
    R* resource_;
};

namespace detail {

/// Page-locked host memory, which every device reaches.
struct pinned_allocator {
    void* allocate(size_t bytes, cudaStream_t) const {
        const relaxed_capture relaxed;
        void* data = nullptr;
        if (const cudaError_t status = cudaHostAlloc(&data, bytes, cudaHostAllocPortable);
            status != cudaSuccess) [[unlikely]]
            refuse_memory(status, bytes, "pinned host memory");
        return data;
    }
    void deallocate(void* data, size_t, cudaStream_t) const noexcept {
        if (cudaFreeHost(data) != cudaSuccess) (void)cudaGetLastError();
    }
};

/// Memory that moves to whoever touches it.
struct managed_allocator {
    void* allocate(size_t bytes, cudaStream_t) const {
        const relaxed_capture relaxed;
        void* data = nullptr;
        if (const cudaError_t status = cudaMallocManaged(&data, bytes, cudaMemAttachGlobal);
            status != cudaSuccess) [[unlikely]]
            refuse_memory(status, bytes, "managed memory");
        return data;
    }
    void deallocate(void* data, size_t, cudaStream_t) const noexcept {
        if (cudaFree(data) != cudaSuccess) (void)cudaGetLastError();
    }
};

} // namespace detail
} // namespace warpx
