// SPDX-License-Identifier: Apache-2.0
// adjoint_second.hpp: forward over reverse: arguments with tangents in an adjoint launch, on the tape of dual
// numbers.
#pragma once

#include "adjoint_form.hpp"
#include "tangent.hpp"

namespace warpx {
namespace detail {

/// The directions of the numbers that derivatives are computed in.
template <class P> inline constexpr int directions_in = 0;
template <class T, int D> inline constexpr int directions_in<dual<T, D>> = D;

template <class P, int D, int Argument, class T, class Tangent, int N, class Device, bool Shared>
struct bound<form::taped<P, D>, Argument, tangent_array<T, Tangent, N, Device, D, Shared>> {
    using taped_form = form::taped<P, D>;
    using type = taped_handle<T, N, P, D>;
    static type make(const taped_form& form,
                     const tangent_array<T, Tangent, N, Device, D, Shared>& a) noexcept {
        using V = std::remove_const_t<T>;
        active_array<T, N> v = form.template view<Argument>(a.x);
        v.tangent = const_cast<V*>(a.tangent.data_handle());
        v.tangent_step = lay(a.tangent, v.tangent_strides);
        const auto g = a.tangent.grad();
        v.gradient_tangent = g.data_handle();
        v.gradient_tangent_step = lay(g, v.gradient_tangent_strides);
        return type(v);
    }

private:
    /// The strides of one direction, and the step to the next.
    template <class A> static int64_t lay(const A& a, shape<N>& strides) noexcept {
        constexpr int lead = A::rank() - N;
        for (int axis = 0; axis < N; ++axis) strides[axis] = a.stride(axis + lead);
        if constexpr (lead > 0)
            return a.stride(0);
        else
            return 0;
    }
};

/// A scalar with tangents and without a gradient.
template <class T, class P, int D> struct taped_tangent_value {
    T value, tangents[D];
    WARPX_HOST_DEVICE auto receive(tape<P>* on) const {
        using access = taped_access_t<P, D, T>;
        typename access::template place_of<const T> place;
        place.data = &value;
        place.memory.tangent = tangents;
        place.memory.tangent_step = static_cast<int64_t>(sizeof(T) / sizeof(leaf_t<T>));
        place.on = on;
        return warpx::value(located<const T, access>(place));
    }
};
template <class P, int D, int Argument, class T>
struct bound<form::taped<P, D>, Argument, tangent_value<T, D>> {
    using type = taped_tangent_value<T, P, D>;
    static type make(const form::taped<P, D>&, const tangent_value<T, D>& a) noexcept {
        type t;
        t.value = a.x;
        for (int k = 0; k < D; ++k) t.tangents[k] = a.tangent[k];
        return t;
    }
};

} // namespace detail
} // namespace warpx
