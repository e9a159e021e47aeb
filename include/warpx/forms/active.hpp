// SPDX-License-Identifier: Apache-2.0
// active.hpp: what both adjoint forms share: which elements have derivatives, where their gradients lie, how
// an element of several numbers is taken apart.
#pragma once

#include "../detail/gradient_memory.hpp"
#include "../detail/record_members.hpp"
#include "../struct.hpp"
#include "direct.hpp"

namespace warpx {

namespace detail {

/// Whether an element type holds real or complex numbers with derivatives, in whole or in part.
template <class T> inline constexpr bool is_active = is_active_scalar<T>;
template <class T> inline constexpr bool is_active<complex<T>> = true;
template <class T, int N> inline constexpr bool is_active<vec<T, N>> = is_active<T>;
template <class T, int R, int C> inline constexpr bool is_active<mat<T, R, C>> = is_active<T>;
template <class T> inline constexpr bool is_active<quat<T>> = is_active<T>;
template <class Fields> inline constexpr bool active_fields = false;
template <class... F> inline constexpr bool active_fields<field_list<void, F...>> = (is_active<F> || ...);
template <described S> inline constexpr bool is_active<S> = active_fields<typename struct_traits<S>::fields>;

/// What a kernel computes with for an element of type `T`, where `Number<R>` stands for the real type R.
template <class T, template <class> class Number> struct active_value {
    using type = T;
};
template <class T, template <class> class Number>
    requires is_active_scalar<T>
struct active_value<T, Number> {
    using type = Number<T>;
};
template <class T, template <class> class Number> struct active_value<complex<T>, Number> {
    using type = complex<Number<T>>;
};
template <class T, int N, template <class> class Number> struct active_value<vec<T, N>, Number> {
    using type = vec<typename active_value<T, Number>::type, N>;
};
template <class T, int R, int C, template <class> class Number> struct active_value<mat<T, R, C>, Number> {
    using type = mat<typename active_value<T, Number>::type, R, C>;
};
template <class T, template <class> class Number> struct active_value<quat<T>, Number> {
    using type = quat<typename active_value<T, Number>::type>;
};
template <described S, template <class> class Number> struct active_value<S, Number> {
    template <class F> using field = typename active_value<F, Number>::type;
    using type = typename struct_traits<S>::template rebind<field>;
};
template <class T, template <class> class Number>
using active_value_t = typename active_value<T, Number>::type;

/// How an element is made of `count` numbers of one type.
template <class T> struct components {
    static constexpr int count = 1;
    using type = T;
};
template <class T> struct components<complex<T>> {
    static constexpr int count = 2;
    using type = T;
};
template <class T, int N> struct components<vec<T, N>> {
    static constexpr int count = N;
    using type = T;
};
template <class T, int R, int C> struct components<mat<T, R, C>> {
    static constexpr int count = R * C;
    using type = T;
};
template <class T> struct components<quat<T>> {
    static constexpr int count = 4;
    using type = T;
};
template <class T> inline constexpr bool is_composite = components<T>::count > 1 || is_vec<T> || is_mat<T>;
template <class T>
using component_of =
    std::conditional_t<std::is_const_v<T>, const typename components<std::remove_const_t<T>>::type,
                       typename components<T>::type>;

/// The real type at the bottom of an element; void where it is not one throughout.
template <class T> struct leaf {
    using type = std::conditional_t<described<T>, void, T>;
};
template <class T> struct leaf<complex<T>> {
    using type = T;
};
template <class T, int N> struct leaf<vec<T, N>> : leaf<T> {};
template <class T, int R, int C> struct leaf<mat<T, R, C>> : leaf<T> {};
template <class T> struct leaf<quat<T>> {
    using type = T;
};
template <class Fields> struct leaf_of_fields;
template <class First, class... Rest> struct leaf_of_fields<field_list<void, First, Rest...>> {
    using first = typename leaf<First>::type;
    using type = std::conditional_t<(std::is_same_v<first, typename leaf<Rest>::type> && ...), first, void>;
};
template <described S>
    requires(struct_traits<S>::field_bytes == sizeof(S))
struct leaf<S> : leaf_of_fields<typename struct_traits<S>::fields> {};
template <class T> using leaf_t = typename leaf<std::remove_const_t<T>>::type;
/// Whether some number with derivatives in an element is a double.
template <class T> inline constexpr bool contains_double = std::is_same_v<leaf_t<T>, double>;
template <class Fields> inline constexpr bool double_among = false;
template <class... F>
inline constexpr bool double_among<field_list<void, F...>> = (contains_double<F> || ...);
template <described S>
inline constexpr bool contains_double<S> = double_among<typename struct_traits<S>::fields>;

/// How many numbers with derivatives an element is made of; 0 if it is not made of such alone.
template <class T>
inline constexpr int active_count =
    is_active_scalar<leaf_t<T>>
        ? static_cast<int>(sizeof(T) / sizeof(std::conditional_t<std::is_void_v<leaf_t<T>>, T, leaf_t<T>>))
        : 0;

/// The K-th number of a composite value: by constants, never in a loop, so that it may stay in a register.
template <int K, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto& component_at(V& v) noexcept {
    using T = std::remove_const_t<V>;
    if constexpr (is_mat<T>) {
        return v(K / T::columns(), K % T::columns());
    } else if constexpr (components<T>::count > 4) {
        return v.e[K];
    } else if constexpr (K == 0) {
        return v.x;
    } else if constexpr (K == 1) {
        return v.y;
    } else if constexpr (K == 2) {
        return v.z;
    } else {
        return v.w;
    }
}
template <class V, class F, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void set_components(V& v, const F& f, std::integer_sequence<int, K...>) {
    ((component_at<K>(v) = f(K)), ...);
}
template <class V, class F, int... K>
WARPX_INLINE WARPX_HOST_DEVICE void each_component(const V& v, const F& f, std::integer_sequence<int, K...>) {
    (f(K, component_at<K>(v)), ...);
}

/// The value of a composite element, from `f(k)` for its k-th number.
template <class T, class V, class F> WARPX_INLINE WARPX_HOST_DEVICE V make_composite(const F& f) {
    if constexpr (is_complex<T>) {
        return V(f(0), f(1));
    } else {
        V v{};
        set_components(v, f, std::make_integer_sequence<int, components<T>::count>());
        return v;
    }
}
/// Calls f(k, number) for the numbers of a composite value.
template <class T, class V, class F>
WARPX_INLINE WARPX_HOST_DEVICE void each_component(const V& v, const F& f) {
    if constexpr (is_complex<T>)
        f(0, v.real()), f(1, v.imag());
    else
        each_component(v, f, std::make_integer_sequence<int, components<T>::count>());
}

/// The real type `T`, or its dual number in `D` directions.
template <class T, int D> struct scalar_type {
    using type = dual<T, D>;
};
template <class T> struct scalar_type<T, 0> {
    using type = T;
};
template <class T, int D> using scalar_of = typename scalar_type<T, D>::type;

template <class S> struct plain_type {
    using type = S;
};
template <class S>
    requires is_differentiable<S>
struct plain_type<S> {
    using type = typename S::plain;
};
template <class S> using plain_of = typename plain_type<S>::type;
template <class S> WARPX_INLINE WARPX_HOST_DEVICE constexpr plain_of<S> root_of(const S& s) noexcept {
    if constexpr (is_differentiable<S>)
        return s.root();
    else
        return s;
}

/// A number of the value `s` as an element of the small type `T` would hold it.
template <class T, class S> WARPX_INLINE WARPX_HOST_DEVICE constexpr S as_stored(const S& s) {
    if constexpr (!is_small_float<T>)
        return s;
    else if constexpr (is_differentiable<S>)
        return S::shifted(static_cast<plain_of<S>>(static_cast<T>(s.root())), s);
    else
        return static_cast<S>(static_cast<T>(s));
}

/// Where the gradient of one number is, and with `D` directions of tangents its tangents.
template <class P, int D> struct active_memory {
    gradient_slot_of<P> gradient;
    int argument = 0;      // of the launch
    bool retained = false; // the gradient of what is only written stays

    WARPX_HOST_DEVICE constexpr bool has_gradient() const noexcept { return gradient.data != nullptr; }
    /// Whether memory carries all of an adjoint from a read back to the write before it.
    WARPX_HOST_DEVICE constexpr bool carries() const noexcept { return has_gradient(); }
    WARPX_HOST_DEVICE constexpr const gradient_slot_of<P>& slot() const noexcept { return gradient; }
    WARPX_HOST_DEVICE constexpr active_memory moved(int64_t bytes) const noexcept {
        active_memory m = *this;
        if (m.gradient.data != nullptr) m.gradient.data = static_cast<char*>(m.gradient.data) + bytes;
        return m;
    }
    template <class T, class S> WARPX_HOST_DEVICE S load(const T* data) const {
        return static_cast<S>(*data);
    }
};
template <class P, int D>
    requires(D > 0)
struct active_memory<P, D> {
    gradient_slot_of<P> gradient;
    const void* tangent = nullptr; // of the value
    int64_t tangent_step = 0;
    int argument = 0;
    bool retained = false;

