// SPDX-License-Identifier: Apache-2.0
// pointwise.cu: the rows whose items lie one behind the other.
#include "peers.cuh"

#include <warpx/cuda/cuda.cuh>

#include <thrust/iterator/counting_iterator.h>

namespace kernels {

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto branchy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {
    if (x[i] > 0.5f)
        y[i] = x[i] * a;
    else
        y[i] = x[i] * x[i] - a;
};
constexpr auto conditional = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.0f) y[i] = x[i];
};
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1];
};
constexpr auto vec2_turn = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto v = x[i];
    y[i] = v * dot(v, v) + y[i];
};
constexpr auto vec3_turn = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto v = x[i];
    y[i] = v * dot(v, v) + y[i];
};
constexpr auto add_half = [] WARPX_KERNEL(auto i, auto x, auto z, auto y) { y[i] = x[i] + z[i]; };
constexpr auto add_bfloat16 = [] WARPX_KERNEL(auto i, auto x, auto z, auto y) { y[i] = x[i] + z[i]; };
constexpr auto cast = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = static_cast<float>(x[i]); };

} // namespace kernels

namespace bench {
namespace {

// The same for the peers, on plain values.
struct writing {
    static constexpr bool reads_y = false, conditional = false;
};
struct updating {
    static constexpr bool reads_y = true, conditional = false;
};
struct saxpy_op : updating {
    float a;
    __host__ __device__ bool operator()(float& y, float x) const {
        y = a * x + y;
        return true;
    }
};
struct branchy_op : writing {
    float a;
    __host__ __device__ bool operator()(float& y, float x) const {
        if (x > 0.5f)
            y = x * a;
        else
            y = x * x - a;
        return true;
    }
};
struct conditional_op {
    static constexpr bool reads_y = false, conditional = true;
    __host__ __device__ bool operator()(float& y, float x) const {
        if (!(x > 0.0f)) return false;
        y = x;
        return true;
    }
};
struct vec2_op : updating {
    __host__ __device__ bool operator()(float2& y, float2 x) const {
        const float d = x.x * x.x + x.y * x.y;
        y = float2{x.x * d + y.x, x.y * d + y.y};
        return true;
    }
};
struct vec3_op : updating {
    __host__ __device__ bool operator()(float3& y, float3 x) const {
        const float d = x.x * x.x + x.y * x.y + x.z * x.z;
        y = float3{x.x * d + y.x, x.y * d + y.y, x.z * d + y.z};
        return true;
    }
};
struct add_op : writing {
    template <class T> __host__ __device__ bool operator()(T& y, T x, T z) const {
        y = x + z;
        return true;
    }
};
struct cast_op : writing {
    __host__ __device__ bool operator()(float& y, int8_t x) const {
        y = static_cast<float>(x);
        return true;
    }
};

// -- A stencil is no map of its elements: its peers are written for it.
struct stencil_at {
    const float* x;
    __device__ float operator()(int i) const { return 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1]; }
};
struct stencil_bulk {
    const float* x;
    float* y;
    __device__ void operator()(int k) const { y[k + 1] = stencil_at{x}(k + 1); }
};
__global__ void stencil_each(int n, const float* __restrict__ x, float* __restrict__ y) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i > 0 && i < n - 1) y[i] = 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1];
}
__global__ void stencil_vectors(int n, const float* __restrict__ x, float* __restrict__ y) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * 4;
    if (i > 0 && i + 4 < n) {
        const float4 v = *reinterpret_cast<const float4*>(x + i);
        const float left = x[i - 1], right = x[i + 4]; // in L1: the neighbours read them
        *reinterpret_cast<float4*>(y + i) =
            float4{0.25f * left + 0.5f * v.x + 0.25f * v.y, 0.25f * v.x + 0.5f * v.y + 0.25f * v.z,
                   0.25f * v.y + 0.5f * v.z + 0.25f * v.w, 0.25f * v.z + 0.5f * v.w + 0.25f * right};
    } else {
#pragma unroll 1
        for (int k = i; k < i + 4; ++k)
            if (k > 0 && k < n - 1) y[k] = 0.25f * x[k - 1] + 0.5f * x[k] + 0.25f * x[k + 1];
    }
}

