// SPDX-License-Identifier: Apache-2.0
// adjoint_types_test.cpp: adjoints over double, float, half and bfloat16 arrays: own elements, branches,
// loops, gathers, scatters.
#include "cases/adjoint_kernels.hpp"
#include "support/adjoint_reference.hpp"

TEMPLATE_TEST_CASE("own elements, branches, loops in every type", "", double, float, warpx::half,
                   warpx::bfloat16) {
    adjoint_kernels::own_cases(test::in_type<TestType>());
}
TEMPLATE_TEST_CASE("gathers, sums, scatters, folds in every type", "", double, float, warpx::half,
                   warpx::bfloat16) {
    adjoint_kernels::gather_cases(test::in_type<TestType>());
}
