// SPDX-License-Identifier: Apache-2.0
// layouts.cu: the rows of two axes: contiguous and padded rows, a row that repeats, a transposed operand,
// copies with strides. All square.
#include "peers.cuh"

#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/copy.cuh>

#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/permutation_iterator.h>
#include <thrust/iterator/transform_iterator.h>

namespace kernels {

constexpr auto axpy_2d = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto axpy_pitched = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto add_row = [] WARPX_KERNEL(auto i, auto x, auto row, auto y) { y[i] = x[i] + row[i]; };
constexpr auto add_transposed = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + y[i]; };
constexpr auto transpose = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto every_second = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };

} // namespace kernels

namespace bench {
namespace {

/// What stands at (r, c) of the result, from an input and the former result; `four` at (r, c) to (r, c + 3).
struct padded_axpy {
    static constexpr bool reads_y = true;
    const float* x;
    int pitch;
    float a;
    __device__ float operator()(int r, int c, float y) const { return a * x[r * pitch + c] + y; }
    __device__ float4 four(int r, int c, float4 y) const {
        const float4 v = __ldg(reinterpret_cast<const float4*>(x + r * pitch + c));
        return float4{a * v.x + y.x, a * v.y + y.y, a * v.z + y.z, a * v.w + y.w};
    }
};
struct plus_row {
    static constexpr bool reads_y = false;
    const float* x;
    const float* row;
    int pitch;
    __device__ float operator()(int r, int c, float) const { return x[r * pitch + c] + row[c]; }
    __device__ float4 four(int r, int c, float4) const {
        const float4 v = __ldg(reinterpret_cast<const float4*>(x + r * pitch + c));
        const float4 w = __ldg(reinterpret_cast<const float4*>(row + c));
        return float4{v.x + w.x, v.y + w.y, v.z + w.z, v.w + w.w};
    }
};
struct transposed {
    static constexpr bool reads_y = false;
    const float* x;
    int pitch;
    __device__ float operator()(int r, int c, float) const { return x[c * pitch + r]; }
};
struct plus_transposed {
    static constexpr bool reads_y = true;
    const float* x;
    int pitch;
    __device__ float operator()(int r, int c, float y) const { return x[c * pitch + r] + y; }
};
struct second {
    static constexpr bool reads_y = false;
    const float* x;
    int pitch; // twice the columns: may exceed 2^31 items in all
    __device__ float operator()(int r, int c, float) const { return x[int64_t{r} * pitch + 2 * c]; }
    __device__ float4 four(int r, int c, float4) const {
        const auto* const from = reinterpret_cast<const float4*>(x + int64_t{r} * pitch + 2 * c);
        const float4 v = __ldg(from), w = __ldg(from + 1);
        return float4{v.x, v.z, w.x, w.z};
    }
};

template <class F> __global__ void each_2d(int cols, int pitch, F f, float* __restrict__ y) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const int r = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    if (c < cols) y[r * pitch + c] = f(r, c, F::reads_y ? y[r * pitch + c] : 0.0f);
}
template <class F> __global__ void vectors_2d(int cols, int pitch, F f, float* __restrict__ y) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * 4;
    const int r = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
    if (c + 4 > cols) return; // the columns here are multiples of 4
    auto* const at = reinterpret_cast<float4*>(y + r * pitch + c);
    *at = f.four(r, c, F::reads_y ? *at : float4{});
}

