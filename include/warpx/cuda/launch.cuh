// SPDX-License-Identifier: Apache-2.0
// launch.cuh: launches on CUDA: the only __global__ function of the library, and what stands before it.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/launch.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

// Kernels that call what their side does not have are errors, not warnings: with a warning only, such a
// kernel may compile to nothing.
#pragma nv_diag_error 20011
#pragma nv_diag_error 20013
#pragma nv_diag_error 20014

#include "../forms/probe.hpp"
#include "../launch.hpp"

#include <cuda_runtime_api.h>

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// How device code calls a kernel object. For one given by name this is a new closure of the same type, since
/// the named object is host memory.
template <class F> struct device_call {
    template <class... A> __device__ static void run(const F& kernel, const A&... a) { kernel(a...); }
};
template <const auto& K> struct device_call<kernel_ref<K>> {
    template <class... A> __device__ static void run(const kernel_ref<K>&, const A&... a) {
        using closure = std::remove_cvref_t<decltype(K)>;
        static_assert(
            std::is_default_constructible_v<closure>,
            "warpx::launch: on CUDA a kernel given by name is a lambda without captures, or an object "
            "without state; pass a capturing one as an argument: launch(n, [=] WARPX_DEVICE ...)");
        if constexpr (std::is_default_constructible_v<closure>) closure{}(a...);
    }
};
template <class S> struct device_call<struct_kernel<S>> {
    template <class... A> __device__ static void run(const struct_kernel<S>&, const A&... a) {
        if constexpr (requires { requires std::is_class_v<std::remove_cvref_t<decltype(S::forward)>>; })
            std::remove_cvref_t<decltype(S::forward)>{}(a...); // a static constexpr lambda
        else
            S::forward(a...);
    }
};

/// Takes the number of an item apart, the last axis fastest. 32-bit divisions cost a quarter of 64-bit ones.
template <class Number, int R> __device__ inline shape<R> position_of(int64_t item, const shape<R>& extents) {
    shape<R> position;
    auto rest = static_cast<Number>(item);
#pragma unroll
    for (int axis = R - 1; axis > 0; --axis) {
        const auto extent = static_cast<Number>(extents[axis]);
        position[axis] = static_cast<int64_t>(rest % extent);
        rest /= extent;
    }
    position[0] = static_cast<int64_t>(rest);
    return position;
}

#pragma GCC visibility push(hidden) // each shared library launches its own copy

/// One thread, one item: `first` plus the number of the thread in the grid.
template <int R, class F, class... V>
__global__ void run_items(const __grid_constant__ int64_t first, const __grid_constant__ int64_t count,
                          const __grid_constant__ shape<R> extents, const __grid_constant__ F kernel,
                          const __grid_constant__ V... arguments) {
    const int64_t item = first + static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (item >= count) return;
    shape<R> position;
    if constexpr (R == 1)
        position[0] = item;
    else if (count <= INT32_MAX)
        position = position_of<uint32_t>(item, extents);
    else
        position = position_of<uint64_t>(item, extents);
    device_call<F>::run(kernel, index_access::make(position), arguments...);
}

#pragma GCC visibility pop

WARPX_COLD [[noreturn]] inline void refuse_ordinals(const launch_site& site, int one, int other) {
    throw launch_error(
        sentence("kernel " + site_name(site), "arrays on one CUDA device",
                 "arrays on cuda:" + std::to_string(one) + " and cuda:" + std::to_string(other),
                 "copy them to one device, or launch on each"));
}
WARPX_COLD [[noreturn]] inline void refuse_block_size(const launch_site& site, int block_size) {
    throw launch_error(sentence("kernel " + site_name(site), "a block size from 1 to 1024, or 0",
                                std::to_string(block_size), "leave launch_options::block_size at 0"));
}
/// Also takes the error back from the runtime, whose next caller should not find it again.
WARPX_COLD [[noreturn]] inline void refuse_status(const launch_site& site, cudaError_t status,
                                                  const std::string& tried, const char* remedy) {
    (void)cudaGetLastError();
    throw cuda_error(static_cast<int>(status),
                     sentence("kernel " + site_name(site), tried + " to succeed",
                              std::string(cudaGetErrorName(status)) + " (" + cudaGetErrorString(status) + ")",
                              remedy));
}
WARPX_COLD [[noreturn]] inline void refuse_launch(const launch_site& site, cudaError_t status, int device,
                                                  unsigned blocks, unsigned block_size, const void* stream) {
    char address[24];
    const auto bits = reinterpret_cast<uintptr_t>(stream);
    for (int digit = 0; digit < 16; ++digit)
        address[17 - digit] = "0123456789abcdef"[bits >> (4 * digit) & 15];
    address[0] = '0', address[1] = 'x', address[18] = 0;
    refuse_status(
        site, status,
        "the launch of " + std::to_string(blocks) + " blocks of " + std::to_string(block_size) +
            " threads on cuda:" + std::to_string(device) + ", stream " +
            (stream ? std::string(address) : "legacy default"),
        "an error that came from earlier work stays until the process ends; one of this launch comes "
        "from its block size, its stream (of another device?) or a GPU this file was not compiled for");
}

