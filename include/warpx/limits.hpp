// SPDX-License-Identifier: Apache-2.0
// limits.hpp: the limits of the number types and a few constants, usable in kernels (std::numeric_limits is
// not).
#pragma once

#include "float8.hpp"
#include "half.hpp"

namespace warpx {

/// The limits of T under the names of std::numeric_limits: `max()`, `lowest()`, and for floating-point types
/// `min()` (smallest positive normal number), `denorm_min()` (smallest positive number), `epsilon()`
/// (distance from 1 to the next number), `infinity()` and `quiet_NaN()` where the format has them. `digits`
/// counts the bits of the significand, or of the value for integers.
template <class T> struct limits {
    static_assert(std::is_integral_v<T>,
                  "limits<T> is for bool, integers and the floating-point types of warpx");
    static constexpr int digits =
        std::is_same_v<T, bool> ? 1 : static_cast<int>(8 * sizeof(T)) - (std::is_signed_v<T> ? 1 : 0);
    WARPX_HOST_DEVICE static constexpr T max() noexcept {
        return static_cast<T>(~uint64_t{0} >> (64 - digits));
    }
    WARPX_HOST_DEVICE static constexpr T lowest() noexcept {
        if constexpr (std::is_signed_v<T>) {
            return static_cast<T>(-max() - 1);
        } else {
            return T(0);
        }
    }
};

template <> struct limits<float> {
    static constexpr int digits = 24;
    WARPX_HOST_DEVICE static constexpr float max() noexcept { return 0x1.fffffep127f; }
    WARPX_HOST_DEVICE static constexpr float lowest() noexcept { return -0x1.fffffep127f; }
    WARPX_HOST_DEVICE static constexpr float min() noexcept { return 0x1p-126f; }
    WARPX_HOST_DEVICE static constexpr float denorm_min() noexcept { return 0x1p-149f; }
    WARPX_HOST_DEVICE static constexpr float epsilon() noexcept { return 0x1p-23f; }
    WARPX_HOST_DEVICE static constexpr float infinity() noexcept {
        return __builtin_bit_cast(float, 0x7f800000u);
    }
    WARPX_HOST_DEVICE static constexpr float quiet_NaN() noexcept {
        return __builtin_bit_cast(float, 0x7fc00000u);
    }
};

template <> struct limits<double> {
    static constexpr int digits = 53;
    WARPX_HOST_DEVICE static constexpr double max() noexcept { return 0x1.fffffffffffffp1023; }
    WARPX_HOST_DEVICE static constexpr double lowest() noexcept { return -0x1.fffffffffffffp1023; }
    WARPX_HOST_DEVICE static constexpr double min() noexcept { return 0x1p-1022; }
    WARPX_HOST_DEVICE static constexpr double denorm_min() noexcept { return 0x1p-1074; }
    WARPX_HOST_DEVICE static constexpr double epsilon() noexcept { return 0x1p-52; }
    WARPX_HOST_DEVICE static constexpr double infinity() noexcept {
        return __builtin_bit_cast(double, uint64_t{0x7ff0000000000000});
    }
    WARPX_HOST_DEVICE static constexpr double quiet_NaN() noexcept {
        return __builtin_bit_cast(double, uint64_t{0x7ff8000000000000});
    }
};

template <> struct limits<half> {
    static constexpr int digits = 11;
    WARPX_HOST_DEVICE static constexpr half max() noexcept { return half::from_bits(0x7bff); }
    WARPX_HOST_DEVICE static constexpr half lowest() noexcept { return half::from_bits(0xfbff); }
    WARPX_HOST_DEVICE static constexpr half min() noexcept { return half::from_bits(0x0400); }
    WARPX_HOST_DEVICE static constexpr half denorm_min() noexcept { return half::from_bits(1); }
    WARPX_HOST_DEVICE static constexpr half epsilon() noexcept { return half::from_bits(0x1400); }
    WARPX_HOST_DEVICE static constexpr half infinity() noexcept { return half::from_bits(0x7c00); }
    WARPX_HOST_DEVICE static constexpr half quiet_NaN() noexcept { return half::from_bits(0x7e00); }
};

template <> struct limits<bfloat16> {
    static constexpr int digits = 8;
    WARPX_HOST_DEVICE static constexpr bfloat16 max() noexcept { return bfloat16::from_bits(0x7f7f); }
    WARPX_HOST_DEVICE static constexpr bfloat16 lowest() noexcept { return bfloat16::from_bits(0xff7f); }
    WARPX_HOST_DEVICE static constexpr bfloat16 min() noexcept { return bfloat16::from_bits(0x0080); }
    WARPX_HOST_DEVICE static constexpr bfloat16 denorm_min() noexcept { return bfloat16::from_bits(1); }
    WARPX_HOST_DEVICE static constexpr bfloat16 epsilon() noexcept { return bfloat16::from_bits(0x3c00); }
    WARPX_HOST_DEVICE static constexpr bfloat16 infinity() noexcept { return bfloat16::from_bits(0x7f80); }
    WARPX_HOST_DEVICE static constexpr bfloat16 quiet_NaN() noexcept { return bfloat16::from_bits(0x7fc0); }
};

/// No infinity() and no denorm_min() here: half of these formats lack the one, and e8m0fnu the other.
template <float8_format Format> struct limits<float8<Format>> {
    static constexpr int digits = detail::layout_of(Format).fraction + 1;
    WARPX_HOST_DEVICE static constexpr float8<Format> max() noexcept {
        return bits(detail::layout_of(Format).largest);
    }
    WARPX_HOST_DEVICE static constexpr float8<Format> lowest() noexcept {
        return bits(Format == float8_format::e8m0fnu ? 0u : detail::layout_of(Format).largest | 0x80u);
    }
    WARPX_HOST_DEVICE static constexpr float8<Format> min() noexcept {
        return bits(Format == float8_format::e8m0fnu ? 0u : 1u << detail::layout_of(Format).fraction);
    }
    WARPX_HOST_DEVICE static constexpr float8<Format> quiet_NaN() noexcept {
        return bits(detail::layout_of(Format).nan);
    }

private:
    WARPX_HOST_DEVICE static constexpr float8<Format> bits(uint32_t b) noexcept {
        return float8<Format>::from_bits(static_cast<uint8_t>(b));
    }
};

/// The ratio of a circle's circumference to its diameter, as float or double.
template <class T>
    requires std::is_floating_point_v<T>
inline constexpr T pi = T(3.14159265358979323846);

} // namespace warpx
