// SPDX-License-Identifier: Apache-2.0
// host/adjoint.hpp: adjoint launches on the host.
#pragma once

#include "../adjoint.hpp"
#include "../tape_report.hpp"
#include "launch.hpp"

#include <stdlib.h>

#if defined(__GNUC__) && !defined(__clang__)
// No vectors from straight-line code: it packs what the derivatives need apart.
#    define WARPX_DETAIL_ADJOINT_LOOP [[gnu::noinline, gnu::flatten, gnu::optimize("no-tree-slp-vectorize")]]
#else
#    define WARPX_DETAIL_ADJOINT_LOOP [[gnu::noinline, gnu::flatten]]
#endif

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// Memory of the tapes of one thread; grows as needed.
template <class P> class tape_arena {
public:
    tape_arena() = default;
    ~tape_arena() { release(); }
    tape_arena(const tape_arena&) = delete;
    tape_arena& operator=(const tape_arena&) = delete;

    const tape_memory<P>& memory() const noexcept { return memory_; }
    void grow(int64_t entries, int64_t stores) {
        if (entries > memory_.entry_capacity) {
            const int64_t room = entries + entries / 4 + 1024;
            free(memory_.entries), free(memory_.adjoints);
            memory_.entry_capacity = 0;
            memory_.entries =
                static_cast<tape_entry<P>*>(malloc(static_cast<size_t>(room) * sizeof(tape_entry<P>)));
            memory_.adjoints = static_cast<P*>(malloc(static_cast<size_t>(room) * sizeof(P)));
            if (memory_.entries == nullptr || memory_.adjoints == nullptr) throw std::bad_alloc();
            memory_.entry_capacity = room;
        }
        if (stores > memory_.store_capacity) {
            const int64_t room = stores + stores / 4 + 64;
            free(memory_.stores);
            memory_.store_capacity = 0;
            memory_.stores =
                static_cast<tape_store<P>*>(malloc(static_cast<size_t>(room) * sizeof(tape_store<P>)));
            if (memory_.stores == nullptr) throw std::bad_alloc();
            memory_.store_capacity = room;
        }
    }

private:
    void release() noexcept { free(memory_.entries), free(memory_.adjoints), free(memory_.stores); }
    tape_memory<P> memory_;
};

/// Tells of a kernel, once.
WARPX_COLD inline void report_tape(bool& told, const launch_site& site) noexcept {
    if (__atomic_exchange_n(&told, true, __ATOMIC_RELAXED)) return;
    const tape_report report = __atomic_load_n(&tape_reporter::current(), __ATOMIC_ACQUIRE);
    if (report == nullptr) return;
    text name;
    report(add_site(name, site).c_str());
}
template <class F> inline constinit bool told_of_tape = false;

/// Runs one item on a tape in memory.
template <class P, int R, class F, class... H>
WARPX_COLD void run_on_tape(bool alone, const index<R>& i, const F& kernel, const H&... handles) {
    static thread_local tape_arena<P> arena;
    for (;;) {
        tape<P> on(arena.memory(), additions{.alone = alone});
        if (taped_item(on, kernel, i, handles...)) return;
        arena.grow(on.entries(), on.stores());
    }
}

template <int R> WARPX_INLINE shape<R> position_of(int64_t item, const shape<R>& extents) {
    shape<R> position;
    for (int axis = R - 1; axis >= 0; --axis) {
        position[axis] = item % extents[axis];
        item /= extents[axis];
    }
    return position;
}
template <class P, int R, class F, class... H>
[[gnu::noinline]] void taped_range(bool alone, const shape<R>& extents, int64_t begin, int64_t end,
                                   const F& kernel, const H&... handles) {
    for (int64_t item = begin; item < end; ++item)
        run_on_tape<P>(alone, index_access::make(position_of(item, extents)), kernel, handles...);
}

/// A scalar's gradient is summed here over a range, then added once.
template <class V> struct range_sum {
    WARPX_INLINE V view(const V& v) noexcept { return v; }
    void finish() noexcept {}
};
template <class T, class P> struct range_sum<scalar_view<T, P>> {
    static constexpr int count = active_count<T>;
    P sums[count];
    T* gradient;
    WARPX_INLINE scalar_view<T, P> view(const scalar_view<T, P>& v) noexcept {
        for (int k = 0; k < count; ++k) sums[k] = no_sum<P>();
        gradient = v.gradient;
        return {v.value, sums, v.gradient};
    }
    void finish() noexcept {
        using S = leaf_t<T>;
        for (int k = 0; k < count; ++k)
            (void)atomic_add_scalar(reinterpret_cast<S*>(gradient) + k, static_cast<S>(sums[k]));
    }
};

