// SPDX-License-Identifier: Apache-2.0
// sources.cuh: how the cells of one thread reach memory: packets of 16 bytes, strided slots, single elements.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/sources.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../forms/cell.hpp"
#include "../launch.hpp"

#include <cuda_runtime_api.h>

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// What is read or written at once: a register type of 1 to 16 bytes.
template <int Bytes> struct word;
template <> struct word<1> {
    using type = unsigned char;
};
template <> struct word<2> {
    using type = unsigned short;
};
template <> struct word<4> {
    using type = unsigned int;
};
template <> struct word<8> {
    using type = uint2;
};
template <> struct word<16> {
    using type = uint4;
};

/// The largest word that divides `bytes`.
constexpr int word_size(int bytes) {
    int size = 16;
    while (bytes % size != 0) size /= 2;
    return size;
}

template <class Word> __device__ inline Word read_word(const Word* from, std::true_type /* read-only */) {
    return __ldg(from);
}
template <class Word> __device__ inline Word read_word(const Word* from, std::false_type) { return *from; }

/// `W` elements that follow each other, aligned to words.
template <class T, int W> struct packet_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = true;
    static constexpr int size = word_size(static_cast<int>(sizeof(T)) * W);
    static constexpr int words = static_cast<int>(sizeof(T)) * W / size;
    using word_type = typename word<size>::type;
    T* at;

    // Bytes are copied between elements and words: seen through the other type, nvcc 13 takes a store for
    // dead (int64_t elements in a loop were not loaded at all).
    template <class S> __device__ void load(S* into) const {
#pragma unroll
        for (int k = 0; k < words; ++k) {
            const word_type w = read_word(reinterpret_cast<const word_type*>(at) + k, std::is_const<T>());
            __builtin_memcpy(reinterpret_cast<unsigned char*>(into) + k * size, &w, size);
        }
    }
    __device__ void store_all(const plain* values) const {
        alignas(16) plain packet[W];
#pragma unroll
        for (int slot = 0; slot < W; ++slot) packet[slot] = values[slot];
#pragma unroll
        for (int k = 0; k < words; ++k) {
            word_type w;
            __builtin_memcpy(&w, reinterpret_cast<const unsigned char*>(packet) + k * size, size);
            reinterpret_cast<word_type*>(at)[k] = w;
        }
    }
    __device__ void store_one(int slot, const plain& v) const { at[slot] = v; }
};

/// A packet, or one element for all slots (an array that is broadcast along them; those are only read).
template <class T, int W> struct row_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = true;
    T* at;
    bool same;

    template <class S> __device__ void load(S* into) const {
        if constexpr (std::is_const_v<T>) {
            if (same) {
                const S value = *reinterpret_cast<const S*>(at);
#pragma unroll
                for (int slot = 0; slot < W; ++slot) into[slot] = value;
                return;
            }
        }
        alignas(16) S packet[W]; // of its own, or the compiler leaves `into` in memory
        packet_source<T, W>{at}.load(packet);
#pragma unroll
        for (int slot = 0; slot < W; ++slot) into[slot] = packet[slot];
    }
    __device__ void store_all(const plain* values) const { packet_source<T, W>{at}.store_all(values); }
    __device__ void store_one(int slot, const plain& v) const { at[slot] = v; }
};

/// `W` elements anywhere, each read by itself: it may not exist.
template <class T, int W> struct apart_source {
    using plain = std::remove_const_t<T>;
    static constexpr bool together = false;
    T* at[W];

    apart_source() = default;
    __device__ apart_source(T* first, int64_t step) {
#pragma unroll
        for (int slot = 0; slot < W; ++slot) at[slot] = first + slot * step;
    }
    template <class S> __device__ void load_one(int slot, S& into) const {
        into = *reinterpret_cast<const S*>(at[slot]);
    }
    __device__ void store_all(const plain* values) const {
#pragma unroll
        for (int slot = 0; slot < W; ++slot) *at[slot] = values[slot];
    }
    __device__ void store_one(int slot, const plain& v) const { *at[slot] = v; }
};

/// What a trampoline makes of a launch argument that has no cells: `slot(s)` is what the kernel gets.
template <class V> struct same_for_all {
    const V& v;
    const __device__ V& slot(int) const { return v; }
    __device__ void flush() const {}
};

/// An array whose elements become cells. `Cells` live on the thread's stack until the compiler has put them
/// into registers.
template <class T, int N, class Layout, class Cells> struct cells_of {
    Layout layout;
    T* data;
    Cells cells;
    template <class Source>
    __device__ cells_of(const Layout& l, T* d, const Source& source) : layout(l), data(d), cells(source) {}
    __device__ cell_handle<T, N, Layout, Cells> slot(int s) {
        return cell_handle<T, N, Layout, Cells>(layout, data, &cells, s);
    }
    __device__ void flush() { cells.flush(); }
};

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
