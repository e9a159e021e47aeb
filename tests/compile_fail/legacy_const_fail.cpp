// SPDX-License-Identifier: Apache-2.0
// legacy_const_fail.cpp: read-only memory in the struct that cannot say so.
// expect-error: warpx::to_dlpack_legacy: the legacy struct cannot mark memory read-only
#include <warpx/warpx.hpp>

auto run(const warpx::array<const float, 1>& x) { return warpx::to_dlpack_legacy(x); }
