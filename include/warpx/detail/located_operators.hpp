// SPDX-License-Identifier: Apache-2.0
// located_operators.hpp: assignment, compound assignment and widening of located values.
#pragma once

#include "../element.hpp"
#include "../value.hpp"

#include <utility>

namespace warpx::detail {

template <class, auto...> inline constexpr bool always_false = false;

/// The type two numbers meet in; void where one of them is no real number.
template <class A, class B> struct common_number {
    using type = void;
};
template <class A, class B>
    requires(std::is_arithmetic_v<compute_t<A>> && std::is_arithmetic_v<compute_t<B>>)
struct common_number<A, B> {
    using type = decltype(compute_t<A>() + compute_t<B>());
};

/// `a op b` as C++ computes it, with the conversions of arithmetic operands spelled out for -Wconversion.
template <char Op, class A, class B>
WARPX_INLINE WARPX_HOST_DEVICE constexpr auto combine(const A& a, const B& b) {
    using common = typename common_number<A, B>::type;
    if constexpr (Op != '<' && Op != '>' && !std::is_void_v<common> &&
                  !(std::is_same_v<A, common> && std::is_same_v<B, common>)) {
        return combine<Op>(static_cast<common>(a), static_cast<common>(b));
    } else {
        if constexpr (Op == '+') return a + b;
        if constexpr (Op == '-') return a - b;
        if constexpr (Op == '*') return a * b;
        if constexpr (Op == '/') return a / b;
        if constexpr (Op == '%') return a % b;
        if constexpr (Op == '&') return a & b;
        if constexpr (Op == '|') return a | b;
        if constexpr (Op == '^') return a ^ b;
        if constexpr (Op == '<') return a << b;
        if constexpr (Op == '>') return a >> b;
    }
}

template <char Op, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr auto signed_as(const V& v) {
    if constexpr (Op == '-')
        return -v;
    else
        return v;
}

/// A result that a form does not have. Whatever is done with it ends in `Why::refuse<U>()`, a static_assert.
template <class Why> struct unusable {
    template <class U> WARPX_HOST_DEVICE constexpr operator U() const {
        Why::template refuse<U>();
        return U();
    }
    // clang-format off
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator+(const unusable&, const U& u) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator+(const U& u, const unusable&) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator-(const unusable&, const U& u) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator-(const U& u, const unusable&) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator*(const unusable&, const U& u) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator*(const U& u, const unusable&) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator/(const unusable&, const U& u) { Why::template refuse<U>(); return u; }
    template <class U> WARPX_HOST_DEVICE friend constexpr U operator/(const U& u, const unusable&) { Why::template refuse<U>(); return u; }
    // clang-format on
};
struct sum_is_not_read {
    template <class U> WARPX_HOST_DEVICE static constexpr void refuse() {
        static_assert(
            always_false<U>,
            "warpx::launch_adjoint: the kernel uses the result of `y[i] += e`, which adds without reading; "
            "write it as a statement, then read y[i]");
    }
};

/// How a located value reaches memory.
template <class Located> struct access_of;
template <template <class, class> class Located, class T, class Access> struct access_of<Located<T, Access>> {
    using type = Access;
};

/// Assignments and compound assignments shared by all located values. On a temporary (`y[i] += e`) they write
/// the place, on a named value (`auto t = y[i]; t += e;`) they change the local variable only.
template <class Self, bool ReadOnly> struct located_operators {
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& set(const V& v) & noexcept {
        static_cast<Self&>(*this).assign_local(v);
        return static_cast<Self&>(*this);
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& set(const V& v) && {
        if constexpr (ReadOnly)
            static_assert(always_false<V>,
                          "warpx: this array is read-only (its element type is const); bind it as "
                          "array<T, N> instead of array<const T, N> to write to it");
        else
            static_cast<Self&>(*this).store(v);
        return static_cast<Self&&>(*this);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto read() const {
        return static_cast<const Self&>(*this).get();
    }

    /// `+=` and `-=`: read, combine, write, or what the form does instead.
    template <char Op, class V> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& augment(const V& v) & {
        Self& self = static_cast<Self&>(*this);
        if constexpr (!requires { self.add(v); })
            return set(combine<Op>(read(), v));
        else if constexpr (requires { self.add_locally(v); })
            return self.add_locally(signed_as<Op>(v)), self;
        else
            return self.local() += signed_as<Op>(v), self;
    }
    /// A form that adds without reading has no result to go on with.
    template <char Op, class V>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr decltype(auto) augment(const V& v) && {
        [[maybe_unused]] Self& self = static_cast<Self&>(*this);
        if constexpr (!ReadOnly && requires { self.add(v); }) {
            self.add(signed_as<Op>(v));
            return unusable<sum_is_not_read>{};
        } else if constexpr (!ReadOnly && requires { access_of<Self>::type::added(v); }) {
            access_of<Self>::type::added(v);
            return static_cast<Self&&>(self);
        } else {
            return std::move(*this).set(combine<Op>(read(), v));
        }
    }

    // clang-format off
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator+=(const U& u) & { return augment<'+'>(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr decltype(auto) operator+=(const U& u) && { return std::move(*this).template augment<'+'>(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator-=(const U& u) & { return augment<'-'>(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr decltype(auto) operator-=(const U& u) && { return std::move(*this).template augment<'-'>(value(u)); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator*=(const U& u) & { return set(combine<'*'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator*=(const U& u) && { return std::move(*this).set(combine<'*'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator/=(const U& u) & { return set(combine<'/'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator/=(const U& u) && { return std::move(*this).set(combine<'/'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator%=(const U& u) & { return set(combine<'%'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator%=(const U& u) && { return std::move(*this).set(combine<'%'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator&=(const U& u) & { return set(combine<'&'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator&=(const U& u) && { return std::move(*this).set(combine<'&'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator|=(const U& u) & { return set(combine<'|'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator|=(const U& u) && { return std::move(*this).set(combine<'|'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator^=(const U& u) & { return set(combine<'^'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator^=(const U& u) && { return std::move(*this).set(combine<'^'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator<<=(const U& u) & { return set(combine<'<'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator<<=(const U& u) && { return std::move(*this).set(combine<'<'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator>>=(const U& u) & { return set(combine<'>'>(read(), value(u))); }
    template <class U> WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator>>=(const U& u) && { return std::move(*this).set(combine<'>'>(read(), value(u))); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator++() & { return set(read() + 1); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator++() && { return std::move(*this).set(read() + 1); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr Self& operator--() & { return set(read() - 1); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr Self&& operator--() && { return std::move(*this).set(read() - 1); }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator++(int) & { auto old = read(); set(old + 1); return old; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator++(int) && { auto old = read(); std::move(*this).set(old + 1); return old; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator--(int) & { auto old = read(); set(old - 1); return old; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr auto operator--(int) && { auto old = read(); std::move(*this).set(old - 1); return old; }
    // clang-format on
};

/// Types that are only stored (half, bfloat16, ...) and vectors of them also convert to what they compute in.
/// A base class, because clang counts a conversion whose constraint fails when it looks for the only one.
template <class Self, class V, class Compute = compute_t<V>> struct located_compute {
    WARPX_INLINE WARPX_HOST_DEVICE constexpr operator Compute() const {
        return static_cast<Compute>(static_cast<const Self&>(*this).get());
    }
};
template <class Self, class V> struct located_compute<Self, V, V> {};
/// A number with derivatives converts, said aloud, as the number does.
template <class Self, differentiable V> struct located_compute<Self, V, V> {
    template <class U>
        requires std::is_arithmetic_v<U>
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator U() const {
        return static_cast<U>(static_cast<const Self&>(*this).get());
    }
};

} // namespace warpx::detail
