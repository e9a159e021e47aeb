// SPDX-License-Identifier: Apache-2.0
// parameter.hpp: the parameters of an operation: their role, dtypes, named extents, and what a call may leave
// out.
#pragma once

#include "../element.hpp"

namespace warpx {

/// A set of scalar types, of which a call uses one: every parameter with the same set has the same type in a
/// call. `vec<any_of<float, double>, 3>`, `mat`, `quat` and `complex` of a set are element types too.
template <class... T> struct any_of {
    static_assert(sizeof...(T) >= 1 && (is_scalar_v<T> && ...),
                  "warpx::any_of: a set of scalar types: numbers, bool, half, bfloat16, complex");
};

// Of a set they are names only; compilers complete them all the same.
template <class... T, int N> struct vec<any_of<T...>, N> {};
template <class... T, int R, int C> struct mat<any_of<T...>, R, C> {};
template <class... T> struct quat<any_of<T...>> {};
template <class... T> struct complex<any_of<T...>> {};

/// What an operation does with a parameter.
enum class parameter_role : uint8_t {
    in,           ///< an array that is read
    inout,        ///< an array that is read and overwritten
    out,          ///< a new array, or one given as `out=`; what it held before is not read
    value,        ///< a scalar, with derivatives: a number, or an array without axes
    static_value, ///< a number that is part of the compiled call, without derivatives
};

namespace detail {

/// The extent of one axis, as a template argument: `"n"`, a name, or a number.
struct extent_label {
    char name[32] = {};
    int64_t fixed = -1;

    template <size_t N> consteval extent_label(const char (&text)[N]) {
        static_assert(N >= 2 && N <= sizeof name,
                      "warpx: the name of an extent has 1 to 31 letters: in<float, \"n\">(\"x\")");
        for (size_t k = 0; k < N; ++k) name[k] = text[k];
    }
    /// Member by member: how nvcc 13 writes template arguments for the host compiler.
    consteval extent_label(const char (&text)[32], int64_t number) : fixed(number) {
        for (size_t k = 0; k < sizeof name; ++k) name[k] = text[k];
    }
    consteval extent_label(int number) : fixed(number) {}
    consteval extent_label(int64_t number) : fixed(number) {}
};

/// A number as a default value, of whichever type the parameter has.
struct default_number {
    double real = 0;
    bool given = false;
};

} // namespace detail

/// A parameter: made by `in`, `inout`, `out`, `value` and `static_value`.
///   T        an element type or a set of them (`any_of`), also inside vec, mat, quat and complex
///   Extents  names and numbers, one for each axis; vec and mat elements fold the trailing axes
template <parameter_role Role, class T, detail::extent_label... Extents> struct parameter {
    static constexpr parameter_role role = Role;
    using type = T;
    static constexpr int rank = sizeof...(Extents);
    static constexpr bool is_array = Role <= parameter_role::out;

    const char* name;
    bool is_optional = false;
    bool is_zeroed = false;
    detail::default_number fallback{};

    /// May be left out of a call, or be None: the kernel then gets an array whose extents are all 0.
    consteval parameter optional() const {
        static_assert(Role == parameter_role::in,
                      "warpx: optional() is for arrays that are only read; give a value its default: "
                      "value<T>(\"a\", 1.0)");
        parameter p = *this;
        p.is_optional = true;
        return p;
    }
    /// Holds zeros when the kernel begins: for results that items add to with `atomic_add`.
    consteval parameter zeroed() const {
        static_assert(Role == parameter_role::out,
                      "warpx: zeroed() is for results: out<T>(\"loss\").zeroed()");
        parameter p = *this;
        p.is_zeroed = true;
        return p;
    }
};

/// An array that the operation reads.
template <class T, detail::extent_label... Extents> consteval auto in(const char* name) {
    return parameter<parameter_role::in, T, Extents...>{name};
}
/// An array that the operation reads and overwrites; frameworks without mutation get a new one.
template <class T, detail::extent_label... Extents> consteval auto inout(const char* name) {
    return parameter<parameter_role::inout, T, Extents...>{name};
}
/// A result. Its memory comes from the framework of the inputs, or from the call (`out=`).
template <class T, detail::extent_label... Extents> consteval auto out(const char* name) {
    return parameter<parameter_role::out, T, Extents...>{name};
}
/// A scalar that has derivatives.
template <class T> consteval auto value(const char* name) {
    return parameter<parameter_role::value, T>{name};
}
template <class T> consteval auto value(const char* name, double fallback) {
    return parameter<parameter_role::value, T>{name, false, false, {fallback, true}};
}
/// A number that is part of the compiled call: frameworks compile anew when it changes.
template <class T> consteval auto static_value(const char* name) {
    return parameter<parameter_role::static_value, T>{name};
}
template <class T> consteval auto static_value(const char* name, double fallback) {
    return parameter<parameter_role::static_value, T>{name, false, false, {fallback, true}};
}

namespace detail {

/// Which type each set of an operation stands for in one variant of it.
template <class Set, class T> struct choice {};
template <class... Choices> struct choices;

template <class Set, class Chosen> struct chosen_type;
template <class Set, class T, class... Rest> struct chosen_type<Set, choices<choice<Set, T>, Rest...>> {
    using type = T;
};
template <class Set, class First, class... Rest>
struct chosen_type<Set, choices<First, Rest...>> : chosen_type<Set, choices<Rest...>> {};

/// The set inside an element type; void if it is a plain type.
template <class E> struct set_in {
    using type = void;
};
template <class... T> struct set_in<any_of<T...>> {
    using type = any_of<T...>;
};
template <class T> struct set_in<complex<T>> : set_in<T> {};
template <class T, int N> struct set_in<vec<T, N>> : set_in<T> {};
template <class T, int R, int C> struct set_in<mat<T, R, C>> : set_in<T> {};
template <class T> struct set_in<quat<T>> : set_in<T> {};

/// An element type with its set replaced by the chosen type.
template <class E, class Chosen> struct substituted {
    using type = E;
};
template <class... T, class Chosen>
struct substituted<any_of<T...>, Chosen> : chosen_type<any_of<T...>, Chosen> {};
template <class T, class Chosen> struct substituted<complex<T>, Chosen> {
    using type = complex<typename substituted<T, Chosen>::type>;
};
template <class T, int N, class Chosen> struct substituted<vec<T, N>, Chosen> {
    using type = vec<typename substituted<T, Chosen>::type, N>;
};
template <class T, int R, int C, class Chosen> struct substituted<mat<T, R, C>, Chosen> {
    using type = mat<typename substituted<T, Chosen>::type, R, C>;
};
template <class T, class Chosen> struct substituted<quat<T>, Chosen> {
    using type = quat<typename substituted<T, Chosen>::type>;
};

} // namespace detail
} // namespace warpx
