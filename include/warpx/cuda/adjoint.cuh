// SPDX-License-Identifier: Apache-2.0
// adjoint.cuh: adjoint launches on CUDA.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/adjoint.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../gradients.hpp"
#include "deterministic.cuh"
#include "overflow.cuh"
#include "tangent.cuh"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// A kernel object as the forms call it, in device code.
template <class F> struct on_device {
    F kernel;
    template <class... A> WARPX_INLINE __device__ void operator()(const A&... a) const {
        device_call<F>::kernel_must_be_marked_WARPX_KERNEL(kernel, a...);
    }
};

#pragma GCC visibility push(hidden)

/// What all threads of an adjoint launch know.
template <int R> struct adjoint_grid {
    shape<R> extents;
    int64_t count;
    overflow_flag overflow;
};

/// Sums of the gradients of scalars, a block at a time.
template <class V> struct thread_sum {
    const __device__ V& view(const V& v) noexcept { return v; }
    __device__ void finish(const V&) noexcept {}
};
template <class P> __device__ inline P sum_of_block(P v) {
    __shared__ P of_warp[32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
    for (int step = 16; step > 0; step >>= 1) v += __shfl_xor_sync(~0u, v, step);
    __syncthreads(); // of_warp may still be read for the number before
    if (lane == 0) of_warp[warp] = v;
    __syncthreads();
    v = threadIdx.x < warps ? of_warp[threadIdx.x] : P(0);
    if (warp == 0)
        for (int step = 16; step > 0; step >>= 1) v += __shfl_xor_sync(~0u, v, step);
    return v;
}
template <class T, class P> struct thread_sum<scalar_view<T, P>> {
    static constexpr int count = active_count<T>;
    P sums[count];
    __device__ scalar_view<T, P> view(const scalar_view<T, P>& v) noexcept {
#pragma unroll
        for (int k = 0; k < count; ++k) sums[k] = no_sum<P>();
        return {v.value, sums, v.gradient};
    }
    __device__ void finish(const scalar_view<T, P>& v) noexcept {
        using S = leaf_t<T>;
#pragma unroll
        for (int k = 0; k < count; ++k) {
            const P sum = sum_of_block(sums[k]);
            if (threadIdx.x == 0)
                (void)atomic_add_scalar(reinterpret_cast<S*>(v.gradient) + k, static_cast<S>(sum));
        }
    }
};

/// With gradients of scalars: few blocks, which go over the items together, so that there is one atomic a
/// block.
template <int R, class F, class... V> struct summed_items {
    template <bool G, bool L, int... A>
    WARPX_INLINE __device__ static void run(item_numbers<G, L, A...> numbers, const adjoint_grid<R>& g,
                                            int64_t first, const on_device<F>& kernel, const V&... views) {
        run(numbers, g, first, kernel, views..., thread_sum<V>{}...);
    }

private:
    template <bool G, bool L, int... A>
    WARPX_INLINE __device__ static void run(item_numbers<G, L, A...> numbers, const adjoint_grid<R>& g,
                                            int64_t first, const on_device<F>& kernel, const V&... views,
                                            thread_sum<V>... sums) {
        loop(numbers, g, first, kernel, sums.view(views)...);
        (sums.finish(views), ...);
    }
    template <bool G, bool L, int... A>
    WARPX_INLINE __device__ static void loop(item_numbers<G, L, A...> numbers, const adjoint_grid<R>& g,
                                             int64_t first, const on_device<F>& kernel, const V&... views) {
        for (int64_t item = first; item < g.count; item += static_cast<int64_t>(gridDim.x) * blockDim.x)
            if (!fast_item(numbers, kernel, index_access::make(position_of(item, g.extents, g.count)),
                           views...))
                g.overflow.raise();
    }
};

/// Whether a thread runs two items: where they have nothing in common, and move so little that one keeps too
/// few bytes in flight.
template <class Kind, class... V>
inline constexpr bool by_pairs = !Kind::gathers && (is_independent<V> && ...) &&
                                 Kind::plan::total * static_cast<int>(sizeof(typename Kind::P)) <= 8;

template <class Numbers, int R, class F, class... V>
__global__ void __launch_bounds__(256)
    run_adjoint(const __grid_constant__ adjoint_grid<R> g, const __grid_constant__ on_device<F> kernel,
                const __grid_constant__ V... views) {
    constexpr Numbers numbers;
    constexpr int per_thread = by_pairs<item_kind<Numbers, R, V...>, V...> ? 2 : 1;
    const int64_t item = static_cast<int64_t>(blockIdx.x) * (blockDim.x * per_thread) + threadIdx.x;
    if constexpr ((is_scalar_view<V> || ...)) {
        summed_items<R, F, V...>::run(numbers, g, item, kernel, views...);
    } else if constexpr (per_thread == 2) {
        const int64_t next = item + blockDim.x;
        const index<R> both[] = {index_access::make(position_of(item, g.extents, g.count)),
                                 index_access::make(position_of(next, g.extents, g.count))};
        if (item < g.count)
            if (!fast_pair(numbers, kernel, next < g.count, both, views...)) g.overflow.raise();
    } else {
        if (item < g.count)
            if (!fast_item(numbers, kernel, index_access::make(position_of(item, g.extents, g.count)),
                           views...))
                g.overflow.raise();
    }
}

// -- What did not fit: a tape in the device's heap
// -----------------------------------------------------------

/// Memory of the tape of one thread, from the device's heap. Waits until there is some: a thread holds none
/// while it asks, so whoever holds some goes on.
template <class P> class heap_tape {
public:
    __device__ explicit heap_tape(const tape_limits& limits) noexcept : limits_(limits) {}
    __device__ ~heap_tape() { release(); }
    heap_tape(const heap_tape&) = delete;
    heap_tape& operator=(const heap_tape&) = delete;

    const __device__ tape_memory<P>& memory() const noexcept { return memory_; }
    /// False if the heap is too small, which the record then says.
    __device__ bool grow(int64_t entries, int64_t stores) noexcept {
        release();
        entries += 16, stores += 4;
        const auto bytes = static_cast<unsigned long long>(entries) * (sizeof(tape_entry<P>) + sizeof(P)) +
                           static_cast<unsigned long long>(stores) * sizeof(tape_store<P>);
        if (bytes > limits_.heap_bytes || entries > tape<P>::most_entries) return limits_.refuse(bytes);
        for (int tries = 0; block_ == nullptr; ++tries) {
            block_ = static_cast<char*>(malloc(bytes));
            if (block_ != nullptr) break;
            if (tries == limits_.most_tries) return limits_.refuse(bytes);
            __nanosleep(2000);
        }
        memory_.entries = reinterpret_cast<tape_entry<P>*>(block_);
        memory_.stores = reinterpret_cast<tape_store<P>*>(memory_.entries + entries);
        memory_.adjoints = reinterpret_cast<P*>(memory_.stores + stores);
        memory_.entry_capacity = entries;
        memory_.store_capacity = stores;
        return true;
    }

private:
    __device__ void release() noexcept {
        if (block_ != nullptr) free(block_);
        block_ = nullptr;
        memory_ = {};
    }

    const tape_limits& limits_;
    tape_memory<P> memory_;
    char* block_ = nullptr;
};

/// False if the heap was too small.
template <class P, bool G, bool L, int... A, int R, class F, class... X>
__device__ inline bool item_on_tape(item_numbers<G, L, A...> numbers, const adjoint_grid<R>& g,
                                    heap_tape<P>& heap, bool all, const exact_sums& exact,
                                    const on_device<F>& kernel, int64_t item, const X&... x) {
    constexpr int count = static_cast<int>(sizeof...(A));
    const index<R> i = index_access::make(position_of(item, g.extents, g.count));
    if (!all && fast_item<false>(numbers, kernel, i, pick<A>(x...)...)) return true;
    for (;;) {
        tape<P> on(heap.memory(), additions{.exact = exact.count > 0 ? &exact : nullptr});
        if (taped_item(on, kernel, i, pick<count + A>(x...)...)) return true;
        if (!heap.grow(on.entries(), on.stores())) return false;
    }
}

/// The items that raised the flag (`all`: every item) on tapes in memory. The first half of the arguments are
/// the views of the fast form, which tell these items; the second half the handles of the taped one.
template <class P, class Numbers, int R, class F, class... X>
__global__ void __launch_bounds__(64)
    run_tapes(const __grid_constant__ adjoint_grid<R> g, const __grid_constant__ tape_limits limits, bool all,
              const __grid_constant__ exact_sums exact, const __grid_constant__ on_device<F> kernel,
              const __grid_constant__ X... x) {
    if (!all && !g.overflow.raised()) return;
    heap_tape<P> heap(limits);
    if (blockIdx.x == 0 && threadIdx.x == 0 && exact.count == 0) *limits.told = g.overflow.number;
    const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t item = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; item < g.count;
         item += step)
        if (!item_on_tape<P>(Numbers{}, g, heap, all, exact, kernel, item, x...)) return;
}

