// SPDX-License-Identifier: Apache-2.0
// graph_support.hpp: what the tests of graphs and of conditional nodes share: memory, small kernels,
// refusals.
#pragma once

#include <warpx/cuda/cuda.cuh>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace captures {

using namespace warpx;

template <class T, int N> using cuda_array = array<T, N, device::cuda>;

constexpr auto add_one = [] WARPX_KERNEL(auto i, auto x) { x[i] += 1.0f; };
constexpr auto twice = [] WARPX_KERNEL(auto i, auto x) { x[i] *= 2.0f; };

inline void need(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// Memory on the current device, and arrays over it.
template <class T> class memory {
public:
    explicit memory(std::vector<T> values) : size_(static_cast<int64_t>(values.size())) {
        need(cudaMalloc(&data_, values.size() * sizeof(T)));
        write(values);
    }
    memory(memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
    ~memory() { cudaFree(data_); }
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;

    T* data() const { return static_cast<T*>(data_); }
    cuda_array<T, 1> all() const { return from_pointer<T, 1, device::cuda>(data(), shape(size_)); }
    cuda_array<T, 1> part(int64_t begin, int64_t end) const {
        return from_pointer<T, 1, device::cuda>(data() + begin, shape(end - begin));
    }
    cuda_array<const T, 1> in() const { return all(); }
    /// Both wait for the device.
    void write(const std::vector<T>& values) {
        need(cudaDeviceSynchronize());
        need(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
        need(cudaDeviceSynchronize());
    }
    std::vector<T> read() const {
        std::vector<T> values(static_cast<size_t>(size_));
        need(cudaDeviceSynchronize());
        need(cudaMemcpy(values.data(), data_, values.size() * sizeof(T), cudaMemcpyDeviceToHost));
        return values;
    }

private:
    void* data_ = nullptr;
    int64_t size_;
};

template <class E, class F> std::string text_of(const F& f) {
    try {
        f();
    } catch (const E& e) {
        return e.what();
    }
    return "nothing was thrown";
}
/// The status and the text of the cuda_error that `f` throws.
template <class F> std::pair<int, std::string> cuda_refusal(const F& f) {
    try {
        f();
    } catch (const cuda_error& e) {
        return {e.status(), e.what()};
    }
    return {0, "nothing was thrown"};
}

/// Whether captures, launches and waits work.
inline bool all_is_well() {
    memory<float> x(std::vector<float>(100, 1.0f));
    const graph g = graph::capture([&](stream_ref) { launch<add_one>(100, x.all()); });
    g.launch();
    synchronize();
    launch<twice>(100, x.all());
    synchronize();
    return x.read() == std::vector<float>(100, 4.0f);
}

} // namespace captures
