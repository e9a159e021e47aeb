// SPDX-License-Identifier: Apache-2.0
// adjoint.hpp: launch_adjoint<kernel>(extents, arguments...): the gradient of a launch, from the kernel
// itself.
#pragma once

#include "detail/byte_span.hpp"
#include "forms/adjoint_second.hpp"
#include "forms/probe.hpp"
#include "gradient.hpp"
#include "launch.hpp"
#include "with_adjoint.hpp"

namespace warpx {
inline namespace WARPX_LAUNCH_NAMESPACE {

/// Runs adjoint launches on one machine; defined in host/adjoint.hpp and cuda/adjoint.cuh.
template <class Device> struct adjoint_backend {
    static constexpr bool present = false;
};

namespace launching {

template <class Backend> struct adjoint_of;
template <class Device> struct adjoint_of<backend<Device>> {
    using type = adjoint_backend<Device>;
};

/// What becomes of an adjoint launch that passed the rules.
struct adjoint_now {
    static void nothing() noexcept {}
    template <class Backend, int R, class F, class... A>
    static void on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        using adjoint = typename adjoint_of<Backend>::type;
        static_assert(adjoint::present,
                      "warpx::launch_adjoint: the gradients of CUDA arrays need a .cu file that "
                      "includes <warpx/cuda/adjoint.cuh>");
        if constexpr (adjoint::present) start<Backend, adjoint>(options, site, extents, kernel, arguments...);
    }

private:
    template <class Backend, class Adjoint, int R, class F, class... A>
    static void start(const launch_options& options, const launch_site& site, const shape<R>& extents,
                      const F& kernel, const A&... arguments) {
        if (const launch_hook* const hook = current_hook()) [[unlikely]] {
            const hook_scope scope(*hook, site, extents.values, R,
                                   Backend::place(options, site, arguments...), false);
            Adjoint::launch(options, site, extents, kernel, arguments...);
            return;
        }
        Adjoint::launch(options, site, extents, kernel, arguments...);
    }
};

/// The same where gradients of what is only read hold nothing yet (operations): they are written, if that is
/// possible, otherwise nothing is done and false comes back.
template <bool Retain> struct adjoint_fresh {
    static bool nothing() noexcept { return false; }
    template <class Backend, int R, class F, class... A>
    static bool on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        using adjoint = typename adjoint_of<Backend>::type;
        return adjoint::template fresh<Retain>(options, site, extents, kernel, arguments...);
    }
};
/// What remains then, compiled without the form for arrays that are sure.
struct adjoint_general {
    static void nothing() noexcept {}
    template <class Backend, int R, class F, class... A>
    static void on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        adjoint_of<Backend>::type::general(options, site, extents, kernel, arguments...);
    }
};

template <class Named, class Dim, class F, class... A>
void start_adjoint(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    const auto extents = shape_of(dim);
    if constexpr (has_own_adjoint<F> && forward_fits<F, decltype(extents)::rank(), A...>()) {
        constexpr bool first_order = ((directions_of<A> == 0) && ...);
        static_assert(first_order,
                      "warpx::launch_adjoint: an own adjoint gives first derivatives only; for second ones "
                      "(arguments with tangents) launch the kernel without its own adjoint");
        if constexpr (first_order) start_own_adjoint<Named>(options, extents, kernel, arguments...);
    } else {
        dispatch<adjoint_now>(options, Named::site(options.name), extents, kernel, arguments...);
    }
}

// -- What is known at the launch
// -----------------------------------------------------------------------------

// Whether a kernel accesses elements with derivatives elsewhere than at the item's index.
template <class Probe, int Argument, class A>
inline constexpr bool gathers_from = argument_traits<A>::holds_arrays && !is_scalar_with_grad<A>;
template <class Probe, int Argument, class T, int N, class D>
inline constexpr bool gathers_from<Probe, Argument, array<T, N, D>> =
    is_active<std::remove_const_t<T>> && Probe::template shared<Argument>();
template <class Numbers, class F, int R, class... A> inline constexpr bool gathers_of = true;
template <int... Argument, class F, int R, class... A>
inline constexpr bool gathers_of<std::integer_sequence<int, Argument...>, F, R, A...> =
    (gathers_from<compile_probe<std::integer_sequence<int, Argument...>, F, R, A...>, Argument, A> || ...);
