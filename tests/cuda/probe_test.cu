// SPDX-License-Identifier: Apache-2.0
// probe_test.cu: which (kernel, argument) pairs register an access that is not pointwise, and when that is
// known. Needs no GPU to run.
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>

using namespace cuda_test;
using warpx::shape;
using warpx::detail::access_facts;
using warpx::detail::access_kind;
using warpx::detail::kernel_ref;

constexpr auto pointwise = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + 1.0f; };
constexpr auto stencil = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + x[i + 1]; };
constexpr auto gather = [] WARPX_KERNEL(auto i, auto x, auto y, auto at) { y[i] = x[at[i]]; };
constexpr auto axes = [] WARPX_KERNEL(auto i, auto whole, auto swapped, auto row_only, auto in_place) {
    auto [row, col] = i;
    whole(row, col) = swapped(col, row) + row_only[row];
    in_place[i] += 1.0f;
};
constexpr auto adds = [] WARPX_KERNEL(auto i, auto x, auto sum) { warpx::atomic_add(sum, 0, x[i]); };
constexpr auto returns_void = [] WARPX_KERNEL(auto i, auto x) -> void { x[i] = x[i + 1]; };
constexpr auto in_branch = [] WARPX_KERNEL(auto i, auto x) {
    if (i > 5) x[i] = x(i - 5);
};
constexpr auto unprobed = [] WARPX_KERNEL(auto i, auto x) { x[i] = x[i + 1]; };
struct with_forward {
    template <class I, class X, class Y> WARPX_HOST_DEVICE static void forward(I i, X x, Y y) { y[i] = x[0]; }
};
struct with_one_type { // what it takes is the same type in some forms only
    template <class I, class X> WARPX_HOST_DEVICE static void forward(I i, X x, X y) { y[i] = x[0]; }
};
struct packed {
    cuda_array<float, 1> x;
    float a;
};
WARPX_STRUCT(packed, x, a);
constexpr auto of_struct = [] WARPX_KERNEL(auto i, auto p, auto q) { p.x[i] = q.x[i + 1] * p.a; };

template <const auto& K, int Argument> access_kind facts() {
    return access_facts<kernel_ref<K>, Argument>::known();
}

namespace {

/// The trap: instantiated in device code only.
template <class X> __global__ void only_on_device(X x) {
    kernel_ref<unprobed> kernel;
    warpx::launching::device_call<kernel_ref<unprobed>>::kernel_must_be_marked_WARPX_KERNEL(
        kernel, warpx::detail::index_access::make(shape<1>(0)), x);
}

/// A static object that asks before everything is registered.
struct early_bird {
    access_kind seen;
    early_bird() : seen(facts<stencil, 0>()) {}
};
[[gnu::init_priority(200)]] early_bird earliest;
early_bird ordinary;

/// Compiled, never called: the facts come from the compilation.
void launches(cuda_array<float, 1> x, cuda_array<int, 1> at, cuda_array<float, 2> m, int n) {
    warpx::launch<pointwise>(n, x, x);
    warpx::launch<stencil>(n, x, x);
    warpx::launch<gather>(n, x, x, at);
    warpx::launch<axes>({n, n}, m, m, x, m);
    warpx::launch<adds>(n, x, x);
    warpx::launch<returns_void>(n, x);
    warpx::launch<in_branch>(n, x);
    warpx::launch<with_forward>(n, x, x);
    warpx::launch<with_one_type>(n, x, x);
    warpx::launch<of_struct>(n, packed{x, 1.0f}, packed{x, 1.0f});
    only_on_device<<<1, 1>>>(warpx::form::compact{}.make<0>(x));
}

} // namespace

TEST_CASE("what the compilation of a launch tells of a kernel") {
    (void)&launches;
    CHECK((facts<pointwise, 0>() == access_kind::pointwise));
    CHECK((facts<pointwise, 1>() == access_kind::pointwise));
    CHECK((facts<stencil, 0>() == access_kind::shared));
    CHECK((facts<stencil, 1>() == access_kind::pointwise));
    CHECK((facts<gather, 0>() == access_kind::shared));
    CHECK((facts<gather, 1>() == access_kind::pointwise));
    CHECK((facts<gather, 2>() == access_kind::pointwise));
    CHECK((facts<axes, 0>() == access_kind::pointwise));
    CHECK((facts<axes, 1>() == access_kind::shared));
    CHECK((facts<axes, 2>() == access_kind::shared));
    CHECK((facts<axes, 3>() == access_kind::pointwise));
    CHECK((facts<adds, 0>() == access_kind::pointwise));
    CHECK((facts<adds, 1>() == access_kind::shared));
    CHECK((facts<returns_void, 0>() == access_kind::shared));
    CHECK((facts<in_branch, 0>() == access_kind::shared));
    CHECK((access_facts<warpx::detail::struct_kernel<with_forward>, 0>::known() == access_kind::shared));
    CHECK((access_facts<warpx::detail::struct_kernel<with_forward>, 1>::known() == access_kind::pointwise));
    CHECK((access_facts<warpx::detail::struct_kernel<with_one_type>, 1>::known() == access_kind::unknown));
    CHECK((facts<of_struct, 0>() == access_kind::pointwise));
    CHECK((facts<of_struct, 1>() == access_kind::shared));
    // Without a host instantiation nothing is registered, and nothing counts as known.
    CHECK((facts<unprobed, 0>() == access_kind::unknown));
    CHECK((!access_facts<kernel_ref<unprobed>, 0>::shared));
    // Too early is unknown, not pointwise; after the registration even static objects see what is.
    CHECK(earliest.seen == access_kind::unknown);
    CHECK(ordinary.seen == access_kind::shared);
}
