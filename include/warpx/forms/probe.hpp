// SPDX-License-Identifier: Apache-2.0
// probe.hpp: finds out, before main, which array arguments a kernel accesses at other places than its own
// item.
#pragma once

#include "../launch.hpp"

namespace warpx {

namespace detail {

/// What is known of how a kernel uses an argument. `unknown`: it was never probed, or the program's static
/// constructors still run; whoever asks then takes the direct form.
enum class access_kind : unsigned char { unknown, pointwise, shared };

#pragma GCC visibility push(hidden)

/// Whether a kernel was probed. Constructors with a priority run before those of ordinary static objects, in
/// order of their numbers, so all parameters of a module are registered before the first kernel counts as
/// known. Both stay inside their module: what another shared library probed is not needed here. With the
/// index and the arguments in `List` it is about a launch over these types, without them about any.
template <class Kernel, class... List> struct probe_facts {
    static inline constinit bool complete = false;
    [[gnu::constructor(1001)]] static void register_kernel() noexcept { complete = true; }
};

/// What the accesses to one argument of a kernel, compiled for the probe, registered. Never reset; read after
/// the static constructors without synchronization.
template <class Kernel, int Argument> struct access_facts {
    /// Some access takes integers, or the address of an element: two items may meet in one element.
    static inline constinit bool shared = false;
    [[gnu::constructor(1000)]] static void register_shared() noexcept { shared = true; }
    /// Some access takes the whole index: the item's own element.
    static inline constinit bool pointwise = false;
    [[gnu::constructor(1000)]] static void register_pointwise() noexcept { pointwise = true; }

    static access_kind known() noexcept {
        if (!probe_facts<Kernel>::complete) return access_kind::unknown;
        return shared ? access_kind::shared : access_kind::pointwise;
    }
};

#pragma GCC visibility pop

// The same at compile time, for forms that are compiled differently: a friend function that the registration's
// place defines is there or not.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#if defined(__clang__)
#    pragma GCC diagnostic ignored "-Wundefined-internal"
#else
#    pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
#if defined(__NVCC__)
#    pragma nv_diagnostic push
#    pragma nv_diag_suppress 1301
#endif
template <class Kernel, int Argument> struct shared_flag {
    friend auto is_raised(shared_flag<Kernel, Argument>); // of unknown type until it is defined
};
template <class Kernel, int Argument> struct raise_shared {
    static constexpr bool done = true;
    friend auto is_raised(shared_flag<Kernel, Argument>) { return true; }
};
#if defined(__NVCC__)
#    pragma nv_diagnostic pop
#endif
#pragma GCC diagnostic pop
/// Stands for all arguments: one is accessed at the whole index.
inline constexpr int own_access = -1;
/// `First`, known only when the others are: compilers define no friend before.
template <class First, class...> struct first_type {
    using type = First;
};
/// Whether the kernel accesses an argument elsewhere than at the whole index. `Compiled` must be a type that is
/// only known once the kernel was compiled for the probe.
template <class Compiled, class Kernel, int Argument>
inline constexpr bool shared_when_compiled = requires {
    is_raised(shared_flag<Kernel, Argument>{});
};

/// An array argument whose accesses are compiled and never run. An access with something else than the whole
/// index instantiates the registration of its (kernel, argument).
template <class Kernel, class T, int N, int Argument>
class probe_handle : public strided_layout<N>,
                     public handle_interface<probe_handle<Kernel, T, N, Argument>, T, N> {
    using interface = handle_interface<probe_handle<Kernel, T, N, Argument>, T, N>;
    using facts = access_facts<Kernel, Argument>;

public:
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE constexpr T* data_handle() const noexcept {
        (void)&facts::register_shared;
        return nullptr;
    }
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE constexpr T* address(const shape<N>&) const noexcept {
        (void)&facts::register_shared;
        return nullptr;
    }
    /// An atomic needs memory, so the element is no register of a launch; with the whole index it still is the
    /// item's own.
    using own_atomics = void;
    WARPX_DETAIL_HOST_BODY template <class Op, class V, class... I>
    WARPX_HOST_DEVICE constexpr auto atomic(const Op&, const V&, const I&...) const noexcept {
        if constexpr (!(sizeof...(I) == 1 && (is_index_v<I> && ...)) && !is_whole_index_v<I...>)
            static_assert(raise_shared<typename first_type<Kernel, I...>::type, Argument>::done);
        else
            static_assert(raise_shared<typename first_type<Kernel, I...>::type, own_access>::done);
        (void)&facts::register_shared;
        return std::remove_const_t<T>{};
    }
    WARPX_HOST_DEVICE constexpr located<T> place(const shape<N>&) const noexcept {
        return located<T>(static_cast<T*>(nullptr));
    }

    WARPX_DETAIL_HOST_BODY template <class I> WARPX_HOST_DEVICE constexpr auto operator[](const I& i) const {
        if constexpr (is_index_v<I> || is_whole_index_v<I>) {
            static_assert(raise_shared<typename first_type<Kernel, I>::type, own_access>::done);
            (void)&facts::register_pointwise;
        } else {
            static_assert(raise_shared<typename first_type<Kernel, I>::type, Argument>::done);
            (void)&facts::register_shared;
        }
        return interface::operator[](i);
    }
    WARPX_DETAIL_HOST_BODY template <coordinate... I>
    WARPX_HOST_DEVICE constexpr auto operator()(const I&... i) const {
        if constexpr (is_whole_index_v<I...>) {
            static_assert(raise_shared<typename first_type<Kernel, I...>::type, own_access>::done);
            (void)&facts::register_pointwise;
        } else {
            static_assert(raise_shared<typename first_type<Kernel, I...>::type, Argument>::done);
            (void)&facts::register_shared;
        }
        return interface::operator()(i...);
    }
};

} // namespace detail

namespace form {

/// Compiled to learn about a kernel, never run.
template <class Kernel> struct probe {
    template <class T, int N, int Argument> using handle = detail::probe_handle<Kernel, T, N, Argument>;
};

} // namespace form

namespace detail {

/// What the compiler can tell of a kernel: whether it accesses an argument elsewhere. True also where it cannot
/// tell: of a kernel that declares its result (`-> void`), whose body was not compiled to find it.
template <class Numbers, class Kernel, int R, class... A> struct compile_probe;
template <int... Argument, class Kernel, int R, class... A>
struct compile_probe<std::integer_sequence<int, Argument...>, Kernel, R, A...> {
    template <int Number> static constexpr bool shared() {
        if constexpr (std::is_invocable_v<const Kernel&, const index<R>&,
                                          const typename bound<form::probe<Kernel>, Argument, A>::type&...>) {
            using compiled =
                std::invoke_result_t<const Kernel&, const index<R>&,
                                     const typename bound<form::probe<Kernel>, Argument, A>::type&...>;
            return shared_when_compiled<compiled, Kernel, Number> ||
                   !(shared_when_compiled<compiled, Kernel, own_access> || ... ||
                     shared_when_compiled<compiled, Kernel, Argument>);
        } else {
            return true;
        }
    }
};

/// `kernel_probe<...>::require()` makes this translation unit compile the kernel for the probe. It must be
/// called (it does nothing) from host code: what only device code instantiates registers nothing.
template <class Numbers, class Kernel, int R, class... A> struct kernel_probe;
template <int... Argument, class Kernel, int R, class... A>
struct kernel_probe<std::integer_sequence<int, Argument...>, Kernel, R, A...> {
    static void never_run(const Kernel& kernel, const index<R>& i,
                          const typename bound<form::probe<Kernel>, Argument, A>::type&... arguments) {
        kernel(i, arguments...);
    }
    static void require() noexcept {
        // A kernel that wants two parameters of one type fits other forms only, and stays unknown.
        if constexpr (std::is_invocable_v<const Kernel&, const index<R>&,
                                          const typename bound<form::probe<Kernel>, Argument, A>::type&...>) {
            (void)&never_run;
            (void)&probe_facts<Kernel>::register_kernel;
            (void)&probe_facts<Kernel, index<R>, A...>::register_kernel;
        }
    }
};

} // namespace detail
} // namespace warpx
