// SPDX-License-Identifier: Apache-2.0
// two_units_main.cpp: the umbrella in two translation units of one program links and works.
#include "two_units.hpp"

int main() {
    auto x = warpx::full<float>(100000, 1.0f);
    scale_by(x, 2.0f);
    scale_in_other_unit(x, 3.0f);
    for (int64_t i = 0; i < x.extent(0); ++i) {
        if (x[i] != 6.0f) return 1;
    }
    return 0;
}