/// A tile of 32 x 32 through shared memory, 32 x `Rows` threads.
template <int Rows, bool Add>
__global__ void tile_32(int n, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float tile[32][33];
    const int tx = static_cast<int>(threadIdx.x), ty = static_cast<int>(threadIdx.y);
    const int top = static_cast<int>(blockIdx.y) * 32,
              left = static_cast<int>(blockIdx.x) * 32; // of the result
#pragma unroll
    for (int k = ty; k < 32; k += Rows) tile[k][tx] = x[(left + k) * n + top + tx];
    __syncthreads();
#pragma unroll
    for (int k = ty; k < 32; k += Rows) {
        float* const at = y + (top + k) * n + left + tx;
        *at = tile[tx][k] + (Add ? *at : 0.0f);
    }
}
/// A tile of `Tile` x `Tile` by float4, Tile / 4 x `Rows` threads.
template <int Tile, int Rows, bool Add>
__global__ void tile_vectors(int n, const float* __restrict__ x, float* __restrict__ y) {
    __shared__ float tile[Tile][Tile + 1];
    const int tx = static_cast<int>(threadIdx.x) * 4, ty = static_cast<int>(threadIdx.y);
    const int top = static_cast<int>(blockIdx.y) * Tile, left = static_cast<int>(blockIdx.x) * Tile;
#pragma unroll
    for (int k = ty; k < Tile; k += Rows) {
        const float4 v = *reinterpret_cast<const float4*>(x + (left + k) * n + top + tx);
        tile[k][tx] = v.x, tile[k][tx + 1] = v.y, tile[k][tx + 2] = v.z, tile[k][tx + 3] = v.w;
    }
    __syncthreads();
#pragma unroll
    for (int k = ty; k < Tile; k += Rows) {
        auto* const at = reinterpret_cast<float4*>(y + (top + k) * n + left + tx);
        float4 v{tile[tx][k], tile[tx + 1][k], tile[tx + 2][k], tile[tx + 3][k]};
        if constexpr (Add) {
            const float4 w = *at;
            v = float4{v.x + w.x, v.y + w.y, v.z + w.z, v.w + w.w};
        }
        *at = v;
    }
}
/// Four rows of four a thread, turned in registers.
template <bool Add>
__global__ void turn_in_registers(int n, const float* __restrict__ x, float* __restrict__ y) {
    const int c = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * 4; // of the result
    const int r = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y) * 4;
    float4 in[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) in[k] = *reinterpret_cast<const float4*>(x + (c + k) * n + r);
    const float4 out[4] = {{in[0].x, in[1].x, in[2].x, in[3].x},
                           {in[0].y, in[1].y, in[2].y, in[3].y},
                           {in[0].z, in[1].z, in[2].z, in[3].z},
                           {in[0].w, in[1].w, in[2].w, in[3].w}};
#pragma unroll
    for (int k = 0; k < 4; ++k) {
        auto* const at = reinterpret_cast<float4*>(y + (r + k) * n + c);
        float4 v = out[k];
        if constexpr (Add) {
            const float4 w = *at;
            v = float4{v.x + w.x, v.y + w.y, v.z + w.z, v.w + w.w};
        }
        *at = v;
    }
}

template <class F> struct bulk_2d {
    F f;
    float* y;
    int cols, pitch;
    __device__ void operator()(int i) const {
        const int r = i / cols, c = i % cols;
        y[r * pitch + c] = f(r, c, F::reads_y ? y[r * pitch + c] : 0.0f);
    }
};
template <class F> struct item_2d {
    F f;
    int cols;
    __device__ float operator()(int i) const { return f(i / cols, i % cols, 0.0f); }
    __device__ float operator()(int i, float y) const { return f(i / cols, i % cols, y); }
};
struct place_2d {
    int cols, pitch;
    __host__ __device__ int operator()(int i) const { return i / cols * pitch + i % cols; }
};

/// A row with the peers that any function of (r, c) has. The result is `y`, `n` x `n`, rows `pitch` apart.
template <class F>
subject square(const char* row, const memory& m, int log2, double bytes_an_item, F f, float* y, int pitch,
               std::function<void()> ours) {
    const int n = 1 << log2 / 2;
    const int64_t count = int64_t{n} * n;
    subject s;
    s.row = row;
    s.log2 = log2;
    s.bytes = bytes_an_item * static_cast<double>(count);
    const int wide = n < threads ? n : threads;
    const dim3 block(wide, threads / wide);
    const dim3 grid(n / wide, n / block.y);
    s.sides = {{"ours", [=](cudaStream_t) { ours(); }},
               {"raw", [=](cudaStream_t st) { each_2d<<<grid, block, 0, st>>>(n, pitch, f, y); }},
               cub_side(count, bulk_2d<F>{f, y, n, pitch})};
    if constexpr (requires { f.four(0, 0, float4{}); }) {
        const int four_wide = n / 4 < threads ? n / 4 : threads;
        const dim3 four_block(four_wide, threads / four_wide);
        const dim3 four_grid(n / 4 / four_wide, n / four_block.y);
        s.sides.push_back({"vector", [=](cudaStream_t st) {
                               vectors_2d<<<four_grid, four_block, 0, st>>>(n, pitch, f, y);
                           }});
    }
    s.sides.push_back(
        {"thrust", [=](cudaStream_t st) {
             const auto items = thrust::make_counting_iterator(0);
             const int end = static_cast<int>(count);
             const auto run = [&](auto out) {
                 if constexpr (F::reads_y)
                     thrust::transform(thrust_on(st), items, items + end, out, out, item_2d<F>{f, n});
                 else
                     thrust::transform(thrust_on(st), items, items + end, out, item_2d<F>{f, n});
             };
             if constexpr (std::is_same_v<F, padded_axpy>)
                 run(thrust::make_permutation_iterator(
                     y, thrust::make_transform_iterator(items, place_2d{n, pitch})));
             else
                 run(y);
         }});
    s.sides.push_back(m.copy(s.bytes));
    s.fill = [=] {
        fill(m.at<float>(0), 2 * count + 32 * n, 1);
        fill(m.at<float>(1), 2 * count + 32 * n, 2);
    };
    s.result = [=] { return read(y, int64_t{n} * pitch); };
    return s;
}

