// SPDX-License-Identifier: Apache-2.0
// atomic.hpp: atomic operations on elements of arrays, in kernels on the host and on CUDA.
#pragma once

#include "detail/compare_and_swap.hpp"
#include "element.hpp"
#include "index.hpp"
#include "shape.hpp"

#include <string.h>

namespace warpx {

namespace detail {

template <class T> WARPX_HOST_DEVICE T atomic_add_scalar(T* place, const T& v) noexcept {
#if defined(__CUDA_ARCH__)
    if constexpr (std::is_same_v<T, float>)
        return atomicAdd(place, v);
    else if constexpr (std::is_same_v<T, double>)
        return atomicAdd(place, v);
    else if constexpr (std::is_integral_v<T> && sizeof(T) == 4)
        return bit_copy<T>(atomicAdd(reinterpret_cast<unsigned int*>(place), static_cast<unsigned int>(v)));
    else if constexpr (std::is_integral_v<T> && sizeof(T) == 8)
        return bit_copy<T>(
            atomicAdd(reinterpret_cast<unsigned long long*>(place), static_cast<unsigned long long>(v)));
    else
        return atomic_update(place, [&v](const T& old) { return static_cast<T>(old + v); });
#else
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        return __atomic_fetch_add(place, v, __ATOMIC_RELAXED);
    else
        return atomic_update(place, [&v](const T& old) { return static_cast<T>(old + v); });
#endif
}

template <int I, class First, class... Rest>
WARPX_HOST_DEVICE constexpr const auto& pick(const First& first, const Rest&... rest) noexcept {
    if constexpr (I == 0)
        return first;
    else
        return pick<I - 1>(rest...);
}

/// A form in which an atomic is more than an operation on memory: its handle has `atomic(op, v,
/// coordinates...)`.
template <class H> inline constexpr bool own_atomics = requires { typename H::own_atomics; };

/// What atomics work on: the handle of an array argument, or an array that a host kernel captured.
template <class H>
inline constexpr bool atomic_target = own_atomics<H> || requires(const H& h) {
    typename H::element_type;
    h.data_handle();
};

template <class H> WARPX_HOST_DEVICE auto* address_at(const H& h, const shape<H::rank()>& position) {
    return h.address(position);
}
WARPX_DETAIL_HOST_BODY template <class H>
    requires(!requires(const H& h, const shape<H::rank()>& p) { h.address(p); })
WARPX_HOST_DEVICE auto* address_at(const H& array, const shape<H::rank()>& position) {
    int64_t offset = 0;
    for (int axis = 0; axis < H::rank(); ++axis) offset += position[axis] * array.stride(axis);
    return array.data_handle() + offset;
}

/// The address of the element at some coordinates (or at the index of the launch).
template <class H> WARPX_HOST_DEVICE auto* element_address(const H& h, const index<H::rank()>& i) {
    return address_at(h, index_access::positions(i));
}
template <class H, coordinate... I> WARPX_HOST_DEVICE auto* element_address(const H& h, const I&... i) {
    static_assert(sizeof...(I) == H::rank(),
                  "warpx: an atomic takes the array, one coordinate for each of its axes (or the "
                  "index), and the value");
    if constexpr (sizeof...(I) == H::rank())
        return address_at(h, shape<H::rank()>(static_cast<int64_t>(i)...));
    else
        return address_at(h, shape<H::rank()>());
}

template <class H, class Op, int... I, class... A>
WARPX_HOST_DEVICE auto atomic_apply(const H& h, const Op& op, std::integer_sequence<int, I...>,
                                    const A&... a) {
    using T = typename H::element_type;
    static_assert(!std::is_const_v<T>,
                  "warpx: this array is read-only (its element type is const); atomics need array<T, N>");
    if constexpr (own_atomics<H>)
        return h.atomic(op, value(pick<sizeof...(I)>(a...)), pick<I>(a...)...);
    else // The cast only matters after the assertion failed: then no other error follows.
        return op(const_cast<std::remove_const_t<T>*>(element_address(h, pick<I>(a...)...)),
                  static_cast<std::remove_const_t<T>>(value(pick<sizeof...(I)>(a...))));
}
template <class H, class Op, class... A>
WARPX_HOST_DEVICE auto atomic_apply(const H& h, const Op& op, const A&... a) {
    static_assert(atomic_target<H>, "warpx: an atomic takes the array and the coordinates, not the element: "
                                    "atomic_add(y, i, v) instead of atomic_add(y[i], v)");
    if constexpr (atomic_target<H>)
        return atomic_apply(h, op, std::make_integer_sequence<int, sizeof...(A) - 1>(), a...);
}

/// The numbers an element is made of, for componentwise addition.
template <class T> struct addend {
    using type = scalar_t<T>;
};
template <class R> struct addend<complex<R>> {
    using type = R;
};
template <class T> using addend_t = typename addend<scalar_t<T>>::type;

struct add_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& v) const noexcept {
        using C = addend_t<T>;
        static_assert(!std::is_same_v<C, bool> && is_scalar_v<C>,
                      "warpx::atomic_add: numbers and vectors of numbers only");
        if constexpr (std::is_same_v<C, T>)
            return atomic_add_scalar(place, v);
        else {
            constexpr int count = sizeof(T) / sizeof(C);
            C parts[count], old[count];
            memcpy(static_cast<void*>(parts), &v, sizeof(T));
            for (int k = 0; k < count; ++k)
                old[k] = atomic_add_scalar(reinterpret_cast<C*>(place) + k, parts[k]);
            T result;
            memcpy(static_cast<void*>(&result), old, sizeof(T));
            return result;
        }
    }
};
struct subtract_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& v) const noexcept {
        using C = addend_t<T>;
        if constexpr (std::is_integral_v<C>) { // -v overflows for the least number; modulo 2^64 it does not
            constexpr int count = sizeof(T) / sizeof(C);
            C parts[count];
            memcpy(static_cast<void*>(parts), &v, sizeof(T));
            for (int k = 0; k < count; ++k)
                parts[k] = static_cast<C>(uint64_t{0} - static_cast<uint64_t>(parts[k]));
            T negative;
            memcpy(static_cast<void*>(&negative), parts, sizeof(T));
            return add_op{}(place, negative);
        } else
            return add_op{}(place, static_cast<T>(-v));
    }
};
template <bool Smaller> struct pick_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& v) const noexcept {
        static_assert(is_scalar_v<T> && std::is_same_v<addend_t<T>, T> && !std::is_same_v<T, bool>,
                      "warpx::atomic_min and atomic_max: real scalars only");
        T old = bit_copy<T>(glance(reinterpret_cast<const bits_t<T>*>(place)));
        // A NaN never replaces a number, and is never replaced by one.
        while (Smaller ? v < old : old < v) {
            auto seen = bit_copy<bits_t<T>>(old);
            if (cas(reinterpret_cast<bits_t<T>*>(place), seen, bit_copy<bits_t<T>>(v))) break;
            old = bit_copy<T>(seen);
        }
        return old;
    }
};
template <char Symbol> struct bit_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& v) const noexcept {
        static_assert(std::is_integral_v<T>, "warpx: bitwise atomics work on integers and bool");
        return atomic_update(place, [&v](const T& old) {
            return static_cast<T>(Symbol == '&' ? old & v : Symbol == '|' ? old | v : old ^ v);
        });
    }
};

