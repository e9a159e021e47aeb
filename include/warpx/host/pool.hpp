// SPDX-License-Identifier: Apache-2.0
// pool.hpp: runs a range of items on the calling thread and on the pool's workers, and returns when it is
// done.
//
// Read job_board.hpp (the protocol), workers.hpp (the threads) and cost_model.hpp (when to fork) first. The
// pool is constant-initialized and never destroyed: launches from static constructors, destructors and atexit
// functions work. A child forked *inside a kernel* must call exec or _exit, since that launch cannot finish
// in it.
#pragma once

#include "cost_model.hpp"
#include "workers.hpp"

#include <utility>

namespace warpx::host {
inline namespace pool_v1 {

/// What the pool has learned about one kernel: a static object per kernel instantiation, shared by all
/// threads. Advisory: a wrong value costs time, never correctness.
struct work_cost {
    atomic_word<uint32_t> picoseconds{0};    ///< per element; 0: unknown
    atomic_word<uint32_t> quick_elements{0}; ///< launches of at most this many elements are known to be short
};

} // namespace pool_v1
} // namespace warpx::host

namespace warpx::detail::pool_v1 {

using host::cost_limits;

WARPX_DETAIL_BEGIN_SLOW_CODE

/// Which workers a launch would use, and how many of them are awake.
struct helpers {
    /// `width` - 1 workers, chosen so that launches of other threads use other ones.
    explicit helpers(int width) noexcept : count(static_cast<uint32_t>(width) - 1) {
        started = the_pool.state.load(order::acquire) == running;
        if (!started) return;
        workers = the_pool.threads.load(order::relaxed) - 1;
        if (count > workers) count = workers;
        if (count == 0) return;
        for (uint32_t m = the_pool.active.load(order::relaxed); m != 0; m &= m - 1) {
            first += the_pool.slots[__builtin_ctz(m)].width.load(order::relaxed) - 1;
        }
        first %= workers;
        asleep = count_asleep();
    }

    uint32_t id(uint32_t n) const noexcept {
        return 1 + (first + n < workers ? first + n : first + n - workers);
    }

    /// The number of sleepers; their bits for futex_wake go into `mask`.
    uint32_t count_asleep() noexcept {
        uint32_t sleepers = 0;
        mask = 0;
        for (uint32_t n = 0; n < count; ++n) {
            const uint32_t worker = id(n), bit = 1u << (worker % 32);
            if ((the_pool.sleeping[worker / 32].load(order::seq_cst) & bit) == 0) continue;
            ++sleepers;
            mask |= bit;
        }
        return sleepers;
    }

