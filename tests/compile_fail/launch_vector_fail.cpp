// SPDX-License-Identifier: Apache-2.0
// launch_vector_fail.cpp: a container as an argument of a launch.
// expect-error: warpx::launch: an argument is neither a warpx::array nor trivially copyable; bind containers with warpx::from_range
#include <warpx/warpx.hpp>

#include <vector>

constexpr auto zero = [] WARPX_KERNEL(auto i, auto x) { x[i] = 0.0f; };

void run(std::vector<float>& x) { warpx::launch<zero>(int64_t(x.size()), x); }