template <class F, int R, class... A>
inline constexpr bool kernel_gathers = gathers_of<std::make_integer_sequence<int, sizeof...(A)>, F, R, A...>;

template <class A> inline constexpr bool argument_in_double = false;
template <class T, int N, class D>
inline constexpr bool argument_in_double<array<T, N, D>> = contains_double<std::remove_const_t<T>>;
template <class T, class D>
inline constexpr bool argument_in_double<scalar_with_grad<T, D>> = contains_double<T>;
template <class Fields> inline constexpr bool fields_in_double = false;
template <class... F>
inline constexpr bool fields_in_double<field_list<void, F...>> = (argument_in_double<F> || ...);
template <described S>
inline constexpr bool argument_in_double<S> = fields_in_double<typename struct_traits<S>::fields>;

template <class T, class Tangent, int N, class Device, int D, bool Shared>
inline constexpr bool argument_in_double<tangent_array<T, Tangent, N, Device, D, Shared>> =
    contains_double<std::remove_const_t<T>>;
template <class T, int D> inline constexpr bool argument_in_double<tangent_value<T, D>> = contains_double<T>;

/// The type that derivatives of a launch are computed in.
template <class... A> using derivative_t = std::conditional_t<(argument_in_double<A> || ...), double, float>;

/// In how many directions the arguments of an adjoint launch have tangents: 0 for a first derivative.
template <class... A> constexpr int second_order() {
    int most = 0;
    ((most = directions_of<A> > most ? directions_of<A> : most), ...);
    return most;
}
template <class... A> constexpr bool same_directions() {
    constexpr int most = second_order<A...>();
    return ((directions_of<A> == 0 || directions_of<A> == most) && ...);
}
template <int D, class... A> using second_derivative_t = dual<derivative_t<A...>, (D > 0 ? D : 1)>;

/// One array of a launch, for the question of which meet.
struct seen_array {
    byte_span values, gradients;
    int argument;
    bool written, active;
};

/// What the arguments of an adjoint launch allow.
struct adjoint_survey {
    form::adjoint_facts facts;
    bool any_gradient = false;
    bool must_tape = false;    // arrays meet in a way that registers would not see
    bool shares = false;       // items add to one gradient, in any order
    bool may_overflow = false; // some item may need the tape in memory
    bool sure = true;          // all is compact, has gradients, and is the items' own (sure_layout)
    bool fresh = true;         // the same, whole arrays, but for gradients of what is read (fresh_layout)

    void not_sure() noexcept { sure = fresh = false; }
};

template <class T, int N, class D> bool own_elements_only(const array<T, N, D>& a) noexcept {
    for (int axis = 0; axis < N; ++axis)
        if (a.stride(axis) == 0 && a.extent(axis) > 1) return false;
    return true;
}
/// Whether no two elements of an array share memory, for sure.
template <class T, int N, class D> bool elements_apart(const array<T, N, D>& a) noexcept {
    bool taken[N > 0 ? N : 1] = {};
    int64_t reach = 1; // axes by rising strides: each must step over everything below it
    for (int round = 0; round < N; ++round) {
        int next = -1;
        for (int axis = 0; axis < N; ++axis) {
            if (taken[axis] || a.extent(axis) <= 1) continue;
            const auto size = [&](int k) { return a.stride(k) < 0 ? -a.stride(k) : a.stride(k); };
            if (next < 0 || size(axis) < size(next)) next = axis;
        }
        if (next < 0) return true;
        const int64_t stride = a.stride(next) < 0 ? -a.stride(next) : a.stride(next);
        if (stride < reach) return false;
        reach = stride * (a.extent(next) - 1) + reach;
        taken[next] = true;
    }
    return true;
}

