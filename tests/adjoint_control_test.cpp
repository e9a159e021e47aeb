// SPDX-License-Identifier: Apache-2.0
// adjoint_control_test.cpp: adjoints of kernels with branches, loops, functions and local arrays.
#include "support/adjoint_engines.hpp"

#include <warpx/random.hpp>

using namespace test;

// -- Branches
// ------------------------------------------------------------------------------------------------

constexpr auto branches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 0.5f)
        y[i] = x[i] * x[i];
    else if (x[i] > 0.0f)
        y[i] = sin(x[i]) + y[i];
    // else y is left
};
constexpr auto ternaries = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto a = value(x[i]), b = value(y[i]);
    auto t = a > b ? a * a : b;
    y[i] = t > 0.0f ? t * b : -t;
};
constexpr auto switches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = value(x[i]);
    switch (static_cast<int64_t>(i) % 4) {
    case 0:
        t *= 2.0f;
        [[fallthrough]];
    case 1:
        t = t * t;
        break;
    case 2:
        return;
    default:
        t = x[(static_cast<int64_t>(i) + 1) % x.extent(0)] * t;
    }
    y[i] = t;
};
constexpr auto early = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = x[static_cast<int64_t>(i)] * 2.0f;
    if (x[i] < 0.0f) return;
    auto t = s * x[i];
    if (t > 1.0f) {
        y[i] = t;
        return;
    }
    y[i] += t * s;
};

TEST_CASE("branches, switch, early return") {
    const auto x = with_values<double>(9, 1), y = with_values<double>(9, 2);
    check_both(9, kernel<branches>, x, y);
    check_both(9, kernel<ternaries>, x, y);
    check_both(9, kernel<switches>, x, y);
    check_both(9, kernel<early>, x, y);
}

// -- Loops
// ---------------------------------------------------------------------------------------------------

constexpr auto carried = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = value(x[i]);
    for (int k = 0; k < steps; ++k) s = s - 0.1f * sin(s * p[k % 3]);
    y[i] = s;
};
constexpr auto carried_own = [] WARPX_KERNEL(auto i, auto x, int steps, auto y) {
    y[i] = x[i];
    for (int k = 0; k < steps; ++k) y[i] *= 0.99f + 0.01f * x[i];
};
constexpr auto summed = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) s += p[k % 3] * x[i];
    y[i] = s * s;
};
constexpr auto self_scaling = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = value(x[i]);
    for (int k = 0; k < steps; ++k) s += 0.02f * s * p[k % 3];
    y[i] = s;
};
constexpr auto while_loop = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto t = x[i] * x[i] + 1.0f;
    int k = 0;
    while (t < 1000.0f && k < steps) {
        t = t * (1.0f + 0.01f * p[k % 3] * p[k % 3]);
        ++k;
    }
    do t += p[0];
    while (t < 0.0f);
    y[i] = t;
};
constexpr auto nested_loops = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        auto t = decltype(x)::zero();
        for (int j = 0; j < 3; ++j) {
            if (j == k % 3) continue;
            t += p[j] * x[i];
        }
        s += 0.1f * t * t;
        if (s > 40.0f) break;
    }
    y[i] = s;
};
constexpr auto averaged = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y) {
    auto mean = decltype(x)::zero();
    auto square = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        mean += p[k % 3] * x[i];
        square += mean * p[k % 3];
        mean *= 0.9f;
    }
    y[i] = mean * square;
};
constexpr auto stored_in_loop = [] WARPX_KERNEL(auto i, auto x, auto p, int steps, auto y, auto z) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < steps; ++k) {
        s += p[k % 3] * x[i];
        z[i] = s * p[0] + z[i];
        if (k % 5 == 0) y[i] = s;
    }
};

TEST_CASE("loops whose trip count is known at run time") {
    const int steps = GENERATE(0, 1, 17, 200, 600);
    CAPTURE(steps);
    const auto x = with_values<double>(3, 1), p = with_values<double>(3, 2), y = with_values<double>(3, 3),
               z = with_values<double>(3, 4);
    check_both(3, kernel<carried>, x, p, steps, y);
    check_both(3, kernel<carried_own>, x, steps, y);
    check_both(3, kernel<summed>, x, p, steps, y);
    check_both(3, kernel<self_scaling>, x, p, steps, y);
    check_both(3, kernel<while_loop>, x, p, steps, y);
    check_both(3, kernel<nested_loops>, x, p, steps, y);
    check_both(3, kernel<averaged>, x, p, steps, y);
    if (steps < 200) check_both(3, kernel<stored_in_loop>, x, p, steps, y, z);
}

