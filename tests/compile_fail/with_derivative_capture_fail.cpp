// SPDX-License-Identifier: Apache-2.0
// with_derivative_capture_fail.cpp: a derivative with a capture.
// expect-error: warpx::with_derivative: all are lambdas without captures; pass what they need as
#include <warpx/with_derivative.hpp>

auto run(float a) {
    return warpx::with_derivative([a](auto x) { return a * x; }, [a](auto) { return a; });
}
