// SPDX-License-Identifier: Apache-2.0
// prepare_cases.hpp: launches bound once and run many times, on any machine.
#pragma once

#include "cases/machine.hpp"

#include <pthread.h>

namespace prepare_cases {

using namespace warpx;
using test::put, test::put_zeros, test::read;

constexpr auto increment = [] WARPX_KERNEL(auto i, auto y) { y[i] += 1; };
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto fill = [] WARPX_KERNEL(auto i, auto y, auto v) { y[i] = v; };
constexpr auto add_state = [] WARPX_KERNEL(auto i, auto t) { t.y[i] += t.by; };
constexpr auto tally = [] WARPX_KERNEL(auto i, auto s) { atomic_add(s, i % 64, 1); };
struct twice {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto y) { y[i] *= 2; };
};
struct state {
    test::array_here<float, 1> y;
    float by;
};

} // namespace prepare_cases
WARPX_STRUCT(prepare_cases::state, y, by);

namespace prepare_cases {

TEST_CASE("a prepared launch runs as often as it is called", "[core]") {
    const auto x = put(arange<float>(1000)), y = put_zeros<float>(1000);
    const prepared_launch step = prepare<saxpy>(1000, x, y, 2.0f);
    CHECK(read(y)[999] == 0.0f); // nothing ran yet
    step();
    step();
    CHECK(read(y)[999] == 4 * 999.0f);
    launch<fill>(1, slice(x, 0, 999, 1000), 1.0f); // the elements are not copied
    step();
    CHECK(read(y)[999] == 4 * 999.0f + 2);
}

TEST_CASE("it keeps the arrays alive and the values as they were") {
    const auto y = put_zeros<float>(10);
    prepared_launch step;
    step(); // a default one does nothing
    {
        auto copy = y;
        float by = 3;
        state s{copy, by};
        step = prepare<add_state>(10, s);
        by = 0, s.by = 0;
    }
    CHECK(y.keeper()->use_count() >= 2);
    step();
    CHECK(read(y)[9] == 3.0f);
    step = prepared_launch();
    CHECK(y.keeper()->use_count() == 1);
}

TEST_CASE("strided arrays, several extents, structs and closures", "[core]") {
    const auto m = put_zeros<float>({30, 40});
    const auto over_rows = prepare<increment>(shape(40, 30), transpose(m));
    const auto doubled = prepare<twice>(m.extents(), slice(m, 0, none, none, -1));
    over_rows();
    doubled();
    over_rows();
    CHECK(read(m)(29, 39) == 3.0f);
    CHECK(read(m)(0, 0) == 3.0f);
    const float offset = 0.5f;
    const auto closure = prepare(
        launch_options{.threads = 1}, 40, [offset] WARPX_DEVICE(auto i, auto row) { row[i] += offset; },
        take(m, 0, 4));
    closure();
    CHECK(read(m)(4, 7) == 3.5f);
    CHECK(read(m)(5, 7) == 3.0f);
}

TEST_CASE("zero items do nothing, and refusals come when it is prepared") {
    const auto y = put_zeros<float>(4);
    prepare<increment>(0, y)();
    prepare<increment>(shape(0), y)();
    CHECK(read(y)[0] == 0.0f);
    REQUIRE_THROWS_AS(prepare<increment>(-1, y), launch_error);
}

TEST_CASE("several threads run one prepared launch") {
    const auto sums = put_zeros<int>(64);
    const auto step = prepare<tally>(64 * 1000, sums);
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
    CHECK(test::all_are(sums, 15 * 1000));
}

TEST_CASE("it moves and does not copy") {
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<prepared_launch>);
    STATIC_REQUIRE(!std::is_copy_constructible_v<prepared_launch>);
    const auto y = put_zeros<float>(4);
    prepared_launch a = prepare<increment>(4, y), b = std::move(a);
    a();
    b();
    CHECK(read(y)[0] == 1.0f);
}

} // namespace prepare_cases
