// SPDX-License-Identifier: Apache-2.0
// host/launch.hpp: launches on the host: the loops, the order of axes, and the choice of form.
#pragma once

#include "../launch.hpp"
#include "nest.hpp"
#include "pool.hpp"

#if defined(WARPX_STRICT)
#    include "../forms/strict.hpp"
#endif

// GCC's -O2 leaves loops of unknown trip count scalar; clang vectorizes them at -O2.
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#    define WARPX_DETAIL_LOOP [[gnu::noinline, gnu::flatten, gnu::optimize("O3")]]
#else
#    define WARPX_DETAIL_LOOP [[gnu::noinline, gnu::flatten]]
#endif

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

// The loops pass the handles by value, because clang keeps what it reaches through references in memory (5 to
// 12 times slower), and promise nothing about independence: within one item a store may alias the next load,
// so compilers must version the loop themselves.

template <class F, class... V>
WARPX_DETAIL_LOOP void line_loop(int64_t begin, int64_t end, F kernel, V... arguments) {
    for (int64_t i = begin; i < end; ++i) kernel(index_access::make(shape<1>(i)), arguments...);
}

/// The same for handles that check: what branches to a throw is not vectorized anyway.
template <class F, class... V>
[[gnu::noinline]] void checked_line_loop(int64_t begin, int64_t end, F kernel, V... arguments) {
    for (int64_t i = begin; i < end; ++i) kernel(index_access::make(shape<1>(i)), arguments...);
}

/// One tile: `Inner` runs fastest, within it `Outer` is fixed; the other axes stay at `base`.
template <int Inner, int Outer, int R, class F, class... V>
WARPX_DETAIL_LOOP void tile_loop(shape<R> base, tile t, F kernel, V... arguments) {
    for (int64_t o = t.outer_begin; o < t.outer_end; ++o)
        for (int64_t i = t.inner_begin; i < t.inner_end; ++i) {
            shape<R> position = base;
            position[Outer] = o;
            position[Inner] = i;
            kernel(index_access::make(position), arguments...);
        }
}

/// The cost of one kernel over one form, learned from its launches; advisory.
template <class F, class... V> inline constinit host::work_cost learned_cost{};

/// Runs `body(begin, end)` over [0, count) where the options say.
template <class Body>
WARPX_INLINE void run_ranges(const launch_options& options, int64_t count, int64_t elements_per_item,
                             const Body& body, host::work_cost& cost) {
    if (options.executor.run) [[unlikely]]
        options.executor.run(
            options.executor.state, count,
            [](const void* context, int64_t begin, int64_t end) {
                (*static_cast<const Body*>(context))(begin, end);
            },
            &body);
    else
        host::for_ranges(count, body, cost, options.threads, 1, elements_per_item);
}

template <int Inner, int R, class F, class... V>
void run_nest(const launch_options& options, const nest<R>& plan, const F& kernel, const V&... arguments) {
    constexpr int outer = nest<R>::outer_axis(Inner);
    const auto body = [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end;) {
            shape<R> base;
            const tile t = plan.decode(item, end, Inner, outer, base);
            tile_loop<Inner, outer, R, F, V...>(base, t, kernel, arguments...);
        }
    };
    run_ranges(options, plan.items, plan.elements_per_item(), body, learned_cost<F, V...>);
}

/// Runs the kernel with bound arguments. In the strided form any of up to three axes may be innermost (each
/// is a loop of its own to compile), else the last one is.
template <class Form, int R, class F, class... V>
void run_bound(const launch_options& options, const shape<R>& extents, const axis_order<R>& order,
               const F& kernel, const V&... arguments) {
    if constexpr (R == 1) {
        const auto body = [&](int64_t begin, int64_t end) {
            if constexpr (std::is_same_v<Form, form::checked>)
                checked_line_loop<F, V...>(begin, end, kernel, arguments...);
            else
                line_loop<F, V...>(begin, end, kernel, arguments...);
        };
        run_ranges(options, extents[0], 1, body, learned_cost<F, V...>);
    } else {
        if constexpr (std::is_same_v<Form, form::strided> && R <= 3) {
            if (order.inner == 0) return run_nest<0>(options, nest<R>(extents, order), kernel, arguments...);
            if constexpr (R == 3)
                if (order.inner == 1)
                    return run_nest<1>(options, nest<R>(extents, order), kernel, arguments...);
        }
        run_nest<R - 1>(options, nest<R>(extents, order), kernel, arguments...);
    }
}

