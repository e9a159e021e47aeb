// SPDX-License-Identifier: Apache-2.0
// adjoint_types_test.cu: adjoints by element type, and gradients of scalars, against the host's.
#include "cuda/adjoint_support.hpp"

namespace {

using namespace adjoint_test;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto turn = [] WARPX_KERNEL(auto i, auto q, auto v, auto y) { y[i] = rotate(q[i], v[i]); };
constexpr auto complex_product = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i] * y[i]; };
constexpr auto transform_matrix = [] WARPX_KERNEL(auto i, auto m, auto v, auto y) { y[i] = m[i] * v[i]; };

} // namespace

TEST_CASE("adjoints on CUDA: scalars have gradients, and each may be missing") {
    const auto ga = numbers<float>(9, 1);
    const auto gv = numbers<double>(10, 1);
    const auto scalar = [](const auto& a) { return warpx::reshape(a, shape<0>()); };
    CHECK(differs<saxpy>(shape(100000), graded<float>(1, 100000), graded<float>(2, 100000),
                         warpx::with_grad(2.0f, scalar(ga))) < 1e-3);
    CHECK(differs<saxpy>(shape(100000), graded<double>(1, 100000), graded<double>(2, 100000),
                         warpx::with_grad(2.0, scalar(gv))) < 1e-10);
    CHECK(differs<saxpy>(shape(1000), numbers<float>(1, 1000), numbers<float>(2, 1000), 2.0f) == 0);
}

TEST_CASE("adjoints on CUDA: small floats, complex numbers, quaternions, matrices") {
    CHECK(differs<saxpy>(shape(1000), graded<warpx::half>(1, 1000), graded<warpx::half>(2, 1000), 2.0f) <
          1e-3);
    CHECK(differs<saxpy>(shape(1000), graded<warpx::bfloat16>(1, 1000), graded<warpx::bfloat16>(2, 1000),
                         2.0f) < 1e-2);
    CHECK(differs<complex_product>(shape(100), graded<warpx::complex<float>>(1, 100),
                                   graded<warpx::complex<float>>(2, 100)) < 1e-5);
    CHECK(differs<turn>(shape(100), graded<warpx::quat<float>>(1, 100), graded<vec3f>(2, 100),
                        graded<vec3f>(3, 100)) < 1e-4);
    CHECK(differs<transform_matrix>(shape(100), graded<warpx::mat<float, 3, 3>>(1, 100),
                                    graded<vec3f>(2, 100), graded<vec3f>(3, 100)) < 1e-5);
}
