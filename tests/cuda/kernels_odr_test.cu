// SPDX-License-Identifier: Apache-2.0
// kernels_odr_test.cu: the same launch in a .cpp and in a .cu file are different functions, in whichever
// order the two are linked (odr_host.cpp is the other file; the build links both orders, and optimizes
// neither file, for what is inlined cannot be merged).
#include "check.hpp"
#include "odr_kernel.hpp"

#include <warpx/cuda/cuda.cuh>

using namespace cuda_test;

void launch_in_cu(const warpx::array<float, 1, warpx::device::any>& x) {
    warpx::launch<scale>(x.extent(0), x);
}
void launch_in_cu(const warpx::array<float, 1>& x) { warpx::launch<scale>(x.extent(0), x); }

TEST_CASE("the same launch in a .cpp and a .cu file is two functions") {
    using any_array = warpx::array<float, 1, warpx::device::any>;
    std::vector<float> host(100, 1.0f);
    const warpx::array<float, 1> x = warpx::from_range(host);
    launch_in_cpp(x);
    CHECK(host[7] == 2.0f);
    launch_in_cu(x);
    CHECK(host[7] == 3.0f);
    launch_in_cpp(any_array(x));
    CHECK(host[7] == 4.0f);
    launch_in_cu(any_array(x));
    CHECK(host[7] == 5.0f);

    // The .cpp file was compiled without CUDA, and must say so although the other half of the program has it.
    alignas(64) float nowhere[100] = {};
    const any_array pretended = on_cuda<float, 1>(nowhere, warpx::shape(100));
    CHECK(throws<warpx::launch_error>([&] { launch_in_cpp(pretended); },
                                      "this file was compiled without CUDA"));
    CHECK(nowhere[7] == 0.0f);

    int gpus = 0;
    if (cudaGetDeviceCount(&gpus) != cudaSuccess || gpus == 0) {
        CHECK(throws<warpx::cuda_error>([&] { launch_in_cu(pretended); },
                                        "needs an NVIDIA GPU and its driver"));
        return;
    }
    const device_vector<float> device(std::vector<float>(100, 1.0f));
    const any_array d = on_cuda<float, 1>(device.data(), warpx::shape(100));
    launch_in_cu(d);
    CHECK(device.read()[7] == 10.0f);
    CHECK(throws<warpx::launch_error>([&] { launch_in_cpp(d); }, "this file was compiled without CUDA"));
    CHECK(device.read()[7] == 10.0f);
}
