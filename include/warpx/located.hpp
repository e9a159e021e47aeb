// SPDX-License-Identifier: Apache-2.0
// located.hpp: what `x[i]` returns: the value that was read, and the place it came from.
#pragma once

#include "detail/located_operators.hpp"
#include "element.hpp"
#include "index.hpp"

#include <utility>

namespace warpx {

/// How a located value reaches memory. This one uses plain pointers; a form with other needs (tracing, say)
/// brings its own: `place<T>` names where a `T` lies, `value<T>` is what a kernel computes with for it,
/// `load` and `store` read and write it, `part` names a component within it, `used` hears that a value was
/// needed, and `add`, where a form has one, is `y[i] += e`.
struct direct_access {
    template <class T> using place = T*;
    template <class T> using value = T;
    /// A bool is read as a byte, because the read may be dead and the memory not yet written.
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr std::remove_const_t<T> load(T* place) noexcept {
        if constexpr (std::is_same_v<std::remove_const_t<T>, bool>)
            return *reinterpret_cast<const unsigned char*>(place) != 0;
        else
            return *place;
    }
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr void store(T* place, const T& v) noexcept {
        *place = v;
    }
    template <class T, class C>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr C* part(T*, C* component) noexcept {
        return component;
    }
    template <class T> WARPX_INLINE WARPX_HOST_DEVICE static constexpr T* pointer(T* place) noexcept {
        return place;
    }
    /// The value that was read is needed (it often is not: `y[i] = e`).
    template <class T> WARPX_INLINE WARPX_HOST_DEVICE static constexpr void used(T*) noexcept {}
};

template <class T, class Access = direct_access> class located;

/// What a kernel computes with for an element of type `T`.
template <class T, class Access> using accessed_t = typename Access::template value<std::remove_const_t<T>>;

/// A writable located value becomes a read-only one where the form can say so: `c ? x[i] : y[i]` then has a
/// type if x is `array<const T, N>` and y `array<T, N>`.
template <class U, class T, class Access>
concept relocates =
    std::is_same_v<const U, T> &&
    std::is_convertible_v<typename Access::template place<U>, typename Access::template place<T>>;

/// An element of another array of the launch becomes a value without a place, where the form says so.
template <class U, class Other, class T, class Access>
concept gives_value = std::is_same_v<std::remove_const_t<U>, std::remove_const_t<T>> &&
                      requires { requires Access::template takes<Other>; };

namespace detail {

/// The value part and the place part of elements that are read and written whole.
template <class T, class Access> class located_whole {
public:
    using value_type = accessed_t<T, Access>;
    using place_type = typename Access::template place<T>;

    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located_whole(place_type place)
        : value_(Access::load(place)), place_(place) {}
    /// A value without a place: a local variable.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located_whole(const value_type& v) noexcept
        : value_(v), place_() {}
    [[gnu::always_inline]] constexpr located_whole(const located_whole&) = default;
    [[gnu::always_inline]] constexpr located_whole& operator=(const located_whole&) = default;
    [[gnu::always_inline]] constexpr ~located_whole() = default;
    /// The same element, for reading only.
    template <class U>
        requires std::is_same_v<const U, T>
    WARPX_INLINE
        WARPX_HOST_DEVICE constexpr explicit located_whole(const located_whole<U, Access>& o) noexcept
        : value_(o.value_), place_(o.place_) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr const value_type& get() const {
        Access::used(place_);
        return value_;
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void assign_local(const V& v) noexcept {
        value_ = static_cast<value_type>(v);
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void store(const V& v) {
        forget();
        value_ = static_cast<value_type>(v);
        Access::store(place_, value_);
    }
    /// The local value, and `+= v` on the place, for forms in which these are operations of their own.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr value_type& local() noexcept { return value_; }
    template <class V>
        requires requires(const place_type& p, const value_type& v) { Access::add(p, v); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void add(const V& v) {
        forget();
        Access::add(place_, static_cast<value_type>(v));
    }

protected:
    template <class, class> friend class located_whole;
    /// Tells a form which records reads that this one was none.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void forget() const {
        if constexpr (requires { Access::forget(value_); }) Access::forget(value_);
    }
    value_type value_;
    place_type place_;
};

} // namespace detail

/// One element of an array inside a kernel: holds the value that was read when it was made.
/// - `auto t = y[i];` is a local variable: later writes to `y[i]` do not change `t`, and writing `t` (or an
///   `auto&& t = y[i]`) does not change `y`.
/// - `y[i] = e; y[i] += e;` write the element.
///
/// It converts to the plain value wherever one is needed; it has no address and does not bind to `auto&`.
/// Vectors of 2 to 4 components and quaternions have located members `x, y, z, w` (`v[i].x = e` writes that
/// component); larger vectors use `v[i][k]`, matrices `m[i](r, c)`, structs described with `WARPX_STRUCT`
/// their field names.
template <class T, class Access>
class located : public detail::located_whole<T, Access>,
                public detail::located_operators<located<T, Access>, std::is_const_v<T>>,
                public detail::located_compute<located<T, Access>, accessed_t<T, Access>> {
    using whole = detail::located_whole<T, Access>;
    using operators = detail::located_operators<located<T, Access>, std::is_const_v<T>>;

public:
    using operators::set;
    using typename whole::value_type;
    // Not inherited: nothing forces an inherited constructor inline.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located(typename Access::template place<T> place)
        : whole(place) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located(const value_type& v) noexcept : whole(v) {}
    [[gnu::always_inline]] constexpr located(const located&) noexcept = default;
    [[gnu::always_inline]] constexpr ~located() = default;
    template <class U>
        requires relocates<U, T, Access>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const located<U, Access>& o) noexcept : whole(o) {}
    /// Where numbers have derivatives, a constant becomes a value without a place: `c ? x[i] : 0.0f`.
    template <class U>
        requires(detail::differentiable<value_type> && std::is_arithmetic_v<U>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const U& u) noexcept : whole(value_type(u)) {}
    template <class U, class Other>
        requires gives_value<U, Other, T, Access>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const located<U, Other>& o) noexcept : whole(o.get()) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr
    operator std::conditional_t<detail::copy_records<value_type>, const value_type&, value_type>() const {
        return this->get();
    }

