// SPDX-License-Identifier: Apache-2.0
// adjoint_launch_test.cu: adjoint launches as launches: captured, on streams, against the host's.
#include "cuda/adjoint_support.hpp"

namespace {

using namespace adjoint_test;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto loss = [] WARPX_KERNEL(auto i, auto x, auto l) { atomic_add(l, 0, x[i] * x[i]); };

} // namespace

TEST_CASE("adjoints on CUDA: captured into a graph") {
    const auto x = graded<float>(1, 1000), y = graded<float>(2, 1000);
    const auto dx = on_device(x), dy = on_device(y);
    warpx::stream s;
    {
        const warpx::stream_scope scope(s);
        warpx::launch_adjoint<loss>(1, dx,
                                    on_device(graded<float>(5, 1))); // what is made at the first launch
        machine::need(cudaDeviceSynchronize());
    }
    const auto fresh = on_device(x), out = on_device(y);
    warpx::graph g = warpx::graph::capture(
        [&](warpx::stream_ref) { warpx::launch_adjoint<saxpy>(1000, fresh, out, 2.0f); });
    g.launch();
    machine::need(cudaDeviceSynchronize());
    warpx::launch_adjoint<saxpy>(1000, x, y, 2.0f);
    CHECK(difference(x.grad(), fresh.grad()) < 1e-6);
}
