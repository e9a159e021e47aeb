// SPDX-License-Identifier: Apache-2.0
// lib_b.cu: another library with another kernel under that name, and a launch that is refused.
#define FACTOR 5.0f
#include "parts.hpp"

void scale_in_b(const floats& x) { warpx::launch<scale>(x.extent(0), x); }
void refuse_in_b(const floats& x) {
    warpx::launch<scale>(warpx::launch_options{.block_size = -1}, x.extent(0), x);
}
