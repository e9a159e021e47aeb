// SPDX-License-Identifier: Apache-2.0
// stop_gradient.hpp: the value without its derivatives.
#pragma once

#include "complex.hpp"
#include "mat.hpp"
#include "quat.hpp"
#include "vec.hpp"

namespace warpx {

/// x as a constant: the same value and type, with no derivative; x itself where a kernel runs without
/// derivatives. For numbers, and component by component for vectors, matrices, quaternions and complex
/// numbers, plain or located.
template <class X>
WARPX_INLINE WARPX_HOST_DEVICE constexpr value_type_t<X> stop_gradient(const X& x) noexcept {
    using V = value_type_t<X>;
    if constexpr (detail::differentiable<V>) {
        return V(value_traits<X>::get(x).root());
    } else if constexpr (!requires { typename V::value_type; }) {
        return value(x);
    } else if constexpr (!detail::differentiable<typename V::value_type>) {
        return value(x);
    } else {
        const V v = value(x);
        const auto stop = [](const typename V::value_type& c) { return typename V::value_type(c.root()); };
        if constexpr (detail::is_vec<V>) {
            return detail::map_components<V::size()>(stop, v);
        } else if constexpr (detail::is_complex<V>) {
            return V(stop(v.real()), stop(v.imag()));
        } else if constexpr (detail::is_quat<V>) {
            return V(stop(v.x), stop(v.y), stop(v.z), stop(v.w));
        } else {
            V m{};
            for (int r = 0; r < V::rows(); ++r)
                for (int c = 0; c < V::columns(); ++c) m(r, c) = stop(v(r, c));
            return m;
        }
    }
}

} // namespace warpx
