// SPDX-License-Identifier: Apache-2.0
// prepare_test.cpp: launches bound once and run many times: the cases of every machine, and those that only
// the host has.
#include "cases/prepare_cases.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace warpx;
using prepare_cases::increment;

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
