// SPDX-License-Identifier: Apache-2.0
// divider.hpp: division by a number that is known at the launch: a multiplication and a shift on the device.
#pragma once

#include "../config.hpp"

namespace warpx::detail {

/// Divides numbers below 2^31 by `by` (1 to 2^31 - 1). Granlund and Montgomery, "Division by invariant
/// integers using multiplication", PLDI 1994, figure 4.1; the sum fits 32 bits because of the bound.
struct divider {
    uint32_t by = 1;
    uint32_t factor = 1;
    uint32_t shift = 0;

    constexpr divider() noexcept = default;
    constexpr explicit divider(uint32_t d) noexcept : by(d) {
        while ((uint64_t{1} << shift) < d) ++shift;
        factor = static_cast<uint32_t>((((uint64_t{1} << shift) - d) << 32) / d + 1);
    }

    WARPX_HOST_DEVICE constexpr uint32_t divide(uint32_t n) const noexcept {
        const auto high = static_cast<uint32_t>(static_cast<uint64_t>(n) * factor >> 32);
        return (high + n) >> shift;
    }
};

} // namespace warpx::detail