    // clang-format off
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const located& o) & { return set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const located& o) && { return std::move(*this).set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const value_type& v) & { return set(v); } // braces: v[i] = {1, 2}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const value_type& v) && { return std::move(*this).set(v); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const U& u) & { return set(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const U& u) && { return std::move(*this).set(value(u)); }
    // clang-format on

    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto real() const
        requires requires(value_type v) { v.real(); }
    {
        return this->get().real();
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto imag() const
        requires requires(value_type v) { v.imag(); }
    {
        return this->get().imag();
    }

    /// Component `k` of a vector: writable place on a temporary, reference into the local value otherwise.
    template <coordinate I>
        requires detail::is_vec<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](I k) && {
        return component((*Access::pointer(this->place_))[static_cast<int>(k)]);
    }
    template <coordinate I>
        requires detail::is_vec<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto& operator[](I k) & {
        Access::used(this->place_);
        return this->value_[static_cast<int>(k)];
    }
    template <coordinate I>
        requires detail::is_vec<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](I k) const& {
        return this->get()[static_cast<int>(k)];
    }
    /// Element (r, c) of a matrix, likewise.
    template <coordinate I, coordinate J>
        requires detail::is_mat<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(I r, J c) && {
        return component((*Access::pointer(this->place_))(static_cast<int>(r), static_cast<int>(c)));
    }
    template <coordinate I, coordinate J>
        requires detail::is_mat<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto& operator()(I r, J c) & {
        Access::used(this->place_);
        return this->value_(static_cast<int>(r), static_cast<int>(c));
    }
    template <coordinate I, coordinate J>
        requires detail::is_mat<value_type>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator()(I r, J c) const& {
        return this->get()(static_cast<int>(r), static_cast<int>(c));
    }

