// SPDX-License-Identifier: Apache-2.0
// prepare_test.cpp: launches bound once and run many times.
#include <warpx/warpx.hpp>

#include <pthread.h>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {
constexpr auto increment = [](auto i, auto y) { y[i] += 1; };
constexpr auto saxpy = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
struct twice {
    static constexpr auto forward = [](auto i, auto y) { y[i] *= 2; };
};
struct state {
    array<float, 1> y;
    float by;
};
} // namespace
WARPX_STRUCT(state, y, by);

TEST_CASE("a prepared launch runs as often as it is called") {
    const auto x = arange<float>(1000), y = zeros<float>(1000);
    const prepared_launch step = prepare<saxpy>(1000, x, y, 2.0f);
    CHECK(y[999] == 0.0f); // nothing ran yet
    step();
    step();
    CHECK(y[999] == 4 * 999.0f);
    x[999] = 1; // the elements are not copied
    step();
    CHECK(y[999] == 4 * 999.0f + 2);
}

TEST_CASE("it keeps the arrays alive and the values as they were") {
    const auto y = zeros<float>(10);
    prepared_launch step;
    step(); // a default one does nothing
    {
        auto copy = y;
        float by = 3;
        state s{copy, by};
        step = prepare(10, [](auto i, auto t) { t.y[i] += t.by; }, s);
        by = 0, s.by = 0;
    }
    CHECK(y.keeper()->use_count() >= 2);
    step();
    CHECK(y[9] == 3.0f);
    step = prepared_launch();
    CHECK(y.keeper()->use_count() == 1);
}

TEST_CASE("strided arrays, several extents, structs and closures") {
    const auto m = zeros<float>({30, 40});
    const auto over_rows = prepare<increment>(shape(40, 30), transpose(m));
    const auto doubled = prepare<twice>(m.extents(), slice(m, 0, none, none, -1));
    over_rows();
    doubled();
    over_rows();
    CHECK(m(29, 39) == 3.0f);
    CHECK(m(0, 0) == 3.0f);
    float offset = 0.5f;
    const auto closure = prepare(
        launch_options{.threads = 1}, 40, [offset](auto i, auto row) { row[i] += offset; }, take(m, 0, 4));
    closure();
    CHECK(m(4, 7) == 3.5f);
    CHECK(m(5, 7) == 3.0f);
}

TEST_CASE("zero items do nothing, and refusals come when it is prepared") {
    const auto y = zeros<float>(4);
    prepare<increment>(0, y)();
    prepare<increment>(shape(0), y)();
    CHECK(y[0] == 0.0f);
    REQUIRE_THROWS_AS(prepare<increment>(-1, y), launch_error);
}

TEST_CASE("checked launches can be prepared; an error arrives each time") {
    const auto y = zeros<float>(4);
    const auto step = prepare(
        launch_options{.checked = true, .name = "stepping"}, 4, [](auto i, auto v) { v[i + 1] = 1; }, y);
    for (int k = 0; k < 3; ++k) REQUIRE_THROWS_WITH(step(), ContainsSubstring("kernel stepping"));
}

TEST_CASE("an executor is asked each time") {
    struct counter {
        int calls = 0;
    } count;
    const executor counting{[](void* state, int64_t n, range_body body, const void* context) {
                                ++static_cast<counter*>(state)->calls;
                                body(context, 0, n);
                            },
                            &count};
    const auto y = zeros<float>(4);
    const auto step = prepare<increment>(launch_options{.executor = counting}, 4, y);
    step();
    step();
    if constexpr (!checked_build) CHECK(count.calls == 2); // the strict form runs its items itself
    CHECK(y[3] == 2.0f);
}

TEST_CASE("several threads run one prepared launch") {
    const auto sums = zeros<int>(64);
    const auto step = prepare(64 * 1000, [](auto i, auto s) { atomic_add(s, i % 64, 1); }, sums);
    pthread_t threads[3];
    for (pthread_t& t : threads)
        pthread_create(
            &t, nullptr,
            [](void* p) -> void* {
                for (int k = 0; k < 5; ++k) (*static_cast<const prepared_launch*>(p))();
                return nullptr;
            },
            const_cast<prepared_launch*>(&step));
    for (pthread_t t : threads) pthread_join(t, nullptr);
    CHECK(sums[63] == 15 * 1000);
}

TEST_CASE("it moves and does not copy") {
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<prepared_launch>);
    STATIC_REQUIRE(!std::is_copy_constructible_v<prepared_launch>);
    const auto y = zeros<float>(4);
    prepared_launch a = prepare<increment>(4, y), b = std::move(a);
    a();
    b();
    CHECK(y[0] == 1.0f);
}
