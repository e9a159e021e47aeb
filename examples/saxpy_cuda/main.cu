// SPDX-License-Identifier: Apache-2.0
// main.cu: one lambda over host arrays and over CUDA arrays: memory, a stream, events, and GB/s.
#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/copy.cuh>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };

namespace {

constexpr int64_t n = 1 << 26;
constexpr int rounds = 20;

/// x and y are read, y is written.
double rate(double seconds) { return 3.0 * sizeof(float) * static_cast<double>(n) / seconds * 1e-9; }

} // namespace

int main() {
    if (warpx::device_count() == 0) {
        std::printf("This example needs an NVIDIA GPU and its driver; there is none here.\n");
        return 0;
    }
    using gpu = warpx::device::cuda;

    // On the host: returns when done.
    const auto x = warpx::full<float>(n, 0.5f), y = warpx::zeros<float>(n);
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        warpx::launch<saxpy>(n, x, y, 2.0f);
        best =
            std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }

    // On the GPU: what this thread enqueues goes to a stream of its own, and nothing waits until
    // `synchronize`.
    const warpx::stream stream;
    const warpx::stream_scope scope(stream);
    const auto on_gpu_x = warpx::to<gpu>(x);
    const auto on_gpu_y = warpx::zeros<float, gpu>(n);
    warpx::event begin({.timing = true}), end({.timing = true});
    warpx::launch<saxpy>(n, on_gpu_x, on_gpu_y, 2.0f); // loads the kernel
    begin.record();
    for (int round = 1; round < rounds; ++round) warpx::launch<saxpy>(n, on_gpu_x, on_gpu_y, 2.0f);
    end.record();
    warpx::synchronize(end);
    const double gpu_seconds = 1e-3 * static_cast<double>(warpx::milliseconds(begin, end)) / (rounds - 1);

    // All values are whole numbers, so both sides give the same.
    const auto result = warpx::to<warpx::device::host>(on_gpu_y); // waits for the copy
    bool same = true;
    for (int64_t k = 0; k < n; ++k)
        same = same && result[k] == y[k] && result[k] == static_cast<float>(rounds);
    std::printf("saxpy over %lld floats: host %.0f GB/s, GPU %.0f GB/s; results %s\n",
                static_cast<long long>(n), rate(best), rate(gpu_seconds), same ? "agree" : "DIFFER");
    return same ? 0 : 1;
}
