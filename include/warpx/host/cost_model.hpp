// SPDX-License-Identifier: Apache-2.0
// cost_model.hpp: when a launch is worth other threads, and how its range is cut; numbers in, numbers out.
#pragma once

#include "../config.hpp"

namespace warpx::host {

/// The constants of the cost model, in nanoseconds unless named otherwise. They are properties of machines,
/// not of kernels: a fork with awake workers costs about 0.3 us, waking a sleeping one costs the caller 7 to
/// 30 us and comes into effect after 30 to 200 us.
struct cost_limits {
    /// Work below this stays in the caller.
    static constexpr double fork_above = 2000;
    /// A participant should have at least this much to do.
    static constexpr double work_per_thread = 1000;
    /// A chunk should take at least this long: it bounds the cost of claiming chunks.
    static constexpr double least_chunk = 2000;
    /// Time lost by leaving workers asleep, beyond which waking them is the better bargain (ski rental).
    static constexpr double wake = 50000;
    /// A pause after which losses of the past say nothing about the future.
    static constexpr int64_t forget_losses = 1000000;
    /// A measurement counts if it took this long ...
    static constexpr int64_t evidence = 5000;
    /// ... or covered this many elements. Shorter ones may have seen nothing but cold caches.
    static constexpr int64_t evidence_elements = 1024;
    /// Launches of at most this many elements need no clock once their cost is known; longer ones are
    /// sampled.
    static constexpr int64_t quick_elements = 1024;
    /// Chunks a participant's span is cut into: what others can take over when it is late. Every chunk taken
    /// over costs the owner's cache, so short jobs get few ...
    static constexpr int64_t chunks_per_span = 8;
    /// ... and jobs whose chunks are not shorter than `long_chunk` up to this many, for balance.
    static constexpr int64_t most_chunks_per_span = 32;
    static constexpr double long_chunk = 20000;
    /// Chunks hold at least this many elements, so that two threads seldom write one cache line.
    static constexpr int64_t chunk_elements = 64;
};

/// `a / b` rounded up, for a >= 0 and b >= 1.
constexpr int64_t divide_up(int64_t a, int64_t b) noexcept { return a / b + (a % b != 0); }

/// The new estimate of an element's cost, in picoseconds, at least 1 (0 means unknown), after a measurement.
/// Outliers are long (a preempted thread, a page fault), so a shorter time is believed at once and a longer
/// one by a quarter.
constexpr uint32_t learn_cost(uint32_t known_ps, double measured_ps) noexcept {
    constexpr double longest = 4e9;
    if (!(measured_ps < longest)) measured_ps = longest;
    if (known_ps != 0 && measured_ps > known_ps) measured_ps = known_ps + (measured_ps - known_ps) / 4;
    return measured_ps < 1 ? 1u : static_cast<uint32_t>(measured_ps);
}

/// The number of elements up to which a launch may run in the caller without a look at the clock.
constexpr uint32_t quick_elements(uint32_t known_ps) noexcept {
    if (known_ps == 0) return 0;
    const double fit = cost_limits::fork_above * 1e3 / known_ps;
    return static_cast<uint32_t>(fit < cost_limits::quick_elements ? fit : cost_limits::quick_elements);
}

/// The threads that `left_ns` of work keep busy, the caller included: 2 to `available`.
constexpr int useful_width(double left_ns, int available) noexcept {
    const double width = left_ns / cost_limits::work_per_thread;
    if (!(width < available)) return available;
    return width < 2 ? 2 : static_cast<int>(width);
}

/// The time a launch of `left_ns` loses if the sleeping helpers are not woken.
constexpr double loss_without_wake(double left_ns, int awake, int asleep) noexcept {
    return left_ns / (1 + awake) - left_ns / (1 + awake + asleep);
}

/// What to do with the rest of a launch.
enum class verdict {
    stay,         ///< all of it in the caller
    fork,         ///< share it with the workers that are awake
    fork_and_wake ///< share it, and wake those that sleep
};

/// Decides about `left_ns` of work when `awake` and `asleep` workers could help and `lost_ns` (this launch
/// included) have been lost lately by not waking them.
constexpr verdict decide(double left_ns, int awake, int asleep, double lost_ns) noexcept {
    if (left_ns < cost_limits::fork_above || awake + asleep <= 0) return verdict::stay;
    if (asleep > 0 && lost_ns > cost_limits::wake) return verdict::fork_and_wake;
    return awake > 0 ? verdict::fork : verdict::stay;
}

/// A range cut into chunks: `width` spans of at most `chunks_per_span` chunks, `chunks` of them in all.
struct range_split {
    int64_t chunk;           ///< items per chunk (the last one may be shorter), a multiple of the grain
    int64_t chunks;          ///< number of chunks
    int64_t chunks_per_span; ///< at most cost_limits::most_chunks_per_span
    int width;               ///< spans, hence participants: 1 to the width asked for
};

/// Cuts `count` >= 1 items for `width` >= 1 participants: one contiguous span each (which keeps their
/// caches), a few chunks per span (which others can steal). `grain` >= 1: chunks start at multiples of it.
constexpr range_split split_range(int64_t count, int64_t grain, int64_t elements_per_item, double ns_per_item,
                                  int width) noexcept {
    const int64_t span = divide_up(count, width);
    const double ns = ns_per_item > 1e-6 ? ns_per_item : 1e-6;
    int64_t chunk = divide_up(span, cost_limits::most_chunks_per_span);
    const auto lengthen = [&](double least_ns,
                              int64_t most) { // chunks to least_ns, but not beyond `most` items
        const double least = least_ns / ns;
        if (static_cast<double>(chunk) >= least) return;
        chunk = least < static_cast<double>(most) ? static_cast<int64_t>(least) : most;
    };
    lengthen(cost_limits::long_chunk, divide_up(span, cost_limits::chunks_per_span));
    lengthen(cost_limits::least_chunk, span);
    int64_t unit = grain;
    if (elements_per_item < cost_limits::chunk_elements) {
        const int64_t items =
            divide_up(cost_limits::chunk_elements, elements_per_item > 0 ? elements_per_item : 1);
        const int64_t wide = divide_up(items, grain) * grain;
        if (wide <= span) unit = wide; // few, coarse items: balance is worth more than whole cache lines
    }
    chunk = divide_up(chunk, unit) * unit;
    const int64_t chunks = divide_up(count, chunk);
    const int64_t per_span = divide_up(chunks, width);
    return {chunk, chunks, per_span, static_cast<int>(divide_up(chunks, per_span))};
}

} // namespace warpx::host
