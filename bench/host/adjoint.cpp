// SPDX-License-Identifier: Apache-2.0
// adjoint.cpp: measures all cases; with --compare it only compares the results of all sides.
#include "adjoint.hpp"

int main(int argc, char** argv) {
    bench::add_pointwise();
    bench::add_vectors();
    bench::add_gathers();
    bench::add_loops();
    bench::add_tangents();
    if (argc > 1 && std::strcmp(argv[1], "--compare") == 0) {
        for (const auto& c : bench::comparisons) c();
        return bench::disagreements > 0 ? 1 : 0;
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
