// SPDX-License-Identifier: Apache-2.0
// machine.cuh: random kernels on CUDA: memory, and launches.
#pragma once

#include "arguments.hpp"

#include <warpx/cuda/adjoint.cuh>
#include <warpx/warpx.hpp>

#include <stdexcept>
#include <string>

namespace rk {

inline void need(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// The numbers of all slots in one block of device memory, which kernels of one program share.
template <class S> class cuda_memory {
public:
    using device = warpx::device::cuda;

    void load(const std::vector<slot*>& slots) {
        places_.clear(), host_.clear();
        for (const slot* s : slots)
            places_.push_back(
                {add<S>(s->value), add<S>(s->tangent), add<S>(s->gradient), add<int64_t>(s->integers)});
        device_ = block(host_.size());
        if (!host_.empty()) need(cudaMemcpy(device_, host_.data(), host_.size(), cudaMemcpyHostToDevice));
    }
    /// Waits, and throws what went wrong.
    void store(const std::vector<slot*>& slots) {
        need(cudaDeviceSynchronize());
        warpx::detail::throw_recorded_fault();
        if (!host_.empty()) need(cudaMemcpy(host_.data(), device_, host_.size(), cudaMemcpyDeviceToHost));
        for (size_t k = 0; k < slots.size(); ++k) {
            get<S>(places_[k].value, slots[k]->value), get<S>(places_[k].tangent, slots[k]->tangent);
            get<S>(places_[k].gradient, slots[k]->gradient),
                get<int64_t>(places_[k].integers, slots[k]->integers);
        }
    }
    places<S, device> operator[](size_t k) const {
        const offsets& o = places_[k];
        return {at<S>(o.value), at<S>(o.tangent), at<S>(o.gradient), at<int64_t>(o.integers)};
    }

private:
    struct offsets {
        size_t value, tangent, gradient, integers;
    };
    static constexpr size_t alignment = 256;

    template <class To, class From> size_t add(const std::vector<From>& numbers) {
        const size_t begin = host_.size();
        host_.resize((begin + numbers.size() * sizeof(To) + alignment - 1) / alignment * alignment);
        for (size_t k = 0; k < numbers.size(); ++k) {
            const To v = static_cast<To>(numbers[k]);
            memcpy(host_.data() + begin + k * sizeof(To), &v, sizeof(To));
        }
        return begin;
    }
    template <class From, class To> void get(size_t begin, std::vector<To>& numbers) const {
        for (size_t k = 0; k < numbers.size(); ++k) {
            From v;
            memcpy(&v, host_.data() + begin + k * sizeof(From), sizeof(From));
            numbers[k] = static_cast<To>(v);
        }
    }
    template <class T> T* at(size_t offset) const { return reinterpret_cast<T*>(device_ + offset); }
    static char* block(size_t bytes) {
        static char* memory = nullptr;
        static size_t size = 0;
        if (memory == nullptr) {
            need(
                cudaDeviceSetLimit(cudaLimitMallocHeapSize, size_t{64} << 20)); // tapes of many items at once
            need(cudaDeviceSetLimit(cudaLimitStackSize, size_t{32} << 10)); // functions that call themselves
        }
        if (bytes > size) {
            need(cudaFree(memory));
            memory = nullptr, size = 0;
            need(cudaMalloc(reinterpret_cast<void**>(&memory), bytes * 2));
            size = bytes * 2;
        }
        return memory;
    }

    std::vector<offsets> places_;
    std::vector<char> host_;
    char* device_ = nullptr;
};

template <int... Argument, class K, int R, class... A>
void launch_strided(std::integer_sequence<int, Argument...>, const K& kernel,
                    const warpx::launching::launch_site& site, const warpx::shape<R>& extents,
                    const A&... arguments) {
    using namespace warpx::launching;
    const warpx::launch_options options;
    const warpx::form::strided form;
    run_directly(enqueue{options, site, common_ordinal(site, arguments...)}, block_size(options, site),
                 extents, kernel,
                 warpx::detail::bound<warpx::form::strided, Argument, A>::make(form, arguments)...);
}
template <class K, int R, class... A>
void launch_on_cuda(const warpx::shape<R>& extents, const A&... arguments) {
    launch_strided(std::make_integer_sequence<int, sizeof...(A)>(), warpx::detail::struct_kernel<K>{},
                   warpx::launching::named_type<K>::site(nullptr), extents, arguments...);
}
template <class K, int R, class... A>
void adjoint_on_tape(const warpx::launch_options& options, const warpx::shape<R>& extents,
                     const A&... arguments) {
    using namespace warpx::launching;
    using kernel = warpx::detail::struct_kernel<K>;
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
    auto survey = survey_adjoint<kernel, R>(numbers, options, extents, arguments...);
    if (!survey.any_gradient) return;
    survey.must_tape = true;
    enqueue_adjoint<derivative_t<A...>>(numbers, options, named_type<K>::site(nullptr), extents, survey,
                                        kernel{}, arguments...);
}

} // namespace rk
