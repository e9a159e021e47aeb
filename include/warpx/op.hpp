// SPDX-License-Identifier: Apache-2.0
// op.hpp: operations: a kernel with the description of its arguments, from which every framework gets its
// function, with shape checks and derivatives.
#pragma once

#include "gradients.hpp"
#include "operation/description.hpp"

namespace warpx {

namespace detail {

/// A string as a template argument.
template <size_t N> struct text_literal {
    char text[N] = {};
    consteval text_literal(const char (&s)[N]) {
        for (size_t k = 0; k < N; ++k) text[k] = s[k];
    }
};

template <int K, class P> struct parameter_slot {
    P parameter;
};
template <class Numbers, class... P> struct parameter_list;
template <int... K, class... P>
struct parameter_list<std::integer_sequence<int, K...>, P...> : parameter_slot<K, P>... {};
template <int K, class P> constexpr const P& slot(const parameter_slot<K, P>& s) noexcept {
    return s.parameter;
}

// Where a launch gets its extents.
struct over_first_output {};
template <extent_label... Extents> struct over_extents {};
template <class F> struct over_function {
    F function;
};
/// The named extents of a call, for a function of them.
class extent_lookup {
public:
    constexpr extent_lookup(const operation_description& d, const int64_t* extents) noexcept
        : description_(d), extents_(extents) {}
    /// The extent of that name; the compiler or an exception says if there is none.
    constexpr int64_t operator()(const char* name) const {
        for (int k = 0; k < description_.extent_count; ++k)
            if (description_.extents[k].name && same_text(description_.extents[k].name, name))
                return known(k);
        throw launch_error(sentence(std::string("operation ") + description_.name,
                                    "over() to ask for extents of the parameters",
                                    std::string("'") + name + "'", "use a name that a parameter has"));
    }

private:
    constexpr int64_t known(int k) const {
        if (extents_[k] >= 0) return extents_[k];
        throw launch_error(
            sentence(std::string(description_.name) + "()",
                     std::string("the extent ") + description_.extents[k].name + " of the launch",
                     "arguments that do not have it", "pass launch_dims="));
    }

    const operation_description& description_;
    const int64_t* extents_;
};

// Derivatives of the author's own.
struct derived {};
template <const auto& F> struct own_function {
    static constexpr const auto& function = F;
};

template <class Rule> inline constexpr int rule_rank = -1;
template <extent_label... E> inline constexpr int rule_rank<over_extents<E...>> = sizeof...(E);
template <class F>
inline constexpr int rule_rank<over_function<F>> =
    decltype(std::declval<F>()(std::declval<const extent_lookup&>()))::rank();

} // namespace detail

/// An operation: made by `op`, `callable` and `callback`, a constexpr variable at namespace scope.
template <operation_kind Kind, detail::text_literal Name, const auto& F, class Rule, class Tangent,
          class Adjoint, class... P>
struct operation {
    using list = detail::parameter_list<std::make_integer_sequence<int, sizeof...(P)>, P...>;
    using sets = typename detail::sets_of<detail::set_list<>, P...>::type;
    static constexpr operation_kind kind = Kind;
    static constexpr const auto& function = F;
    static constexpr int count = sizeof...(P);
    template <int K> using parameter_type = typename detail::nth_type<K, P...>::type;
    using tangent_rule = Tangent;
    using adjoint_rule = Adjoint;

    list parameters;
    Rule rule{};
    const char* text = nullptr;

