// SPDX-License-Identifier: Apache-2.0
// host/launch_test.cpp: launches on the pool: same results as a loop, exceptions, several threads, nesting,
// executors.
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <pthread.h>
#include <stdexcept>
#include <vector>

using namespace warpx;

namespace {

constexpr int64_t large = 300007; // enough for several chunks, and no multiple of anything

constexpr auto saxpy = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto throws_at = [](auto i, auto y, int64_t bad) {
    if (i == bad) throw std::domain_error("item " + std::to_string(int64_t{i}));
    y[i] = 1;
};

// A launch from a static constructor, before main.
const float launched_before_main = [] {
    const auto x = ones<float>(5000), y = ones<float>(5000);
    launch<saxpy>(5000, x, y, 2.0f);
    return static_cast<float>(y[4999]);
}();

template <class T> T sample(int64_t k) { return static_cast<T>(static_cast<float>(k % 7)); }

} // namespace

TEMPLATE_TEST_CASE("a large launch gives what a loop gives, compact and strided", "", int8_t, uint16_t,
                   int32_t, int64_t, half, bfloat16, float, double, complex<float>) {
    using T = TestType;
    const auto x = empty<T>(large), y = empty<T>(large);
    const auto wide = empty<T>({large, 2});
    for (int64_t k = 0; k < large; ++k) {
        x[k] = sample<T>(k);
        y[k] = wide(k, 1) = sample<T>(k + 3);
    }
    const auto spread = take(wide, 1, 1);
    const T a = static_cast<T>(2.0f);
    launch<saxpy>(large, x, y, a);
    launch<saxpy>(large, x, spread, a);
    bool same = true;
    for (int64_t k = 0; k < large; ++k) {
        const T expected = static_cast<T>(a * sample<T>(k) + sample<T>(k + 3));
        same = same && value(y[k]) == expected && value(spread[k]) == expected;
    }
    CHECK(same);
}

TEST_CASE("bools, vectors and components on the pool") {
    const auto b = zeros<bool>(large);
    launch(large, [](auto i, auto v) { v[i] = !v[i]; }, b);
    const auto v = zeros<vec3f>(large);
    launch(
        large,
        [](auto i, auto w, auto flags) {
            if (flags[i]) w[i].y = static_cast<float>(i);
        },
        v, b);
    CHECK(b[large - 1]);
    CHECK(v[large - 1].y == static_cast<float>(large - 1));
    CHECK(v[large - 1].z == 0.0f);
}

TEST_CASE("the number of threads does not change results") {
    const auto one = ones<float>(large), all = ones<float>(large), x = arange<float>(large);
    launch<saxpy>(launch_options{.threads = 1}, large, x, one, 0.5f);
    launch<saxpy>(launch_options{.threads = 8}, large, x, all, 0.5f);
    bool same = true;
    for (int64_t k = 0; k < large; ++k) same = same && one[k] == all[k];
    CHECK(same);
}

TEST_CASE("the first exception arrives once, with its type, and the pool goes on") {
    for (const int64_t n : {int64_t{1}, int64_t{1000}, large}) {
        const auto y = zeros<float>(n);
        for (const int64_t bad : {int64_t{0}, n / 2, n - 1}) {
            try {
                launch<throws_at>(n, y, bad);
                FAIL("no exception");
            } catch (const std::domain_error& e) {
                CHECK(std::string(e.what()) == "item " + std::to_string(bad));
            }
        }
        CHECK_NOTHROW(launch<throws_at>(n, y, int64_t{-1}));
        CHECK(y[n - 1] == 1.0f);
    }
}

TEST_CASE("launches within kernels run inline") {
    const auto rows = zeros<float>({64, 3000});
    launch(64, [&](auto row) {
        const auto line = take(rows, 0, row);
        launch(3000, [](auto i, auto v) { v[i] += 1; }, line);
    });
    CHECK(rows(63, 2999) == 1.0f);
    CHECK(rows(0, 0) == 1.0f);
    REQUIRE_THROWS_AS(launch(64, [&](auto) { launch<throws_at>(3000, take(rows, 0, 0), int64_t{5}); }),
                      std::domain_error);
}

