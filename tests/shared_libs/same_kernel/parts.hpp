// SPDX-License-Identifier: Apache-2.0
// parts.hpp: what the program, the two libraries and the plugin share: one kernel, and the functions they
// export.
#pragma once
#include <warpx/warpx.hpp>

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto a) { x[i] = a * x[i]; };

[[gnu::visibility("default")]] warpx::array<float, 1> make_in_a(int64_t n);
[[gnu::visibility("default")]] void scale_in_a(const warpx::array<float, 1>& x, float a);
[[gnu::visibility("default")]] void scale_in_b(const warpx::array<float, 1>& x, float a);
[[gnu::visibility("default")]] void refuse_in_b();

extern "C" [[gnu::visibility("default")]] void scale_in_plugin(const warpx::array<float, 1>* x, float a);
extern "C" [[gnu::visibility("default")]] void refuse_in_plugin();