template <bool Add> void add_turns(subject& s, const float* x, float* y) {
    const int n = 1 << s.log2 / 2;
    const auto tiles = [n](int edge) { return dim3(n / edge, n / edge); };
    s.sides.push_back(
        {"tile 32", [=](cudaStream_t st) { tile_32<8, Add><<<tiles(32), dim3(32, 8), 0, st>>>(n, x, y); }});
    s.sides.push_back({"tile 32 f4", [=](cudaStream_t st) {
                           tile_vectors<32, 32, Add><<<tiles(32), dim3(8, 32), 0, st>>>(n, x, y);
                       }});
    s.sides.push_back({"tile 64 f4", [=](cudaStream_t st) {
                           tile_vectors<64, 16, Add><<<tiles(64), dim3(16, 16), 0, st>>>(n, x, y);
                       }});
    s.sides.push_back({"registers", [=](cudaStream_t st) {
                           turn_in_registers<Add><<<tiles(64), dim3(16, 16), 0, st>>>(n, x, y);
                       }});
}

using warpx::shape;
template <class T> auto array(T* p, shape<2> extents, shape<2> strides) {
    return warpx::from_pointer<T, 2, warpx::device::cuda>(p, extents, strides);
}

void add_size(const memory& m, int log2) {
    const int n = 1 << log2 / 2;
    const int64_t count = int64_t{n} * n;
    const shape<2> all(n, n), compact(n, 1), turned(1, n);
    const float* const x = m.at<float>(0);
    float* const y = m.at<float>(1);
    const auto ay = array(y, all, compact);
    const auto ax = array(x, all, compact);
    {
        const auto ours = [=] { warpx::launch<kernels::axpy_2d>(all, ax, ay, 0.5f); };
        add(square("2-D compact", m, log2, 12, padded_axpy{x, n, 0.5f}, y, n, ours));
    }
    {
        const int pitch = n + 32;
        const auto px = array(x, all, shape<2>(pitch, 1));
        const auto py = array(y, all, shape<2>(pitch, 1));
        const auto ours = [=] { warpx::launch<kernels::axpy_pitched>(all, px, py, 0.5f); };
        add(square("2-D pitched", m, log2, 12, padded_axpy{x, pitch, 0.5f}, y, pitch, ours));
    }
    {
        const float* const row = x + count;
        const auto ar = array(row, all, shape<2>(0, 1));
        const auto ours = [=] { warpx::launch<kernels::add_row>(all, ax, ar, ay); };
        add(square("row broadcast", m, log2, 8, plus_row{x, row, n}, y, n, ours));
    }
    const auto at = array(x, all, turned);
    {
        const auto ours = [=] { warpx::launch<kernels::add_transposed>(all, at, ay); };
        auto s = square("transposed operand", m, log2, 12, plus_transposed{x, n}, y, n, ours);
        add_turns<true>(s, x, y);
        add(std::move(s));
    }
    const auto add_transpose = [&](const char* row, auto ours) {
        auto s = square(row, m, log2, 8, transposed{x, n}, y, n, ours);
        add_turns<false>(s, x, y);
        add(std::move(s));
    };
    add_transpose("transpose", [=] { warpx::launch<kernels::transpose>(all, at, ay); });
    add_transpose("copy(), transposed", [=] { warpx::copy(at, ay); });
    const auto as = array(x, all, shape<2>(2 * n, 2));
    const auto add_strided = [&](const char* row, auto ours) {
        add(square(row, m, log2, 12, second{x, 2 * n}, y, n, ours));
    };
    add_strided("strided copy", [=] { warpx::launch<kernels::every_second>(all, as, ay); });
    add_strided("copy(), strided", [=] { warpx::copy(as, ay); });
}

} // namespace

void add_layouts(const memory& m, const std::vector<int>& sizes) {
    for (const int log2 : sizes) add_size(m, log2);
}

} // namespace bench
