// SPDX-License-Identifier: Apache-2.0
// direct.hpp: the compact and the strided form: kernel arguments that address memory directly.
#pragma once

#include "../array.hpp"

namespace warpx {

namespace detail {

// Offsets are sums over packs, not loops: with a loop, a handle stays in memory until compilers unroll it,
// and with it everything that a derivative form keeps in registers.

/// Row-major, without gaps: no stride arithmetic, so that compilers see unit steps.
template <int N> class compact_layout {
public:
    compact_layout() = default;
    template <class A> explicit compact_layout(const A& a) noexcept : extents_(a.extents()) {}
    WARPX_INLINE WARPX_HOST_DEVICE explicit compact_layout(const shape<N>& extents) noexcept
        : extents_(extents) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return extents_[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        int64_t step = 1;
        for (int k = N - 1; k > axis; --k) step *= extents_[k];
        return step;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t offset(const shape<N>& i) const noexcept {
        return offset(i, std::make_integer_sequence<int, N>());
    }

private:
    template <int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t
    offset(const shape<N>& i, std::integer_sequence<int, Axis...>) const noexcept {
        int64_t at = 0;
        ((at = Axis == 0 ? i[Axis] : at * extents_[Axis] + i[Axis]), ...);
        return at;
    }

    shape<N> extents_;
};

/// Any strides where every offset fits 32 bits: a multiplication on a GPU costs a fraction then.
template <int N> class narrow_layout {
public:
    narrow_layout() = default;
    template <class A> explicit narrow_layout(const A& a) noexcept : extents_(a.extents()) {
        for (int axis = 0; axis < N; ++axis) strides_[axis] = static_cast<int32_t>(a.stride(axis));
    }
    /// Whether no offset and no stride needs more. (The stride of an axis of extent 1 or 0 is never used, but
    /// it is handed out.)
    template <class A> static bool fits(const A& a) noexcept {
        uint64_t reach = 0;
        for (int axis = 0; axis < N; ++axis) {
            const int64_t stride = a.stride(axis), extent = a.extent(axis);
            if (stride > INT32_MAX || stride < -INT32_MAX || extent > INT32_MAX) return false;
            const uint64_t steps = extent > 1 ? static_cast<uint64_t>(extent - 1) : 0;
            reach += steps * static_cast<uint64_t>(stride < 0 ? -stride : stride);
            if (reach > INT32_MAX) return false;
        }
        return true;
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return extents_[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        return strides_[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t offset(const shape<N>& i) const noexcept {
        return offset(i, std::make_integer_sequence<int, N>());
    }

private:
    template <int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int32_t
    offset(const shape<N>& i, std::integer_sequence<int, Axis...>) const noexcept {
        return ((static_cast<int32_t>(i[Axis]) * strides_[Axis]) + ... + 0);
    }

    shape<N> extents_;
    int32_t strides_[N > 0 ? N : 1];
};

/// Any strides, in elements: compilers version the loop for stride 1 (with strides in bytes they never do).
template <int N> class strided_layout {
public:
    strided_layout() = default;
    template <class A>
    explicit strided_layout(const A& a) noexcept : extents_(a.extents()), strides_(a.strides()) {}
    WARPX_HOST_DEVICE strided_layout(const shape<N>& extents, const shape<N>& strides) noexcept
        : extents_(extents), strides_(strides) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return extents_[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        return strides_[axis];
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t offset(const shape<N>& i) const noexcept {
        return offset(i, std::make_integer_sequence<int, N>());
    }

private:
    template <int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t
    offset(const shape<N>& i, std::integer_sequence<int, Axis...>) const noexcept {
        return ((i[Axis] * strides_[Axis]) + ... + 0);
    }

    shape<N> extents_;
    shape<N> strides_;
};

} // namespace detail

/// What every form's array argument offers to a kernel; `Self::place(position)` is the form's own part and
/// returns what stands for the element at those coordinates. It lives in namespace warpx, so that kernels
/// find `atomic_add(y, ...)` by argument.
template <class Self, class T, int N> class handle_interface {
public:
    using element_type = T;
    using value_type = std::remove_const_t<T>;

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int rank() noexcept { return N; }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr value_type zero() noexcept { return value_type{}; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t size() const noexcept {
        int64_t count = 1;
        for (int axis = 0; axis < N; ++axis) count *= self().extent(axis);
        return count;
    }

    /// The element of this item: a pointwise access.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](const index<N>& i) const {
        return self().place(detail::index_access::positions(i));
    }
    template <int M>
        requires(M != N)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](const index<M>&) const {
        static_assert(detail::always_false<T, M>,
                      "warpx: the index of this launch and this array have different ranks; take the "
                      "axes apart (auto [row, col] = i;) and write x(row) or x(row, col)");
        return self().place(shape<N>()); // as if it were right, so that no other error follows
    }
    /// The element at any coordinate.
    template <class I>
        requires(!detail::is_index_v<I>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](const I& i) const {
        static_assert(coordinate<I>, "warpx: a coordinate is an integer; convert it, for example with "
                                     "static_cast<int64_t>(floor(x))");
        static_assert(N == 1, "warpx: x[i] takes the index of the launch, or an integer if the array has one "
                              "axis; write x(row, col) with one coordinate for each axis");
        if constexpr (coordinate<I> && N == 1)
            return self().place(shape<1>(static_cast<int64_t>(i)));
        else
            return self().place(shape<N>());
    }
    template <class... I> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(const I&... i) const {
        static_assert(sizeof...(I) == N,
                      "warpx: x(i, j, ...) takes one coordinate for each axis of the array");
        static_assert((coordinate<I> && ...), "warpx: a coordinate is an integer; convert it, for example "
                                              "with static_cast<int64_t>(floor(x))");
        if constexpr (sizeof...(I) == N && (coordinate<I> && ...))
            return self().place(shape<N>(static_cast<int64_t>(i)...));
        else
            return self().place(shape<N>());
    }

private:
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const Self& self() const noexcept {
        return static_cast<const Self&>(*this);
    }
};

namespace detail {

template <class T, int N, class Layout>
class direct_handle : public Layout, public handle_interface<direct_handle<T, N, Layout>, T, N> {
public:
    WARPX_HOST_DEVICE direct_handle() noexcept {} // not constexpr: see index
    template <class D>
    explicit direct_handle(const array<T, N, D>& a) noexcept : Layout(a), data_(a.data_handle()) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr T* data_handle() const noexcept { return data_; }
    /// The address of an element, for atomics.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr T* address(const shape<N>& position) const noexcept {
        return data_ + this->offset(position);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<T> place(const shape<N>& position) const noexcept {
        return located<T>(address(position));
    }

private:
    T* data_ = nullptr;
};

} // namespace detail

/// Forms: what a launch may turn an array argument into. A form is a type with
///   template <class T, int N, int Argument> using handle = ...;   what the kernel receives, passed by value
///   template <int Argument, class T, int N, class D> handle<T, N, Argument> make(const array<T, N, D>&)
///   const;
/// and nothing else in the library knows more than that. `Argument` is the number of the argument in the
/// launch.
namespace form {

/// All arrays lie row by row without gaps.
struct compact {
    template <class T, int N, int Argument>
    using handle = detail::direct_handle<T, N, detail::compact_layout<N>>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a);
    }
};

/// Any strides.
struct strided {
    template <class T, int N, int Argument>
    using handle = detail::direct_handle<T, N, detail::strided_layout<N>>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a);
    }
};

} // namespace form
} // namespace warpx
