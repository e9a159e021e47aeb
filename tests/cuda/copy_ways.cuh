// SPDX-License-Identifier: Apache-2.0
// copy_ways.cuh: one copy between every kind of memory, compared with the host's copy.
#pragma once

#include "support/catch.hpp"

#include <warpx/cuda/create.cuh>
#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/astype.cuh>
#include <warpx/kernels/copy.cuh>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace copy_ways {

using namespace warpx;

/// Small whole numbers and halves, which every number type holds or truncates alike.
template <class T, int N> array<T, N> numbers(const shape<N>& extents, double step = 0.5) {
    auto a = empty<double>(extents);
    for (int64_t k = 0; k < a.size(); ++k) a.data_handle()[k] = static_cast<double>(k % 200) * step;
    return astype<T>(a);
}

template <class T, int N> bool same_bytes(const array<T, N>& a, const array<T, N>& b) {
    return a.is_compact() && b.is_compact() && a.extents() == b.extents() &&
           (a.empty() || std::memcmp(a.data_handle(), b.data_handle(),
                                     static_cast<size_t>(a.extents().count()) * sizeof(T)) == 0);
}
template <class T, int N> array<T, N> down(const array<T, N, device::cuda>& a) {
    auto h = empty<T>(a.extents());
    synchronize();
    if (!a.empty())
        REQUIRE(cudaMemcpy(h.data_handle(), a.data_handle(),
                           static_cast<size_t>(a.extents().count()) * sizeof(T),
                           cudaMemcpyDefault) == cudaSuccess);
    return h;
}
template <class T, int N> array<T, N, device::cuda> up(const array<T, N>& a, memory_options options = {}) {
    auto d = empty<T, device::cuda>(a.extents(), options);
    if (!a.empty())
        REQUIRE(cudaMemcpy(d.data_handle(), a.data_handle(),
                           static_cast<size_t>(a.extents().count()) * sizeof(T),
                           cudaMemcpyDefault) == cudaSuccess);
    return d;
}

/// A view of an array, by numbers instead of types: fewer copies to compile.
struct layout {
    std::vector<std::array<int64_t, 4>> cuts = {}; // axis, start, stop, step
    bool turned = false;
    std::vector<int> order = {};
    std::vector<int64_t> repeated = {}; // sources only

    template <class T, int N, class D> array<T, N, D> operator()(array<T, N, D> a) const {
        for (const auto& [axis, start, stop, step] : cuts)
            a = slice(a, static_cast<int>(axis), start, stop, step);
        if (turned) a = transpose(a);
        if constexpr (N > 0) {
            if (!order.empty()) {
                int axes[N];
                std::copy_n(order.begin(), N, axes);
                a = permute(a, axes);
            }
        }
        return a;
    }
    template <class T, int N, class D> array<const T, N, D> source(const array<T, N, D>& a) const {
        array<const T, N, D> view = (*this)(a);
        if (!repeated.empty()) {
            shape<N> extents;
            std::copy_n(repeated.begin(), N, extents.begin());
            view = broadcast_to<N>(view, extents);
        }
        return view;
    }
};
inline const layout as_is;
inline const layout turned{.turned = true};
inline const layout backwards{.cuts = {{0, none, none, -1}}};
inline const layout all_backwards{.cuts = {{0, none, none, -1}, {1, none, none, -1}}};
inline const layout inner_columns{.cuts = {{-1, 3, -2, 1}}};
inline const layout every_second{.cuts = {{-1, none, none, 2}}};
inline const layout second_rows{.cuts = {{0, none, none, 2}}};
inline const layout box{.cuts = {{2, 2, -2, 1}, {1, 1, -1, 1}, {0, 1, -1, 1}}};

/// Copies `from` of an array to `to` of another, from and to every kind of memory, and compares all of the
/// destination's memory with what the host's copy makes.
template <class T, class U, int N>
void check_ways(const shape<N>& from_base, const shape<N>& to_base, const layout& from, const layout& to) {
    const auto source = numbers<T>(from_base);
    const auto blank = full<U>(to_base, static_cast<U>(77));
    const auto want = warpx::to<device::host>(blank);
    copy(from.source(source), to(want));

    {
        INFO("device to device");
        const auto d = up(blank);
        copy(from.source(up(source)), to(d));
        CHECK(same_bytes(down(d), want));
    }
    {
        INFO("host to device");
        const auto d = up(blank);
        copy(from.source(source), to(d));
        CHECK(same_bytes(down(d), want));
    }
    {
        INFO("device to host");
        const auto h = warpx::to<device::host>(blank);
        copy(from.source(up(source)), to(h));
        CHECK(same_bytes(h, want)); // without a wait
    }
    for (const memory_kind kind : {memory_kind::pinned, memory_kind::managed}) {
        const memory_options there{.kind = kind};
        INFO((kind == memory_kind::pinned ? "pinned" : "managed"));
        {
            INFO("pinned to device");
            const auto p = up(source, there);
            const auto d = up(blank);
            copy(from.source(device_cast<device::host>(p)), to(d));
            CHECK(same_bytes(down(d), want));
        }
        {
            INFO("device to pinned");
            const auto p = up(blank, there);
            copy(from.source(up(source)), to(device_cast<device::host>(p)));
            CHECK(same_bytes(down(p), want));
        }
        {
            INFO("pageable to pinned");
            const auto p = up(blank, there);
            copy(from.source(source), to(p));
            CHECK(same_bytes(down(p), want));
        }
        {
            INFO("pinned to pageable");
            const auto h = warpx::to<device::host>(blank);
            copy(from.source(up(source, there)), to(h));
            CHECK(same_bytes(h, want));
        }
        {
            INFO("pinned to pinned");
            const auto p = up(blank, there);
            copy(from.source(up(source, there)), to(p));
            CHECK(same_bytes(down(p), want));
        }
    }
    CHECK(cudaGetLastError() == cudaSuccess);
}

} // namespace copy_ways
