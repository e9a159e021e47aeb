// SPDX-License-Identifier: Apache-2.0
// adjoint_support.hpp: gradients on CUDA against those on the host, which the tests of core.adjoint compare
// with finite differences.
#pragma once

#include "cases/machine.hpp"

#include <warpx/cuda/adjoint.cuh>
#include <warpx/random.hpp>

#include <cmath>
#include <vector>

namespace adjoint_test {

using warpx::array;
using warpx::shape;
using warpx::vec2f;
using warpx::vec3f;
using machine = test::machine;

/// Numbers in [0.25, 1.75), the same for the same seed.
template <class T, class... N> auto numbers(uint64_t seed, N... extents) {
    auto a = warpx::empty<T>(shape(static_cast<int64_t>(extents)...));
    warpx::philox rng(seed);
    using S = warpx::detail::leaf_t<T>;
    auto* const s = reinterpret_cast<S*>(a.data_handle());
    const int64_t count = a.size() * static_cast<int64_t>(sizeof(T) / sizeof(S));
    for (int64_t k = 0; k < count; ++k) s[k] = static_cast<S>(0.25 + 1.5 * warpx::uniform<double>(rng));
    return a;
}
/// An array with a gradient.
template <class T, class... N> auto graded(uint64_t seed, N... extents) {
    auto a = numbers<T>(seed, extents...);
    a.set_grad(numbers<T>(seed + 1000, extents...));
    return a;
}
auto integers(std::vector<int> v) {
    auto a = warpx::empty<int>(static_cast<int64_t>(v.size()));
    for (size_t k = 0; k < v.size(); ++k) a[static_cast<int64_t>(k)] = v[k];
    return a;
}

// The same argument on the device, and the difference of its gradients afterwards.
template <class A> auto on_device(const A& a) {
    if constexpr (warpx::detail::is_array_v<A>) {
        auto d = machine::put(a);
        if constexpr (!std::is_const_v<typename A::element_type>)
            if (a.has_grad()) d.set_grad(machine::put(a.grad()));
        return d;
    } else if constexpr (warpx::detail::is_scalar_with_grad<A>) {
        return warpx::with_grad(a.value, machine::put(a.gradient));
    } else {
        return a;
    }
}
template <class T, int N, class B> double difference(const array<T, N>& host, const B& device) {
    using V = std::remove_const_t<T>;
    using S = warpx::detail::leaf_t<V>;
    const auto got = machine::read(device);
    const auto *const h = reinterpret_cast<const S*>(host.data_handle()), *const d =
                                                                              reinterpret_cast<const S*>(
                                                                                  got.data_handle());
    const int64_t count = host.size() * static_cast<int64_t>(sizeof(V) / sizeof(S));
    double largest = 0, worst = 0;
    for (int64_t k = 0; k < count; ++k) largest = std::max(largest, std::abs(static_cast<double>(h[k])));
    for (int64_t k = 0; k < count; ++k) {
        const double error = std::abs(static_cast<double>(h[k]) - static_cast<double>(d[k]));
        worst = std::max(worst, std::isfinite(error)
                                    ? error / (std::abs(static_cast<double>(h[k])) + 0.01 * largest + 1e-30)
                                    : 1e30);
    }
    return worst;
}
template <class A, class B> double compare(const A& host, const B& device) {
    if constexpr (warpx::detail::is_array_v<A>) {
        double worst = 0;
        if constexpr (warpx::detail::is_active<std::remove_const_t<typename A::element_type>>) {
            if (host.has_grad()) worst = difference(host.grad(), device.grad());
            worst = std::max(worst, difference(host, device)); // no primal may change
        }
        return worst;
    } else if constexpr (warpx::detail::is_scalar_with_grad<A>) {
        return difference(host.gradient, device.gradient);
    } else {
        return 0;
    }
}
/// The largest relative difference of all gradients of a launch on both machines.
template <const auto& K, int R, class... A> double differs(const shape<R>& extents, const A&... arguments) {
    return [&](const auto&... device) {
        warpx::launch_adjoint<K>(extents, device...);
        warpx::launch_adjoint<K>(extents, arguments...);
        machine::need(cudaDeviceSynchronize());
        warpx::detail::throw_recorded_fault();
        double worst = 0;
        ((worst = std::max(worst, compare(arguments, device))), ...);
        return worst;
    }(on_device(arguments)...);
}

} // namespace adjoint_test