template <class Kernel, int R, int Most> class surveyor {
public:
    explicit surveyor(const shape<R>& extents, const launch_options& options) noexcept
        : extents_(extents), options_(options) {}

    template <int Argument, class A> void look(const A& a) {
        if constexpr (Argument < form::adjoint_facts::most) {
            const auto each = [&](const auto& array) { look_at<Argument>(array); };
            if constexpr (is_scalar_with_grad<A>) {
                survey.any_gradient = survey.shares = true;
                columns_ += active_count<decltype(a.value)>;
            } else {
                if constexpr (!is_array_v<A> && argument_traits<A>::holds_arrays)
                    survey.may_overflow = survey.shares = true, survey.not_sure();
                for_each_array(each, a);
            }
        }
    }
    /// Which arrays meet; call it last.
    void compare() noexcept {
        find_meetings();
        for (int one = 0; one < count_; ++one) {
            const seen_array& a = arrays_[one];
            if (a.active && a.gradients.end > a.gradients.begin && !survey.facts.of[a.argument].exclusive)
                survey.shares = true;
        }
    }

    adjoint_survey survey;

private:
    void find_meetings() noexcept {
        for (int one = 0; one < count_; ++one) {
            for (int other = 0; other < count_; ++other) {
                if (one == other) continue;
                const seen_array &a = arrays_[one], &b = arrays_[other];
                if (a.written && a.values.meets(b.values)) survey.must_tape = true;
                if (a.gradients.meets(b.values)) not_alone(a);
                if (!a.gradients.meets(b.gradients)) continue;
                not_alone(a);
                if (a.written || b.written) survey.must_tape = true;
            }
        }
    }

    void not_alone(const seen_array& a) noexcept {
        survey.facts.of[a.argument].exclusive = false;
        survey.not_sure();
    }

    template <int Argument, class T, int N, class D> void look_at(const array<T, N, D>& a) {
        using facts = access_facts<Kernel, Argument>;
        auto& f = survey.facts.of[Argument];
        constexpr bool active = is_active<std::remove_const_t<T>>;
        const bool has_gradient = active && a.has_grad();
        survey.any_gradient = survey.any_gradient || has_gradient;
        constexpr int columns = N == R ? active_count<T> : 0;
        constexpr bool passive = !active && std::is_const_v<T>;
        columns_ += columns;
        if (has_gradient && (columns_ > most_columns || columns == 0)) survey.shares = true;
        if (columns_ > most_columns || (active && columns == 0 && N == R) ||
            (!passive && (!active || facts::known() != access_kind::pointwise)))
            survey.may_overflow = true,
            survey.not_sure(); // the loop of sure items hears of none that bails
        f.covers = covers(a);
        f.exclusive = facts::known() == access_kind::pointwise && f.covers && own_elements_only(a) &&
                      (!has_gradient || elements_apart(a.grad()));
        f.retained = options_.retain;
        const bool apart = !has_gradient || !byte_span::of(a).meets(byte_span::of(a.grad()));
        const bool own = a.is_compact() && (active ? f.exclusive && (!has_gradient || a.grad().is_compact())
                                                   : std::is_const_v<T>);
        survey.sure = survey.sure && own && apart && (!active || has_gradient) && !options_.retain;
        // Of operations: the values of an output may be no memory of their own, since they are not read.
        survey.fresh = survey.fresh && own && (apart || !std::is_const_v<T>) &&
                       (active ? (has_gradient || std::is_const_v<T>) && is_whole(a) : std::is_const_v<T>);
        if (!std::is_const_v<T> && !elements_apart(a)) survey.must_tape = true;
        if (count_ < Most) {
            arrays_[count_] = {byte_span::of(a), has_gradient ? byte_span::of(a.grad()) : byte_span{0, 0},
                               Argument, !std::is_const_v<T>, active};
            ++count_;
        }
    }
    template <class T, int N, class D> bool is_whole(const array<T, N, D>& a) const noexcept {
        if constexpr (N != R)
            return false;
        else
            return a.extents() == extents_;
    }
    template <class T, int N, class D> bool covers(const array<T, N, D>& a) const noexcept {
        if constexpr (N != R) {
            return false;
        } else {
            for (int axis = 0; axis < N; ++axis)
                if (a.extent(axis) < extents_[axis]) return false;
            return true;
        }
    }

    const shape<R>& extents_;
    const launch_options& options_;
    seen_array arrays_[Most > 0 ? Most : 1];
    int count_ = 0, columns_ = 0;
};

