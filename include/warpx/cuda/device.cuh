// SPDX-License-Identifier: Apache-2.0
// device.cuh: CUDA devices: how many there are, which one is current, access between them.
#pragma once

#include "error.cuh"

namespace warpx {

/// Number of CUDA devices; 0 where there is no GPU or no driver. Does not throw. Waits for nothing.
inline int device_count() noexcept {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
    (void)cudaGetLastError();
    return 0;
}

/// The ordinal of this thread's current CUDA device. Throws cuda_error where there is no GPU or no driver.
/// Waits for nothing.
inline int current_device() {
    int ordinal = 0;
    detail::cuda_check(cudaGetDevice(&ordinal), "warpx::current_device", "cudaGetDevice",
                       "CUDA arrays need an NVIDIA GPU and its driver; test warpx::device_count() first");
    return ordinal;
}

/// Makes a CUDA device current for this thread, and the former one again at the end of the scope. An ordinal
/// of -1 changes nothing. Throws cuda_error for an ordinal that does not exist. Waits for nothing.
class device_guard {
public:
    explicit device_guard(int ordinal) {
        if (ordinal < 0) return;
        const int now = current_device();
        if (now == ordinal) return;
        if (const cudaError_t status = cudaSetDevice(ordinal); status != cudaSuccess) [[unlikely]]
            detail::refuse_cuda(status, "warpx::device_guard",
                                "making cuda:" + std::to_string(ordinal) + " current",
                                "there are " + std::to_string(device_count()) +
                                    " devices, counted from 0; check the device_id of the arrays");
        former_ = now;
    }
    ~device_guard() {
        if (former_ >= 0) (void)cudaSetDevice(former_);
    }
    device_guard(const device_guard&) = delete;
    device_guard& operator=(const device_guard&) = delete;

private:
    int former_ = -1;
};

/// Lets kernels and copies on device `from` reach the memory of device `to`, and says whether that is
/// possible on this machine. Turning it on twice is no error. Memory of `cudaMallocAsync` pools is opened as
/// well (the default pool of `to`). The first call for a pair may wait for both devices.
inline bool enable_peer_access(int from, int to) {
    if (from == to) return true;
    int possible = 0;
    detail::cuda_check(cudaDeviceCanAccessPeer(&possible, from, to), "warpx::enable_peer_access",
                       "asking whether one device reaches the other", "check both ordinals");
    if (!possible) return false;
    const device_guard guard(from);
    const cudaError_t status = cudaDeviceEnablePeerAccess(to, 0);
    if (status == cudaErrorPeerAccessAlreadyEnabled)
        (void)cudaGetLastError();
    else
        detail::cuda_check(status, "warpx::enable_peer_access", "opening one device's memory to another",
                           "peer access may be refused inside containers and virtual machines");
    cudaMemPool_t pool = nullptr;
    if (cudaDeviceGetDefaultMemPool(&pool, to) == cudaSuccess) {
        cudaMemAccessDesc access = {};
        access.location.type = cudaMemLocationTypeDevice;
        access.location.id = from;
        access.flags = cudaMemAccessFlagsProtReadWrite;
        if (cudaMemPoolSetAccess(pool, &access, 1) != cudaSuccess) (void)cudaGetLastError();
    } else {
        (void)cudaGetLastError();
    }
    return true;
}

} // namespace warpx
