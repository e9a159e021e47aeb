// SPDX-License-Identifier: Apache-2.0
// create.hpp: arrays from C++ memory, and new ones on the host.
#pragma once

#include "array.hpp"

#include <new>

namespace warpx {

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_new(const int64_t* extents, int rank) {
    throw bind_error(sentence("a new warpx::array", "extents that are not negative and fit into memory",
                              "shape " + tuple_text(extents, rank), "check the shape"));
}

/// One allocation holds the owner and, 64-byte aligned behind it, the elements.
inline constexpr size_t block_alignment = 64;

inline void* allocate_block(size_t bytes, bool zeroed, owner_ref& keeper) {
    static_assert(sizeof(owner) <= block_alignment);
    const size_t total = bytes + 2 * block_alignment;
    // calloc gets zero pages from the system instead of writing zeros, which is why alignment is done by
    // hand.
    char* raw = static_cast<char*>(zeroed ? __builtin_calloc(1, total) : __builtin_malloc(total));
    if (!raw) throw std::bad_alloc();
    const uintptr_t aligned =
        (reinterpret_cast<uintptr_t>(raw) + 2 * block_alignment - 1) & ~(block_alignment - 1);
    char* data = raw + (aligned - reinterpret_cast<uintptr_t>(raw));
    struct raw_block final : owner {
        void* raw;
    };
    static_assert(sizeof(raw_block) <= block_alignment);
    auto* block = ::new (data - block_alignment) raw_block;
    block->raw = raw;
    block->destroy = [](owner* self) noexcept { __builtin_free(static_cast<raw_block*>(self)->raw); };
    keeper = owner_ref(block);
    return data;
}

template <class T, int N> array<T, N> allocate(const shape<N>& extents, bool zeroed) {
    int64_t bytes = sizeof(T);
    for (int axis = 0; axis < N; ++axis)
        if (extents[axis] < 0 || !checked_multiply(bytes, extents[axis] > 0 ? extents[axis] : 1, bytes) ||
            bytes > INT64_MAX - 256)
            refuse_new(extents.values, N);
    owner_ref keeper;
    void* data =
        allocate_block(static_cast<size_t>(N > 0 && extents.count() == 0 ? 0 : bytes), zeroed, keeper);
    return array_access::make<array<T, N>>(static_cast<T*>(data), extents, compact_strides(extents),
                                           static_cast<owner_ref&&>(keeper), device_kind::host, 0,
                                           memory_kind::plain);
}

/// Every component one; for a mat that is not the identity.
template <class T> T all_ones() noexcept {
    using C = scalar_t<T>;
    static_assert(is_scalar_v<C>, "warpx::ones: elements of numbers; fill records with warpx::full");
    C parts[element_traits<T>::count];
    for (C& part : parts) part = static_cast<C>(1);
    return __builtin_bit_cast(T, parts);
}

template <class T, int N> array<T, N> filled(const shape<N>& extents, const T& v) {
    auto a = allocate<T>(extents, false);
    T* data = a.data_handle();
    for (int64_t k = 0, n = a.size(); k < n; ++k) data[k] = v;
    return a;
}

} // namespace detail

/// A new host array, 64-byte aligned and compact, of unspecified values: `empty<float>({n, 3})`. One
/// allocation. Throws bind_error for a negative or too large shape, std::bad_alloc.
template <class T, shape_like Dim> [[nodiscard]] auto empty(const Dim& dim) {
    return detail::allocate<T>(detail::shape_of(dim), false);
}
template <class T, int N> [[nodiscard]] auto empty(const int64_t (&dim)[N]) {
    return detail::allocate<T>(detail::shape_of(dim), false);
}

/// The same, all bytes zero.
template <class T, shape_like Dim> [[nodiscard]] auto zeros(const Dim& dim) {
    return detail::allocate<T>(detail::shape_of(dim), true);
}
template <class T, int N> [[nodiscard]] auto zeros(const int64_t (&dim)[N]) {
    return detail::allocate<T>(detail::shape_of(dim), true);
}

