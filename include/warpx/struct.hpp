// SPDX-License-Identifier: Apache-2.0
// struct.hpp: WARPX_STRUCT describes a user's struct once: as an element of arrays and as an argument of
// kernels.
#pragma once

#include "located.hpp"

// The one place where a template cannot do: C++20 cannot make members with given names. Up to 64 fields.
#define WARPX_DETAIL_PARENS ()
#define WARPX_DETAIL_EXPAND(...)                                                                             \
    WARPX_DETAIL_EXPAND2(WARPX_DETAIL_EXPAND2(WARPX_DETAIL_EXPAND2(WARPX_DETAIL_EXPAND2(__VA_ARGS__))))
#define WARPX_DETAIL_EXPAND2(...)                                                                            \
    WARPX_DETAIL_EXPAND1(WARPX_DETAIL_EXPAND1(WARPX_DETAIL_EXPAND1(WARPX_DETAIL_EXPAND1(__VA_ARGS__))))
#define WARPX_DETAIL_EXPAND1(...)                                                                            \
    WARPX_DETAIL_EXPAND0(WARPX_DETAIL_EXPAND0(WARPX_DETAIL_EXPAND0(WARPX_DETAIL_EXPAND0(__VA_ARGS__))))
#define WARPX_DETAIL_EXPAND0(...) __VA_ARGS__
#define WARPX_DETAIL_EACH(macro, ...)                                                                        \
    __VA_OPT__(WARPX_DETAIL_EXPAND(WARPX_DETAIL_EACH_STEP(macro, __VA_ARGS__)))
#define WARPX_DETAIL_EACH_STEP(macro, field, ...)                                                            \
    macro(field) __VA_OPT__(WARPX_DETAIL_EACH_AGAIN WARPX_DETAIL_PARENS(macro, __VA_ARGS__))
#define WARPX_DETAIL_EACH_AGAIN() WARPX_DETAIL_EACH_STEP
// Fields of a rebound struct may name a kernel, which often has internal linkage; that is no mistake.
#if defined(__GNUC__) && !defined(__clang__)
#    define WARPX_DETAIL_ANY_LINKAGE                                                                         \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wsubobject-linkage\"")
#    define WARPX_DETAIL_ANY_LINKAGE_END _Pragma("GCC diagnostic pop")
#else
#    define WARPX_DETAIL_ANY_LINKAGE
#    define WARPX_DETAIL_ANY_LINKAGE_END
#endif
#define WARPX_DETAIL_FIELD_MEMBER(field) P<decltype(described::field)> field;
#define WARPX_DETAIL_FIELD_PLACE(field) P<decltype(described::field)>(Access::part(place, &s->field)),
#define WARPX_DETAIL_FIELD_CONVERT(field) P<decltype(described::field)>(r.field),
#define WARPX_DETAIL_FIELD_GATHER(field) s.field = r.field;
#define WARPX_DETAIL_FIELD_EACH(field) f(parts.field...);
#define WARPX_DETAIL_FIELD_MAP(field) f(s.field),
#define WARPX_DETAIL_FIELD_NAME(field) #field,
#define WARPX_DETAIL_FIELD_SIZE(field) +sizeof(described::field)
#define WARPX_DETAIL_FIELD_TYPE(field) , decltype(described::field)

