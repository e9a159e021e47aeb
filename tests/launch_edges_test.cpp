// SPDX-License-Identifier: Apache-2.0
// launch_edges_test.cpp: launches at their edges: the cases of every machine, and those that only the host
// has: executors, exceptions, threads, nesting, checked accesses.
#include "cases/launch_edges_cases.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

using launch_edges_cases::count_visit, launch_edges_cases::fill, launch_edges_cases::saxpy;
using test::message_of;

constexpr auto shift_left = [](auto i, auto x, auto y) { y[i] = x[i + 1]; };

bool all_are(const array<float, 1>& a, float v) { return test::all_are(a, v); }

} // namespace

TEST_CASE("no items, no calls") {
    launch(0, [](auto) { throw 1; });
}

TEST_CASE("kernels that capture arrays, or refer to the caller's variables") {
    const auto y = full<float>(100, 5.0f);
    const float scale = 2;
    launch(100, [=](auto i) { y[i] = scale * y[i]; });
    CHECK(all_are(y, 10));
    launch({10, 10}, [=](auto i) {
        auto [row, column] = i;
        y[row * 10 + column] += 1;
    });
    CHECK(all_are(y, 11));
    if constexpr (!checked_build) CHECK(y.keeper()->use_count() == 1); // nothing is kept
    std::atomic<int> calls{0};
    launch(1000, [&](auto) { ++calls; });
    CHECK(calls == 1000);
}

TEST_CASE("what can be launched is known at compile time") {
    STATIC_REQUIRE(kernel_for<decltype(saxpy), 1, array<float, 1>, array<float, 1>, float>);
    STATIC_REQUIRE_FALSE(kernel_for<decltype(saxpy), 1, array<float, 1>, float>);
    STATIC_REQUIRE_FALSE(kernel_argument<std::vector<float>>);
    STATIC_REQUIRE_FALSE(shape_like<double>);
    STATIC_REQUIRE_FALSE(shape_like<float>);
    STATIC_REQUIRE_FALSE(shape_like<const char*>);
}

TEMPLATE_TEST_CASE("large arrays equal a plain loop with any number of threads", "", uint8_t, int16_t,
                   int32_t, int64_t, bool, half, bfloat16, float, double) {
    using T = TestType;
    const int64_t n = checked_build ? 20000 : 1000000;
    auto x = empty<T>(n), y = empty<T>(n), start = empty<T>(n);
    for (int64_t k = 0; k < n; ++k) {
        x.data_handle()[k] = static_cast<T>(static_cast<float>(k % 100));
        start.data_handle()[k] = static_cast<T>(static_cast<float>(k % 7));
    }
    const T a = static_cast<T>(1.5f);
    for (int threads : {0, 1, 2, 5}) {
        std::copy_n(start.data_handle(), n, y.data_handle());
        launch<saxpy>(launch_options{.threads = threads}, n, x, y, a);
        int64_t wrong = 0;
        for (int64_t k = 0; k < n; ++k) {
            const T want = static_cast<T>(a * x.data_handle()[k] + start.data_handle()[k]);
            wrong += !(y.data_handle()[k] == want);
        }
        REQUIRE(wrong == 0);
    }
}

TEST_CASE("options: executors, names, threads") {
    struct recorder {
        int64_t calls = 0, items = 0;
        static void run(void* state, int64_t count, range_body body, const void* context) {
            auto* self = static_cast<recorder*>(state);
            for (int64_t at = 0; at < count; at += 7) { // odd cuts
                ++self->calls;
                const int64_t end = at + 7 < count ? at + 7 : count;
                self->items += end - at;
                body(context, at, end);
            }
        }
    } r;
    auto y = zeros<float>(100);
    launch<count_visit>(launch_options{.executor = {recorder::run, &r}}, 100, y);
    launch<count_visit>(launch_options{.executor = inline_executor()}, {100}, y);
    CHECK(all_are(y, 2));
#if !defined(WARPX_STRICT) // a strict launch runs on the calling thread, whatever the options say
    CHECK((r.calls == 15 && r.items == 100));
    const auto here = std::this_thread::get_id();
    std::atomic<int> elsewhere{0};
    launch(launch_options{.threads = 1}, 100000,
           [&](auto) { elsewhere += std::this_thread::get_id() != here; });
    CHECK(elsewhere == 0);
    CHECK_THROWS_AS(launch(launch_options{.executor = inline_executor()}, 5, [](auto) { throw 3.5; }),
                    double);
#endif
    CHECK_THAT(message_of([&] { launch<fill>(launch_options{.name = "my kernel"}, -1, y, 1.0f); }),
               ContainsSubstring("kernel my kernel: "));
}