template <class T> auto array(T* p, int64_t n) {
    return warpx::from_pointer<T, 1, warpx::device::cuda>(p, warpx::shape(n));
}

/// A row with all generic peers: `Y` and `X` are plain types of the scalars that `fill` knows, `per` of them
/// an item.
template <class Op, class Scalar, class Result, class Y, class... X>
subject generic(const char* row, const memory& m, int log2, int per, Op op, std::function<void()> ours, Y* y,
                const X*... x) {
    const int64_t n = int64_t{1} << log2;
    subject s;
    s.row = row;
    s.log2 = log2;
    s.bytes = static_cast<double>(n) * static_cast<double>(sizeof(Y) * (1 + Op::reads_y) + (sizeof(X) + ...));
    s.sides = {
        {"ours", [=](cudaStream_t) { ours(); }}, each_side(n, op, y, x...), thrust_side(n, op, y, x...)};
    if constexpr (!Op::conditional) s.sides.push_back(thrust_copyable_side(n, op, y, x...));
    s.sides.push_back(cub_side(n, op, y, x...));
    s.sides.push_back(m.copy(s.bytes));
    s.fill = [=] {
        uint32_t seed = 1;
        (fill(reinterpret_cast<Scalar*>(const_cast<X*>(x)), n * per, seed++), ...);
        fill(reinterpret_cast<Result*>(y), n * per, seed);
    };
    s.result = [=] { return read(reinterpret_cast<const Result*>(y), n * per); };
    return s;
}

void add_half_row(const char* row, const memory& m, int log2, auto ours, auto scalar, auto pair) {
    using T = decltype(scalar);
    using T2 = decltype(pair);
    const int64_t n = int64_t{1} << log2;
    T *const x = m.at<T>(0), *const z = m.at<T>(1), *const y = m.at<T>(2);
    auto s = generic<add_op, T, T>(row, m, log2, 1, add_op{}, ours, y, x, z);
    s.sides.push_back(vector_side<4>("vector", n / 2, add_op{}, reinterpret_cast<T2*>(y),
                                     reinterpret_cast<const T2*>(x), reinterpret_cast<const T2*>(z)));
    add(std::move(s));
}

