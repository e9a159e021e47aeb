// SPDX-License-Identifier: Apache-2.0
// fold_captured_test.cpp: folds whose steps change a variable that they capture.
#include "support/catch.hpp"

#include <warpx/gradcheck.hpp>
#include <warpx/gradients.hpp>

namespace {

/// Folds must not, but where it is seen, the tape helps.
constexpr auto with_running_total = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto total = x[i] * 0.0f;
    auto last = warpx::fold(n, x[i], [&](auto k, auto v) {
        total += v * p[k];
        return v * p[k];
    });
    y[i] = last + total;
};

} // namespace

TEST_CASE("a fold whose steps add to a captured sum is right, on a tape") {
    warpx::set_tape_report(nullptr);
    for (const int n : {1, 3, 100}) {
        const auto x = warpx::full<double>(4, 0.5), p = warpx::full<double>(n, 0.9),
                   y = warpx::zeros<double>(4);
        CHECK(warpx::gradcheck<with_running_total>(4, x, p, y, n).passed);
    }
    warpx::set_tape_report(warpx::print_tape_report);
}
