// SPDX-License-Identifier: Apache-2.0
// transfer.cuh: what moves bytes without a kernel: rows with a pitch, order between streams of two devices.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/transfer.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "event.cuh"
#include "memory.cuh"

namespace warpx::detail {

/// Rows of bytes in planes: what cudaMemcpy2D and 3D move.
struct pitched_rows {
    size_t width = 0, rows = 1, planes = 1;
    size_t from_pitch = 0, to_pitch = 0; // bytes from row to row
    size_t from_rows = 0, to_rows = 0;   // rows from plane to plane
};

/// Below this many bytes a row, gathering the rows first is faster than moving each by itself.
inline constexpr int64_t shortest_row = 64;

/// Whether two layouts of one to three axes are such rows; strides and extents in elements of `size` bytes.
inline bool find_rows(int rank, const int64_t* extents, const int64_t* from, const int64_t* to, int64_t size,
                      pitched_rows& found) noexcept {
    if (rank < 2 || rank > 3 || from[rank - 1] != 1 || to[rank - 1] != 1) return false;
    const int64_t width = extents[rank - 1] * size;
    const int64_t from_pitch = from[rank - 2] * size, to_pitch = to[rank - 2] * size;
    constexpr int64_t longest = INT32_MAX; // cudaDevAttrMaxPitch
    if (width < shortest_row || from_pitch < width || to_pitch < width || from_pitch > longest ||
        to_pitch > longest)
        return false;
    found.width = static_cast<size_t>(width);
    found.rows = static_cast<size_t>(extents[rank - 2]);
    found.from_pitch = static_cast<size_t>(from_pitch);
    found.to_pitch = static_cast<size_t>(to_pitch);
    if (rank == 2) return true;
    if (from[0] % from[1] != 0 || to[0] % to[1] != 0) return false;
    const int64_t from_rows = from[0] / from[1], to_rows = to[0] / to[1];
    if (from_rows < extents[1] || to_rows < extents[1]) return false;
    found.planes = static_cast<size_t>(extents[0]);
    found.from_rows = static_cast<size_t>(from_rows);
    found.to_rows = static_cast<size_t>(to_rows);
    return true;
}

/// The runtime knows whose memory a pointer names; a kind that did not fit it would be undefined.
inline void move_bytes(void* to, const void* from, size_t bytes, cudaStream_t stream) {
    cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream), "warpx::copy", "moving memory",
               sticky_remedy);
}
inline void move_rows(void* to, const void* from, const pitched_rows& r, cudaStream_t stream) {
    cudaError_t status = cudaSuccess;
    if (r.planes == 1) {
        status =
            cudaMemcpy2DAsync(to, r.to_pitch, from, r.from_pitch, r.width, r.rows, cudaMemcpyDefault, stream);
    } else {
        cudaMemcpy3DParms p = {};
        p.srcPtr = {const_cast<void*>(from), r.from_pitch, r.width, r.from_rows};
        p.dstPtr = {to, r.to_pitch, r.width, r.to_rows};
        p.extent = {r.width, r.rows, r.planes};
        p.kind = cudaMemcpyDefault;
        status = cudaMemcpy3DAsync(&p, stream);
    }
    cuda_check(status, "warpx::copy", "moving rows of memory", sticky_remedy);
}

/// Copies that the host takes part in between cannot be replayed.
WARPX_COLD [[noreturn]] inline void refuse_captured_copy(const char* what, const char* remedy) {
    throw launch_error(sentence("warpx::copy", "a copy that a graph can replay",
                                std::string(what) + " during capture", remedy));
}

/// Waits for a copy to pageable memory, so that it is done on return; a captured one happens at each replay.
inline void finish_on_host(cudaStream_t stream) {
    if (!is_captured(stream))
        cuda_check(cudaStreamSynchronize(stream), "warpx::copy", "a copy to host memory", sticky_remedy);
}

/// What `stream` of device `ordinal` does from now on comes after what `other` of device `other_ordinal` has
/// been given so far. (The default streams of two devices have the same handle.)
inline void order_after(int ordinal, cudaStream_t stream, int other_ordinal, cudaStream_t other) {
    if (ordinal == other_ordinal && stream == other) return;
    event mark(event_options{.device = other_ordinal});
    {
        const device_guard there(other_ordinal);
        mark.record(other);
    }
    const device_guard here(ordinal);
    wait(stream, mark);
}

/// Whether work on device `from` reaches the memory of device `to`; turned on at the first question.
inline bool reaches(int from, int to) {
    constexpr int most = stream_board::most_devices;
    static constinit signed char known[most][most] = {}; // 1: yes, -1: no
    if (from == to) return true;
    if (from < 0 || to < 0 || from >= most || to >= most) return false;
    signed char& answer = known[from][to];
    signed char now = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    if (now == 0) {
        const relaxed_capture relaxed;
        now = enable_peer_access(from, to) ? 1 : -1;
        __atomic_store_n(&answer, now, __ATOMIC_RELAXED);
    }
    return now > 0;
}

/// A temporary on a device, for work on `stream`.
struct device_scratch {
    fresh_memory memory;
    device_scratch(int64_t count, size_t size, int ordinal, cudaStream_t stream)
        : memory(allocate_memory(static_cast<size_t>(count) * size, {stream, ordinal, memory_kind::plain})) {}
    template <class T> T* as() const noexcept { return static_cast<T*>(memory.data); }
    /// Another stream uses it too.
    void used_by(cudaStream_t stream) const noexcept {
        if (memory.keeper) memory.keeper->hook->record_stream(*memory.keeper.get(), stream);
    }
};

} // namespace warpx::detail
