// SPDX-License-Identifier: Apache-2.0
// cuda_element_on_host_fail.cpp: an element of CUDA memory, read on the host.
// expect-error: warpx::array: the elements of a device::cuda array are read in kernels; copy it to the host first
#include <warpx/warpx.hpp>

float run(const warpx::array<float, 1, warpx::device::cuda>& x) { return x[0]; }
