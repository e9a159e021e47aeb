// SPDX-License-Identifier: Apache-2.0
// odr_host.cpp: the launches of the shared kernel that a host compiler sees.
#include "odr_kernel.hpp"

void launch_in_cpp(const warpx::array<float, 1, warpx::device::any>& x) {
    warpx::launch<scale>(x.extent(0), x);
}
void launch_in_cpp(const warpx::array<float, 1>& x) { warpx::launch<scale>(x.extent(0), x); }