/// The device whose memory the arrays are; -1 if none says so (pinned and managed memory works on any).
template <class... A> int common_ordinal(const launch_site& site, const A&... arguments) {
    int ordinal = -1;
    [[maybe_unused]] const auto look = [&](const auto& a) {
        if (a.device() != device_kind::cuda || a.memory() != memory_kind::plain) return;
        if (ordinal >= 0 && ordinal != a.device_id()) refuse_ordinals(site, ordinal, a.device_id());
        ordinal = a.device_id();
    };
    (for_each_array(look, arguments), ...);
    return ordinal;
}

/// Makes a device current and the former one again at the end.
class current_device {
public:
    current_device(const launch_site& site, int ordinal) {
        if (const cudaError_t status = cudaGetDevice(&ordinal_); status != cudaSuccess) [[unlikely]]
            refuse_status(site, status, "asking for the current CUDA device",
                          "a launch over CUDA arrays needs an NVIDIA GPU and its driver");
        if (ordinal < 0 || ordinal == ordinal_) return;
        if (const cudaError_t status = cudaSetDevice(ordinal); status != cudaSuccess) [[unlikely]]
            refuse_status(site, status, "making cuda:" + std::to_string(ordinal) + " current",
                          "check the device_id that the arrays were bound with");
        former_ = ordinal_;
        ordinal_ = ordinal;
    }
    ~current_device() {
        if (former_ >= 0) (void)cudaSetDevice(former_);
    }
    current_device(const current_device&) = delete;
    current_device& operator=(const current_device&) = delete;

    int ordinal() const noexcept { return ordinal_; }

private:
    int ordinal_ = 0;
    int former_ = -1;
};

#pragma GCC visibility push(hidden)

/// Enqueues the trampoline. Grids of more than 2^31 - 1 blocks do not exist, so that many items come as
/// several launches.
template <int R, class F, class... V>
void enqueue(const launch_options& options, const launch_site& site, int ordinal, const shape<R>& extents,
             const F& kernel, const V&... arguments) {
    static_assert(
        std::is_trivially_copyable_v<F> && (std::is_trivially_copyable_v<V> && ...),
        "warpx::launch: on CUDA the kernel object and its arguments are copied byte by byte; capture "
        "scalars and plain structs, and pass arrays as arguments of the launch");
    constexpr int default_block_size = 256;
    constexpr int64_t most_blocks = INT32_MAX;

    const int64_t count = extents.count();
    const int block_size = options.block_size == 0 ? default_block_size : options.block_size;
    if (block_size < 1 || block_size > 1024) [[unlikely]]
        refuse_block_size(site, block_size);
    // By name: with nvcc's --default-stream per-thread, a null stream would be another one.
    const auto stream = options.stream ? static_cast<cudaStream_t>(options.stream) : cudaStreamLegacy;

    const current_device device(site, ordinal);
    const auto* const trampoline = reinterpret_cast<const void*>(&run_items<R, F, V...>);
    for (int64_t first = 0; first < count; first += most_blocks * block_size) {
        const int64_t rest = (count - first - 1) / block_size + 1;
        const auto blocks = static_cast<unsigned>(rest < most_blocks ? rest : most_blocks);
        const void* parameters[] = {&first, &count, &extents, &kernel, &arguments...};
        const cudaError_t status =
            cudaLaunchKernel(trampoline, dim3(blocks), dim3(static_cast<unsigned>(block_size)),
                             const_cast<void**>(parameters), 0, stream);
        if (status != cudaSuccess) [[unlikely]]
            refuse_launch(site, status, device.ordinal(), blocks, static_cast<unsigned>(block_size),
                          options.stream);
        if (count - first <= most_blocks * block_size) break; // the sum could overflow
    }
}