template <class A> inline constexpr int arrays_in = 0;
template <class T, int N, class D> inline constexpr int arrays_in<array<T, N, D>> = 1;
template <class T, class Tangent, int N, class Device, int D, bool Shared>
inline constexpr int arrays_in<tangent_array<T, Tangent, N, Device, D, Shared>> = 2;
template <class T, class D> inline constexpr int arrays_in<scalar_with_grad<T, D>> = 1;
template <class Fields> inline constexpr int arrays_in_fields = 0;
template <class... F>
inline constexpr int arrays_in_fields<field_list<void, F...>> = (arrays_in<F> + ... + 0);
template <described S>
inline constexpr int arrays_in<S> = arrays_in_fields<typename struct_traits<S>::fields>;

template <class Kernel, int R, int... Argument, class... A>
adjoint_survey survey_adjoint(std::integer_sequence<int, Argument...> numbers, const launch_options& options,
                              const shape<R>& extents, const A&... arguments) {
    static_assert(same_directions<A...>(), "warpx::launch_adjoint: the arguments have tangents in different "
                                           "numbers of directions; give all the same: with_tangent<D>");
    static_assert(sizeof...(A) <= form::adjoint_facts::most, "warpx::launch_adjoint: at most 64 arguments");
    kernel_probe<std::remove_const_t<decltype(numbers)>, Kernel, R, A...>::require();
    surveyor<Kernel, R, (arrays_in<A> + ... + 0)> s(extents, options);
    (s.template look<Argument>(arguments), ...);
    s.compare();
    return s.survey;
}

} // namespace launching

/// Adds the gradient of `launch<K>(dim, arguments...)`: with the gradients of what the launch writes, as they
/// stand in the arrays' `grad()`, it adds to those of what it reads. Arrays without a gradient, and scalars
/// without `with_grad`, cost nothing. In detail (docs/gradients.md):
///  * The gradient of an element that the kernel overwrites is consumed: it becomes what depends on the old
///    value, zero if nothing does. Elements it adds to (`+=`, atomic_add) keep theirs.
///    `launch_options::retain` leaves the gradients of elements that are only written as they are.
///  * It differentiates at the values that it finds, and writes none: an array that the kernel reads and
///    overwrites must hold what it held before the launch.
/// Where, when, and what it throws: as `launch`.
template <const auto& K, shape_like Dim, class... A>
void launch_adjoint(const Dim& dim, const A&... arguments) {
    launching::start_adjoint<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{},
                                                  arguments...);
}
template <const auto& K, int R, class... A>
void launch_adjoint(const int64_t (&dim)[R], const A&... arguments) {
    launching::start_adjoint<launching::named<K>>(launch_options{}, dim, detail::kernel_ref<K>{},
                                                  arguments...);
}
template <const auto& K, shape_like Dim, class... A>
void launch_adjoint(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start_adjoint<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
void launch_adjoint(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start_adjoint<launching::named<K>>(options, dim, detail::kernel_ref<K>{}, arguments...);
}

/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A> void launch_adjoint(const Dim& dim, const A&... arguments) {
    launching::start_adjoint<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, int R, class... A> void launch_adjoint(const int64_t (&dim)[R], const A&... arguments) {
    launching::start_adjoint<launching::named_type<K>>(launch_options{}, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, shape_like Dim, class... A>
void launch_adjoint(const launch_options& options, const Dim& dim, const A&... arguments) {
    launching::start_adjoint<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}
template <class K, int R, class... A>
void launch_adjoint(const launch_options& options, const int64_t (&dim)[R], const A&... arguments) {
    launching::start_adjoint<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                       arguments...);
}

/// The same for a callable object. What it captures has no gradient.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch_adjoint(const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start_adjoint<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch_adjoint(const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    launching::start_adjoint<launching::named_type<F>>(launch_options{}, dim, kernel, arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
void launch_adjoint(const launch_options& options, const Dim& dim, const F& kernel, const A&... arguments) {
    launching::start_adjoint<launching::named_type<F>>(options, dim, kernel, arguments...);
}
template <int R, class F, class... A>
void launch_adjoint(const launch_options& options, const int64_t (&dim)[R], const F& kernel,
                    const A&... arguments) {
    launching::start_adjoint<launching::named_type<F>>(options, dim, kernel, arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
