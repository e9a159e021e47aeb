// SPDX-License-Identifier: Apache-2.0
// batched.hpp: a kernel over one more leading axis, which it does not see: many calls in one launch.
#pragma once

#include "../arguments.hpp"
#include "../atomic.hpp"
#include "../forms/direct.hpp"
#include "../with_adjoint.hpp"

namespace warpx {
namespace detail {

/// The part of an array argument that belongs to one batch: the handle of any form, with its first coordinate
/// given. `Axis` is the axis type of the launch's batch, so that a pointwise access stays one.
template <class Inner, class Batch> class batch_handle {
    static constexpr int N = Inner::rank() - 1;

public:
    using element_type = typename Inner::element_type;
    using value_type = typename Inner::value_type;

    WARPX_INLINE WARPX_HOST_DEVICE batch_handle(const Inner& inner, const Batch& batch) noexcept
        : inner_(inner), batch_(batch) {}

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int rank() noexcept { return N; }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr value_type zero() noexcept { return Inner::zero(); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return inner_.extent(axis + 1);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        return inner_.stride(axis + 1);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t size() const noexcept {
        int64_t count = 1;
        for (int axis = 0; axis < N; ++axis) count *= extent(axis);
        return count;
    }

    WARPX_DETAIL_HOST_BODY template <class I>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](const I& i) const {
        if constexpr (is_index_v<I>)
            return at_index(i, std::make_integer_sequence<int, I::rank()>());
        else {
            static_assert(N == 1, "warpx: x[i] takes the index of the launch, or an integer if the array has "
                                  "one axis; write x(row, col) with one coordinate for each axis");
            return inner_(batch_, coordinate_of(i));
        }
    }
    WARPX_DETAIL_HOST_BODY template <class... I>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(const I&... i) const {
        return inner_(batch_, coordinate_of(i)...);
    }

    /// Of gradients in own adjoints: whether there is one, and taking what is consumed.
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator bool() const noexcept
        requires requires(const Inner& h) { bool(h); }
    {
        return bool(inner_);
    }
    WARPX_DETAIL_HOST_BODY template <class... I>
        requires requires(const Inner& h, const Batch& b) { h.take(b, int64_t{}); }
    WARPX_INLINE WARPX_HOST_DEVICE auto take(const I&... i) const {
        if constexpr (sizeof...(I) == 1 && (is_index_v<I> && ...))
            return take_at_index(i..., std::make_integer_sequence<int, N>());
        else
            return inner_.take(batch_, coordinate_of(i)...);
    }

    using own_atomics = void;
    WARPX_DETAIL_HOST_BODY template <class Op, class V, class... I>
    WARPX_INLINE WARPX_HOST_DEVICE auto atomic(const Op& op, const V& v, const I&... i) const {
        if constexpr ((is_index_v<I> && ...) && sizeof...(I) == 1)
            return atomic_at_index(op, v, i..., std::make_integer_sequence<int, N>());
        else
            return atomic_apply(inner_, op, batch_, coordinate_of(i)..., v);
    }

private:
    // An axis of the kernel's launch is the next one of the real launch.
    template <class I>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr const I& coordinate_of(const I& i) noexcept {
        return i;
    }
    template <int Axis, int R>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto coordinate_of(const axis<Axis, R>& i) noexcept {
        return index_access::make_axis<Axis + 1, R + 1>(static_cast<int64_t>(i));
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto coordinate_of(const index<1>& i) noexcept {
        return index_access::make_axis<1, 2>(static_cast<int64_t>(i));
    }
    template <int R, int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto at_index(const index<R>& i,
                                                           std::integer_sequence<int, Axis...>) const {
        static_assert(R == N, "warpx: the index of this launch and this array have different ranks; take the "
                              "axes apart (auto [row, col] = i;) and write x(row) or x(row, col)");
        return inner_(batch_, index_access::make_axis<Axis + 1, R + 1>(index_access::positions(i)[Axis])...);
    }
    template <int R, int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE auto take_at_index(const index<R>& i,
                                                      std::integer_sequence<int, Axis...>) const {
        return inner_.take(batch_,
                           index_access::make_axis<Axis + 1, R + 1>(index_access::positions(i)[Axis])...);
    }
    template <class Op, class V, int R, int... Axis>
    WARPX_INLINE WARPX_HOST_DEVICE auto atomic_at_index(const Op& op, const V& v, const index<R>& i,
                                                        std::integer_sequence<int, Axis...>) const {
        return atomic_apply(inner_, op, batch_,
                            index_access::make_axis<Axis + 1, R + 1>(index_access::positions(i)[Axis])..., v);
    }

    Inner inner_;
    Batch batch_;
};

/// The gradient of a scalar of one batch, for own adjoints: `ga += v`, `if (ga)`.
template <class Inner, class Batch> class batch_scalar_gradient {
public:
    WARPX_INLINE WARPX_HOST_DEVICE batch_scalar_gradient(const Inner& inner, const Batch& batch) noexcept
        : inner_(inner), batch_(batch) {}
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator bool() const noexcept { return bool(inner_); }
    template <class V>
    WARPX_INLINE WARPX_HOST_DEVICE const batch_scalar_gradient& operator+=(const V& v) const {
        inner_(static_cast<int64_t>(batch_)) += v;
        return *this;
    }
    template <class V>
    WARPX_INLINE WARPX_HOST_DEVICE const batch_scalar_gradient& operator-=(const V& v) const {
        inner_(static_cast<int64_t>(batch_)) -= v;
        return *this;
    }

private:
    Inner inner_;
    Batch batch_;
};

// What becomes of an argument of a batched launch: the part of an array, the element of a scalar's array, a
// plain number.
enum class batch_part : uint8_t { array, scalar, number };

template <batch_part Part, class Batch, class A>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto take_part(const A& a, const Batch& batch) {
    if constexpr (Part == batch_part::array)
        return batch_handle<A, Batch>(a, batch);
    else if constexpr (Part == batch_part::scalar)
        return value(a(static_cast<int64_t>(batch)));
    else
        return a;
}
/// The same of the gradients that an own adjoint receives.
template <batch_part Part, class Batch, class G>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto take_gradient_part(const G& g, const Batch& batch) {
    if constexpr (Part == batch_part::array)
        return batch_handle<G, Batch>(g, batch);
    else if constexpr (Part == batch_part::scalar)
        return batch_scalar_gradient<G, Batch>(g, batch);
    else
        return g;
}

template <int R, class Numbers> struct core_index;
template <int R, int... Axis> struct core_index<R, std::integer_sequence<int, Axis...>> {
    WARPX_INLINE WARPX_HOST_DEVICE static index<R> of(const index<R + 1>& i) noexcept {
        return index_access::make<R>(shape<R>(index_access::positions(i)[Axis + 1]...));
    }
};
template <int R> WARPX_INLINE WARPX_HOST_DEVICE index<R - 1> without_batch(const index<R>& i) noexcept {
    return core_index<R - 1, std::make_integer_sequence<int, R - 1>>::of(i);
}
template <int R> WARPX_INLINE WARPX_HOST_DEVICE axis<0, R> batch_of(const index<R>& i) noexcept {
    return index_access::make_axis<0, R>(index_access::positions(i)[0]);
}

/// The kernel `K` for a launch with one more leading axis. Made anew for each call, as K is, so that no code
/// of a device names an object of the host.
template <const auto& K, batch_part... Parts> struct batched_kernel {
    using kernel = std::remove_cvref_t<decltype(K)>;

    WARPX_DETAIL_HOST_BODY template <int R, class... A>
        requires(sizeof...(A) == sizeof...(Parts))
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE auto operator()(const index<R>& i, const A&... a) const
        -> decltype(kernel{}(without_batch(i), take_part<Parts>(a, batch_of(i))...)) {
        return kernel{}(without_batch(i), take_part<Parts>(a, batch_of(i))...);
    }
};

/// The same for a kernel with an adjoint of its own.
template <const auto& K, batch_part... Parts>
struct batched_kernel_with_adjoint : batched_kernel<K, Parts...> {
    using kernel = std::remove_cvref_t<decltype(K)>;

    WARPX_DETAIL_HOST_BODY template <int R, class... A>
        requires(sizeof...(A) == 2 * sizeof...(Parts))
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE void adjoint(const index<R>& i, const A&... a) const {
        call(i, std::make_integer_sequence<int, sizeof...(Parts)>(), a...);
    }

private:
    template <int R, int... Argument, class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE static void
    call(const index<R>& i, std::integer_sequence<int, Argument...>, const A&... a) {
        kernel{}.adjoint(
            without_batch(i), take_part<Parts>(pick<Argument>(a...), batch_of(i))...,
            take_gradient_part<Parts>(pick<Argument + int(sizeof...(Parts))>(a...), batch_of(i))...);
    }
};

template <const auto& K, batch_part... Parts>
using batched_t = std::conditional_t<has_adjoint<decltype(K)>, batched_kernel_with_adjoint<K, Parts...>,
                                     batched_kernel<K, Parts...>>;

} // namespace detail
} // namespace warpx