#pragma GCC visibility pop

template <class Form, int... Argument, int R, class F, class... A>
void bind_and_enqueue(const Form& form, std::integer_sequence<int, Argument...>,
                      const launch_options& options, const launch_site& site, const shape<R>& extents,
                      const F& kernel, const A&... arguments) {
    enqueue(options, site, common_ordinal(site, arguments...), extents, kernel,
            bound<Form, Argument, A>::make(form, arguments)...);
}

template <class Form, int... Argument, class Keep, int R, class F, class... A>
auto bind_and_keep(const Form& form, std::integer_sequence<int, Argument...>, const Keep& keep,
                   const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
    return keep([options, site, extents, kernel, ordinal = common_ordinal(site, arguments...),
                 ... kept = arguments, ... handles = bound<Form, Argument, A>::make(form, arguments)] {
        enqueue(options, site, ordinal, extents, kernel, handles...);
    });
}

/// Accesses are not checked on CUDA, so a checked launch refuses arrays that are smaller than it.
WARPX_COLD [[noreturn]] inline void refuse_small(const launch_site& site, int argument, const int64_t* launch,
                                                 const int64_t* array, int rank) {
    text t;
    add_site(t, site).add(", array ").add(argument).expected("extents of at least the launch's ");
    t.add(launch, rank).got("").add(array, rank);
    throw launch_error(t.remedy("launch over the array's extents (arrays count from 0)").c_str());
}

template <int R, class... A>
void check_extents(const launch_site& site, const shape<R>& extents, const A&... arguments) {
    int number = 0;
    [[maybe_unused]] const auto look = [&]<class T, int N, class D>(const array<T, N, D>& a) {
        if constexpr (N == R)
            for (int axis = 0; axis < R; ++axis)
                if (a.extent(axis) < extents[axis])
                    refuse_small(site, number, extents.values, a.extents().values, R);
        ++number;
    };
    (for_each_array(look, arguments), ...);
}

} // namespace launching

template <> struct backend<device::cuda> {
    static constexpr bool present = true;

    /// Enqueues the launch on the stream of the options (null: the legacy default stream of the arrays'
    /// device) and returns: it waits for nothing, allocates nothing and may be captured into a graph. Throws
    /// cuda_error if the runtime refuses, which includes errors of earlier work; launch_error for arrays on
    /// several devices. `checked` compares the extents of arrays and launch here; accesses within the kernel
    /// are not checked on CUDA.
    template <int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        look_at<R, F, A...>(numbers);
        if (checked_build || options.checked) [[unlikely]]
            check_extents(site, extents, arguments...);
        if (all_compact(arguments...))
            bind_and_enqueue(form::compact{}, numbers, options, site, extents, kernel, arguments...);
        else
            bind_and_enqueue(form::strided{}, numbers, options, site, extents, kernel, arguments...);
    }

    /// Binds the arguments now; `keep(f)` stores a callable and returns what `prepare` returns.
    template <class Keep, int R, class F, class... A>
    static auto prepare(const Keep& keep, const launch_options& options, const detail::launch_site& site,
                        const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        look_at<R, F, A...>(numbers);
        if (checked_build || options.checked) [[unlikely]]
            check_extents(site, extents, arguments...);
        return all_compact(arguments...) ? bind_and_keep(form::compact{}, numbers, keep, options, site,
                                                         extents, kernel, arguments...)
                                         : bind_and_keep(form::strided{}, numbers, keep, options, site,
                                                         extents, kernel, arguments...);
    }

private:
    /// Compiles the kernel for the host's probe. The body of a device-only lambda does not exist there, so
    /// nothing becomes known of it.
    template <int R, class F, class... A, int... Argument>
    static void look_at(std::integer_sequence<int, Argument...> numbers) noexcept {
        if constexpr (!detail::device_only<F>) detail::kernel_probe<decltype(numbers), F, R, A...>::require();
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
