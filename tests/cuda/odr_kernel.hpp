// SPDX-License-Identifier: Apache-2.0
// odr_kernel.hpp: one kernel in a header that a .cpp and a .cu file of the same program include.
#pragma once

#include <warpx/warpx.hpp>

/// Multiplies by 10 where the compiler of this file knows CUDA, adds 1 on the host: the two sides tell apart
/// which compilation ran.
inline constexpr auto scale = [] WARPX_KERNEL(auto i, auto x) {
#if defined(__CUDA_ARCH__)
    x[i] = x[i] * 10.0f;
#else
    x[i] = x[i] + 1.0f;
#endif
};

/// Launches from the .cpp file and from the .cu file.
void launch_in_cpp(const warpx::array<float, 1, warpx::device::any>& x);
void launch_in_cpp(const warpx::array<float, 1>& x);
void launch_in_cu(const warpx::array<float, 1, warpx::device::any>& x);
void launch_in_cu(const warpx::array<float, 1>& x);
