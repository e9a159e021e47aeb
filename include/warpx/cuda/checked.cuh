// SPDX-License-Identifier: Apache-2.0
// checked.cuh: the checked form on CUDA: an access outside of an array is noted in device memory and goes
// nowhere.
#pragma once

#include "enqueue.cuh"
#include "fault.cuh"

namespace warpx {

namespace detail {

/// Memory that is only addressed within its extents. What lies outside is the sink of the record: what is
/// read there is unspecified, what is written is lost.
template <class T, int N>
class device_checked_handle : public strided_layout<N>,
                              public handle_interface<device_checked_handle<T, N>, T, N> {
public:
    template <class D>
    device_checked_handle(const array<T, N, D>& a, fault_record* record, const char* kernel,
                          int argument) noexcept
        : strided_layout<N>(a), data_(a.data_handle()), record_(record), kernel_(kernel),
          argument_(argument) {}

    WARPX_HOST_DEVICE T* data_handle() const noexcept { return data_; }
    WARPX_HOST_DEVICE T* address(const shape<N>& position) const noexcept {
        for (int axis = 0; axis < N; ++axis)
            if (static_cast<uint64_t>(position[axis]) >= static_cast<uint64_t>(this->extent(axis)))
                return outside(position);
        return data_ + this->offset(position);
    }
    WARPX_HOST_DEVICE located<T> place(const shape<N>& position) const noexcept {
        return located<T>(address(position));
    }

private:
    WARPX_HOST_DEVICE T* outside([[maybe_unused]] const shape<N>& position) const noexcept {
#if defined(__CUDA_ARCH__)
        if (atomicCAS(&record_->state, 0ull, 1ull) == 0ull) { // the first
            record_->kernel = kernel_;
            record_->argument = argument_;
            record_->rank = N;
            for (int axis = 0; axis < N && axis < fault_record::most_axes; ++axis) {
                record_->position[axis] = position[axis];
                record_->extents[axis] = this->extent(axis);
            }
            __threadfence();
            atomicExch(&record_->state, 2ull);
        }
#endif
        return reinterpret_cast<T*>(record_->sink);
    }

    T* data_;
    fault_record* record_;
    const char* kernel_;
    int argument_; // no template parameter: kernels may want two parameters of one type
};

} // namespace detail

namespace form {

/// Bounds-checked on the device: the first access outside of an array is thrown at the next wait.
struct device_checked {
    detail::fault_record* record = nullptr;
    const char* kernel = nullptr;
    template <class T, int N, int Argument> using handle = detail::device_checked_handle<T, N>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a, record, kernel, Argument);
    }
};

} // namespace form

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

template <class Run, int... Argument, int R, class F, class... A>
auto arrange_checked(const Run& run, std::integer_sequence<int, Argument...>,
                     const form::device_checked& form, int block_size, const shape<R>& extents,
                     const F& kernel, const A&... arguments) {
    return run_directly(run, block_size, extents, kernel,
                        bound<form::device_checked, Argument, A>::make(form, arguments)...);
}
WARPX_COLD [[noreturn]] inline void refuse_large(const launch_site& site) {
    throw launch_error(sentence("kernel " + site_name(site),
                                "elements of at most 4096 bytes in a checked launch on CUDA", "larger ones",
                                "launch unchecked, or check on the host"));
}

/// Direct, with checked handles, and the record of the device where the launch will run.
template <class Run, int R, class F, class... A>
auto arrange_checked(const Run& run, const launch_site& site, int block_size, const shape<R>& extents,
                     const F& kernel, const A&... arguments) {
    [[maybe_unused]] const auto fits = [&]<class T, int N, class D>(const array<T, N, D>&) {
        if constexpr (sizeof(T) > fault_record::sink_bytes) refuse_large(site);
    };
    (for_each_array(fits, arguments), ...);
    const device_switch device(site, common_ordinal(site, arguments...));
    fault_board& board = fault_board::get();
    const form::device_checked form{board.of_device(device.ordinal()), board.keep(site_name(site))};
    return arrange_checked(run, std::make_integer_sequence<int, sizeof...(A)>(), form, block_size, extents,
                           kernel, arguments...);
}

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