    /// The launch runs over these extents instead of those of the first output.
    template <detail::extent_label... Extents> consteval auto over() const {
        static_assert(Kind == operation_kind::kernel,
                      "warpx: only op() launches; a callable launches itself");
        static_assert(sizeof...(Extents) >= 1 && sizeof...(Extents) < max_launch_rank,
                      "warpx: an operation launches over 1 to 7 extents");
        return operation<Kind, Name, F, detail::over_extents<Extents...>, Tangent, Adjoint, P...>{
            parameters, {}, text};
    }
    /// The launch runs over `rule(size)`, a shape: `.over([](const auto& size) { return
    /// warpx::shape(size("n") / 2); })`.
    template <class Function> consteval auto over(Function function_of_extents) const {
        static_assert(Kind == operation_kind::kernel,
                      "warpx: only op() launches; a callable launches itself");
        return operation<Kind, Name, F, detail::over_function<Function>, Tangent, Adjoint, P...>{
            parameters, {function_of_extents}, text};
    }
    /// A derivative of the author's own along directions, instead of the derived one. Of a kernel: a kernel
    /// `(i, arguments..., tangents...)`, which writes the tangents of what the operation writes. Of a
    /// callable:
    /// `(options, arguments..., tangents...)`.
    template <const auto& K> consteval auto tangent() const {
        return operation<Kind, Name, F, Rule, detail::own_function<K>, Adjoint, P...>{parameters, rule, text};
    }
    /// The adjoint of a callable: called as the callable is, with arrays that carry gradients. It calls
    /// `launch_adjoint` for what the callable launches, in reverse order. (A kernel gets its own by
    /// `with_adjoint`.)
    template <const auto& K> consteval auto adjoint() const {
        static_assert(Kind != operation_kind::kernel,
                      "warpx: give a kernel its own adjoint with warpx::with_adjoint(forward, adjoint)");
        return operation<Kind, Name, F, Rule, Tangent, detail::own_function<K>, P...>{parameters, rule, text};
    }
    /// The text behind the signature in the docstring.
    consteval auto doc(const char* sentence) const {
        operation o = *this;
        o.text = sentence;
        return o;
    }