/// Describes a struct, once, at global namespace scope: `WARPX_STRUCT(particle, position, velocity, mass)`,
/// all fields in the order of their declaration. The struct is an aggregate of element types (then arrays of
/// it work, and `p[i].position.x = e` writes one component), or of arrays and scalars (then it can be an
/// argument of a launch, and the kernel reads `s.x[i]`). Fields of described structs may be described
/// structs.
#define WARPX_STRUCT(Type, ...)                                                                              \
    template <> struct warpx::struct_traits<Type> {                                                          \
        using described = Type;                                                                              \
        using fields =                                                                                       \
            ::warpx::detail::field_list<void WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_TYPE, __VA_ARGS__)>;       \
        [[maybe_unused]] static constexpr const char* names[] = {                                            \
            WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_NAME, __VA_ARGS__)};                                        \
        [[maybe_unused]] static constexpr size_t field_bytes =                                               \
            0 WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_SIZE, __VA_ARGS__);                                       \
        WARPX_DETAIL_ANY_LINKAGE                                                                             \
        template <template <class> class P> struct rebind {                                                  \
            WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_MEMBER, __VA_ARGS__)                                        \
        };                                                                                                   \
        WARPX_DETAIL_ANY_LINKAGE_END                                                                         \
        template <template <class> class P, class Access, class Place>                                       \
        WARPX_INLINE WARPX_HOST_DEVICE static constexpr rebind<P> places(Place place) {                      \
            auto* s = Access::pointer(place);                                                                \
            return {WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_PLACE, __VA_ARGS__)};                               \
        }                                                                                                    \
        template <template <class> class P, class R>                                                         \
        WARPX_INLINE WARPX_HOST_DEVICE static constexpr rebind<P> convert(const R& r) {                      \
            return {WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_CONVERT, __VA_ARGS__)};                             \
        }                                                                                                    \
        template <class R, class S = described>                                                              \
        WARPX_INLINE WARPX_HOST_DEVICE static constexpr S gather(const R& r) {                               \
            S s{};                                                                                           \
            WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_GATHER, __VA_ARGS__)                                        \
            return s;                                                                                        \
        }                                                                                                    \
        WARPX_DETAIL_HOST_BODY template <class F, class... Parts>                                            \
        WARPX_INLINE WARPX_HOST_DEVICE static constexpr void each(F f, Parts&&... parts) {                   \
            WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_EACH, __VA_ARGS__)                                          \
        }                                                                                                    \
        template <template <class> class P, class F>                                                         \
        static constexpr rebind<P> map(const described& s, F f) {                                            \
            return {WARPX_DETAIL_EACH(WARPX_DETAIL_FIELD_MAP, __VA_ARGS__)};                                 \
        }                                                                                                    \
    }

namespace warpx {

namespace detail {

/// How a field of a struct is accessed: as the struct, unless the form says otherwise.
template <class Access, class F> struct field_access {
    using type = Access;
};
template <class Access, class F>
    requires requires { typename Access::template access_of_field<F>; }
struct field_access<Access, F> {
    using type = typename Access::template access_of_field<F>;
};

/// The located fields of a described struct, const if the struct is.
template <class T, class Access> struct located_fields {
    template <class F> using field = located<copy_const_t<F, T>, typename field_access<Access, F>::type>;
    using traits = struct_traits<std::remove_const_t<T>>;
    using type = typename traits::template rebind<field>;
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr type at(typename Access::template place<T> place) {
        return traits::template places<field, Access>(place);
    }
};

} // namespace detail

/// An element of a described struct: has the fields as located values.
template <class T, class Access>
    requires described<std::remove_const_t<T>>
class located<T, Access> : public detail::located_fields<T, Access>::type,
                           public detail::located_operators<located<T, Access>, std::is_const_v<T>> {
    using traits = struct_traits<std::remove_const_t<T>>;
    using operators = detail::located_operators<located<T, Access>, std::is_const_v<T>>;
    using fields = detail::located_fields<T, Access>;

public:
    using value_type = accessed_t<T, Access>;
    using operators::set;

    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit located(typename Access::template place<T> place)
        : fields::type(fields::at(place)) {}
    constexpr located(const located&) noexcept = default;
    template <class U>
        requires relocates<U, T, Access>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located(const located<U, Access>& o) noexcept
        : fields::type(traits::template convert<fields::template field>(o)) {}

    WARPX_INLINE WARPX_HOST_DEVICE constexpr value_type get() const {
        return traits::template gather<located, value_type>(*this);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator value_type() const { return get(); }

    // clang-format off
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const located& o) & { return set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const located& o) && { return std::move(*this).set(o.get()); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const value_type& v) & { return set(v); } // braces: v[i] = {1, 2}
    WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const value_type& v) && { return std::move(*this).set(v); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located& operator=(const U& u) & { return set(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr located&& operator=(const U& u) && { return std::move(*this).set(value(u)); }
    // clang-format on

    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void assign_local(const V& v) noexcept {
        traits::each(detail::assign_component{}, *this, static_cast<const value_type&>(v));
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr void store(const V& v) {
        traits::each(detail::store_component{}, *this, static_cast<const value_type&>(v));
    }
};

} // namespace warpx
