// SPDX-License-Identifier: Apache-2.0
// adjoint.cpp: compares the results of all sides, then measures them.
#include "adjoint.hpp"

int main(int argc, char** argv) {
    bench::add_pointwise();
    bench::add_vectors();
    bench::add_gathers();
    bench::add_loops();
    bench::add_tangents();
    if (bench::disagreements > 0) return 1;
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