/// The same, every element `v`.
template <class T, shape_like Dim> [[nodiscard]] auto full(const Dim& dim, const std::type_identity_t<T>& v) {
    return detail::filled<T>(detail::shape_of(dim), v);
}
template <class T, int N> [[nodiscard]] auto full(const int64_t (&dim)[N], const std::type_identity_t<T>& v) {
    return detail::filled<T>(detail::shape_of(dim), v);
}

/// The same, every element one (every component of a vec, no identity for a mat).
template <class T, shape_like Dim> [[nodiscard]] auto ones(const Dim& dim) {
    return detail::filled<T>(detail::shape_of(dim), detail::all_ones<T>());
}
template <class T, int N> [[nodiscard]] auto ones(const int64_t (&dim)[N]) {
    return detail::filled<T>(detail::shape_of(dim), detail::all_ones<T>());
}

/// start, start + step, ... up to but without stop, as NumPy's arange: ceil((stop - start) / step) elements,
/// each computed as start + k * step. Throws bind_error for step 0.
template <element T>
    requires(is_scalar_v<T> && std::is_arithmetic_v<compute_t<T>>)
[[nodiscard]] array<T, 1> arange(compute_t<T> start, compute_t<T> stop, compute_t<T> step = compute_t<T>(1)) {
    if (step == compute_t<T>(0))
        throw bind_error(detail::sentence("warpx::arange", "a step other than 0", "0", "use 1 to count up"));
    int64_t count = 0;
    if constexpr (std::is_integral_v<T>) {
        // Widened so that neither unsigned nor extreme bounds wrap.
        const __int128 span = static_cast<__int128>(stop) - start, by = step;
        if ((by > 0) == (span > 0) && span != 0)
            count = static_cast<int64_t>((span + by + (by > 0 ? -1 : 1)) / by);
    } else {
        const double steps =
            (static_cast<double>(stop) - static_cast<double>(start)) / static_cast<double>(step);
        if (!(steps < 9e18))
            throw bind_error(detail::sentence("warpx::arange", "a finite number of elements",
                                              std::to_string(steps), "check the bounds"));
        if (steps > 0) count = static_cast<int64_t>(__builtin_ceil(steps));
    }
    auto a = detail::allocate<T>(shape<1>(count), false);
    T* data = a.data_handle();
    for (int64_t k = 0; k < count; ++k)
        if constexpr (std::is_integral_v<T>) // modulo 2^64: k * step may not fit into T although the sum does
            data[k] = static_cast<T>(static_cast<uint64_t>(start) +
                                     static_cast<uint64_t>(k) * static_cast<uint64_t>(step));
        else
            data[k] = static_cast<T>(start + static_cast<compute_t<T>>(k) * step);
    return a;
}
template <element T>
    requires(is_scalar_v<T> && std::is_arithmetic_v<compute_t<T>>)
[[nodiscard]] array<T, 1> arange(compute_t<T> stop) {
    return arange<T>(compute_t<T>(0), stop);
}

/// New compact host arrays of the shape and (writable) element type of another.
template <class T, int N> [[nodiscard]] auto empty_like(const array<T, N>& a) {
    return detail::allocate<std::remove_const_t<T>>(a.extents(), false);
}
template <class T, int N> [[nodiscard]] auto zeros_like(const array<T, N>& a) {
    return detail::allocate<std::remove_const_t<T>>(a.extents(), true);
}
template <class T, int N> [[nodiscard]] auto ones_like(const array<T, N>& a) {
    return detail::filled<std::remove_const_t<T>>(a.extents(), detail::all_ones<std::remove_const_t<T>>());
}
template <class T, int N>
[[nodiscard]] auto full_like(const array<T, N>& a, const std::type_identity_t<std::remove_const_t<T>>& v) {
    return detail::filled<std::remove_const_t<T>>(a.extents(), v);
}

