// SPDX-License-Identifier: Apache-2.0
// pool_support.hpp: launches that share their work however little it is.
#pragma once

#include <warpx/host/pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace pool_support {

/// A cost so high that a launch forks and wakes the workers (if there is more than one thread and one chunk).
inline constexpr uint32_t high_cost = 1000000000; // 1 ms per element

/// Runs `body(begin, end)` on [0, count) with a high known cost.
template <class Body>
void run_shared(int64_t count, const Body& body, int limit = 0, int64_t grain = 1,
                int64_t elements_per_item = 1) {
    warpx::host::work_cost cost;
    cost.picoseconds.store(high_cost, warpx::host::order::relaxed);
    warpx::host::for_ranges(count, body, cost, limit, grain, elements_per_item);
}

/// Runs one chunk on each of two threads at once: each waits for the other, so that a worker must take part.
template <class Body> bool run_on_two_threads(const Body& body) {
    std::atomic<int> arrived{0};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    run_shared(
        2,
        [&](int64_t, int64_t) {
            body();
            ++arrived;
            while (arrived.load() < 2 && std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
        },
        2);
    return arrived.load() == 2;
}

/// The sum of 0 ... count - 1, computed by the pool.
inline int64_t shared_sum(int64_t count) {
    warpx::host::atomic_word<int64_t> sum{0};
    run_shared(count, [&](int64_t begin, int64_t end) {
        int64_t part = 0;
        for (int64_t i = begin; i < end; ++i) part += i;
        sum.fetch_add(part, warpx::host::order::relaxed);
    });
    return sum.load(warpx::host::order::relaxed);
}

/// Whether a launch over `count` items gives the right sum.
inline bool sum_is_right(int64_t count = 1000) { return shared_sum(count) == count * (count - 1) / 2; }

} // namespace pool_support
