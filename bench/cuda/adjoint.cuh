// SPDX-License-Identifier: Apache-2.0
// adjoint.cuh: adjoint launches against hand-written adjoints: data, and the shapes that such kernels take.
// By hand as here: all loads before any store, one or two items a thread, gradients of scalars summed by
// blocks.
#pragma once

#include "../adjoint_kernels.hpp"
#include "harness.cuh"

#include <warpx/cuda/cuda.cuh>

#include <warpx/cuda/adjoint.cuh>

#include <memory>
#include <stdexcept>

namespace bench {

using warpx::vec2f;
using warpx::vec3f;
template <class T, int N = 1> using device_array = warpx::array<T, N, warpx::device::cuda>;

/// Launches that are timed together. What a launch consumes exists so many times, and is refreshed before.
inline constexpr int adjoint_burst = 4;

/// Hands out pieces of the memory of the benchmark.
class arena {
public:
    explicit arena(const memory& m) : next_(m.base), end_(m.base + 3 * m.part) {}
    template <class T> T* take(int64_t count) {
        auto* const p = reinterpret_cast<T*>(next_);
        next_ += (count * static_cast<int64_t>(sizeof(T)) + 511) / 512 * 512;
        if (next_ > end_) throw std::runtime_error("the memory of the benchmark is too small");
        return p;
    }

private:
    char *next_, *end_;
};

static __global__ void between(int64_t count, float* p, float low, float high) {
    const int64_t k = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (k < count) p[k] = low + (high - low) * 0.5f * (p[k] + 1.0f);
}

/// An array with its gradient, or `Copies` of that: one for each launch of a burst.
template <class T, int N = 1, int Copies = 1> class graded {
public:
    graded(arena& from, const warpx::shape<N>& extents, float low = -1, float high = 1)
        : count_(extents.count()), low_(low), high_(high), values_(from.take<T>(count_)) {
        if constexpr (Copies > 1) kept_ = from.take<T>(count_);
        for (int k = 0; k < Copies; ++k) {
            gradient_[k] = from.take<T>(count_);
            in_[k] = warpx::from_pointer<const T, N, warpx::device::cuda>(values_, extents);
            out_[k] = warpx::from_pointer<T, N, warpx::device::cuda>(values_, extents);
            const auto g = warpx::from_pointer<T, N, warpx::device::cuda>(gradient_[k], extents);
            in_[k].set_grad(g);
            out_[k].set_grad(g);
        }
    }
    T* data() const { return values_; }
    T* gradient(int copy = 0) const { return gradient_[copy % Copies]; }
    const auto& in(int copy = 0) const { return in_[copy % Copies]; }
    const auto& out(int copy = 0) const { return out_[copy % Copies]; }

    void fill(uint32_t seed) const {
        const int64_t n = count_ * static_cast<int64_t>(sizeof(T) / sizeof(float));
        bench::fill(reinterpret_cast<float*>(values_), n, seed);
        if (low_ != -1 || high_ != 1)
            between<<<static_cast<unsigned>((n + 255) / 256), 256>>>(n, reinterpret_cast<float*>(values_),
                                                                     low_, high_);
        bench::fill(reinterpret_cast<float*>(Copies > 1 ? kept_ : gradient_[0]), n, seed + 1000);
        refresh(nullptr);
        need(cudaDeviceSynchronize(), "fill");
    }
    void refresh(cudaStream_t s) const {
        if constexpr (Copies > 1)
            for (int k = 0; k < Copies; ++k)
                need(cudaMemcpyAsync(gradient_[k], kept_, static_cast<size_t>(count_) * sizeof(T),
                                     cudaMemcpyDeviceToDevice, s),
                     "cudaMemcpyAsync");
    }
    /// The first numbers of the gradient.
    void append(std::vector<float>& to) const {
        const int64_t n = count_ * static_cast<int64_t>(sizeof(T) / sizeof(float));
        const auto more = read(reinterpret_cast<const float*>(gradient_[0]), n < 30000 ? n : 30000);
        to.insert(to.end(), more.begin(), more.end());
    }

private:
    int64_t count_;
    float low_, high_;
    T *values_, *kept_ = nullptr, *gradient_[Copies];
    device_array<const T, N> in_[Copies];
    device_array<T, N> out_[Copies];
};
template <class T, int N = 1> using consumed = graded<T, N, adjoint_burst>;

/// What the data of every row has: the arrays' memory, and a copy that keeps the GPU busy while the host
/// enqueues a burst.
struct adjoint_data {
    explicit adjoint_data(const memory& m)
        : from(m), idle(from.take<char>(static_cast<int64_t>(bytes * 2))) {}
    void wait(cudaStream_t s) const {
        need(cudaMemcpyAsync(idle, idle + bytes, bytes, cudaMemcpyDeviceToDevice, s), "cudaMemcpyAsync");
    }
    side copy(double moved) const {
        const auto half = static_cast<size_t>(moved / 2);
        arena rest = from;
        char* const a = rest.take<char>(static_cast<int64_t>(half));
        char* const b = rest.take<char>(static_cast<int64_t>(half));
        return {"copy", [=](cudaStream_t s) {
                    need(cudaMemcpyAsync(a, b, half, cudaMemcpyDeviceToDevice, s), "cudaMemcpyAsync");
                }};
    }
    static constexpr size_t bytes = size_t{64} << 20;
    arena from;
    char* idle;
};

/// A scalar's gradient.
struct scalar_gradient {
    explicit scalar_gradient(arena& from)
        : data(from.take<float>(1)),
          array(warpx::from_pointer<float, 0, warpx::device::cuda>(data, warpx::shape<0>())) {}
    float* data;
    device_array<float, 0> array;
};

/// A row whose data is `d`: `fill`, `refresh` and `result` of all of its arrays.
template <class Data> subject adjoint_subject(const char* row, int log2, double bytes, const Data& d) {
    subject s;
    s.row = row;
    s.log2 = log2;
    s.bytes = bytes;
    s.clock = clock_of::stream;
    s.burst = adjoint_burst;
    s.rounds = 11;
    s.fill = [d] {
        uint32_t seed = 0;
        d->each([&](const auto& a) { a.fill(++seed); });
    };
    s.refresh = [d](cudaStream_t stream) {
        d->each([&](const auto& a) { a.refresh(stream); });
        d->wait(stream);
    };
    s.result = [d] {
        std::vector<float> all;
        d->each([&](const auto& a) { a.append(all); });
        return all;
    };
    return s;
}
/// A side: `launch(copy, stream)`, each launch of a burst on another copy of what it consumes.
template <class F> side in_turn(const char* name, const F& launch) {
    return {name, [launch, turn = 0](cudaStream_t s) mutable {
                launch(turn % adjoint_burst, s);
                ++turn;
            }};
}

// -- Shapes of hand-written kernels
// ---------------------------------------------------------------------------------
/// `W` items a thread; `Op` has load(i) -> registers, and store(i, registers), which computes too.
template <int W, class Op> __global__ void __launch_bounds__(256) by_items(int n, Op op) {
    decltype(op.load(0)) r[W];
    const int first = static_cast<int>(blockIdx.x * blockDim.x * W + threadIdx.x);
    const int step = static_cast<int>(blockDim.x);
#pragma unroll
    for (int k = 0; k < W; ++k)
        if (first + k * step < n) r[k] = op.load(first + k * step);
#pragma unroll
    for (int k = 0; k < W; ++k)
        if (first + k * step < n) op.store(first + k * step, r[k]);
}
__device__ inline float sum_of_warp(float v) {
    for (int step = 16; step > 0; step >>= 1) v += __shfl_xor_sync(~0u, v, step);
    return v;
}
__device__ inline void add_of_block(float v, float* to) {
    __shared__ float of_warp[32];
    v = sum_of_warp(v);
    __syncthreads();
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = v;
    __syncthreads();
    if (threadIdx.x < 32) {
        v = sum_of_warp(threadIdx.x < blockDim.x / 32 ? of_warp[threadIdx.x] : 0.0f);
        if (threadIdx.x == 0) atomicAdd(to, v);
    }
}
/// A loop over the grid; store(i, registers, sums) adds to the gradients of `S` scalars.
template <int S, class Op>
__global__ void __launch_bounds__(256) by_stride(int n, Op op, float* first_sum, float* second_sum) {
    float sums[S] = {};
    for (int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); i < n;
         i += static_cast<int>(gridDim.x * blockDim.x))
        op.store(i, op.load(i), sums);
    add_of_block(sums[0], first_sum);
    if constexpr (S > 1) add_of_block(sums[1], second_sum);
}
template <int W, class Op> void run_items(cudaStream_t s, int64_t n, const Op& op) {
    by_items<W><<<static_cast<unsigned>((n + 256 * W - 1) / (256 * W)), 256, 0, s>>>(static_cast<int>(n), op);
    need(cudaGetLastError(), "by_items");
}
template <int S, class Op>
void run_stride(cudaStream_t s, int64_t n, const Op& op, float* first, float* second = nullptr) {
    by_stride<S><<<132 * 8, 256, 0, s>>>(static_cast<int>(n), op, first, second);
    need(cudaGetLastError(), "by_stride");
}

/// The sides "one" and "two": items a thread of a hand-written kernel. `make(copy)` is its operation.
template <class Make> void add_items(subject& s, int64_t n, const Make& make) {
    s.sides.push_back(in_turn("one", [=](int copy, cudaStream_t q) { run_items<1>(q, n, make(copy)); }));
    s.sides.push_back(in_turn("two", [=](int copy, cudaStream_t q) { run_items<2>(q, n, make(copy)); }));
}

} // namespace bench
