// SPDX-License-Identifier: Apache-2.0
// create.cuh: new arrays in CUDA memory, and pinned or managed ones for both sides.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/create.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../create.hpp"
#include "launch.cuh"
#include "memory.cuh"

namespace warpx {

namespace detail {

template <class Device>
concept names_device = std::is_same_v<Device, device::cuda> || std::is_same_v<Device, device::host>;

/// Bytes of a new array: bind_error for shapes that no memory has.
template <class T, int N> size_t bytes_of(const shape<N>& extents) {
    int64_t bytes = sizeof(T);
    for (int axis = 0; axis < N; ++axis)
        if (extents[axis] < 0 || !checked_multiply(bytes, extents[axis] > 0 ? extents[axis] : 1, bytes) ||
            bytes > INT64_MAX - 256)
            refuse_new(extents.values, N);
    return static_cast<size_t>(N > 0 && extents.count() == 0 ? 0 : bytes);
}

template <class T, class Device, int N, class... A>
array<T, N, Device> new_array(const shape<N>& extents, const memory_options& options, const A&... allocator) {
    constexpr bool on_host = std::is_same_v<Device, device::host>;
    const size_t bytes = bytes_of<T>(extents);
    if constexpr (on_host && sizeof...(A) == 0)
        if (options.kind == memory_kind::plain) return allocate<T>(extents, false);
    fresh_memory fresh = allocate_memory(bytes, options, allocator...);
    return array_access::make<array<T, N, Device>>(
        static_cast<T*>(fresh.data), extents, compact_strides(extents),
        static_cast<owner_ref&&>(fresh.keeper), on_host ? device_kind::host : device_kind::cuda,
        on_host ? 0 : fresh.device, options.kind);
}

/// A struct, not a lambda: a lambda in a header is another one in each file that includes it.
struct fill_new {
    template <class I, class Y, class V> WARPX_HOST_DEVICE static constexpr void forward(I i, Y y, V v) {
        y[i] = v;
    }
};

template <class T> bool all_bytes_equal(const T& v) noexcept {
    unsigned char bytes[sizeof(T)];
    __builtin_memcpy(bytes, &v, sizeof(T));
    for (const unsigned char b : bytes)
        if (b != bytes[0]) return false;
    return true;
}

/// Every element of a compact CUDA array: by memset where all its bytes are the same.
template <class T, int N>
void fill_compact(const array<T, N, device::cuda>& a, const T& v, cudaStream_t stream) {
    if (a.empty()) return;
    const int64_t count = N == 0 ? 1 : a.size();
    if (all_bytes_equal(v)) {
        unsigned char byte = 0;
        __builtin_memcpy(&byte, &v, 1);
        const device_guard here(a.device_id());
        cuda_check(cudaMemsetAsync(a.data_handle(), byte, static_cast<size_t>(count) * sizeof(T), stream),
                   "warpx::fill", "setting memory", sticky_remedy);
    } else {
        const auto flat = array_access::make<array<T, 1, device::cuda>>(
            a.data_handle(), shape<1>(count), shape<1>(1), owner_ref(), device_kind::cuda, a.device_id(),
            memory_kind::plain);
        launch<fill_new>(launch_options{.stream = stream}, count, flat, v);
    }
}

template <class T, class Device, int N, class... A>
array<T, N, Device> new_filled(const shape<N>& extents, const T& v, const memory_options& options,
                               const A&... allocator) {
    auto a = new_array<T, Device>(extents, options, allocator...);
    if constexpr (std::is_same_v<Device, device::cuda>) {
        fill_compact(a, v, options.stream);
        tell_use(a, options.stream);
    } else {
        T* const data = a.data_handle();
        for (int64_t k = 0, n = a.size(); k < n; ++k) data[k] = v;
    }
    return a;
}

/// Zeros are bytes, whatever the element.
template <class T, class Device, int N, class... A>
array<T, N, Device> new_zeroed(const shape<N>& extents, const memory_options& options,
                               const A&... allocator) {
    auto a = new_array<T, Device>(extents, options, allocator...);
    const size_t bytes = a.empty() ? 0 : bytes_of<T>(extents);
    if (bytes == 0) return a;
    if constexpr (std::is_same_v<Device, device::cuda>) {
        const device_guard here(a.device_id());
        cuda_check(cudaMemsetAsync(a.data_handle(), 0, bytes, options.stream), "warpx::zeros",
                   "setting memory", sticky_remedy);
        tell_use(a, options.stream);
    } else {
        __builtin_memset(static_cast<void*>(a.data_handle()), 0, bytes);
    }
    return a;
}

} // namespace detail

/// A new compact array of unspecified values: `empty<float, device::cuda>({n, 3})`, in memory of the options'
/// device, for work on the options' stream (other streams must wait for that one first). `Device` is
/// device::cuda, or device::host for pinned and managed memory that the host uses as well:
/// `empty<float, device::host>(n, memory_options{.kind = memory_kind::pinned})`. The last argument may be an
/// allocator (allocator.cuh); `kind` then says what memory it gives. Without elements nothing is allocated.
///
/// Plain memory is taken and freed in the order of the stream and waits for nothing; it is freed when the
/// last array is dropped, on any thread, after all work that used it. Dropping the last array over pinned or
/// managed memory waits for that work. A stream that arrays were allocated on may be destroyed before them if
/// it is a warpx::stream; for another see `retire_stream`. On a stream that is being captured, allocation and
/// free become part of the graph: drop the array before the capture ends. (The legacy default stream cannot
/// be used while a blocking stream is captured.)
///
/// Throws bind_error for a negative or too large shape, cuda_error if there is no memory (the status is
/// cudaErrorMemoryAllocation, and everything goes on working) or no GPU.
template <class T, class Device, shape_like Dim, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto empty(const Dim& dim, const memory_options& options = {}, const A&... allocator) {
    return detail::new_array<T, Device>(detail::shape_of(dim), options, allocator...);
}
template <class T, class Device, int N, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto empty(const int64_t (&dim)[N], const memory_options& options = {}, const A&... allocator) {
    return detail::new_array<T, Device>(detail::shape_of(dim), options, allocator...);
}

/// The same, all bytes zero: written on the options' stream for device::cuda, at once for device::host.
template <class T, class Device, shape_like Dim, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto zeros(const Dim& dim, const memory_options& options = {}, const A&... allocator) {
    return detail::new_zeroed<T, Device>(detail::shape_of(dim), options, allocator...);
}
template <class T, class Device, int N, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto zeros(const int64_t (&dim)[N], const memory_options& options = {}, const A&... allocator) {
    return detail::new_zeroed<T, Device>(detail::shape_of(dim), options, allocator...);
}

/// The same, every element `v`.
template <class T, class Device, shape_like Dim, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto full(const Dim& dim, const std::type_identity_t<T>& v, const memory_options& options = {},
                        const A&... allocator) {
    return detail::new_filled<T, Device>(detail::shape_of(dim), v, options, allocator...);
}
template <class T, class Device, int N, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto full(const int64_t (&dim)[N], const std::type_identity_t<T>& v,
                        const memory_options& options = {}, const A&... allocator) {
    return detail::new_filled<T, Device>(detail::shape_of(dim), v, options, allocator...);
}

/// The same, every element one (every component of a vec, no identity for a mat).
template <class T, class Device, shape_like Dim, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto ones(const Dim& dim, const memory_options& options = {}, const A&... allocator) {
    return detail::new_filled<T, Device>(detail::shape_of(dim), detail::all_ones<T>(), options, allocator...);
}
template <class T, class Device, int N, device_allocator... A>
    requires(detail::names_device<Device> && sizeof...(A) <= 1)
[[nodiscard]] auto ones(const int64_t (&dim)[N], const memory_options& options = {}, const A&... allocator) {
    return detail::new_filled<T, Device>(detail::shape_of(dim), detail::all_ones<T>(), options, allocator...);
}

namespace detail {

/// Where an array like another one goes: the stream may be chosen, the device is that of the other.
template <class T, int N>
memory_options beside(const array<T, N, device::cuda>& a, stream_ref stream) noexcept {
    return {stream, a.device_id(), memory_kind::plain};
}

} // namespace detail

/// New compact arrays of the shape and (writable) element type of another, in plain memory of its device.
template <class T, int N>
[[nodiscard]] auto empty_like(const array<T, N, device::cuda>& a, stream_ref stream = current_stream()) {
    return detail::new_array<std::remove_const_t<T>, device::cuda>(a.extents(), detail::beside(a, stream));
}
template <class T, int N>
[[nodiscard]] auto zeros_like(const array<T, N, device::cuda>& a, stream_ref stream = current_stream()) {
    return detail::new_zeroed<std::remove_const_t<T>, device::cuda>(a.extents(), detail::beside(a, stream));
}
template <class T, int N>
[[nodiscard]] auto ones_like(const array<T, N, device::cuda>& a, stream_ref stream = current_stream()) {
    using U = std::remove_const_t<T>;
    return detail::new_filled<U, device::cuda>(a.extents(), detail::all_ones<U>(), detail::beside(a, stream));
}
template <class T, int N>
[[nodiscard]] auto full_like(const array<T, N, device::cuda>& a,
                             const std::type_identity_t<std::remove_const_t<T>>& v,
                             stream_ref stream = current_stream()) {
    using U = std::remove_const_t<T>;
    return detail::new_filled<U, device::cuda>(a.extents(), v, detail::beside(a, stream));
}

} // namespace warpx
