// SPDX-License-Identifier: Apache-2.0
// job_board.hpp: the memory that launches and workers share, and how they claim chunks of work in it.
//
// A launch takes a *slot*, writes its job there and cuts the range into one contiguous *span* per
// participant, each of a few *chunks*. Participants (the caller and the workers) claim chunks, of their own
// span first, then of others', until none is left; the caller waits for the last one. It can finish every
// chunk that nobody else claimed, so a slow or sleeping worker never blocks a launch.
//
// A span is one 64-bit word: generation:32 | limit:16 | next:16. A chunk can be claimed while next < limit,
// with a compare-and-swap of the whole word. This makes a slot reusable without locks:
//
// The owner writes the job's fields (relaxed), then opens each word with a new generation (release).
//
// A participant reads a word (acquire), then the fields, then swaps the word for word + 1. If that succeeds,
// the word has not changed in between, so a chunk of that generation was unclaimed all along, so its owner
// was still waiting and the fields are that job's. If not, the participant forgets what it read. The limit is
// part of the word because a limit read separately could belong to a later job.
//
// After a chunk it adds to `done` (acq_rel); the owner, having read the full count (acquire), sees all
// results. From then on the participant touches only this memory, which is never destroyed, and nothing of
// the job.
//
// What changes the layout or the protocol must rename `pool_v1`: all libraries of a process share one pool
// where the linker merges the variable below. With g++ libraries always do, the program if it exports its
// symbols (-rdynamic); with clang not those loaded with RTLD_LOCAL. Several pools are correct, only slower.
#pragma once

#include "../options.hpp"
#include "atomic_builtins.hpp"
#include "platform.hpp"

#include <exception>
#include <new>

namespace warpx::detail::pool_v1 {

using host::atomic_word;
using host::order;

inline constexpr uint32_t max_threads = 256; // participants of one launch, the caller included
inline constexpr uint32_t max_slots = 16; // launches that can be shared at once; others run in their caller

struct alignas(64) span {
    atomic_word<uint64_t> word{0}; // generation:32 | limit:16 | next:16
};

struct alignas(64) slot {
    // The job. Written by the owner while every span is closed.
    atomic_word<range_body> body{nullptr};
    atomic_word<const void*> context{nullptr};
    atomic_word<int64_t> begin{0}, end{0}, chunk{0};
    atomic_word<uint32_t> chunks{0}, chunks_per_span{0}, width{0};
    atomic_word<uint32_t> first_helper{0}; // the worker with seat 1 (counted from 0); the next ones follow
    atomic_word<uint64_t> fp_control{0};   // the caller's rounding mode holds for all of the job
    uint32_t generation = 0;               // the owner's
    // Its end.
    alignas(64) atomic_word<uint32_t> done{0}; // finished chunks, and owner_sleeps; the owner's futex
    atomic_word<uint32_t> failed{0};
    alignas(
        std::exception_ptr) unsigned char error[sizeof(std::exception_ptr)]{}; // raw: outlives static objects
    span spans[max_threads];
};
inline constexpr uint32_t owner_sleeps = 0x80000000u; // bit of slot::done

enum pool_state : uint32_t { idle, starting, running };

struct pool {
    slot slots[max_slots];
    alignas(64) atomic_word<uint32_t> signal{0};                  // counts publications; the workers' futex
    alignas(64) atomic_word<uint32_t> active{0};                  // bit k: slot k has an owner
    alignas(64) atomic_word<uint32_t> sleeping[max_threads / 32]; // bit per worker
    alignas(64) atomic_word<int64_t> lost_ns{0}; // ski rental: lost lately by not waking workers
    atomic_word<int64_t> lost_at{0};             // when that was last added to
    alignas(64) atomic_word<uint32_t> state{idle};
    atomic_word<uint32_t> threads{0}; // including the caller; 0 until running
    atomic_word<uint32_t> budget{0};  // what `threads` would be; 0: not asked yet
    atomic_word<uint32_t> prepared{0};
};

struct thread_state {
    int depth = 0;        // > 0: in a body, so launches stay in this thread
    int limit = 0;        // host::thread_limit; 0: none
    uint32_t lottery = 0; // draws the launches that are measured again
};

WARPX_PUBLIC inline constinit pool the_pool{};
WARPX_PUBLIC inline constinit thread_local thread_state this_thread{};

WARPX_DETAIL_BEGIN_SLOW_CODE

/// One job, as read from its slot.
struct job {
    explicit job(const slot& s) noexcept
        : body(s.body.load(order::relaxed)), context(s.context.load(order::relaxed)),
          begin(s.begin.load(order::relaxed)), end(s.end.load(order::relaxed)),
          chunk(s.chunk.load(order::relaxed)), chunks(s.chunks.load(order::relaxed)),
          chunks_per_span(s.chunks_per_span.load(order::relaxed)), width(s.width.load(order::relaxed)),
          first_helper(s.first_helper.load(order::relaxed)), fp_control(s.fp_control.load(order::relaxed)) {}

