// SPDX-License-Identifier: Apache-2.0
// with_adjoint_atomic_cas_fail.cpp: an own adjoint that calls atomic_cas on a gradient.
// expect-error: warpx: atomic_cas on a gradient is not there
#include <warpx/gradients.hpp>

constexpr auto cleared =
    warpx::with_adjoint([] WARPX_KERNEL(auto i, auto x) { x[i] = 0.0f; },
                        [] WARPX_KERNEL(auto, auto, auto gx) { atomic_cas(gx, 0, 1.0f, 0.0f); });

void run(const warpx::array<float, 1>& x) { warpx::launch_adjoint<cleared>(x.extent(0), x); }