    uint32_t count;
    uint32_t workers = 0;
    uint32_t first = 0;
    uint32_t asleep = 0;
    uint32_t mask = 0;
    bool started;
};

/// The number of threads that a launch with thread limit `limit` (0: none) may use now: those of the pool
/// without one for each launch of another thread.
inline int available_width(int limit) noexcept {
    uint32_t threads = the_pool.threads.load(order::relaxed);
    if (threads == 0) threads = thread_budget();
    const int width = static_cast<int>(threads) - __builtin_popcount(the_pool.active.load(order::relaxed));
    return limit > 0 && limit < width ? limit : width;
}

/// Takes a free slot; nullptr if there is none. `bit` is its bit of pool::active.
inline slot* acquire_slot(uint32_t& bit) noexcept {
    for (uint32_t taken = the_pool.active.load(order::relaxed);;) {
        const uint32_t available = ~taken & ((1u << max_slots) - 1);
        if (available == 0) return nullptr;
        bit = available & (0u - available);
        taken = the_pool.active.fetch_or(bit, order::acquire);
        if ((taken & bit) == 0) return &the_pool.slots[__builtin_ctz(bit)];
    }
}

/// Waits until all chunks of `s` are done: spins, since they are short, then sleeps.
inline void join(slot& s, uint32_t chunks) noexcept {
    constexpr int64_t spin_ns = 100000;
    int64_t start = 0;
    for (int turn = 1; s.done.load(order::acquire) != chunks; ++turn) {
        spin_pause();
        if (turn % 32 != 0) continue;
        const int64_t t = clock_ns();
        if (start == 0) start = t;
        if (t - start < spin_ns) continue;
        uint32_t done = s.done.fetch_or(owner_sleeps, order::acq_rel) | owner_sleeps;
        while ((done & ~owner_sleeps) != chunks) {
            futex_wait(s.done, done, ~0u);
            done = s.done.load(order::acquire);
        }
        return;
    }
}

/// Shares [begin, end) with `team`; returns when all of it is done. `own_items`, `own_ns`: the part the
/// caller did.
inline void fork_join(int64_t begin, int64_t end, const host::range_split& cut, range_body body,
                      const void* context, helpers& team, bool wake, int64_t& own_items, int64_t& own_ns) {
    uint32_t bit = 0;
    slot* const taken = acquire_slot(bit);
    if (taken == nullptr) {
        body(context, begin, end);
        return;
    }
    slot& s = *taken;
    const uint32_t chunks = static_cast<uint32_t>(cut.chunks);
    s.done.store(0, order::relaxed);
    s.failed.store(0, order::relaxed);
    s.body.store(body, order::relaxed);
    s.context.store(context, order::relaxed);
    s.begin.store(begin, order::relaxed);
    s.end.store(end, order::relaxed);
    s.chunk.store(cut.chunk, order::relaxed);
    s.chunks.store(chunks, order::relaxed);
    s.chunks_per_span.store(static_cast<uint32_t>(cut.chunks_per_span), order::relaxed);
    s.width.store(static_cast<uint32_t>(cut.width), order::relaxed);
    s.first_helper.store(team.first, order::relaxed);
    s.fp_control.store(fp_control(), order::relaxed);
    const uint64_t generation = static_cast<uint64_t>(++s.generation) << 32;
    int64_t left = cut.chunks;
    for (int k = 0; k < cut.width; ++k, left -= cut.chunks_per_span) {
        const int64_t limit = left < cut.chunks_per_span ? left : cut.chunks_per_span;
        s.spans[k].word.store(generation | static_cast<uint64_t>(limit) << 16, order::release);
    }
    the_pool.signal.fetch_add(1, order::seq_cst); // see idle_wait::sleep
    if (wake && team.count_asleep() != 0) futex_wake(the_pool.signal, team.mask);

    const int64_t start = clock_ns();
    own_items = help(s, 0);
    own_ns = clock_ns() - start;
    join(s, chunks);

    std::exception_ptr error;
    if (s.failed.load(order::relaxed) != 0) {
        std::exception_ptr* const stored = std::launder(reinterpret_cast<std::exception_ptr*>(s.error));
        error = std::move(*stored);
        stored->~exception_ptr();
    }
    the_pool.active.fetch_and(~bit, order::release);
    if (error) std::rethrow_exception(std::move(error));
}

/// Whether a launch of `left_ns` should fork, and with whom; keeps the account of losses. May start the pool.
inline host::verdict decide_fork(double left_ns, int width, helpers& team) {
    const int asleep = static_cast<int>(team.started ? team.asleep : team.count);
    const int awake = static_cast<int>(team.count) - asleep;
    double lost = 0;
    int64_t now = 0;
    if (asleep > 0) {
        now = clock_ns();
        const bool recent = now - the_pool.lost_at.load(order::relaxed) < cost_limits::forget_losses;
        lost = (recent ? static_cast<double>(the_pool.lost_ns.load(order::relaxed)) : 0) +
               host::loss_without_wake(left_ns, awake, asleep);
    }
    host::verdict answer = host::decide(left_ns, awake, asleep, lost);
    if (asleep > 0) {
        const bool forgiven = answer == host::verdict::fork_and_wake;
        the_pool.lost_ns.store(forgiven ? 0 : static_cast<int64_t>(lost), order::relaxed);
        the_pool.lost_at.store(now, order::relaxed);
    }
    if (answer == host::verdict::fork_and_wake && !team.started) {
        start_workers();
        team = helpers(width);
        if (team.count == 0) answer = host::verdict::stay;
    }
    return answer;
}

/// The launch in progress: what is left of it, and what its elements cost.
class launch_progress {
public:
    launch_progress(int64_t count, range_body body, const void* context, host::work_cost& cost, int64_t grain,
                    int64_t elements_per_item) noexcept
        : count_(count), body_(body), context_(context), cost_(cost), grain_(grain),
          elements_per_item_(elements_per_item > 0 ? elements_per_item : 1),
          picoseconds_(cost.picoseconds.load(order::relaxed)) {}

