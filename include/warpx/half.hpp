// SPDX-License-Identifier: Apache-2.0
// half.hpp: the 16-bit floating-point types half (IEEE 754 binary16) and bfloat16.
#pragma once

#include "detail/small_float.hpp"

namespace warpx {

/// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits; largest finite value 65504, smallest positive
/// 2^-24.
///
/// A type to store numbers in: it widens to float implicitly and exactly, arithmetic happens in float, and
/// construction from a number is explicit (assignment is not). Narrowing rounds once to nearest even, from
/// float, double and every integer type; too large becomes infinity, subnormals are kept, NaN stays NaN and
/// becomes quiet. The sign and payload of a NaN are kept on the host and unspecified on CUDA. Same layout as
/// `__half`, `_Float16` and `numpy.float16`. The default constructor leaves the value undefined, as for
/// float; `half{}` is zero.
class half : public detail::small_float<half, uint16_t> {
    using base = detail::small_float<half, uint16_t>;

public:
    half() = default;
    template <class X>
        requires(!std::is_same_v<X, half> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr half(const X& x) noexcept
        : base(narrow(detail::round_to_odd(value(x)))) {}
    /// Assignment from any number, plain or located.
    template <class X>
        requires(!std::is_same_v<X, half> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr half& operator=(const X& x) noexcept {
        return *this = half(x);
    }

    /// The float with the same value as the encoding `h`.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr float widen(uint16_t h) noexcept {
#if defined(__CUDA_ARCH__)
        if (!__builtin_is_constant_evaluated()) {
            float f;
            asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(h));
            return f;
        }
#endif
        // Exponent and fraction move to their float places. All ones stays all ones; subnormals are
        // renormalized by a subtraction of normal numbers, which is exact also where subnormal floats are
        // flushed to zero.
        const uint32_t sign = static_cast<uint32_t>(h & 0x8000u) << 16;
        const uint32_t shifted = static_cast<uint32_t>(h & 0x7fffu) << 13;
        const uint32_t exponent = shifted & 0x0f800000u;
        const uint32_t normal = shifted + (112u << 23) + (exponent == 0x0f800000u ? 112u << 23 : 0u);
        const float tiny = __builtin_bit_cast(float, shifted + (113u << 23)) - 0x1p-14f;
        const uint32_t magnitude = detail::choose(exponent == 0, __builtin_bit_cast(uint32_t, tiny), normal);
        return __builtin_bit_cast(float, magnitude | sign);
    }

    /// The encoding nearest to `f`, ties to even.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr uint16_t narrow(float f) noexcept {
#if defined(__CUDA_ARCH__)
        if (!__builtin_is_constant_evaluated()) {
            uint16_t h;
            asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
            return h;
        }
#endif
        const uint32_t u = __builtin_bit_cast(uint32_t, f);
        const uint32_t a = u & 0x7fffffffu;
        // Below 2^-14: adding 0.5, whose last bit is worth 2^-24, lets the float unit round.
        const float sum = __builtin_bit_cast(float, a) + 0.5f;
        const uint32_t tiny = __builtin_bit_cast(uint32_t, sum) - (126u << 23);
        const uint32_t normal = (a - (112u << 23) + 0xfffu + ((a >> 13) & 1u)) >> 13;
        const uint32_t finite = detail::choose(a < (113u << 23), tiny, normal);
        const uint32_t nan = 0x7e00u | ((a >> 13) & 0x3ffu);
        const uint32_t large = detail::choose(a > 0x7f800000u, nan, 0x7c00u);
        return static_cast<uint16_t>(detail::choose(a >= (143u << 23), large, finite) |
                                     ((u >> 16) & 0x8000u));
    }
};

/// The same type under the name of its format.
using float16 = half;

/// The upper half of an IEEE 754 binary32: 1 sign, 8 exponent and 7 fraction bits. The range of float with
/// two to three decimal digits. The rules are those of `half`. Same layout as `__nv_bfloat16` and
/// `ml_dtypes.bfloat16`.
class bfloat16 : public detail::small_float<bfloat16, uint16_t> {
    using base = detail::small_float<bfloat16, uint16_t>;

public:
    bfloat16() = default;
    template <class X>
        requires(!std::is_same_v<X, bfloat16> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr bfloat16(const X& x) noexcept
        : base(narrow(detail::round_to_odd(value(x)))) {}
    /// Assignment from any number, plain or located.
    template <class X>
        requires(!std::is_same_v<X, bfloat16> && detail::is_real<value_type_t<X>>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr bfloat16& operator=(const X& x) noexcept {
        return *this = bfloat16(x);
    }

    /// The float with the same value as the encoding `b`.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr float widen(uint16_t b) noexcept {
        return __builtin_bit_cast(float, static_cast<uint32_t>(b) << 16);
    }

    /// The encoding nearest to `f`, ties to even.
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr uint16_t narrow(float f) noexcept {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
        if (!__builtin_is_constant_evaluated()) {
            uint16_t b;
            asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(b) : "f"(f));
            return b;
        }
#endif
        const uint32_t u = __builtin_bit_cast(uint32_t, f);
        const uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
        const uint32_t nan = (u >> 16) | 0x40u;
        return static_cast<uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? nan : rounded);
    }
};

static_assert(sizeof(half) == 2 && alignof(half) == 2 && std::is_trivially_copyable_v<half>);
static_assert(sizeof(bfloat16) == 2 && alignof(bfloat16) == 2 && std::is_trivially_copyable_v<bfloat16>);

} // namespace warpx