/// Every item on a tape.
template <class P, int R, class F, class... H>
__global__ void __launch_bounds__(64)
    run_all_tapes(const __grid_constant__ adjoint_grid<R> g, const __grid_constant__ tape_limits limits,
                  const __grid_constant__ on_device<F> kernel, const __grid_constant__ H... handles) {
    heap_tape<P> heap(limits);
    const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t item = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; item < g.count;
         item += step)
        for (;;) {
            tape<P> on(heap.memory());
            if (taped_item(on, kernel, index_access::make(position_of(item, g.extents, g.count)), handles...))
                break;
            if (!heap.grow(on.entries(), on.stores())) return;
        }
}

#pragma GCC visibility pop

/// Blocks of a launch that sums the gradients of scalars: enough to fill a GPU, one atomic each.
inline constexpr int64_t most_sum_blocks = 1056;

template <class P, int... Argument, int R, class F, class... A>
void enqueue_second_order(std::integer_sequence<int, Argument...>, const launch_options& options,
                          const launch_site& site, const shape<R>& extents, const adjoint_survey& survey,
                          const F& kernel, const A&... arguments) {
    using taped = form::taped<P, directions_in<P>>;
    const taped form{&survey.facts};
    const enqueue run{options, site, common_ordinal(site, arguments...)};
    tape_limits limits;
    const int64_t count = extents.count(), blocks = blocks_for(count, 64);
    const adjoint_grid<R> g{extents, count, overflow_board::get().next(run.ordinal, site, limits)};
    run(reinterpret_cast<const void*>(&run_all_tapes<P, R, F, typename bound<taped, Argument, A>::type...>),
        grid<way::direct>{blocks < 512 ? blocks : 512, dim3(64), 0}, g, limits, on_device<F>{kernel},
        bound<taped, Argument, A>::make(form, arguments)...);
}

