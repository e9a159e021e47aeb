// SPDX-License-Identifier: Apache-2.0
// architectures.cu: what depends on the architecture, compiled for all of them and never run: a launch in
// every form, atomics on every type, arithmetic in half and bfloat16. (compile_check.py)
#include <warpx/cuda/cuda.cuh>
#include <warpx/math.hpp>
#include <warpx/random.hpp>

using warpx::bfloat16, warpx::half, warpx::vec4f;
template <class T, int N> using cuda_array = warpx::array<T, N, warpx::device::cuda>;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] + x[i] + x[i + 1];
};
constexpr auto functions = [] WARPX_KERNEL(auto i, auto x, auto y) {
    using warpx::exp, warpx::sqrt, warpx::tanh, warpx::pow, warpx::sin;
    y[i] = exp(x[i]) + sqrt(y[i]) * tanh(x[i]) + pow(x[i], 3) - sin(y[i]);
};
constexpr auto draws = [] WARPX_KERNEL(auto i, auto y) {
    warpx::philox rng(7, i);
    y[i] = warpx::normal<typename decltype(y)::value_type>(rng);
};
template <class... T> struct atomics {
    template <class I, class... Y> WARPX_HOST_DEVICE static void forward(I i, Y... y) { (one(i, y), ...); }
    template <class I, class Y> WARPX_HOST_DEVICE static void one(I i, Y y) {
        using value_type = typename Y::value_type;
        const value_type v = y(i % 7);
        warpx::atomic_add(y, 0, v);
        warpx::atomic_sub(y, 1, v);
        if constexpr (warpx::is_scalar_v<value_type> && std::is_arithmetic_v<warpx::compute_t<value_type>>) {
            warpx::atomic_min(y, 2, v);
            warpx::atomic_max(y, 3, v);
        }
        if constexpr (std::is_integral_v<value_type>) {
            warpx::atomic_and(y, 0, v);
            warpx::atomic_xor(y, 1, v);
        }
        if constexpr (warpx::detail::exchangeable<value_type>) {
            warpx::atomic_exchange(y, 4, v);
            warpx::atomic_cas(y, 5, v, v);
        }
    }
};

template <class... T> void launch_atomics(const cuda_array<T, 1>&... y) {
    warpx::launch<atomics<T...>>(100, y...);
}
void launch_all(const cuda_array<float, 1>& x, const cuda_array<float, 2>& m, const cuda_array<half, 1>& h,
                const cuda_array<bfloat16, 1>& b, const cuda_array<int8_t, 1>& i8,
                const cuda_array<uint16_t, 1>& u16, const cuda_array<int, 1>& i32,
                const cuda_array<int64_t, 1>& i64, const cuda_array<double, 1>& d,
                const cuda_array<warpx::complex<float>, 1>& c, const cuda_array<warpx::complex<double>, 1>& z,
                const cuda_array<vec4f, 1>& v) {
    warpx::launch<saxpy>(x.extent(0), x, x, 2.0f);
    warpx::launch<saxpy>(m.extents(), m, m, 2.0f);
    warpx::launch<stencil>(x.extent(0), x, x);
    warpx::launch<saxpy>(h.extent(0), h, h, half(2.0f));
    warpx::launch<functions>(h.extent(0), h, h);
    warpx::launch<functions>(b.extent(0), b, b);
    warpx::launch<draws>(x.extent(0), x);
    warpx::launch(x.extent(0), [] WARPX_DEVICE(auto i, auto p) { p[i] += 1.0f; }, x);
    launch_atomics(i8, u16, i32, i64, h, b);
    launch_atomics(x, d, c, z, v);
}