#if defined(__clang__)
#    pragma clang diagnostic push
#    pragma clang diagnostic ignored "-Wpass-failed" // not every kernel can be a vector's
#    define WARPX_DETAIL_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__CUDACC__)
#    define WARPX_DETAIL_INDEPENDENT
#else
#    define WARPX_DETAIL_INDEPENDENT _Pragma("GCC ivdep")
#endif

/// Runs a range of items, with sums of scalars' gradients of its own; items that need the tape are told to
/// `again`. The sums are made here, where the loop is: handed in, they would stay in memory.
template <int R, class F, class... V> struct fast_range {
    template <bool G, bool Alone, int... A, class Again>
    WARPX_DETAIL_ADJOINT_LOOP static void run(item_numbers<G, Alone, A...> numbers, shape<R> extents,
                                              int64_t begin, int64_t end, F kernel, const Again& again,
                                              V... views) {
        with_sums(numbers, extents, begin, end, kernel, again, views..., range_sum<V>{}...);
    }

private:
    static constexpr bool independent = (is_independent<V> && ...);

    template <bool G, bool Alone, int... A, class Again>
    static void with_sums(item_numbers<G, Alone, A...> numbers, const shape<R>& extents, int64_t begin,
                          int64_t end, const F& kernel, const Again& again, const V&... views,
                          range_sum<V>... sums) {
        if constexpr (R == 1)
            line(numbers, begin, end, kernel, again, sums.view(views)...);
        else
            rows(numbers, extents, begin, end, kernel, again, sums.view(views)...);
        (sums.finish(), ...);
    }
    template <bool G, bool Alone, int... A, class Again>
    static void line(item_numbers<G, Alone, A...> numbers, int64_t begin, int64_t end, const F& kernel,
                     const Again& again, const V&... views) {
        if constexpr (!G && independent) {
            WARPX_DETAIL_INDEPENDENT
            for (int64_t i = begin; i < end; ++i)
                (void)fast_item(numbers, kernel, index_access::make(shape<1>(i)), views...);
        } else {
            for (int64_t i = begin; i < end; ++i)
                if (!fast_item(numbers, kernel, index_access::make(shape<1>(i)), views...)) [[unlikely]]
                    again(i);
        }
    }
    template <bool G, bool Alone, int... A, class Again>
    static void rows(item_numbers<G, Alone, A...> numbers, const shape<R>& extents, int64_t begin,
                     int64_t end, const F& kernel, const Again& again, const V&... views) {
        const int64_t length = extents[R - 1];
        for (int64_t item = begin; item < end;) {
            shape<R> position = position_of(item, extents);
            const int64_t first = position[R - 1];
            const int64_t last = length < first + (end - item) ? length : first + (end - item);
            if constexpr (!G && independent) {
                WARPX_DETAIL_INDEPENDENT
                for (int64_t k = first; k < last; ++k) {
                    shape<R> own = position;
                    own[R - 1] = k;
                    (void)fast_item(numbers, kernel, index_access::make(own), views...);
                }
            } else {
                for (int64_t k = first; k < last; ++k) {
                    position[R - 1] = k;
                    if (!fast_item(numbers, kernel, index_access::make(position), views...)) [[unlikely]]
                        again(item + (k - first));
                }
            }
            item += last - first;
        }
    }
};

#if defined(__clang__)
#    pragma clang diagnostic pop
#endif

/// Runs launches of one kernel. Where items share gradients, several threads take an atomic for every
/// addition, and one thread alone none: which is faster depends on the kernel and the machine, so both are
/// measured, and from time to time again.
class adjoint_runner {
public:
    template <class Body>
    void run(const launch_options& options, int64_t count, bool shares, const Body& body) {
        if (!shares || options.executor.run || options.threads == 1 || host::thread_count() == 1)
            return run_ranges(options, count, 1, body, cost_);
        const uint32_t one = one_.load(host::order::relaxed);
        const uint32_t several = several_.load(host::order::relaxed);
        const uint32_t turn = turns_.fetch_add(1, host::order::relaxed);
        const bool prefer_one = one <= several;
        const bool alone = turn < 4 ? turn % 2 == 0 : turn % 64 == 0 ? !prefer_one : prefer_one;
        launch_options now = options;
        if (alone) now.threads = 1;
        const int64_t start = clock_ns();
        run_ranges(now, count, 1, body, cost_);
        const double picoseconds = static_cast<double>(clock_ns() - start) * 1e3 / static_cast<double>(count);
        learn(alone ? one_ : several_, alone ? one : several, picoseconds);
    }

private:
    /// One preempted launch must not turn the choice, which stands for many: no more than twice as long is
    /// believed.
    static void learn(host::atomic_word<uint32_t>& cost, uint32_t known, double picoseconds) noexcept {
        if (known != 0 && picoseconds > 2.0 * known) picoseconds = 2.0 * known;
        cost.store(host::learn_cost(known, picoseconds), host::order::relaxed);
    }

