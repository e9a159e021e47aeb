// SPDX-License-Identifier: Apache-2.0
// byte_span.hpp: the bytes between the first and the last element of an array, to tell whether two arrays
// meet.
#pragma once

#include "../array.hpp"

namespace warpx::detail {

/// The bytes that an array spans; none if it is empty. (What lies in its gaps counts.)
struct byte_span {
    uintptr_t begin, end;

    template <class T, int N, class D> static byte_span of(const array<T, N, D>& a) noexcept {
        int64_t low = 0, high = 1;
        for (int axis = 0; axis < N; ++axis) {
            const int64_t reach = (a.extent(axis) - 1) * a.stride(axis);
            if (a.extent(axis) == 0) high = low = 0;
            if (a.extent(axis) == 0) break;
            (reach < 0 ? low : high) += reach;
        }
        const auto data = reinterpret_cast<uintptr_t>(a.data_handle());
        constexpr auto size = static_cast<int64_t>(sizeof(T));
        return {data + static_cast<uintptr_t>(low * size), data + static_cast<uintptr_t>(high * size)};
    }
    bool meets(const byte_span& o) const noexcept { return begin < o.end && o.begin < end; }
};

} // namespace warpx::detail
