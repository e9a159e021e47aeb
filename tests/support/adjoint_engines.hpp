// SPDX-License-Identifier: Apache-2.0
// adjoint_engines.hpp: the two engines of host adjoint launches by themselves, and checks of a kernel on
// both.
#pragma once

#include <warpx/gradcheck.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <initializer_list>
#include <stdexcept>

namespace test {

using namespace warpx;

/// Many of the kernels need the tape, and may say so once; not here.
inline const bool without_report = (set_tape_report(nullptr), true);

/// The kernel `K`, or the struct or closure `F`, as launches carry it.
template <const auto& K> inline constexpr warpx::detail::kernel_ref<K> kernel{};
template <class S> inline constexpr warpx::detail::struct_kernel<S> struct_kernel{};

/// An adjoint launch on the taped engine, whatever the launch would choose.
template <class Dim, class F, class... A>
void taped_adjoint(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    const auto extents = warpx::detail::shape_of(dim);
    constexpr int R = decltype(extents)::rank();
    if (extents.count() == 0) return;
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
    const auto survey = launching::survey_adjoint<F, R>(numbers, options, extents, arguments...);
    launching::run_taped<launching::derivative_t<A...>>(numbers, options, extents, survey, kernel,
                                                        arguments...);
}

template <class Dim, class F> auto forward_of(const Dim& dim, const F& f) {
    return [&](const auto&... a) {
        launching::start<launching::named_type<F>>(warpx::detail::quiet_launch(), dim, f, a...);
    };
}
template <class Dim, class F> auto fast_of(const Dim& dim, const F& f) {
    return [&](const auto&... a) {
        launching::start_adjoint<launching::named_type<F>>(warpx::detail::quiet_launch(), dim, f, a...);
    };
}
/// The fast engine for any strides alone (it takes compact arrays too): half the code of a launch, for
/// kernels that are slow to compile.
template <class Dim, class F, class... A>
void strided_adjoint(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    const auto extents = warpx::detail::shape_of(dim);
    constexpr int R = decltype(extents)::rank();
    if (extents.count() == 0) return;
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
    const auto survey = launching::survey_adjoint<F, R>(numbers, options, extents, arguments...);
    if (survey.must_tape) throw std::logic_error("strided_adjoint: a launch would take the tape");
    launching::run_adjoint<warpx::detail::strided_layout, launching::derivative_t<A...>>(
        numbers, options, launching::named_type<F>::site(nullptr), extents, survey, kernel,
        arguments...);
}
template <class Dim, class F> auto strided_of(const Dim& dim, const F& f) {
    return [&](const auto&... a) { strided_adjoint(warpx::detail::quiet_launch(), dim, f, a...); };
}
template <class Dim, class F> auto taped_of(const Dim& dim, const F& f) {
    return [&](const auto&... a) { taped_adjoint(warpx::detail::quiet_launch(), dim, f, a...); };
}
template <class Dim, class F> auto tangent_of(const Dim& dim, const F& f) {
    return [&](const auto&... a) {
        launching::start_tangent<launching::named_type<F>>(warpx::detail::quiet_launch(), dim, f, a...);
    };
}

/// Finite differences against the launch as it is, and against the tape.
template <class Dim, class F, class... A>
void check_both(const gradcheck_options& options, const Dim& dim, const F& f, const A&... arguments) {
    const auto fast = warpx::detail::check_gradients("as launched", options, forward_of(dim, f),
                                                     fast_of(dim, f), arguments...);
    INFO(to_string(fast));
    CHECK(fast.passed);
    const auto taped =
        warpx::detail::check_gradients("taped", options, forward_of(dim, f), taped_of(dim, f), arguments...);
    INFO(to_string(taped));
    CHECK(taped.passed);
}
template <class Dim, class F, class... A> void check_both(const Dim& dim, const F& f, const A&... arguments) {
    check_both(gradcheck_options{}, dim, f, arguments...);
}
/// The same with the fast engine for any strides only.
template <class Dim, class F, class... A>
void check_strided(const Dim& dim, const F& f, const A&... arguments) {
    const auto fast =
        warpx::detail::check_gradients("strided", {}, forward_of(dim, f), strided_of(dim, f), arguments...);
    INFO(to_string(fast));
    CHECK(fast.passed);
    const auto taped =
        warpx::detail::check_gradients("taped", {}, forward_of(dim, f), taped_of(dim, f), arguments...);
    INFO(to_string(taped));
    CHECK(taped.passed);
}
/// The dot-product test on both.
template <class Dim, class F, class... A>
void check_products(const Dim& dim, const F& f, const A&... arguments) {
    const auto fast = warpx::detail::test_adjoint("as launched", {}, forward_of(dim, f), tangent_of(dim, f),
                                                  fast_of(dim, f), arguments...);
    INFO(to_string(fast));
    CHECK(fast.passed);
    const auto taped = warpx::detail::test_adjoint("taped", {}, forward_of(dim, f), tangent_of(dim, f),
                                                   taped_of(dim, f), arguments...);
    INFO(to_string(taped));
    CHECK(taped.passed);
}

/// Values of magnitude 0.3 to 1.2, exact in bfloat16 and half; never 0.5 or the like, where kernels of the
/// tests branch, and none that an array of even seed shares with one of odd seed.
template <class T> void fill_number(T& v, unsigned& state, unsigned seed) {
    state = state * 1664525u + 1013904223u;
    const int quarters = 40 + 4 * static_cast<int>((state >> 16) % 29) + (seed % 2 == 0 ? 1 : 3);
    v = static_cast<T>(static_cast<float>(quarters) / 128.0f * ((state >> 12) % 3 == 0 ? -1.0f : 1.0f));
}
template <class T, int N> void fill_values(const array<T, N>& a, unsigned seed) {
    using V = std::remove_const_t<T>;
    unsigned state = seed * 7919u + 17u;
    shape<N> p;
    for (int64_t n = a.size(); n > 0; --n) {
        int64_t at = 0;
        for (int axis = 0; axis < N; ++axis) at += p[axis] * a.stride(axis);
        for (const auto& leaf : warpx::detail::leaves_of<V>())
            warpx::detail::with_number_type(leaf.type, [&]<class S>(S) {
                auto* const bytes = reinterpret_cast<char*>(const_cast<V*>(a.data_handle() + at));
                fill_number(*reinterpret_cast<S*>(bytes + leaf.offset), state, seed);
                return 0;
            });
        for (int axis = N - 1; axis >= 0 && ++p[axis] == a.extent(axis); --axis) p[axis] = 0;
    }
}

/// How an array of a test and its gradient lie.
enum class lying { compact, padded, negative, mixed, broadcast };

template <class T, int N> array<T, N> lay_out(const shape<N>& extents, lying how) {
    shape<N> strides;
    int64_t step = how == lying::compact ? 1 : 2;
    for (int axis = N - 1; axis >= 0; --axis) {
        strides[axis] = step;
        step *= extents[axis] + (how == lying::compact ? 0 : 1);
    }
    const auto memory = zeros<T>(step + 1);
    T* first = memory.data_handle();
    if (how == lying::negative)
        for (int axis = 0; axis < N; ++axis) {
            first += strides[axis] * (extents[axis] - 1);
            strides[axis] = -strides[axis];
        }
    if (how == lying::broadcast) strides[0] = 0;
    return warpx::detail::array_access::make<array<T, N>>(first, extents, strides, owner_ref(memory.keeper()),
                                                          device_kind::host, 0, memory_kind::plain);
}
/// An array of such a layout with values, and a gradient of the same layout (mixed: of another one).
template <class T, class Dim> auto with_values(const Dim& dim, unsigned seed, lying how = lying::compact) {
    const auto extents = warpx::detail::shape_of(dim);
    auto a = lay_out<T>(extents, how == lying::mixed ? lying::padded : how);
    fill_values(a, seed);
    a.set_grad(lay_out<T>(extents, how == lying::mixed ? lying::negative : how));
    return a;
}
template <class T, int N>
auto with_values(const int64_t (&dim)[N], unsigned seed, lying how = lying::compact) {
    return with_values<T>(warpx::detail::shape_of(dim), seed, how);
}

/// Sets every number of a gradient.
template <class T, int N> void seed_gradient(const array<T, N>& a, double v) {
    using V = std::remove_const_t<T>;
    const auto g = a.grad();
    shape<N> p;
    for (int64_t n = g.size(); n > 0; --n) {
        int64_t at = 0;
        for (int axis = 0; axis < N; ++axis) at += p[axis] * g.stride(axis);
        for (const auto& leaf : warpx::detail::leaves_of<V>())
            warpx::detail::write_number(reinterpret_cast<char*>(g.data_handle() + at) + leaf.offset,
                                        leaf.type, v);
        for (int axis = N - 1; axis >= 0 && ++p[axis] == g.extent(axis); --axis) p[axis] = 0;
    }
}

/// Integers as an array.
inline array<int32_t, 1> indices(std::initializer_list<int> values) {
    const auto a = zeros<int32_t>(static_cast<int64_t>(values.size()));
    int64_t k = 0;
    for (const int v : values) a.data_handle()[k++] = v;
    return a;
}

} // namespace test
