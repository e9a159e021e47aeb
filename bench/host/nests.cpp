// SPDX-License-Identifier: Apache-2.0
// nests.cpp: y = a x over two axes on one thread, against the nest one would write by hand. Benchmarks are
// called <layout>/<ours|plain>/<rows>; nests_peers.py does the same with NumPy and PyTorch.
#include "memory.hpp"

#include <benchmark/benchmark.h>
#include <warpx/warpx.hpp>

using i64 = std::int64_t;

namespace {

constexpr auto scale = [](auto i, auto x, auto y, auto a) { y[i] = a * x[i]; };

struct layout {
    const char* name;
    bool x_transposed, y_transposed;
    i64 step; // of the last axis
};
constexpr layout layouts[] = {{"compact", false, false, 1},
                              {"strided", false, false, 2},
                              {"both transposed", true, true, 1},
                              {"one transposed", true, false, 1}};

[[gnu::noinline]] void plain_compact(i64 rows, i64 cols, const float* x, float* y, float a) {
    for (i64 r = 0; r < rows; ++r)
        for (i64 c = 0; c < cols; ++c) y[r * cols + c] = a * x[r * cols + c];
}
[[gnu::noinline]] void plain_strided(i64 rows, i64 cols, const float* x, i64 x_row, i64 x_col, float* y,
                                     i64 y_row, i64 y_col, float a) {
    for (i64 r = 0; r < rows; ++r)
        for (i64 c = 0; c < cols; ++c) y[r * y_row + c * y_col] = a * x[r * x_row + c * x_col];
}

template <bool Ours> void run(benchmark::State& state, const layout& l) {
    const i64 n = state.range(0), row = n * l.step;
    const bench::buffer<float> from(n * row, 0, 1.0f), to(n * row, 1, 1.0f);
    const auto strides = [&](bool transposed) {
        return transposed ? warpx::shape<2>(l.step, row) : warpx::shape<2>(row, l.step);
    };
    const warpx::shape<2> xs = strides(l.x_transposed), ys = strides(l.y_transposed);
    const auto x = warpx::from_pointer<const float, 2>(from.data(), {n, n}, xs);
    const auto y = warpx::from_pointer<float, 2>(to.data(), {n, n}, ys);
    for (auto _ : state) {
        if constexpr (Ours)
            warpx::launch<scale>(warpx::launch_options{.threads = 1}, {n, n}, x, y, 0.5f);
        else if (x.is_compact() && y.is_compact())
            plain_compact(n, n, from.data(), to.data(), 0.5f);
        else if (l.y_transposed) // by hand one would exchange the loops
            plain_strided(n, n, from.data(), xs[1], xs[0], to.data(), ys[1], ys[0], 0.5f);
        else
            plain_strided(n, n, from.data(), xs[0], xs[1], to.data(), ys[0], ys[1], 0.5f);
        benchmark::ClobberMemory();
    }
}

} // namespace

int main(int argc, char** argv) {
    for (const layout& l : layouts)
        for (const i64 n : {64, 512, 4096}) {
            benchmark::RegisterBenchmark((l.name + std::string("/ours")).c_str(), run<true>, l)->Arg(n);
            benchmark::RegisterBenchmark((l.name + std::string("/plain")).c_str(), run<false>, l)->Arg(n);
        }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