TEST_CASE("checked launches name kernel, argument, index and shape") {
    auto x = zeros<float>(10), y = zeros<float>(10);
    const launch_options checked{.checked = true};
    CHECK_THROWS_AS(launch<shift_left>(checked, 10, x, y), index_error);
    CHECK_THAT(message_of([&] { launch<shift_left>(checked, 10, x, y); }),
               ContainsSubstring("shift_left") && ContainsSubstring("array argument 0") &&
                   ContainsSubstring("shape (10,)") && ContainsSubstring("index (10,)"));
    CHECK_THAT(message_of([&] { launch(checked, 3, [](auto i, auto s, auto z) { z[-i] = s; }, 2.0f, y); }),
               ContainsSubstring("array argument 1") && ContainsSubstring("index (-1,)"));
    launch<shift_left>(checked, 9, x, y);
    auto table = zeros<float>({3, 4});
    CHECK_THAT(message_of([&] {
                   launch(
                       checked, {3, 4},
                       [](auto i, auto t) {
                           auto [row, column] = i;
                           t(column, row) = 1;
                       },
                       table);
               }),
               ContainsSubstring("shape (3, 4)") && ContainsSubstring("index (3, 0)"));
    CHECK_THROWS_AS(launch<count_visit>(checked, 11, y), index_error);
    CHECK_THROWS_WITH(launch<count_visit>(launch_options{.checked = true, .name = "n"}, {3, 5}, table),
                      ContainsSubstring("kernel n") && ContainsSubstring("(3, 4)") &&
                          ContainsSubstring("index (0, 4)"));
}

namespace {
struct trouble : std::runtime_error {
    using std::runtime_error::runtime_error;
};
} // namespace

TEST_CASE("an exception arrives once, with its type, and the next launch works") {
    for (int64_t n : {int64_t{1}, int64_t{100}, int64_t{checked_build ? 2000 : 300000}})
        for (int round = 0; round < 3; ++round) {
            std::atomic<int> thrown{0};
            int caught = 0;
            try {
                launch(n, [&](auto i) {
                    if (i % 50 == 0) {
                        ++thrown;
                        throw trouble("item");
                    }
                });
            } catch (const trouble& e) {
                caught += std::string(e.what()) == "item";
            }
            CHECK(caught == 1);
            CHECK(thrown >= 1);
            auto y = zeros<float>(100);
            launch<count_visit>(100, y);
            CHECK(all_are(y, 1));
        }
    CHECK_THROWS_AS(launch(5, [](auto) { throw 7; }), int);
}

TEST_CASE("several application threads launch at once") {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (int round = 0; round < 20; ++round) {
                const int64_t n = 1 + (t * 37 + round * 991) % 20000;
                auto y = zeros<float>(checked_build ? n % 100 + 1 : n);
                launch<fill>(y.extent(0), y, static_cast<float>(t));
                wrong += !all_are(y, static_cast<float>(t));
                try {
                    launch(y.extent(0), [&](auto i) {
                        if (i == 0) throw t;
                    });
                    ++wrong;
                } catch (int who) {
                    wrong += who != t;
                }
            }
        });
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
}

TEST_CASE("launches within kernels, and within a deleter") {
    auto table = zeros<float>({50, 60});
    launch(
        50,
        [](auto i, auto t) {
            const int64_t row = i;
            launch(60, [row](auto j, auto inner) { inner(row, j) += static_cast<float>(row); }, t);
        },
        table);
    int wrong = 0;
    for (int64_t k = 0; k < 3000; ++k) wrong += table.data_handle()[k] != static_cast<float>(k / 60);
    CHECK(wrong == 0);

    auto y = zeros<float>(1000);
    float memory[2] = {};
    {
        auto owned = from_pointer<float, 1>(memory, 2, 1, make_owner([&] { launch<fill>(1000, y, 6.0f); }));
        launch(10, [owned](auto) { (void)owned; });
    }
    CHECK(all_are(y, 6));
}

TEST_CASE("arrays of run-time device on the host, and what needs CUDA") {
    auto y = zeros<float>(10);
    array<float, 1, device::any> any = y;
    launch<fill>(10, any, 2.0f);
    CHECK(all_are(y, 2));
    launch<saxpy>(10, y, any, 1.0f); // host and any go together
    CHECK(all_are(y, 4));
    auto far = detail::array_access::make<array<float, 1, device::any>>(
        y.data_handle(), shape(10), shape(1), {}, device_kind::cuda, 0, memory_kind::plain);
    CHECK_THAT(message_of([&] { launch<fill>(10, far, 2.0f); }), ContainsSubstring("compiled without CUDA"));
    CHECK_THAT(message_of([&] { launch<saxpy>(10, any, far, 2.0f); }),
               ContainsSubstring("array 0 in host memory and array 1 on a CUDA device"));
    auto managed = detail::array_access::make<array<float, 1, device::any>>(
        y.data_handle(), shape(10), shape(1), {}, device_kind::host, 0, memory_kind::managed);
    launch<fill>(10, managed, 1.0f);
    CHECK(all_are(y, 1));
    launch<fill>(0, far, 1.0f); // nothing to do
}
