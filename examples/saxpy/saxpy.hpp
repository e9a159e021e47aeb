// SPDX-License-Identifier: Apache-2.0
// saxpy.hpp: the kernel: one lambda for every element type, every owner of memory, host and CUDA.
#pragma once

#include <warpx/warpx.hpp>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] += a * x[i]; };
