// SPDX-License-Identifier: Apache-2.0
// run.hpp: an operation with its types chosen, on one device: from a resolved call to launches, for each
// derivative.
#pragma once

#include "../forms/additions.hpp"
#include "../kernels/fill.hpp"
#include "../op.hpp"
#include "batch_plan.hpp"
#include "batched.hpp"
#include "callback.hpp"
#include "overlap.hpp"

#include <new>
#include <stdlib.h>

namespace warpx {
namespace detail {

/// What operations do with the memory of a device: hold one number, for launches that take scalars as arrays;
/// clear results.
template <class Device> struct operation_memory;
template <> struct operation_memory<device::host> {
    template <class T> struct holder {
        T number{};
        holder(bool, const T& v, const launch_options&) noexcept : number(v) {}
        T* data() noexcept { return &number; }
    };
    /// A number of another type, in memory of the device. (On the host numbers are read where they lie.)
    template <class T> static void convert(const launch_options&, const tensor_desc&, T*) noexcept {}
    /// Memory with undefined contents, once it is asked for.
    template <class T> class scratch {
    public:
        scratch() noexcept = default;
        scratch(const scratch&) = delete;
        ~scratch() { free(data_); }
        T* get(int64_t count, const launch_options&) {
            if (!data_ &&
                !(data_ = static_cast<T*>(malloc(static_cast<size_t>(count > 0 ? count : 1) * sizeof(T)))))
                throw std::bad_alloc();
            return data_;
        }

    private:
        T* data_ = nullptr;
    };
    template <class T, int N> static void clear(const launch_options&, const array<T, N, device::host>& a) {
        fill(a, T{});
    }
};

/// An array over memory of ours; without strides, all its elements are one.
template <class T, int N, class Device>
array<T, N, Device> array_over(T* data, const shape<N>& extents, const operation_call& call,
                               const shape<N>& strides = {}) noexcept {
    return array_access::make<array<T, N, Device>>(
        data, extents, strides, {},
        std::is_same_v<Device, device::cuda> ? device_kind::cuda : device_kind::host,
        std::is_same_v<Device, device::cuda> ? call.device_id : 0, memory_kind::plain);
}

WARPX_COLD [[noreturn]] inline void refuse_derivative(const operation_description& d, const char* which,
                                                      const char* remedy) {
    throw operation_error(reason::type,
                          sentence(std::string(d.name) + "()", std::string("an operation with ") + which,
                                   "one without", remedy));
}

/// An operation with its types chosen, on one device.
template <const auto& Op, class Device, int Variant> struct operation_run {
    using operation = std::remove_cvref_t<decltype(Op)>;
    using chosen = typename variant_choices<Variant, typename operation::sets>::type;
    template <int K> using parameter = typename operation::template parameter_type<K>;
    template <int K> using element_of = typename substituted<typename parameter<K>::type, chosen>::type;
    template <int K> static constexpr parameter_role role = parameter<K>::role;
    template <int K>
    static constexpr bool is_output = role<K> == parameter_role::out || role<K> == parameter_role::inout;
    template <int K> static constexpr bool is_scalar = !parameter<K>::is_array;
    static constexpr int count = operation::count;
    using numbers = std::make_integer_sequence<int, count>;
    static constexpr int R = operation::launch_rank;
    static constexpr bool is_kernel = operation::kind == operation_kind::kernel;
    static constexpr bool is_callback = operation::kind == operation_kind::callback;
    /// What the kernel sees.
    template <int K>
    using seen = std::conditional_t<role<K> == parameter_role::in, const element_of<K>, element_of<K>>;
    template <int K>
    static constexpr bool active = is_active<element_of<K>> && role<K> != parameter_role::static_value;
    template <int... K> static constexpr bool has_active(bool outputs, std::integer_sequence<int, K...>) {
        return ((active<K> && (outputs ? is_output<K> : role<K> != parameter_role::out)) || ...);
    }
    /// Whether there is a derivative at all with these types.
    static constexpr bool differentiable = has_active(true, numbers{}) && has_active(false, numbers{});
    template <int K>
    static constexpr batch_part part = parameter<K>::is_array                    ? batch_part::array
                                       : role<K> == parameter_role::static_value ? batch_part::number
                                                                                 : batch_part::scalar;

    static void run(const operation_call& call, const launch_options& options) {
        if (is_empty_batch(call)) return;
        forward(call, options, numbers{});
    }
    static void tangent(const operation_call& call, const launch_options& options) {
        if constexpr (!differentiable)
            refuse_derivative(call.description, "derivatives",
                              "its results or its inputs hold no real numbers");
        else if (!is_empty_batch(call))
            run_tangent(call, options, numbers{});
    }
    static void adjoint(const operation_call& call, const launch_options& options) {
        if constexpr (!differentiable)
            refuse_derivative(call.description, "derivatives",
                              "its results or its inputs hold no real numbers");
        else if (is_empty_batch(call))
            clear_gradients(call, options, numbers{});
        else
            run_adjoint(call, retaining(options), numbers{});
    }
    static void adjoint_tangent(const operation_call& call, const launch_options& options) {
        if constexpr (!differentiable)
            refuse_derivative(call.description, "derivatives",
                              "its results or its inputs hold no real numbers");
        else if (is_empty_batch(call))
            clear_gradients(call, options, numbers{});
        else
            run_second(call, retaining(options), numbers{});
    }

    /// Whether the kernel does nothing but add to parameter `k`: derivatives then depend on no value of it, and its
    /// gradient passes through unchanged. (Only derived ones: an own adjoint may do anything.)
    static bool only_adds_to(int k) { return only_adds_to(k, numbers{}); }

private:
    template <int K>
    using seen_type =
        std::conditional_t<is_scalar<K>, element_of<K>, array<seen<K>, parameter<K>::rank, Device>>;
    template <int Asked, int... K> static bool only_adds_to(std::integer_sequence<int, K...>) {
        if constexpr (role<Asked> == parameter_role::inout)
            return only_adds<numbers, kernel_ref<operation::function>, R, Asked, seen_type<K>...>::known();
        else
            return false;
    }
    template <int... K> static bool only_adds_to([[maybe_unused]] int k, std::integer_sequence<int, K...>) {
        if constexpr (is_kernel && std::is_same_v<typename operation::tangent_rule, derived> &&
                      !has_adjoint<decltype(operation::function)>)
            return ((k == K && only_adds_to<K>(numbers{})) || ...);
        else
            return false;
    }

    /// Whether scalars must be read by the kernel: they differ over the batch, or lie on a device.
    static bool lifts(const operation_call& call) {
        if (call.batch_rank != 0) return true;
        if constexpr (std::is_same_v<Device, device::cuda>)
            for (int k = 0; k < count; ++k)
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

    template <int K> static element_of<K> scalar(const operation_call& call) {
        const call_operand& o = call.primals[K];
        return to_scalar<element_of<K>>(call, K, o.is_array() ? read_number(call, K, *o.desc) : o.scalar);
    }
    template <int K> static auto argument(const operation_call& call) {
        if constexpr (is_scalar<K>)
            return scalar<K>(call);
        else
            return to_array<seen<K>, parameter<K>::rank, Device>(call, K, call.primals[K]);
    }

    // -- Lifted: every array has the batch in front, and scalars are arrays too ---------------------------

    /// A scalar in memory, if it is not there already.
    template <int K> struct scalar_holder {
        using E = element_of<K>;
        using memory = typename operation_memory<Device>::template holder<E>;
        const bool held;
        memory m;
        scalar_holder(const operation_call& call, const launch_options& options)
            : held(!call.primals[K].is_array() || call.primals[K].desc->dtype != dtype_of<E> ||
                   (std::is_same_v<Device, device::cuda> && call.primals[K].desc->rank == 0 &&
                    call.primals[K].desc->device == device_kind::host)),
              m(held, held && !is_far(call) ? scalar<K>(call) : E{}, options) {
            if (held && is_far(call))
                operation_memory<Device>::convert(options, *call.primals[K].desc, m.data());
        }
        array<const E, 1, Device> get(const operation_call& call, const batch_position& where) {
            if (held) return array_over<const E, 1, Device>(m.data(), shape<1>(where.plan.inner), call);
            return to_array<const E, 0, Device, 1>(call, K, call.primals[K], where);
        }

    private:
        static bool is_far(const operation_call& call) {
            return call.primals[K].is_array() && call.primals[K].desc->device == device_kind::cuda;
        }
    };
    struct nothing_held {
        nothing_held(const operation_call&, const launch_options&) noexcept {}
    };
    template <int K>
    using holder = std::conditional_t<role<K> == parameter_role::value, scalar_holder<K>, nothing_held>;

    template <int K>
    static auto lifted(const operation_call& call, const batch_position& where, holder<K>& held) {
        if constexpr (role<K> == parameter_role::static_value)
            return scalar<K>(call);
        else if constexpr (role<K> == parameter_role::value)
            return held.get(call, where);
        else
            return to_array<seen<K>, parameter<K>::rank, Device, 1>(call, K, call.primals[K], where,
                                                                    call.what != derivative::none);
    }
    /// Zero derivatives of an argument that has none: one zero, seen everywhere.
    template <int K> struct zero_holder {
        using E = element_of<K>;
        static constexpr int N = parameter<K>::rank + 1;
        const bool held;
        typename operation_memory<Device>::template holder<E> m;
        zero_holder(const operation_call& call, const launch_options& options)
            : held(!call.tangents || !call.tangents[K].is_array()), m(held, E{}, options) {}
        array<seen<K>, N, Device> get(const operation_call& call, const batch_position& where,
                                      const shape<N>& extents) {
            if (held) {
                if constexpr (is_output<K>)
                    if (call.what == derivative::tangent)
                        refuse_argument(call.description, K, reason::value, "a tangent to write", "none",
                                        "pass an array for the tangents of every output");
                return array_over<seen<K>, N, Device>(m.data(), extents, call);
            }
            return to_array<seen<K>, N - 1, Device, 1>(call, K, call.tangents[K], where, true);
        }
    };
    template <int K> using tangent_holder = std::conditional_t<active<K>, zero_holder<K>, nothing_held>;

    /// An argument with its tangent.
    template <int K>
    static auto dual(const operation_call& call, const batch_position& where, holder<K>& held,
                     tangent_holder<K>& zero) {
        auto x = lifted<K>(call, where, held);
        if constexpr (!active<K>)
            return x;
        else if constexpr (is_scalar<K>) {
            using E = element_of<K>;
            array<const E, 1, Device> t = zero.get(call, where, x.extents());
            return with_tangent(x, t);
        } else {
            return with_tangent(x, zero.get(call, where, x.extents()));
        }
    }
    /// The gradient of an argument, or none.
    template <int K>
    static auto gradient(const operation_call& call, const call_operand* group, const batch_position& where) {
        using E = element_of<K>;
        constexpr int N = parameter<K>::rank;
        if (!group) return array<E, N + 1, Device>{};
        return to_array<E, N, Device, 1>(call, K, group[K], where, true);
    }

    /// Makes all elements of an operand zero: at once where they lie without gaps, else batch by batch.
    template <int K>
    static void clear(const operation_call& call, const call_operand& o, const launch_options& options) {
        using E = element_of<K>;
        if (!o.is_array()) return;
        const tensor_desc& t = *o.desc;
        const bool in_bytes = t.stride_unit == stride_unit::bytes;
        int64_t count = 1;
        bool gaps = t.byte_offset != 0 || (t.device != device_kind::host && t.device != device_kind::cuda);
        for (int axis = t.rank - 1; axis >= 0; --axis) {
            if (t.extents[axis] == 0) return;
            const int64_t step = in_bytes ? count * static_cast<int64_t>(sizeof(scalar_t<E>)) : count;
            gaps = gaps || (t.strides && t.extents[axis] != 1 && t.strides[axis] != step);
            count *= t.extents[axis];
        }
        if (!gaps) {
            operation_memory<Device>::clear(
                options,
                array_over<E, 1, Device>(static_cast<E*>(t.data), shape<1>(count / element_traits<E>::count),
                                         call, shape<1>(1)));
            return;
        }
        const batch_plan plan = plan_batch(call, true);
        batch_position where{plan};
        do
            operation_memory<Device>::clear(
                options, to_array<E, parameter<K>::rank, Device, 0>(call, K, o, where, true));
        while (where.next());
    }
    /// Outputs that begin as zeros.
    template <int K>
    static void clear_output(const operation_call& call, const call_operand* group,
                             const launch_options& options) {
        if constexpr (slot<K>(Op.parameters).is_zeroed) clear<K>(call, group[K], options);
    }
    /// Gradients that the adjoint adds to: the caller's memory may hold anything.
    template <int K>
    static void clear_gradient(const operation_call& call, const call_operand* group,
                               const launch_options& options) {
        if constexpr (active<K> && (role<K> == parameter_role::in || role<K> == parameter_role::value))
            clear<K>(call, group[K], options);
    }

    /// The gradients of a batch of none: those of what has no batch axis are zero.
    template <int... K>
    static void clear_gradients(const operation_call& call, const launch_options& options,
                                std::integer_sequence<int, K...>) {
        (clear_gradient<K>(call, call.cotangents, options), ...);
        if (call.cotangent_tangents) (clear_gradient<K>(call, call.cotangent_tangents, options), ...);
    }

    template <int... K>
    static void forward(const operation_call& call, const launch_options& options,
                        std::integer_sequence<int, K...>) {
        (clear_output<K>(call, call.primals, options), ...);
        if constexpr (is_callback) {
            operation::function(callback_call(call, options));
        } else if constexpr (!is_kernel) {
            const batch_plan plan = plan_batch(call, true);
            batch_position where{plan};
            do operation::function(options, part_of<K>(call, where)...);
            while (where.next());
        } else {
            if (!lifts(call)) [[likely]] {
                launch<operation::function>(options, launch_extents(call), argument<K>(call)...);
                return;
            }
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<K>...> held{{holder<K>(call, options)}...};
            do
                launch(options, with_batch(launch_extents(call), plan.inner),
                       batched_t<operation::function, part<K>...>{},
                       lifted<K>(call, where, own_slot<K>(held))...);
            while (where.next());
        }
    }
    template <int K, class P> static P& own_slot(parameter_slot<K, P>& s) noexcept { return s.parameter; }

    /// A number where the loops of a batch are, for a host function.
    template <int K>
    static element_of<K> scalar_part(const operation_call& call, const call_operand& o,
                                     const batch_position& where) {
        if (!o.is_array()) return to_scalar<element_of<K>>(call, K, o.scalar);
        if (o.desc->device == device_kind::cuda)
            refuse_argument(call.description, K, reason::buffer,
                            "a number on the host, since a host function gets it",
                            "one in memory of the device", "pass a Python number, or x.item()");
        tensor_desc part = *o.desc;
        if (const int64_t offset = where.offset(o))
            part.data = static_cast<char*>(part.data) +
                        offset * (part.stride_unit == stride_unit::bytes ? 1 : part.dtype.bytes());
        return to_scalar<element_of<K>>(call, K, read_number(call, K, part));
    }
    /// An argument of a host function.
    template <int K> static auto part_of(const operation_call& call, const batch_position& where) {
        if constexpr (is_scalar<K>)
            return scalar_part<K>(call, call.primals[K], where);
        else
            return to_array<seen<K>, parameter<K>::rank, Device, 0>(call, K, call.primals[K], where,
                                                                    call.what != derivative::none);
    }

    template <int... K>
    static void run_tangent(const operation_call& call, const launch_options& options,
                            std::integer_sequence<int, K...>) {
        if constexpr (!is_kernel) {
            if constexpr (std::is_same_v<typename operation::tangent_rule, derived>) {
                refuse_derivative(call.description, "a tangent of its own", "give it one: .tangent<f>()");
            } else if constexpr (is_callback) {
                operation::tangent_rule::function(callback_call(call, options));
            } else {
                const batch_plan plan = plan_batch(call, true);
                batch_position where{plan};
                do
                    operation::tangent_rule::function(options, part_of<K>(call, where)...,
                                                      tangent_part<K>(call, where)...);
                while (where.next());
            }
        } else {
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<K>...> held{{holder<K>(call, options)}...};
            parameter_list<numbers, tangent_holder<K>...> zeros{{tangent_holder<K>(call, options)}...};
            const shape<R + 1> extents = with_batch(launch_extents(call), plan.inner);
            (clear_output<K>(call, call.primals, options), ...);
            (clear_output<K>(call, call.tangents, options), ...);
            do {
                if constexpr (std::is_same_v<typename operation::tangent_rule, derived>)
                    launch_tangent(options, extents, batched_kernel<operation::function, part<K>...>{},
                                   dual<K>(call, where, own_slot<K>(held), own_slot<K>(zeros))...);
                else
                    launch(options, extents,
                           batched_kernel<operation::tangent_rule::function, part<K>..., part<K>...>{},
                           lifted<K>(call, where, own_slot<K>(held))...,
                           only_tangent<K>(call, where, own_slot<K>(held), own_slot<K>(zeros))...);
            } while (where.next());
        }
    }
    template <int K>
    static auto only_tangent(const operation_call& call, const batch_position& where, holder<K>& held,
                             tangent_holder<K>& zero) {
        auto x = lifted<K>(call, where, held);
        if constexpr (active<K>)
            return zero.get(call, where, x.extents());
        else
            return x; // what has no derivative stands for itself
    }
    template <int K> static auto tangent_part(const operation_call& call, const batch_position& where) {
        const call_operand& t = call.tangents[K];
        if constexpr (is_scalar<K>) {
            return t.given() ? scalar_part<K>(call, t, where) : element_of<K>{};
        } else {
            if (active<K> && !t.is_array() && call.primals[K].is_array())
                refuse_argument(call.description, K, reason::value,
                                "a tangent, since a host function gets it", "none", "pass zeros");
            return to_array<seen<K>, parameter<K>::rank, Device, 0>(call, K, call.tangents[K], where, true);
        }
    }

    /// Whether the launch may leave the gradients of outputs as they are: nothing that it overwrites is read.
    template <int... K> static constexpr bool only_writes(std::integer_sequence<int, K...>) {
        return ((role<K> != parameter_role::inout) && ...);
    }
    static launch_options retaining(launch_options options) noexcept {
        options.retain = only_writes(numbers{});
        return options;
    }

    /// Memory for an output of which at most the gradient is there. Its values are not used, but each element
    /// needs an address of its own.
    template <int K> struct scratch_holder {
        typename operation_memory<Device>::template scratch<element_of<K>> memory, gradient, second;

        /// Stands in for `x` if the call has no such array. `batch` is null without one in front.
        template <class A>
        void fill_in(const operation_call& call, const launch_options& options, A& x, const int64_t* batch) {
            if constexpr (role<K> == parameter_role::out) {
                if (call.primals[K].is_array()) return;
                const parameter_description& p = call.description.parameters[K];
                shape<A::rank()> extents;
                constexpr int own = parameter<K>::rank, lead = A::rank() - own;
                if constexpr (lead == 1) extents[0] = *batch;
                for (int axis = 0; axis < own; ++axis) {
                    extents[axis + lead] = call.extents[p.extents[axis]];
                    if (extents[axis + lead] < 0) refuse_missing_extent(call, K, p.extents[axis]);
                }
                const bool cuda = std::is_same_v<Device, device::cuda>;
                x = array_access::make<A>(memory.get(extents.count(), options), extents,
                                          compact_strides(extents), {},
                                          cuda ? device_kind::cuda : device_kind::host,
                                          cuda ? call.device_id : 0, memory_kind::plain);
            }
        }
    };

    static bool meets(const operand_span& a, const operand_span& b) noexcept {
        return a.begin < b.end && b.begin < a.end;
    }
    /// Whether the gradient of an output has memory that no such gradient before it has. (PyTorch hands one
    /// tensor to both outputs of a sum.)
    static bool is_first(const operation_call& call, const call_operand& o) noexcept {
        const operand_span own = span_of(o);
        for (const call_operand* group : {call.cotangents, call.cotangent_tangents})
            for (int k = 0; group && k < count; ++k) {
                if (group + k == &o) return true;
                if (call.description.parameters[k].is_output() && group[k].is_array() &&
                    meets(own, span_of(group[k])))
                    return false;
            }
        return true;
    }
    /// Whether nothing else in the call lies where this operand does.
    static bool is_alone(const operation_call& call, const call_operand& o) noexcept {
        const operand_span own = span_of(o);
        bool alone = true;
        each_operand_of(call, [&](const call_operand& other) {
            alone = alone && (&other == &o || !meets(own, span_of(other)));
        });
        return alone;
    }
    /// The gradient of an output for a launch, which takes it from its memory and may put it back: where
    /// elements of it are one (what a sum hands back, a gradient without the batch), or those of another
    /// output, that is a copy.
    template <int K, int N, class Scratch>
    static auto own_gradient(const operation_call& call, const launch_options& options, const call_operand& o,
                             const array<element_of<K>, N, Device>& g, Scratch& scratch) {
        using E = element_of<K>;
        if constexpr (is_output<K>)
            if (!launching::elements_apart(g) || !is_first(call, o)) {
                if (role<K> == parameter_role::inout)
                    refuse_argument(
                        call.description, K, reason::value,
                        "a gradient with memory of its own for each element, since it is overwritten",
                        "one that shares memory", "pass a compact copy");
                const auto own = array_access::make<array<E, N, Device>>(
                    scratch.get(N == 0 ? 1 : g.size(), options), g.extents(), compact_strides(g.extents()),
                    {}, g.device(), g.device_id(), g.memory());
                if constexpr (N == 0)
                    launch<copy_elements>(options, 1,
                                          array_over<const E, 1, Device>(g.data_handle(), shape<1>(1), call),
                                          array_over<E, 1, Device>(own.data_handle(), shape<1>(1), call));
                else
                    launch<copy_elements>(options, g.extents(), array<const E, N, Device>(g), own);
                return own;
            }
        return g;
    }
    /// Gives an argument its gradient. An output of which only that is there gets its addresses from it:
    /// values of outputs are not read, but each element needs an address that no other has.
    template <int K, int N, class A>
    static void give_gradient(const operation_call& call, const launch_options& options, A& x,
                              const array<element_of<K>, N, Device>& given, scratch_holder<K>& scratch,
                              const int64_t* batch) {
        const call_operand& o = call.cotangents[K];
        const auto g = own_gradient<K>(call, options, o, given, scratch.gradient);
        if constexpr (role<K> == parameter_role::out) {
            if (!call.primals[K].is_array() && (g.data_handle() != given.data_handle() || is_alone(call, o)))
                x = array_access::make<A>(g.data_handle(), g.extents(), g.strides(), {}, g.device(),
                                          g.device_id(), g.memory());
            else
                scratch.fill_in(call, options, x, batch);
        }
        x.set_grad(g);
    }

    template <bool Scalars, int K>
    static auto adjoint_argument(const operation_call& call, const launch_options& options,
                                 scratch_holder<K>& scratch) {
        using E = element_of<K>;
        const call_operand& g = call.cotangents[K];
        if constexpr (is_scalar<K>) {
            if constexpr (Scalars && active<K>)
                return with_grad(scalar<K>(call),
                                 g.is_array()
                                     ? to_array<E, 0, Device>(call, K, g)
                                     : array_over<E, 0, Device>(scratch.memory.get(1, options), {}, call));
            else
                return scalar<K>(call);
        } else {
            auto x = to_array<seen<K>, parameter<K>::rank, Device>(call, K, call.primals[K], true);
            if constexpr (active<K>)
                if (g.is_array()) {
                    give_gradient<K>(call, options, x,
                                     to_array<E, parameter<K>::rank, Device>(call, K, g, true), scratch,
                                     nullptr);
                    return x;
                }
            scratch.fill_in(call, options, x, nullptr);
            return x;
        }
    }
    /// Writes gradients where items have them for themselves, otherwise clears them and adds.
    template <int... K, class... A>
    static void adjoint_with(const operation_call& call, const launch_options& options,
                             const A&... arguments) {
        using named = launching::named<operation::function>;
        const auto clear_all = [&](bool only_scalars) {
            ((is_scalar<K> == only_scalars ? clear_gradient<K>(call, call.cotangents, options) : void()),
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
    template <int K>
    static auto lifted_adjoint(const operation_call& call, const launch_options& options,
                               const batch_position& where, holder<K>& held, scratch_holder<K>& scratch) {
        auto x = lifted<K>(call, where, held);
        if constexpr (active<K>)
            if (call.cotangents[K].is_array()) {
                give_gradient<K>(call, options, x, gradient<K>(call, call.cotangents, where), scratch,
                                 &where.plan.inner);
                return x;
            }
        if constexpr (parameter<K>::is_array) scratch.fill_in(call, options, x, &where.plan.inner);
        return x;
    }

    template <int... K>
    static void run_adjoint(const operation_call& call, const launch_options& options,
                            std::integer_sequence<int, K...>) {
        parameter_list<numbers, scratch_holder<K>...> scratch;
        if constexpr (!is_kernel) {
            if constexpr (std::is_same_v<typename operation::adjoint_rule, derived>) {
                refuse_derivative(call.description, "an adjoint of its own", "give it one: .adjoint<f>()");
            } else if constexpr (is_callback) {
                (clear_gradient<K>(call, call.cotangents, options), ...);
                operation::adjoint_rule::function(callback_call(call, options));
            } else {
                (clear_gradient<K>(call, call.cotangents, options), ...);
                const batch_plan plan = plan_batch(call, true);
                batch_position where{plan};
                do
                    operation::adjoint_rule::function(
                        options, host_adjoint<K>(call, options, where, own_slot<K>(scratch))...);
                while (where.next());
            }
        } else {
            if (!lifts(call)) [[likely]] {
                constexpr bool has_scalars = ((is_scalar<K> && active<K>) || ...);
                const bool scalars = ((is_scalar<K> && call.cotangents[K].is_array()) || ...);
                if constexpr (has_scalars)
                    if (scalars)
                        return adjoint_with<K...>(
                            call, options, adjoint_argument<true, K>(call, options, own_slot<K>(scratch))...);
                adjoint_with<K...>(call, options,
                                   adjoint_argument<false, K>(call, options, own_slot<K>(scratch))...);
                return;
            }
            (clear_gradient<K>(call, call.cotangents, options), ...);
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<K>...> held{{holder<K>(call, options)}...};
            do
                launch_adjoint(
                    options, with_batch(launch_extents(call), plan.inner),
                    batched_t<operation::function, part<K>...>{},
                    lifted_adjoint<K>(call, options, where, own_slot<K>(held), own_slot<K>(scratch))...);
            while (where.next());
        }
    }
    /// An argument of a host function's adjoint: arrays carry their gradients, scalars too.
    template <int K>
    static auto host_adjoint(const operation_call& call, const launch_options& options,
                             const batch_position& where, scratch_holder<K>& scratch) {
        auto x = part_of<K>(call, where);
        const call_operand& g = call.cotangents[K];
        if constexpr (!active<K>)
            return x;
        else if constexpr (is_scalar<K>)
            return scalar_with_grad<element_of<K>, Device>{
                x, g.is_array()
                       ? to_array<element_of<K>, 0, Device, 0>(call, K, g, where, true)
                       : array_over<element_of<K>, 0, Device>(scratch.memory.get(1, options), {}, call)};
        else {
            if (g.is_array())
                give_gradient<K>(
                    call, options, x,
                    to_array<element_of<K>, parameter<K>::rank, Device, 0>(call, K, g, where, true), scratch,
                    nullptr);
            else
                scratch.fill_in(call, options, x, nullptr);
            return x;
        }
    }

    template <int K>
    static auto second_argument(const operation_call& call, const launch_options& options,
                                const batch_position& where, holder<K>& held, tangent_holder<K>& zero,
                                scratch_holder<K>& scratch) {
        auto x = lifted<K>(call, where, held);
        if constexpr (!active<K>)
            return x;
        else {
            if (call.cotangents[K].is_array())
                give_gradient<K>(call, options, x, gradient<K>(call, call.cotangents, where), scratch,
                                 &where.plan.inner);
            else if constexpr (parameter<K>::is_array)
                scratch.fill_in(call, options, x, &where.plan.inner);
            array<seen_or_const<K>, parameter<K>::rank + 1, Device> t = zero.get(call, where, x.extents());
            if (call.cotangent_tangents[K].is_array())
                t.set_grad(own_gradient<K>(call, options, call.cotangent_tangents[K],
                                           gradient<K>(call, call.cotangent_tangents, where),
                                           scratch.second));
            return with_tangent(x, t);
        }
    }
    template <int K> using seen_or_const = std::conditional_t<is_scalar<K>, const element_of<K>, seen<K>>;

    template <int... K>
    static void run_second(const operation_call& call, const launch_options& options,
                           std::integer_sequence<int, K...>) {
        constexpr bool possible = is_kernel && std::is_same_v<typename operation::tangent_rule, derived> &&
                                  !has_adjoint<decltype(operation::function)>;
        if constexpr (!possible) {
            refuse_derivative(call.description, "second derivatives",
                              "they are derived from kernels without derivatives of their own");
        } else {
            parameter_list<numbers, scratch_holder<K>...> scratch;
            (clear_gradient<K>(call, call.cotangents, options), ...);
            (clear_gradient<K>(call, call.cotangent_tangents, options), ...);
            const batch_plan plan = plan_batch(call, false);
            batch_position where{plan};
            parameter_list<numbers, holder<K>...> held{{holder<K>(call, options)}...};
            parameter_list<numbers, tangent_holder<K>...> zeros{{tangent_holder<K>(call, options)}...};
            do
                launch_adjoint(options, with_batch(launch_extents(call), plan.inner),
                               batched_kernel<operation::function, part<K>...>{},
                               second_argument<K>(call, options, where, own_slot<K>(held), own_slot<K>(zeros),
                                                  own_slot<K>(scratch))...);
            while (where.next());
        }
    }
};

} // namespace detail
} // namespace warpx
