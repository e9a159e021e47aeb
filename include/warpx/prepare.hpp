// SPDX-License-Identifier: Apache-2.0
// prepare.hpp: a launch whose arguments are checked and bound once, to be run many times.
#pragma once

#include "launch.hpp"

namespace warpx {

/// A launch that is ready to run: `auto step = prepare<saxpy>(n, x, y, 2.0f); step(); step();`. It keeps the
/// arrays (not copies of their elements) and the values of the other arguments. Running it is what `launch`
/// does, without the checks and the binding; several threads may run it at once. Moving it is cheap, copying
/// is not possible. What `launch_options` points to (name, executor state, stream) must live as long.
class prepared_launch {
public:
    /// Does nothing (a launch over zero items).
    prepared_launch() noexcept = default;
    prepared_launch(prepared_launch&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    prepared_launch& operator=(prepared_launch&& other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~prepared_launch() {
        if (block_) block_->destroy(block_);
    }

    /// Runs the launch; throws what `launch` would.
    void operator()() const {
        if (block_) block_->run(block_);
    }

    /// Keeps a callable as a prepared launch: for backends. One allocation.
    template <class F> static prepared_launch of(const F& run) {
        prepared_launch result;
        result.block_ = new holder<F>(run);
        return result;
    }

private:
    struct block {
        void (*run)(const block*);
        void (*destroy)(const block*) noexcept;
    };
    template <class F> struct holder final : block {
        F f;
        explicit holder(const F& callable)
            : block{[](const block* self) { static_cast<const holder*>(self)->f(); },
                    [](const block* self) noexcept { delete static_cast<const holder*>(self); }},
              f(callable) {}
    };
    const block* block_ = nullptr;
};

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

struct run_later {
    static prepared_launch nothing() noexcept { return {}; }
    template <class Backend, int R, class F, class... A>
    static prepared_launch on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                              const F& kernel, const A&... arguments) {
        const auto keep = [options, site, extents,
                           place = Backend::place(options, site, arguments...)](const auto& run) {
            return prepared_launch::of([options, site, extents, place, run] {
                if (const launch_hook* const hook = current_hook()) [[unlikely]] {
                    launch_place now = place;
                    now.stream = Backend::stream(options); // this thread's, if the options name none
                    const hook_scope scope(*hook, site, extents.values, R, now, true);
                    run();
                    return;
                }
                run();
            });
        };
        return Backend::prepare(keep, options, site, extents, kernel, arguments...);
    }
};

template <class Named, class Dim, class F, class... A>
prepared_launch start_later(const launch_options& options, const Dim& dim, const F& kernel,
                            const A&... arguments) {
    return dispatch<run_later>(options, Named::site(options.name), shape_of(dim), kernel, arguments...);
}

} // namespace launching

/// Prepares a launch of `K`, with the arguments and errors of `launch`: an integer or a `shape` as extents.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] prepared_launch prepare(const Dim& dim, const A&... arguments) {
    return launching::start_later<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{},
                                                       arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] prepared_launch prepare(const launch_options& options, const Dim& dim, const A&... arguments) {
    return launching::start_later<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}
/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A>
[[nodiscard]] prepared_launch prepare(const Dim& dim, const A&... arguments) {
    return launching::start_later<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                                            arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] prepared_launch prepare(const launch_options& options, const Dim& dim, const A&... arguments) {
    return launching::start_later<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                            arguments...);
}
/// The same for a callable object, which is copied.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] prepared_launch prepare(const Dim& dim, const F& kernel, const A&... arguments) {
    return launching::start_later<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] prepared_launch prepare(const launch_options& options, const Dim& dim, const F& kernel,
                                      const A&... arguments) {
    return launching::start_later<launching::named_type<F>>(options, dim, kernel, arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
