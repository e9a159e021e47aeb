// SPDX-License-Identifier: Apache-2.0
// fill.hpp: every element of a host array the same value.
#pragma once

#include "copy.hpp"

namespace warpx {

namespace detail {

/// The value as an element: of its own type, or converted from a scalar.
template <class T, class V> T fill_value(const V& v) {
    using W = value_type_t<V>;
    if constexpr (std::is_same_v<W, T>)
        return value(v);
    else if constexpr (is_scalar_v<T> && is_scalar_v<W>)
        return convert_scalar<T>(value(v));
    else
        return static_cast<T>(value(v));
}

/// What can be written into elements of type T.
template <class V, class T>
concept fills =
    !std::is_const_v<T> && (std::is_same_v<value_type_t<V>, T> ||
                            (is_scalar_v<T> && is_scalar_v<value_type_t<V>>) || std::is_convertible_v<V, T>);

/// A struct, not a lambda: a lambda in a header is another one in each file that includes it.
struct fill_elements {
    template <class I, class Y, class V> WARPX_HOST_DEVICE static constexpr void forward(I i, Y y, V v) {
        y[i] = v;
    }
};

/// Launches the fill of `rank` (at most N) axes, as `run_copy`.
template <int N, class Device, class T>
void run_fill(const launch_options& options, int rank, const int64_t* extents, strided_piece<T> to,
              const T& v, int ordinal) {
    if constexpr (N > max_launch_rank) {
        if (rank > max_launch_rank) {
            for (int64_t k = 0; k < extents[0]; ++k)
                run_fill<N, Device, T>(options, rank - 1, extents + 1,
                                       {to.data + k * to.strides[0], to.strides + 1}, v, ordinal);
            return;
        }
    }
    with_rank<N>(rank, [&]<int R>() {
        shape<R> all;
        for (int axis = 0; axis < R; ++axis) all[axis] = axis < R - rank ? 1 : extents[axis - (R - rank)];
        launch<fill_elements>(options, all, array_of<R, Device>(to, rank, all, ordinal), v);
    });
}

} // namespace detail

/// Makes every element `v` (a number is converted as `copy` does). Any strides. Runs on the pool and returns
/// when done. CUDA arrays: kernels/fill.cuh.
template <class T, int N, detail::fills<T> V> void fill(const array<T, N, device::host>& a, const V& v) {
    if (a.empty()) return;
    const detail::joint_layout<N> l(a.extents(), a.strides(), a.strides());
    detail::run_fill<N, device::host, T>({}, l.rank, l.extents, {a.data_handle() + l.to_offset, l.to},
                                         detail::fill_value<T>(v), 0);
}

} // namespace warpx
