// SPDX-License-Identifier: Apache-2.0
// saxpy.cpp: the program that every consumer project builds: a launch over memory of its own.
#include <warpx/warpx.hpp>

#include <cstdio>

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };

int main() {
    auto x = warpx::full<float>(3, 5.0f);
    auto y = warpx::zeros<float>(3);
    for (int i = 0; i < 3; ++i) y[i] = float(i + 1) * 12.0f - 10.0f;
    warpx::launch<saxpy>(x.extent(0), x, y, 2.0f);
    std::printf("y = %g %g %g\n", double(y[0]), double(y[1]), double(y[2]));
}
