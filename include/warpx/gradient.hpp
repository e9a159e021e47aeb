// SPDX-License-Identifier: Apache-2.0
// gradient.hpp: gradients of the arguments of one launch: given, left out, or of a scalar.
#pragma once

#include "arguments.hpp"

namespace warpx {

/// A scalar argument (a number, vec, mat, quat, complex) whose gradient a launch wants. Made by `with_grad`;
/// in other launches it stands for its value.
template <class T, class Device> struct scalar_with_grad {
    T value;
    array<T, 0, Device> gradient;
};

/// The arrays of an argument that is no struct, for the launch.
template <class F, class T, class D> void for_own_arrays(const F& f, const scalar_with_grad<T, D>& a) {
    f(a.gradient);
}

/// `x` with the gradient `g` in place of its own, for this launch: shared, not copied. Throws bind_error
/// unless shape and device agree.
template <class T, int N, class D>
array<T, N, D> with_grad(const array<T, N, D>& x,
                         const std::type_identity_t<array<std::remove_const_t<T>, N, D>>& g) {
    array<T, N, D> r = x;
    r.set_grad(g);
    return r;
}

/// `x` without a gradient, for this launch.
template <class T, int N, class D> array<T, N, D> without_grad(const array<T, N, D>& x) {
    array<T, N, D> r = x;
    r.clear_grad();
    return r;
}

/// A scalar argument whose gradient is added to the one element of `g`, which lies where the launch runs.
template <class T, class D>
    requires(element<T> && !detail::is_array_v<T>)
scalar_with_grad<T, D> with_grad(const T& scalar, const array<T, 0, D>& g) {
    return {scalar, g};
}
/// The same with a variable of the caller, for launches on the host.
template <class T>
    requires(element<T> && !detail::is_array_v<T>)
scalar_with_grad<T, device::host> with_grad(const T& scalar, T& g) {
    return {scalar, detail::array_access::make<array<T, 0>>(&g, {}, {}, {}, device_kind::host, 0,
                                                            memory_kind::plain)};
}

// What fits none of these, in one sentence.
template <class T, class G>
    requires(element<T> && !detail::is_array_v<T> && !detail::is_array_v<std::remove_cvref_t<G>> &&
             !(std::is_same_v<G, T&>))
scalar_with_grad<T, device::host> with_grad(const T& scalar, G&&) {
    static_assert(detail::always_false<G>,
                  "warpx::with_grad: the gradient of a scalar is a variable of the scalar's own type "
                  "(float ga = 0; with_grad(2.0f, ga)), on CUDA an array<T, 0> there");
    return {scalar, {}};
}
template <class T, int N, class D, class G>
    requires(!detail::is_array_v<std::remove_cvref_t<G>>)
array<T, N, D> with_grad(const array<T, N, D>& x, G&&) {
    static_assert(detail::always_false<G>,
                  "warpx::with_grad: the gradient of an array is an array of its shape and type: "
                  "warpx::zeros<T>(x.extents()), or from_range(v) over a container");
    return x;
}

namespace detail {

template <class A> inline constexpr bool is_scalar_with_grad = false;
template <class T, class D> inline constexpr bool is_scalar_with_grad<scalar_with_grad<T, D>> = true;

template <class T, class D> struct argument_traits<scalar_with_grad<T, D>> {
    static constexpr bool holds_arrays = true;
    static constexpr bool usable = std::is_trivially_copyable_v<T>;
};
template <class T, class D> struct devices_of<scalar_with_grad<T, D>> : devices_of<array<T, 0, D>> {};
template <class Form, int Argument, class T, class D> struct bound<Form, Argument, scalar_with_grad<T, D>> {
    using type = T;
    static const T& make(const Form&, const scalar_with_grad<T, D>& a) noexcept { return a.value; }
};

} // namespace detail
} // namespace warpx
