// SPDX-License-Identifier: Apache-2.0
// launch.hpp: launch<kernel>(extents, arguments...): picks the machine by the arrays, the form by their
// strides.
#pragma once

#include "arguments.hpp"
#include "forms/checked.hpp"
#include "forms/direct.hpp"
#include "launch_hook.hpp"
#include "options.hpp"

namespace warpx {

/// A callable that a launch of rank `R` can run over these arguments: `kernel(index<R>, argument...)`.
template <class F, int R, class... A>
concept kernel_for = detail::callable<form::compact, std::make_integer_sequence<int, sizeof...(A)>,
                                      std::remove_cvref_t<F>, R, A...>;

inline namespace WARPX_LAUNCH_NAMESPACE {

/// Runs launches on one machine: `launch(options, site, extents, kernel, arguments...)`; `prepare` keeps one
/// for later; `place(options, site, arguments...)` says where one goes, `stream(options)` on which stream.
/// Defined for device::host in host/launch.hpp and for device::cuda in cuda/launch.cuh.
template <class Device> struct backend {
    static constexpr bool present = false;
};

namespace launching {

using namespace ::warpx::detail;

/// Where a launch goes, for its hook.
struct launch_place {
    device_kind device = device_kind::host;
    int device_id = 0;
    void* stream = nullptr;
};

/// The kernel `K` in "auto launch<K>(...)", for messages.
template <const auto& K> struct named {
    static constexpr launch_site site(const char* name) noexcept { return {&kernel_signature<K>, "K", name}; }
};
template <class K> struct named_type {
    static constexpr launch_site site(const char* name) noexcept { return {&type_signature<K>, "T", name}; }
};

WARPX_COLD [[noreturn]] inline void refuse_extents(const launch_site& site, const int64_t* extents,
                                                   int rank) {
    text t;
    add_site(t, site).expected("extents that are not negative").got("").add(extents, rank);
    throw launch_error(t.remedy("check the launch dimensions").c_str());
}
WARPX_COLD [[noreturn]] inline void refuse_count(const launch_site& site, const int64_t* extents, int rank) {
    text t;
    add_site(t, site).expected("a number of items that 64 bits count").got("").add(extents, rank);
    throw launch_error(t.remedy("check the launch dimensions").c_str());
}
WARPX_COLD [[noreturn]] inline void refuse_backend(const launch_site& site) {
    text t;
    add_site(t, site).expected("host arrays, since this file was compiled without CUDA");
    t.got("arrays on a CUDA device");
    t.remedy("launch from a .cu file that includes <warpx/cuda/cuda.cuh>, or copy the arrays to the host");
    throw launch_error(t.c_str());
}
WARPX_COLD [[noreturn]] inline void refuse_mix(const launch_site& site, int host_argument,
                                               int cuda_argument) {
    text t;
    add_site(t, site).expected("arrays on one device").got("array ").add(host_argument);
    t.add(" in host memory and array ").add(cuda_argument).add(" on a CUDA device");
    t.remedy("copy one of them (arrays count from 0; pinned and managed memory works on both sides)");
    throw launch_error(t.c_str());
}

/// Where arrays of run-time device are. Throws launch_error on a mix.
template <class... A> device_kind common_device(const launch_site& site, const A&... arguments) {
    int number = 0, on_host = -1, on_cuda = -1;
    [[maybe_unused]] const auto look = [&](const auto& a) {
        if (a.memory() == memory_kind::plain) (a.device() == device_kind::cuda ? on_cuda : on_host) = number;
        ++number;
    };
    (for_each_array(look, arguments), ...);
    if (on_host >= 0 && on_cuda >= 0) refuse_mix(site, on_host, on_cuda);
    return on_cuda >= 0 ? device_kind::cuda : device_kind::host;
}

/// Whether every array lies compactly, which picks the form.
template <class... A> bool all_compact(const A&... arguments) noexcept {
    bool compact = true;
    [[maybe_unused]] const auto look = [&compact](const auto& a) { compact = compact && a.is_compact(); };
    (for_each_array(look, arguments), ...);
    return compact;
}

/// A device-only lambda cannot run where these arrays are.
WARPX_COLD [[noreturn]] inline void refuse_host(const launch_site& site, int argument) {
    text t;
    add_site(t, site).expected("CUDA arrays, since the lambda is marked WARPX_DEVICE");
    t.got("array ").add(argument).add(" in host memory");
    t.remedy("leave the mark away, or copy the array to the device (arrays count from 0)");
    throw launch_error(t.c_str());
}
template <class... A> void need_cuda(const launch_site& site, const A&... arguments) {
    int number = 0;
    [[maybe_unused]] const auto look = [&](const auto& a) {
        if (a.memory() == memory_kind::plain && a.device() != device_kind::cuda) refuse_host(site, number);
        ++number;
    };
    (for_each_array(look, arguments), ...);
}

/// A backend that is looked up when a launch is instantiated, not before.
template <class Device, class Later> struct when_launched {
    using type = backend<Device>;
};

/// Tells a hook of a launch, before and after.
class hook_scope {
public:
    WARPX_COLD hook_scope(const launch_hook& hook, const launch_site& site, const int64_t* extents, int rank,
                          const launch_place& place, bool prepared)
        : hook_(hook), name_(),
          info_{nullptr, extents, rank, place.device, place.device_id, place.stream, prepared} {
        info_.kernel = add_site(name_, site).c_str() + sizeof("kernel ") - 1;
        if (hook_.begin) hook_.begin(hook_.state, info_);
    }
    WARPX_COLD ~hook_scope() {
        if (hook_.end) hook_.end(hook_.state, info_);
    }
    hook_scope(const hook_scope&) = delete;
    hook_scope& operator=(const hook_scope&) = delete;

private:
    const launch_hook& hook_;
    text name_;
    launch_info info_;
};

/// What becomes of a launch that passed the rules: it runs (here), or is kept for later (prepare.hpp).
struct run_now {
    static void nothing() noexcept {}
    template <class Backend, int R, class F, class... A>
    static void on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        if (const launch_hook* const hook = current_hook()) [[unlikely]] {
            const hook_scope scope(*hook, site, extents.values, R,
                                   Backend::place(options, site, arguments...), false);
            Backend::launch(options, site, extents, kernel, arguments...);
            return;
        }
        Backend::launch(options, site, extents, kernel, arguments...);
    }
};

/// Every launch passes here: the rules of a launch, each with its sentence, then the backend.
template <class Action, class F, int R, class... A>
auto dispatch(const launch_options& options, const launch_site& site, const shape<R>& extents,
              const F& kernel, const A&... arguments) {
    constexpr bool arguments_fit = (kernel_argument<A> && ...);
    constexpr bool no_index = !(is_position_v<A> || ...);
    constexpr int named_devices = devices<A...>;
    using on_host = typename when_launched<device::host, F>::type;
    using on_cuda = typename when_launched<device::cuda, F>::type;
    static_assert(R >= 1 && R <= max_launch_rank, "warpx::launch: a launch has 1 to 8 extents");
    static_assert(
        arguments_fit,
        "warpx::launch: an argument is neither a warpx::array nor trivially copyable; bind containers with "
        "warpx::from_range, and describe a struct that holds arrays with WARPX_STRUCT");
    static_assert(no_index, "warpx::launch: the index of one launch is no argument of another; pass it as a "
                            "number: int64_t(i)");
    static_assert(
        (named_devices & 3) != 3,
        "warpx::launch: the arguments mix host and CUDA arrays; copy one side, or bind them as device::any");
    static_assert(
        !device_only<F> || (named_devices & 1) == 0,
        "warpx::launch: a lambda marked WARPX_DEVICE runs on CUDA arrays only, and these are host arrays; "
        "leave the mark away, or copy them to the device");
    if constexpr (R >= 1 && R <= max_launch_rank && arguments_fit && no_index && (named_devices & 3) != 3 &&
                  !(device_only<F> && (named_devices & 1) != 0)) {
        constexpr bool fits = kernel_for<F, R, A...>;
        static_assert(
            fits,
            "warpx::launch: the kernel cannot be called as kernel(index, arguments...); check the number and "
            "the order of its parameters, and take them by value (auto x); the index is one parameter for "
            "several extents too: auto [row, col] = i;");
        if constexpr (fits) {
            for (int axis = 0; axis < R; ++axis)
                if (extents[axis] < 0) [[unlikely]]
                    refuse_extents(site, extents.values, R);
            for (int axis = 0; axis < R; ++axis)
                if (extents[axis] == 0) return Action::nothing();
            if constexpr (R > 1) { // a count that wrapped would leave items out, without a word
                int64_t count = extents[0];
                for (int axis = 1; axis < R; ++axis)
                    if (!checked_multiply(count, extents[axis], count)) [[unlikely]]
                        refuse_count(site, extents.values, R);
            }
            if constexpr (named_devices == 2 || device_only<F>) {
                static_assert(on_cuda::present, "warpx::launch: CUDA arrays are launched from a .cu file "
                                                "that includes <warpx/cuda/cuda.cuh>");
                if constexpr (device_only<F>) need_cuda(site, arguments...);
                if constexpr (on_cuda::present)
                    return Action::template on<on_cuda>(options, site, extents, kernel, arguments...);
            } else {
                static_assert(on_host::present,
                              "warpx::launch: include <warpx/warpx.hpp>, which brings the host backend");
                if constexpr ((named_devices & 4) != 0) {
                    if (common_device(site, arguments...) == device_kind::cuda) {
                        if constexpr (on_cuda::present)
                            return Action::template on<on_cuda>(options, site, extents, kernel, arguments...);
                        else
                            refuse_backend(site);
                    }
                }
                return Action::template on<on_host>(options, site, extents, kernel, arguments...);
            }
        }
    }
}

template <class Named, class Dim, class F, class... A>
void start(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    dispatch<run_now>(options, Named::site(options.name), shape_of(dim), kernel, arguments...);
}

} // namespace launching

/// Runs `K` for every index of `dim`: `K(i, arguments...)`, where `i` is a `warpx::index<R>` and each array
/// arrives as a handle (`x[i]`, `x(row, col)`, `x.extent(d)`). Items run in any order and at once; each may
/// write its own elements, others only with `atomic_add` and its like.
///   K          a lambda at namespace scope, or a struct with a static `forward`
///   dim        an integer, a shape, or a braced list, of up to 8 extents; nothing runs if one of them is 0
///   arguments  arrays (not copied), scalars and small structs (copied)
/// Host arrays: runs on the pool and returns when done; the first exception of the kernel arrives here once,
/// and items that had not begun are skipped. CUDA arrays: enqueued on the stream, does not wait. Launches
/// within kernels run inline. Throws launch_error (negative extent, mixed devices), index_error (checked
/// only). Safe from several threads at once.
template <const auto& K, shape_like Dim, class... A> void launch(const Dim& dim, const A&... arguments) {
    launching::start<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A> void launch(const int64_t (&dim)[R], const A&... arguments) {
    launching::start<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, shape_like Dim, class... A>
void launch(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
void launch(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}

/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A> void launch(const Dim& dim, const A&... arguments) {
    launching::start<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                               arguments...);
}
template <class K, int R, class... A> void launch(const int64_t (&dim)[R], const A&... arguments) {
    launching::start<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                               arguments...);
}
template <class K, shape_like Dim, class... A>
void launch(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{}, arguments...);
}
template <class K, int R, class... A>
void launch(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{}, arguments...);
}

/// The same for a callable object, which may capture: `launch(n, [=](auto i) { ... })`,
/// `launch(n, [=](auto i, auto x) { ... }, x)`. Arrays may be captured on the host; as arguments they are
/// faster. The name in messages is the closure's type unless `launch_options::name` is set.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch(const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch(const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    launching::start<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start<launching::named_type<F>>(options, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch(const launch_options& options, const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    launching::start<launching::named_type<F>>(options, dim, kernel, arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE

} // namespace warpx
