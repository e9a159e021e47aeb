// SPDX-License-Identifier: Apache-2.0
// deterministic_test.cu: adjoint launches that give the same bits each time.
#include "cuda/adjoint_support.hpp"

#include <cstring>

namespace {

using namespace adjoint_test;

/// Everybody adds to three elements of p, to x elsewhere, and to the gradient of a scalar.
constexpr auto crowded = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, auto a) {
    y[i] = a * x[table[i]] * p[table[i] % 3] + p[1];
};
constexpr warpx::launch_options same_bits{.deterministic = true};

template <class A> bool equal_bits(const A& a, const A& b) {
    const auto one = machine::read(a), other = machine::read(b);
    return std::memcmp(one.data_handle(), other.data_handle(),
                       static_cast<size_t>(one.size()) * sizeof(typename A::element_type)) == 0;
}
template <class A, class G> struct copies {
    A x, p, y;
    G ga;
};
template <class T> void gives_the_same_bits(int64_t n, double tolerance) {
    auto table = warpx::empty<int>(n);
    warpx::philox random(7);
    for (int64_t i = 0; i < n; ++i) table[i] = static_cast<int>(warpx::uniform<double>(random) * 16);
    const auto x = graded<T>(1, n), p = graded<T>(2, 3), y = graded<T>(3, n);
    const auto ga = numbers<T>(4, 1);
    const auto at = machine::put(table);
    const auto scalar = [](const auto& a) { return warpx::reshape(a, shape<0>()); };
    const auto run = [&](const warpx::launch_options& how) {
        const auto d = copies<decltype(on_device(x)), decltype(machine::put(ga))>{
            on_device(x), on_device(p), on_device(y), machine::put(ga)};
        warpx::launch_adjoint<crowded>(how, n, d.x, d.p, at, d.y, warpx::with_grad(T(1.5f), scalar(d.ga)));
        machine::need(cudaDeviceSynchronize());
        return d;
    };
    const auto first = run(same_bits);
    for (int turn = 0; turn < 3; ++turn) {
        const auto other = run(same_bits);
        CHECK(equal_bits(first.x.grad(), other.x.grad()));
        CHECK(equal_bits(first.p.grad(), other.p.grad()));
        CHECK(equal_bits(first.y.grad(), other.y.grad()));
        CHECK(equal_bits(first.ga, other.ga));
    }
    // The reference: the host, in double where that says more.
    using W = std::conditional_t<std::is_same_v<T, float> || std::is_same_v<T, double>, T, float>;
    const auto hx = graded<W>(1, n), hp = graded<W>(2, 3), hy = graded<W>(3, n);
    const auto hga = numbers<W>(4, 1);
    warpx::launch_adjoint<crowded>(warpx::launch_options{.threads = 1}, n, hx, hp, table, hy,
                                   warpx::with_grad(W(1.5f), scalar(hga)));
    const auto near = [&](const auto& got, const auto& want) {
        const auto g = machine::read(got);
        for (int64_t k = 0; k < g.size(); ++k) {
            const double w = static_cast<double>(want[k]);
            CHECK(std::fabs(static_cast<double>(static_cast<float>(value(g[k]))) - w) <=
                  tolerance * std::max(1.0, std::fabs(w)));
        }
    };
    near(first.x.grad(), hx.grad());
    near(first.p.grad(), hp.grad());
    near(first.ga, hga);
}

constexpr auto gather = [] WARPX_KERNEL(auto i, auto x, auto z, auto y) { y[i] = x[0] * z[0] * y[i]; };

} // namespace

TEST_CASE("deterministic adjoints on CUDA: the same bits each time, and the right ones") {
    gives_the_same_bits<float>(20000, 2e-4);
    gives_the_same_bits<double>(20000, 1e-6); // read back as float
    gives_the_same_bits<warpx::half>(500, 2e-2);
    gives_the_same_bits<warpx::bfloat16>(500, 1e-1);
}
TEST_CASE("deterministic adjoints on CUDA: overlapping gradients are one sum, two types in one memory are "
          "refused") {
    const auto x = on_device(numbers<float>(1, 10)), z = on_device(numbers<float>(2, 10));
    const auto y = on_device(graded<float>(3, 1000));
    const auto g = on_device(numbers<float>(4, 10)), before = on_device(numbers<float>(4, 10));
    auto gx = x, gz = z;
    gx.set_grad(g), gz.set_grad(g);
    warpx::launch_adjoint<gather>(same_bits, 1000, gx, gz, y);
    machine::need(cudaDeviceSynchronize());
    CHECK(machine::read(g)[0] != machine::read(before)[0]);
    CHECK(equal_bits(warpx::slice(g, 0, 1), warpx::slice(before, 0, 1)));

    const auto w = on_device(numbers<double>(5, 5));
    auto gw = w;
    gw.set_grad(warpx::from_pointer<double, 1, warpx::device::cuda>(
        reinterpret_cast<double*>(g.data_handle()), shape(5)));
    CHECK_THROWS_AS(warpx::launch_adjoint<gather>(same_bits, 1000, gx, gw, y), warpx::launch_error);
}
TEST_CASE("deterministic adjoints on CUDA: in a graph") {
    const auto x = graded<float>(1, 10), z = graded<float>(2, 10), y = graded<float>(3, 1000);
    const auto dx = on_device(x), dz = on_device(z), dy = on_device(y);
    const auto ex = on_device(x), ez = on_device(z), ey = on_device(y);
    warpx::stream s;
    {
        const warpx::stream_scope scope(s);
        warpx::launch_adjoint<gather>(same_bits, 1000, dx, dz, dy);
        machine::need(cudaDeviceSynchronize());
    }
    warpx::graph graph = warpx::graph::capture([&](warpx::stream_ref q) {
        warpx::launch_adjoint<gather>({.stream = q, .deterministic = true}, 1000, ex, ez, ey);
    });
    graph.launch();
    machine::need(cudaDeviceSynchronize());
    CHECK(equal_bits(dx.grad(), ex.grad()));
    CHECK(equal_bits(dz.grad(), ez.grad()));
}
