// SPDX-License-Identifier: Apache-2.0
// atomic_test.cpp: atomics in kernels: every operation, every element type, several threads, elements that
// straddle their natural boundary.
#include "support/catch.hpp"

#include <warpx/atomic.hpp>
#include <warpx/create.hpp>
#include <warpx/host/launch.hpp>
#include <warpx/view.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>
#include <vector>

using namespace warpx;

namespace {

constexpr auto add_one = [](auto i, auto y, auto v, auto old) { old[i] = atomic_add(y, 0, v); };
constexpr auto subtract = [](auto i, auto y, auto v) {
    (void)i;
    atomic_sub(y, 1, v);
};
constexpr auto histogram = [](auto i, auto x, auto counts) { atomic_add(counts, x[i] % 7, 1); };
constexpr auto extremes = [](auto i, auto x, auto y) {
    atomic_min(y, 0, x[i]);
    atomic_max(y, 1, x[i]);
};
constexpr auto bits = [](auto i, auto x, auto y) {
    atomic_or(y, 0, x[i]);
    atomic_and(y, 1, ~x[i]);
    atomic_xor(y, 2, x[i]);
};
constexpr auto exchange_all = [](auto i, auto x, auto y, auto old) { old[i] = atomic_exchange(y, 0, x[i]); };
constexpr auto lock_free_add = [](auto i, auto y, auto step) {
    (void)i;
    using T = value_type_t<decltype(step)>;
    T seen = atomic_exchange(y, 1, T{}); // some value of the type, for a start
    for (;;) {
        const T before = atomic_cas(y, 0, seen, static_cast<T>(seen + step));
        if (before == seen) break;
        seen = before;
    }
};
constexpr auto by_index = [](auto i, auto y) {
    auto [row, column] = i;
    atomic_add(y, i, 1);            // the whole index
    atomic_add(y, row, column, 10); // axes
    atomic_add(y, 0, 0, 100);       // integers
    atomic_add(y, size_t(row), 1u, 1000);
};
constexpr auto returns = [](auto i, auto y, auto out) {
    (void)i;
    out(0) = atomic_add(y, 0, 5);
    out(1) = atomic_sub(y, 0, 2);
    out(2) = atomic_min(y, 0, 100);
    out(3) = atomic_max(y, 0, 50);
    out(4) = atomic_and(y, 0, 0x33);
    out(5) = atomic_or(y, 0, 0x40);
    out(6) = atomic_xor(y, 0, 1);
    out(7) = atomic_exchange(y, 0, 9);
    out(8) = atomic_cas(y, 0, 8, 1);
    out(9) = atomic_cas(y, 0, 9, 2);
    out(10) = atomic_add(y, 0, 0);
};

/// Several application threads launch at once, so that elements are contended whatever the pool does.
template <class F> void on_threads(int count, const F& f) {
    std::vector<std::thread> threads;
    for (int k = 0; k < count; ++k) threads.emplace_back(f);
    for (auto& t : threads) t.join();
}

template <class T> T number(int k) { return static_cast<T>(k); }
template <> quat<float> number<quat<float>>(int k) { return {k, k, k, k}; }

} // namespace

TEST_CASE("atomics return the value before") {
    auto y = full<int32_t>(1, 10);
    auto out = zeros<int32_t>(11);
    launch<returns>(1, y, out);
    const int want[] = {10, 15, 13, 13, 50, 50 & 0x33, (50 & 0x33) | 0x40, ((50 & 0x33) | 0x40) ^ 1, 9, 9, 2};
    for (int k = 0; k < 11; ++k) {
        CAPTURE(k);
        CHECK(out[k] == want[k]);
    }
}