TEST_CASE("several application threads launch at once") {
    struct job {
        array<float, 1> x = arange<float>(20000), y = zeros<float>(20000);
        bool right = true;
    };
    std::vector<job> jobs(4);
    std::vector<pthread_t> threads(4);
    for (size_t k = 0; k < 4; ++k)
        pthread_create(
            &threads[k], nullptr,
            [](void* p) -> void* {
                job& mine = *static_cast<job*>(p);
                for (int round = 0; round < 50; ++round) {
                    launch<saxpy>(20000, mine.x, mine.y, 1.0f);
                    try {
                        launch<throws_at>(20000, zeros<float>(20000), int64_t{19999});
                        mine.right = false;
                    } catch (const std::domain_error&) {
                    }
                }
                for (int k = 0; k < 20000; ++k) mine.right = mine.right && mine.y[k] == 50 * mine.x[k];
                return nullptr;
            },
            &jobs[k]);
    for (pthread_t t : threads) pthread_join(t, nullptr);
    for (const job& j : jobs) CHECK(j.right);
}

TEST_CASE("a deleter may launch") {
    const auto log = zeros<float>(5000);
    {
        const auto y = bind<float, 1>(
            [&] {
                static int64_t n = 5000;
                static std::vector<float> memory(5000);
                tensor_desc desc;
                desc.data = memory.data();
                desc.dtype = dtype_of<float>;
                desc.rank = 1;
                desc.extents = &n;
                return desc;
            }(),
            make_owner([log] { launch(5000, [](auto i, auto v) { v[i] += 1; }, log); }));
        CHECK(log[0] == 0.0f);
    }
    CHECK(log[4999] == 1.0f);
}

#if !defined(WARPX_STRICT) // the strict form runs its items itself
TEST_CASE("an executor gets the whole range and may split it anywhere") {
    struct splitter {
        int64_t largest = 0;
        int pieces = 0;
    } state;
    const executor uneven{[](void* s, int64_t count, range_body body, const void* context) {
                              auto& self = *static_cast<splitter*>(s);
                              self.largest = count;
                              for (int64_t begin = 0, step = 1; begin < count; begin += step, step *= 2) {
                                  body(context, begin, begin + step < count ? begin + step : count);
                                  ++self.pieces;
                              }
                          },
                          &state};
    const auto x = arange<float>(large), y = zeros<float>(large);
    launch<saxpy>(launch_options{.executor = uneven}, large, x, y, 1.0f);
    CHECK(state.largest == large);
    CHECK(state.pieces > 10);
    CHECK(y[large - 1] == x[large - 1]);
    const auto m = zeros<float>({301, 503});
    launch(launch_options{.executor = uneven}, m.extents(), [](auto i, auto v) { v[i] += 1; }, m);
    launch(
        launch_options{.executor = uneven}, shape(503, 301), [](auto i, auto v) { v[i] += 1; }, transpose(m));
    launch(launch_options{.executor = inline_executor()}, m.extents(), [](auto i, auto v) { v[i] += 1; }, m);
    CHECK(m(300, 502) == 3.0f);
    CHECK(m(0, 0) == 3.0f);
    REQUIRE_THROWS_AS(launch<throws_at>(launch_options{.executor = inline_executor()}, large, y, int64_t{7}),
                      std::domain_error);
}
#endif

TEST_CASE("nests of any shape: long and thin, tiled, three axes with one transposed") {
    const auto check = [](const auto& source, const auto& target) {
        launch(target.extents(), [](auto i, auto s, auto t) { t[i] = s[i] + t[i]; }, source, target);
    };
    const auto a = reshape(arange<float>(700 * 900), {700, 900}), b = zeros<float>({900, 700});
    check(transpose(a), b); // reads strided, writes compact
    CHECK(b(899, 699) == a(699, 899));
    const auto c = zeros<float>({700, 900});
    check(a, transpose(zeros<float>({900, 700})));
    check(transpose(b), c);
    CHECK(c(123, 456) == a(123, 456));
    const auto thin = zeros<float>({200001, 3}), thin_source = ones<float>({3, 200001});
    check(transpose(thin_source), thin);
    CHECK(thin(200000, 2) == 1.0f);
    const auto cube = zeros<float>({40, 50, 60}),
               cube_source = reshape(arange<float>(40 * 50 * 60), {60, 40, 50});
    check(permute(cube_source, {1, 2, 0}), cube);
    CHECK(cube(39, 49, 59) == cube_source(59, 39, 49));
    CHECK(cube(0, 1, 2) == cube_source(2, 0, 1));
}

TEST_CASE("static constructors may launch") { CHECK(launched_before_main == 3.0f); }
