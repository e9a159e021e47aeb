// SPDX-License-Identifier: Apache-2.0
// deterministic.cuh: adjoint launches on CUDA that give the same bits each time: items add to exact sums
// beside the gradients, which are rounded and added when all have run.
#pragma once

#if !defined(__CUDACC__)
#    error                                                                                                   \
        "warpx/cuda/deterministic.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../adjoint.hpp"
#include "allocator.cuh"
#include "enqueue.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

WARPX_COLD [[noreturn]] inline void refuse_order(const launch_site& site, const char* given,
                                                 const char* remedy) {
    throw launch_error(
        sentence("kernel " + site_name(site),
                 "in deterministic mode on CUDA shared gradients that have one real type each, in "
                 "at most 16 pieces of memory",
                 given, remedy));
}

#pragma GCC visibility push(hidden)

/// The sums of one piece of memory, for `enqueue` a type of its own for every trampoline.
template <class T> struct sums_of {
    exact_sums::span span;
};
/// Adds them to the gradients.
template <class T>
__global__ void __launch_bounds__(256) add_exact_sums(const __grid_constant__ sums_of<T> all) {
    const exact_sums::span& span = all.span;
    using S = std::conditional_t<std::is_same_v<T, double>, double, float>;
    using sum = exact_sum<S>;
    const auto count = static_cast<int64_t>((span.end - span.begin) / sizeof(T));
    for (int64_t k = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; k < count;
         k += static_cast<int64_t>(gridDim.x) * blockDim.x) {
        int64_t* const words = span.sums + k * sum::words;
        bool any = false;
        for (int word = 0; word < sum::words; ++word) any = any || words[word] != 0;
        if (!any) continue; // what is no element of the array stays as it is
        T& gradient = reinterpret_cast<T*>(span.begin)[k];
        sum::add(words, static_cast<S>(gradient));
        gradient = static_cast<T>(sum::round(words));
    }
}

#pragma GCC visibility pop

/// The exact sums of one launch.
class exact_sums_of_launch {
public:
    exact_sums_of_launch(const launch_options& options, const launch_site& site) noexcept
        : site_(site), options_(options) {}
    ~exact_sums_of_launch() {
        if (memory_ != nullptr) pool_allocator{}.deallocate(memory_, bytes_, stream_of(options_));
    }
    exact_sums_of_launch(const exact_sums_of_launch&) = delete;
    exact_sums_of_launch& operator=(const exact_sums_of_launch&) = delete;

    template <class A> void look(const A& a) {
        if constexpr (is_scalar_with_grad<A>)
            add(a.gradient);
        else
            for_each_array(
                [this](const auto& array) {
                    using V =
                        std::remove_const_t<typename std::remove_cvref_t<decltype(array)>::element_type>;
                    if constexpr (is_active<V>)
                        if (array.has_grad()) add(array.grad());
                },
                a);
    }
    /// Memory for what was looked at, on the launch's stream.
    const exact_sums& allocate(int ordinal) {
        const device_switch device(site_, ordinal);
        const auto words = [](const exact_sums::span& s) {
            return static_cast<size_t>(s.end - s.begin) / static_cast<size_t>(s.bytes) *
                   static_cast<size_t>(s.in_double ? exact_sum<double>::words : exact_sum<float>::words);
        };
        for (int k = 0; k < sums_.count; ++k) bytes_ += words(sums_.of[k]) * sizeof(int64_t);
        const cudaStream_t stream = stream_of(options_);
        memory_ = static_cast<int64_t*>(pool_allocator{}.allocate(bytes_, stream));
        cuda_check(cudaMemsetAsync(memory_, 0, bytes_, stream), "a deterministic adjoint launch",
                   "clearing its sums", sticky_remedy);
        int64_t* place = memory_;
        for (int k = 0; k < sums_.count; ++k) {
            sums_.of[k].sums = place;
            place += words(sums_.of[k]);
        }
        return sums_;
    }
    void finish(int ordinal) const {
        const enqueue run{options_, site_, ordinal};
        for (int k = 0; k < sums_.count; ++k) {
            const exact_sums::span& s = sums_.of[k];
            if (s.in_double)
                finish<double>(run, s);
            else if (s.bytes == 4)
                finish<float>(run, s);
            else if (halves_[k])
                finish<half>(run, s);
            else
                finish<bfloat16>(run, s);
        }
    }

private:
    template <class T> static void finish(const enqueue& run, const exact_sums::span& s) {
        const int64_t blocks = blocks_for(static_cast<int64_t>((s.end - s.begin) / sizeof(T)), 256);
        run(reinterpret_cast<const void*>(&add_exact_sums<T>),
            grid<way::direct>{blocks < 4096 ? blocks : 4096, dim3(256), 0}, sums_of<T>{s});
    }
    template <class T, int N, class D> void add(const array<T, N, D>& gradient) {
        using S = leaf_t<T>;
        if constexpr (!is_active_scalar<S>) {
            refuse_order(site_, "a struct of several types",
                         "give its fields arrays of their own, or launch it on the host");
        } else {
            byte_span bytes = byte_span::of(gradient);
            if (bytes.begin == bytes.end) return;
            for (int k = 0; k < sums_.count;) { // pieces that meet become one
                const exact_sums::span& s = sums_.of[k];
                if (!bytes.meets({s.begin, s.end})) {
                    ++k;
                    continue;
                }
                if (s.bytes != sizeof(S) || halves_[k] != std::is_same_v<S, half> ||
                    (bytes.begin > s.begin ? bytes.begin - s.begin : s.begin - bytes.begin) % sizeof(S) != 0)
                    refuse_order(site_, "gradients of two types in the same memory",
                                 "give each memory of its own");
                bytes = {bytes.begin < s.begin ? bytes.begin : s.begin,
                         bytes.end > s.end ? bytes.end : s.end};
                --sums_.count;
                sums_.of[k] = sums_.of[sums_.count];
                halves_[k] = halves_[sums_.count];
                k = 0; // larger now, it may meet those that it did not
            }
            if (sums_.count == exact_sums::most)
                refuse_order(site_, "more", "give some of the arrays no gradient, or launch it on the host");
            halves_[sums_.count] = std::is_same_v<S, half>;
            sums_.of[sums_.count++] = {bytes.begin, bytes.end, nullptr, sizeof(S) == 8,
                                       static_cast<int>(sizeof(S))};
        }
    }

    const launch_site& site_;
    const launch_options& options_;
    exact_sums sums_;
    bool halves_[exact_sums::most] = {};
    int64_t* memory_ = nullptr;
    size_t bytes_ = 0;
};

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