// -- Functions, local arrays, random numbers
// --------------------------------------------------------------------

namespace {
template <class T> WARPX_HOST_DEVICE T squared(const T& x) { return x * x; }
template <class T> WARPX_HOST_DEVICE void scale_by_reference(T& x, const T& by) { x *= by; }
template <class T> WARPX_HOST_DEVICE T power(T x, int n) {
    if (n == 0) return T(1.0f);
    T half = power(x, n / 2);
    return n % 2 == 0 ? half * half : half * half * x;
}
template <class T> struct oscillator {
    T position, velocity;
    WARPX_HOST_DEVICE void step(T stiffness) {
        velocity -= stiffness * position * 0.1f;
        position += velocity * 0.1f;
    }
    WARPX_HOST_DEVICE T energy() const { return position * position + velocity * velocity; }
};
template <class T> WARPX_HOST_DEVICE auto largest(const T& a, const T& b) -> const T& {
    return a < b ? b : a;
}
} // namespace

constexpr auto functions = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    V t = squared<V>(x[i]) + squared(value(p[1]));
    scale_by_reference(t, value(p[0]));
    y[i] = power(t, 5) + largest(t, value(x[i]));
};
constexpr auto objects = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    oscillator<V> o{x[i], V(0.5f)};
    for (int k = 0; k < 3; ++k) o.step(p[k]);
    auto copy = o;
    copy.step(p[0]);
    y[i] = o.energy() * copy.position;
};
constexpr auto inner_lambdas = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto t = value(x[i]);
    const auto add = [&](const auto& by) { t += by; };
    const auto twice = [&t, p](int k) { return t * p[k] * 2.0f; };
    add(value(p[0]));
    auto u = twice(1);
    add(u);
    add(u * t);
    t = twice(2) + t;
    y[i] = t;
};
constexpr auto local_arrays = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    using V = typename decltype(x[0])::value_type;
    V a[4] = {x[i], p[0], p[1], V(2.0f)};
    for (int k = 0; k < 6; ++k) a[k % 4] = a[(k + 1) % 4] * a[k % 4] + a[(k + 2) % 4];
    V b[4];
    for (int k = 0; k < 4; ++k) b[3 - k] = a[k];
    for (int k = 0; k < 4; ++k) a[k] += b[k] * p[k % 3];
    y[i] = a[0] * a[1] + a[2] - b[3];
};
constexpr auto swapping = [] WARPX_KERNEL(auto i, auto x, auto p, auto y) {
    auto a = x[i] * p[0], b = p[1] * p[2], c = value(p[0]);
    auto swap = [](auto& u, auto& v) {
        auto t = std::move(u);
        u = std::move(v);
        v = std::move(t);
    };
    swap(a, b);
    swap(b, c);
    a = a;
    c += a;
    std::swap(a, c);
    a *= a;
    b -= b * a;
    y[i] = a + b * c;
};
constexpr auto randomly = [] WARPX_KERNEL(auto i, auto x, auto y) {
    philox rng(7, i);
    auto s = value(x[i]);
    for (int k = 0; k < 4; ++k)
        if (uniform<float>(rng) < 0.5f)
            s = s * s + uniform<float>(rng);
        else
            s = sin(s) * x[(static_cast<int64_t>(i) + k) % x.extent(0)];
    y[i] = s;
};

TEST_CASE("functions, objects, local arrays, swaps, random numbers") {
    const auto x = with_values<double>(9, 1), p = with_values<double>(3, 2), y = with_values<double>(9, 3);
    check_both(9, kernel<functions>, x, p, y);
    check_both(9, kernel<objects>, x, p, y);
    check_both(9, kernel<inner_lambdas>, x, p, y);
    check_both(9, kernel<local_arrays>, x, p, y);
    check_both(9, kernel<swapping>, x, p, y);
    check_both(9, kernel<randomly>, x, y);
}