    uint32_t picoseconds() const noexcept { return picoseconds_; }
    double ns_per_item() const noexcept {
        return 1e-3 * picoseconds_ * static_cast<double>(elements_per_item_);
    }
    double left_ns() const noexcept { return ns_per_item() * static_cast<double>(count_ - position_); }

    /// Runs about `elements` more in this thread, by the clock. True if the launch is done.
    bool probe(int64_t elements) {
        const int64_t left = count_ - position_;
        const int64_t items = host::divide_up(host::divide_up(elements, elements_per_item_), grain_) * grain_;
        return run_timed(items < left ? items : left);
    }

    /// Runs all of the rest in this thread, by the clock.
    void finish() { run_timed(count_ - position_); }

    /// Whether the last measurement is long enough to decide on.
    bool evident() const noexcept {
        return last_ns_ >= cost_limits::evidence || last_elements_ >= cost_limits::evidence_elements;
    }

    /// Shares the rest with other threads if that is worth it. True if the launch is done.
    bool try_fork(int limit) {
        const double left = left_ns();
        if (left < cost_limits::fork_above) return false;
        const int available = available_width(limit);
        if (available < 2) return false;
        const int width = host::useful_width(left, available);
        helpers team(width);
        if (team.count == 0) return false;
        const host::verdict answer = decide_fork(left, width, team);
        if (answer == host::verdict::stay) return false;
        const auto cut = host::split_range(count_ - position_, grain_, elements_per_item_, ns_per_item(),
                                           static_cast<int>(team.count) + 1);
        int64_t items = 0, ns = 0;
        fork_join(position_, count_, cut, body_, context_, team, answer == host::verdict::fork_and_wake,
                  items, ns);
        if (items > 0) learn(items, ns);
        return true;
    }

private:
    bool run_timed(int64_t items) {
        const int64_t start = now_ != 0 ? now_ : clock_ns();
        body_(context_, position_, position_ + items);
        now_ = clock_ns();
        position_ += items;
        last_ns_ = now_ - start;
        last_elements_ = static_cast<double>(items) * static_cast<double>(elements_per_item_);
        learn(items, last_ns_);
        return position_ == count_;
    }

    void learn(int64_t items, int64_t ns) noexcept {
        const double elements = static_cast<double>(items) * static_cast<double>(elements_per_item_);
        picoseconds_ = host::learn_cost(picoseconds_, static_cast<double>(ns) * 1e3 / elements);
        cost_.picoseconds.store(picoseconds_, order::relaxed);
        cost_.quick_elements.store(host::quick_elements(picoseconds_), order::relaxed);
    }

    int64_t count_;
    range_body body_;
    const void* context_;
    host::work_cost& cost_;
    int64_t grain_, elements_per_item_;
    int64_t position_ = 0;
    int64_t now_ = 0; // the last look at the clock
    int64_t last_ns_ = 0;
    double last_elements_ = 0;
    uint32_t picoseconds_;
};

WARPX_DETAIL_END_SLOW_CODE

/// While it lives, launches of this thread stay in it.
class nesting {
public:
    explicit nesting(thread_state& self) noexcept : self_(self) { ++self_.depth; }
    ~nesting() { --self_.depth; }
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;

private:
    thread_state& self_;
};

/// True for one launch in 64, at random (a fixed period would miss kernels that are launched with that
/// period).
inline bool draw_remeasurement(thread_state& self) noexcept {
    self.lottery = self.lottery * 1664525u + 1013904223u;
    return self.lottery >> 26 == 0;
}

} // namespace warpx::detail::pool_v1

