// SPDX-License-Identifier: Apache-2.0
// descent.cpp: Rosenbrock's valley from 4096 starting points at once: the function is a lambda, its gradient
// comes from the lambda, and Adam, a second lambda, goes down.
#include <warpx/gradients.hpp>
#include <warpx/kernels/fill.hpp>

#include <cstdio>

/// Rosenbrock's function: its minimum, 0, is at (1, 1), in a flat and curved valley.
constexpr auto rosenbrock = [] WARPX_KERNEL(auto i, auto point, auto f) {
    const auto x = point[i].x, y = point[i].y;
    const auto to_valley = y - x * x, along = 1.0f - x;
    f[i] = 100.0f * to_valley * to_valley + along * along;
};

/// One step of Adam; the gradient is zeroed for the next.
constexpr auto adam = [] WARPX_KERNEL(auto i, auto point, auto gradient, auto mean, auto square, auto rate,
                                      auto decay) {
    const auto g = warpx::value(gradient[i]);
    mean[i] = 0.9f * mean[i] + 0.1f * g;
    square[i] = 0.99f * square[i] + 0.01f * (g * g);
    for (int k = 0; k < 2; ++k) {
        const float m = mean[i][k] / (1.0f - decay.x), s = square[i][k] / (1.0f - decay.y);
        point[i][k] -= rate * m / (warpx::sqrt(s) + 1e-8f);
    }
    gradient[i] = 0.0f;
};

/// Starting points: a square of 64 x 64 of them around the minimum.
constexpr auto spread = [] WARPX_KERNEL(auto i, auto point) {
    const int64_t k = i;
    point[i] =
        warpx::vec2f(static_cast<float>(k % 64), static_cast<float>(k / 64)) / 16.0f - warpx::vec2f(2.0f);
};

int main() {
    constexpr int64_t n = 64 * 64;
    auto point = warpx::empty<warpx::vec2f>(n);
    auto f = warpx::empty<float>(n);
    point.set_grad(warpx::zeros<warpx::vec2f>(n)); // an adjoint launch adds to it
    f.set_grad(warpx::empty<float>(n));
    const auto mean = warpx::zeros<warpx::vec2f>(n), square = warpx::zeros<warpx::vec2f>(n);
    warpx::launch<spread>(n, point);

    warpx::vec2f decay(1.0f, 1.0f);
    int arrived = 0;
    std::printf("  step   mean of f   at most   at the minimum\n");
    for (int step = 0; step <= 4000; ++step) {
        if (step % 500 == 0) {
            warpx::launch<rosenbrock>(n, point, f);
            double sum = 0, most = 0;
            arrived = 0;
            for (int64_t k = 0; k < n; ++k) {
                const double v = static_cast<double>(f[k]);
                sum += v, most = v > most ? v : most, arrived += v < 1e-6;
            }
            std::printf("%6d   %9.2e   %7.1e   %4d of %d\n", step, sum / n, most, arrived,
                        static_cast<int>(n));
        }
        warpx::fill(f.grad(), 1.0f);                    // d f / d f: consumed by each adjoint launch
        warpx::launch_adjoint<rosenbrock>(n, point, f); // point.grad() += the gradient
        decay = decay * warpx::vec2f(0.9f, 0.99f);
        warpx::launch<adam>(n, point, point.grad(), mean, square,
                            0.03f * warpx::exp2(-static_cast<float>(step) / 500.0f), decay);
    }
    return arrived == n ? 0 : 1;
}
