// SPDX-License-Identifier: Apache-2.0
// estimate.cpp: the parameters of a model from noisy data. Fish in 400 ponds grow by a rate that changes from
// month to month, up to what a pond feeds; each pond was counted once. The model is a loop that carries a
// value, so it is written with fold, and its gradient needs no tape.
#include <warpx/gradients.hpp>
#include <warpx/kernels/fill.hpp>
#include <warpx/random.hpp>

#include <cmath>
#include <cstdio>

/// The fish of a pond on the day it is counted: one Euler step a day.
constexpr auto grown = [] WARPX_KERNEL(auto days, auto start, auto rate, auto capacity) {
    return warpx::fold(days, start, [&](auto day, auto fish) {
        return fish + rate[day / 30] * fish * (1.0f - fish / capacity);
    });
};

/// How far the model is from the counts: relative errors, squared.
constexpr auto misfit = [] WARPX_KERNEL(auto i, auto start, auto day, auto count, auto rate, auto capacity,
                                        auto loss) {
    const auto e = grown(day[i], start[i], rate, capacity) / count[i] - 1.0f;
    loss[i] = e * e;
};

/// Ponds, and what is counted in them: the model with the true parameters, and 1 % of noise.
constexpr auto observe = [] WARPX_KERNEL(auto i, auto start, auto day, auto count, auto rate, auto capacity) {
    warpx::philox random(7, static_cast<uint64_t>(int64_t{i}));
    start[i] = 0.1f + 0.9f * warpx::uniform<float>(random);
    day[i] = 1 + static_cast<int>(359.0f * warpx::uniform<float>(random));
    count[i] = grown(day[i], start[i], rate, capacity) * (1.0f + 0.01f * warpx::normal<float>(random));
};

constexpr auto adam = [] WARPX_KERNEL(auto i, auto p, auto gradient, auto mean, auto square, auto rate) {
    mean[i] = 0.9f * mean[i] + 0.1f * gradient[i];
    square[i] = 0.99f * square[i] + 0.01f * gradient[i] * gradient[i];
    p[i] -= rate * mean[i] / (warpx::sqrt(square[i]) + 1e-10f);
    gradient[i] = 0.0f;
};

int main() {
    constexpr int64_t ponds = 400, months = 12;
    constexpr float true_capacity = 5.0f;
    const auto true_rate = warpx::empty<float>(months);
    for (int64_t m = 0; m < months; ++m)
        true_rate[m] = 0.006f + 0.004f * std::sin(6.2831853f * static_cast<float>(m) / 12.0f);
    const auto start = warpx::empty<float>(ponds), count = warpx::empty<float>(ponds);
    const auto day = warpx::empty<int>(ponds);
    warpx::launch<observe>(ponds, start, day, count, true_rate, true_capacity);

    // The parameters have gradients; the data have none, which costs nothing.
    auto rate = warpx::full<float>(months, 0.004f);
    rate.set_grad(warpx::zeros<float>(months));
    auto loss = warpx::empty<float>(ponds);
    loss.set_grad(warpx::empty<float>(ponds));
    const auto capacity = warpx::full<float>(1, 3.0f), capacity_gradient = warpx::zeros<float>(1);
    const auto mean = warpx::zeros<float>(months), square = warpx::zeros<float>(months);
    const auto capacity_mean = warpx::zeros<float>(1), capacity_square = warpx::zeros<float>(1);

    float worst = 1.0f;
    std::printf(" step   error of the model   worst rate off by   capacity (true: 5)\n");
    for (int step = 0; step <= 800; ++step) {
        const float c = capacity[0];
        if (step % 80 == 0) {
            warpx::launch<misfit>(ponds, start, day, count, rate, c, loss);
            double sum = 0;
            for (int64_t k = 0; k < ponds; ++k) sum += static_cast<double>(loss[k]);
            worst = 0.0f;
            for (int64_t m = 0; m < months; ++m) worst = std::fmax(worst, std::fabs(rate[m] - true_rate[m]));
            std::printf("%5d   %18.2f %%   %17.5f   %8.3f\n", step, 100 * std::sqrt(sum / ponds),
                        static_cast<double>(worst), static_cast<double>(c));
        }
        float g = 0.0f;
        warpx::fill(loss.grad(), 1.0f / ponds); // of the mean
        warpx::launch_adjoint<misfit>(ponds, start, day, count, rate, warpx::with_grad(c, g), loss);
        capacity_gradient[0] = g;
        const float pace = std::exp2(-static_cast<float>(step) / 250.0f);
        warpx::launch<adam>(months, rate, rate.grad(), mean, square, 0.0005f * pace);
        warpx::launch<adam>(1, capacity, capacity_gradient, capacity_mean, capacity_square, 0.05f * pace);
    }
    return worst < 0.0006f ? 0 : 1;
}
