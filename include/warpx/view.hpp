// SPDX-License-Identifier: Apache-2.0
// view.hpp: other arrays over the same memory: slices, axes in another order, other shapes, other element
// types. No view allocates or copies elements; each keeps the owner alive and takes the gradient along.
#pragma once

#include "array.hpp"

namespace warpx {

/// A bound of a slice that is left out, as in Python's `x[::-1]`.
inline constexpr int64_t none = INT64_MIN;

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_view(const char* view, const std::string& expected,
                                                const std::string& got, const std::string& remedy) {
    throw bind_error(sentence(std::string("warpx::") + view, expected, got, remedy));
}

inline int checked_axis(const char* view, int axis, int rank) {
    if (axis < -rank || axis >= rank)
        refuse_view(view, "an axis of -" + std::to_string(rank) + " to " + std::to_string(rank - 1),
                    "axis " + std::to_string(axis), "axes count from 0, or from -1 at the end");
    return axis < 0 ? axis + rank : axis;
}

/// A view with other strides. `map(strides, mapped)` writes the strides of the view and returns the offset of
/// its first element; it is applied to the memory and to the gradient alike.
template <class U, int M, class T, int N, class D, class Map>
array<U, M, D> remap(const array<T, N, D>& a, const shape<M>& extents, const Map& map) {
    shape<M> strides;
    const int64_t offset = map(a.strides(), strides);
    T* data = a.data_handle() ? a.data_handle() + offset : nullptr;
    auto view = array_access::make<array<U, M, D>>(data, extents, strides, a.keeper(), a.device(),
                                                   a.device_id(), a.memory());
    if (a.has_grad()) {
        const auto g = a.grad();
        shape<M> grad_strides;
        const int64_t grad_offset = map(g.strides(), grad_strides);
        array_access::gradient(view) = {g.data_handle() + grad_offset, grad_strides, g.keeper(), g.memory()};
    }
    return view;
}

} // namespace detail

/// Every `step`-th element of `[start, stop)` along an axis, as Python's `x[start:stop:step]`: bounds left
/// out are `warpx::none`, negative ones count from the end, ones outside are clipped; a negative step runs
/// backwards. Throws bind_error for step 0 or a wrong axis.
template <class T, int N, class D>
[[nodiscard]] array<T, N, D> slice(const array<T, N, D>& a, int axis, int64_t start = none,
                                   int64_t stop = none, int64_t step = 1) {
    axis = detail::checked_axis("slice", axis, N);
    if (step == 0 || step == INT64_MIN)
        detail::refuse_view("slice", "a step other than 0", std::to_string(step),
                            "use 1 to take every element");
    const int64_t extent = a.extent(axis), lowest = step > 0 ? 0 : -1,
                  highest = step > 0 ? extent : extent - 1;
    const auto clip = [&](int64_t bound, int64_t missing) {
        if (bound == none) return missing;
        if (bound < 0) bound = bound < -extent ? lowest : bound + extent;
        return bound < lowest ? lowest : bound > highest ? highest : bound;
    };
    start = clip(start, step > 0 ? lowest : highest);
    stop = clip(stop, step > 0 ? highest : lowest);
    const int64_t span = step > 0 ? stop - start : start - stop, stride = step > 0 ? step : -step;
    shape<N> extents = a.extents();
    extents[axis] = span > 0 ? (span - 1) / stride + 1 : 0;
    return detail::remap<T>(a, extents, [&](const shape<N>& strides, shape<N>& mapped) {
        mapped = strides;
        if (extents[axis] > 1) mapped[axis] *= step;
        return extents[axis] > 0 ? start * strides[axis] : 0;
    });
}

/// The elements at one position of an axis: one rank less, `x[i]` in NumPy. A negative position counts from
/// the end. Throws bind_error if the position is outside.
template <class T, int N, class D>
    requires(N > 0)
[[nodiscard]] array<T, N - 1, D> take(const array<T, N, D>& a, int axis, int64_t position) {
    axis = detail::checked_axis("take", axis, N);
    const int64_t extent = a.extent(axis);
    if (position < -extent || position >= extent)
        detail::refuse_view("take", "a position within the extent " + std::to_string(extent),
                            std::to_string(position), "positions count from 0, or from -1 at the end");
    if (position < 0) position += extent;
    shape<N - 1> extents;
    for (int k = 0; k < N - 1; ++k) extents[k] = a.extent(k < axis ? k : k + 1);
    return detail::remap<T>(a, extents, [&](const shape<N>& strides, shape<N - 1>& mapped) {
        for (int k = 0; k < N - 1; ++k) mapped[k] = strides[k < axis ? k : k + 1];
        return position * strides[axis];
    });
}

