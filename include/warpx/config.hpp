// SPDX-License-Identifier: Apache-2.0
// config.hpp: the compilers and platforms warpx is built for, its version, and all of its macros.
#pragma once

#include <stddef.h> // size_t
#include <stdint.h> // fixed-width integers: the C header is the cheap one

#if !defined(__linux__) || !(defined(__x86_64__) || defined(__aarch64__))
#    error                                                                                                   \
        "warpx is built and tested for Linux on x86-64 and aarch64 only; please open an issue for this platform"
#endif
#if !defined(__cpp_exceptions)
#    error "warpx reports errors by exception; compile without -fno-exceptions"
#endif
#if !defined(__cpp_concepts) || __cplusplus < 202002L
#    error "warpx needs C++20: g++ >= 11 or clang >= 15 with -std=c++20 (nvcc: -std=c++20 too)"
#endif

#define WARPX_VERSION_MAJOR 0
#define WARPX_VERSION_MINOR 1
#define WARPX_VERSION_PATCH 0

// Functions that run on both sides, and device-only ones; the mark of a kernel lambda: `[] WARPX_KERNEL (auto
// i, ...)`.
#if defined(__CUDACC__)
#    define WARPX_HOST_DEVICE __host__ __device__
#    define WARPX_DEVICE __device__
#    if defined(__NVCC__) && !defined(__CUDACC_EXTENDED_LAMBDA__)
#        define WARPX_KERNEL <bool = ::warpx::detail::missing_flag<>::value>
#    else
#        define WARPX_KERNEL __host__ __device__
#    endif
#else
#    define WARPX_HOST_DEVICE
#    define WARPX_DEVICE
#    define WARPX_KERNEL
#endif
// A function that is marked for both sides so that generic kernels may name it, but only ever runs on the
// host.
#if defined(__NVCC__)
#    define WARPX_DETAIL_HOST_BODY _Pragma("nv_exec_check_disable")
#else
#    define WARPX_DETAIL_HOST_BODY
#endif

// Around code in which a mask says which derivatives there are, and the others are never set: g++ would warn.
#if defined(__GNUC__) && !defined(__clang__)
#    define WARPX_DETAIL_BEGIN_UNSET                                                                         \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"")           \
            _Pragma("GCC diagnostic ignored \"-Wuninitialized\"")                                            \
                _Pragma("GCC diagnostic ignored \"-Waggressive-loop-optimizations\"")
#    define WARPX_DETAIL_END_UNSET _Pragma("GCC diagnostic pop")
#else
#    define WARPX_DETAIL_BEGIN_UNSET
#    define WARPX_DETAIL_END_UNSET
#endif

// Symbols that several shared libraries of one process must agree on (one thread pool, exception types).
#define WARPX_PUBLIC [[gnu::visibility("default")]]
// Error paths: kept out of line and out of the way of the fast path.
#define WARPX_COLD [[gnu::cold, gnu::noinline]]
// What lies between these, every file that launches compiles, though it runs once or waits for other threads:
// at -O1 g++ takes half the time for it.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__) && !defined(__CUDACC__)
#    define WARPX_DETAIL_BEGIN_SLOW_CODE _Pragma("GCC push_options") _Pragma("GCC optimize(\"O1\")")
#    define WARPX_DETAIL_END_SLOW_CODE _Pragma("GCC pop_options")
#else
#    define WARPX_DETAIL_BEGIN_SLOW_CODE
#    define WARPX_DETAIL_END_SLOW_CODE
#endif
// Before a loop over the parameters of an operation whose description is a constant: unrolled, it folds.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#    define WARPX_DETAIL_UNROLL_PARAMETERS _Pragma("GCC unroll 8")
#elif defined(__clang__)
#    define WARPX_DETAIL_UNROLL_PARAMETERS _Pragma("unroll")
#else
#    define WARPX_DETAIL_UNROLL_PARAMETERS
#endif
// Small functions between a loop and its data; a call there would stop the vectorizer.
#define WARPX_INLINE [[gnu::always_inline]] inline
// The same between a `flatten` loop and a kernel, where GCC must not be forced: it orders functions as if
// such calls did not exist, and then leaves the kernel a call.
#if defined(__CUDACC__) || defined(__clang__)
#    define WARPX_DETAIL_FLATTENED WARPX_INLINE
#else
#    define WARPX_DETAIL_FLATTENED [[gnu::flatten]] inline
#endif

// The launch namespace names {version, compiler side, checking}: the same launch<k> in a .cpp and in a .cu,
// in a checked and an unchecked translation unit, or in libraries built with two versions, are different
// programs and must not merge into one symbol.
#if defined(WARPX_STRICT)
#    define WARPX_DETAIL_CHECKING strict
#elif defined(WARPX_CHECKED)
#    define WARPX_DETAIL_CHECKING checked
#else
#    define WARPX_DETAIL_CHECKING plain
#endif
#if defined(__CUDACC__)
#    define WARPX_DETAIL_SIDE cuda
#else
#    define WARPX_DETAIL_SIDE host
#endif
#define WARPX_DETAIL_CAT(a, b, c, d) v##a##_##b##_##c##_##d
#define WARPX_DETAIL_CAT2(a, b, c, d) WARPX_DETAIL_CAT(a, b, c, d)
#define WARPX_LAUNCH_NAMESPACE                                                                               \
    WARPX_DETAIL_CAT2(WARPX_VERSION_MAJOR, WARPX_VERSION_MINOR, WARPX_DETAIL_SIDE, WARPX_DETAIL_CHECKING)

namespace warpx {

/// Version of the layouts that cross module boundaries (array, owner); two modules with different ones refuse
/// each other.
inline constexpr uint32_t layout_version = 1;

/// The largest number of launch dimensions. (An array may have any rank.)
inline constexpr int max_launch_rank = 8;

/// Whether this translation unit checks every access (`WARPX_CHECKED`), or checks everything it can, slowly
/// (`WARPX_STRICT`).
inline namespace WARPX_LAUNCH_NAMESPACE {
#if defined(WARPX_STRICT) || defined(WARPX_CHECKED)
inline constexpr bool checked_build = true;
#else
inline constexpr bool checked_build = false;
#endif
} // namespace WARPX_LAUNCH_NAMESPACE

#if defined(__NVCC__) && !defined(__CUDACC_EXTENDED_LAMBDA__)
namespace detail {
/// A marked lambda ends here when nvcc was not told to expect one.
template <class... Never> struct missing_flag {
    static_assert(
        sizeof...(Never) != 0,
        "warpx: a lambda marked WARPX_KERNEL needs nvcc's option --extended-lambda, which the CMake "
        "target warpx::cuda brings");
    static constexpr bool value = true;
};
} // namespace detail
#endif

} // namespace warpx
