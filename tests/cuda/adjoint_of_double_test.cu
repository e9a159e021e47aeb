// SPDX-License-Identifier: Apache-2.0
// adjoint_of_double_test.cu: adjoints of every construct over arrays of double on CUDA, against the host's.
#include "cuda/adjoint_types.hpp"

TEST_CASE("adjoints on CUDA of double: own elements, gathers") {
    const adjoint_test::on_cuda<double> test;
    adjoint_kernels::own_cases(test);
    adjoint_kernels::gather_cases(test);
}
TEST_CASE("adjoints on CUDA of double: vectors, functions") {
    const adjoint_test::on_cuda<double> test;
    adjoint_kernels::vector_cases(test);
    adjoint_kernels::function_cases(test);
    adjoint_kernels::stopped_cases(test);
    adjoint_kernels::complex_cases(test);
}