template <class Form, int... Argument, int R, class F, class... A>
WARPX_INLINE void bind_and_run(const Form& form, std::integer_sequence<int, Argument...>,
                               const launch_options& options, const shape<R>& extents,
                               const axis_order<R>& order, const F& kernel, const A&... arguments) {
    run_bound<Form>(options, extents, order, kernel, bound<Form, Argument, A>::make(form, arguments)...);
}

#if defined(__clang__)
#    pragma clang diagnostic push
#    pragma clang diagnostic ignored "-Wunused-lambda-capture" // `kept` is captured to be kept
#endif
/// The same for later: the callable keeps the bound arguments, and the arrays for their owners.
template <class Form, int... Argument, int R, class Keep, class F, class... A>
auto bind_for_later(const Form& form, std::integer_sequence<int, Argument...>, const axis_order<R>& order,
                    const Keep& keep, const launch_options& options, const shape<R>& extents, const F& kernel,
                    const A&... arguments) {
    return keep([options, extents, order, kernel, ... kept = arguments,
                 ... handles = bound<Form, Argument, A>::make(form, arguments)] {
        run_bound<Form>(options, extents, order, kernel, handles...);
    });
}
#if defined(__clang__)
#    pragma clang diagnostic pop
#endif

#if defined(WARPX_STRICT)
/// One item after the other on the calling thread, every access traced.
template <int... Argument, int R, class F, class... A>
void run_strict(std::integer_sequence<int, Argument...>, const launch_site& site, const shape<R>& extents,
                const F& kernel, const A&... arguments) {
    race_detector detector(&site);
    [[maybe_unused]] const form::strict form{&detector};
    shape<R> position;
    for (int64_t count = extents.count(); count > 0; --count) {
        detector.next_item();
        kernel(index_access::make(position), bound<form::strict, Argument, A>::make(form, arguments)...);
        for (int axis = R - 1; axis >= 0 && ++position[axis] == extents[axis]; --axis) position[axis] = 0;
    }
}
#endif

} // namespace launching

template <> struct backend<device::host> {
    static constexpr bool present = true;

    /// Runs on the pool, or on the executor of the options, and returns when all items are done.
    template <int R, class F, class... A>
    static void launch([[maybe_unused]] const launch_options& options, const detail::launch_site& site,
                       const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        [[maybe_unused]] constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
#if defined(WARPX_STRICT)
        run_strict(numbers, site, extents, kernel, arguments...);
#else
        if (checked_build || options.checked) [[unlikely]] {
            bind_and_run(form::checked{&site}, numbers, options, extents, axis_order<R>{}, kernel,
                         arguments...);
            return;
        }
        if constexpr (!checked_build) {
            if (all_compact(arguments...))
                bind_and_run(form::compact{}, numbers, options, extents, axis_order<R>{}, kernel,
                             arguments...);
            else
                bind_and_run(form::strided{}, numbers, options, extents,
                             axis_order<R>::of(extents, arguments...), kernel, arguments...);
        }
#endif
    }

    template <class... A>
    static launching::launch_place place(const launch_options&, const detail::launch_site&,
                                         const A&...) noexcept {
        return {};
    }
    static void* stream(const launch_options&) noexcept { return nullptr; }

    /// Binds the arguments now; `keep(f)` stores a callable and returns what `prepare` returns.
    template <class Keep, int R, class F, class... A>
    static auto prepare(const Keep& keep, const launch_options& options, const detail::launch_site& site,
                        const shape<R>& extents, const F& kernel, const A&... arguments) {
        using namespace launching;
        if constexpr (!checked_build) {
            constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
            if (!options.checked)
                return all_compact(arguments...)
                           ? bind_for_later(form::compact{}, numbers, axis_order<R>{}, keep, options, extents,
                                            kernel, arguments...)
                           : bind_for_later(form::strided{}, numbers,
                                            axis_order<R>::of(extents, arguments...), keep, options, extents,
                                            kernel, arguments...);
        }
        return keep([=] { backend::launch(options, site, extents, kernel, arguments...); });
    }
};

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx

#undef WARPX_DETAIL_LOOP
