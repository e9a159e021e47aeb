// SPDX-License-Identifier: Apache-2.0
// adjoint_gather_test.cu: adjoints of gathers, scatters, atomics and sums, against the host's.
#include "cuda/adjoint_support.hpp"

namespace {

using namespace adjoint_test;

constexpr auto spring = [] WARPX_KERNEL(auto i, auto pos, auto f, auto idx, auto rest, auto ks) {
    int a = idx[2 * i], b = idx[2 * i + 1];
    auto d = pos[a] - pos[b];
    auto l = length(d);
    auto fs = d / l * (-ks * (l - rest[i]));
    atomic_add(f, a, fs);
    atomic_add(f, b, -fs);
};
constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto loss = [] WARPX_KERNEL(auto i, auto x, auto l) { atomic_add(l, 0, x[i] * x[i]); };
constexpr auto scatter = [] WARPX_KERNEL(auto i, auto x, auto y, auto to) {
    y[int64_t(to[i])] = x[i] * x[i];
};
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] * x[i + 1] - x[i] * x[i];
};
constexpr auto guarded = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i < x.extent(0)) y[i] = exp(x[i]);
};

} // namespace

TEST_CASE("adjoints on CUDA: gathers, scatters, atomics, sums", "[core]") {
    std::vector<int> ends, to;
    for (int k = 0; k < 1000; ++k) ends.push_back(k * 37 % 1000), ends.push_back((k * 37 + 1 + k % 7) % 1000);
    for (int k = 0; k < 1000; ++k) to.push_back(k * 7 % 1000);
    CHECK(differs<spring>(shape(1000), graded<vec3f>(1, 1000), graded<vec3f>(2, 1000), integers(ends),
                          graded<float>(3, 1000), 2.0f) < 1e-3);
    const auto gk = warpx::reshape(numbers<float>(5, 1), shape<0>());
    CHECK(differs<spring>(shape(1000), graded<vec3f>(1, 1000), graded<vec3f>(2, 1000), integers(ends),
                          graded<float>(3, 1000), warpx::with_grad(2.0f, gk)) < 1e-3);
    CHECK(differs<scatter>(shape(1000), graded<float>(1, 1000), graded<float>(2, 1000), integers(to)) < 1e-5);
    CHECK(differs<loss>(shape(10000), graded<double>(1, 10000), graded<double>(2, 1)) < 1e-13);
    CHECK(differs<stencil>(shape(1000), graded<double>(1, 1000), graded<double>(2, 1000)) < 1e-13);
    CHECK(differs<guarded>(shape(1000), graded<double>(1, 700), graded<double>(2, 900)) < 1e-13);
    CHECK(differs<matmul>(shape(33, 65), graded<double>(1, 33, 40), graded<double>(2, 40, 65),
                          graded<double>(3, 33, 65)) < 1e-11);
    CHECK(differs<matmul>(shape(64, 64), numbers<float>(1, 64, 40), graded<float>(2, 40, 64),
                          graded<float>(3, 64, 64)) < 1e-4);
}
