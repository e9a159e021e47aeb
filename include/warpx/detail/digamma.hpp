// SPDX-License-Identifier: Apache-2.0
// digamma.hpp: the first and the second derivative of log(gamma(x)).
#pragma once

#include "real.hpp"

namespace warpx::detail::real {

// Zero and the negative integers are poles: the left half goes by reflection, arguments near zero by
// recurrence to 10, where eight terms of the asymptotic series are exact to rounding. In double: a float
// would lose half of its digits to cancellation.

inline constexpr double digamma_pi = 3.14159265358979323846;

/// digamma(x) = gamma'(x) / gamma(x). -infinity at 0, infinity at -0, NaN at the other poles, as in SciPy.
WARPX_INLINE WARPX_HOST_DEVICE double digamma(double x) noexcept {
    double shift = 0;
    if (x <= 0) {
        const double r = x - rint(x);
        if (x == 0) return -1 / x;
        if (r == 0) return r / r;
        shift = -digamma_pi / tan(digamma_pi * r); // DLMF 5.5.4
        x = 1 - x;
    }
    for (; x < 10; x += 1) shift -= 1 / x; // DLMF 5.5.2
    // DLMF 5.11.2: log x - 1 / 2x - sum of B_2k / (2k x^2k).
    const double s = 1 / (x * x);
    const double series =
        s * (1. / 12 -
             s * (1. / 120 -
                  s * (1. / 252 - s * (1. / 240 - s * (1. / 132 - s * (691. / 32760 - s * (1. / 12)))))));
    return shift + (log(x) - 0.5 / x - series);
}
WARPX_INLINE WARPX_HOST_DEVICE float digamma(float x) noexcept {
    return static_cast<float>(digamma(static_cast<double>(x)));
}

/// The derivative of digamma(x). Infinity at the poles.
WARPX_INLINE WARPX_HOST_DEVICE double trigamma(double x) noexcept {
    double shift = 0, sign = 1;
    if (x <= 0) {
        const double r = x - rint(x);
        if (r == 0) return 1 / (r * r);
        const double t = digamma_pi / sin(digamma_pi * r); // DLMF 5.15.6
        shift = t * t;
        sign = -1;
        x = 1 - x;
    }
    double sum = 0;
    for (; x < 10; x += 1) sum += 1 / (x * x); // DLMF 5.15.5
    // DLMF 5.15.8: 1 / x + 1 / 2x^2 + sum of B_2k / x^(2k + 1).
    const double s = 1 / (x * x);
    const double series =
        s * (1. / 6 - s * (1. / 30 -
                           s * (1. / 42 - s * (1. / 30 - s * (5. / 66 - s * (691. / 2730 - s * (7. / 6)))))));
    return shift + sign * (sum + (1 + series) / x + 0.5 * s);
}
WARPX_INLINE WARPX_HOST_DEVICE float trigamma(float x) noexcept {
    return static_cast<float>(trigamma(static_cast<double>(x)));
}

} // namespace warpx::detail::real