/// The launch of the fast form, over arrays of one kind of layout.
template <template <int> class Layout, class P, class Numbers, int... Argument, int R, class F, class... A>
void enqueue_items(std::integer_sequence<int, Argument...>, const enqueue& run, int threads,
                   const adjoint_grid<R>& g, const adjoint_survey& survey, const on_device<F>& kernel,
                   const A&... arguments) {
    using fast = form::adjoint<Layout, P>;
    const fast form{&survey.facts};
    using kind = item_kind<Numbers, R, typename bound<fast, Argument, A>::type...>;
    constexpr int per_thread = by_pairs<kind, typename bound<fast, Argument, A>::type...> ? 2 : 1;
    int64_t blocks = blocks_for(g.count, threads * per_thread);
    if constexpr ((is_scalar_with_grad<A> || ...))
        blocks = blocks < most_sum_blocks ? blocks : most_sum_blocks;
    run(reinterpret_cast<const void*>(
            &run_adjoint<Numbers, R, F, typename bound<fast, Argument, A>::type...>),
        grid<way::direct>{blocks, dim3(static_cast<unsigned>(threads)), 0}, g, kernel,
        bound<fast, Argument, A>::make(form, arguments)...);
}

/// The fast form alone, with gradients of what is only read written, not added to. False where that cannot
/// be.
template <template <int> class Layout, class P, int... Argument, int R, class F, class... A>
void enqueue_fresh(std::integer_sequence<int, Argument...> arguments_by_number, const launch_options& options,
                   const launch_site& site, const shape<R>& extents, const adjoint_survey& survey,
                   const F& kernel, const A&... arguments) {
    const int most = block_size(options, site), threads = most < 256 ? (most + 31) / 32 * 32 : 256;
    enqueue_items<Layout, P, item_numbers<false, false, Argument...>>(
        arguments_by_number, enqueue{options, site, common_ordinal(site, arguments...)}, threads,
        adjoint_grid<R>{extents, extents.count(), {}}, survey, on_device<F>{kernel}, arguments...);
}

