// SPDX-License-Identifier: Apache-2.0
// atomic_element_fail.cpp: an atomic operation on an element instead of an array and coordinates.
// expect-error: warpx: an atomic takes the array and the coordinates, not the element: atomic_add(y, i, v) instead of atomic_add(y[i], v)
#include <warpx/warpx.hpp>

constexpr auto count = [] WARPX_KERNEL(auto i, auto y) { atomic_add(y[i], 1.0f); };

void run(const warpx::array<float, 1>& y) { warpx::launch<count>(y.extent(0), y); }
