// SPDX-License-Identifier: Apache-2.0
// array_device_fail.cpp: a device that there is not.
// expect-error: warpx::array: the device is warpx::device::host, cuda or any
#include <warpx/warpx.hpp>

warpx::array<float, 1, int> x;