namespace warpx::host {
inline namespace pool_v1 {

/// Limits the launches of this thread, while it lives, to `threads` threads, the caller included; less than 1
/// means no limit. An inner limit can lower an outer one, not raise it.
class thread_limit {
public:
    explicit thread_limit(int threads) noexcept : outer_(detail::pool_v1::this_thread.limit) {
        if (threads > 0 && (outer_ == 0 || threads < outer_)) detail::pool_v1::this_thread.limit = threads;
    }
    ~thread_limit() { detail::pool_v1::this_thread.limit = outer_; }
    thread_limit(const thread_limit&) = delete;
    thread_limit& operator=(const thread_limit&) = delete;

private:
    int outer_;
};

/// The number of threads that a launch of the calling thread may use, itself included: 1 inside a body, at
/// most the `thread_limit`. Starts no thread.
inline int thread_count() noexcept {
    const detail::pool_v1::thread_state& self = detail::pool_v1::this_thread;
    if (self.depth > 0) return 1;
    uint32_t threads = detail::pool_v1::the_pool.threads.load(order::relaxed);
    if (threads == 0) threads = detail::pool_v1::thread_budget();
    const int count = static_cast<int>(threads);
    return self.limit > 0 && self.limit < count ? self.limit : count;
}

/// Calls `body(context, begin, end)` on disjoint ranges that together cover [0, count) once, on this thread
/// and possibly on others, and returns when all calls have returned. Ranges begin at multiples of `grain` >=
/// 1 items. Does nothing if `count` <= 0.
///
/// Runs in the calling thread alone if the work is short or if there is no other thread. So do launches made
/// inside a body; except that a body that is a single chunk (`count` <= `grain`), or that `for_ranges` knows
/// to be quick, is called without noting so, and its launches may be shared. `cost` is where the kernel's
/// cost is learned (may be null: then it is measured each time); `limit` is the largest number of threads (0:
/// no limit); `elements_per_item` tells how much an item is, such as the length of a row.
///
/// The first exception that a body throws is rethrown here, once, after all started calls have returned;
/// ranges that had not begun are skipped. Bodies run with the caller's floating point control (rounding
/// mode); exception flags that they raise in other threads are not reported. errno is not changed by the
/// pool.
[[gnu::noinline]] inline void run(int64_t count, range_body body, const void* context, work_cost* cost,
                                  int limit = 0, int64_t grain = 1, int64_t elements_per_item = 1) {
    if (count <= 0) return;
    detail::pool_v1::thread_state& self = detail::pool_v1::this_thread;
    if (self.depth > 0 || count <= grain) return body(context, 0, count);
    const detail::pool_v1::nesting inside(self);
    if (self.limit > 0 && (limit <= 0 || self.limit < limit)) limit = self.limit;
    if (limit == 1) return body(context, 0, count);

    work_cost forgotten;
    detail::pool_v1::launch_progress launch(count, body, context, cost != nullptr ? *cost : forgotten, grain,
                                            elements_per_item);
    const bool known = launch.picoseconds() != 0;
    if (known && !detail::pool_v1::draw_remeasurement(self)) {
        if (launch.left_ns() < cost_limits::fork_above) return body(context, 0, count);
        if (!launch.try_fork(limit)) launch.finish();
        return;
    }
    // By the clock, in growing steps: from one element where nothing is known, since that may be a
    // millisecond of work.
    for (int64_t elements = known ? cost_limits::evidence_elements : 1;; elements *= known ? 4 : 8) {
        if (launch.probe(elements)) return;
        if (launch.evident() && launch.try_fork(limit)) return;
        if (elements > cost_limits::evidence_elements * 1000) return launch.finish();
    }
}

/// The same for any callable `body(int64_t begin, int64_t end)`, the entry for launches: what is known to be
/// short is called directly and can be inlined.
template <class Body>
WARPX_INLINE void for_ranges(int64_t count, const Body& body, work_cost& cost, int limit = 0,
                             int64_t grain = 1, int64_t elements_per_item = 1) {
    if (count <= 0) return;
    int64_t elements;
    const bool huge = __builtin_mul_overflow(count, elements_per_item, &elements);
    if (count <= grain || (!huge && elements <= int64_t{cost.quick_elements.load(order::relaxed)}))
        [[likely]] {
        body(int64_t{0}, count);
        return;
    }
    if (limit == 1) { // nothing to decide, and nested launches stay in this thread too
        const detail::pool_v1::nesting inside(detail::pool_v1::this_thread);
        body(int64_t{0}, count);
        return;
    }
    run(
        count,
        [](const void* context, int64_t begin, int64_t end) {
            (*static_cast<const Body*>(context))(begin, end);
        },
        &body, &cost, limit, grain, elements_per_item);
}

} // namespace pool_v1
} // namespace warpx::host
