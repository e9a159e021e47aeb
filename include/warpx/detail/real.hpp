// SPDX-License-Identifier: Apache-2.0
// real.hpp: elementary functions of float and double, the same names on the host and in a CUDA kernel.
#pragma once

#include "../config.hpp"

// nvcc includes <math.h> before the first line of a file, so the global names are there and have device
// versions. The host compilers have builtins, which need no header and vectorize.
namespace warpx::detail::real {

#if defined(__CUDACC__)
WARPX_INLINE WARPX_HOST_DEVICE float sqrt(float x) noexcept { return ::sqrtf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cbrt(float x) noexcept { return ::cbrtf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp(float x) noexcept { return ::expf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp2(float x) noexcept { return ::exp2f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float expm1(float x) noexcept { return ::expm1f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log(float x) noexcept { return ::logf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log2(float x) noexcept { return ::log2f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log10(float x) noexcept { return ::log10f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log1p(float x) noexcept { return ::log1pf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float sin(float x) noexcept { return ::sinf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cos(float x) noexcept { return ::cosf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tan(float x) noexcept { return ::tanf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float asin(float x) noexcept { return ::asinf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float acos(float x) noexcept { return ::acosf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float atan(float x) noexcept { return ::atanf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float sinh(float x) noexcept { return ::sinhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cosh(float x) noexcept { return ::coshf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tanh(float x) noexcept { return ::tanhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float asinh(float x) noexcept { return ::asinhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float acosh(float x) noexcept { return ::acoshf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float atanh(float x) noexcept { return ::atanhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float erf(float x) noexcept { return ::erff(x); }
WARPX_INLINE WARPX_HOST_DEVICE float erfc(float x) noexcept { return ::erfcf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tgamma(float x) noexcept { return ::tgammaf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float lgamma(float x) noexcept { return ::lgammaf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float floor(float x) noexcept { return ::floorf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float ceil(float x) noexcept { return ::ceilf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float round(float x) noexcept { return ::roundf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float trunc(float x) noexcept { return ::truncf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float rint(float x) noexcept { return ::rintf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float fabs(float x) noexcept { return ::fabsf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float pow(float x, float y) noexcept { return ::powf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float atan2(float x, float y) noexcept { return ::atan2f(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float fmod(float x, float y) noexcept { return ::fmodf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float hypot(float x, float y) noexcept { return ::hypotf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float copysign(float x, float y) noexcept { return ::copysignf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float fma(float x, float y, float z) noexcept { return ::fmaf(x, y, z); }
WARPX_INLINE WARPX_HOST_DEVICE double sqrt(double x) noexcept { return ::sqrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cbrt(double x) noexcept { return ::cbrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp(double x) noexcept { return ::exp(x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp2(double x) noexcept { return ::exp2(x); }
WARPX_INLINE WARPX_HOST_DEVICE double expm1(double x) noexcept { return ::expm1(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log(double x) noexcept { return ::log(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log2(double x) noexcept { return ::log2(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log10(double x) noexcept { return ::log10(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log1p(double x) noexcept { return ::log1p(x); }
WARPX_INLINE WARPX_HOST_DEVICE double sin(double x) noexcept { return ::sin(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cos(double x) noexcept { return ::cos(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tan(double x) noexcept { return ::tan(x); }
WARPX_INLINE WARPX_HOST_DEVICE double asin(double x) noexcept { return ::asin(x); }
WARPX_INLINE WARPX_HOST_DEVICE double acos(double x) noexcept { return ::acos(x); }
WARPX_INLINE WARPX_HOST_DEVICE double atan(double x) noexcept { return ::atan(x); }
WARPX_INLINE WARPX_HOST_DEVICE double sinh(double x) noexcept { return ::sinh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cosh(double x) noexcept { return ::cosh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tanh(double x) noexcept { return ::tanh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double asinh(double x) noexcept { return ::asinh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double acosh(double x) noexcept { return ::acosh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double atanh(double x) noexcept { return ::atanh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double erf(double x) noexcept { return ::erf(x); }
WARPX_INLINE WARPX_HOST_DEVICE double erfc(double x) noexcept { return ::erfc(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tgamma(double x) noexcept { return ::tgamma(x); }
WARPX_INLINE WARPX_HOST_DEVICE double lgamma(double x) noexcept { return ::lgamma(x); }
WARPX_INLINE WARPX_HOST_DEVICE double floor(double x) noexcept { return ::floor(x); }
WARPX_INLINE WARPX_HOST_DEVICE double ceil(double x) noexcept { return ::ceil(x); }
WARPX_INLINE WARPX_HOST_DEVICE double round(double x) noexcept { return ::round(x); }
WARPX_INLINE WARPX_HOST_DEVICE double trunc(double x) noexcept { return ::trunc(x); }
WARPX_INLINE WARPX_HOST_DEVICE double rint(double x) noexcept { return ::rint(x); }
WARPX_INLINE WARPX_HOST_DEVICE double fabs(double x) noexcept { return ::fabs(x); }
WARPX_INLINE WARPX_HOST_DEVICE double pow(double x, double y) noexcept { return ::pow(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double atan2(double x, double y) noexcept { return ::atan2(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double fmod(double x, double y) noexcept { return ::fmod(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double hypot(double x, double y) noexcept { return ::hypot(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double copysign(double x, double y) noexcept { return ::copysign(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double fma(double x, double y, double z) noexcept { return ::fma(x, y, z); }

#else
WARPX_INLINE WARPX_HOST_DEVICE float sqrt(float x) noexcept { return __builtin_sqrtf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cbrt(float x) noexcept { return __builtin_cbrtf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp(float x) noexcept { return __builtin_expf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp2(float x) noexcept { return __builtin_exp2f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float expm1(float x) noexcept { return __builtin_expm1f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log(float x) noexcept { return __builtin_logf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log2(float x) noexcept { return __builtin_log2f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log10(float x) noexcept { return __builtin_log10f(x); }
WARPX_INLINE WARPX_HOST_DEVICE float log1p(float x) noexcept { return __builtin_log1pf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float sin(float x) noexcept { return __builtin_sinf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cos(float x) noexcept { return __builtin_cosf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tan(float x) noexcept { return __builtin_tanf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float asin(float x) noexcept { return __builtin_asinf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float acos(float x) noexcept { return __builtin_acosf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float atan(float x) noexcept { return __builtin_atanf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float sinh(float x) noexcept { return __builtin_sinhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float cosh(float x) noexcept { return __builtin_coshf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tanh(float x) noexcept { return __builtin_tanhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float asinh(float x) noexcept { return __builtin_asinhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float acosh(float x) noexcept { return __builtin_acoshf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float atanh(float x) noexcept { return __builtin_atanhf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float erf(float x) noexcept { return __builtin_erff(x); }
WARPX_INLINE WARPX_HOST_DEVICE float erfc(float x) noexcept { return __builtin_erfcf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float tgamma(float x) noexcept { return __builtin_tgammaf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float lgamma(float x) noexcept { return __builtin_lgammaf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float floor(float x) noexcept { return __builtin_floorf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float ceil(float x) noexcept { return __builtin_ceilf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float round(float x) noexcept { return __builtin_roundf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float trunc(float x) noexcept { return __builtin_truncf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float rint(float x) noexcept { return __builtin_rintf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float fabs(float x) noexcept { return __builtin_fabsf(x); }
WARPX_INLINE WARPX_HOST_DEVICE float pow(float x, float y) noexcept { return __builtin_powf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float atan2(float x, float y) noexcept { return __builtin_atan2f(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float fmod(float x, float y) noexcept { return __builtin_fmodf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float hypot(float x, float y) noexcept { return __builtin_hypotf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float copysign(float x, float y) noexcept { return __builtin_copysignf(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE float fma(float x, float y, float z) noexcept {
    return __builtin_fmaf(x, y, z);
}
WARPX_INLINE WARPX_HOST_DEVICE double sqrt(double x) noexcept { return __builtin_sqrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cbrt(double x) noexcept { return __builtin_cbrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp(double x) noexcept { return __builtin_exp(x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp2(double x) noexcept { return __builtin_exp2(x); }
WARPX_INLINE WARPX_HOST_DEVICE double expm1(double x) noexcept { return __builtin_expm1(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log(double x) noexcept { return __builtin_log(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log2(double x) noexcept { return __builtin_log2(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log10(double x) noexcept { return __builtin_log10(x); }
WARPX_INLINE WARPX_HOST_DEVICE double log1p(double x) noexcept { return __builtin_log1p(x); }
WARPX_INLINE WARPX_HOST_DEVICE double sin(double x) noexcept { return __builtin_sin(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cos(double x) noexcept { return __builtin_cos(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tan(double x) noexcept { return __builtin_tan(x); }
WARPX_INLINE WARPX_HOST_DEVICE double asin(double x) noexcept { return __builtin_asin(x); }
WARPX_INLINE WARPX_HOST_DEVICE double acos(double x) noexcept { return __builtin_acos(x); }
WARPX_INLINE WARPX_HOST_DEVICE double atan(double x) noexcept { return __builtin_atan(x); }
WARPX_INLINE WARPX_HOST_DEVICE double sinh(double x) noexcept { return __builtin_sinh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double cosh(double x) noexcept { return __builtin_cosh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tanh(double x) noexcept { return __builtin_tanh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double asinh(double x) noexcept { return __builtin_asinh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double acosh(double x) noexcept { return __builtin_acosh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double atanh(double x) noexcept { return __builtin_atanh(x); }
WARPX_INLINE WARPX_HOST_DEVICE double erf(double x) noexcept { return __builtin_erf(x); }
WARPX_INLINE WARPX_HOST_DEVICE double erfc(double x) noexcept { return __builtin_erfc(x); }
WARPX_INLINE WARPX_HOST_DEVICE double tgamma(double x) noexcept { return __builtin_tgamma(x); }
WARPX_INLINE WARPX_HOST_DEVICE double lgamma(double x) noexcept { return __builtin_lgamma(x); }
WARPX_INLINE WARPX_HOST_DEVICE double floor(double x) noexcept { return __builtin_floor(x); }
WARPX_INLINE WARPX_HOST_DEVICE double ceil(double x) noexcept { return __builtin_ceil(x); }
WARPX_INLINE WARPX_HOST_DEVICE double round(double x) noexcept { return __builtin_round(x); }
WARPX_INLINE WARPX_HOST_DEVICE double trunc(double x) noexcept { return __builtin_trunc(x); }
WARPX_INLINE WARPX_HOST_DEVICE double rint(double x) noexcept { return __builtin_rint(x); }
WARPX_INLINE WARPX_HOST_DEVICE double fabs(double x) noexcept { return __builtin_fabs(x); }
WARPX_INLINE WARPX_HOST_DEVICE double pow(double x, double y) noexcept { return __builtin_pow(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double atan2(double x, double y) noexcept { return __builtin_atan2(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double fmod(double x, double y) noexcept { return __builtin_fmod(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double hypot(double x, double y) noexcept { return __builtin_hypot(x, y); }
WARPX_INLINE WARPX_HOST_DEVICE double copysign(double x, double y) noexcept {
    return __builtin_copysign(x, y);
}
WARPX_INLINE WARPX_HOST_DEVICE double fma(double x, double y, double z) noexcept {
    return __builtin_fma(x, y, z);
}

#endif

// What the host has no builtin for.
#if defined(__CUDA_ARCH__)
WARPX_INLINE WARPX_HOST_DEVICE float rsqrt(float x) noexcept { return ::rsqrtf(x); }
WARPX_INLINE WARPX_HOST_DEVICE double rsqrt(double x) noexcept { return ::rsqrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp10(float x) noexcept { return ::exp10f(x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp10(double x) noexcept { return ::exp10(x); }
WARPX_INLINE WARPX_HOST_DEVICE void sincos(float x, float& s, float& c) noexcept { ::sincosf(x, &s, &c); }
WARPX_INLINE WARPX_HOST_DEVICE void sincos(double x, double& s, double& c) noexcept { ::sincos(x, &s, &c); }
#else
WARPX_INLINE WARPX_HOST_DEVICE float rsqrt(float x) noexcept { return 1.0f / sqrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE double rsqrt(double x) noexcept { return 1.0 / sqrt(x); }
WARPX_INLINE WARPX_HOST_DEVICE float exp10(float x) noexcept { return pow(10.0f, x); }
WARPX_INLINE WARPX_HOST_DEVICE double exp10(double x) noexcept { return pow(10.0, x); }
WARPX_INLINE WARPX_HOST_DEVICE void sincos(float x, float& s, float& c) noexcept { s = sin(x), c = cos(x); }
WARPX_INLINE WARPX_HOST_DEVICE void sincos(double x, double& s, double& c) noexcept {
    s = sin(x), c = cos(x);
}
#endif

} // namespace warpx::detail::real
