// SPDX-License-Identifier: Apache-2.0
// with_adjoint_capture_fail.cpp: an own adjoint with a capture.
// expect-error: warpx::with_adjoint: both are lambdas without captures; pass what they need as
#include <warpx/warpx.hpp>
#include <warpx/with_adjoint.hpp>

auto run(float a) {
    return warpx::with_adjoint([](auto i, auto x) { x[i] = 0.0f; },
                               [a](auto i, auto, auto gx) { gx[i] = a; });
}
