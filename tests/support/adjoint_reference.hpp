// SPDX-License-Identifier: Apache-2.0
// adjoint_reference.hpp: gradients as numbers, and the reference for those of every element type: the host's,
// in double, by the tape.
#pragma once

#include "support/adjoint_engines.hpp"

#include <cmath>
#include <tuple>
#include <vector>

namespace test {

/// Every number of a compact array.
template <class T, int N> std::vector<double> array_numbers(const array<T, N>& a) {
    if (!a.is_compact()) throw std::logic_error("array_numbers() takes compact arrays");
    const auto leaves = warpx::detail::leaves_of<std::remove_const_t<T>>();
    std::vector<double> numbers;
    for (int64_t k = 0; k < a.size(); ++k)
        for (const auto& leaf : leaves)
            numbers.push_back(warpx::detail::read_number(
                reinterpret_cast<const char*>(a.data_handle() + k) + leaf.offset, leaf.type));
    return numbers;
}
/// Every number of the gradient of an argument; `read` brings it to the host.
template <class A, class Read> std::vector<double> gradient_numbers(const A& argument, const Read& read) {
    if constexpr (warpx::detail::is_array_v<A>)
        if constexpr (warpx::detail::is_active<std::remove_const_t<typename A::element_type>>)
            return array_numbers(read(argument.grad()));
    return {};
}
/// Of each argument.
using gradient_lists = std::vector<std::vector<double>>;
template <class... A> gradient_lists gradients_of(const std::tuple<A...>& arguments) {
    const auto here = [](const auto& gradient) { return gradient; };
    return std::apply([&](const A&... a) { return gradient_lists{gradient_numbers(a, here)...}; }, arguments);
}

/// The launches of a kernel in one form each, which is quicker to compile.
template <const auto& K, int R> struct in_one_form {
    const shape<R>& extents;

    /// The kernel over arrays of any strides.
    auto forward() const {
        return [this]<class... A>(const A&... a) {
            this->run_forward(std::make_integer_sequence<int, sizeof...(A)>(), a...);
        };
    }
    auto tangent() const { return tangent_of(extents, kernel<K>); }
    auto taped_adjoint() const { return taped_of(extents, kernel<K>); }
    /// The fast form for any strides and several threads, and the tape where items need it.
    auto adjoint() const {
        return [this]<class... A>(const A&... a) {
            this->run_adjoint(std::make_integer_sequence<int, sizeof...(A)>(), a...);
        };
    }

private:
    template <class F> void each_item(const F& f) const {
        shape<R> p;
        for (int64_t n = 0; n < extents.count(); ++n) {
            f(n, warpx::detail::index_access::make(p));
            for (int axis = R - 1; axis >= 0 && ++p[axis] == extents[axis]; --axis) p[axis] = 0;
        }
    }
    template <int... Argument, class... A>
    void run_forward(std::integer_sequence<int, Argument...>, const A&... a) const {
        each_item([&](int64_t, const warpx::index<R>& i) {
            K(i, launching::bound<form::strided, Argument, A>::make(form::strided(), a)...);
        });
    }
    template <int... Argument, class... A>
    void run_adjoint(std::integer_sequence<int, Argument...> numbers, const A&... a) const {
        using namespace launching;
        using F = warpx::detail::kernel_ref<K>;
        using P = derivative_t<A...>;
        const auto survey = survey_adjoint<F, R>(numbers, {}, extents, a...);
        if (survey.must_tape) throw std::logic_error("in_one_form: a launch would take the tape");
        const form::adjoint<warpx::detail::strided_layout, P> fast{&survey.facts};
        const form::taped<P, 0> taped{&survey.facts};
        each_item([&](int64_t n, const warpx::index<R>& i) {
            constexpr item_numbers<kernel_gathers<F, R, A...>, false, Argument...> items;
            if (!fast_item(items, kernel<K>, i,
                           bound<std::remove_const_t<decltype(fast)>, Argument, A>::make(fast, a)...))
                taped_range<P>(true, extents, n, n + 1, kernel<K>,
                               bound<form::taped<P, 0>, Argument, A>::make(taped, a)...);
        });
    }
};

/// The gradients in double, of arguments that `make(T{})` makes with numbers of type T.
template <const auto& K, int R, class Make>
gradient_lists exact_gradients(const shape<R>& extents, const Make& make) {
    const auto arguments = make(double{});
    std::apply(in_one_form<K, R>{extents}.taped_adjoint(), arguments);
    return gradients_of(arguments);
}
/// The largest error, relative to the exact number, or to a quarter of the largest of its argument.
inline double worst_error(const gradient_lists& exact, const gradient_lists& found) {
    double worst = exact.size() == found.size() ? 0 : 1e30;
    for (size_t a = 0; a < exact.size() && worst < 1e30; ++a) {
        double largest = 1e-30;
        if (exact[a].size() != found[a].size()) return 1e30;
        for (const double v : exact[a]) largest = std::max(largest, std::fabs(v));
        for (size_t k = 0; k < exact[a].size(); ++k) {
            const double error = std::fabs(found[a][k] - exact[a][k]);
            if (!std::isfinite(error)) return 1e30;
            worst = std::max(worst, error / std::max(std::fabs(exact[a][k]), 0.25 * largest));
        }
    }
    return worst;
}
/// What rounding may do to a gradient: a few units of the last place.
template <class T>
inline constexpr double rounding = std::is_same_v<T, double>  ? 1e-13
                                   : std::is_same_v<T, float> ? 1e-5
                                   : std::is_same_v<T, half>  ? 8e-3
                                                              : 6e-2;

// -- Checks of the lists in cases/adjoint_kernels.hpp, on the host
// -----------------------------------------

/// <J t, g> = <t, J^T g>, to rounding of the type.
template <const auto& K, int R, class... A>
void check_one_form(const char* name, const shape<R>& extents, const A&... arguments) {
    const in_one_form<K, R> run{extents};
    const auto products =
        warpx::detail::test_adjoint(name, {}, run.forward(), run.tangent(), run.adjoint(), arguments...);
    INFO(to_string(products));
    CHECK(products.passed);
}
/// A case over arrays of T: against the gradient in double, by both engines, and the dot-product test. In
/// double also against finite differences.
template <class T> struct in_type {
    template <const auto& K, int R, class Make>
    void run(const char* name, const shape<R>& extents, const Make& make) const {
        INFO(name);
        const in_one_form<K, R> run{extents};
        const auto exact = exact_gradients<K>(extents, make);
        const auto arguments = make(T{}), again = make(T{});
        std::apply(run.adjoint(), arguments);
        CHECK(worst_error(exact, gradients_of(arguments)) < rounding<T>);
        std::apply(run.taped_adjoint(), again);
        CHECK(worst_error(exact, gradients_of(again)) < rounding<T>);
        std::apply(
            [&](const auto&... a) {
                if constexpr (std::is_same_v<T, double>) {
                    const auto differences =
                        warpx::detail::check_gradients(name, {}, run.forward(), run.adjoint(), a...);
                    INFO(to_string(differences));
                    CHECK(differences.passed);
                }
                check_one_form<K>(name, extents, a...);
            },
            arguments);
    }
    template <const auto& K, int R, class Make>
    void run_on_tape(const char* name, const shape<R>& extents, const Make& make) const {
        run<K>(name, extents, make);
    }
};

} // namespace test
