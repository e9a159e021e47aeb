// SPDX-License-Identifier: Apache-2.0
// adjoint_of_half_test.cu: adjoints of every construct over arrays of half on CUDA, against the host's.
#include "cuda/adjoint_types.hpp"

TEST_CASE("adjoints on CUDA of half: own elements, gathers", "[core]") {
    const adjoint_test::on_cuda<warpx::half> test;
    adjoint_kernels::own_cases(test);
    adjoint_kernels::gather_cases(test);
}
TEST_CASE("adjoints on CUDA of half: vectors, functions") {
    const adjoint_test::on_cuda<warpx::half> test;
    adjoint_kernels::vector_cases(test);
    adjoint_kernels::function_cases(test);
    adjoint_kernels::stopped_cases(test);
}
