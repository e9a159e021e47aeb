// SPDX-License-Identifier: Apache-2.0
// peers.cuh: what launches are compared with: hand-written kernels of one element and of 16 bytes a thread,
// thrust::transform and cub::DeviceFor::Bulk, for an operation `bool op(Y& y, X... x)` that says whether it
// wrote y.
#pragma once

#include "harness.cuh"

#include <cub/device/device_for.cuh>
#include <thrust/execution_policy.h>
#include <thrust/transform.h>

#include <cuda/functional>

namespace bench {

inline constexpr int threads = 256;
inline unsigned blocks_for(int64_t count, int64_t each = threads) {
    return static_cast<unsigned>((count + each - 1) / each);
}

// -- Hand-written
// -----------------------------------------------------------------------------------------------------
template <class Op, class Y, class... X>
__global__ void each(int n, Op op, Y* __restrict__ y, const X* __restrict__... x) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) op(y[i], x[i]...);
}

constexpr int word_bytes(int bytes) {
    int word = 16;
    while (bytes % word != 0) word /= 2;
    return word;
}
template <int Bytes> struct word_of {
    using type = uint4;
};
template <> struct word_of<8> {
    using type = uint2;
};
template <> struct word_of<4> {
    using type = unsigned;
};

/// `W` elements, read and written in the largest words that divide them.
template <class T, int W> struct pack {
    using word = typename word_of<word_bytes(sizeof(T) * W)>::type;
    static constexpr int words = static_cast<int>(sizeof(T) * W / sizeof(word));
    alignas(16) T at[W];

    __device__ static pack load(const T* from) {
        pack p;
#pragma unroll
        for (int k = 0; k < words; ++k)
            reinterpret_cast<word*>(p.at)[k] = reinterpret_cast<const word*>(from)[k];
        return p;
    }
    __device__ void store(T* to) const {
#pragma unroll
        for (int k = 0; k < words; ++k) reinterpret_cast<word*>(to)[k] = reinterpret_cast<const word*>(at)[k];
    }
};

template <int W, class Op, class Y, class... X>
__device__ inline void apply_packs(Op op, Y* to, pack<X, W>... x) {
    pack<Y, W> y;
    if constexpr (Op::reads_y) y = pack<Y, W>::load(to);
    bool written[W];
    bool all = true;
#pragma unroll
    for (int k = 0; k < W; ++k) {
        written[k] = op(y.at[k], x.at[k]...);
        all = all && written[k];
    }
    if (all) {
        y.store(to);
    } else {
#pragma unroll
        for (int k = 0; k < W; ++k)
            if (written[k]) to[k] = y.at[k];
    }
}
template <int W, class Op, class Y, class... X>
__global__ void vectors(int n, Op op, Y* __restrict__ y, const X* __restrict__... x) {
    const int first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * W;
    if (first + W <= n) {
        apply_packs<W>(op, y + first, pack<X, W>::load(x + first)...);
    } else {
#pragma unroll 1
        for (int i = first; i < n; ++i) op(y[i], x[i]...);
    }
}

template <class Op, class Y, class... X> side each_side(int64_t n, Op op, Y* y, const X*... x) {
    return {"raw", [=](cudaStream_t s) {
                each<<<blocks_for(n), threads, 0, s>>>(static_cast<int>(n), op, y, x...);
            }};
}
template <int W, class Op, class Y, class... X>
side vector_side(const char* name, int64_t n, Op op, Y* y, const X*... x) {
    return {name, [=](cudaStream_t s) {
                vectors<W><<<blocks_for(n, threads * W), threads, 0, s>>>(static_cast<int>(n), op, y, x...);
            }};
}

// -- Thrust and CUB
// ---------------------------------------------------------------------------------------------------
template <class Op, class Y> struct new_value { // of elements that are only written
    Op op;
    template <class... X> __host__ __device__ Y operator()(const X&... x) const {
        Y y;
        op(y, x...);
        return y;
    }
};
template <class Op, class Y> struct next_value { // x, y -> y
    Op op;
    template <class X> __host__ __device__ Y operator()(const X& x, Y y) const {
        op(y, x);
        return y;
    }
};
template <class Op> struct writes {
    Op op;
    template <class X> __host__ __device__ bool operator()(const X& x) const {
        X y;
        return op(y, x);
    }
};

inline auto thrust_on(cudaStream_t s) { return thrust::cuda::par_nosync.on(s); }

template <class Op, class Y, class X> side thrust_side(int64_t n, Op op, Y* y, const X* x) {
    return {"thrust", [=](cudaStream_t s) {
                if constexpr (Op::conditional)
                    thrust::transform_if(thrust_on(s), x, x + n, y, new_value<Op, Y>{op}, writes<Op>{op});
                else if constexpr (Op::reads_y)
                    thrust::transform(thrust_on(s), x, x + n, y, y, next_value<Op, Y>{op});
                else
                    thrust::transform(thrust_on(s), x, x + n, y, new_value<Op, Y>{op});
            }};
}
template <class Op, class Y, class X> side thrust_side(int64_t n, Op op, Y* y, const X* x, const X* z) {
    return {"thrust",
            [=](cudaStream_t s) { thrust::transform(thrust_on(s), x, x + n, z, y, new_value<Op, Y>{op}); }};
}
/// The same with the promise that the function does not look at addresses, which lets Thrust copy in bulk.
template <class Op, class Y, class X> side thrust_copyable_side(int64_t n, Op op, Y* y, const X* x) {
    return {"thrust_copyable", [=](cudaStream_t s) {
                if constexpr (Op::reads_y)
                    thrust::transform(thrust_on(s), x, x + n, y, y,
                                      cuda::proclaim_copyable_arguments(next_value<Op, Y>{op}));
                else
                    thrust::transform(thrust_on(s), x, x + n, y,
                                      cuda::proclaim_copyable_arguments(new_value<Op, Y>{op}));
            }};
}
template <class Op, class Y, class X>
side thrust_copyable_side(int64_t n, Op op, Y* y, const X* x, const X* z) {
    return {"thrust_copyable", [=](cudaStream_t s) {
                thrust::transform(thrust_on(s), x, x + n, z, y,
                                  cuda::proclaim_copyable_arguments(new_value<Op, Y>{op}));
            }};
}

template <class Op, class Y, class X> struct at_index {
    Op op;
    Y* y;
    const X* x;
    __device__ void operator()(int i) const { op(y[i], x[i]); }
};
template <class Op, class Y, class X> struct at_index_2 {
    Op op;
    Y* y;
    const X* x;
    const X* z;
    __device__ void operator()(int i) const { op(y[i], x[i], z[i]); }
};
template <class F> side cub_side(int64_t n, F f) {
    return {"cub", [=](cudaStream_t s) {
                need(cub::DeviceFor::Bulk(static_cast<int>(n), f, s), "cub::DeviceFor::Bulk");
            }};
}
template <class Op, class Y, class X> side cub_side(int64_t n, Op op, Y* y, const X* x) {
    return cub_side(n, at_index<Op, Y, X>{op, y, x});
}
template <class Op, class Y, class X> side cub_side(int64_t n, Op op, Y* y, const X* x, const X* z) {
    return cub_side(n, at_index_2<Op, Y, X>{op, y, x, z});
}

} // namespace bench
