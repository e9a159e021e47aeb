// SPDX-License-Identifier: Apache-2.0
// description.hpp: what is known of an operation without its kernel: names, dtypes, extents, as plain data
// that is checked at compile time and read by every framework.
#pragma once

#include "parameter.hpp"

namespace warpx {

/// One extent of an operation: named, or fixed.
struct extent_description {
    const char* name = nullptr; ///< null: fixed
    int64_t fixed = -1;         ///< -1: known at the call
};

/// One parameter, without its type.
struct parameter_description {
    static constexpr int most_axes = 7; // the batch is one more

    const char* name = nullptr;
    parameter_role role = parameter_role::in;
    int set = -1;                ///< which dtype set of the operation it has; -1: `type`
    warpx::dtype type;           ///< its scalars, where the set is one type
    bool complex_of_set = false; ///< complex numbers whose parts have the type of the set
    int rank = 0;                ///< axes of the array that the kernel sees
    int fold_rank = 0;           ///< trailing axes that make one element
    int64_t fold[2] = {1, 1};    ///< their extents
    int extents[most_axes] = {}; ///< which extent of the operation each axis has
    bool optional = false, zeroed = false, has_default = false;
    double default_value = 0;

    constexpr bool is_array() const noexcept { return role <= parameter_role::out; }
    constexpr bool is_output() const noexcept {
        return role == parameter_role::inout || role == parameter_role::out;
    }
    /// What a call passes by position.
    constexpr bool is_input() const noexcept { return role != parameter_role::out; }
};

/// Whether numbers of a dtype have derivatives.
constexpr bool has_derivatives(dtype type) noexcept {
    return type.code == dtype_code::float_ || type.code == dtype_code::bfloat ||
           type.code == dtype_code::complex;
}

/// How an operation is carried out.
enum class operation_kind : uint8_t {
    kernel,   ///< one launch
    callable, ///< a host function that launches
    callback, ///< a host function over descriptions
};

/// An operation as plain data.
struct operation_description {
    static constexpr int most_parameters = 24, most_extents = 24, most_sets = 4, most_types = 12;

    const char* name = nullptr;
    const char* doc = nullptr;
    operation_kind kind = operation_kind::kernel;
    int parameter_count = 0, extent_count = 0, set_count = 0;
    parameter_description parameters[most_parameters];
    extent_description extents[most_extents];
    dtype sets[most_sets][most_types];
    int set_sizes[most_sets] = {};
    int launch_rank = 0; ///< 0 where a function of the extents gives the launch, or no kernel runs
    int launch[parameter_description::most_axes] = {}; ///< which extent each axis of the launch has
    bool launch_by_function = false;                   ///< the extents of the launch are computed
    bool has_tangent = true, has_adjoint = true, has_second = true;

    /// Number of variants: one for each choice of types.
    constexpr int variants() const noexcept {
        int count = 1;
        for (int s = 0; s < set_count; ++s) count *= set_sizes[s];
        return count;
    }
    /// The type of a parameter's scalars, given which type of each set was chosen.
    WARPX_INLINE constexpr dtype type_of(const parameter_description& p, const int* chosen) const noexcept {
        if (p.set < 0) return p.type;
        dtype type = sets[p.set][chosen[p.set]];
        if (p.complex_of_set) type = {dtype_code::complex, static_cast<uint8_t>(2 * type.bits)};
        return type;
    }
    constexpr int variant_of(const int* chosen) const noexcept {
        int variant = 0;
        for (int s = 0; s < set_count; ++s) variant = variant * set_sizes[s] + chosen[s];
        return variant;
    }
};

namespace detail {

constexpr bool same_text(const char* a, const char* b) noexcept {
    while (*a != '\0' && *a == *b) ++a, ++b;
    return *a == *b;
}
constexpr bool is_identifier(const char* s) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (!letter(*s)) return false; // no test for null: g++ with -fsanitize=undefined finds it not constant
    for (++s; *s != '\0'; ++s)
        if (!letter(*s) && !(*s >= '0' && *s <= '9')) return false;
    return true;
}

/// A name that no function or argument in Python can have.
constexpr bool is_python_keyword(const char* s) noexcept {
    for (const char* word :
         {"False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
          "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
          "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
          "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"})
        if (same_text(s, word)) return true;
    return false;
}

/// The sets of an operation's parameters, each once, in the order of their first use.
template <class... S> struct set_list {
    static constexpr int count = sizeof...(S);
};
template <class List, class S> struct with_set;
template <class... Known> struct with_set<set_list<Known...>, void> {
    using type = set_list<Known...>;
};
template <class... Known, class S> struct with_set<set_list<Known...>, S> {
    using type =
        std::conditional_t<(std::is_same_v<Known, S> || ...), set_list<Known...>, set_list<Known..., S>>;
};
template <class List, class... P> struct sets_of {
    using type = List;
};
template <class List, class First, class... Rest>
struct sets_of<List, First, Rest...>
    : sets_of<typename with_set<List, typename set_in<typename First::type>::type>::type, Rest...> {};

template <class S, class List> inline constexpr int set_number = -1;
template <class S, class First, class... Rest>
inline constexpr int set_number<S, set_list<First, Rest...>> =
    std::is_same_v<S, First>
        ? 0
        : (set_number<S, set_list<Rest...>> < 0 ? -1 : 1 + set_number<S, set_list<Rest...>>);

template <class Set> struct first_of;
template <class First, class... Rest> struct first_of<any_of<First, Rest...>> {
    using type = First;
};

/// Which type each set stands for in variant number V: the last set counts fastest.
template <int V, class List> struct variant_choices;
template <class Done, int V, class... S> struct choose_types;
template <class... Done, int V> struct choose_types<choices<Done...>, V> {
    using type = choices<Done...>;
};
template <int K, class First, class... Rest> struct nth_type : nth_type<K - 1, Rest...> {};
template <class First, class... Rest> struct nth_type<0, First, Rest...> {
    using type = First;
};
template <class Set> inline constexpr int set_size = 0;
template <class... T> inline constexpr int set_size<any_of<T...>> = sizeof...(T);
template <int K, class Set> struct nth_of_set;
template <int K, class... T> struct nth_of_set<K, any_of<T...>> : nth_type<K, T...> {};

template <class... Done, int V, class First, class... Rest>
struct choose_types<choices<Done...>, V, First, Rest...> {
    static constexpr int below = (1 * ... * set_size<Rest>);
    using type =
        typename choose_types<choices<Done..., choice<First, typename nth_of_set<V / below, First>::type>>,
                              V % below, Rest...>::type;
};
template <int V, class... S> struct variant_choices<V, set_list<S...>> : choose_types<choices<>, V, S...> {};

/// Writes a description while the compiler checks it: what is wrong ends in one of these names.
class describer {
public:
    operation_description result;