    /// The span that participant `id` (0: the owner, 1...: workers) begins with; >= width: it must not take
    /// part.
    uint32_t seat(uint32_t id) const noexcept {
        if (id == 0) return 0;
        const uint32_t workers = the_pool.threads.load(order::relaxed) - 1;
        return id > first_helper ? id - first_helper : id + workers - first_helper;
    }

    range_body body;
    const void* context;
    int64_t begin, end, chunk;
    uint32_t chunks, chunks_per_span, width, first_helper;
    uint64_t fp_control;
};

/// Runs one claimed chunk; returns its number of items.
inline int64_t run_chunk(slot& s, const job& j, int64_t number) noexcept {
    const int64_t begin = j.begin + number * j.chunk;
    const int64_t items = j.end - begin < j.chunk ? j.end - begin : j.chunk;
    if (fp_control() != j.fp_control) set_fp_control(j.fp_control);
    if (s.failed.load(order::relaxed) == 0) { // after a failure the rest is counted, not run
        try {
            j.body(j.context, begin, begin + items);
        } catch (...) {
            if (s.failed.exchange(1, order::acq_rel) == 0) {
                ::new (static_cast<void*>(s.error)) std::exception_ptr(std::current_exception());
            }
        }
    }
    const uint32_t before = s.done.fetch_add(1, order::acq_rel);
    if ((before & owner_sleeps) != 0 && (before & ~owner_sleeps) + 1 == j.chunks) futex_wake(s.done, ~0u);
    return items;
}

/// Claims and runs chunks of span `k` until it is exhausted; returns the number of items run.
inline int64_t help_span(slot& s, uint32_t k, uint32_t id) noexcept {
    int64_t items = 0;
    for (;;) {
        const uint64_t word = s.spans[k].word.load(order::acquire);
        const uint64_t next = word & 0xffff, limit = word >> 16 & 0xffff;
        if (next >= limit) return items;
        const job j(s);
        if (j.seat(id) >= j.width) return items;
        if (!s.spans[k].word.compare_exchange(word, word + 1)) continue;
        items += run_chunk(s, j, static_cast<int64_t>(k) * j.chunks_per_span + static_cast<int64_t>(next));
    }
}

/// Takes part in the job of `s`, its own span first; returns the number of items run.
inline int64_t help(slot& s, uint32_t id) noexcept {
    const job guess(s); // may be torn or out of date: help_span reads it again
    const uint32_t width = guess.width, seat = guess.seat(id);
    if (seat >= width) return 0;
    int64_t items = 0;
    for (uint32_t visited = 0, k = seat; visited < width; ++visited, k = k + 1 == width ? 0 : k + 1) {
        items += help_span(s, k, id);
    }
    return items;
}

WARPX_DETAIL_END_SLOW_CODE

} // namespace warpx::detail::pool_v1