template <bool Sure, class P, int... Argument, int R, class F, class... A>
void enqueue_adjoint(std::integer_sequence<int, Argument...> arguments_by_number,
                     const launch_options& options, const launch_site& site, const shape<R>& extents,
                     const adjoint_survey& survey, const F& kernel, const A&... arguments) {
    constexpr bool gathers = kernel_gathers<F, R, A...>;
    using fast = form::adjoint<strided_layout, P>;
    using taped = form::taped<P, 0>;
    using numbers = item_numbers<gathers, false, Argument...>;
    const enqueue run{options, site, common_ordinal(site, arguments...)};
    const bool exact = options.deterministic && survey.shares;
    const bool must_tape = survey.must_tape || exact, may_overflow = must_tape || survey.may_overflow;
    tape_limits limits;
    adjoint_grid<R> g{extents, extents.count(), {}};
    if (may_overflow) g.overflow = overflow_board::get().next(run.ordinal, site, limits);
    const on_device<F> callee{kernel};
    if (!must_tape) {
        // Whole warps: gradients of scalars are summed by all lanes.
        const int most = block_size(options, site), threads = most < 256 ? (most + 31) / 32 * 32 : 256;
        if constexpr (Sure && !gathers)
            if (survey.sure)
                return enqueue_items<sure_layout, P, numbers>(arguments_by_number, run, threads, g, survey,
                                                              callee, arguments...);
        enqueue_items<strided_layout, P, numbers>(arguments_by_number, run, threads, g, survey, callee,
                                                  arguments...);
    }
    if (!may_overflow) return;
    const fast form{&survey.facts};
    const taped tape_form{&survey.facts};
    const auto run_on_tapes = [&](const exact_sums& sums) {
        const int64_t blocks = blocks_for(g.count, 64);
        run(reinterpret_cast<const void*>(
                &run_tapes<P, numbers, R, F, typename bound<fast, Argument, A>::type...,
                           typename bound<taped, Argument, A>::type...>),
            grid<way::direct>{blocks < 512 ? blocks : 512, dim3(64), 0}, g, limits, must_tape, sums, callee,
            bound<fast, Argument, A>::make(form, arguments)...,
            bound<taped, Argument, A>::make(tape_form, arguments)...);
    };
    if (!exact) return run_on_tapes(exact_sums{});
    exact_sums_of_launch sums(options, site);
    (sums.look(arguments), ...);
    run_on_tapes(sums.allocate(run.ordinal));
    sums.finish(run.ordinal);
}

} // namespace launching

template <> struct adjoint_backend<device::cuda> {
    static constexpr bool present = true;

    template <int R, class F, class... A>
    static void launch(const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        start<true>(options, site, extents, kernel, arguments...);
    }
    /// Whether it ran: with gradients of what is only read written, not added to.
    template <bool Retain, int R, class F, class... A>
    static bool fresh(const launch_options& options, const detail::launch_site& site, const shape<R>& extents,
                      const F& kernel, const A&... arguments) {
        using namespace launching;
        if constexpr (!kernel_gathers<F, R, A...>) {
            using P = derivative_t<A...>;
            constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
            const adjoint_survey survey = survey_adjoint<F, R>(numbers, options, extents, arguments...);
            if (!survey.fresh || survey.must_tape || (options.deterministic && survey.shares)) return false;
            if constexpr (Retain)
                enqueue_fresh<fresh_retaining_layout, P>(numbers, options, site, extents, survey, kernel,
                                                         arguments...);
            else
                enqueue_fresh<fresh_layout, P>(numbers, options, site, extents, survey, kernel, arguments...);
            record_use(options, arguments...);
            return true;
        }
        return false;
    }
    /// As `launch`, compiled without the form for arrays that are sure.
    template <int R, class F, class... A>
    static void general(const launch_options& options, const detail::launch_site& site,
                        const shape<R>& extents, const F& kernel, const A&... arguments) {
        start<false>(options, site, extents, kernel, arguments...);
    }

private:
    template <bool Sure, int R, class F, class... A>
    static void start(const launch_options& options, const detail::launch_site& site, const shape<R>& extents,
                      const F& kernel, const A&... arguments) {
        using namespace launching;
        using P = derivative_t<A...>;
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        const adjoint_survey survey = survey_adjoint<F, R>(numbers, options, extents, arguments...);
        if (!survey.any_gradient) return;
        constexpr int directions = second_order<A...>();
        if (directions > 0 && options.deterministic && survey.shares) [[unlikely]]
            refuse_order(site, "those of a second derivative", "launch it on the host");
        if constexpr (directions > 0)
            enqueue_second_order<second_derivative_t<directions, A...>>(numbers, options, site, extents,
                                                                        survey, kernel, arguments...);
        else
            enqueue_adjoint<Sure, P>(numbers, options, site, extents, survey, kernel, arguments...);
        record_use(options, arguments...);
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