    host::work_cost cost_;
    host::atomic_word<uint32_t> one_{0}, several_{0}, turns_{0}; // picoseconds of an item; launches
};
template <class F, class... V> inline constinit adjoint_runner adjoint_cost{};

template <template <int> class Layout, class P, int... Argument, int R, class F, class... A>
void run_adjoint(std::integer_sequence<int, Argument...>, const launch_options& options,
                 const launch_site& site, const shape<R>& extents, const adjoint_survey& survey,
                 const F& kernel, const A&... arguments) {
    const form::adjoint<Layout, P> fast{&survey.facts};
    const form::taped<P, 0> taped{&survey.facts};
    const auto with = [&](const auto&... views) {
        return [&](const auto&... handles) {
            const auto body = [&](int64_t begin, int64_t end) {
                const bool alone = begin == 0 && end == extents.count();
                const auto again = [&](int64_t item) {
                    report_tape(told_of_tape<F>, site);
                    taped_range<P>(alone, extents, item, item + 1, kernel, handles...);
                };
                constexpr bool gathers = kernel_gathers<F, R, A...>;
                using range = fast_range<R, F, std::remove_cvref_t<decltype(views)>...>;
                if (gathers && alone)
                    range::run(item_numbers<gathers, gathers, Argument...>(), extents, begin, end, kernel,
                               again, views...);
                else
                    range::run(item_numbers<gathers, false, Argument...>(), extents, begin, end, kernel,
                               again, views...);
            };
            adjoint_cost<F, std::remove_cvref_t<decltype(views)>...>.run(options, extents.count(),
                                                                         survey.shares, body);
        };
    };
    with(bound<form::adjoint<Layout, P>, Argument, A>::make(fast, arguments)...)(
        bound<form::taped<P, 0>, Argument, A>::make(taped, arguments)...);
}

template <class P, int... Argument, int R, class F, class... A>
void run_taped(std::integer_sequence<int, Argument...>, const launch_options& options,
               const shape<R>& extents, const adjoint_survey& survey, const F& kernel,
               const A&... arguments) {
    using form_type = form::taped<P, directions_in<P>>;
    const form_type taped{&survey.facts};
    const auto body = [&, ... handles = bound<form_type, Argument, A>::make(taped, arguments)](int64_t begin,
                                                                                               int64_t end) {
        taped_range<P>(begin == 0 && end == extents.count(), extents, begin, end, kernel, handles...);
    };
    adjoint_cost<F, bound<form_type, Argument, A>...>.run(options, extents.count(), survey.shares, body);
}

} // namespace launching

template <> struct adjoint_backend<device::host> {
    static constexpr bool present = true;

    /// Runs on the pool, or on the executor of the options, and returns when all items are done.
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
                run_adjoint<fresh_retaining_layout, P>(numbers, options, site, extents, survey, kernel,
                                                       arguments...);
            else
                run_adjoint<fresh_layout, P>(numbers, options, site, extents, survey, kernel, arguments...);
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
    static void start(const launch_options& asked, const detail::launch_site& site, const shape<R>& extents,
                      const F& kernel, const A&... arguments) {
        using namespace launching;
        using P = derivative_t<A...>;
        constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
        const adjoint_survey survey = survey_adjoint<F, R>(numbers, asked, extents, arguments...);
        if (!survey.any_gradient) return;
        launch_options options = asked;
        if (options.deterministic && survey.shares) { // one item after the other
            options.threads = 1;
            options.executor = inline_executor();
        }
        constexpr int directions = second_order<A...>();
        if constexpr (directions > 0) {
            run_taped<second_derivative_t<directions, A...>>(numbers, options, extents, survey, kernel,
                                                             arguments...);
        } else {
            first_order<Sure, P>(numbers, options, site, extents, survey, kernel, arguments...);
        }
    }

    template <bool Sure, class P, class Numbers, int R, class F, class... A>
    static void first_order(Numbers numbers, const launch_options& options, const detail::launch_site& site,
                            const shape<R>& extents, const launching::adjoint_survey& survey, const F& kernel,
                            const A&... arguments) {
        using namespace launching;
        if (survey.must_tape) {
            report_tape(told_of_tape<F>, site);
            run_taped<P>(numbers, options, extents, survey, kernel, arguments...);
            return;
        }
        if constexpr (Sure && !kernel_gathers<F, R, A...>) // what is gathered is nobody's own
            if (survey.sure) {
                run_adjoint<sure_layout, P>(numbers, options, site, extents, survey, kernel, arguments...);
                return;
            }
        run_adjoint<strided_layout, P>(numbers, options, site, extents, survey, kernel, arguments...);
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx

#undef WARPX_DETAIL_ADJOINT_LOOP
#undef WARPX_DETAIL_INDEPENDENT
