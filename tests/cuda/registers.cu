// SPDX-License-Identifier: Apache-2.0
// registers.cu: the library's kernels and those of the bench table, for ptxas to count their registers; never
// run. (compile_check.py holds the limits: a packet needs about what the hand-written kernel of the same name
// needs.)
#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/astype.cuh>
#include <warpx/kernels/copy.cuh>
#include <warpx/kernels/fill.cuh>

using warpx::half, warpx::vec2f, warpx::vec3f;
template <class T, int N> using cuda_array = warpx::array<T, N, warpx::device::cuda>;

extern "C" __global__ void raw_float4(int64_t n, const float4* x, float4* y, float a) {
    const int64_t i = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
    if (i >= n) return;
    const float4 u = x[i];
    float4 v = y[i];
    v.x += a * u.x, v.y += a * u.y, v.z += a * u.z, v.w += a * u.w;
    y[i] = v;
}

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto branchy = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.0f)
        y[i] = x[i] * 2.0f;
    else
        y[i] = y[i] - x[i];
};
constexpr auto sometimes = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.0f) y[i] = x[i];
};
constexpr auto copying = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = static_cast<typename decltype(y)::value_type>(warpx::value(x[i]));
};
constexpr auto filling = [] WARPX_KERNEL(auto i, auto y, auto v) { y[i] = v; };
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] + x[i] + x[i + 1];
};

void launch_all(const cuda_array<const float, 1>& x, const cuda_array<float, 1>& y,
                const cuda_array<const float, 2>& m, const cuda_array<float, 2>& n,
                const cuda_array<const half, 1>& h, const cuda_array<half, 1>& k,
                const cuda_array<const vec2f, 1>& u, const cuda_array<vec2f, 1>& v,
                const cuda_array<const vec3f, 1>& p, const cuda_array<vec3f, 1>& q,
                const cuda_array<const int8_t, 1>& b) {
    warpx::launch<saxpy>(y.extent(0), x, y, 2.0f);
    warpx::launch<branchy>(y.extent(0), x, y);
    warpx::launch<sometimes>(y.extent(0), x, y);
    warpx::launch<copying>(y.extent(0), x, y);
    warpx::launch<filling>(y.extent(0), y, 1.0f);
    warpx::launch<stencil>(y.extent(0), x, y);
    warpx::launch<saxpy>(n.extents(), m, n, 2.0f);
    warpx::launch<copying>(n.extents(), m, n);
    warpx::launch<filling>(n.extents(), n, 1.0f);
    warpx::launch<saxpy>(k.extent(0), h, k, half(2.0f));
    warpx::launch<saxpy>(v.extent(0), u, v, 2.0f);
    warpx::launch<saxpy>(q.extent(0), p, q, 2.0f);
    warpx::launch<copying>(y.extent(0), b, y);
    warpx::copy(x, y);
    warpx::copy(m, n);
    warpx::fill(y, 1.0f);
    warpx::fill(n, 1.0f);
    (void)warpx::astype<float>(h);
    (void)warpx::astype<half>(x);
}