private:
    template <class C> WARPX_INLINE WARPX_HOST_DEVICE constexpr located<C, Access> component(C& part) const {
        return located<C, Access>(Access::part(this->place_, &part));
    }
};

namespace detail {

/// The place of the K-th component. Forms that count components get the number: not every compiler finds it
/// in the difference of two addresses.
template <int K, class C, class Access, class Place>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto component_place(const Place& p, C* component) noexcept {
    if constexpr (requires { Access::template numbered_part<K>(p, component); })
        return Access::template numbered_part<K>(p, component);
    else
        return Access::part(p, component);
}

/// Located components by name, for vectors of 2 to 4 components and quaternions.
template <class T, class Component, int N, class Access> struct named_parts;

template <class T, class C, class Access> struct named_parts<T, C, 2, Access> {
    using place_type = typename Access::template place<T>;
    located<C, Access> x, y;
    [[gnu::always_inline]] constexpr named_parts(const named_parts&) = default;
    [[gnu::always_inline]] constexpr ~named_parts() = default;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(place_type p)
        : x(component_place<0, C, Access>(p, &Access::pointer(p)->x)),
          y(component_place<1, C, Access>(p, &Access::pointer(p)->y)) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(const accessed_t<T, Access>& v) noexcept
        : x(v.x), y(v.y) {}
    template <class U, class D>
    WARPX_INLINE
        WARPX_HOST_DEVICE constexpr explicit named_parts(const named_parts<U, D, 2, Access>& o) noexcept
        : x(o.x), y(o.y) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto get() const {
        return accessed_t<T, Access>(x.get(), y.get());
    }
    template <class F, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void each(F f, const V& v) {
        f(x, v.x), f(y, v.y);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<C, Access>& part(int k) noexcept {
        return k == 0 ? x : y;
    }
};
template <class T, class C, class Access> struct named_parts<T, C, 3, Access> {
    using place_type = typename Access::template place<T>;
    located<C, Access> x, y, z;
    [[gnu::always_inline]] constexpr named_parts(const named_parts&) = default;
    [[gnu::always_inline]] constexpr ~named_parts() = default;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(place_type p)
        : x(component_place<0, C, Access>(p, &Access::pointer(p)->x)),
          y(component_place<1, C, Access>(p, &Access::pointer(p)->y)),
          z(component_place<2, C, Access>(p, &Access::pointer(p)->z)) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(const accessed_t<T, Access>& v) noexcept
        : x(v.x), y(v.y), z(v.z) {}
    template <class U, class D>
    WARPX_INLINE
        WARPX_HOST_DEVICE constexpr explicit named_parts(const named_parts<U, D, 3, Access>& o) noexcept
        : x(o.x), y(o.y), z(o.z) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto get() const {
        return accessed_t<T, Access>(x.get(), y.get(), z.get());
    }
    template <class F, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void each(F f, const V& v) {
        f(x, v.x), f(y, v.y), f(z, v.z);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<C, Access>& part(int k) noexcept {
        return k == 0 ? x : k == 1 ? y : z;
    }
};
template <class T, class C, class Access> struct named_parts<T, C, 4, Access> {
    using place_type = typename Access::template place<T>;
    located<C, Access> x, y, z, w;
    [[gnu::always_inline]] constexpr named_parts(const named_parts&) = default;
    [[gnu::always_inline]] constexpr ~named_parts() = default;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(place_type p)
        : x(component_place<0, C, Access>(p, &Access::pointer(p)->x)),
          y(component_place<1, C, Access>(p, &Access::pointer(p)->y)),
          z(component_place<2, C, Access>(p, &Access::pointer(p)->z)),
          w(component_place<3, C, Access>(p, &Access::pointer(p)->w)) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit named_parts(const accessed_t<T, Access>& v) noexcept
        : x(v.x), y(v.y), z(v.z), w(v.w) {}
    template <class U, class D>
    WARPX_INLINE
        WARPX_HOST_DEVICE constexpr explicit named_parts(const named_parts<U, D, 4, Access>& o) noexcept
        : x(o.x), y(o.y), z(o.z), w(o.w) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto get() const {
        return accessed_t<T, Access>(x.get(), y.get(), z.get(), w.get());
    }
    template <class F, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void each(F f, const V& v) {
        f(x, v.x), f(y, v.y), f(z, v.z), f(w, v.w);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<C, Access>& part(int k) noexcept {
        return k == 0 ? x : k == 1 ? y : k == 2 ? z : w;
    }
};

struct assign_component {
    template <class L, class V>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void operator()(L& part, const V& v) const {
        part.assign_local(v);
    }
};
struct store_component {
    template <class L, class V>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void operator()(L& part, const V& v) const {
        part.store(v);
    }
};
struct add_component {
    template <class L, class V>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void operator()(L& part, const V& v) const {
        part.add(v);
    }
};
struct add_component_locally {
    template <class L, class V>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void operator()(L& part, const V& v) const {
        part.local() += v;
    }
};

template <class T, class Like> using copy_const_t = std::conditional_t<std::is_const_v<Like>, const T, T>;

template <class T>
inline constexpr int named_components =
    detail::is_vec<std::remove_const_t<T>> && element_traits<std::remove_const_t<T>>::count <= 4
        ? static_cast<int>(element_traits<std::remove_const_t<T>>::count)
    : detail::is_quat<std::remove_const_t<T>> ? 4
                                              : 0;

} // namespace detail

template <class T, class Access>
    requires(detail::named_components<T> >= 2)
class located<T, Access>
    : public detail::named_parts<T, detail::copy_const_t<scalar_t<std::remove_const_t<T>>, T>,
                                 detail::named_components<T>, Access>,
      public detail::located_operators<located<T, Access>, std::is_const_v<T>>,
      public detail::located_compute<located<T, Access>, accessed_t<T, Access>> {
    using component_type = detail::copy_const_t<scalar_t<std::remove_const_t<T>>, T>;
    using parts = detail::named_parts<T, component_type, detail::named_components<T>, Access>;
    using operators = detail::located_operators<located<T, Access>, std::is_const_v<T>>;

public:
    using value_type = accessed_t<T, Access>;
    using operators::set;
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located(typename Access::template place<T> place)
        : parts(place) {}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located(const value_type& v) noexcept : parts(v) {}
    [[gnu::always_inline]] constexpr located(const located&) noexcept = default;
    [[gnu::always_inline]] constexpr ~located() = default;
    template <class U>
        requires relocates<U, T, Access>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const located<U, Access>& o) noexcept : parts(o) {}
    template <class U, class Other>
        requires gives_value<U, Other, T, Access>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const located<U, Other>& o) noexcept : parts(o.get()) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator value_type() const { return this->get(); }

    // clang-format off
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const located& o) & { return set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const located& o) && { return std::move(*this).set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const value_type& v) & { return set(v); } // braces: v[i] = {1, 2}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const value_type& v) && { return std::move(*this).set(v); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const U& u) & { return set(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const U& u) && { return std::move(*this).set(value(u)); }
    // clang-format on

    template <coordinate I>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<component_type, Access> operator[](I k) && {
        return this->part(static_cast<int>(k));
    }
    template <coordinate I>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located<component_type, Access>& operator[](I k) & noexcept {
        return this->part(static_cast<int>(k));
    }
    template <coordinate I> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator[](I k) const& {
        return this->get()[static_cast<int>(k)];
    }

    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void assign_local(const V& v) noexcept {
        this->each(detail::assign_component{}, static_cast<value_type>(v));
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void store(const V& v) {
        this->each(detail::store_component{}, static_cast<value_type>(v));
    }
    template <class V>
        requires requires(located<component_type, Access> part, accessed_t<component_type, Access> v) {
            part.add(v);
        }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void add(const V& v) {
        this->each(detail::add_component{}, static_cast<value_type>(v));
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void add_locally(const V& v) {
        this->each(detail::add_component_locally{}, static_cast<value_type>(v));
    }
};

template <class T, class Access> struct value_traits<located<T, Access>> {
    using type = accessed_t<T, Access>;
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr type get(const located<T, Access>& l) { return l.get(); }
};

} // namespace warpx
