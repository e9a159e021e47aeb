// SPDX-License-Identifier: Apache-2.0
// cost_model_test.cpp: the decisions of the pool, as numbers.
#include <warpx/host/cost_model.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>

using namespace warpx::host;

namespace {

constexpr int64_t most = std::numeric_limits<int64_t>::max();

} // namespace

TEST_CASE("divide_up rounds up and does not overflow") {
    CHECK(divide_up(0, 7) == 0);
    CHECK(divide_up(1, 7) == 1);
    CHECK(divide_up(7, 7) == 1);
    CHECK(divide_up(8, 7) == 2);
    CHECK(divide_up(most, 2) == most / 2 + 1);
    CHECK(divide_up(most, most) == 1);
}

TEST_CASE("learned costs follow a shorter time at once, a longer one slowly, and stay in range") {
    CHECK(learn_cost(0, 500) == 500);
    CHECK(learn_cost(500, 100) == 100);
    CHECK(learn_cost(100, 500) == 200);
    CHECK(learn_cost(100, 0) == 1);
    CHECK(learn_cost(0, 1e300) == 4000000000u);
    CHECK(learn_cost(0, std::numeric_limits<double>::quiet_NaN()) == 4000000000u);
    CHECK(learn_cost(4000000000u, 1e300) == 4000000000u);
}

TEST_CASE("one preempted measurement is forgotten by the next ordinary one") {
    uint32_t cost = learn_cost(0, 100);
    cost = learn_cost(cost, 4e6);
    CHECK(cost > 100);
    CHECK(learn_cost(cost, 100) == 100);
}

TEST_CASE("launches below the cost of a fork need no clock, up to the sampling limit") {
    CHECK(quick_elements(0) == 0); // unknown: look at the clock once
    CHECK(quick_elements(100) == cost_limits::quick_elements);
    CHECK(quick_elements(1000000) == 2); // 1 us each
    CHECK(quick_elements(4000000000u) == 0);
}

TEST_CASE("width follows the work") {
    CHECK(useful_width(2000, 64) == 2);
    CHECK(useful_width(10000, 64) == 10);
    CHECK(useful_width(1e9, 64) == 64);
    CHECK(useful_width(1e300, 64) == 64);
    CHECK(useful_width(0, 64) == 2);
}

TEST_CASE("decide: short work stays, awake workers help at once, sleeping ones when it pays") {
    CHECK(decide(1900, 1, 0, 0) == verdict::stay);
    CHECK(decide(2100, 1, 0, 0) == verdict::fork);
    CHECK(decide(1e9, 0, 0, 0) == verdict::stay); // nobody there
    const auto lost = [](double left) { return loss_without_wake(left, 0, 1); };
    CHECK(decide(90e3, 0, 1, lost(90e3)) == verdict::stay);
    CHECK(decide(110e3, 0, 1, lost(110e3)) == verdict::fork_and_wake);
    CHECK(decide(10e3, 3, 4, loss_without_wake(10e3, 3, 4)) ==
          verdict::fork); // not worth waking the other four
    CHECK(decide(1e6, 3, 4, loss_without_wake(1e6, 3, 4)) == verdict::fork_and_wake);
}

TEST_CASE("decide: losses add up until waking is the better bargain") {
    double lost = 0;
    int launches = 0;
    do {
        lost += loss_without_wake(10e3, 0, 1);
        ++launches;
    } while (decide(10e3, 0, 1, lost) == verdict::stay && launches < 1000);
    CHECK(launches == 11); // 5 us lost each, against 50 us
}

TEST_CASE("loss_without_wake is the time that the sleepers would have saved") {
    CHECK(loss_without_wake(100, 0, 0) == 0);
    CHECK(loss_without_wake(100, 0, 1) == 50);
    CHECK(loss_without_wake(120, 1, 1) == Approx(20));
}

TEST_CASE("split_range covers the range once, in multiples of the grain, within the limits of a span word") {
    const int64_t counts[] = {1,        2,   3, 7, 64, 65, 1000, 1025, 99991, 1000000007, int64_t{1} << 40,
                              most - 1, most};
    const int64_t grains[] = {1, 3, 8, 1000, int64_t{1} << 33};
    const int64_t elements[] = {0, 1, 5, 64, 1000000};
    const double costs[] = {0, 1e-3, 0.08, 50, 1e6};
    const int widths[] = {1, 2, 3, 8, 255, 256};
    for (const int64_t count : counts) {
        for (const int64_t grain : grains) {
            for (const int64_t each : elements) {
                for (const double cost : costs) {
                    for (const int width : widths) {
                        if (count <= grain) continue; // never split
                        const range_split cut = split_range(count, grain, each, cost, width);
                        const bool good = cut.chunk > 0 && cut.chunk % grain == 0 &&
                                          cut.chunks == divide_up(count, cut.chunk) && cut.width >= 1 &&
                                          cut.width <= width && cut.chunks_per_span >= 1 &&
                                          cut.chunks_per_span <= cost_limits::most_chunks_per_span &&
                                          (cut.width - 1) * cut.chunks_per_span < cut.chunks &&
                                          cut.chunks <= cut.width * cut.chunks_per_span;
                        if (good) continue;
                        CAPTURE(count, grain, each, cost, width, cut.chunk, cut.chunks, cut.chunks_per_span,
                                cut.width);
                        FAIL("not a partition");
                    }
                }
            }
        }
    }
    SUCCEED();
}

TEST_CASE("split_range: chunks are worth claiming, few coarse items are still spread") {
    const range_split fine = split_range(100000, 1, 1, 0.1, 2); // 10 us in all: chunks of 2 us
    CHECK(fine.width == 2);
    CHECK(static_cast<double>(fine.chunk) * 0.1 >= cost_limits::least_chunk);
    CHECK(fine.chunk % 64 == 0);
    const range_split medium = split_range(1000000, 1, 1, 0.1, 2); // 100 us: 8 chunks a span
    CHECK(medium.chunks == 16);
    const range_split large = split_range(100000000, 1, 1, 0.1, 2); // 10 ms: 32 chunks a span
    CHECK(large.chunks == 64);
    const range_split coarse = split_range(16, 1, 1, 1e6, 2); // 16 items of 1 ms
    CHECK(coarse.chunk == 1);
    CHECK(coarse.width == 2);
    const range_split rows = split_range(1000, 1, 4096, 500, 4); // items are rows: no cache lines to share
    CHECK(rows.width == 4);
    CHECK(rows.chunk <= 250);
}