/// The axes in another order: axis `k` of the view is axis `order[k]`. Throws bind_error unless `order` names
/// each once.
template <class T, int N, class D>
[[nodiscard]] array<T, N, D> permute(const array<T, N, D>& a, const int (&order)[N]) {
    bool seen[N] = {};
    shape<N> extents;
    for (int k = 0; k < N; ++k) {
        const int axis = detail::checked_axis("permute", order[k], N);
        if (seen[axis])
            detail::refuse_view("permute", "every axis once", "axis " + std::to_string(axis) + " twice",
                                "check the order");
        seen[axis] = true;
        extents[k] = a.extent(axis);
    }
    return detail::remap<T>(a, extents, [&](const shape<N>& strides, shape<N>& mapped) {
        for (int k = 0; k < N; ++k) mapped[k] = strides[order[k] < 0 ? order[k] + N : order[k]];
        return int64_t{0};
    });
}

/// The axes in reverse order.
template <class T, int N, class D> [[nodiscard]] array<T, N, D> transpose(const array<T, N, D>& a) {
    shape<N> extents;
    for (int k = 0; k < N; ++k) extents[k] = a.extent(N - 1 - k);
    return detail::remap<T>(a, extents, [](const shape<N>& strides, shape<N>& mapped) {
        for (int k = 0; k < N; ++k) mapped[k] = strides[N - 1 - k];
        return int64_t{0};
    });
}

namespace detail {

/// Strides of the same elements, in row-major order, under another shape; false if no strides can say it.
/// Axes of the old shape that follow each other without a gap are one run; each run must be cut into axes of
/// the new shape exactly.
template <int Rank>
bool reshape_strides(const int64_t* extents, const int64_t* strides, int rank, const int64_t* wanted,
                     int64_t* result, int wanted_rank) noexcept {
    int64_t run_extent[Rank] = {}, run_stride[Rank] = {};
    int runs = 0;
    for (int axis = 0; axis < rank; ++axis) {
        if (extents[axis] == 1) continue;
        if (runs > 0 && run_stride[runs - 1] == strides[axis] * extents[axis]) {
            run_extent[runs - 1] *= extents[axis];
            run_stride[runs - 1] = strides[axis];
        } else {
            run_extent[runs] = extents[axis];
            run_stride[runs++] = strides[axis];
        }
    }
    int axis = wanted_rank - 1;
    int64_t step = 1;
    for (int run = runs - 1; run >= 0; --run) {
        int64_t left = run_extent[run];
        step = run_stride[run];
        while (left > 1) {
            if (axis < 0 || left % wanted[axis] != 0) return false;
            result[axis] = step;
            step *= wanted[axis];
            left /= wanted[axis--];
        }
    }
    for (; axis >= 0; --axis) result[axis] = step; // extents of 1
    return true;
}

} // namespace detail

/// The same elements in row-major order under another shape; one extent may be -1 and is then worked out.
/// Throws bind_error if the counts differ, or if the strides allow no such view (then copy first).
template <int M, class T, int N, class D>
[[nodiscard]] array<T, M, D> reshape(const array<T, N, D>& a, shape<M> extents) {
    int64_t known = 1;
    int missing = -1;
    for (int axis = 0; axis < M; ++axis) {
        if (extents[axis] == -1 && missing < 0)
            missing = axis;
        else if (extents[axis] < 0 || !detail::checked_multiply(known, extents[axis], known))
            detail::refuse_view("reshape", "extents that are not negative (one may be -1)",
                                detail::tuple_text(extents.values, M), "check the shape");
    }
    const int64_t size = a.extents().count();
    if (missing >= 0 && known != 0 && size % known == 0) extents[missing] = size / known;
    if (extents.count() != size || (missing >= 0 && known == 0))
        detail::refuse_view("reshape", std::to_string(size) + " elements",
                            "shape " + detail::tuple_text(extents.values, M),
                            "the number of elements must stay the same");
    return detail::remap<T>(a, extents, [&](const shape<N>& strides, shape<M>& mapped) {
        if (size == 0)
            mapped = detail::compact_strides(extents);
        else if (!detail::reshape_strides<(N > 0 ? N : 1)>(a.extents().values, strides.values, N,
                                                           extents.values, mapped.values, M))
            detail::refuse_view("reshape",
                                "strides that allow shape " + detail::tuple_text(extents.values, M) +
                                    " without a copy",
                                "shape " + detail::tuple_text(a.extents().values, N) + ", strides " +
                                    detail::tuple_text(strides.values, N),
                                "copy the array first");
        return int64_t{0};
    });
}
template <class T, int N, class D, int M>
[[nodiscard]] array<T, M, D> reshape(const array<T, N, D>& a, const int64_t (&extents)[M]) {
    shape<M> wanted;
    for (int axis = 0; axis < M; ++axis) wanted[axis] = extents[axis];
    return reshape<M>(a, wanted);
}

/// Without an axis of extent 1. Throws bind_error if its extent is another.
template <class T, int N, class D>
    requires(N > 0)
