// SPDX-License-Identifier: Apache-2.0
// launch_edges_test.cpp: launches at their edges: sizes around chunks and tiles, every layout, counts that
// overflow, every element type on many threads, messages. (launch_test.cpp has the rules.)
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/host/launch.hpp>
#include <warpx/math.hpp>
#include <warpx/view.hpp>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr auto count_visit = [](auto i, auto y) { y[i] += 1; };
constexpr auto number_items = [](auto i, auto y) {
    if constexpr (i.rank() == 2) {
        auto [row, column] = i;
        y[i] = static_cast<float>(row * 1000 + column);
    } else if constexpr (i.rank() == 3) {
        auto [a, b, c] = i;
        y(a, b, c) = static_cast<float>(a * 10000 + b * 100 + c);
    }
};
constexpr auto saxpy = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto fill = [](auto i, auto y, auto v) { y[i] = v; };
constexpr auto no_arrays = [](auto i) { (void)i; };
constexpr auto shift_left = [](auto i, auto x, auto y) { y[i] = x[i + 1]; };

struct with_function {
    template <class I, class Y, class V> static void forward(I i, Y y, V v) { y[i] = v; }
};
struct with_lambda {
    static constexpr auto forward = [](auto i, auto y, auto v) { y[i] += v; };
};

template <int N> bool all_are(const array<float, N>& a, float v) {
    for (int64_t k = 0; k < a.size(); ++k)
        if (a.data_handle()[k] != v) return false;
    return true;
}

/// Launches over a compact array, a padded one and one with its axes reversed; each item must be visited
/// once.
template <int N> void visits_once(const shape<N>& extents) {
    auto compact = zeros<float>(extents);
    launch<count_visit>(extents, compact);
    CHECK(all_are(compact, 1));

    shape<N> padded = extents;
    for (int64_t& e : padded) e += 1;
    auto whole = zeros<float>(padded);
    auto part = whole;
    for (int axis = 0; axis < N; ++axis) part = slice(part, axis, axis % 2, axis % 2 + extents[axis]);
    if (N > 1) part = slice(part, 0, none, none, -1);
    launch<count_visit>(extents, part);
    int64_t ones = 0, others = 0;
    for (int64_t k = 0; k < whole.size(); ++k) {
        ones += whole.data_handle()[k] == 1;
        others += whole.data_handle()[k] != 0 && whole.data_handle()[k] != 1;
    }
    CHECK(ones == extents.count());
    CHECK(others == 0);

    auto turned = zeros<float>(transpose(compact).extents());
    launch<count_visit>(extents, transpose(turned));
    CHECK(all_are(turned, 1));
}

template <class F> std::string message_of(const F& f) {
    try {
        f();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "no exception";
}

} // namespace

TEST_CASE("every item of 1 to 8 extents is visited once") {
    visits_once(shape(1));
    visits_once(shape(100));
    visits_once(shape(7, 5));
    visits_once(shape(1, 9));
    visits_once(shape(9, 1));
    visits_once(shape(3, 4, 5));
    visits_once(shape(2, 3, 2, 3));
    visits_once(shape(2, 1, 3, 2, 2));
    visits_once(shape(2, 2, 1, 2, 3, 2));
    visits_once(shape(1, 2, 2, 2, 1, 2, 2));
    visits_once(shape(2, 2, 2, 1, 2, 2, 2, 2));
}

TEST_CASE("sizes at the edges of chunks and tiles") {
    for (int64_t n : {63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 4095, 4096, 4097, 10007}) {
        auto y = zeros<float>(n);
        launch<count_visit>(n, y);
        REQUIRE(all_are(y, 1));
    }
    for (int64_t rows : {1, 7, 8, 9, 127, 129})
        for (int64_t columns : {1, 8, 9, 128, 130, 257}) {
            auto x = zeros<float>({rows, columns}), y = zeros<float>({columns, rows});
            launch<number_items>({rows, columns}, transpose(y));
            launch<saxpy>(shape(rows, columns), transpose(y), x, 1.0f); // the sides disagree: tiles
            int wrong = 0;
            for (int64_t r = 0; r < rows; ++r)
                for (int64_t c = 0; c < columns; ++c) wrong += x(r, c) != static_cast<float>(r * 1000 + c);
            REQUIRE(wrong == 0);
        }
}

TEST_CASE("three extents in every order of the axes") {
    int order[3] = {0, 1, 2};
    const int64_t extents[3] = {3, 11, 17};
    do {
        shape<3> stored(extents[order[0]], extents[order[1]], extents[order[2]]);
        auto memory = zeros<float>(stored), compact = zeros<float>({3, 11, 17});
        int inverse[3];
        for (int k = 0; k < 3; ++k) inverse[order[k]] = k;
        auto view = permute(memory, inverse);
        REQUIRE(view.extents() == shape(3, 11, 17));
        launch<number_items>({3, 11, 17}, view);
        launch<saxpy>({3, 11, 17}, view, compact, 1.0f);
        int wrong = 0;
        for (int64_t k = 0; k < 3 * 11 * 17; ++k)
            wrong +=
                compact.data_handle()[k] != static_cast<float>(k / 187 * 10000 + k / 17 % 11 * 100 + k % 17);
        CHECK(wrong == 0);
    } while (std::next_permutation(order, order + 3));
}

TEST_CASE("zero extents run nothing, and touch nothing") {
    array<float, 1> none_at_all;
    launch<fill>(0, none_at_all, 1.0f);
    launch<fill>({0, 5}, array<float, 2>(), 1.0f);
    launch<fill>({5, 0}, array<float, 2>(), 1.0f);
    launch<fill>({int64_t{1} << 40, int64_t{1} << 40, 0}, array<float, 3>(), 1.0f);
    launch(0, [](auto) { throw 1; });
}

