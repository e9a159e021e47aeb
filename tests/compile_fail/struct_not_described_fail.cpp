// SPDX-License-Identifier: Apache-2.0
// struct_not_described_fail.cpp: an array of a struct that nobody described.
// expect-error: or a struct of these that is described with WARPX_STRUCT(name, fields...)
#include <warpx/warpx.hpp>

struct particle {
    warpx::vec3f position;
    float mass;
};
warpx::array<particle, 1> x;
