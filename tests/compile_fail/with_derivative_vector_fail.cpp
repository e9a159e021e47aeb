// SPDX-License-Identifier: Apache-2.0
// with_derivative_vector_fail.cpp: a function of numbers that is applied to a vector.
// expect-error: warpx::with_derivative: the arguments are numbers; apply the function to each
#include <warpx/vec.hpp>
#include <warpx/with_derivative.hpp>

constexpr auto square = warpx::with_derivative([] WARPX_KERNEL(auto x) { return x * x; },
                                               [] WARPX_KERNEL(auto x) { return 2 * x; });
auto run(const warpx::vec3f& v) { return square(v); }
