// SPDX-License-Identifier: Apache-2.0
// adjoint.cuh: adjoint launches on CUDA.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/adjoint.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../host/adjoint.hpp"
#include "overflow.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// A kernel object as the forms call it, in device code.
template <class F> struct on_device {
    F kernel;
    template <class... A> WARPX_INLINE __device__ void operator()(const A&... a) const {
        device_call<F>::kernel_must_be_marked_WARPX_KERNEL(kernel, a...);
    }
};

#pragma GCC visibility push(hidden)

/// What all threads of an adjoint launch know.
template <int R> struct adjoint_grid {
    shape<R> extents;
    int64_t count;
    overflow_flag overflow;
};

/// Sums of the gradients of scalars, a block at a time.
template <class V, class P> struct thread_sum {
    const __device__ V& view(const V& v) noexcept { return v; }
    template <class A> __device__ void finish(const A&) noexcept {}
};
template <class P> __device__ inline P sum_of_block(P v) {
    __shared__ P of_warp[32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
    for (int step = 16; step > 0; step >>= 1) v += __shfl_xor_sync(~0u, v, step);
    __syncthreads(); // of_warp may still be read for the number before
    if (lane == 0) of_warp[warp] = v;
    __syncthreads();
    v = threadIdx.x < warps ? of_warp[threadIdx.x] : P(0);
    if (warp == 0)
        for (int step = 16; step > 0; step >>= 1) v += __shfl_xor_sync(~0u, v, step);
    return v;
}
/// A scalar and the memory of its gradient.
template <class T, class P> struct device_scalar {
    T value;
    T* gradient;
};
template <class T, class P> struct thread_sum<device_scalar<T, P>, P> {
    static constexpr int count = active_count<T>;
    P sums[count];
    __device__ scalar_view<T, P> view(const device_scalar<T, P>& v) noexcept {
#pragma unroll
        for (int k = 0; k < count; ++k) sums[k] = no_sum<P>();
        return {v.value, sums};
    }
    __device__ void finish(const device_scalar<T, P>& v) noexcept {
        using S = leaf_t<T>;
#pragma unroll
        for (int k = 0; k < count; ++k) {
            const P sum = sum_of_block(sums[k]);
            if (threadIdx.x == 0)
                (void)atomic_add_scalar(reinterpret_cast<S*>(v.gradient) + k, static_cast<S>(sum));
        }
    }
};
template <class V> inline constexpr bool is_device_scalar = false;
template <class T, class P> inline constexpr bool is_device_scalar<device_scalar<T, P>> = true;

template <class P, int R, class F, class... V>
__global__ void __launch_bounds__(256)
    run_adjoint(const __grid_constant__ adjoint_grid<R> g, const __grid_constant__ on_device<F> kernel,
                const __grid_constant__ V... views) {
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(V)>();
    const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if constexpr ((is_device_scalar<V> || ...)) {
        [&](thread_sum<V, P>... sums) {
            [&](const auto&... own) {
                for (int64_t item = first; item < g.count;
                     item += static_cast<int64_t>(gridDim.x) * blockDim.x)
                    if (!fast_item(numbers, kernel, index_access::make(position_of(item, g.extents, g.count)),
                                   own...))
                        g.overflow.raise();
            }(sums.view(views)...);
            (sums.finish(views), ...);
        }(thread_sum<V, P>{}...);
    } else {
        if (first < g.count)
            if (!fast_item(numbers, kernel, index_access::make(position_of(first, g.extents, g.count)),
                           views...))
                g.overflow.raise();
    }
}

#pragma GCC visibility pop

/// Arguments as device code takes them.
template <class V, class A> V device_view(const V& v, const A&) noexcept { return v; }
template <class T, class P, class D>
device_scalar<T, P> device_view(const scalar_view<T, P>& v, const scalar_with_grad<T, D>& a) noexcept {
    return {v.value, a.gradient.data_handle()};
}

template <class P, int... Argument, int R, class F, class... A>
void enqueue_adjoint(std::integer_sequence<int, Argument...>, const launch_options& options,
                     const launch_site& site, const shape<R>& extents, const adjoint_survey& survey,
                     const F& kernel, const A&... arguments) {
    using fast = form::adjoint<strided_layout, P>;
    const fast form{&survey.facts};
    const int most = block_size(options, site), threads = most < 256 ? most : 256;
    const int64_t count = extents.count();
    const enqueue run{options, site, common_ordinal(site, arguments...)};
    const overflow_flag overflow = overflow_board::get().next(run.ordinal, site);
    const on_device<F> callee{kernel};
    const adjoint_grid<R> g{extents, count, overflow};
    int64_t blocks = blocks_for(count, threads);
    if constexpr ((is_scalar_with_grad<A> || ...)) blocks = blocks < 132 * 8 ? blocks : 132 * 8;
    run(reinterpret_cast<const void*>(
            &run_adjoint<P, R, F,
                         decltype(device_view(bound<fast, Argument, A>::make(form, arguments),
                                              arguments))...>),
        grid<way::direct>{blocks, dim3(static_cast<unsigned>(threads)), 0}, g, callee,
        device_view(bound<fast, Argument, A>::make(form, arguments), arguments)...);
}

} // namespace launching

template <> struct adjoint_backend<device::cuda> {
    static constexpr bool present = true;

    template <int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        using P = derivative_t<A...>;
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        const adjoint_survey survey = survey_adjoint<F, R>(numbers, options, extents, arguments...);
        if (!survey.any_gradient) return;
        enqueue_adjoint<P>(numbers, options, site, extents, survey, kernel, arguments...);
        record_use(options, arguments...);
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
