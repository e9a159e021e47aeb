// SPDX-License-Identifier: Apache-2.0
// check.hpp: what the CUDA tests need: counted checks, memory on the device, the skip without a GPU.
#pragma once

#include <warpx/warpx.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

namespace cuda_test {

inline int passed = 0;
inline int failed = 0;

inline void check(bool holds, const char* text, const char* file, int line) {
    if (holds) {
        ++passed;
    } else {
        ++failed;
        std::printf("%s:%d: failed: %s\n", file, line, text);
    }
}
#define CHECK(...) ::cuda_test::check(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__, __FILE__, __LINE__)

/// Whether `f` throws an `E` whose text holds `part`.
template <class E, class F> bool throws(const F& f, const std::string& part) {
    try {
        f();
    } catch (const E& e) {
        if (std::string(e.what()).find(part) != std::string::npos) return true;
        std::printf("the text is: %s\n", e.what());
    } catch (const std::exception& e) {
        std::printf("another exception: %s\n", e.what());
    }
    return false;
}

/// Ends the program where a call of the runtime that the test itself needs fails.
inline void need(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    std::printf("%s: %s\n", what, cudaGetErrorString(status));
    std::exit(1);
}

/// Returns only where there is a GPU.
inline void need_gpu() {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return;
    std::printf("skipped: no NVIDIA GPU and driver here\n");
    std::exit(77);
}

inline int report() {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

/// Memory on the current device, filled from a vector.
template <class T> class device_vector {
public:
    explicit device_vector(const std::vector<T>& values) : size_(values.size()) {
        need(cudaMalloc(&data_, (size_ ? size_ : 1) * sizeof(T)), "cudaMalloc");
        need(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    ~device_vector() { cudaFree(data_); }
    device_vector(const device_vector&) = delete;
    device_vector& operator=(const device_vector&) = delete;

    T* data() const { return static_cast<T*>(data_); }
    /// Waits for the device.
    std::vector<T> read() const {
        std::vector<T> values(size_);
        need(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
        need(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        return values;
    }

private:
    void* data_ = nullptr;
    size_t size_;
};

template <class T, int N> using cuda_array = warpx::array<T, N, warpx::device::cuda>;

/// A CUDA array over raw memory.
template <class T, int N>
cuda_array<T, N> on_cuda(T* data, const warpx::shape<N>& extents, const warpx::shape<N>& strides) {
    return warpx::from_pointer<T, N, warpx::device::cuda>(data, extents, strides);
}
template <class T, int N> cuda_array<T, N> on_cuda(T* data, const warpx::shape<N>& extents) {
    return warpx::from_pointer<T, N, warpx::device::cuda>(data, extents);
}

/// The same bits in every element.
template <class T> bool same(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

} // namespace cuda_test
