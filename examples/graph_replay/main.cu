// SPDX-License-Identifier: Apache-2.0
// main.cu: a wave equation in many small steps, launched one by one and replayed as a graph.
#include <warpx/cuda/cuda.cuh>

#include <cmath>
#include <cstdio>

// One step of a vibrating string: from this height and the one before to the next, which replaces the latter.
constexpr auto wave = [] WARPX_KERNEL(auto i, auto now, auto before, auto speed) {
    if (i == 0 || i + 1 == now.extent(0)) return; // the ends are held
    before[i] = 2.0f * now[i] - before[i] + speed * (now[i - 1] - 2.0f * now[i] + now[i + 1]);
};

namespace {

constexpr int64_t points = 1 << 14;
constexpr int steps = 200, rounds = 20;

using string_of_points = warpx::array<float, 1, warpx::device::cuda>;

/// A plucked string, in memory that the host and the GPU use by turns.
string_of_points pluck() {
    const auto s = warpx::empty<float, warpx::device::cuda>(points, {.kind = warpx::memory_kind::managed});
    const auto on_host = warpx::device_cast<warpx::device::host>(s);
    for (int64_t k = 0; k < points; ++k)
        on_host[k] = std::sin(3.14159265f * static_cast<float>(k) / (points - 1));
    return s;
}

void all_steps(const string_of_points& a, const string_of_points& b) {
    for (int step = 0; step < steps; step += 2) {
        warpx::launch<wave>(points, a, b, 0.25f);
        warpx::launch<wave>(points, b, a, 0.25f);
    }
}

/// Microseconds of one step, by the device's clock: the first round is not counted.
template <class F> double time_of_step(const F& run) {
    const warpx::stream stream;
    const warpx::stream_scope scope(stream);
    warpx::event begin({.timing = true}), end({.timing = true});
    run();
    begin.record();
    for (int round = 0; round < rounds; ++round) run();
    end.record();
    warpx::synchronize(end);
    return 1e3 * warpx::milliseconds(begin, end) / (steps * rounds);
}

} // namespace

int main() {
    if (warpx::device_count() == 0) {
        std::printf("This example needs an NVIDIA GPU and its driver; there is none here.\n");
        return 0;
    }
    const string_of_points a = pluck(), b = pluck(), c = pluck(), d = pluck();
    const double launched = time_of_step([&] { all_steps(a, b); });

    // The same function, recorded once: 200 launches become one call.
    warpx::graph replay = warpx::graph::capture([&](warpx::stream_ref) { all_steps(c, d); });
    replay.keep(c, d);
    const double replayed = time_of_step([&] { replay.launch(); });

    warpx::synchronize_device(); // managed memory is read by the host below
    bool same = true;
    for (int64_t k = 0; k < points; ++k) same = same && a.data_handle()[k] == c.data_handle()[k];
    std::printf(
        "%d steps over %lld points: %.2f us a step launched one by one, %.2f us replayed; results %s\n",
        steps, static_cast<long long>(points), launched, replayed, same ? "agree" : "DIFFER");
    return same ? 0 : 1;
}
