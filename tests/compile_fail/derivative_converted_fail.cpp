// SPDX-License-Identifier: Apache-2.0
// derivative_converted_fail.cpp: a number with a derivative converted to double.
// expect-error: warpx: a conversion to float would drop the derivative; keep the variable auto (or decltype(x)::value_type), or say stop_gradient(x)
#include <warpx/dual.hpp>

double run(const warpx::dual<float>& x) { return static_cast<double>(x * x); }
