// SPDX-License-Identifier: Apache-2.0
// copy.hpp: copies between host arrays, of any strides, with conversion of the elements.
#pragma once

#include "../create.hpp"
#include "../detail/byte_span.hpp"
#include "../host/launch.hpp"

namespace warpx {

namespace detail {

/// Two element types of the same components: scalars, or equally shaped vectors, matrices, records.
template <class T, class U>
inline constexpr bool converts =
    std::is_same_v<T, U> || (is_scalar_v<scalar_t<T>> && is_scalar_v<scalar_t<U>> &&
                             element_traits<T>::rank == element_traits<U>::rank &&
                             element_traits<T>::fold[0] == element_traits<U>::fold[0] &&
                             element_traits<T>::fold[1] == element_traits<U>::fold[1]);

template <class U, class T> WARPX_HOST_DEVICE constexpr U convert_scalar(const T& v) {
    if constexpr (std::is_same_v<T, U>)
        return v;
    else if constexpr (is_complex<T> && std::is_same_v<U, bool>)
        return v.real() != 0 || v.imag() != 0;
    else if constexpr (is_complex<T> && !is_complex<U>)
        return static_cast<U>(v.real());
    else if constexpr (std::is_same_v<U, bool>)
        return v != static_cast<T>(0);
    else
        return static_cast<U>(v);
}

/// The element as another type, component by component: what `copy` and `astype` do.
template <class U, class T> WARPX_HOST_DEVICE constexpr U convert_element(const T& v) {
    if constexpr (std::is_same_v<T, U>) {
        return v;
    } else if constexpr (element_traits<T>::count == 1 && is_scalar_v<T> && is_scalar_v<U>) {
        return convert_scalar<U>(v);
    } else {
        constexpr int count = static_cast<int>(element_traits<T>::count);
        struct from_parts {
            scalar_t<T> c[count];
        };
        struct to_parts {
            scalar_t<U> c[count];
        };
        const auto from = __builtin_bit_cast(from_parts, v);
        to_parts to;
        for (int k = 0; k < count; ++k) to.c[k] = convert_scalar<scalar_t<U>>(from.c[k]);
        return __builtin_bit_cast(U, to);
    }
}

/// A struct, not a lambda: a lambda in a header is another one in each file that includes it.
struct copy_elements {
    template <class I, class X, class Y> WARPX_HOST_DEVICE static constexpr void forward(I i, X x, Y y) {
        if constexpr (std::is_same_v<typename X::value_type, typename Y::value_type>)
            y[i] = x[i];
        else
            y[i] = convert_element<typename Y::value_type>(value(x[i]));
    }
};

/// How two arrays of one shape are walked together: axes of extent 1 left out, the others in the order of the
/// destination's strides, which are made positive, and joined where both arrays go on without a gap.
template <int N> struct joint_layout {
    static constexpr int most = N > 0 ? N : 1;
    int rank = 1; // at least 1
    int64_t extents[most] = {};
    int64_t from[most] = {}, to[most] = {}; // strides in elements
    int64_t from_offset = 0, to_offset = 0; // of the first element

    joint_layout(const shape<N>& shape_, const shape<N>& from_, const shape<N>& to_) noexcept {
        int used = 0;
        for (int axis = 0; axis < N; ++axis) {
            if (shape_[axis] == 1) continue;
            int64_t source = from_[axis], target = to_[axis];
            if (target < 0 || (target == 0 && source < 0)) { // backwards, from the other end
                from_offset += source * (shape_[axis] - 1);
                to_offset += target * (shape_[axis] - 1);
                source = -source;
                target = -target;
            }
            int at = used++;
            for (; N > 1 && at > 0 && goes_before(target, source, to[at - 1], from[at - 1]); --at) {
                extents[at] = extents[at - 1];
                from[at] = from[at - 1];
                to[at] = to[at - 1];
            }
            extents[at] = shape_[axis];
            from[at] = source;
            to[at] = target;
        }
        if (used == 0) {
            extents[0] = from[0] = to[0] = 1;
            return;
        }
        rank = 0;
        for (int axis = 0; axis < used; ++axis) {
            const bool joins = rank > 0 && from[rank - 1] == from[axis] * extents[axis] &&
                               to[rank - 1] == to[axis] * extents[axis];
            const int at = joins ? rank - 1 : rank++;
            extents[at] = joins ? extents[at] * extents[axis] : extents[axis];
            from[at] = from[axis];
            to[at] = to[axis];
        }
    }

    int64_t count() const noexcept {
        int64_t product = 1;
        for (int axis = 0; axis < rank; ++axis) product *= extents[axis];
        return product;
    }
    /// Whether strides are those of compact memory in this order.
    bool is_compact(const int64_t* strides) const noexcept {
        int64_t step = 1;
        for (int axis = rank - 1; axis >= 0; --axis) {
            if (strides[axis] != step) return false;
            step *= extents[axis];
        }
        return true;
    }

private:
    static constexpr int64_t size_of(int64_t stride) noexcept { return stride < 0 ? -stride : stride; }
    static bool goes_before(int64_t to_a, int64_t from_a, int64_t to_b, int64_t from_b) noexcept {
        return to_a != to_b ? to_a > to_b : size_of(from_a) > size_of(from_b);
    }
};

/// A launch of `rank` axes out of N, among few ranks, since each is compiled by itself: `run.template
/// operator()<R>()` with R >= rank.
template <int N, class Run> void with_rank(int rank, const Run& run) {
    if (N <= 1 || rank <= 1)
        run.template operator()<1>();
    else if constexpr (N > 1) {
        if (N == 2 || rank == 2)
            run.template operator()<2>();
        else if constexpr (N > 2) {
            if (N == 3 || rank == 3)
                run.template operator()<3>();
            else if constexpr (N > 3)
                run.template operator()<(N < max_launch_rank ? N : max_launch_rank)>();
        }
    }
}

/// Where the elements of a strided piece of memory are, for `run_copy`.
template <class T> struct strided_piece {
    T* data;
    const int64_t* strides; // as many as the copy has axes
};

/// The piece as an array of R axes, the missing ones in front.
template <int R, class Device, class T>
array<T, R, Device> array_of(const strided_piece<T>& piece, int rank, const shape<R>& extents, int ordinal) {
    shape<R> strides;
    for (int axis = 0; axis < rank; ++axis) strides[R - rank + axis] = piece.strides[axis];
    return array_access::make<array<T, R, Device>>(piece.data, extents, strides, owner_ref(),
                                                   std::is_same_v<Device, device::cuda> ? device_kind::cuda
                                                                                        : device_kind::host,
                                                   ordinal, memory_kind::plain);
}

/// Launches the copy of `rank` (at most N) axes; those beyond the most a launch has are loops of launches.
template <int N, class Device, class T, class U>
void run_copy(const launch_options& options, int rank, const int64_t* extents, strided_piece<const T> from,
              strided_piece<U> to, int ordinal) {
    if constexpr (N > max_launch_rank) {
        if (rank > max_launch_rank) {
            for (int64_t k = 0; k < extents[0]; ++k)
                run_copy<N, Device, T, U>(options, rank - 1, extents + 1,
                                          {from.data + k * from.strides[0], from.strides + 1},
                                          {to.data + k * to.strides[0], to.strides + 1}, ordinal);
            return;
        }
    }
    with_rank<N>(rank, [&]<int R>() {
        shape<R> all;
        for (int axis = 0; axis < R; ++axis) all[axis] = axis < R - rank ? 1 : extents[axis - (R - rank)];
        launch<copy_elements>(options, all, array_of<R, Device>(from, rank, all, ordinal),
                              array_of<R, Device>(to, rank, all, ordinal));
    });
}

/// Whether a copy would write every element onto itself.
template <class A, class B> bool same_elements(const A& a, const B& b) noexcept {
    if constexpr (std::is_same_v<typename A::value_type, typename B::value_type>) {
        if (static_cast<const void*>(a.data_handle()) != static_cast<const void*>(b.data_handle()))
            return false;
        for (int axis = 0; axis < A::rank(); ++axis)
            if (a.extent(axis) > 1 && a.stride(axis) != b.stride(axis)) return false;
        return true;
    } else {
        return false;
    }
}

WARPX_COLD [[noreturn]] inline void refuse_copy(const int64_t* from, const int64_t* to, int rank) {
    throw bind_error(sentence("warpx::copy", "a destination of the source's shape " + tuple_text(from, rank),
                              "shape " + tuple_text(to, rank),
                              "slice or reshape one of them; broadcast_to repeats a source"));
}

/// What a copy asks of the types; `check_copy` says it, the rest is then left out.
template <class T, int N, class U, int M>
inline constexpr bool may_copy =
    N == M && !std::is_const_v<U> && converts<std::remove_const_t<T>, std::remove_const_t<U>>;

/// The rules of a copy, on every machine.
template <class T, int N, class D, class U, int M, class E>
void check_copy(const array<T, N, D>& source, const array<U, M, E>& destination) {
    static_assert(N == M, "warpx::copy: source and destination have different ranks; reshape one of them");
    static_assert(!std::is_const_v<U>, "warpx::copy: the destination is an array of const elements");
    static_assert(converts<std::remove_const_t<T>, std::remove_const_t<U>>,
                  "warpx::copy: elements convert between scalars, and component by component between vectors "
                  "or matrices of one shape");
    if constexpr (N == M)
        if (!(source.extents() == destination.extents())) [[unlikely]]
            refuse_copy(source.extents().values, destination.extents().values, N);
}

/// A copy on the host of arrays whose rules were checked.
template <class T, int N, class U>
void copy_on_host(const array<T, N, device::host>& source, const array<U, N, device::host>& destination) {
    using S = std::remove_const_t<T>;
    if (source.empty() || same_elements(source, destination)) return;
    if (byte_span::of(source).meets(byte_span::of(destination))) {
        const auto between = allocate<U>(source.extents(), false);
        copy_on_host(source, between);
        copy_on_host(between, destination);
        return;
    }
    const joint_layout<N> l(source.extents(), source.strides(), destination.strides());
    run_copy<N, device::host, S, U>({}, l.rank, l.extents, {source.data_handle() + l.from_offset, l.from},
                                    {destination.data_handle() + l.to_offset, l.to}, 0);
}

} // namespace detail

/// Copies the elements of `source` to `destination`, converted to its type: any strides, `const` sources,
/// sources with stride 0. The arrays may overlap: the copy then goes through new memory of that size. Runs on
/// the pool and returns when done.
///
/// Conversions are those of `static_cast`, with: to bool, everything but zero is true; from complex to real,
/// the real part; vectors and matrices component by component. A floating-point number that an integer type
/// does not hold gives an unspecified value.
///
/// Throws bind_error if the shapes differ. CUDA arrays: kernels/copy.cuh.
template <class T, int N, class U, int M>
void copy(const array<T, N, device::host>& source, const array<U, M, device::host>& destination) {
    detail::check_copy(source, destination);
    if constexpr (detail::may_copy<T, N, U, M>) detail::copy_on_host(source, destination);
}

/// A new compact host array with the elements of another: `to<device::host>(a)`.
template <class Device, class T, int N>
    requires std::is_same_v<Device, device::host>
[[nodiscard]] array<std::remove_const_t<T>, N> to(const array<T, N, device::host>& a) {
    auto fresh = empty_like(a);
    copy(a, fresh);
    return fresh;
}

} // namespace warpx
