// SPDX-License-Identifier: Apache-2.0
// additions.hpp: finds out, before main, whether a kernel only adds to an array (`y[i] += e`, atomic_add):
// the derivatives then depend on no value of that array, and its gradient passes through unchanged.
#pragma once

#include "../forms/active.hpp"
#include "../forms/probe.hpp"

namespace warpx {

namespace detail {

#pragma GCC visibility push(hidden)

/// What a kernel does with its argument number `Argument`, for one list of argument types; registered and
/// read as in forms/probe.hpp.
template <class Kernel, int Argument, int R, class... A> struct addition_facts {
    static inline constinit bool complete = false, used = false, added = false;
    [[gnu::constructor(1000)]] static void register_used() noexcept { used = true; }
    [[gnu::constructor(1000)]] static void register_added() noexcept { added = true; }
    [[gnu::constructor(1001)]] static void register_kernel() noexcept { complete = true; }
};

#pragma GCC visibility pop

/// Elements of the array in question: tells reads and stores from additions.
template <class Facts> struct addition_access : direct_access {
    WARPX_DETAIL_HOST_BODY template <class T> WARPX_HOST_DEVICE static constexpr void used(T*) noexcept {
        (void)&Facts::register_used;
    }
    WARPX_DETAIL_HOST_BODY template <class T>
    WARPX_HOST_DEVICE static constexpr void store(T*, const T&) noexcept {
        (void)&Facts::register_used;
    }
    /// Hears of `y[i] += e`, in place of a read and a store.
    WARPX_DETAIL_HOST_BODY template <class V>
    WARPX_HOST_DEVICE static constexpr void added(const V&) noexcept {
        (void)&Facts::register_added;
    }
};
template <class Access> inline constexpr bool is_addition_access = false;
template <class Facts> inline constexpr bool is_addition_access<addition_access<Facts>> = true;

/// Elements of the other arrays. `c ? x[i] : y[i]` with an element in question is a value, so that it is
/// used.
struct beside_additions : direct_access {
    template <class Other> static constexpr bool takes = is_addition_access<Other>;
};

/// Any array of a kernel that is compiled for the question and never run.
template <class T, int N, class Access>
class additions_handle : public strided_layout<N>,
                         public handle_interface<additions_handle<T, N, Access>, T, N> {
public:
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE constexpr T* data_handle() const noexcept {
        Access::used(static_cast<T*>(nullptr));
        return nullptr;
    }
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE constexpr T* address(const shape<N>&) const noexcept {
        Access::used(static_cast<T*>(nullptr));
        return nullptr;
    }
    WARPX_HOST_DEVICE constexpr located<T, Access> place(const shape<N>&) const noexcept {
        return located<T, Access>(static_cast<T*>(nullptr));
    }
    /// What the atomics return counts as unused: kernels that use it have no derived adjoint.
    using own_atomics = void;
    WARPX_DETAIL_HOST_BODY template <class Op, class V, class... I>
    WARPX_HOST_DEVICE constexpr auto atomic(const Op&, const V& v, const I&...) const noexcept {
        if constexpr (!is_addition_access<Access>)
            ;
        else if constexpr (std::is_same_v<Op, add_op> || std::is_same_v<Op, subtract_op>)
            Access::added(v);
        else
            Access::used(static_cast<T*>(nullptr));
        return std::remove_const_t<T>{};
    }
};

} // namespace detail

namespace form {

/// Compiled to learn about the array `Asked`, never run.
template <class Facts, int Asked> struct additions {
    template <class T, int N, int Argument>
    using handle = detail::additions_handle<
        T, N,
        std::conditional_t<Argument == Asked, detail::addition_access<Facts>, detail::beside_additions>>;
};

} // namespace form

namespace detail {

/// Whether an argument is an array of numbers with derivatives that may be written, or may hold one.
template <class A> inline constexpr bool may_be_written = argument_traits<A>::holds_arrays;
template <class T, int N, class D>
inline constexpr bool may_be_written<array<T, N, D>> = is_active<T> && !std::is_const_v<T>;
/// Whether it has elements whose `+` may be the user's own.
template <class A> inline constexpr bool has_structs = argument_traits<A>::holds_arrays;
template <class T, int N, class D>
inline constexpr bool has_structs<array<T, N, D>> = described<std::remove_const_t<T>>;

/// Whether a kernel does nothing but add to its argument `Asked`, the only array with derivatives that it may
/// write. (Of several, elements would get several types, which kernels may not expect.) It is the kernel over
/// plain numbers that is asked. `known()`, from host code, makes this translation unit compile it for the
/// question; false until the static constructors are done.
template <class Numbers, class Kernel, int R, int Asked, class... A> struct only_adds {
    static bool known() noexcept { return false; }
};
template <int... Argument, class Kernel, int R, int Asked, class... A>
    requires((may_be_written<A> + ... + 0) == 1 && !(has_structs<A> || ...))
struct only_adds<std::integer_sequence<int, Argument...>, Kernel, R, Asked, A...> {
    using facts = addition_facts<Kernel, Asked, R, A...>;
    using asking = form::additions<facts, Asked>;
    static void never_run(const Kernel& kernel, const index<R>& i,
                          const typename bound<asking, Argument, A>::type&... arguments) {
        kernel(i, arguments...);
    }
    static bool known() noexcept {
        if constexpr (callable<asking, std::integer_sequence<int, Argument...>, Kernel, R, A...>) {
            (void)&never_run;
            (void)&facts::register_kernel;
            return facts::complete && facts::added && !facts::used;
        }
        return false;
    }
};

} // namespace detail
} // namespace warpx
