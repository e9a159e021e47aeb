// SPDX-License-Identifier: Apache-2.0
// tangent_of_integers_fail.cpp: a tangent of an array of integers.
// expect-error: warpx::with_tangent: only floating-point numbers, and what is made of them, have tangents
#include <warpx/host/tangent.hpp>
#include <warpx/warpx.hpp>

auto run(const warpx::array<int, 1>& x) { return warpx::with_tangent(x, x); }
