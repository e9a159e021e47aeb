// SPDX-License-Identifier: Apache-2.0
// parts.hpp: one kernel, in the program and in each library a different one under the same name, as libraries
// have that were built from two versions of a header. Each module defines FACTOR and must run its own.
#pragma once

#include <warpx/cuda/cuda.cuh>

inline constexpr auto scale = [] WARPX_KERNEL(auto i, auto x) { x[i] = x[i] * FACTOR; };

using floats = warpx::array<float, 1, warpx::device::cuda>;

[[gnu::visibility("default")]] void scale_in_a(const floats& x);
[[gnu::visibility("default")]] void scale_in_b(const floats& x);
[[gnu::visibility("default")]] void refuse_in_b(const floats& x);
/// The stream that a launch in the library would take.
[[gnu::visibility("default")]] cudaStream_t stream_in_a();
extern "C" [[gnu::visibility("default")]] void scale_in_plugin(const floats* x);
