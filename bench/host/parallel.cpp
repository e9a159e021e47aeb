// SPDX-License-Identifier: Apache-2.0
// parallel.cpp: launches on all threads. Built once for each pool, since several pools in one process starve
// each other: BENCH_WARPX, BENCH_OPENMP, BENCH_TBB, BENCH_STD. Benchmarks: saxpy/<items>,
// four threads/10000 (four application threads launch at once), imbalanced/4096 (item i costs ~ i).
#include "memory.hpp"

#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <thread>
#include <vector>

#if defined(BENCH_WARPX)
#    include <warpx/warpx.hpp>
#elif defined(BENCH_TBB)
#    include <tbb/blocked_range.h>
#    include <tbb/parallel_for.h>
#elif defined(BENCH_STD)
#    include <algorithm>
#    include <execution>
#endif

using i64 = std::int64_t;

namespace {

float slow_sum(i64 terms, float x) {
    float sum = x;
    for (i64 k = 0; k < terms; ++k) sum = sum * 0.5f + x;
    return sum;
}

#if defined(BENCH_WARPX)
constexpr auto saxpy_kernel = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto slow_kernel = [](auto i, auto x, auto y) { y[i] = slow_sum(i, x[i]); };
struct vectors {
    vectors(i64 n, const float* from, float* to)
        : x(warpx::from_pointer<const float, 1>(from, {n})), y(warpx::from_pointer<float, 1>(to, {n})) {}
    void saxpy(float a) const { warpx::launch<saxpy_kernel>(x.extent(0), x, y, a); }
    void imbalanced() const { warpx::launch<slow_kernel>(x.extent(0), x, y); }
    warpx::array<const float, 1> x;
    warpx::array<float, 1> y;
};
#else
struct vectors {
    vectors(i64 count, const float* from, float* to) : n(count), x(from), y(to) {}
    i64 n;
    const float* x;
    float* y;
#    if defined(BENCH_OPENMP)
    void saxpy(float a) const {
#        pragma omp parallel for
        for (i64 i = 0; i < n; ++i) y[i] = a * x[i] + y[i];
    }
    void imbalanced() const {
#        pragma omp parallel for schedule(dynamic, 16)
        for (i64 i = 0; i < n; ++i) y[i] = slow_sum(i, x[i]);
    }
#    elif defined(BENCH_TBB)
    void saxpy(float a) const {
        tbb::parallel_for(tbb::blocked_range<i64>(0, n), [=, *this](const tbb::blocked_range<i64>& r) {
            const i64 end = r.end();
            for (i64 i = r.begin(); i < end; ++i) y[i] = a * x[i] + y[i];
        });
    }
    void imbalanced() const {
        tbb::parallel_for(tbb::blocked_range<i64>(0, n), [*this](const tbb::blocked_range<i64>& r) {
            const i64 end = r.end();
            for (i64 i = r.begin(); i < end; ++i) y[i] = slow_sum(i, x[i]);
        });
    }
#    else
    void saxpy(float a) const {
        std::for_each(std::execution::par, y, y + n, [=, *this](float& to) { to = a * x[&to - y] + to; });
    }
    void imbalanced() const {
        std::for_each(std::execution::par, y, y + n, [*this](float& to) {
            const i64 i = &to - y;
            to = slow_sum(i, x[i]);
        });
    }
#    endif
};
#endif

void saxpy(benchmark::State& state) {
    const i64 n = state.range(0);
    const bench::buffer<float> x(n, 0, 1.0f), y(n, 1, 1.0f);
    const vectors v(n, x.data(), y.data());
    for (auto _ : state) {
        v.saxpy(0.25f);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(saxpy)->RangeMultiplier(10)->Range(1, 100000000)->UseRealTime();

void imbalanced(benchmark::State& state) {
    const i64 n = state.range(0);
    const bench::buffer<float> x(n, 0, 1.0f), y(n, 1, 1.0f);
    const vectors v(n, x.data(), y.data());
    for (auto _ : state) {
        v.imbalanced();
        benchmark::ClobberMemory();
    }
}
BENCHMARK(imbalanced)->Arg(4096)->UseRealTime();

/// The time of one launch when four threads launch side by side, each over arrays of its own.
void four_threads(benchmark::State& state) {
    const i64 n = state.range(0);
    constexpr int threads = 4, launches = 2000;
    for (auto _ : state) {
        std::atomic<int> ready{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> team;
        for (int t = 0; t < threads; ++t)
            team.emplace_back([&, t] {
                const bench::buffer<float> x(n, 2 * t, 1.0f), y(n, 2 * t + 1, 1.0f);
                const vectors v(n, x.data(), y.data());
                v.saxpy(0.25f); // a pool may start threads here
                ++ready;
                while (!go) std::this_thread::yield();
                for (int k = 0; k < launches; ++k) v.saxpy(0.25f);
            });
        while (ready != threads) std::this_thread::yield();
        const auto start = std::chrono::steady_clock::now();
        go = true;
        for (std::thread& t : team) t.join();
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(time.count() / (threads * launches));
    }
}
BENCHMARK(four_threads)->Arg(10000)->UseManualTime()->Iterations(3);

} // namespace

BENCHMARK_MAIN();
