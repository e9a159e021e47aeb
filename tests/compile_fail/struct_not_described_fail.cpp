// SPDX-License-Identifier: Apache-2.0
// struct_not_described_fail.cpp: an array of a struct that nobody described.
// expect-error: WARPX_STRUCT
#include <warpx/warpx.hpp>

struct particle {
    warpx::vec3f position;
    float mass;
};
warpx::array<particle, 1> x;