/// An array over memory that somebody else owns. `strides` are in elements of `T`. Borrowed unless `keeper`
/// keeps it. `Device` says what the pointer points to; `device_id` is the CUDA ordinal. Throws bind_error as
/// the gate does.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_pointer(T* data, const std::type_identity_t<shape<N>>& extents,
                                               const std::type_identity_t<shape<N>>& strides,
                                               owner_ref keeper = {}, int device_id = 0) {
    using traits = element_traits<std::remove_const_t<T>>;
    int64_t all_extents[N + 2] = {}, all_strides[N + 2] = {};
    for (int k = 0; k < N; ++k) {
        all_extents[k] = extents[k];
        if (!detail::checked_multiply(strides[k], traits::count, all_strides[k])) // the gate judges it
            all_strides[k] = strides[k] < 0 ? INT64_MIN : INT64_MAX;
    }
    for (int k = 0; k < traits::rank; ++k) {
        all_extents[N + k] = traits::fold[k];
        all_strides[N + k] = k + 1 < traits::rank ? traits::fold[k + 1] : 1;
    }
    tensor_desc desc;
    desc.data = const_cast<std::remove_const_t<T>*>(data);
    desc.device = std::is_same_v<Device, device::cuda> ? device_kind::cuda : device_kind::host;
    desc.device_id = device_id;
    desc.dtype = detail::element_dtype<T>;
    desc.rank = N + traits::rank;
    desc.extents = all_extents;
    desc.strides = all_strides;
    desc.read_only = std::is_const_v<T>;
    return bind<T, N, Device>(desc, static_cast<owner_ref&&>(keeper));
}
/// The same for compact row-major memory.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_pointer(T* data, const std::type_identity_t<shape<N>>& extents) {
    return from_pointer<T, N, Device>(data, extents, detail::compact_strides(extents));
}
template <class T, int N, class Device = device::host, class Keeper>
    requires std::is_same_v<Keeper, owner_ref> // not deduced from the braces of strides
[[nodiscard]] array<T, N, Device> from_pointer(T* data, const std::type_identity_t<shape<N>>& extents,
                                               Keeper keeper, int device_id = 0) {
    return from_pointer<T, N, Device>(data, extents, detail::compact_strides(extents),
                                      static_cast<owner_ref&&>(keeper), device_id);
}

namespace detail {

template <class R> using range_element_t = std::remove_pointer_t<decltype(std::declval<R&>().data())>;

} // namespace detail

/// A contiguous range of elements: has `data()` and `size()` (std::vector, std::span, std::array,
/// ...).
template <class R>
concept contiguous_elements = requires(R& r) {
    requires std::is_convertible_v<decltype(r.size()), size_t>;
    requires element<std::remove_pointer_t<decltype(r.data())>>;
};

/// Borrows a contiguous C++ range or C array: it must outlive the array and not grow. A const range gives
/// `const T`.
template <contiguous_elements R> [[nodiscard]] auto from_range(R& range) {
    return from_pointer<detail::range_element_t<R>, 1>(range.data(),
                                                       shape<1>(static_cast<int64_t>(range.size())));
}
template <element T, size_t Count> [[nodiscard]] array<T, 1> from_range(T (&range)[Count]) {
    return from_pointer<T, 1>(range, shape<1>(static_cast<int64_t>(Count)));
}
/// Moves a container in: the array owns it. (A temporary that only borrows, such as a span, is refused.)
template <contiguous_elements R>
    requires(!std::is_lvalue_reference_v<R>)
[[nodiscard]] auto from_range(R&& range) {
    static_assert(
        requires { typename R::allocator_type; } || requires { std::tuple_size<R>::value; },
        "warpx::from_range: a temporary view would leave the array with memory that nobody keeps; pass the "
        "container, or name the view first");
    struct holder final : owner {
        R range;
        explicit holder(R&& r) : range(static_cast<R&&>(r)) {
            destroy = [](owner* self) noexcept { delete static_cast<holder*>(self); };
        }
    };
    auto* block = new holder(static_cast<R&&>(range));
    owner_ref keeper(block);
    const shape<1> extents(static_cast<int64_t>(block->range.size()));
    return from_pointer<detail::range_element_t<R>, 1>(block->range.data(), extents, shape<1>(1),
                                                       static_cast<owner_ref&&>(keeper));
}

} // namespace warpx
