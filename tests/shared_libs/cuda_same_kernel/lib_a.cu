// SPDX-License-Identifier: Apache-2.0
// lib_a.cu: a library with its own kernel under the shared name.
#define FACTOR 3.0f
#include "parts.hpp"

void scale_in_a(const floats& x) { warpx::launch<scale>(x.extent(0), x); }
cudaStream_t stream_in_a() { return warpx::current_stream(); }
