// SPDX-License-Identifier: Apache-2.0
// adjoint_types.hpp: checks of the lists in cases/adjoint_kernels.hpp on CUDA.
#pragma once

#include "cases/adjoint_kernels.hpp"
#include "cuda/adjoint_support.hpp"
#include "cuda/check.hpp"
#include "support/adjoint_reference.hpp"

namespace adjoint_test {

/// The fast form of an adjoint launch by itself, in one block: the tape that a launch falls back to is nine
/// tenths of its code. Whether all items could do without.
template <const auto& K, int R, int... Argument, class... A>
bool fast_adjoint(std::integer_sequence<int, Argument...> numbers, const shape<R>& extents,
                  const A&... arguments) {
    using namespace warpx::launching;
    using F = warpx::detail::kernel_ref<K>;
    using form = warpx::form::adjoint<warpx::detail::strided_layout, derivative_t<A...>>;
    using items = item_numbers<kernel_gathers<F, R, A...>, false, Argument...>;
    const auto survey = survey_adjoint<F, R>(numbers, {}, extents, arguments...);
    if (survey.must_tape || extents.count() > 256) return false;
    const cuda_test::device_vector<unsigned long long> overflowed({0});
    const form fast{&survey.facts};
    const adjoint_grid<R> grid{extents, extents.count(), {overflowed.data(), 1}};
    run_adjoint<items, R, F, typename bound<form, Argument, A>::type...><<<1, 256>>>(
        grid, warpx::launching::on_device<F>{}, bound<form, Argument, A>::make(fast, arguments)...);
    machine::need(cudaGetLastError());
    return overflowed.read()[0] == 0;
}

/// A case over arrays of T: against the host's gradient in double. No value may change.
template <class T> struct on_cuda {
    template <const auto& K, int R, class Make>
    void run(const char* name, const shape<R>& extents, const Make& make) const {
        check<K>(name, extents, make, [&]<class... A>(const A&... a) {
            CHECK(fast_adjoint<K>(std::make_integer_sequence<int, sizeof...(A)>(), extents, a...));
        });
    }
    template <const auto& K, int R, class Make>
    void run_on_tape(const char* name, const shape<R>& extents, const Make& make) const {
        check<K>(name, extents, make, [&](const auto&... a) {
            warpx::launch_adjoint<K>(extents, a...);
            machine::need(cudaDeviceSynchronize());
            warpx::detail::throw_recorded_fault();
        });
    }

private:
    template <const auto& K, int R, class Make, class Run>
    static void check(const char* name, const shape<R>& extents, const Make& make, const Run& run) {
        INFO(name);
        const auto exact = test::exact_gradients<K>(extents, make);
        const auto read = [](const auto& gradient) { return machine::read(gradient); };
        std::apply(
            [&](const auto&... a) {
                const auto compare = [&](const auto&... device) {
                    run(device...);
                    const test::gradient_lists found{test::gradient_numbers(device, read)...};
                    CHECK(test::worst_error(exact, found) < test::rounding<T>);
                    CHECK(std::max({0.0, change(a, device)...}) == 0.0);
                };
                compare(on_device(a)...);
            },
            make(T{}));
    }
    template <class A, class D> static double change(const A& host, const D& device) {
        if constexpr (warpx::detail::is_array_v<A>)
            if constexpr (warpx::detail::is_active<std::remove_const_t<typename A::element_type>>)
                return test::worst_error(test::gradient_lists(1, test::array_numbers(host)),
                                         test::gradient_lists(1, test::array_numbers(machine::read(device))));
        return 0;
    }
};

} // namespace adjoint_test