void add_size(const memory& m, int log2) {
    const int64_t n = int64_t{1} << log2;
    const float* const x = m.at<float>(0);
    float* const y = m.at<float>(1);
    const auto ax = array(x, n);
    const auto ay = array(y, n);
    {
        const saxpy_op op{{}, 0.5f};
        const auto ours = [=] { warpx::launch<kernels::saxpy>(n, ax, ay, 0.5f); };
        auto s = generic<saxpy_op, float, float>("saxpy", m, log2, 1, op, ours, y, x);
        s.sides.push_back(vector_side<4>("vector", n, op, y, x));
        add(std::move(s));
    }
    {
        const branchy_op op{{}, 0.5f};
        const auto ours = [=] { warpx::launch<kernels::branchy>(n, ax, ay, 0.5f); };
        auto s = generic<branchy_op, float, float>("branchy if/else", m, log2, 1, op, ours, y, x);
        s.sides.push_back(vector_side<4>("vector", n, op, y, x));
        add(std::move(s));
    }
    {
        const auto ours = [=] { warpx::launch<kernels::conditional>(n, ax, ay); };
        auto s = generic<conditional_op, float, float>("conditional write", m, log2, 1, conditional_op{},
                                                       ours, y, x);
        s.sides.push_back(vector_side<4>("vector", n, conditional_op{}, y, x));
        add(std::move(s));
    }
    {
        subject s;
        s.row = "3-point stencil";
        s.log2 = log2;
        s.bytes = 8.0 * static_cast<double>(n);
        const int count = static_cast<int>(n);
        s.sides = {
            {"ours", [=](cudaStream_t) { warpx::launch<kernels::stencil>(n, ax, ay); }},
            {"raw", [=](cudaStream_t st) { stencil_each<<<blocks_for(n), threads, 0, st>>>(count, x, y); }},
            {"vector",
             [=](cudaStream_t st) { stencil_vectors<<<blocks_for(n / 4), threads, 0, st>>>(count, x, y); }},
            {"thrust",
             [=](cudaStream_t st) {
                 thrust::transform(thrust_on(st), thrust::make_counting_iterator(1),
                                   thrust::make_counting_iterator(count - 1), y + 1, stencil_at{x});
             }},
            cub_side(n - 2, stencil_bulk{x, y}),
            m.copy(s.bytes)};
        s.fill = [=] {
            fill(m.at<float>(0), n, 1);
            fill(y, n, 2);
        };
        s.result = [=] { return read(y, n); };
        add(std::move(s));
    }
    {
        const auto* const v = m.at<const warpx::vec2f>(0);
        const auto av = array(v, n);
        const auto aw = array(m.at<warpx::vec2f>(1), n);
        const auto ours = [=] { warpx::launch<kernels::vec2_turn>(n, av, aw); };
        const float2* const p = m.at<const float2>(0);
        float2* const q = m.at<float2>(1);
        auto s = generic<vec2_op, float, float>("vec2", m, log2, 2, vec2_op{}, ours, q, p);
        s.sides.push_back(vector_side<2>("vector", n, vec2_op{}, q, p));
        add(std::move(s));
    }
    {
        const auto* const v = m.at<const warpx::vec3f>(0);
        const auto av = array(v, n);
        const auto aw = array(m.at<warpx::vec3f>(1), n);
        const auto ours = [=] { warpx::launch<kernels::vec3_turn>(n, av, aw); };
        const float3* const p = m.at<const float3>(0);
        float3* const q = m.at<float3>(1);
        auto s = generic<vec3_op, float, float>("vec3", m, log2, 3, vec3_op{}, ours, q, p);
        s.sides.push_back(vector_side<4>("vector", n, vec3_op{}, q, p));
        add(std::move(s));
    }
    {
        const auto a = array(m.at<const warpx::half>(0), n);
        const auto b = array(m.at<const warpx::half>(1), n);
        const auto c = array(m.at<warpx::half>(2), n);
        add_half_row(
            "float16 add", m, log2, [=] { warpx::launch<kernels::add_half>(n, a, b, c); }, __half{},
            __half2{});
    }
    {
        const auto a = array(m.at<const warpx::bfloat16>(0), n);
        const auto b = array(m.at<const warpx::bfloat16>(1), n);
        const auto c = array(m.at<warpx::bfloat16>(2), n);
        add_half_row(
            "bfloat16 add", m, log2, [=] { warpx::launch<kernels::add_bfloat16>(n, a, b, c); },
            __nv_bfloat16{}, __nv_bfloat162{});
    }
    {
        const int8_t* const b = m.at<const int8_t>(0);
        const auto ab = array(b, n);
        const auto ours = [=] { warpx::launch<kernels::cast>(n, ab, ay); };
        auto s = generic<cast_op, int8_t, float>("int8 -> float", m, log2, 1, cast_op{}, ours, y, b);
        s.sides.push_back(vector_side<4>("vector", n, cast_op{}, y, b));
        s.sides.push_back(vector_side<16>("vector16", n, cast_op{}, y, b));
        add(std::move(s));
    }
}

} // namespace

void add_pointwise(const memory& m, const std::vector<int>& sizes) {
    for (const int log2 : sizes) add_size(m, log2);
}

} // namespace bench
