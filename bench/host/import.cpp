// SPDX-License-Identifier: Apache-2.0
// import.cpp: a DLPack struct in, a checked array out, and the array's end. The peer of nanobind is in
// import_nanobind.cpp, since it needs a Python.
#include <benchmark/benchmark.h>
#include <warpx/warpx.hpp>

#if defined(BENCH_CCCL)
#    include <cuda/mdspan>
#endif

namespace {

float memory[64];
std::int64_t extents[2] = {8, 8}, strides[2] = {8, 1};

DLTensor tensor() {
    DLTensor t{};
    t.data = memory;
    t.device = {kDLCPU, 0};
    t.dtype = {kDLFloat, 32, 1};
    t.ndim = 2;
    t.shape = extents;
    t.strides = strides;
    return t;
}

void ours_borrowed(benchmark::State& state) {
    DLTensor t = tensor();
    for (auto _ : state) {
        benchmark::DoNotOptimize(t);
        auto a = warpx::from_dlpack<float, 2>(t);
        benchmark::DoNotOptimize(a);
    }
}
BENCHMARK(ours_borrowed);

void ours_owning(benchmark::State& state) {
    DLManagedTensorVersioned m{};
    m.version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
    m.dl_tensor = tensor();
    m.deleter = [](DLManagedTensorVersioned*) {};
    for (auto _ : state) {
        benchmark::DoNotOptimize(m);
        auto a = warpx::from_dlpack<float, 2>(&m);
        benchmark::DoNotOptimize(a);
    }
}
BENCHMARK(ours_owning);

#if defined(BENCH_CCCL)
void cccl(benchmark::State& state) {
    DLTensor t = tensor();
    for (auto _ : state) {
        benchmark::DoNotOptimize(t);
        auto a = cuda::to_host_mdspan<float, 2>(t);
        benchmark::DoNotOptimize(a);
    }
}
BENCHMARK(cccl);
#endif

} // namespace

BENCHMARK_MAIN();
