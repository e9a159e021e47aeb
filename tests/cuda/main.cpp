// SPDX-License-Identifier: Apache-2.0
// main.cpp: the main function of every CUDA test program: 77 and a sentence where there is no GPU, else
// Catch2.
#if __has_include(<catch2/catch_session.hpp>)
#    include <catch2/catch_session.hpp>
#else
#    define CATCH_CONFIG_RUNNER
#    include <catch2/catch.hpp>
#endif

#include <cstdio>
#include <cstdlib>

// g++ compiles this file, and it should not have to find CUDA's headers for one call (cudaError_t is an int).
extern "C" int cudaGetDeviceCount(int* count);

/// WARPX_TESTS_WITHOUT_GPU runs the cases even so: for programs whose cases need none.
int main(int argc, char* argv[]) {
    int gpus = 0;
    if ((cudaGetDeviceCount(&gpus) != 0 || gpus == 0) && std::getenv("WARPX_TESTS_WITHOUT_GPU") == nullptr) {
        std::printf("skipped: no NVIDIA GPU and driver here\n");
        return 77;
    }
    return Catch::Session().run(argc, argv);
}
