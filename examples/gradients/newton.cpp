// SPDX-License-Identifier: Apache-2.0
// newton.cpp: Newton's method for 10000 unknowns. Its linear systems are solved by conjugate gradients, which
// need the Hessian only times vectors: the adjoint of a kernel along a direction, without any matrix.
#include <warpx/gradients.hpp>

#include <cmath>
#include <cstdio>

/// Rosenbrock's function in a chain: each unknown wants to be 1, and the next one its square.
constexpr auto chain = [] WARPX_KERNEL(auto i, auto x, auto f) {
    const int64_t k = i;
    const auto to_valley = x[k + 1] - x[k] * x[k], along = 1.0 - x[k];
    f[i] = 100.0 * to_valley * to_valley + along * along;
};
constexpr auto add = [] WARPX_KERNEL(auto i, auto y, auto a, auto x) { y[i] += a * x[i]; };
constexpr auto add_to_scaled = [] WARPX_KERNEL(auto i, auto y, auto b, auto x) { y[i] = x[i] + b * y[i]; };

namespace {

constexpr int64_t n = 10000;
using vector = warpx::array<double, 1>;

double sum(const vector& a) {
    double s = 0;
    for (int64_t k = 0; k < a.extent(0); ++k) s += a[k];
    return s;
}
double dot(const vector& a, const vector& b) {
    double s = 0;
    for (int64_t k = 0; k < n; ++k) s += a[k] * b[k];
    return s;
}

double value_at(const vector& x) {
    const vector f = warpx::empty<double>(n - 1);
    warpx::launch<chain>(n - 1, x, f);
    return sum(f);
}
vector gradient_at(const vector& x) {
    const vector gradient = warpx::zeros<double>(n), f = warpx::empty<double>(n - 1);
    warpx::launch_adjoint<chain>(n - 1, warpx::with_grad(x, gradient),
                                 warpx::with_grad(f, warpx::ones<double>(n - 1)));
    return gradient;
}
/// The Hessian at x times v: the gradient's derivative along v. It arrives in the gradient of v.
vector hessian_times(const vector& x, const vector& v) {
    const vector product = warpx::zeros<double>(n), gradient = warpx::zeros<double>(n);
    const vector f = warpx::empty<double>(n - 1), along_v = warpx::empty<double>(n - 1);
    const auto one = warpx::ones<double>(n - 1), zero = warpx::zeros<double>(n - 1);
    warpx::launch_adjoint<chain>(
        n - 1, warpx::with_tangent(warpx::with_grad(x, gradient), warpx::with_grad(v, product)),
        warpx::with_tangent(warpx::with_grad(f, one), warpx::with_grad(along_v, zero)));
    return product;
}

/// Where the quadratic model at x has its minimum, or the way there until the curvature is negative.
vector newton_step(const vector& x, const vector& gradient, int& products) {
    const vector step = warpx::zeros<double>(n), r = warpx::zeros<double>(n), p = warpx::zeros<double>(n);
    warpx::launch<add>(n, r, -1.0, gradient);
    warpx::launch<add>(n, p, 1.0, r);
    double rr = dot(r, r);
    const double small = std::fmin(0.25, std::sqrt(std::sqrt(rr))) * std::sqrt(rr);
    for (int k = 0; k < 200 && std::sqrt(rr) > small; ++k, ++products) {
        const vector hp = hessian_times(x, p);
        const double curvature = dot(p, hp);
        if (curvature <= 0) return k == 0 ? p : step;
        warpx::launch<add>(n, step, rr / curvature, p);
        warpx::launch<add>(n, r, -rr / curvature, hp);
        const double before = rr;
        rr = dot(r, r);
        warpx::launch<add_to_scaled>(n, p, rr / before, r);
    }
    return step;
}

} // namespace

int main() {
    const vector x = warpx::full<double>(n, 0.8);
    int products = 0;
    double size = 1;
    std::printf("iteration        f(x)   |gradient|   products with the Hessian\n");
    for (int k = 0; k < 50; ++k) {
        const double f = value_at(x);
        const vector gradient = gradient_at(x);
        size = std::sqrt(dot(gradient, gradient));
        std::printf("%9d   %9.2e   %10.2e   %5d\n", k, f, size, products);
        if (size < 1e-9) break;
        const vector step = newton_step(x, gradient, products);
        const double slope = dot(step, gradient);
        double t = 1; // of the step, halved until f falls as it should
        warpx::launch<add>(n, x, t, step);
        for (; value_at(x) > f + 1e-4 * t * slope && t > 1e-6; t /= 2) warpx::launch<add>(n, x, -t / 2, step);
    }
    return size < 1e-9 ? 0 : 1;
}
