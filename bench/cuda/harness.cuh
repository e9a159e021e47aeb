// SPDX-License-Identifier: Apache-2.0
// harness.cuh: one row of the table at one size, and how its sides are measured: by turns, so that what
// drifts (clocks, temperature) meets all of them alike.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Throws std::runtime_error unless the call succeeded.
void need(cudaError_t status, const char* what);

/// One way to do the work: enqueues one launch on the stream.
struct side {
    std::string name;
    std::function<void(cudaStream_t)> enqueue;
};

/// What is timed:
///   device     a CUDA graph of `burst` launches, by events
///   host       the calls of `burst` launches, by the host's clock; the queue is empty before
///   replay     launching a graph of `burst` launches and waiting for it, by the host's clock
///   stream     `burst` launches on the stream, by events, after `refresh`
enum class clock_of { device, host, replay, stream };

/// A row of the table at one size.
struct subject {
    std::string row;
    int log2 = 0;                                    ///< of the items
    double bytes = 0;                                ///< that one launch moves
    std::vector<side> sides;                         ///< ours first
    std::function<void()> fill;                      ///< puts random values into all arrays
    std::function<std::vector<float>()> result = {}; ///< what a launch wrote: all sides must write the same
    clock_of clock = clock_of::device;
    std::function<void(cudaStream_t)> refresh = {}; ///< before each timed burst, and not timed
    int burst = 0;                                  ///< launches that are timed together; 0: by size
    int rounds = 31;
};

/// Three arrays of equal size in one piece of device memory, so that a copy can use all of it.
struct memory {
    char* base;
    size_t part; ///< bytes of each of the three

    template <class T> T* at(int number) const { return reinterpret_cast<T*>(base + number * part); }

    /// A copy on the device that reads and writes `bytes` in all.
    side copy(double bytes) const {
        const auto half = static_cast<size_t>(bytes / 2);
        char* const from = base;
        char* const to = base + (part * 3 / 2 & ~size_t{511});
        return {"copy", [=](cudaStream_t s) {
                    need(cudaMemcpyAsync(to, from, half, cudaMemcpyDeviceToDevice, s), "cudaMemcpyAsync");
                }};
    }
};

/// Registers the sides of a subject with Google Benchmark as <row>/<log2>/<side>.
void add(subject s);

/// The files of rows. `sizes` holds the exponents that fit the device.
void add_pointwise(const memory& m, const std::vector<int>& sizes);
void add_layouts(const memory& m, const std::vector<int>& sizes);
void add_costs(const memory& m);
void add_adjoint_items(const memory& m);
void add_adjoint_gathers(const memory& m);

// -- Values
// -----------------------------------------------------------------------------------------------------------
inline __host__ __device__ float random_at(uint64_t k, uint32_t seed) { // in [-1, 1)
    uint64_t h = (k + 1) * 0x9E3779B97F4A7C15u + seed;
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9u;
    h = (h ^ h >> 27) * 0x94D049BB133111EBu;
    return static_cast<float>(static_cast<int32_t>(h >> 32)) * 0x1p-31f;
}
template <class T> __host__ __device__ T number_of(float v) {
    if constexpr (sizeof(T) == 1)
        return static_cast<T>(v * 127.0f);
    else
        return T(v);
}
template <class T> __global__ void fill_kernel(int64_t count, T* p, uint32_t seed) {
    const auto step = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t k = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step)
        p[k] = number_of<T>(random_at(static_cast<uint64_t>(k), seed));
}
/// Random numbers: with zeros everywhere a GPU draws less power and clocks higher.
template <class T> void fill(T* p, int64_t count, uint32_t seed) {
    fill_kernel<<<1024, 256>>>(count, p, seed);
    need(cudaGetLastError(), "fill");
    need(cudaDeviceSynchronize(), "fill");
}
template <class T> std::vector<float> read(const T* p, int64_t count) {
    std::vector<T> values(static_cast<size_t>(count));
    need(cudaMemcpy(values.data(), p, values.size() * sizeof(T), cudaMemcpyDeviceToHost),
         "reading the result");
    return std::vector<float>(values.begin(), values.end());
}

} // namespace bench
