// SPDX-License-Identifier: Apache-2.0
// saxpy.cu: a launch over CUDA arrays against a hand-written kernel of one element a thread, and against a
// copy on the device, interleaved in one run; and what a launch costs the host. Prints one line a case:
// medians, and the median of the ratios with its quartiles. Needs nothing but nvcc.
#include <warpx/cuda/cuda.cuh>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };

namespace {

void need(cudaError_t status) {
    if (status == cudaSuccess) return;
    std::printf("CUDA: %s\n", cudaGetErrorString(status));
    std::exit(1);
}

__global__ void raw_saxpy(int64_t n, const float* x, float* y, float a) {
    const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

class timer {
public:
    timer() {
        need(cudaEventCreate(&begin_));
        need(cudaEventCreate(&end_));
    }
    /// Milliseconds on the device.
    template <class F> double operator()(const F& f) {
        need(cudaEventRecord(begin_));
        f();
        need(cudaEventRecord(end_));
        need(cudaEventSynchronize(end_));
        float milliseconds = 0;
        need(cudaEventElapsedTime(&milliseconds, begin_, end_));
        return milliseconds;
    }

private:
    cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

std::vector<double> ratios(const std::vector<double>& peer, const std::vector<double>& ours) {
    std::vector<double> r(ours.size());
    for (size_t k = 0; k < r.size(); ++k) r[k] = peer[k] / ours[k];
    return r;
}

void rates(int log2, timer& time) {
    const int64_t n = int64_t{1} << log2;
    const int repeats = log2 > 26 ? 30 : 60;
    const int burst = log2 > 26 ? 4 : 20; // back to back: what is measured is the device, not the way to it
    const auto often = [burst](const auto& f) {
        return [&f, burst] {
            for (int k = 0; k < burst; ++k) f();
        };
    };
    float *x = nullptr, *y = nullptr;
    need(cudaMalloc(&x, n * sizeof(float)));
    need(cudaMalloc(&y, n * sizeof(float)));
    need(cudaMemset(x, 0, n * sizeof(float)));
    need(cudaMemset(y, 0, n * sizeof(float)));
    const auto ax = warpx::from_pointer<const float, 1, warpx::device::cuda>(x, warpx::shape(n));
    const auto ay = warpx::from_pointer<float, 1, warpx::device::cuda>(y, warpx::shape(n));
    const auto blocks = static_cast<unsigned>((n + 255) / 256);
    std::vector<double> ours, raw, copy;
    for (int k = -5; k < repeats; ++k) {
        const double t0 = time(often([&] { warpx::launch<saxpy>(n, ax, ay, 2.0f); }));
        const double t1 = time(often([&] { raw_saxpy<<<blocks, 256>>>(n, x, y, 2.0f); }));
        const double t2 =
            time(often([&] { need(cudaMemcpyAsync(y, x, n * sizeof(float), cudaMemcpyDeviceToDevice)); }));
        if (k < 0) continue; // warm
        ours.push_back(t0);
        raw.push_back(t1);
        copy.push_back(t2 * 1.5); // 12 bytes an item instead of 8
    }
    const double bytes = 12.0 * static_cast<double>(n) * burst * 1e-6;
    const auto to_raw = ratios(raw, ours), to_copy = ratios(copy, ours);
    std::printf(
        "saxpy 2^%d  %6.0f GB/s  raw kernel %6.0f  copy %6.0f  ours/raw %.3f [%.3f %.3f]  ours/copy %.3f\n",
        log2, bytes / quantile(ours, 0.5), bytes / quantile(raw, 0.5), bytes / quantile(copy, 0.5),
        quantile(to_raw, 0.5), quantile(to_raw, 0.25), quantile(to_raw, 0.75), quantile(to_copy, 0.5));
    need(cudaFree(x));
    need(cudaFree(y));
}

/// Nanoseconds of host time a call, in bursts that the launch queue holds.
template <class F> double host_cost(const F& f) {
    constexpr int burst = 200;
    const auto begin = std::chrono::steady_clock::now();
    for (int k = 0; k < burst; ++k) f();
    const auto end = std::chrono::steady_clock::now();
    need(cudaDeviceSynchronize());
    return std::chrono::duration<double, std::nano>(end - begin).count() / burst;
}

void host_costs() {
    float* x = nullptr;
    need(cudaMalloc(&x, 4096));
    const auto ax = warpx::from_pointer<const float, 1, warpx::device::cuda>(x, warpx::shape(64));
    const auto ay = warpx::from_pointer<float, 1, warpx::device::cuda>(x + 64, warpx::shape(64));
    const auto step = warpx::prepare<saxpy>(64, ax, ay, 2.0f);
    std::vector<double> ours, prepared, raw;
    for (int k = 0; k < 200; ++k) {
        ours.push_back(host_cost([&] { warpx::launch<saxpy>(64, ax, ay, 2.0f); }));
        prepared.push_back(host_cost([&] { step(); }));
        raw.push_back(host_cost([&] { raw_saxpy<<<1, 256>>>(64, x, x + 64, 2.0f); }));
    }
    std::printf("host cost of a launch: ours %.0f ns, prepared %.0f ns, raw <<<>>> %.0f ns\n",
                quantile(ours, 0.5), quantile(prepared, 0.5), quantile(raw, 0.5));
    need(cudaFree(x));
}

} // namespace

int main() {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
        std::printf("skipped: no NVIDIA GPU and driver here\n");
        return 77;
    }
    timer time;
    for (int log2 : {20, 24, 26, 28}) rates(log2, time);
    host_costs();
}
