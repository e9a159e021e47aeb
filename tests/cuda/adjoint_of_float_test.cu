// SPDX-License-Identifier: Apache-2.0
// adjoint_of_float_test.cu: adjoints of every construct over arrays of float on CUDA, against the host's.
#include "cuda/adjoint_types.hpp"

TEST_CASE("adjoints on CUDA of float: own elements, gathers", "[core]") {
    const adjoint_test::on_cuda<float> test;
    adjoint_kernels::own_cases(test);
    adjoint_kernels::gather_cases(test);
}
TEST_CASE("adjoints on CUDA of float: vectors, functions") {
    const adjoint_test::on_cuda<float> test;
    adjoint_kernels::vector_cases(test);
    adjoint_kernels::function_cases(test);
    adjoint_kernels::stopped_cases(test);
    adjoint_kernels::complex_cases(test);
}
