// SPDX-License-Identifier: Apache-2.0
// loops.cpp: kernels on one thread against the plain loops one would write by hand; built with -O2 and -O3.
// Benchmarks are called <kernel>/<ours|plain>/<items>; run.py runs each side in a process of its own.
#include "memory.hpp"

#include <benchmark/benchmark.h>
#include <warpx/warpx.hpp>

using warpx::bfloat16;
using warpx::vec2f;
using i64 = std::int64_t;

namespace {

constexpr warpx::launch_options one_thread{.threads = 1};

// Each kernel: the lambda, the plain loop, the element types of x and y, and extra items of x.

constexpr auto saxpy_kernel = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
struct saxpy {
    using in = float;
    using out = float;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = saxpy_kernel;
    [[gnu::noinline]] static void plain(i64 n, const float* x, float* y, float a) {
        for (i64 i = 0; i < n; ++i) y[i] = a * x[i] + y[i];
    }
};

constexpr auto branchy_kernel = [](auto i, auto x, auto y, auto a) {
    if (x[i] > 0.5f)
        y[i] = x[i] * a;
    else
        y[i] = x[i] * x[i] - a;
};
struct branchy {
    using in = float;
    using out = float;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = branchy_kernel;
    [[gnu::noinline]] static void plain(i64 n, const float* x, float* y, float a) {
        for (i64 i = 0; i < n; ++i) {
            if (x[i] > 0.5f)
                y[i] = x[i] * a;
            else
                y[i] = x[i] * x[i] - a;
        }
    }
};

constexpr auto rosenbrock_kernel = [](auto i, auto p, auto f, auto b) {
    auto q = p[i];
    f[i] = (1.0f - q.x) * (1.0f - q.x) + b * (q.y - q.x * q.x) * (q.y - q.x * q.x);
};
struct rosenbrock {
    using in = vec2f;
    using out = float;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = rosenbrock_kernel;
    [[gnu::noinline]] static void plain(i64 n, const vec2f* p, float* f, float b) {
        for (i64 i = 0; i < n; ++i) {
            const vec2f q = p[i];
            f[i] = (1.0f - q.x) * (1.0f - q.x) + b * (q.y - q.x * q.x) * (q.y - q.x * q.x);
        }
    }
};

constexpr auto gradient_kernel = [](auto i, auto p, auto g, auto b) {
    auto q = p[i];
    g[i].x = -2.0f * (1.0f - q.x) - 4.0f * b * q.x * (q.y - q.x * q.x);
    g[i].y = 2.0f * b * (q.y - q.x * q.x);
};
struct rosenbrock_gradient {
    using in = vec2f;
    using out = vec2f;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = gradient_kernel;
    [[gnu::noinline]] static void plain(i64 n, const vec2f* p, vec2f* g, float b) {
        for (i64 i = 0; i < n; ++i) {
            const vec2f q = p[i];
            g[i].x = -2.0f * (1.0f - q.x) - 4.0f * b * q.x * (q.y - q.x * q.x);
            g[i].y = 2.0f * b * (q.y - q.x * q.x);
        }
    }
};

constexpr auto stencil_kernel = [](auto i, auto x, auto y, auto a) {
    y[i] = (x[i] + x[i + 1] + x[i + 2]) * a;
};
struct stencil {
    using in = float;
    using out = float;
    static constexpr i64 halo = 2;
    static constexpr const auto& kernel = stencil_kernel;
    [[gnu::noinline]] static void plain(i64 n, const float* x, float* y, float a) {
        for (i64 i = 0; i < n; ++i) y[i] = (x[i] + x[i + 1] + x[i + 2]) * a;
    }
};

struct bfloat16_saxpy {
    using in = bfloat16;
    using out = bfloat16;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = saxpy_kernel;
    [[gnu::noinline]] static void plain(i64 n, const bfloat16* x, bfloat16* y, float a) {
        for (i64 i = 0; i < n; ++i) y[i] = a * x[i] + y[i];
    }
};

constexpr auto int_kernel = [](auto i, auto x, auto y, auto) { y[i] = x[i] * 3 + (y[i] >> 1); };
struct int_mix {
    using in = std::int32_t;
    using out = std::int32_t;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = int_kernel;
    [[gnu::noinline]] static void plain(i64 n, const std::int32_t* x, std::int32_t* y, float) {
        for (i64 i = 0; i < n; ++i) y[i] = x[i] * 3 + (y[i] >> 1);
    }
};

constexpr auto bool_kernel = [](auto i, auto x, auto y, auto) { y[i] = x[i] & !y[i]; };
struct bool_mix {
    using in = bool;
    using out = bool;
    static constexpr i64 halo = 0;
    static constexpr const auto& kernel = bool_kernel;
    [[gnu::noinline]] static void plain(i64 n, const bool* x, bool* y, float) {
        for (i64 i = 0; i < n; ++i) y[i] = x[i] & !y[i];
    }
};

template <class Case, bool Ours> void run(benchmark::State& state) {
    using in = typename Case::in;
    using out = typename Case::out;
    const i64 n = state.range(0);
    bench::buffer<in> from(n + Case::halo, 0, in(1));
    bench::buffer<out> to(n, 1, out(1));
    const auto x = warpx::from_pointer<const in, 1>(from.data(), {n + Case::halo});
    const auto y = warpx::from_pointer<out, 1>(to.data(), {n});
    const float a = 0.25f;
    for (auto _ : state) {
        if constexpr (Ours)
            warpx::launch<Case::kernel>(one_thread, n, x, y, a);
        else
            Case::plain(n, from.data(), to.data(), a);
        benchmark::ClobberMemory();
    }
}

template <class Case> void add(const std::string& name) {
    for (const i64 n : {1000, 10000, 100000, 1000000, 10000000, 100000000}) {
        benchmark::RegisterBenchmark((name + "/ours").c_str(), run<Case, true>)->Arg(n);
        benchmark::RegisterBenchmark((name + "/plain").c_str(), run<Case, false>)->Arg(n);
    }
}

} // namespace

int main(int argc, char** argv) {
    add<saxpy>("saxpy");
    add<branchy>("branchy");
    add<rosenbrock>("rosenbrock vec2");
    add<rosenbrock_gradient>("rosenbrock gradient vec2");
    add<stencil>("stencil");
    add<bfloat16_saxpy>("saxpy bfloat16");
    add<int_mix>("int");
    add<bool_mix>("bool");
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
