// SPDX-License-Identifier: Apache-2.0
// machine.hpp: where the cases of this folder run: on the host in a .cpp file, on CUDA in a .cu file. A case
// makes its arrays on the host, puts them onto the machine, launches, and reads back.
#pragma once

#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <exception>
#include <string>

#if defined(__CUDACC__)
#    include <warpx/cuda/cuda.cuh>

#    include <stdexcept>
#endif

namespace test {

#if defined(__CUDACC__)

/// The current CUDA device. `put` copies, `read` waits and copies.
struct machine {
    using device = warpx::device::cuda;

    static void need(cudaError_t status) {
        if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
    }
    template <class T, int N> static warpx::array<T, N, device> put(const warpx::array<T, N>& a) {
        if (!a.is_compact())
            throw std::logic_error("put() takes compact arrays"); // no REQUIRE: threads call this
        void* memory = nullptr;
        const size_t bytes = static_cast<size_t>(a.size()) * sizeof(T);
        const size_t words = bytes / 16 * 16 + 16; // atomics on single bytes touch the whole word
        need(cudaMalloc(&memory, words));
        warpx::owner_ref keeper = warpx::make_owner([memory] { cudaFree(memory); });
        need(cudaMemset(memory, 0, words));
        if (bytes > 0) need(cudaMemcpy(memory, a.data_handle(), bytes, cudaMemcpyHostToDevice));
        return warpx::detail::array_access::make<warpx::array<T, N, device>>(
            static_cast<T*>(memory), a.extents(), a.strides(), std::move(keeper), warpx::device_kind::cuda, 0,
            warpx::memory_kind::plain);
    }
    /// All that the array spans, with its strides.
    template <class T, int N>
    static warpx::array<const T, N> read(const warpx::array<T, N, warpx::device::cuda>& a) {
        using value_type = std::remove_const_t<T>;
        need(cudaDeviceSynchronize());
        int64_t low = 0, high = 0;
        for (int axis = 0; axis < N && a.size() > 0; ++axis) {
            const int64_t reach = (a.extent(axis) - 1) * a.stride(axis);
            (reach < 0 ? low : high) += reach;
        }
        const int64_t count = a.size() > 0 ? high - low + 1 : 0;
        const auto all = warpx::empty<value_type>(count);
        if (count > 0)
            need(cudaMemcpy(static_cast<void*>(all.data_handle()), a.data_handle() + low,
                            static_cast<size_t>(count) * sizeof(T), cudaMemcpyDeviceToHost));
        return warpx::detail::array_access::make<warpx::array<const T, N>>(
            all.data_handle() - low, a.extents(), a.strides(), warpx::owner_ref(all.keeper()),
            warpx::device_kind::host, 0, warpx::memory_kind::plain);
    }
};

#else

/// The host. Nothing is copied.
struct machine {
    using device = warpx::device::host;

    template <class T, int N> static warpx::array<T, N> put(const warpx::array<T, N>& a) { return a; }
    template <class T, int N> static warpx::array<const T, N> read(const warpx::array<T, N>& a) { return a; }
};

#endif

/// An array on the machine.
template <class T, int N> using array_here = warpx::array<T, N, machine::device>;

template <class T, int N> array_here<T, N> put(const warpx::array<T, N>& a) { return machine::put(a); }
template <class T, int N> warpx::array<const T, N> read(const array_here<T, N>& a) {
    return machine::read(a);
}
template <class T, class Dim> auto put_zeros(const Dim& dim) { return machine::put(warpx::zeros<T>(dim)); }
template <class T, int N> auto put_zeros(const int64_t (&dim)[N]) {
    return machine::put(warpx::zeros<T>(dim));
}

/// Whether every element, wherever it lies, holds `v`.
template <class T, int N> bool all_are(const array_here<T, N>& a, const std::type_identity_t<T>& v) {
    const auto values = read(a);
    warpx::shape<N> p;
    bool good = true;
    for (int64_t n = values.size(); n > 0; --n) {
        good = good && warpx::value(values[warpx::detail::index_access::make(p)]) == v;
        for (int axis = N - 1; axis >= 0 && ++p[axis] == values.extent(axis); --axis) p[axis] = 0;
    }
    return good;
}

/// The text of what `f` throws.
template <class F> std::string message_of(const F& f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "no exception";
}

} // namespace test
