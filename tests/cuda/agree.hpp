// SPDX-License-Identifier: Apache-2.0
// agree.hpp: runs the same launches over the same bytes on the host and on CUDA, and says what differs.
#pragma once

#include "check.hpp"

#include <warpx/cuda/cuda.cuh>

#include <utility>

namespace cuda_test {

using warpx::shape;

/// Makes the same arrays over host or device memory.
template <class Device> struct side {
    template <class T, int N>
    warpx::array<T, N, Device> at(T* data, const shape<N>& extents, const shape<N>& strides) const {
        return warpx::from_pointer<T, N, Device>(data, extents, strides);
    }
    template <class T, int N> warpx::array<T, N, Device> at(T* data, const shape<N>& extents) const {
        return warpx::from_pointer<T, N, Device>(data, extents);
    }
    template <class T> warpx::array<T, 1, Device> at(T* data, int64_t n) const {
        return at<T, 1>(data, shape<1>(n));
    }
};

/// Runs `f(side, memory)` on both sides over the same bytes. Returns where they differ afterwards; empty if
/// they do not. The numbers in the memory are small and whole, so that every order of rounding gives the same
/// bits.
template <class T, class F> std::string differs(int64_t elements, const F& f) {
    std::vector<unsigned char> bytes(static_cast<size_t>(elements) * sizeof(T));
    auto* const values = reinterpret_cast<T*>(bytes.data());
    using number = warpx::scalar_t<T>;
    auto* const numbers = reinterpret_cast<number*>(bytes.data());
    for (int64_t k = 0; k < elements * static_cast<int64_t>(sizeof(T) / sizeof(number)); ++k)
        numbers[k] = static_cast<number>(static_cast<float>(k % 7));
    const device_vector<unsigned char> d(bytes);
    f(side<warpx::device::host>{}, values);
    f(side<warpx::device::cuda>{}, reinterpret_cast<T*>(d.data()));
    const std::vector<unsigned char> got = d.read();
    for (size_t k = 0; k < bytes.size(); ++k)
        if (got[k] != bytes[k])
            return "byte " + std::to_string(k % sizeof(T)) + " of element " + std::to_string(k / sizeof(T)) +
                   " is " + std::to_string(got[k]) + " on CUDA and " + std::to_string(bytes[k]) +
                   " on the host";
    return {};
}

/// Collects differences, so that a test case of thousands of launches has one CHECK and names all that went
/// wrong.
class report {
public:
    template <class T, class F> void compare(const std::string& what, int64_t elements, const F& f) {
        ++compared_;
        const std::string difference = differs<T>(elements, f);
        if (difference.empty()) return;
        ++wrong_;
        if (wrong_ <= 20) text_ += "\n" + what + ", " + name<T>() + ": " + difference;
    }
    /// Empty if all agreed.
    std::string text() const {
        return wrong_ == 0 && compared_ > 0
                   ? std::string()
                   : std::to_string(wrong_) + " of " + std::to_string(compared_) + " differ" + text_;
    }

private:
    /// The type as the compiler writes it: `... [with T = float; ...]`.
    template <class T> static std::string name() {
        const std::string all = __PRETTY_FUNCTION__;
        const size_t begin = all.find("T = ") + 4;
        return all.substr(begin, all.find_first_of(";]", begin) - begin);
    }

    std::string text_;
    int64_t compared_ = 0, wrong_ = 0;
};

} // namespace cuda_test