[[nodiscard]] array<T, N - 1, D> squeeze(const array<T, N, D>& a, int axis) {
    axis = detail::checked_axis("squeeze", axis, N);
    if (a.extent(axis) != 1)
        detail::refuse_view("squeeze", "an axis of extent 1", "extent " + std::to_string(a.extent(axis)),
                            "use take to pick one position");
    return take(a, axis, 0);
}

/// With one more axis, of extent 1, before axis `axis` (`N` or -1: at the end).
template <class T, int N, class D>
[[nodiscard]] array<T, N + 1, D> expand(const array<T, N, D>& a, int axis) {
    axis = detail::checked_axis("expand", axis, N + 1);
    shape<N + 1> extents;
    for (int k = 0; k <= N; ++k) extents[k] = k == axis ? 1 : a.extent(k < axis ? k : k - 1);
    return detail::remap<T>(a, extents, [&](const shape<N>& strides, shape<N + 1>& mapped) {
        for (int k = N; k >= 0; --k)
            mapped[k] = k != axis ? strides[k < axis ? k : k - 1]
                        : k < N   ? mapped[k + 1] * extents[k + 1]
                                  : 1;
        return int64_t{0};
    });
}

/// Repeats axes of extent 1, and adds axes in front, as NumPy broadcasts; repeated axes have stride 0. For
/// reading only: writing through it would be a race. Throws bind_error if an extent does not fit.
template <int M, class T, int N, class D>
    requires(M >= N)
[[nodiscard]] array<const T, M, D> broadcast_to(const array<T, N, D>& a, const shape<M>& extents) {
    int64_t count = 1;
    for (int k = 0; k < M; ++k) {
        const int from = k - (M - N);
        if (extents[k] < 0 || (from >= 0 && a.extent(from) != 1 && a.extent(from) != extents[k]) ||
            !detail::checked_multiply(count, extents[k], count))
            detail::refuse_view("broadcast_to",
                                "a shape that " + detail::tuple_text(a.extents().values, N) + " repeats to",
                                detail::tuple_text(extents.values, M), "only axes of extent 1 repeat");
    }
    return detail::remap<const T>(a, extents, [&](const shape<N>& strides, shape<M>& mapped) {
        for (int k = 0; k < M; ++k) {
            const int from = k - (M - N);
            mapped[k] = from < 0 || (a.extent(from) == 1 && extents[k] != 1) ? 0 : strides[from];
        }
        return int64_t{0};
    });
}
template <class T, int N, class D, int M>
[[nodiscard]] array<const T, M, D> broadcast_to(const array<T, N, D>& a, const int64_t (&extents)[M]) {
    shape<M> wanted;
    for (int axis = 0; axis < M; ++axis) wanted[axis] = extents[axis];
    return broadcast_to<M>(a, wanted);
}

namespace detail {

template <class Device>
WARPX_COLD [[noreturn]] void refuse_cast(const char* what, device_kind device, int32_t device_id) {
    const bool host = std::is_same_v<Device, device::host>;
    refuse_view("device_cast",
                host ? std::string(what) + " that the host reaches (its own, pinned or managed)"
                     : std::string(what) + " that CUDA devices reach (theirs, pinned or managed)",
                "plain memory of " + to_string(device, device_id),
                host ? "copy it with warpx::to<device::host>" : "copy it with warpx::to<device::cuda>");
}

} // namespace detail

/// The same memory under another device: pinned and managed memory as device::host or device::cuda, and
/// device::any from and to each. No element moves, nothing waits: the host reads what a stream wrote after
/// `synchronize`. `device_id` is the CUDA ordinal that shared memory gets as device::cuda. Throws bind_error
/// for memory, of the elements or the gradient, that the device does not reach.
template <class Device, class T, int N, class D>
[[nodiscard]] array<T, N, Device> device_cast(const array<T, N, D>& a, int device_id = 0) {
    static_assert(detail::is_device_v<Device>, "warpx::device_cast: the device is host, cuda or any");
    device_kind kind = a.device();
    int32_t id = a.device_id();
    if constexpr (!std::is_same_v<Device, device::any>) {
        const auto wanted = std::is_same_v<Device, device::host> ? device_kind::host : device_kind::cuda;
        if (kind != wanted) {
            if (a.memory() == memory_kind::plain && !a.empty())
                detail::refuse_cast<Device>("memory", kind, id);
            if (a.has_grad() && a.grad().memory() == memory_kind::plain)
                detail::refuse_cast<Device>("a gradient", kind, id);
            kind = wanted;
            id = wanted == device_kind::cuda ? device_id : 0;
        }
    }
    auto cast = detail::array_access::make<array<T, N, Device>>(a.data_handle(), a.extents(), a.strides(),
                                                                a.keeper(), kind, id, a.memory());
    if (a.has_grad()) {
        const auto g = a.grad();
        detail::array_access::gradient(cast) = {g.data_handle(), g.strides(), g.keeper(), g.memory()};
    }
    return cast;
}

} // namespace warpx
