// SPDX-License-Identifier: Apache-2.0
// element_view.hpp: other arrays over the same memory, with other elements: trailing axes as vectors and
// back, the bytes as another type, the parts of complex numbers.
#pragma once

#include "array.hpp"
#include "view.hpp" // what a refused view says

namespace warpx {

namespace detail {

/// The same memory as elements of another type: passes the gate again, gradient included.
template <class U, int M, class D, class T, int N> array<U, M, D> rebind_elements(const array<T, N, D>& a) {
    int64_t extents[N + 2], strides[N + 2];
    bind_options<M> options;
    options.accumulate_only = true; // overlaps were judged when the memory came in
    auto view = bind<U, M, D>(describe(a, extents, strides), a.keeper(), options);
    if constexpr (std::is_same_v<scalar_t<U>, scalar_t<T>>)
        if (a.has_grad()) {
            const auto g = bind<std::remove_const_t<U>, M, D>(describe(a.grad(), extents, strides),
                                                              a.grad().keeper(), options);
            array_access::gradient(view) = {g.data_handle(), g.strides(), g.keeper(), g.memory()};
        }
    return view;
}

} // namespace detail

/// Trailing axes as components of one element: `fold<vec3f>(x)` makes an `array<vec3f, N - 1>` of an `(...,
/// 3)` array. Throws bind_error unless those axes have the element's extents and are compact.
template <element E, class T, int N, class D> [[nodiscard]] auto fold(const array<T, N, D>& a) {
    static_assert(std::is_same_v<scalar_t<E>, std::remove_const_t<T>> && element_traits<E>::rank >= 1 &&
                      element_traits<E>::rank <= N,
                  "warpx::fold: the components must have the array's element type, and the array their axes");
    return detail::rebind_elements<detail::copy_const_t<E, T>, N - element_traits<E>::rank, D>(a);
}

/// The components of each element as trailing axes: an `(n,)` array of vec3f becomes an `(n, 3)` array of
/// float.
template <class T, int N, class D> [[nodiscard]] auto unfold(const array<T, N, D>& a) {
    using traits = element_traits<std::remove_const_t<T>>;
    static_assert(
        is_scalar_v<typename traits::scalar> && traits::rank >= 1,
        "warpx::unfold: the elements must have components of one type (vec, mat, quat, uniform structs)");
    return detail::rebind_elements<detail::copy_const_t<typename traits::scalar, T>, N + traits::rank, D>(a);
}

/// The same bytes as elements of another type (`float` as `uint32_t`, `(n, 2)` float as `(n, 1)` complex): as
/// NumPy's `view(dtype)`. The last axis must be compact if the sizes differ. The gradient does not come
/// along. Pass a kernel only one of the two: C++ lets compilers assume that a `float` and a `uint32_t` never
/// share memory. Throws bind_error.
template <element E, class T, int N, class D>
[[nodiscard]] array<detail::copy_const_t<E, T>, N, D> view_as(const array<T, N, D>& a) {
    using U = detail::copy_const_t<E, T>;
    constexpr int64_t from = sizeof(T), to = sizeof(E);
    shape<N> extents = a.extents(), strides = a.strides();
    if constexpr (from != to) {
        static_assert(N >= 1, "warpx::view_as: a rank-0 array can only be seen as a type of the same size");
        const auto whole = [](int64_t bytes) { return bytes % to == 0; };
        bool fits = a.extent(N - 1) == 1 || a.stride(N - 1) == 1;
        for (int k = 0; k < N - 1; ++k) fits = fits && (extents[k] == 1 || whole(strides[k] * from));
        fits = (fits || a.empty()) && whole(extents[N - 1] * from);
        if (!fits)
            detail::refuse_view(
                "view_as",
                "a compact last axis that divides into elements of " + std::to_string(to) + " bytes",
                "shape " + detail::tuple_text(extents.values, N) + ", strides " +
                    detail::tuple_text(strides.values, N) + " of " + std::to_string(from) + " bytes",
                "copy the array first");
        extents[N - 1] = extents[N - 1] * from / to;
        for (int k = 0; k < N - 1; ++k) strides[k] = strides[k] * from / to;
        strides[N - 1] = 1;
    }
    if (reinterpret_cast<uintptr_t>(a.data_handle()) % alignof(E) != 0)
        detail::refuse_view("view_as", "data aligned to " + std::to_string(alignof(E)), "a smaller alignment",
                            "copy it first");
    return detail::array_access::make<array<U, N, D>>(reinterpret_cast<U*>(a.data_handle()), extents, strides,
                                                      a.keeper(), a.device(), a.device_id(), a.memory());
}

namespace detail {

template <class C, int N, class D> auto complex_part(const array<C, N, D>& a, int part) {
    using R = copy_const_t<typename std::remove_const_t<C>::value_type, C>;
    const auto twice = [](shape<N> strides) {
        for (int64_t& stride : strides) stride *= 2;
        return strides;
    };
    auto view = array_access::make<array<R, N, D>>(
        a.data_handle() ? reinterpret_cast<R*>(a.data_handle()) + part : nullptr, a.extents(),
        twice(a.strides()), a.keeper(), a.device(), a.device_id(), a.memory());
    if (a.has_grad()) {
        const auto g = a.grad();
        array_access::gradient(view) = {reinterpret_cast<std::remove_const_t<R>*>(g.data_handle()) + part,
                                        twice(g.strides()), g.keeper(), g.memory()};
    }
    return view;
}

template <class T>
inline constexpr bool is_complex_element = std::is_same_v<std::remove_const_t<T>, complex<float>> ||
                                           std::is_same_v<std::remove_const_t<T>, complex<double>>;

} // namespace detail

/// The real parts of a complex array, as a view.
template <class T, int N, class D>
    requires detail::is_complex_element<T>
[[nodiscard]] auto real(const array<T, N, D>& a) {
    return detail::complex_part(a, 0);
}
/// The imaginary parts of a complex array, as a view.
template <class T, int N, class D>
    requires detail::is_complex_element<T>
[[nodiscard]] auto imag(const array<T, N, D>& a) {
    return detail::complex_part(a, 1);
}

} // namespace warpx