template <class T>
inline constexpr bool exchangeable =
    std::is_trivially_copyable_v<T> &&
    (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16);
struct exchange_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& v) const noexcept {
        static_assert(exchangeable<T>,
                      "warpx: atomic_exchange and atomic_cas take elements of 1, 2, 4, 8 or 16 bytes");
        return atomic_update(place, [&v](const T&) { return v; });
    }
};
struct cas_op {
    template <class T> WARPX_HOST_DEVICE T operator()(T* place, const T& compare, const T& v) const noexcept {
        static_assert(exchangeable<T>,
                      "warpx: atomic_exchange and atomic_cas take elements of 1, 2, 4, 8 or 16 bytes");
        using Bits = bits_t<T>;
        const Bits wanted = bit_copy<Bits>(compare), next = bit_copy<Bits>(v);
        for (;;) {
            Bits seen = wanted;
            if (cas(reinterpret_cast<Bits*>(place), seen, next)) return compare;
            if (!(seen == wanted)) return bit_copy<T>(seen); // else it failed for no reason
        }
    }
};

template <class H, int... I, class... A>
WARPX_HOST_DEVICE auto apply_cas(const H& h, std::integer_sequence<int, I...>, const A&... a) {
    using T = typename H::element_type;
    static_assert(!std::is_const_v<T>,
                  "warpx: this array is read-only (its element type is const); atomics need array<T, N>");
    if constexpr (own_atomics<H>)
        return h.atomic(cas_op{}, value(pick<sizeof...(I) + 1>(a...)), pick<I>(a...)...);
    else
        return cas_op{}(element_address(h, pick<I>(a...)...), static_cast<T>(value(pick<sizeof...(I)>(a...))),
                        static_cast<T>(value(pick<sizeof...(I) + 1>(a...))));
}

} // namespace detail

// All atomics take an array, one coordinate an axis (or the index of the launch), and the operand:
// atomic_add(y, j, v), atomic_add(image, row, col, v), atomic_add(y, i, v). They return the value before.
// Order is relaxed: they order nothing else. Within one launch they may meet other atomics on the same
// element, not plain reads or writes.

/// Adds. Vectors, matrices, quaternions and complex numbers add component by component: each is atomic, all
/// are not.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_add(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::add_op{}, coordinates_and_value...);
}
/// Subtracts, likewise.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_sub(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::subtract_op{}, coordinates_and_value...);
}
/// Keeps the smaller real scalar.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_min(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::pick_op<true>{}, coordinates_and_value...);
}
/// Keeps the larger real scalar.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_max(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::pick_op<false>{}, coordinates_and_value...);
}
/// Bitwise and, or, exclusive or of integers.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_and(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::bit_op<'&'>{}, coordinates_and_value...);
}
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_or(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::bit_op<'|'>{}, coordinates_and_value...);
}
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_xor(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::bit_op<'^'>{}, coordinates_and_value...);
}
/// Stores a value: elements of 1, 2, 4, 8 or 16 bytes. On CUDA the element must lie at a multiple of its
/// size, and 16 bytes need compute capability 9.0.
template <class H, class... A>
    requires(sizeof...(A) >= 1)
WARPX_HOST_DEVICE auto atomic_exchange(const H& array, const A&... coordinates_and_value) {
    return detail::atomic_apply(array, detail::exchange_op{}, coordinates_and_value...);
}
/// Stores `value` if the element's bits are those of `compare`: atomic_cas(y, j, compare, value). Sizes as
/// above.
template <class H, class... A>
    requires(sizeof...(A) >= 2)
WARPX_HOST_DEVICE auto atomic_cas(const H& array, const A&... coordinates_compare_and_value) {
    return detail::apply_cas(array, std::make_integer_sequence<int, sizeof...(A) - 2>(),
                             coordinates_compare_and_value...);
}

} // namespace warpx