TEMPLATE_TEST_CASE("addition: every number type, contended", "", int8_t, uint8_t, int16_t, uint16_t, int32_t,
                   uint32_t, int64_t, uint64_t, half, bfloat16, float, double) {
    using T = TestType;
    constexpr int n = 60, threads = 4;
    auto y = zeros<T>(3);
    on_threads(threads, [&] {
        auto old = zeros<T>(n);
        launch<add_one>(n, y, T(1), old);
        launch<subtract>(n, y, T(1));
    });
    const int64_t sum = n * threads; // 240: every type counts that far, or wraps as it should
    CHECK(static_cast<T>(y[0]) == static_cast<T>(sum));
    CHECK(static_cast<T>(y[1]) == static_cast<T>(-sum));
    CHECK(static_cast<T>(y[2]) == T(0));
}

TEST_CASE("every add sees a different value before") {
    auto y = zeros<int32_t>(1);
    constexpr int n = 20000;
    auto old = zeros<int32_t>(n);
    launch<add_one>(n, y, 1, old);
    std::vector<int32_t> seen(old.data_handle(), old.data_handle() + n);
    std::sort(seen.begin(), seen.end());
    for (int k = 0; k < n; ++k) REQUIRE(seen[static_cast<size_t>(k)] == k);
}

TEST_CASE("the least integer can be subtracted") {
    auto y = zeros<int32_t>(2);
    launch<subtract>(1, y, INT32_MIN);
    CHECK(y[1] == INT32_MIN);
    auto z = zeros<int64_t>(2);
    launch<subtract>(1, z, INT64_MIN);
    CHECK(z[1] == INT64_MIN);
    auto v = zeros<vec2i>(2);
    launch<subtract>(1, v, vec2i(INT32_MIN, 3));
    CHECK(v[1] == vec2i(INT32_MIN, -3));
}

TEST_CASE("vectors, matrices, quaternions, complex numbers add by component") {
    constexpr int n = 50;
    auto v = zeros<vec3f>(2);
    auto old_v = zeros<vec3f>(n);
    auto m = zeros<mat<double, 2, 2>>(2);
    auto old_m = zeros<mat<double, 2, 2>>(n);
    auto z = zeros<complex<float>>(2);
    auto old_z = zeros<complex<float>>(n);
    auto q = zeros<quat<float>>(2);
    auto h = zeros<vec<half, 5>>(2);
    on_threads(3, [&] {
        auto o = zeros<vec3f>(n);
        launch<add_one>(n, v, vec3f(1, 2, 3), o);
    });
    launch<add_one>(n, m, mat<double, 2, 2>(1, 2, 3, 4), old_m);
    launch<add_one>(n, z, complex<float>(1, -1), old_z);
    launch<subtract>(n, z, complex<float>(1, -1));
    launch<subtract>(n, q, quat<float>(1, 2, 3, 4));
    launch<subtract>(n, h, vec<half, 5>(1, 2, 3, 4, 5));
    CHECK(v[0] == vec3f(150, 300, 450));
    CHECK((m[0](0, 0) == 50 && m[0](1, 1) == 200));
    CHECK(z[0] == complex<float>(50, -50));
    CHECK(z[1] == complex<float>(-50, 50));
    CHECK((q[1].x == -50 && q[1].w == -200));
    CHECK((h[1][0] == -50.0f && h[1][4] == -250.0f));
    CHECK(old_z[0] == complex<float>(0, 0));
}

TEST_CASE("histogram: located operands and values of other types") {
    auto x = arange<int64_t>(7000);
    auto counts = zeros<float>(7);
    launch<histogram>(7000, x, counts);
    for (int k = 0; k < 7; ++k) CHECK(counts[k] == 1000);
}

TEMPLATE_TEST_CASE("minimum and maximum", "", int8_t, uint8_t, int16_t, uint32_t, int64_t, half, bfloat16,
                   float, double) {
    using T = TestType;
    constexpr int n = 100;
    auto x = empty<T>(n);
    for (int k = 0; k < n; ++k) x[k] = k * 37 % 100 + 10;
    auto y = full<T>(2, T(60));
    on_threads(2, [&] { launch<extremes>(n, x, y); });
    CHECK(static_cast<T>(y[0]) == T(10));
    CHECK(static_cast<T>(y[1]) == T(109));
}

