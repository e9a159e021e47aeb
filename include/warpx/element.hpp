// SPDX-License-Identifier: Apache-2.0
// element.hpp: which types an array may hold, and how the gate finds them in a tensor of scalars.
#pragma once

#include "complex.hpp"
#include "dtype.hpp"
#include "float8.hpp"
#include "half.hpp"
#include "mat.hpp"
#include "quat.hpp"
#include "vec.hpp"

#include <type_traits>

namespace warpx {

/// Specialized by `WARPX_STRUCT` (struct.hpp) for a user's struct.
template <class S> struct struct_traits;

/// A struct described with `WARPX_STRUCT`.
template <class S>
concept described = requires { typename struct_traits<S>::fields; };

namespace detail {

template <class First, class... Fields>
struct field_list {}; // the first is void, because macros end with a comma

/// Integers that count: no character types (the sign of `char` depends on the machine), no __int128.
template <class T>
inline constexpr bool is_integer =
    std::is_integral_v<T> && sizeof(T) <= 8 && !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> &&
    !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T> constexpr dtype scalar_dtype() noexcept {
    if constexpr (std::is_same_v<T, bool>)
        return {dtype_code::bool_, 8, 1};
    else if constexpr (is_integer<T>)
        return {std::is_signed_v<T> ? dtype_code::int_ : dtype_code::uint, uint8_t{8 * sizeof(T)}, 1};
    else if constexpr (std::is_same_v<T, half> || std::is_same_v<T, float> || std::is_same_v<T, double>)
        return {dtype_code::float_, uint8_t{8 * sizeof(T)}, 1};
    else if constexpr (std::is_same_v<T, bfloat16>)
        return {dtype_code::bfloat, 16, 1};
    else if constexpr (std::is_same_v<T, complex<float>> || std::is_same_v<T, complex<double>>)
        return {dtype_code::complex, uint8_t{8 * sizeof(T)}, 1};
    else if constexpr (is_float8_v<T>)
        return {static_cast<dtype_code>(T::format), 8, 1};
    else
        return {dtype_code::opaque, 0, 0};
}

} // namespace detail

/// The dtype of a scalar type. Integer types are told apart by size and sign: `long` and `long long` are both
/// int64.
template <class T> inline constexpr dtype dtype_of = detail::scalar_dtype<std::remove_const_t<T>>();

/// Whether `T` is a scalar that frameworks know.
template <class T> inline constexpr bool is_scalar_v = dtype_of<T>.bits != 0;

/// How an element type lies in a tensor of scalars: `rank` trailing axes with the extents `fold` become one
/// element of `count` scalars. Specializations: scalars, vec, mat, quat, described structs.
template <class T> struct element_traits {
    using scalar = T;
    static constexpr int rank = 0;
    static constexpr int64_t count = 1;
    static constexpr int64_t fold[2] = {1, 1};
};
template <class T, int N> struct element_traits<vec<T, N>> {
    using scalar = T;
    static constexpr int rank = 1;
    static constexpr int64_t count = N;
    static constexpr int64_t fold[2] = {N, 1};
};
template <class T> struct element_traits<quat<T>> : element_traits<vec<T, 4>> {};
template <class T, int R, int C> struct element_traits<mat<T, R, C>> {
    using scalar = T;
    static constexpr int rank = 2;
    static constexpr int64_t count = int64_t{R} * C;
    static constexpr int64_t fold[2] = {R, C};
};

/// The scalar of an element type: `float` for `vec<float, 3>`; the struct itself where its fields differ.
template <class T> using scalar_t = typename element_traits<std::remove_const_t<T>>::scalar;

namespace detail {

template <class First, class... Rest>
inline constexpr bool all_same_scalar = (std::is_same_v<scalar_t<First>, scalar_t<Rest>> && ...);

/// A struct whose fields share one scalar type and leave no gap is one trailing axis of scalars; any other is
/// a record.
template <class S, class Fields> struct struct_element;
template <class S, class First, class... Rest> struct struct_element<S, field_list<void, First, Rest...>> {
    static constexpr bool uniform = all_same_scalar<First, Rest...> && is_scalar_v<scalar_t<First>> &&
                                    struct_traits<S>::field_bytes == sizeof(S);
    using scalar = std::conditional_t<uniform, scalar_t<First>, S>;
    static constexpr int rank = uniform ? 1 : 0;
    static constexpr int64_t count = static_cast<int64_t>(sizeof(S) / sizeof(scalar));
    static constexpr int64_t fold[2] = {count, 1};
};

template <class T> inline constexpr bool is_element = is_scalar_v<T>;
template <class T, int N> inline constexpr bool is_element<vec<T, N>> = is_scalar_v<T>;
template <class T, int R, int C> inline constexpr bool is_element<mat<T, R, C>> = is_scalar_v<T>;
template <class T> inline constexpr bool is_element<quat<T>> = is_scalar_v<T>;

template <class Fields> inline constexpr bool all_elements = false;
template <class S> constexpr bool is_struct_element() {
    if constexpr (described<S>)
        return std::is_trivially_copyable_v<S> && sizeof(S) <= 65535 && // what opaque_dtype can count
               all_elements<typename struct_traits<S>::fields>;
    else
        return false;
}
template <class... Fields>
inline constexpr bool all_elements<field_list<void, Fields...>> =
    ((is_element<Fields> || is_struct_element<Fields>()) && ...);

/// What a type computes in: `float` for the types that are only stored.
template <class T> struct compute {
    using type = T;
};
template <class T>
    requires(std::is_same_v<T, half> || std::is_same_v<T, bfloat16> || is_float8_v<T>)
struct compute<T> {
    using type = float;
};
template <class T, int N> struct compute<vec<T, N>> {
    using type = vec<typename compute<T>::type, N>;
};
template <class T, int R, int C> struct compute<mat<T, R, C>> {
    using type = mat<typename compute<T>::type, R, C>;
};
template <class T> struct compute<quat<T>> {
    using type = quat<typename compute<T>::type>;
};

} // namespace detail

template <described S>
struct element_traits<S> : detail::struct_element<S, typename struct_traits<S>::fields> {};

/// What an array may hold: bool, integers, half, bfloat16, float, double, complex, float8 (storage), `vec`,
/// `mat`, `quat` of those, and structs of all these described with `WARPX_STRUCT`.
template <class T>
concept element =
    detail::is_element<std::remove_const_t<T>> || detail::is_struct_element<std::remove_const_t<T>>();

/// The type arithmetic on `T` happens in: float for half, bfloat16 and float8, `T` otherwise.
template <class T> using compute_t = typename detail::compute<T>::type;

namespace detail {
/// The dtype the gate asks for: that of the scalar, or a raw record.
template <class T>
inline constexpr dtype element_dtype =
    is_scalar_v<scalar_t<T>> ? dtype_of<scalar_t<T>> : opaque_dtype(sizeof(scalar_t<T>));
} // namespace detail

} // namespace warpx