TEST_CASE("negative extents and more items than can be counted are refused") {
    auto y = zeros<float>(4);
    CHECK_THROWS_AS(launch<fill>(-1, y, 1.0f), launch_error);
    CHECK_THROWS_WITH(launch<fill>(-1, y, 1.0f),
                      ContainsSubstring("fill") &&
                          ContainsSubstring("expected extents that are not negative; got (-1,); "));
    CHECK_THROWS_WITH(launch<fill>({0, -3}, zeros<float>({2, 2}), 1.0f), ContainsSubstring("(0, -3)"));
    CHECK_THROWS_AS(launch<fill>(UINT64_MAX, y, 1.0f), launch_error);
    CHECK_THROWS_WITH(launch<fill>({int64_t{1} << 32, int64_t{1} << 32}, zeros<float>({2, 2}), 1.0f),
                      ContainsSubstring("a number of items that 64 bits count"));
    CHECK(all_are(y, 0));
}

TEST_CASE("extents come as any integer, a shape, braces, an array") {
    auto y = zeros<float>(3);
    launch<count_visit>(3, y);
    launch<count_visit>(3u, y);
    launch<count_visit>(size_t{3}, y);
    launch<count_visit>(static_cast<short>(3), y);
    launch<count_visit>(static_cast<unsigned char>(3), y);
    launch<count_visit>(y.extent(0), y);
    launch<count_visit>(y.extents(), y);
    launch<count_visit>({3}, y);
    launch<count_visit>(shape(3), y);
    const int64_t dims[1] = {3};
    launch<count_visit>(dims, y);
    CHECK(all_are(y, 10));
    STATIC_REQUIRE_FALSE(shape_like<double>);
    STATIC_REQUIRE_FALSE(shape_like<float>);
    STATIC_REQUIRE_FALSE(shape_like<const char*>);
}

TEST_CASE("kernels: structs, capturing lambdas, captured arrays, no arrays at all") {
    auto y = zeros<float>(100);
    launch<with_function>(100, y, 2.0f);
    launch<with_lambda>(100, y, 3.0f);
    CHECK(all_are(y, 5));
    const float scale = 2;
    launch(100, [=](auto i) { y[i] = scale * y[i]; });
    CHECK(all_are(y, 10));
    launch(shape(100), [scale](auto i, auto z) { z[i] -= scale; }, y);
    CHECK(all_are(y, 8));
    launch({10, 10}, [=](auto i) {
        auto [row, column] = i;
        y[row * 10 + column] += 1;
    });
    CHECK(all_are(y, 9));
    launch<no_arrays>(50);
    if constexpr (!checked_build) CHECK(y.keeper()->use_count() == 1); // nothing is kept
    std::atomic<int> calls{0};
    launch(1000, [&](auto) { ++calls; });
    CHECK(calls == 1000);
}

TEST_CASE("arguments: scalars, vectors, structs, rank 0 arrays, more than the kernel's rank") {
    auto y = zeros<float>(10);
    launch<fill>(10, y, 3);
    CHECK(all_are(y, 3));
    launch<fill>(10, y, 2.5);
    CHECK(all_are(y, 2.5f));
    launch<fill>(10, y, true);
    CHECK(all_are(y, 1));
    struct settings {
        float a, b;
    };
    launch(10, [](auto i, auto z, auto s) { z[i] = s.a + s.b; }, y, settings{1, 6});
    CHECK(all_are(y, 7));
    auto one = full<float>(shape<0>(), 4.0f);
    launch(10, [](auto i, auto z, auto s) { z[i] += s(); }, y, one);
    CHECK(all_are(y, 11));
    auto table = zeros<float>({10, 4});
    launch(
        10,
        [](auto i, auto z, auto t) {
            for (int64_t k = 0; k < t.extent(1); ++k) t(i, k) = z[i] * static_cast<float>(k);
        },
        y, table);
    CHECK((table(9, 3) == 33 && table(0, 0) == 0));
    const auto& constant = y;
    launch<fill>(10, constant, 5.0f); // a const array object is a handle like any other
    CHECK(all_are(y, 5));
    STATIC_REQUIRE(kernel_for<decltype(saxpy), 1, array<float, 1>, array<float, 1>, float>);
    STATIC_REQUIRE_FALSE(kernel_for<decltype(saxpy), 1, array<float, 1>, float>);
    STATIC_REQUIRE_FALSE(kernel_argument<std::vector<float>>);
}

TEMPLATE_TEST_CASE("large arrays equal a plain loop, bit for bit, with any number of threads", "", uint8_t,
                   int16_t, int32_t, int64_t, bool, half, bfloat16, float, double) {
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

TEST_CASE("guarded kernels may be larger than their arrays, checked or not") {
    auto y = zeros<float>(10);
    launch(
        16,
        [](auto i, auto z) {
            if (i < z.extent(0)) z[i] = 1;
        },
        y);
    CHECK(all_are(y, 1));
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

TEST_CASE("strides of any kind: backwards, zero, shared by several arguments") {
    auto x = arange<float>(20), y = zeros<float>(20);
    launch<saxpy>(20, slice(x, 0, none, none, -1), y, 1.0f);
    for (int k = 0; k < 20; ++k) CHECK(y[k] == 19.0f - static_cast<float>(k));
    launch<fill>(10, slice(y, 0, 1, none, 2), 0.5f);
    CHECK((y[0] == 19 && y[1] == 0.5f && y[19] == 0.5f));
    launch<saxpy>(20, broadcast_to(slice(x, 0, 5, 6), {20}), y, 2.0f);
    CHECK((y[0] == 29 && y[1] == 10.5f));
    launch<saxpy>(20, x, x, 1.0f); // one array as two arguments
    CHECK((x[7] == 14 && x[19] == 38));
}
