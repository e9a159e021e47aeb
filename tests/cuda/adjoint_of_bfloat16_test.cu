// SPDX-License-Identifier: Apache-2.0
// adjoint_of_bfloat16_test.cu: adjoints of every construct over arrays of bfloat16 on CUDA, against the
// host's.
#include "cuda/adjoint_types.hpp"

TEST_CASE("adjoints on CUDA of bfloat16: own elements, gathers") {
    const adjoint_test::on_cuda<warpx::bfloat16> test;
    adjoint_kernels::own_cases(test);
    adjoint_kernels::gather_cases(test);
}
TEST_CASE("adjoints on CUDA of bfloat16: vectors, functions") {
    const adjoint_test::on_cuda<warpx::bfloat16> test;
    adjoint_kernels::vector_cases(test);
    adjoint_kernels::function_cases(test);
    adjoint_kernels::stopped_cases(test);
}
