// SPDX-License-Identifier: Apache-2.0
// memory.hpp: what operations do with the memory of a device; arrays over memory of theirs.
#pragma once

#include "../kernels/fill.hpp"
#include "call.hpp"

#include <new>
#include <stdlib.h>

namespace warpx {
namespace detail {

/// What operations do with the memory of a device: hold one number, for launches that take scalars as arrays;
/// clear results.
template <class Device> struct operation_memory;
template <> struct operation_memory<device::host> {
    template <class T> struct holder {
        T number{};
        holder(bool, const T& v, const launch_options&) noexcept : number(v) {}
        T* data() noexcept { return &number; }
    };
    /// A number of another type, in memory of the device. (On the host numbers are read where they lie.)
    template <class T> static void convert(const launch_options&, const tensor_desc&, T*) noexcept {}
    /// Memory with undefined contents, once it is asked for.
    template <class T> class scratch {
    public:
        scratch() noexcept = default;
        scratch(const scratch&) = delete;
        ~scratch() { free(data_); }
        T* get(int64_t count, const launch_options&) {
            if (!data_ &&
                !(data_ = static_cast<T*>(malloc(static_cast<size_t>(count > 0 ? count : 1) * sizeof(T)))))
                throw std::bad_alloc();
            return data_;
        }

    private:
        T* data_ = nullptr;
    };
    template <class T, int N> static void clear(const launch_options&, const array<T, N, device::host>& a) {
        fill(a, T{});
    }
};

/// An array over memory of ours; without strides, all its elements are one.
template <class T, int N, class Device>
array<T, N, Device> array_over(T* data, const shape<N>& extents, const operation_call& call,
                               const shape<N>& strides = {}) noexcept {
    return array_access::make<array<T, N, Device>>(
        data, extents, strides, {},
        std::is_same_v<Device, device::cuda> ? device_kind::cuda : device_kind::host,
        std::is_same_v<Device, device::cuda> ? call.device_id : 0, memory_kind::plain);
}

} // namespace detail
} // namespace warpx