    template <class P, class Sets> consteval void add(const P& p) {
        if (result.parameter_count == operation_description::most_parameters) too_many_parameters();
        if (!is_identifier(p.name)) the_name_of_a_parameter_is_no_identifier();
        for (int k = 0; k < result.parameter_count; ++k)
            if (same_text(result.parameters[k].name, p.name)) two_parameters_have_one_name();
        if (is_python_keyword(p.name)) the_name_of_a_parameter_is_a_keyword_of_python();
        for (const char* taken : {"out", "output_dims", "launch_dims", "dtype"})
            if (same_text(taken, p.name)) the_name_of_a_parameter_is_a_keyword_of_every_operation();
        parameter_description& d = result.parameters[result.parameter_count++];
        using T = typename P::type;
        using Set = typename set_in<T>::type;
        using Chosen = variant_choices<0, Sets>; // any variant has the same axes
        using E = typename substituted<T, typename Chosen::type>::type;
        static_assert(element<E>, "warpx: the type of a parameter is an element type, or a set of scalars: "
                                  "float, any_of<float, double>, vec<any_of<float, double>, 3>");
        static_assert(P::is_array || element_traits<E>::rank == 0,
                      "warpx: value and static_value are scalars; pass a vector as an array without axes: "
                      "in<vec<float, 3>>(\"v\")");
        static_assert(P::rank <= parameter_description::most_axes, "warpx: a parameter has at most 7 axes");
        static_assert(is_scalar_v<scalar_t<E>>,
                      "warpx: a struct of mixed fields is no parameter of an operation; pass its fields as "
                      "arrays");
        d.name = p.name;
        d.role = P::role;
        if constexpr (std::is_void_v<Set>)
            d.type = dtype_of<scalar_t<E>>;
        else {
            d.set = set_number<Set, Sets>;
            d.complex_of_set = dtype_of<scalar_t<E>> != dtype_of<typename first_of<Set>::type>;
        }
        d.rank = P::rank;
        d.fold_rank = element_traits<E>::rank;
        d.fold[0] = element_traits<E>::fold[0];
        d.fold[1] = element_traits<E>::fold[1];
        d.optional = p.is_optional;
        d.zeroed = p.is_zeroed;
        d.has_default = p.fallback.given;
        d.default_value = p.fallback.real;
    }
    /// Which extent a label is; `labels` outlive the description, since they are template arguments.
    consteval int extent(const extent_label& label) {
        if (label.fixed < -1 || (label.fixed == -1 && !is_identifier(label.name)))
            the_name_of_an_extent_is_no_identifier();
        for (int k = 0; k < result.extent_count; ++k) {
            const extent_description& known = result.extents[k];
            if (known.fixed == label.fixed && (label.fixed >= 0 || same_text(known.name, label.name)))
                return k;
        }
        if (result.extent_count == operation_description::most_extents) too_many_extents();
        result.extents[result.extent_count] = {label.fixed >= 0 ? nullptr : label.name, label.fixed};
        return result.extent_count++;
    }
    consteval int known_extent(const extent_label& label) {
        const int before = result.extent_count, k = extent(label);
        if (label.fixed < 0 && k == before) over_names_an_extent_that_no_parameter_has();
        return k;
    }

private:
    // Not constexpr, so that a call ends the compilation with the name of what is wrong.
    static void too_many_parameters() {}
    static void too_many_extents() {}
    static void two_parameters_have_one_name() {}
    static void the_name_of_a_parameter_is_no_identifier() {}
    static void the_name_of_a_parameter_is_a_keyword_of_python() {}
    static void the_name_of_a_parameter_is_a_keyword_of_every_operation() {}
    static void the_name_of_an_extent_is_no_identifier() {}
    static void over_names_an_extent_that_no_parameter_has() {}
};

} // namespace detail
} // namespace warpx
