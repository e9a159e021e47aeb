// SPDX-License-Identifier: Apache-2.0
// check.hpp: what the CUDA tests share: memory on the device, comparisons of bits, exceptions by their text.
//
// In a .cu file no TEST_CASE lies in an anonymous namespace: it opens one of its own, and nvcc's stubs of
// kernels then name two.
#pragma once

#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_runtime_api.h>

namespace cuda_test {

/// Whether `f` throws an `E` whose text holds `part`.
template <class E, class F> bool throws(const F& f, const std::string& part) {
    try {
        f();
    } catch (const E& e) {
        if (std::string(e.what()).find(part) != std::string::npos) return true;
        UNSCOPED_INFO("the text is: " << e.what());
    } catch (const std::exception& e) {
        UNSCOPED_INFO("another exception: " << e.what());
    }
    return false;
}

/// Ends the test case where a call of the runtime that the test itself needs fails.
inline void need(cudaError_t status, const char* what) {
    if (status != cudaSuccess)
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
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