    /// The operation as plain data.
    static consteval operation_description describe(const operation& o) {
        return describe(o, std::make_integer_sequence<int, count>());
    }

private:
    template <int... K>
    static consteval operation_description describe(const operation& o, std::integer_sequence<int, K...>) {
        static_assert(sets::count <= operation_description::most_sets,
                      "warpx: an operation has at most 4 different sets of types");
        detail::describer d;
        d.result.name = name();
        d.result.doc = o.text;
        d.result.kind = Kind;
        d.result.set_count = sets::count;
        (add_parameter<K>(d, detail::slot<K>(o.parameters)), ...);
        add_sets(d, sets{});
        add_launch(d, Rule{o.rule});
        add_derivatives(d);
        return d.result;
    }
    template <int K, parameter_role R, class T, detail::extent_label... E>
    static consteval void add_parameter(detail::describer& d, const parameter<R, T, E...>& p) {
        d.template add<parameter<R, T, E...>, sets>(p);
        int axis = 0;
        ((d.result.parameters[K].extents[axis++] = d.extent(label<E>)), ...);
    }
    template <detail::extent_label E> static constexpr detail::extent_label label = E; // with an address
    template <class... S> static consteval void add_sets(detail::describer& d, detail::set_list<S...>) {
        int s = 0;
        (add_set(d, s++, S{}), ...);
    }
    template <class... T> static consteval void add_set(detail::describer& d, int s, any_of<T...>) {
        static_assert(sizeof...(T) <= operation_description::most_types,
                      "warpx::any_of: at most 12 types in a set");
        ((d.result.sets[s][d.result.set_sizes[s]++] = dtype_of<T>), ...);
    }
    static consteval void add_launch(detail::describer& d, detail::over_first_output) {
        if constexpr (Kind == operation_kind::kernel) {
            constexpr int first = first_output();
            static_assert(first >= 0, "warpx::op: the operation has no output; an operation returns what it "
                                      "writes: out<T, \"n\">(\"y\") or inout");
            if constexpr (first >= 0) {
                using p = detail::nth_type<first, P...>;
                static_assert(
                    p::type::rank >= 1,
                    "warpx::op: the first output has no axes to launch over; say over which extents "
                    "it is computed: .over<\"n\">()");
                const parameter_description& output = d.result.parameters[first];
                d.result.launch_rank = output.rank;
                for (int axis = 0; axis < output.rank; ++axis) d.result.launch[axis] = output.extents[axis];
            }
        }
    }
    template <detail::extent_label... E>
    static consteval void add_launch(detail::describer& d, detail::over_extents<E...>) {
        ((d.result.launch[d.result.launch_rank++] = d.known_extent(label<E>)), ...);
    }
    template <class Function>
    static consteval void add_launch(detail::describer& d, const detail::over_function<Function>&) {
        d.result.launch_rank = detail::rule_rank<detail::over_function<Function>>;
        d.result.launch_by_function = true;
    }
    static consteval void add_derivatives(detail::describer& d) {
        constexpr bool kernel = Kind == operation_kind::kernel;
        constexpr bool own_adjoint = !std::is_same_v<Adjoint, detail::derived>;
        constexpr bool own_tangent = !std::is_same_v<Tangent, detail::derived>;
        d.result.has_adjoint = kernel || own_adjoint;
        d.result.has_tangent = kernel || own_tangent;
        d.result.has_second = kernel && !own_tangent && !has_adjoint<decltype(F)>;
    }

public:
    static constexpr const char* name() noexcept { return stored_name.text; }
    static consteval int first_output() {
        int found = -1, k = 0;
        ((found =
              found < 0 && (P::role == parameter_role::out || P::role == parameter_role::inout) ? k : found,
          ++k),
         ...);
        return found;
    }
    /// Number of axes of the launch.
    static constexpr int launch_rank = [] {
        if constexpr (Kind != operation_kind::kernel)
            return 0;
        else if constexpr (detail::rule_rank<Rule> >= 0)
            return detail::rule_rank<Rule>;
        else
            return first_output() < 0
                       ? 0
                       : detail::nth_type<(first_output() < 0 ? 0 : first_output()), P...>::type::rank;
    }();

private:
    static constexpr detail::text_literal stored_name = Name;
};

/// The operation `Name`, which launches `K(i, parameters...)`, the parameters in the order given here. The
/// launch runs over the extents of the first output unless `.over` says otherwise. Its gradient is derived
/// from the kernel. See docs/operations.md.
template <detail::text_literal Name, const auto& K, class... P> consteval auto op(const P&... parameters) {
    static_assert(detail::is_identifier(detail::text_literal(Name).text) &&
                      !detail::is_python_keyword(detail::text_literal(Name).text),
                  "warpx::op: the name is an identifier: op<\"saxpy\", saxpy>(...)");
    using operation_type = operation<operation_kind::kernel, Name, K, detail::over_first_output,
                                     detail::derived, detail::derived, P...>;
    return operation_type{typename operation_type::list{{parameters}...}};
}
/// An operation that calls `F(options, parameters...)` on the host: a function that launches several kernels,
/// with `launch<k>(options, ...)`, so that they go to the stream of the call. `.adjoint<G>()` and
/// `.tangent<H>()` give it derivatives.
template <detail::text_literal Name, const auto& F, class... P>
consteval auto callable(const P&... parameters) {
    static_assert(detail::is_identifier(detail::text_literal(Name).text) &&
                      !detail::is_python_keyword(detail::text_literal(Name).text),
                  "warpx::callable: the name is an identifier: callable<\"smooth\", smooth>(...)");
    using operation_type = operation<operation_kind::callable, Name, F, detail::over_first_output,
                                     detail::derived, detail::derived, P...>;
    return operation_type{typename operation_type::list{{parameters}...}};
}

/// An operation that calls `F(const callback_call&)` on the host: with descriptions instead of typed arrays,
/// for libraries that take pointers and strides. See operation/callback.hpp.
template <detail::text_literal Name, const auto& F, class... P>
consteval auto callback(const P&... parameters) {
    static_assert(detail::is_identifier(detail::text_literal(Name).text) &&
                      !detail::is_python_keyword(detail::text_literal(Name).text),
                  "warpx::callback: the name is an identifier: callback<\"solve\", solve>(...)");
    using operation_type = operation<operation_kind::callback, Name, F, detail::over_first_output,
                                     detail::derived, detail::derived, P...>;
    return operation_type{typename operation_type::list{{parameters}...}};
}

} // namespace warpx