// -- Accumulators
// --------------------------------------------------------------------------------------------

constexpr auto read_while_summing = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto t = s;
    s += x(i, 1);
    y[i] = s * t;
};
constexpr auto kept_in_branch = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), best = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s += x(i, k) * x(i, k);
        if (k == 1) best = s;
    }
    y[i] = s * 2.0f + best;
};
constexpr auto prefix_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s += x(i, k);
        atomic_add(y, i, s * static_cast<float>(k));
        y(i) += s;
    }
};
constexpr auto horner = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        s *= 0.5f;
        s += x(i, k);
    }
    y[i] = s;
};
constexpr auto summed_by_functions = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto f = [](auto a, auto b) {
        auto s = a;
        s += b;
        return s;
    };
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto u = f(s, x(i, 1));
    auto v = f(s, x(i, 2));
    std::swap(u, v);
    s += u;
    y[i] = s * v;
};
constexpr auto moved_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    s += x(i, 0);
    auto t = std::move(s);
    t += x(i, 1);
    s += x(i, 2);
    s = t * s;
    s += x(i, 3);
    y[i] = s;
};
constexpr auto many_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    using V = typename decltype(y[0])::value_type;
    V a(0.0f), b(0.0f), c(0.0f), d(0.0f), e(0.0f), f(1.0f);
    for (int k = 0; k < 4; ++k) {
        a += x(i, k);
        b -= x(i, k) * a;
        c += b * x(i, k);
        d += c;
        e += x(i, k) * d;
        f *= x(i, k);
    }
    y[i] = a * b + c * d + e * f;
};
constexpr auto sums_of_sums = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    s += x(i, 0);
    t += s;
    s += x(i, 1);
    t += s;
    t += t;
    s -= t;
    s += x(i, 2);
    s += s;
    t += s;
    y[i] = t * s;
};
constexpr auto sums_in_array = [] WARPX_KERNEL(auto i, auto x, auto y) {
    using V = typename decltype(y[0])::value_type;
    V s[2] = {V(0.0f), V(0.0f)};
    for (int k = 0; k < 4; ++k) s[k % 2] += x(i, k) * x(i, 3 - k);
    s[0] += s[1];
    s[1] += s[0] * x(i, 0);
    y[i] = s[0] * s[1];
};
constexpr auto sum_started_in_branch = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    for (int k = 0; k < 4; ++k) {
        if (x(i, k) > 0.0f)
            s += x(i, k) * x(i, k);
        else
            t += x(i, k) * 3.0f;
        if (k == 2) s = s * t + 1.0f;
    }
    y[i] = s - t * t;
};
constexpr auto sum_chosen = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero(), t = decltype(x)::zero();
    s += x(i, 0);
    t += x(i, 1);
    auto& u = x(i, 2) > 0.0f ? s : t;
    u += x(i, 2);
    const auto& v = u;
    t += v * x(i, 3);
    y[i] = s * t + (s > t ? s : t) + max(s, t);
};
constexpr auto sum_to_element = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = decltype(x)::zero();
    for (int k = 0; k < 3; ++k) {
        s += x(i, k);
        y[i] = s;
    }
    s += x(i, 3);
    y[i] = s * y[i];
};

TEST_CASE("sums of gathered values that are read before they are complete") {
    const auto how = GENERATE(lying::compact, lying::mixed);
    const auto x = with_values<double>({3, 4}, 1, how);
    const auto y = with_values<double>(3, 2, how);
    check_both(3, kernel<read_while_summing>, x, y);
    check_both(3, kernel<kept_in_branch>, x, y);
    check_both(3, kernel<prefix_sums>, x, y);
    check_both(3, kernel<horner>, x, y);
    check_both(3, kernel<summed_by_functions>, x, y);
    check_both(3, kernel<moved_sums>, x, y);
    check_both(3, kernel<many_sums>, x, y);
    check_both(3, kernel<sums_of_sums>, x, y);
    check_both(3, kernel<sums_in_array>, x, y);
    check_both(3, kernel<sum_started_in_branch>, x, y);
    check_both(3, kernel<sum_chosen>, x, y);
    check_both(3, kernel<sum_to_element>, x, y);
}
