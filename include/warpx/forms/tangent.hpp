// SPDX-License-Identifier: Apache-2.0
// tangent.hpp: the tangent form: elements are dual numbers, their derivatives lie in a second array.
#pragma once

#include "../arguments.hpp"
#include "active.hpp"
#include "checked.hpp"

namespace warpx {

/// An array with its tangents, as `with_tangent` makes it.
///   D        the number of directions
///   Shared   whether the tangents have a leading axis of extent D (else D is 1, and the shape that of x)
template <class T, class Tangent, int N, class Device, int D, bool Shared> struct tangent_array {
    array<T, N, Device> x;
    array<Tangent, N + (Shared ? 1 : 0), Device> tangent;
};

/// A value with its tangents.
template <class T, int D> struct tangent_value {
    T x;
    T tangent[D];
};

namespace detail {

/// Where an element lies, and its tangents: the same bytes of another array, `step` bytes from one direction
/// to the next.
template <class T> struct tangent_place {
    T* data = nullptr;
    T* tangent = nullptr;
    int64_t step = 0;

    WARPX_HOST_DEVICE constexpr tangent_place() noexcept {}
    WARPX_HOST_DEVICE constexpr tangent_place(T* d, T* t, int64_t s) noexcept
        : data(d), tangent(t), step(s) {}
    template <class U>
        requires std::is_same_v<const U, T>
    WARPX_HOST_DEVICE constexpr tangent_place(const tangent_place<U>& o) noexcept
        : data(o.data), tangent(o.tangent), step(o.step) {}

    WARPX_INLINE WARPX_HOST_DEVICE T* at(int direction) const noexcept {
        return reinterpret_cast<T*>(reinterpret_cast<copy_const_t<char, T>*>(tangent) + direction * step);
    }
    /// The k-th of the numbers of type C that an element is made of.
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE auto number(int k) const noexcept {
        using P = copy_const_t<C, T>;
        return tangent_place<P>(reinterpret_cast<P*>(data) + k, reinterpret_cast<P*>(tangent) + k, step);
    }
};

template <int D, bool Carries, class T> struct tangent_access_of;
template <int D, bool Carries, class T>
using tangent_access_t = typename tangent_access_of<D, Carries, std::remove_const_t<T>>::type;

/// Elements with tangents, or (`Carries` false) elements that are constants of the launch. `Value` is what a
/// kernel computes with: as a template argument, so that its operators are found.
template <int D, bool Carries, class Value> struct tangent_access {
    template <class R> using number = dual<compute_t<R>, D>;
    template <class T> using place = tangent_place<T>;
    template <class T> using value = active_value_t<T, number>;
    template <class F> using access_of_field = tangent_access_t<D, Carries, F>;
    /// `c ? x[i] : b[i]` of an array with and one without tangents is a value.
    template <class Other>
    static constexpr bool takes = Carries && std::is_same_v<Other, tangent_access<D, false, Value>>;

    template <class T> WARPX_HOST_DEVICE static constexpr auto load(const tangent_place<T>& p) noexcept {
        using E = std::remove_const_t<T>;
        if constexpr (is_composite<E>) {
            using C = typename components<E>::type;
            return make_composite<E, value<E>>([&p](int k) { return load(p.template number<C>(k)); });
        } else {
            using S = compute_t<E>;
            dual<S, D> n(static_cast<S>(*p.data));
            if constexpr (Carries) {
                n.d.x = static_cast<S>(*p.tangent);
                for (int k = 1; k < D; ++k) n.d[k] = static_cast<S>(*p.at(k));
            }
            return n;
        }
    }
    template <class T, class V>
    WARPX_HOST_DEVICE static constexpr void store(const tangent_place<T>& p, const V& v) noexcept {
        static_assert(Carries || always_false<T>,
                      "warpx::launch_tangent: the kernel writes an array of floating-point numbers that was "
                      "passed without tangents, which would drop derivatives; pass with_tangent(y, ty)");
        if constexpr (is_composite<T>) {
            using C = typename components<T>::type;
            each_component<T>(v, [&p](int k, const auto& c) { store(p.template number<C>(k), c); });
        } else {
            *p.data = static_cast<T>(v.v);
            *p.tangent = static_cast<T>(v.d[0]);
            for (int k = 1; k < D; ++k) *p.at(k) = static_cast<T>(v.d[k]);
        }
    }
    template <class T, class C>
    WARPX_HOST_DEVICE static constexpr auto part(const tangent_place<T>& p, C* component) noexcept {
        if constexpr (!is_active<std::remove_const_t<C>>) {
            return component;
        } else if constexpr (!Carries) {
            return place<C>(component, nullptr, 0);
        } else {
            using bytes = copy_const_t<char, C>;
            const auto offset =
                reinterpret_cast<const char*>(component) - reinterpret_cast<const char*>(p.data);
            return place<C>(component, reinterpret_cast<C*>(reinterpret_cast<bytes*>(p.tangent) + offset),
                            p.step);
        }
    }
    /// The K-th component: g++ does not see through the difference of addresses.
    template <int K, class T, class C>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr auto numbered_part(const tangent_place<T>& p,
                                                                       C* component) noexcept {
        if constexpr (!is_active<std::remove_const_t<C>>)
            return component;
        else if constexpr (!Carries)
            return place<C>(component, nullptr, 0);
        else
            return place<C>(component, reinterpret_cast<C*>(p.tangent) + K, p.step);
    }
    template <class T> WARPX_HOST_DEVICE static constexpr T* pointer(const tangent_place<T>& p) noexcept {
        return p.data;
    }
    template <class T> WARPX_HOST_DEVICE static constexpr void used(const tangent_place<T>&) noexcept {}
};

/// The access to elements of type T: the ordinary one where there are no derivatives.
template <int D, bool Carries, class T> struct tangent_access_of {
    template <class R> using number = dual<compute_t<R>, D>;
    using type = std::conditional_t<is_active<T>, tangent_access<D, Carries, active_value_t<T, number>>,
                                    direct_access>;
};

/// Memory without gaps, and memory with any strides.
template <class T, int N, class Layout> class tangent_memory : public Layout {
public:
    template <class Device>
    tangent_memory(const array<T, N, Device>& a, const launch_site*) noexcept
        : Layout(a), data_(a.data_handle()) {}
    WARPX_INLINE WARPX_HOST_DEVICE T* address(const shape<N>& position) const noexcept {
        return data_ + this->offset(position);
    }

private:
    T* data_;
};

/// An array argument with tangents (`Carries`), or without.
template <class T, int N, int D, bool Carries, class Memory, class Layout>
class tangent_handle : public Memory,
                       public handle_interface<tangent_handle<T, N, D, Carries, Memory, Layout>, T, N> {
public:
    using access = tangent_access_t<D, Carries, T>;
    using value_type = accessed_t<T, access>;
    using own_atomics = void;

    template <class Device>
    tangent_handle(const array<T, N, Device>& a, const launch_site* site) noexcept
        : Memory(a, site), tangents_() {}
    template <class Tangent, class Device, bool Shared>
    tangent_handle(const tangent_array<T, Tangent, N, Device, D, Shared>& a, const launch_site* site) noexcept
        : Memory(a.x, site), tangents_(a.tangent) {}

    WARPX_HOST_DEVICE static constexpr value_type zero() noexcept { return value_type{}; }
    /// For atomics to know an array: pointers to numbers carry no tangents.
    WARPX_HOST_DEVICE const void* data_handle() const noexcept { return nullptr; }

    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE tangent_place<T> at(const shape<N>& position) const {
        T* const data = this->address(position);
        if constexpr (Carries)
            return {data, tangents_.data + tangents_.layout.offset(position), tangents_.step};
        else
            return {data, nullptr, 0};
    }
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE located<T, access> place(const shape<N>& position) const {
        return located<T, access>(at(position));
    }

    /// atomic_add and atomic_sub: of the value and of each tangent.
    WARPX_DETAIL_HOST_BODY template <class Op, class V, class... I>
    WARPX_HOST_DEVICE auto atomic(const Op& op, const V& v, const I&... i) const {
        const tangent_place<T> p = at_coordinates(i...);
        if constexpr (!is_active<T>) {
            return op(p.data, static_cast<T>(v));
        } else {
            constexpr bool adds = std::is_same_v<Op, add_op> || std::is_same_v<Op, subtract_op>;
            static_assert(adds,
                          "warpx::launch_tangent: of the atomics on floating-point numbers, atomic_add and "
                          "atomic_sub have a tangent");
            static_assert(Carries,
                          "warpx::launch_tangent: the kernel adds to an array of floating-point numbers "
                          "that was passed without tangents, which would drop derivatives; pass "
                          "with_tangent(y, ty)");
            static_assert(!described<T>,
                          "warpx::launch_tangent: atomics on structs have no tangent; add to arrays "
                          "of their fields");
            if constexpr (adds && Carries && !described<T>) {
                T sum, sums[D];
                const tangent_place<T> local(&sum, sums, sizeof(T));
                access::store(local, static_cast<value_type>(v));
                sum = op(p.data, sum);
                for (int k = 0; k < D; ++k) sums[k] = op(p.at(k), sums[k]);
                return access::load(local);
            } else {
                return value_type{};
            }
        }
    }

private:
    struct with_tangents {
        T* data = nullptr;
        int64_t step = 0;
        Layout layout;

        with_tangents() = default;
        template <class A>
        explicit with_tangents(const A& a) noexcept : data(const_cast<T*>(a.data_handle())) {
            if constexpr (A::rank() == N) {
                layout = Layout(a);
            } else {
                layout = Layout(direction(a));
                step = a.stride(0) * static_cast<int64_t>(sizeof(T));
            }
        }
        template <class Tangent, class Device>
        static auto direction(const array<Tangent, N + 1, Device>& a) noexcept {
            struct {
                shape<N> extents_, strides_;
                const shape<N>& extents() const noexcept { return extents_; }
                const shape<N>& strides() const noexcept { return strides_; }
            } first;
            for (int axis = 0; axis < N; ++axis) {
                first.extents_[axis] = a.extent(axis + 1);
                first.strides_[axis] = a.stride(axis + 1);
            }
            return first;
        }
    };
    struct without_tangents {};

    template <class... I> WARPX_HOST_DEVICE tangent_place<T> at_coordinates(const I&... i) const {
        if constexpr ((is_index_v<I> && ...) && sizeof...(I) == 1) {
            return at(index_access::positions(i...));
        } else {
            static_assert(sizeof...(I) == N,
                          "warpx: an atomic takes the array, one coordinate for each of its axes "
                          "(or the index), and the value");
            if constexpr (sizeof...(I) == N)
                return at(shape<N>(static_cast<int64_t>(i)...));
            else
                return {};
        }
    }

    [[no_unique_address]] std::conditional_t<Carries, with_tangents, without_tangents> tangents_;
};

} // namespace detail

namespace form {

/// Dual numbers in D directions, over memory that lies row by row without gaps (`compact_layout`), anywhere
/// (`strided_layout`), or is compared with the extents (`Checked`).
template <int D, template <int> class Layout, bool Checked> struct tangent {
    const detail::launch_site* site = nullptr;

    template <class T, int N, int Argument>
    using memory = std::conditional_t<Checked, detail::checked_memory<T, N, Argument>,
                                      detail::tangent_memory<T, N, Layout<N>>>;
    template <class T, int N, int Argument>
    using passive_handle = std::conditional_t<Checked, detail::checked_handle<T, N, Argument>,
                                              detail::direct_handle<T, N, Layout<N>>>;
    template <class T, int N, int Argument>
    using handle =
        std::conditional_t<detail::is_active<std::remove_const_t<T>>,
                           detail::tangent_handle<T, N, D, false, memory<T, N, Argument>, Layout<N>>,
                           passive_handle<T, N, Argument>>;
    template <class T, int N, int Argument>
    using carrying_handle = detail::tangent_handle<T, N, D, true, memory<T, N, Argument>, Layout<N>>;

    template <int Argument, class T, int N, class Device>
    auto make(const array<T, N, Device>& a) const noexcept {
        if constexpr (!Checked && !detail::is_active<std::remove_const_t<T>>)
            return handle<T, N, Argument>(a);
        else
            return handle<T, N, Argument>(a, site);
    }
};

} // namespace form

namespace detail {

// What else a kernel receives: in the tangent form, and (for the rules of a launch) in any other.
template <class Form, int Argument, class T, class Tangent, int N, class Device, int D, bool Shared>
struct bound<Form, Argument, tangent_array<T, Tangent, N, Device, D, Shared>>
    : bound<Form, Argument, array<T, N, Device>> {};
template <class Form, int Argument, class T, int D>
struct bound<Form, Argument, tangent_value<T, D>> : bound<Form, Argument, T> {};

template <int D, template <int> class Layout, bool Checked, int Argument, class T, class Tangent, int N,
          class Device, bool Shared>
struct bound<form::tangent<D, Layout, Checked>, Argument, tangent_array<T, Tangent, N, Device, D, Shared>> {
    /// Tangents for reading make an array for reading.
    using element = std::conditional_t<std::is_const_v<Tangent>, const T, T>;
    using form_type = form::tangent<D, Layout, Checked>;
    using type = typename form_type::template carrying_handle<element, N, Argument>;
    static type make(const form_type& form,
                     const tangent_array<T, Tangent, N, Device, D, Shared>& a) noexcept {
        return type(tangent_array<element, Tangent, N, Device, D, Shared>{a.x, a.tangent}, form.site);
    }
};
template <int D, template <int> class Layout, bool Checked, int Argument, class T>
struct bound<form::tangent<D, Layout, Checked>, Argument, tangent_value<T, D>> {
    using type = accessed_t<T, tangent_access_t<D, true, T>>;
    static type make(const form::tangent<D, Layout, Checked>&, const tangent_value<T, D>& v) noexcept {
        T x = v.x, tangents[D];
        for (int k = 0; k < D; ++k) tangents[k] = v.tangent[k];
        return tangent_access_t<D, true, T>::load(tangent_place<T>(&x, tangents, sizeof(T)));
    }
};

template <class T, class Tangent, int N, class Device, int D, bool Shared>
struct argument_traits<tangent_array<T, Tangent, N, Device, D, Shared>> {
    static constexpr bool holds_arrays = true;
    static constexpr bool usable = true;
};
template <class T, class Tangent, int N, class Device, int D, bool Shared>
struct devices_of<tangent_array<T, Tangent, N, Device, D, Shared>> : devices_of<array<T, N, Device>> {};

/// In how many directions an argument has tangents: 0 for a constant.
template <class A> inline constexpr int directions_of = 0;
template <class T, class Tangent, int N, class Device, int D, bool Shared>
inline constexpr int directions_of<tangent_array<T, Tangent, N, Device, D, Shared>> = D;
template <class T, int D> inline constexpr int directions_of<tangent_value<T, D>> = D;

} // namespace detail

/// The arrays of the argument, for what looks at all arrays of a launch.
template <class T, class Tangent, int N, class Device, int D, bool Shared>
struct struct_traits<tangent_array<T, Tangent, N, Device, D, Shared>> {
    template <class F> static void each(F f, const tangent_array<T, Tangent, N, Device, D, Shared>& a) {
        f(a.x), f(a.tangent);
    }
};

} // namespace warpx
