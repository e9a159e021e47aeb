// SPDX-License-Identifier: Apache-2.0
// astype.hpp: a new host array with the elements of another, converted.
#pragma once

#include "copy.hpp"

namespace warpx {

/// A new compact host array of element type `U` with the elements of `a`, converted as `copy` does:
/// `astype<float>(a)`. Always a copy, also where the type is the same. Runs on the pool and returns when
/// done. CUDA arrays: kernels/astype.cuh.
template <element U, class T, int N>
[[nodiscard]] array<std::remove_const_t<U>, N> astype(const array<T, N, device::host>& a) {
    auto fresh = detail::allocate<std::remove_const_t<U>>(a.extents(), false);
    copy(a, fresh);
    return fresh;
}

} // namespace warpx
