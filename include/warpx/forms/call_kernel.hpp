// SPDX-License-Identifier: Apache-2.0
// call_kernel.hpp: how the items of adjoint launches call their kernel.
#pragma once

#include "../index.hpp"

namespace warpx {

namespace detail {

// No always_inline from here to the kernel: GCC orders functions as if such calls did not exist, and then
// does not inline the kernel at all. The loop around is `flatten`.
WARPX_DETAIL_HOST_BODY template <class Kernel, int R, class... H>
WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE void call_kernel(const Kernel& kernel, const index<R>& i,
                                                          const H&... handles) {
    kernel(i, handles...);
}

} // namespace detail
} // namespace warpx
