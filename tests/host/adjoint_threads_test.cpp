// SPDX-License-Identifier: Apache-2.0
// adjoint_threads_test.cpp: adjoint launches on several threads whose items share gradients: each addition
// arrives, and the thread sanitizer sees no race.
#include <warpx/gradients.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <thread>
#include <vector>

using namespace warpx;

namespace {

constexpr int64_t items = 20000, shared = 61;

/// Four threads, whatever the machine has.
void run_on_four(void*, int64_t count, range_body body, const void* context) {
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k)
        threads.emplace_back([=] { body(context, count * k / 4, count * (k + 1) / 4); });
    for (std::thread& t : threads) t.join();
}

constexpr auto gathered = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, auto a) {
    y[i] = a * p[table[i]] * x[i] + p[0];
};
constexpr auto scattered = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, auto a) {
    atomic_add(p, table[i], a * x[i]);
    y[i] = x[i] * x[i];
};
constexpr auto summed = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, auto a) {
    auto s = y.zero();
    for (int k = 0; k < 5; ++k) s += p[(table[i] + k) % 61] * x[i];
    y[i] = s * a;
};
constexpr auto on_tapes = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, auto a) {
    auto v = a * x[i];
    for (int k = 0; k < 40; ++k) v = sin(v) * p[(table[i] + k) % 61] + v * p[k];
    y[i] = v;
};

/// The arguments, their gradients, and what they are afterwards.
template <class T> struct arguments {
    array<T, 1> x = empty<T>(items), p = empty<T>(shared), y = zeros<T>(items);
    array<int32_t, 1> table = empty<int32_t>(items);
    T ga = 0;

    arguments() {
        for (int64_t k = 0; k < items; ++k) {
            x[k] = static_cast<T>(0.5 + 0.25 * std::sin(static_cast<double>(k)));
            table[k] = static_cast<int32_t>(k * k % shared);
        }
        for (int64_t k = 0; k < shared; ++k) p[k] = static_cast<T>(0.6 + 0.004 * static_cast<double>(k));
        x.set_grad(zeros<T>(items)), p.set_grad(ones<T>(shared)), y.set_grad(ones<T>(items));
    }
    template <const auto& K> void run(const launch_options& options, int64_t count) {
        launch_adjoint<K>(options, count, x, p, table, y, with_grad(static_cast<T>(0.75), ga));
    }
    double difference(const arguments& o) const {
        double worst = std::fabs(static_cast<double>(ga - o.ga)) / (1 + std::fabs(static_cast<double>(ga)));
        const auto compare = [&worst](const array<T, 1>& a, const array<T, 1>& b) {
            for (int64_t k = 0; k < a.size(); ++k) {
                const auto u = static_cast<double>(value(a[k])), v = static_cast<double>(value(b[k]));
                worst = std::max(worst, std::fabs(u - v) / (1 + std::fabs(u)));
            }
        };
        compare(x.grad(), o.x.grad()), compare(p.grad(), o.p.grad()), compare(y.grad(), o.y.grad());
        return worst;
    }
};

/// `rounds` launches in order, and as many on several threads: on four of the test, and on the pool, which
/// tries one thread and several in turn.
template <const auto& K, class T> void check(double tolerance, int64_t count = items, int rounds = 6) {
    arguments<T> alone, four, pool;
    for (int k = 0; k < rounds; ++k) {
        alone.template run<K>(launch_options{.executor = inline_executor()}, count);
        four.template run<K>(launch_options{.executor = {run_on_four, nullptr}}, count);
        pool.template run<K>(launch_options{}, count);
        for (arguments<T>* a : {&alone, &four, &pool}) a->y.set_grad(ones<T>(items)); // was consumed
    }
    CHECK(alone.difference(four) < tolerance);
    CHECK(alone.difference(pool) < tolerance);
}

} // namespace

TEST_CASE("adjoints on threads: gathers, scatters, sums, and the gradient of a scalar") {
    check<gathered, double>(1e-10);
    check<gathered, float>(2e-3);
    check<scattered, double>(1e-10);
    check<summed, double>(1e-10);
}
TEST_CASE("adjoints on threads: items on tapes") {
    set_tape_report(nullptr);
    check<on_tapes, double>(1e-10, 600, 4);
    set_tape_report(print_tape_report);
}
TEST_CASE("adjoints on threads: launches of one kernel at the same time, each with its own gradients") {
    arguments<double> expected;
    expected.run<gathered>({.threads = 1}, items);
    std::vector<arguments<double>> each(3);
    std::vector<std::thread> threads;
    for (arguments<double>& a : each) threads.emplace_back([&a] { a.run<gathered>({}, items); });
    for (std::thread& t : threads) t.join();
    for (const arguments<double>& a : each) CHECK(a.difference(expected) < 1e-10);
}
