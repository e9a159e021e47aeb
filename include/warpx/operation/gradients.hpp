// SPDX-License-Identifier: Apache-2.0
// gradients.hpp: what adjoint launches get for the operands of a call: arrays with gradients, memory for what
// is not there.
#pragma once

#include "../adjoint.hpp"
#include "operands.hpp"
#include "overlap.hpp"

namespace warpx {
namespace detail {

namespace running {

/// Makes all elements of an operand zero: at once where they lie without gaps, else batch by batch.
template <class X, int K>
void clear(const operation_call& call, const call_operand& o, const launch_options& options) {
    using E = element_of<X, K>;
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
        operation_memory<device_of<X>>::clear(
            options,
            array_over<E, 1, device_of<X>>(static_cast<E*>(t.data),
                                           shape<1>(count / element_traits<E>::count), call, shape<1>(1)));
        return;
    }
    const batch_plan plan = plan_batch(call, true);
    batch_position where{plan};
    do
        operation_memory<device_of<X>>::clear(
            options, to_array<E, parameter<X, K>::rank, device_of<X>, 0>(call, K, o, where, true));
    while (where.next());
}
/// Outputs that begin as zeros.
template <class X, int K>
void clear_output(const operation_call& call, const call_operand* group, const launch_options& options) {
    if constexpr (X::template is_zeroed<K>) clear<X, K>(call, group[K], options);
}
/// Gradients that the adjoint adds to: the caller's memory may hold anything.
template <class X, int K>
void clear_gradient(const operation_call& call, const call_operand* group, const launch_options& options) {
    if constexpr (active<X, K> && (role<X, K> == parameter_role::in || role<X, K> == parameter_role::value))
        clear<X, K>(call, group[K], options);
}

/// The gradient of an argument, or none.
template <class X, int K>
auto gradient(const operation_call& call, const call_operand* group, const batch_position& where) {
    using E = element_of<X, K>;
    constexpr int N = parameter<X, K>::rank;
    if (!group) return array<E, N + 1, device_of<X>>{};
    return to_array<E, N, device_of<X>, 1>(call, K, group[K], where, true);
}

/// Memory for an output of which at most the gradient is there. Its values are not used, but each element
/// needs an address of its own.
template <class X, int K> struct scratch_holder {
    typename operation_memory<device_of<X>>::template scratch<element_of<X, K>> memory, gradient, second;

    /// Stands in for `x` if the call has no such array. `batch` is null without one in front.
    template <class A>
    void fill_in(const operation_call& call, const launch_options& options, A& x, const int64_t* batch) {
        if constexpr (role<X, K> == parameter_role::out) {
            if (call.primals[K].is_array()) return;
            const parameter_description& p = call.description.parameters[K];
            shape<A::rank()> extents;
            constexpr int own = parameter<X, K>::rank, lead = A::rank() - own;
            if constexpr (lead == 1) extents[0] = *batch;
            for (int axis = 0; axis < own; ++axis) {
                extents[axis + lead] = call.extents[p.extents[axis]];
                if (extents[axis + lead] < 0) refuse_missing_extent(call, K, p.extents[axis]);
            }
            const bool cuda = std::is_same_v<device_of<X>, device::cuda>;
            x = array_access::make<A>(memory.get(extents.count(), options), extents, compact_strides(extents),
                                      {}, cuda ? device_kind::cuda : device_kind::host,
                                      cuda ? call.device_id : 0, memory_kind::plain);
        }
    }
};

inline bool meets(const operand_span& a, const operand_span& b) noexcept {
    return a.begin < b.end && b.begin < a.end;
}
/// Whether the gradient of an output has memory that no such gradient before it has. (PyTorch hands one
/// tensor to both outputs of a sum.)
inline bool is_first(const operation_call& call, const call_operand& o) noexcept {
    const operand_span own = span_of(o);
    for (const call_operand* group : {call.cotangents, call.cotangent_tangents})
        for (int k = 0; group && k < call.count(); ++k) {
            if (group + k == &o) return true;
            if (call.description.parameters[k].is_output() && group[k].is_array() &&
                meets(own, span_of(group[k])))
                return false;
        }
    return true;
}
/// Whether nothing else in the call lies where this operand does.
inline bool is_alone(const operation_call& call, const call_operand& o) noexcept {
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
template <class X, int K, int N, class Scratch>
auto own_gradient(const operation_call& call, const launch_options& options, const call_operand& o,
                  const array<element_of<X, K>, N, device_of<X>>& g, Scratch& scratch) {
    using E = element_of<X, K>;
    if constexpr (is_output<X, K>)
        if (!launching::elements_apart(g) || !is_first(call, o)) {
            if (role<X, K> == parameter_role::inout)
                refuse_argument(call.description, K, reason::value,
                                "a gradient with memory of its own for each element, since it is overwritten",
                                "one that shares memory", "pass a compact copy");
            const auto own = array_access::make<array<E, N, device_of<X>>>(
                scratch.get(N == 0 ? 1 : g.size(), options), g.extents(), compact_strides(g.extents()), {},
                g.device(), g.device_id(), g.memory());
            if constexpr (N == 0)
                launch<copy_elements>(
                    options, 1, array_over<const E, 1, device_of<X>>(g.data_handle(), shape<1>(1), call),
                    array_over<E, 1, device_of<X>>(own.data_handle(), shape<1>(1), call));
            else
                launch<copy_elements>(options, g.extents(), array<const E, N, device_of<X>>(g), own);
            return own;
        }
    return g;
}
/// Gives an argument its gradient. An output of which only that is there gets its addresses from it:
/// values of outputs are not read, but each element needs an address that no other has.
template <class X, int K, int N, class A>
void give_gradient(const operation_call& call, const launch_options& options, A& x,
                   const array<element_of<X, K>, N, device_of<X>>& given, scratch_holder<X, K>& scratch,
                   const int64_t* batch) {
    const call_operand& o = call.cotangents[K];
    const auto g = own_gradient<X, K>(call, options, o, given, scratch.gradient);
    if constexpr (role<X, K> == parameter_role::out) {
        if (!call.primals[K].is_array() && (g.data_handle() != given.data_handle() || is_alone(call, o)))
            x = array_access::make<A>(g.data_handle(), g.extents(), g.strides(), {}, g.device(),
                                      g.device_id(), g.memory());
        else
            scratch.fill_in(call, options, x, batch);
    }
    x.set_grad(g);
}

template <class X, bool Scalars, int K>
auto adjoint_argument(const operation_call& call, const launch_options& options,
                      scratch_holder<X, K>& scratch) {
    using E = element_of<X, K>;
    const call_operand& g = call.cotangents[K];
    if constexpr (is_scalar<X, K>) {
        if constexpr (Scalars && active<X, K>)
            return with_grad(scalar<X, K>(call),
                             g.is_array()
                                 ? to_array<E, 0, device_of<X>>(call, K, g)
                                 : array_over<E, 0, device_of<X>>(scratch.memory.get(1, options), {}, call));
        else
            return scalar<X, K>(call);
    } else {
        auto x = to_array<seen<X, K>, parameter<X, K>::rank, device_of<X>>(call, K, call.primals[K], true);
        if constexpr (active<X, K>)
            if (g.is_array()) {
                give_gradient<X, K>(call, options, x,
                                    to_array<E, parameter<X, K>::rank, device_of<X>>(call, K, g, true),
                                    scratch, nullptr);
                return x;
            }
        scratch.fill_in(call, options, x, nullptr);
        return x;
    }
}

template <class X, int K>
auto lifted_adjoint(const operation_call& call, const launch_options& options, const batch_position& where,
                    holder<X, K>& held, scratch_holder<X, K>& scratch) {
    auto x = lifted<X, K>(call, where, held);
    if constexpr (active<X, K>)
        if (call.cotangents[K].is_array()) {
            give_gradient<X, K>(call, options, x, gradient<X, K>(call, call.cotangents, where), scratch,
                                &where.plan.inner);
            return x;
        }
    if constexpr (parameter<X, K>::is_array) scratch.fill_in(call, options, x, &where.plan.inner);
    return x;
}

/// An argument of a host function's adjoint: arrays carry their gradients, scalars too.
template <class X, int K>
auto host_adjoint(const operation_call& call, const launch_options& options, const batch_position& where,
                  scratch_holder<X, K>& scratch) {
    auto x = part_of<X, K>(call, where);
    const call_operand& g = call.cotangents[K];
    if constexpr (!active<X, K>)
        return x;
    else if constexpr (is_scalar<X, K>)
        return scalar_with_grad<element_of<X, K>, device_of<X>>{
            x, g.is_array()
                   ? to_array<element_of<X, K>, 0, device_of<X>, 0>(call, K, g, where, true)
                   : array_over<element_of<X, K>, 0, device_of<X>>(scratch.memory.get(1, options), {}, call)};
    else {
        if (g.is_array())
            give_gradient<X, K>(
                call, options, x,
                to_array<element_of<X, K>, parameter<X, K>::rank, device_of<X>, 0>(call, K, g, where, true),
                scratch, nullptr);
        else
            scratch.fill_in(call, options, x, nullptr);
        return x;
    }
}

template <class X, int K>
auto second_argument(const operation_call& call, const launch_options& options, const batch_position& where,
                     holder<X, K>& held, tangent_holder<X, K>& zero, scratch_holder<X, K>& scratch) {
    auto x = lifted<X, K>(call, where, held);
    if constexpr (!active<X, K>)
        return x;
    else {
        if (call.cotangents[K].is_array())
            give_gradient<X, K>(call, options, x, gradient<X, K>(call, call.cotangents, where), scratch,
                                &where.plan.inner);
        else if constexpr (parameter<X, K>::is_array)
            scratch.fill_in(call, options, x, &where.plan.inner);
        decltype(x) t = zero.get(call, where, x.extents());
        if (call.cotangent_tangents[K].is_array())
            t.set_grad(own_gradient<X, K>(call, options, call.cotangent_tangents[K],
                                          gradient<X, K>(call, call.cotangent_tangents, where),
                                          scratch.second));
        return with_tangent(x, t);
    }
}

} // namespace running
} // namespace detail
} // namespace warpx