TEST_CASE("a NaN replaces nothing and is replaced by nothing") {
    auto x = full<float>(4, NAN);
    auto y = full<float>(2, 3.0f);
    launch<extremes>(4, x, y);
    CHECK((y[0] == 3 && y[1] == 3));
    x[2] = -5;
    launch<extremes>(4, x, y);
    CHECK((y[0] == -5 && y[1] == 3));
    auto nan = full<float>(2, NAN);
    launch<extremes>(4, full<float>(4, 1.0f), nan);
    CHECK((std::isnan(static_cast<float>(nan[0])) && std::isnan(static_cast<float>(nan[1]))));
    auto infinite = full<double>(2, 0.0);
    launch<extremes>(2, full<double>(2, -INFINITY), infinite);
    CHECK((infinite[0] == -INFINITY && infinite[1] == 0));
}

TEMPLATE_TEST_CASE("bitwise operations", "", int8_t, uint16_t, int32_t, uint64_t) {
    using T = TestType;
    constexpr int n = 64;
    auto x = empty<T>(n);
    for (int k = 0; k < n; ++k) x[k] = T(1) << (k % (static_cast<int>(sizeof(T)) * 8));
    auto y = zeros<T>(3);
    y[1] = static_cast<T>(-1);
    launch<bits>(n, x, y);
    CHECK(static_cast<T>(y[0]) == static_cast<T>(-1));
    CHECK(static_cast<T>(y[1]) == 0);
    CHECK(static_cast<T>(y[2]) ==
          (sizeof(T) == 8 ? static_cast<T>(-1) : T(0))); // every bit an even number of times
}

namespace {
constexpr auto bools = [](auto i, auto y) {
    (void)i;
    atomic_or(y, 0, true);
    atomic_and(y, 1, false);
    atomic_xor(y, 2, true);
};
} // namespace
TEST_CASE("bitwise operations on bool") {
    auto y = full<bool>(3, true);
    y[0] = false;
    launch<bools>(3, y);
    CHECK((y[0] == true && y[1] == false && y[2] == false));
}

