// SPDX-License-Identifier: Apache-2.0
// shape.hpp: extents of arrays and launches, and the checked arithmetic of extents and strides.
#pragma once

#include "config.hpp"

#include <type_traits>

namespace warpx {

/// `N` extents (or strides), signed 64-bit. Deduced from its arguments: `shape(3, 4)` is a `shape<2>`.
template <int N> struct shape {
    static_assert(N >= 0, "warpx::shape: the rank is not negative");
    int64_t values[N > 0 ? N : 1] = {};

    constexpr shape() = default;

    template <class... I>
        requires(sizeof...(I) == N && N > 0 &&
                 ((std::is_convertible_v<I, int64_t> && !std::is_floating_point_v<I>) && ...))
    WARPX_INLINE WARPX_HOST_DEVICE constexpr shape(const I&... extents)
        : values{static_cast<int64_t>(extents)...} {}

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int rank() noexcept { return N; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t& operator[](int axis) noexcept { return values[axis]; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const int64_t& operator[](int axis) const noexcept {
        return values[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t* begin() noexcept { return values; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t* end() noexcept { return values + N; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const int64_t* begin() const noexcept { return values; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const int64_t* end() const noexcept { return values + N; }

    WARPX_INLINE WARPX_HOST_DEVICE friend constexpr bool operator==(const shape& a, const shape& b) noexcept {
        for (int axis = 0; axis < N; ++axis)
            if (a[axis] != b[axis]) return false;
        return true;
    }

    /// The product of the extents: 1 for rank 0. (Of an empty shape it is 0, however large the others are.)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t count() const noexcept {
        uint64_t product = 1; // unsigned, so that huge extents may wrap before a 0 comes
        for (int axis = 0; axis < N; ++axis) product *= static_cast<uint64_t>(values[axis]);
        return static_cast<int64_t>(product);
    }
};

template <class... I> shape(const I&...) -> shape<static_cast<int>(sizeof...(I))>;

namespace detail {

/// `a * b` in `result`; false on overflow.
constexpr bool checked_multiply(int64_t a, int64_t b, int64_t& result) noexcept {
    return !__builtin_mul_overflow(a, b, &result);
}
constexpr bool checked_add(int64_t a, int64_t b, int64_t& result) noexcept {
    return !__builtin_add_overflow(a, b, &result);
}

/// Row-major strides, in elements, of compact storage.
template <int N> constexpr shape<N> compact_strides(const shape<N>& extents) noexcept {
    shape<N> strides;
    uint64_t step = 1; // unsigned: those of an empty array may wrap, and mean nothing
    for (int axis = N - 1; axis >= 0; --axis) {
        strides[axis] = static_cast<int64_t>(step);
        step *= static_cast<uint64_t>(extents[axis] > 0 ? extents[axis] : 1);
    }
    return strides;
}

/// Whether two different index tuples can name the same element.
enum class overlap { none, found, unknown };

constexpr int64_t gcd(int64_t a, int64_t b) noexcept {
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/// Searches a non-zero integer solution of sum(d[k] * stride[k]) = 0 with |d[k]| < extent[k]: two tuples at
/// one address. Exact for one and two dimensions of extent > 1, and for any number as long as `budget` steps
/// suffice; `unknown` beyond. Strides are made positive and sorted by size (descending) by the caller.
/// Bounded depth-first search in the manner of NumPy's `solve_may_share_memory`: what is left must stay
/// within what the smaller strides can still reach.
constexpr overlap search_overlap(const int64_t* extent, const int64_t* stride, int rank, int64_t rest,
                                 bool nonzero, int& budget) noexcept {
    if (rank == 0) return rest == 0 && nonzero ? overlap::found : overlap::none;
    if (--budget < 0) return overlap::unknown;
    int64_t reach = 0;
    for (int k = 1; k < rank; ++k) {
        int64_t term = 0;
        if (!checked_multiply(extent[k] - 1, stride[k], term) || !checked_add(reach, term, reach))
            return overlap::unknown;
    }
    if (reach > INT64_MAX / 4) return overlap::unknown; // the sums below stay within four times that
    if (rank == 1) {
        if (rest % stride[0] != 0) return overlap::none;
        const int64_t d = -rest / stride[0];
        return d > -extent[0] && d < extent[0] && (nonzero || d != 0) ? overlap::found : overlap::none;
    }
    // d must satisfy -reach <= rest + d * stride <= reach; by symmetry the first non-zero d may be taken
    // positive.
    const auto floor_div = [](int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0 ? 1 : 0); };
    int64_t low = -floor_div(rest + reach, stride[0]), high = floor_div(reach - rest, stride[0]);
    if (low < -(extent[0] - 1)) low = -(extent[0] - 1);
    if (high > extent[0] - 1) high = extent[0] - 1;
    if (!nonzero && low < 0) low = 0;
    for (int64_t d = low; d <= high; ++d) {
        const overlap answer =
            search_overlap(extent + 1, stride + 1, rank - 1, rest + d * stride[0], nonzero || d != 0, budget);
        if (answer != overlap::none) return answer;
    }
    return overlap::none;
}

/// Whether elements of one array share memory (stride 0, sliding windows, ...). Extents of 0 and 1 do not
/// count.
constexpr overlap self_overlap(const int64_t* extents, const int64_t* strides, int rank) noexcept {
    int64_t extent[64], stride[64];
    int used = 0;
    for (int axis = 0; axis < rank; ++axis)
        if (extents[axis] == 0) return overlap::none;
    for (int axis = 0; axis < rank; ++axis) {
        if (extents[axis] == 1) continue;
        if (strides[axis] == 0) return overlap::found;
        if (used == 64) return overlap::unknown;
        int64_t step = strides[axis] < 0 ? -strides[axis] : strides[axis];
        int at = used++;
        for (; at > 0 && stride[at - 1] < step; --at) {
            stride[at] = stride[at - 1];
            extent[at] = extent[at - 1];
        }
        stride[at] = step;
        extent[at] = extents[axis];
    }
    bool nested =
        true; // each stride steps over everything the smaller ones reach: the usual case, and a proof
    for (int k = used - 1, first = k; k >= 0 && nested; --k) {
        int64_t reach = 0;
        for (int j = k + 1; j <= first; ++j) {
            int64_t term = 0;
            if (!checked_multiply(extent[j] - 1, stride[j], term) || !checked_add(reach, term, reach))
                return overlap::unknown;
        }
        nested = stride[k] > reach;
    }
    if (nested) return overlap::none;
    if (used == 2) { // the smallest solution is (stride[1] / g, stride[0] / g)
        const int64_t g = gcd(stride[0], stride[1]);
        return stride[1] / g < extent[0] && stride[0] / g < extent[1] ? overlap::found : overlap::none;
    }
    int budget = 20000;
    return search_overlap(extent, stride, used, 0, false, budget);
}

} // namespace detail
} // namespace warpx
