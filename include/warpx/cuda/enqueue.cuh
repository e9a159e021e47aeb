// SPDX-License-Identifier: Apache-2.0
// enqueue.cuh: puts a trampoline on a stream: the device, the stream, the driver's launch, and what is said
// when it fails.
#pragma once

#include "plan.cuh"
#include "stream.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

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
WARPX_COLD [[noreturn]] inline void refuse_status(const launch_site& site, cudaError_t status,
                                                  const std::string& tried, const char* remedy) {
    refuse_cuda(status, "kernel " + site_name(site), tried, remedy);
}
WARPX_COLD [[noreturn]] inline void refuse_launch(const launch_site& site, cudaError_t status, int device,
                                                  unsigned blocks, unsigned block_size, cudaStream_t stream) {
    char address[24];
    const auto bits = reinterpret_cast<uintptr_t>(stream);
    for (int digit = 0; digit < 16; ++digit)
        address[17 - digit] = "0123456789abcdef"[bits >> (4 * digit) & 15];
    address[0] = '0', address[1] = 'x', address[18] = 0;
    refuse_status(
        site, status,
        "the launch of " + std::to_string(blocks) + " blocks of " + std::to_string(block_size) +
            " threads on cuda:" + std::to_string(device) + ", stream " +
            (stream == cudaStreamLegacy      ? "legacy default"
             : stream == cudaStreamPerThread ? "per-thread default"
                                             : std::string(address)),
        "an error that came from earlier work stays until the process ends; one of this launch comes "
        "from its block size, its stream (of another device?) or a GPU this file was not compiled for");
}

inline int block_size(const launch_options& options, const launch_site& site) {
    if (options.block_size == 0) return 256;
    if (options.block_size < 1 || options.block_size > 1024) [[unlikely]]
        refuse_block_size(site, options.block_size);
    return options.block_size;
}

/// The device whose memory the arrays are; -1 if none says so (pinned and managed memory works on any).
template <class... A> int common_ordinal(const launch_site& site, const A&... arguments) {
    int ordinal = -1;
    [[maybe_unused]] const auto look = [&](const auto& a) {
        if (a.device() != device_kind::cuda || a.memory() != memory_kind::plain) return;
        if (a.data_handle() == nullptr) return; // an empty array is nowhere
        if (ordinal >= 0 && ordinal != a.device_id()) refuse_ordinals(site, ordinal, a.device_id());
        ordinal = a.device_id();
    };
    (for_each_array(look, arguments), ...);
    return ordinal;
}