TEMPLATE_TEST_CASE("exchange passes every value on, whole", "", int8_t, int16_t, float, double, vec2f, vec4f,
                   vec2d, complex<float>, complex<double>, quat<float>) {
    using T = TestType;
    constexpr int n = 100;
    // At each offset an alignment of T allows: 4-byte steps move vec4f off its 16-byte boundary.
    std::vector<unsigned char> memory(sizeof(T) * 4 + 64);
    const auto base = (reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64;
    for (size_t shift = 0; shift < sizeof(T); shift += alignof(T)) {
        auto y = from_pointer<T, 1>(reinterpret_cast<T*>(base + shift), 1);
        y[0] = T{};
        auto x = empty<T>(n), first = empty<T>(n), second = empty<T>(n);
        for (int k = 0; k < n; ++k) x[k] = number<T>(k + 1);
        std::thread other([&] { launch<exchange_all>(n, x, y, second); });
        launch<exchange_all>(n, x, y, first);
        other.join();
        std::vector<T> all{y[0]};
        for (int k = 0; k < n; ++k) all.push_back(first[k]), all.push_back(second[k]);
        int whole = 0;
        for (const T& v : all)
            for (int k = 0; k <= n; ++k) whole += v == number<T>(k);
        CHECK(whole == 2 * n + 1); // no half-written value
        for (int k = 1; k <= n; ++k) REQUIRE(std::count(all.begin(), all.end(), number<T>(k)) == 2);
        CHECK(std::count(all.begin(), all.end(), T{}) == 1);
    }
}

TEMPLATE_TEST_CASE("compare and swap: a sum without losses", "", uint16_t, int32_t, float, double, vec2f,
                   vec4f, vec2d, complex<double>) {
    using T = TestType;
    std::vector<unsigned char> memory(sizeof(T) * 4 + 64);
    const auto base = (reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64;
    for (size_t shift = 0; shift < sizeof(T); shift += alignof(T)) {
        auto y = from_pointer<T, 1>(reinterpret_cast<T*>(base + shift), 2);
        y[0] = T{}, y[1] = T{};
        on_threads(3, [&] { launch<lock_free_add>(200, y, static_cast<T>(1)); });
        CHECK(static_cast<T>(y[0]) == static_cast<T>(600));
    }
}

namespace {
struct cell {
    float value;
    int32_t owner;
};
constexpr auto claim = [](auto i, auto y, auto won) {
    const auto before = atomic_cas(y, 0, cell{0, -1}, cell{static_cast<float>(i), static_cast<int32_t>(i)});
    won[i] = before.owner == -1;
};
constexpr auto signed_zero = [](auto i, auto y, auto out) {
    (void)i;
    out(0) = atomic_cas(y, 0, 0.0f, 1.0f);
    out(1) = atomic_cas(y, 0, -0.0f, 2.0f);
};
} // namespace
WARPX_STRUCT(cell, value, owner);

TEST_CASE("compare and swap of structs: one wins; of floats: by their bits") {
    auto y = empty<cell>(1);
    y[0] = cell{0, -1};
    auto won = zeros<bool>(5000);
    launch<claim>(5000, y, won);
    int winners = 0;
    for (int k = 0; k < 5000; ++k) {
        winners += won[k];
        if (won[k]) CHECK(y[0].owner == k);
    }
    CHECK(winners == 1);
    auto zero = full<float>(1, -0.0f);
    auto out = zeros<float>(2);
    launch<signed_zero>(1, zero, out);
    CHECK(zero[0] == 2);
    CHECK((out[0] == 0 && std::signbit(static_cast<float>(out[0])) &&
           std::signbit(static_cast<float>(out[1]))));
}

TEST_CASE("coordinates: the index, its axes, integers of any type; strided arrays too") {
    auto y = zeros<int32_t>({3, 4});
    for (bool turned : {false, true}) {
        std::fill_n(y.data_handle(), 12, 0);
        auto t = turned ? from_pointer<int32_t, 2>(y.data_handle(), {3, 4}, {1, 3}) : y;
        launch<by_index>({3, 4}, t);
        for (int r = 0; r < 3; ++r)
            for (int c = 0; c < 4; ++c) CHECK(t(r, c) == 11 + (r + c == 0 ? 1200 : 0) + (c == 1 ? 4000 : 0));
    }
}

TEST_CASE("checked launches check atomics") {
    auto y = zeros<int32_t>(1);
    CHECK_THROWS_AS(launch<subtract>(launch_options{.checked = true}, 1, y, 1), index_error);
    auto through_zero_strides = bind<int32_t, 1>(
        [&] {
            static const int64_t extent = 4, stride = 0;
            tensor_desc desc;
            desc.data = y.data_handle();
            desc.dtype = dtype_of<int32_t>;
            desc.rank = 1;
            desc.extents = &extent;
            desc.strides = &stride;
            return desc;
        }(),
        {}, {.accumulate_only = true});
    launch<subtract>(10, through_zero_strides, 1);
    CHECK(y[0] == -10);
}

TEST_CASE("atomics on an array that a host kernel captured") {
    auto counts = zeros<int32_t>(2);
    auto columns = warpx::transpose(zeros<int32_t>({2, 3}));
    launch(1000, [=](auto i) {
        atomic_add(counts, i % 2, 1);
        atomic_add(columns, 2, i % 2, 1);
    });
    CHECK((counts[0] == 500 && counts[1] == 500 && columns(2, 0) == 500 && columns(2, 1) == 500));
}
