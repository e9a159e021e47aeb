// SPDX-License-Identifier: Apache-2.0
// run.hpp: an operation with its types chosen, on one device: from a resolved call to launches, for each
// derivative.
#pragma once

#include "additions.hpp"
#include "callback.hpp"
#include "gradients.hpp"

namespace warpx {
namespace detail {
namespace running {

WARPX_COLD [[noreturn]] inline void refuse_derivative(const operation_call& call, const char* which,
                                                      const char* remedy) {
    throw operation_error(reason::type,
                          sentence(std::string(call.description.name) + "()",
                                   std::string("an operation with ") + which, "one without", remedy));
}
WARPX_COLD [[noreturn]] inline void refuse_types(const operation_call& call) {
    refuse_derivative(call, "derivatives", "its results or its inputs hold no real numbers");
}

/// Runs an operation with its types chosen, on one device.
template <const auto& Op, class Device, int Variant> class operation_run {
    using X = operation_types<Op, Device, Variant>;
    using operation = typename X::operation;
    using numbers = typename X::numbers;
    static constexpr int R = operation::launch_rank;
    static constexpr bool is_kernel = operation::kind == operation_kind::kernel;
    static constexpr bool is_callback = operation::kind == operation_kind::callback;
    /// Whether all derivatives come from the kernel.
    static constexpr bool derives = is_kernel && std::is_same_v<typename operation::tangent_rule, derived> &&
                                    !has_adjoint<decltype(operation::function)>;
    template <int... K> static constexpr bool has_active(bool outputs, std::integer_sequence<int, K...>) {
        return ((active<X, K> && (outputs ? is_output<X, K> : role<X, K> != parameter_role::out)) || ...);
    }
    /// Whether there is a derivative at all with these types.
    static constexpr bool differentiable = has_active(true, numbers{}) && has_active(false, numbers{});

public:
    static void run(const operation_call& call, const launch_options& options) {
        if (!is_empty_batch(call)) forward(call, options, numbers{});
    }
    static void tangent(const operation_call& call, const launch_options& options) {
        if constexpr (!differentiable)
            refuse_types(call);
        else if (!is_empty_batch(call))
            run_tangent(call, options, numbers{});
    }
    static void adjoint(const operation_call& call, const launch_options& options) {
        backward<false>(call, options);
    }
    static void adjoint_tangent(const operation_call& call, const launch_options& options) {
        backward<true>(call, options);
    }
    /// Whether the kernel does nothing but add to parameter `k`: derivatives then depend on no value of it,
    /// and its gradient passes through unchanged. (Only derived ones: an own adjoint may do anything.)
    static bool only_adds_to(int k) { return only_adds_to(k, numbers{}); }

private:
    template <bool Second> static void backward(const operation_call& call, const launch_options& options) {
        if constexpr (!differentiable)
            refuse_types(call);
        else if (is_empty_batch(call))
            clear_gradients(call, options, numbers{});
        else if constexpr (Second)
            run_second(call, retaining(options), numbers{});
        else
            run_adjoint(call, retaining(options), numbers{});
    }

    template <int K>
    using seen_type = std::conditional_t<is_scalar<X, K>, element_of<X, K>,
                                         array<seen<X, K>, parameter<X, K>::rank, Device>>;
    template <int Asked, int... K> static bool only_adds_to(std::integer_sequence<int, K...>) {
        if constexpr (role<X, Asked> == parameter_role::inout)
            return only_adds<numbers, kernel_ref<operation::function>, R, Asked, seen_type<K>...>::known();
        else
            return false;
    }
    template <int... K> static bool only_adds_to([[maybe_unused]] int k, std::integer_sequence<int, K...>) {
        if constexpr (derives)
            return ((k == K && only_adds_to<K>(numbers{})) || ...);
        else
            return false;
    }

    /// Whether scalars must be read by the kernel: they differ over the batch, or lie on a device.
    static bool lifts(const operation_call& call) {
        if (call.batch_rank != 0) return true;
        if constexpr (std::is_same_v<Device, device::cuda>)
            for (int k = 0; k < X::count; ++k)
                if (!call.description.parameters[k].is_array() && call.primals[k].is_array() &&
                    call.primals[k].desc->device == device_kind::cuda)
                    return true;
        return false;
    }
    static auto launch_extents(const operation_call& call) {
        shape<R> extents;
        if (call.launch_rank != 0) {
            for (int axis = 0; axis < R; ++axis) extents[axis] = call.launch[axis];
            return extents;
        }
        if constexpr (requires { Op.rule.function; })
            extents = Op.rule.function(extent_lookup(call.description, call.extents));
        return extents;
    }
    static shape<R + 1> with_batch(const shape<R>& extents, int64_t batch) {
        shape<R + 1> all;
        all[0] = batch;
        for (int axis = 0; axis < R; ++axis) all[axis + 1] = extents[axis];
        return all;
    }

    /// The gradients of a batch of none: those of what has no batch axis are zero.
    template <int... K>
    static void clear_gradients(const operation_call& call, const launch_options& options,
                                std::integer_sequence<int, K...>) {
        (clear_gradient<X, K>(call, call.cotangents, options), ...);
        if (call.cotangent_tangents) (clear_gradient<X, K>(call, call.cotangent_tangents, options), ...);
    }

    template <int... K>
    static void forward(const operation_call& call, const launch_options& options,
                        std::integer_sequence<int, K...>) {
        (clear_output<X, K>(call, call.primals, options), ...);
        if constexpr (is_callback) {
            operation::function(callback_call(call, options));
        } else if constexpr (!is_kernel) {
            const batch_plan plan = plan_batch(call, true);
            batch_position where{plan};
            do operation::function(options, part_of<X, K>(call, where)...);
            while (where.next());
        } else {
            if (!lifts(call)) [[likely]] {
                launch<operation::function>(options, launch_extents(call), argument<X, K>(call)...);
                return;
            }
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<X, K>...> held{{holder<X, K>(call, options)}...};
            do
                launch(options, with_batch(launch_extents(call), plan.inner),
                       batched_t<operation::function, part<X, K>...>{},
                       lifted<X, K>(call, where, own_slot<K>(held))...);
            while (where.next());
        }
    }
    template <int K, class P> static P& own_slot(parameter_slot<K, P>& s) noexcept { return s.parameter; }

    template <int... K>
    static void run_tangent(const operation_call& call, const launch_options& options,
                            std::integer_sequence<int, K...>) {
        if constexpr (!is_kernel) {
            if constexpr (std::is_same_v<typename operation::tangent_rule, derived>) {
                refuse_derivative(call, "a tangent of its own", "give it one: .tangent<f>()");
            } else if constexpr (is_callback) {
                operation::tangent_rule::function(callback_call(call, options));
            } else {
                const batch_plan plan = plan_batch(call, true);
                batch_position where{plan};
                do
                    operation::tangent_rule::function(options, part_of<X, K>(call, where)...,
                                                      tangent_part<X, K>(call, where)...);
                while (where.next());
            }
        } else {
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<X, K>...> held{{holder<X, K>(call, options)}...};
            parameter_list<numbers, tangent_holder<X, K>...> zeros{{tangent_holder<X, K>(call, options)}...};
            const shape<R + 1> extents = with_batch(launch_extents(call), plan.inner);
            (clear_output<X, K>(call, call.primals, options), ...);
            (clear_output<X, K>(call, call.tangents, options), ...);
            do {
                if constexpr (std::is_same_v<typename operation::tangent_rule, derived>)
                    launch_tangent(
                        options, extents, batched_kernel<operation::function, part<X, K>...>{},
                        with_its_tangent<X, K>(call, where, own_slot<K>(held), own_slot<K>(zeros))...);
                else
                    launch(options, extents,
                           batched_kernel<operation::tangent_rule::function, part<X, K>..., part<X, K>...>{},
                           lifted<X, K>(call, where, own_slot<K>(held))...,
                           only_tangent<X, K>(call, where, own_slot<K>(held), own_slot<K>(zeros))...);
            } while (where.next());
        }
    }

    /// Whether the launch may leave the gradients of outputs as they are: nothing that it overwrites is read.
    template <int... K> static constexpr bool only_writes(std::integer_sequence<int, K...>) {
        return ((role<X, K> != parameter_role::inout) && ...);
    }
    static launch_options retaining(launch_options options) noexcept {
        options.retain = only_writes(numbers{});
        return options;
    }

    /// Writes gradients where items have them for themselves, otherwise clears them and adds.
    template <int... K, class... A>
    static void adjoint_with(const operation_call& call, const launch_options& options,
                             const A&... arguments) {
        using named = launching::named<operation::function>;
        const auto clear_all = [&](bool only_scalars) {
            ((is_scalar<X, K> == only_scalars ? clear_gradient<X, K>(call, call.cotangents, options)
                                              : void()),
             ...);
        };
        const shape<R> extents = launch_extents(call);
        clear_all(true); // sums, in any case
        if constexpr (has_adjoint<decltype(operation::function)>) {
            clear_all(false);
            launch_adjoint<operation::function>(options, extents, arguments...);
        } else {
            const auto site = named::site(options.name);
            const kernel_ref<operation::function> kernel;
            if (launching::dispatch<launching::adjoint_fresh<only_writes(numbers{})>>(options, site, extents,
                                                                                      kernel, arguments...))
                return;
            clear_all(false);
            launching::dispatch<launching::adjoint_general>(options, site, extents, kernel, arguments...);
        }
    }

    template <int... K>
    static void run_adjoint(const operation_call& call, const launch_options& options,
                            std::integer_sequence<int, K...>) {
        parameter_list<numbers, scratch_holder<X, K>...> scratch;
        if constexpr (!is_kernel) {
            if constexpr (std::is_same_v<typename operation::adjoint_rule, derived>) {
                refuse_derivative(call, "an adjoint of its own", "give it one: .adjoint<f>()");
            } else if constexpr (is_callback) {
                (clear_gradient<X, K>(call, call.cotangents, options), ...);
                operation::adjoint_rule::function(callback_call(call, options));
            } else {
                (clear_gradient<X, K>(call, call.cotangents, options), ...);
                const batch_plan plan = plan_batch(call, true);
                batch_position where{plan};
                do
                    operation::adjoint_rule::function(
                        options, host_adjoint<X, K>(call, options, where, own_slot<K>(scratch))...);
                while (where.next());
            }
        } else {
            if (!lifts(call)) [[likely]] {
                constexpr bool has_scalars = ((is_scalar<X, K> && active<X, K>) || ...);
                const bool scalars = ((is_scalar<X, K> && call.cotangents[K].is_array()) || ...);
                if constexpr (has_scalars)
                    if (scalars)
                        return adjoint_with<K...>(
                            call, options,
                            adjoint_argument<X, true, K>(call, options, own_slot<K>(scratch))...);
                adjoint_with<K...>(call, options,
                                   adjoint_argument<X, false, K>(call, options, own_slot<K>(scratch))...);
                return;
            }
            (clear_gradient<X, K>(call, call.cotangents, options), ...);
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<X, K>...> held{{holder<X, K>(call, options)}...};
            do
                launch_adjoint(
                    options, with_batch(launch_extents(call), plan.inner),
                    batched_t<operation::function, part<X, K>...>{},
                    lifted_adjoint<X, K>(call, options, where, own_slot<K>(held), own_slot<K>(scratch))...);
            while (where.next());
        }
    }

    template <int... K>
    static void run_second(const operation_call& call, const launch_options& options,
                           std::integer_sequence<int, K...>) {
        if constexpr (!derives) {
            refuse_derivative(call, "second derivatives",
                              "they are derived from kernels without derivatives of their own");
        } else {
            parameter_list<numbers, scratch_holder<X, K>...> scratch;
            (clear_gradient<X, K>(call, call.cotangents, options), ...);
            (clear_gradient<X, K>(call, call.cotangent_tangents, options), ...);
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<X, K>...> held{{holder<X, K>(call, options)}...};
            parameter_list<numbers, tangent_holder<X, K>...> zeros{{tangent_holder<X, K>(call, options)}...};
            do
                launch_adjoint(options, with_batch(launch_extents(call), plan.inner),
                               batched_kernel<operation::function, part<X, K>...>{},
                               second_argument<X, K>(call, options, where, own_slot<K>(held),
                                                     own_slot<K>(zeros), own_slot<K>(scratch))...);
            while (where.next());
        }
    }
};

} // namespace running

using running::operation_run;

} // namespace detail
} // namespace warpx
