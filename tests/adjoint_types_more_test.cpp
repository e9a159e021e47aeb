// SPDX-License-Identifier: Apache-2.0
// adjoint_types_more_test.cpp: adjoints over double, float, half and bfloat16 arrays: vectors, matrices,
// structs, functions, what has no derivative.
#include "cases/adjoint_kernels.hpp"
#include "support/adjoint_reference.hpp"

TEMPLATE_TEST_CASE("vectors, matrices, quaternions, structs in every type", "", double, float, warpx::half,
                   warpx::bfloat16) {
    adjoint_kernels::vector_cases(test::in_type<TestType>());
}
TEMPLATE_TEST_CASE("complex numbers", "", double, float) {
    adjoint_kernels::complex_cases(test::in_type<TestType>());
}
TEMPLATE_TEST_CASE("functions, math, random numbers, integers in every type", "", double, float, warpx::half,
                   warpx::bfloat16) {
    adjoint_kernels::function_cases(test::in_type<TestType>());
}

namespace {

/// d(x stop(y) + y) / dx = y, / dy = 1; the gradient of z is consumed.
template <class T> struct stands_still {
    template <const auto& K, int R, class Make>
    void run(const char*, const warpx::shape<R>& extents, const Make& make) const {
        const auto arguments = make(T{});
        const auto y = test::array_numbers(std::get<1>(arguments));
        auto expected = test::gradients_of(arguments);
        for (size_t k = 0; k < y.size(); ++k) {
            const double g = std::exchange(expected[2][k], 0.0);
            expected[0][k] += g * y[k];
            expected[1][k] += g;
        }
        std::apply(test::in_one_form<K, R>{extents}.adjoint(), arguments);
        CHECK(test::worst_error(expected, test::gradients_of(arguments)) < test::rounding<T>);
    }
};

} // namespace

TEMPLATE_TEST_CASE("stop_gradient stops gradients in every type", "", double, float, warpx::half,
                   warpx::bfloat16) {
    adjoint_kernels::stopped_cases(stands_still<TestType>());
}
