// SPDX-License-Identifier: Apache-2.0
// index.hpp: the thread index of a launch, as a type: an access with it is known to be pointwise.
#pragma once

#include "shape.hpp"
#include "value.hpp"

#include <utility> // tuple_size, tuple_element

namespace warpx {

namespace detail {
struct index_access; // the launches of every backend make indices through this
}

/// Coordinate `Axis` of a launch of rank `Rank`. Made by launches only, never changed; arithmetic with it
/// gives a signed 64-bit integer, so `x(row, col)` with all axes in launch order is pointwise and `x(row, col
/// + 1)` is not.
template <int Axis, int Rank> class axis {
public:
    constexpr axis(const axis&) noexcept = default;
    axis& operator=(const axis&) = delete;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator int64_t() const noexcept { return position_; }

private:
    friend struct detail::index_access;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit axis(int64_t position) noexcept : position_(position) {}
    int64_t position_;
};

/// The index of one item of a launch over `N` extents. Made by launches only, never changed.
/// `auto [row, col] = i;` gives its axes. With one extent it converts to a signed 64-bit integer.
template <int N> class index {
public:
    constexpr index(const index&) noexcept = default;
    index& operator=(const index&) = delete;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator int64_t() const noexcept
        requires(N == 1)
    {
        return positions_[0];
    }

    template <size_t Axis>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr axis<static_cast<int>(Axis), N> get() const noexcept;

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int rank() noexcept { return N; }

private:
    friend struct detail::index_access;
    // Not constexpr, and neither is a handle's: a lambda that takes them by value is then no constexpr
    // function, and nvcc's --expt-relaxed-constexpr does not let an unmarked one into device code (with a
    // call of a host function in it, that would be a kernel which does nothing, compiled without a word).
    WARPX_INLINE WARPX_HOST_DEVICE explicit index(const shape<N>& positions) noexcept
        : positions_(positions) {}
    shape<N> positions_;
};

namespace detail {

struct index_access {
    template <int N>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr index<N> make(const shape<N>& positions) noexcept {
        return index<N>(positions);
    }
    template <int N>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr const shape<N>& positions(const index<N>& i) noexcept {
        return i.positions_;
    }
    template <int Axis, int N>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr axis<Axis, N> make_axis(int64_t position) noexcept {
        return axis<Axis, N>(position);
    }
};

template <class X> inline constexpr bool is_index_v = false;
template <int N> inline constexpr bool is_index_v<index<N>> = true;

/// Whether the types are all axes of one launch, in order: `x(row, col)` is then as good as `x[i]`.
template <class... I> inline constexpr bool is_whole_index_v = false;
template <int... Axis, int Rank>
    requires(sizeof...(Axis) == Rank)
inline constexpr bool is_whole_index_v<axis<Axis, Rank>...> =
    std::is_same_v<std::integer_sequence<int, Axis...>, std::make_integer_sequence<int, Rank>>;

} // namespace detail

template <int N>
template <size_t Axis>
WARPX_INLINE WARPX_HOST_DEVICE constexpr axis<static_cast<int>(Axis), N> index<N>::get() const noexcept {
    static_assert(Axis < N, "warpx::index: no such axis");
    return detail::index_access::make_axis<static_cast<int>(Axis), N>(positions_[static_cast<int>(Axis)]);
}

template <int Axis, int Rank> struct value_traits<axis<Axis, Rank>> {
    using type = int64_t;
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int64_t get(const axis<Axis, Rank>& a) noexcept {
        return a;
    }
};
template <> struct value_traits<index<1>> {
    using type = int64_t;
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int64_t get(const index<1>& i) noexcept { return i; }
};

/// What an array accepts as a coordinate: anything that converts to an integer without being a floating-point
/// number.
template <class I>
concept coordinate = std::is_convertible_v<I, int64_t> && !std::is_floating_point_v<value_type_t<I>> &&
                     std::is_integral_v<value_type_t<I>>;

namespace detail {

template <class Dim> inline constexpr bool is_shape = coordinate<Dim>;
template <int N> inline constexpr bool is_shape<shape<N>> = true;

} // namespace detail

/// What new arrays and launches take as a shape: an integer, or a `shape`. (Braced lists have overloads of
/// their own.)
template <class Dim>
concept shape_like = detail::is_shape<Dim>;

namespace detail {

template <class Dim> constexpr auto shape_of(const Dim& dim) noexcept {
    if constexpr (coordinate<Dim>)
        return shape<1>(static_cast<int64_t>(dim));
    else
        return dim;
}
template <int N> constexpr shape<N> shape_of(const int64_t (&dim)[N]) noexcept {
    shape<N> extents;
    for (int axis = 0; axis < N; ++axis) extents[axis] = dim[axis];
    return extents;
}

} // namespace detail

} // namespace warpx

template <int N> struct std::tuple_size<warpx::index<N>> : std::integral_constant<std::size_t, N> {};
template <std::size_t Axis, int N> struct std::tuple_element<Axis, warpx::index<N>> {
    using type = warpx::axis<static_cast<int>(Axis), N>;
};
