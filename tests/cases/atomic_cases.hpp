// SPDX-License-Identifier: Apache-2.0
// atomic_cases.hpp: atomics in kernels on any machine: every operation, every element type, contended.
#pragma once

#include "cases/machine.hpp"

#include <warpx/atomic.hpp>
#include <warpx/quat.hpp>
#include <warpx/view.hpp>

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

namespace atomic_cases {

using namespace warpx;
using test::array_here, test::put, test::put_zeros, test::read;

constexpr auto add_one = [] WARPX_KERNEL(auto i, auto y, auto v, auto old) { old[i] = atomic_add(y, 0, v); };
constexpr auto subtract = [] WARPX_KERNEL(auto i, auto y, auto v) {
    (void)i;
    atomic_sub(y, 1, v);
};
constexpr auto histogram = [] WARPX_KERNEL(auto i, auto x, auto counts) { atomic_add(counts, x[i] % 7, 1); };
constexpr auto extremes = [] WARPX_KERNEL(auto i, auto x, auto y) {
    atomic_min(y, 0, x[i]);
    atomic_max(y, 1, x[i]);
};
constexpr auto bits = [] WARPX_KERNEL(auto i, auto x, auto y) {
    atomic_or(y, 0, x[i]);
    atomic_and(y, 1, ~x[i]);
    atomic_xor(y, 2, x[i]);
};
constexpr auto exchange_all = [] WARPX_KERNEL(auto i, auto x, auto y, auto old) {
    old[i] = atomic_exchange(y, 0, x[i]);
};
constexpr auto lock_free_add = [] WARPX_KERNEL(auto i, auto y, auto step) {
    (void)i;
    using T = value_type_t<decltype(step)>;
    T seen = atomic_exchange(y, 1, T{}); // some value of the type, for a start
    for (;;) {
        const T before = atomic_cas(y, 0, seen, static_cast<T>(seen + step));
        if (before == seen) break;
        seen = before;
    }
};
constexpr auto by_index = [] WARPX_KERNEL(auto i, auto y) {
    auto [row, column] = i;
    atomic_add(y, i, 1);            // the whole index
    atomic_add(y, row, column, 10); // axes
    atomic_add(y, 0, 0, 100);       // integers
    atomic_add(y, size_t(row), 1u, 1000);
};
constexpr auto returns = [] WARPX_KERNEL(auto i, auto y, auto out) {
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

constexpr auto spread_add = [] WARPX_KERNEL(auto i, auto y, auto v) { atomic_add(y, i % y.extent(0), v); };
constexpr auto bools = [] WARPX_KERNEL(auto i, auto y) {
    (void)i;
    atomic_or(y, 0, true);
    atomic_and(y, 1, false);
    atomic_xor(y, 2, true);
};
struct cell {
    float value;
    int32_t owner;
};
constexpr auto claim = [] WARPX_KERNEL(auto i, auto y, auto won) {
    const auto before = atomic_cas(y, 0, cell{0, -1}, cell{static_cast<float>(i), static_cast<int32_t>(i)});
    won[i] = before.owner == -1;
};
constexpr auto signed_zero = [] WARPX_KERNEL(auto i, auto y, auto out) {
    (void)i;
    out(0) = atomic_cas(y, 0, 0.0f, 1.0f);
    out(1) = atomic_cas(y, 0, -0.0f, 2.0f);
};

/// Several application threads launch at once, so that elements are contended whatever the pool does.
template <class F> void on_threads(int count, const F& f) {
    std::vector<std::thread> threads;
    for (int k = 0; k < count; ++k) threads.emplace_back(f);
    for (auto& t : threads) t.join();
}

template <class T> T number(int k) { return static_cast<T>(k); }
template <> inline quat<float> number<quat<float>>(int k) {
    const auto f = static_cast<float>(k);
    return {f, f, f, f};
}

/// How high a type counts by ones.
template <class T> constexpr int countable() { return 1000; }
template <> constexpr int countable<bfloat16>() { return 256; }

/// Two launches at once exchange numbers through `y`; each must come out once.
template <class T> void exchange_numbers(const array_here<T, 1>& y) {
    constexpr int n = 100;
    const auto start = empty<T>(n);
    for (int k = 0; k < n; ++k) start[k] = number<T>(k + 1);
    const auto x = put(start), first = put_zeros<T>(n), second = put_zeros<T>(n);
    std::thread other([&] { launch<exchange_all>(n, x, y, second); });
    launch<exchange_all>(n, x, y, first);
    other.join();
    const auto last = read(y), one = read(first), two = read(second);
    std::vector<T> all{last[0]};
    for (int k = 0; k < n; ++k) all.push_back(one[k]), all.push_back(two[k]);
    int whole = 0, wrong = 0;
    for (const T& v : all)
        for (int k = 0; k <= n; ++k) whole += v == number<T>(k);
    for (int k = 1; k <= n; ++k) wrong += std::count(all.begin(), all.end(), number<T>(k)) != 2;
    CHECK(whole == 2 * n + 1); // no half-written value
    CHECK(wrong == 0);
    CHECK(std::count(all.begin(), all.end(), T{}) == 1);
}

/// Adds by compare and swap into `y[0]`.
template <class T> void add_without_losses(const array_here<T, 1>& y) {
    on_threads(3, [&] { launch<lock_free_add>(200, y, static_cast<T>(1)); });
    const bool good = static_cast<T>(read(y)[0]) == static_cast<T>(600);
    CHECK(good);
}

} // namespace atomic_cases
WARPX_STRUCT(atomic_cases::cell, value, owner);

namespace atomic_cases {

TEST_CASE("atomics return the value before", "[core]") {
    const auto y = put(full<int32_t>(1, 10)), out = put_zeros<int32_t>(11);
    launch<returns>(1, y, out);
    const int want[] = {10, 15, 13, 13, 50, 50 & 0x33, (50 & 0x33) | 0x40, ((50 & 0x33) | 0x40) ^ 1, 9, 9, 2};
    const auto got = read(out);
    for (int k = 0; k < 11; ++k) {
        CAPTURE(k);
        CHECK(got[k] == want[k]);
    }
}

TEMPLATE_TEST_CASE("addition: every number type, contended", "[core]", int8_t, uint8_t, int16_t, uint16_t,
                   int32_t, uint32_t, int64_t, uint64_t, half, bfloat16, float, double) {
    using T = TestType;
    constexpr int n = 60, threads = 4;
    const auto y = put_zeros<T>(3);
    on_threads(threads, [&] {
        const auto old = put_zeros<T>(n);
        launch<add_one>(n, y, T(1), old);
        launch<subtract>(n, y, T(1));
    });
    const int64_t sum = n * threads; // 240: every type counts that far, or wraps as it should
    const auto got = read(y);
    const bool good = static_cast<T>(got[0]) == static_cast<T>(sum) &&
                      static_cast<T>(got[1]) == static_cast<T>(-sum) && static_cast<T>(got[2]) == T(0);
    CHECK(good);
    // Neighbours of one word, each by many threads.
    const auto counts = put_zeros<T>(7);
    launch<spread_add>(7 * countable<T>(), counts, T(1));
    CHECK(test::all_are(counts, static_cast<T>(countable<T>())));
}

TEST_CASE("every add sees a different value before") {
    constexpr int n = 20000;
    const auto y = put_zeros<int32_t>(1), old = put_zeros<int32_t>(n);
    launch<add_one>(n, y, 1, old);
    const auto values = read(old);
    std::vector<int32_t> seen(values.data_handle(), values.data_handle() + n);
    std::sort(seen.begin(), seen.end());
    int wrong = 0;
    for (int k = 0; k < n; ++k) wrong += seen[static_cast<size_t>(k)] != k;
    CHECK(wrong == 0);
}

TEST_CASE("the least integer can be subtracted") {
    const auto y = put_zeros<int32_t>(2);
    launch<subtract>(1, y, INT32_MIN);
    CHECK(read(y)[1] == INT32_MIN);
    const auto z = put_zeros<int64_t>(2);
    launch<subtract>(1, z, INT64_MIN);
    CHECK(read(z)[1] == INT64_MIN);
    const auto v = put_zeros<vec2i>(2);
    launch<subtract>(1, v, vec2i(INT32_MIN, 3));
    CHECK(value(read(v)[1]) == vec2i(INT32_MIN, -3));
}

TEST_CASE("vectors, matrices, quaternions, complex numbers add by component", "[core]") {
    constexpr int n = 50;
    const auto v = put_zeros<vec3f>(2);
    const auto m = put_zeros<mat<double, 2, 2>>(2), old_m = put_zeros<mat<double, 2, 2>>(n);
    const auto z = put_zeros<complex<float>>(2), old_z = put_zeros<complex<float>>(n);
    const auto w = put_zeros<complex<double>>(3);
    const auto q = put_zeros<quat<float>>(2);
    const auto h = put_zeros<vec<half, 5>>(2);
    on_threads(3, [&] {
        const auto o = put_zeros<vec3f>(n);
        launch<add_one>(n, v, vec3f(1, 2, 3), o);
    });
    launch<add_one>(n, m, mat<double, 2, 2>(1, 2, 3, 4), old_m);
    launch<add_one>(n, z, complex<float>(1, -1), old_z);
    launch<subtract>(n, z, complex<float>(1, -1));
    launch<spread_add>(3000, w, complex<double>(2, -1));
    launch<subtract>(n, q, quat<float>(1, 2, 3, 4));
    launch<subtract>(n, h, vec<half, 5>(1, 2, 3, 4, 5));
    CHECK(value(read(v)[0]) == vec3f(150, 300, 450));
    const auto got_m = read(m);
    CHECK((got_m[0](0, 0) == 50 && got_m[0](1, 1) == 200));
    CHECK(value(read(z)[0]) == complex<float>(50, -50));
    CHECK(value(read(z)[1]) == complex<float>(-50, 50));
    CHECK(test::all_are(w, complex<double>(2000, -1000)));
    const auto got_q = read(q);
    CHECK((got_q[1].x == -50 && got_q[1].w == -200));
    const auto got_h = read(h);
    CHECK((got_h[1][0] == -50.0f && got_h[1][4] == -250.0f));
    // some add was the first
    const auto olds = read(old_z);
    int firsts = 0;
    for (int k = 0; k < n; ++k) firsts += value(olds[k]).real() == 0;
    CHECK(firsts == 1);
}

TEST_CASE("histogram: located operands and values of other types", "[core]") {
    const auto counts = put_zeros<float>(7);
    launch<histogram>(7000, put(arange<int64_t>(7000)), counts);
    CHECK(test::all_are(counts, 1000.0f));
}

TEMPLATE_TEST_CASE("minimum and maximum", "[core]", int8_t, uint8_t, int16_t, uint32_t, int64_t, half,
                   bfloat16, float, double) {
    using T = TestType;
    constexpr int n = 100;
    const auto start = empty<T>(n);
    for (int k = 0; k < n; ++k) start[k] = k * 37 % 100 + 10;
    const auto x = put(start), y = put(full<T>(2, T(60)));
    on_threads(2, [&] { launch<extremes>(n, x, y); });
    const auto got = read(y);
    const bool good = static_cast<T>(got[0]) == T(10) && static_cast<T>(got[1]) == T(109);
    CHECK(good);
}

TEST_CASE("a NaN replaces nothing and is replaced by nothing") {
    const auto numbers = full<float>(4, NAN);
    const auto y = put(full<float>(2, 3.0f));
    launch<extremes>(4, put(numbers), y);
    CHECK((read(y)[0] == 3 && read(y)[1] == 3));
    numbers[2] = -5;
    launch<extremes>(4, put(numbers), y);
    CHECK((read(y)[0] == -5 && read(y)[1] == 3));
    const auto nan = put(full<float>(2, NAN));
    launch<extremes>(4, put(full<float>(4, 1.0f)), nan);
    const auto still = read(nan);
    CHECK((std::isnan(static_cast<float>(still[0])) && std::isnan(static_cast<float>(still[1]))));
    const auto infinite = put(full<double>(2, 0.0));
    launch<extremes>(2, put(full<double>(2, -INFINITY)), infinite);
    CHECK((read(infinite)[0] == -INFINITY && read(infinite)[1] == 0));
}

TEMPLATE_TEST_CASE("bitwise operations", "[core]", int8_t, uint16_t, int32_t, uint64_t) {
    using T = TestType;
    constexpr int n = 64;
    const auto x = empty<T>(n), start = zeros<T>(3);
    for (int k = 0; k < n; ++k) x[k] = T(1) << (k % (static_cast<int>(sizeof(T)) * 8));
    start[1] = static_cast<T>(-1);
    const auto y = put(start);
    launch<bits>(n, put(x), y);
    const auto got = read(y);
    const T last = sizeof(T) == 8 ? static_cast<T>(-1) : T(0); // every bit an even number of times
    const bool good = static_cast<T>(got[0]) == static_cast<T>(-1) && static_cast<T>(got[1]) == 0 &&
                      static_cast<T>(got[2]) == last;
    CHECK(good);
}

TEST_CASE("bitwise operations on bool", "[core]") {
    const auto start = full<bool>(3, true);
    start[0] = false;
    const auto y = put(start);
    launch<bools>(3, y);
    const auto got = read(y);
    CHECK((got[0] == true && got[1] == false && got[2] == false));
}

TEMPLATE_TEST_CASE("exchange passes every value on, whole", "[core]", int8_t, int16_t, float, double, vec2f,
                   vec4f, vec2d, complex<float>, complex<double>, quat<float>) {
    exchange_numbers<TestType>(put_zeros<TestType>(1));
}

TEMPLATE_TEST_CASE("compare and swap: a sum without losses", "[core]", uint16_t, int32_t, float, double,
                   vec2f, vec4f, vec2d, complex<double>) {
    add_without_losses<TestType>(put_zeros<TestType>(2));
}

TEST_CASE("compare and swap of structs: one wins; of floats: by their bits", "[core]") {
    const auto y = put(full<cell>(1, cell{0, -1}));
    const auto won = put_zeros<bool>(5000);
    launch<claim>(5000, y, won);
    const auto got = read(won);
    int winners = 0, winner = -1;
    for (int k = 0; k < 5000; ++k)
        if (got[k]) ++winners, winner = k;
    CHECK(winners == 1);
    CHECK(value(read(y)[0]).owner == winner);
    const auto zero = put(full<float>(1, -0.0f)), out = put_zeros<float>(2);
    launch<signed_zero>(1, zero, out);
    CHECK(read(zero)[0] == 2);
    const auto before = read(out);
    CHECK((before[0] == 0 && std::signbit(static_cast<float>(before[0])) &&
           std::signbit(static_cast<float>(before[1]))));
}

TEST_CASE("coordinates: the index, its axes, integers of any type; strided arrays too", "[core]") {
    for (bool turned : {false, true}) {
        const auto whole = put_zeros<int32_t>({turned ? 4 : 3, turned ? 3 : 4});
        const auto t = turned ? transpose(whole) : whole;
        launch<by_index>({3, 4}, t);
        const auto got = read(t);
        int wrong = 0;
        for (int r = 0; r < 3; ++r)
            for (int c = 0; c < 4; ++c)
                wrong += got(r, c) != 11 + (r + c == 0 ? 1200 : 0) + (c == 1 ? 4000 : 0);
        CHECK(wrong == 0);
    }
}

} // namespace atomic_cases