    WARPX_HOST_DEVICE constexpr bool has_gradient() const noexcept {
        return gradient.data != nullptr || gradient.tangent != nullptr;
    }
    WARPX_HOST_DEVICE constexpr bool carries() const noexcept {
        return gradient.data != nullptr && gradient.tangent != nullptr;
    }
    WARPX_HOST_DEVICE constexpr const gradient_slot_of<P>& slot() const noexcept { return gradient; }
    WARPX_HOST_DEVICE constexpr active_memory moved(int64_t bytes) const noexcept {
        active_memory m = *this;
        if (m.gradient.data != nullptr) m.gradient.data = static_cast<char*>(m.gradient.data) + bytes;
        if (m.gradient.tangent != nullptr)
            m.gradient.tangent = static_cast<char*>(m.gradient.tangent) + bytes;
        if (m.tangent != nullptr) m.tangent = static_cast<const char*>(m.tangent) + bytes;
        return m;
    }
    template <class T, class S> WARPX_HOST_DEVICE S load(const T* data) const {
        S s(static_cast<plain_of<S>>(*data));
        if (tangent != nullptr)
            for (int k = 0; k < D; ++k)
                s.d[k] = static_cast<plain_of<S>>(static_cast<const T*>(tangent)[k * tangent_step]);
        return s;
    }
};

/// An array argument as an adjoint launch sees it. Strides of gradients and tangents are their own.
template <class T, int N> struct active_array {
    using V = std::remove_const_t<T>;
    T* data = nullptr;
    shape<N> extents, strides;
    V* gradient = nullptr;
    shape<N> gradient_strides;
    V* tangent = nullptr;
    shape<N> tangent_strides;
    int64_t tangent_step = 0; // elements from one direction to the next
    V* gradient_tangent = nullptr;
    shape<N> gradient_tangent_strides;
    int64_t gradient_tangent_step = 0;
    int argument = 0;
    bool retained = false;

    WARPX_HOST_DEVICE int64_t extent(int axis) const noexcept { return extents[axis]; }
    WARPX_HOST_DEVICE int64_t stride(int axis) const noexcept { return strides[axis]; }
    template <class P, int D>
    WARPX_HOST_DEVICE active_memory<P, D> memory(const shape<N>& position) const noexcept {
        active_memory<P, D> m;
        if (gradient != nullptr) m.gradient.data = gradient + offset(position, gradient_strides);
        m.argument = argument;
        m.retained = retained;
        if constexpr (D > 0) {
            constexpr int64_t scalars = components<V>::count;
            if (gradient_tangent != nullptr)
                m.gradient.tangent = gradient_tangent + offset(position, gradient_tangent_strides);
            m.gradient.step = gradient_tangent_step * scalars;
            if (tangent != nullptr) m.tangent = tangent + offset(position, tangent_strides);
            m.tangent_step = tangent_step * scalars;
        }
        return m;
    }
    WARPX_HOST_DEVICE static int64_t offset(const shape<N>& position, const shape<N>& strides) noexcept {
        int64_t at = 0;
        for (int axis = 0; axis < N; ++axis) at += position[axis] * strides[axis];
        return at;
    }
};

/// What an atomic returns in an adjoint: nothing that could be used.
struct atomics_run_again {
    template <class U> WARPX_HOST_DEVICE static constexpr void refuse() {
        static_assert(
            always_false<U>,
            "warpx::launch_adjoint: the kernel uses the value that an atomic returned; it is not the "
            "same when the kernel runs again for its gradient. Compute such indices in a launch of "
            "their own, or give the kernel its own adjoint (with_adjoint)");
    }
};
using no_former_value = unusable<atomics_run_again>;

/// The atomics of a handle whose `Access` records additions.
template <class Self, class T, class Access> struct active_atomics {
    using own_atomics = void;

    template <class Op, class V, class... I>
    WARPX_HOST_DEVICE no_former_value atomic(const Op&, const V& v, const I&... i) const {
        constexpr bool adds = std::is_same_v<Op, add_op>, subtracts = std::is_same_v<Op, subtract_op>;
        if constexpr (is_active<T>) {
            static_assert(
                adds || subtracts,
                "warpx::launch_adjoint: of the atomics, atomic_add and atomic_sub have a derivative; for "
                "others give the kernel its own adjoint (with_adjoint)");
            if constexpr (adds || subtracts) {
                using value_type = accessed_t<T, Access>;
                const auto place = static_cast<const Self&>(*this).place_at(i...);
                if constexpr (adds)
                    Access::add(place, static_cast<value_type>(v));
                else
                    Access::add(place, static_cast<value_type>(-v));
            }
        }
        return {};
    }
};

} // namespace detail
} // namespace warpx