/// Makes a device current and the former one again at the end.
class device_switch {
public:
    device_switch(const launch_site& site, int ordinal) {
        if (ordinal <= 0 && only_one()) return; // asking costs as much as a tenth of the launch
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
    ~device_switch() {
        if (former_ >= 0) (void)cudaSetDevice(former_);
    }
    device_switch(const device_switch&) = delete;
    device_switch& operator=(const device_switch&) = delete;

    int ordinal() const noexcept { return ordinal_; }

private:
    static bool only_one() noexcept {
        static const bool one = [] {
            int count = 0;
            const bool known = cudaGetDeviceCount(&count) == cudaSuccess;
            if (!known) (void)cudaGetLastError();
            return known && count == 1;
        }();
        return one;
    }

    int ordinal_ = 0;
    int former_ = -1;
};

/// The stream of a launch: that of its options, else this thread's.
inline cudaStream_t stream_of(const launch_options& options) noexcept {
    return options.stream ? static_cast<cudaStream_t>(options.stream) : current_stream().get();
}

#pragma GCC visibility push(hidden)

/// The driver's functions for a trampoline, one a device, kept after the first launch.
struct known_functions {
    static constexpr int most = 16; // further devices ask each time
    cudaFunction_t of_device[most];
};

/// Launches through the driver: the runtime hashes the name of the kernel at each launch, and the names of
/// templates are long (on the machine that was measured 0.4 us of 4.6, which the runtime needs 4.2 of for a
/// kernel of a short name, and the driver 3.9).
class driver_launch {
public:
    static cudaError_t run(known_functions& known, int device, const void* trampoline, unsigned blocks,
                           const dim3& threads, int shared_bytes, cudaStream_t stream,
                           void** parameters) noexcept {
        static const function launch = find();
        cudaFunction_t f = device < known_functions::most
                               ? __atomic_load_n(&known.of_device[device], __ATOMIC_ACQUIRE)
                               : nullptr;
        if (f == nullptr) [[unlikely]] {
            if (const cudaError_t status = cudaGetFuncBySymbol(&f, trampoline); status != cudaSuccess)
                return status;
            if (device < known_functions::most)
                __atomic_store_n(&known.of_device[device], f, __ATOMIC_RELEASE);
        }
        auto status = launch == nullptr
                          ? cudaErrorDeviceUninitialized
                          : static_cast<cudaError_t>(launch(f, blocks, 1, 1, threads.x, threads.y, 1,
                                                            static_cast<unsigned>(shared_bytes), stream,
                                                            parameters, nullptr));
        // A thread that has called nothing of CUDA yet, or a context that is not the runtime's own.
        if (status == cudaErrorDeviceUninitialized || status == cudaErrorInvalidResourceHandle) [[unlikely]]
            status = cudaLaunchKernel(trampoline, dim3(blocks), threads, parameters,
                                      static_cast<size_t>(shared_bytes), stream);
        return status;
    }

private:
    // cuLaunchKernel; the driver's results have the values of cudaError_t
    using function = int (*)(cudaFunction_t, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                             unsigned, cudaStream_t, void**, void**);
    static function find() noexcept {
        void* address = nullptr;
#if CUDART_VERSION >= 12050
        cudaDriverEntryPointQueryResult found;
        if (cudaGetDriverEntryPointByVersion("cuLaunchKernel", &address, 12000, cudaEnableDefault, &found) !=
            cudaSuccess)
            (void)cudaGetLastError();
#endif
        return reinterpret_cast<function>(address);
    }
};

/// Enqueues a trampoline over a grid. What it passes is copied before this returns.
struct enqueue {
    const launch_options& options;
    const launch_site& site;
    int ordinal;

    template <way Way, bool Whole, class First, class... P>
    void operator()(const void* trampoline, const grid<Way, Whole>& g, First first,
                    const P&... parameters) const {
        static_assert(
            std::is_trivially_copyable_v<First> && (std::is_trivially_copyable_v<P> && ...),
            "warpx::launch: on CUDA the kernel object and its arguments are copied byte by byte; capture "
            "scalars and plain structs, and pass arrays as arguments of the launch");
        static constinit known_functions known; // way and types are the trampoline's own
        const cudaStream_t stream = stream_of(options);
        const device_switch device(site, ordinal);
        const void* passed[] = {&first, &parameters...};
        for (int64_t done = 0;;) {
            const int64_t rest = g.blocks - done;
            const auto blocks = static_cast<unsigned>(rest < most_blocks ? rest : most_blocks);
            const cudaError_t status =
                driver_launch::run(known, device.ordinal(), trampoline, blocks, g.threads, g.shared_bytes,
                                   stream, const_cast<void**>(passed));
            if (status != cudaSuccess) [[unlikely]]
                refuse_launch(site, status, device.ordinal(), blocks, g.threads.x * g.threads.y, stream);
            if (rest <= most_blocks) break;
            done += most_blocks;
            if constexpr (std::is_same_v<First, int64_t>) first = done * g.per_block;
        }
    }
};

/// Owners whose memory another stream may free or hand out again hear of the stream that uses it.
template <class... A> void record_use(const launch_options& options, const A&... arguments) noexcept {
    [[maybe_unused]] const auto tell = [&options](const auto& a) {
        owner* const keeper = a.keeper().get();
        if (keeper != nullptr && keeper->hook != nullptr && keeper->hook->record_stream != nullptr)
            keeper->hook->record_stream(*keeper, stream_of(options));
    };
    (for_each_array(tell, arguments), ...);
}

#pragma GCC visibility pop

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
