// SPDX-License-Identifier: Apache-2.0
// adjoint.hpp: adjoint and tangent launches against the loops one would write by hand, with the same flags.
// Benchmarks are called <kernel>/<side>/<items>; run.py runs each side in a process of its own. Sides: `ours`
// (one thread), `ours all threads`, `hand` (plain additions, good for one thread only), `hand atomic`.
// The adjoints by hand do what ours do: they accumulate, consume, and load everything before they store.
#pragma once

#include "../adjoint_kernels.hpp"
#include "memory.hpp"

#include <warpx/host/adjoint.hpp>
#include <warpx/host/tangent.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

using warpx::vec2f;
using warpx::vec3f;
using i64 = std::int64_t;

namespace bench {

// -- Data
// -----------------------------------------------------------------------------------------------------------
inline std::uint32_t seed = 0;
inline int slot = 0;
/// All sides of a case find the same values at the same offsets.
inline void restart() { seed = 12345, slot = 0; }
inline float random_in(float low, float high) {
    seed = seed * 1664525u + 1013904223u;
    return low + (high - low) * static_cast<float>(seed >> 8) / 16777216.0f;
}

/// An array with its gradient (or its tangent), and what that holds before each repetition.
template <class T, int N = 1> class variable {
public:
    explicit variable(warpx::shape<N> extents, float low = -1, float high = 1)
        : extents_(extents), values_(extents.count(), slot++, T{}), gradient_(extents.count(), slot++, T{}),
          kept_(extents.count(), slot++, T{}) {
        for (i64 k = 0; k < numbers(); ++k)
            reinterpret_cast<float*>(values_.data())[k] = random_in(low, high);
        for (i64 k = 0; k < numbers(); ++k) reinterpret_cast<float*>(kept_.data())[k] = random_in(-1, 1);
        refresh();
        plain_ = warpx::from_pointer<T, N>(data(), extents_);
        beside_ = warpx::from_pointer<T, N>(gradient(), extents_);
        out_ = plain_;
        out_.set_grad(beside_);
        in_ = out_;
    }
    T* data() const { return values_.data(); }
    T* gradient() const { return gradient_.data(); }
    void refresh() const {
        std::memcpy(static_cast<void*>(gradient_.data()), kept_.data(),
                    static_cast<size_t>(extents_.count()) * sizeof(T));
    }
    std::vector<float> numbers_of_gradient() const {
        const auto* const p = reinterpret_cast<const float*>(gradient());
        return {p, p + numbers()};
    }
    std::vector<float> numbers_of_values() const {
        const auto* const p = reinterpret_cast<const float*>(data());
        return {p, p + numbers()};
    }

    /// As a kernel takes it: to read only, or also to write, with its gradient; the values and the gradient
    /// alone.
    const auto& in() const { return in_; }
    const auto& out() const { return out_; }
    const auto& values() const { return plain_; }
    const auto& tangent() const { return beside_; }

private:
    i64 numbers() const { return extents_.count() * static_cast<i64>(sizeof(T) / sizeof(float)); }
    warpx::shape<N> extents_;
    buffer<T> values_, gradient_, kept_;
    warpx::array<T, N> plain_, beside_, out_;
    warpx::array<const T, N> in_;
};

/// A passive array of indices.
template <int N> class table {
public:
    explicit table(warpx::shape<N> extents) : extents_(extents), values_(extents.count(), slot++, 0) {}
    std::int32_t* data() const { return values_.data(); }
    const auto& in() const { return in_; }

private:
    warpx::shape<N> extents_;
    buffer<std::int32_t> values_;
    warpx::array<const std::int32_t, N> in_ = warpx::from_pointer<const std::int32_t, N>(data(), extents_);
};

struct plain_add {
    static void to(float& place, float v) { place += v; }
};
struct atomic_add {
    static void to(float& place, float v) {
        std::atomic_ref<float>(place).fetch_add(v, std::memory_order_relaxed);
    }
};
template <class Add> void add_to(vec3f& place, float x, float y, float z) {
    Add::to(place.x, x), Add::to(place.y, y), Add::to(place.z, z);
}

#define BENCH_HAND [[gnu::noinline]]

// -- Cases
// ----------------------------------------------------------------------------------------------------------
// Each has data, `refresh` (of the gradients that a launch consumes or that would grow), `ours`, `hand` and
// `result`, what both must agree in.

using options = warpx::launch_options;
using numbers = std::vector<std::vector<float>>;
struct from_cache_and_memory {
    static std::vector<i64> sizes() { return {10000, 4000000}; }
};
struct from_cache {
    static std::vector<i64> sizes() { return {10000}; }
};

struct pair_of_arrays : from_cache_and_memory {
    i64 n;
    variable<float> x{n}, y{n};
    explicit pair_of_arrays(i64 count) : n(count) {}
    void refresh() const { y.refresh(); }
    numbers result() const { return {x.numbers_of_gradient(), y.numbers_of_gradient()}; }
};

// -- Running them
// ---------------------------------------------------------------------------------------------------
enum class side { ours, ours_all_threads, hand, hand_atomic };

template <class Case, side Side> void run_once(const Case& c) {
    if constexpr (Side == side::ours)
        c.ours(options{.threads = 1});
    else if constexpr (Side == side::ours_all_threads)
        c.ours(options{});
    else if constexpr (Side == side::hand)
        c.hand();
    else
        c.hand_atomic();
}

/// An iteration is the median of some launches, each on fresh gradients: others on the machine disturb it
/// less.
template <class Case, side Side> void run(benchmark::State& state) {
    using clock = std::chrono::steady_clock;
    restart();
    const Case c(state.range(0));
    double seconds[9];
    run_once<Case, Side>(c);
    for (auto _ : state) {
        for (double& s : seconds) {
            c.refresh();
            const auto begin = clock::now();
            run_once<Case, Side>(c);
            benchmark::ClobberMemory();
            s = std::chrono::duration<double>(clock::now() - begin).count();
        }
        std::nth_element(seconds, seconds + 4, seconds + 9);
        state.SetIterationTime(seconds[4]);
    }
}

inline int disagreements = 0;
inline std::vector<std::function<void()>> comparisons;

/// All sides must agree, on data of their own that are alike.
template <class Case, side Side> numbers result_of() {
    restart();
    const Case c(Case::sizes()[0] > 4096 ? 1000 : Case::sizes()[0]);
    run_once<Case, Side>(c);
    return c.result();
}
inline void compare(const std::string& name, const numbers& ours, const numbers& hand) {
    for (size_t array = 0; array < ours.size(); ++array)
        for (size_t k = 0; k < ours[array].size(); ++k) {
            const float a = ours[array][k], b = hand[array][k];
            if (std::abs(a - b) <= 1e-4f * (1 + std::abs(b))) continue;
            std::fprintf(stderr, "%s: number %zu of result %zu is %g, by hand %g\n", name.c_str(), k, array,
                         static_cast<double>(a), static_cast<double>(b));
            ++disagreements;
            return;
        }
}

template <class Case> void add(const std::string& name) {
    const auto each = [&](const char* which, auto function) {
        for (const i64 n : Case::sizes())
            benchmark::RegisterBenchmark((name + "/" + which).c_str(), function)->Arg(n)->UseManualTime();
    };
    each("ours", run<Case, side::ours>);
    each("ours all threads", run<Case, side::ours_all_threads>);
    each("hand", run<Case, side::hand>);
    constexpr bool atomic = requires(const Case& c) { c.hand_atomic(); };
    if constexpr (atomic) each("hand atomic", run<Case, side::hand_atomic>);
    comparisons.push_back([name] {
        const numbers by_hand = result_of<Case, side::hand>();
        compare(name, result_of<Case, side::ours>(), by_hand);
        compare(name + ", all threads", result_of<Case, side::ours_all_threads>(), by_hand);
        if constexpr (atomic) compare(name + ", hand atomic", result_of<Case, side::hand_atomic>(), by_hand);
    });
}

/// The files of cases.
void add_pointwise();
void add_vectors();
void add_gathers();
void add_loops();
void add_tangents();

} // namespace bench
