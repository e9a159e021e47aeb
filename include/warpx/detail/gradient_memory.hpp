// SPDX-License-Identifier: Apache-2.0
// gradient_memory.hpp: how the adjoint forms read, add to and clear the elements of gradients.
#pragma once

#include "../atomic.hpp"
#include "../dual.hpp"
#include "exact_sum.hpp"

namespace warpx::detail {

/// The types that gradients are stored in, as a number that a tape can keep.
enum class stored_as : int { float32, float64, float16, brain16 };
template <class T>
inline constexpr stored_as stored_as_v = std::is_same_v<T, double>     ? stored_as::float64
                                         : std::is_same_v<T, half>     ? stored_as::float16
                                         : std::is_same_v<T, bfloat16> ? stored_as::brain16
                                                                       : stored_as::float32;

/// A real type with a derivative: what else an array holds is passive.
template <class T>
inline constexpr bool is_active_scalar = std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                         std::is_same_v<T, half> || std::is_same_v<T, bfloat16>;

/// Where the gradient of one real number lies. Null: it has none. For forward over reverse (`P` a dual) the
/// tangents of that gradient lie elsewhere, `step` elements from one direction to the next.
template <class P> struct gradient_slot_of {
    void* data = nullptr;
};
template <class T, int D> struct gradient_slot_of<dual<T, D>> {
    void* data = nullptr;
    void* tangent = nullptr;
    int64_t step = 0;
};

template <class T, class P> WARPX_INLINE WARPX_HOST_DEVICE P read_gradient(const gradient_slot_of<P>& s) {
    if constexpr (std::is_floating_point_v<P>) {
        return s.data == nullptr ? P(0) : static_cast<P>(*static_cast<const T*>(s.data));
    } else {
        using R = typename P::plain;
        P g(s.data == nullptr ? R(0) : static_cast<R>(*static_cast<const T*>(s.data)));
        if (s.tangent != nullptr)
            for (int k = 0; k < P::directions; ++k)
                g.d[k] = static_cast<R>(static_cast<const T*>(s.tangent)[k * s.step]);
        return g;
    }
}
template <class T, class P> WARPX_INLINE WARPX_HOST_DEVICE void clear_gradient(const gradient_slot_of<P>& s) {
    if (s.data != nullptr) *static_cast<T*>(s.data) = static_cast<T>(0.0f);
    if constexpr (!std::is_floating_point_v<P>) {
        if (s.tangent != nullptr)
            for (int k = 0; k < P::directions; ++k)
                static_cast<T*>(s.tangent)[k * s.step] = static_cast<T>(0.0f);
    }
}
/// How items of a launch add to gradients: atomically, if neither says otherwise.
struct additions {
    bool alone = false;                // this thread runs all items
    const exact_sums* exact = nullptr; // sums that are added later (CUDA, deterministic)
};
template <class T, class P>
WARPX_INLINE WARPX_HOST_DEVICE void add_to_number(T* place, P v, const additions& how) {
#if defined(__CUDA_ARCH__)
    if (how.exact != nullptr && how.exact->add(place, v)) return;
#else
    if (how.alone) {
        *place = static_cast<T>(static_cast<P>(static_cast<compute_t<T>>(*place)) + v);
        return;
    }
#endif
    (void)atomic_add_scalar(place, static_cast<T>(v));
}
template <class T, class P>
WARPX_INLINE WARPX_HOST_DEVICE void add_gradient(const gradient_slot_of<P>& s, const P& v,
                                                 const additions& how) {
    if constexpr (std::is_floating_point_v<P>) {
        if (s.data != nullptr) add_to_number(static_cast<T*>(s.data), v, how);
    } else {
        if (s.data != nullptr) add_to_number(static_cast<T*>(s.data), v.root(), how);
        if (s.tangent != nullptr)
            for (int k = 0; k < P::directions; ++k)
                add_to_number(static_cast<T*>(s.tangent) + k * s.step, v.d[k], how);
    }
}

/// The set of the types that gradients of a launch are stored in, as bits.
template <class T> inline constexpr unsigned stored_bit = 1u << static_cast<int>(stored_as_v<T>);

/// The same for a type known by its number; `Types` is the set of those that occur.
template <unsigned Types, class F>
WARPX_INLINE WARPX_HOST_DEVICE void with_stored_type_of(stored_as type, const F& f) {
    constexpr unsigned f32 = stored_bit<float>, f64 = stored_bit<double>, f16 = stored_bit<half>,
                       b16 = stored_bit<bfloat16>;
    if constexpr (Types == f32) {
        f(float{});
    } else if constexpr (Types == f64) {
        f(double{});
    } else {
        if constexpr ((Types & f32) != 0)
            if (type == stored_as::float32) f(float{});
        if constexpr ((Types & f64) != 0)
            if (type == stored_as::float64) f(double{});
        if constexpr ((Types & f16) != 0)
            if (type == stored_as::float16) f(half{});
        if constexpr ((Types & b16) != 0)
            if (type == stored_as::brain16) f(bfloat16{});
    }
}
/// The same for a type known by its number.
template <class F> WARPX_INLINE WARPX_HOST_DEVICE void with_stored_type(stored_as type, const F& f) {
    type == stored_as::float32   ? f(float{})
    : type == stored_as::float64 ? f(double{})
    : type == stored_as::float16 ? f(half{})
                                 : f(bfloat16{});
}

} // namespace warpx::detail
