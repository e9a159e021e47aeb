// SPDX-License-Identifier: Apache-2.0
// batch_plan.hpp: how the batch of a call is launched, and the arrays that each launch gets.
#pragma once

#include "../array.hpp"
#include "resolve.hpp"

namespace warpx {
namespace detail {

/// How the batch of a call is launched: neighbouring axes that every operand walks alike become one; the last
/// that remains is an axis of the launch, the others are loops around it. Host functions get loops only.
struct batch_plan {
    int loops = 0;
    int64_t extents[operation_call::most_batch_axes + 1] = {};
    int axis[operation_call::most_batch_axes + 1] = {}; // the axis of the call whose stride a loop has
    int64_t inner = 1;                                  // extent of the launch's axis
    int inner_axis = -1;                                // -1: there is no batch
};
template <class F> void each_operand_of(const operation_call& call, const F& f) {
    for (int k = 0; k < call.count(); ++k) {
        if (call.primals[k].is_array()) f(call.primals[k]);
        for (const call_operand* group : {call.tangents, call.cotangents, call.cotangent_tangents})
            if (group && group[k].is_array()) f(group[k]);
    }
}
inline batch_plan plan_batch(const operation_call& call, bool loops_only) {
    batch_plan plan;
    int groups = 0;
    for (int axis = 0; axis < call.batch_rank; ++axis) {
        if (call.batch[axis] == 1) continue;
        bool merges = groups > 0;
        if (merges)
            each_operand_of(call, [&](const call_operand& o) {
                merges = merges &&
                         o.batch_strides[plan.axis[groups - 1]] == o.batch_strides[axis] * call.batch[axis];
            });
        if (merges) {
            plan.extents[groups - 1] *= call.batch[axis];
            plan.axis[groups - 1] = axis;
        } else {
            plan.extents[groups] = call.batch[axis];
            plan.axis[groups++] = axis;
        }
    }
    plan.loops = loops_only || groups == 0 ? groups : groups - 1;
    if (plan.loops < groups) {
        plan.inner = plan.extents[groups - 1];
        plan.inner_axis = plan.axis[groups - 1];
    }
    return plan;
}

/// Where the loops of a batch are.
struct batch_position {
    const batch_plan& plan;
    int64_t at[operation_call::most_batch_axes] = {};

    int64_t offset(const call_operand& o) const noexcept {
        int64_t offset = 0;
        for (int g = 0; g < plan.loops; ++g) offset += at[g] * o.batch_strides[plan.axis[g]];
        return offset;
    }
    bool next() noexcept {
        for (int g = plan.loops - 1; g >= 0; --g) {
            if (++at[g] < plan.extents[g]) return true;
            at[g] = 0;
        }
        return false;
    }
};
inline bool is_empty_batch(const operation_call& call) noexcept {
    for (int k = 0; k < call.batch_rank; ++k)
        if (call.batch[k] == 0) return true;
    return false;
}

/// Whether an operand whose rank, type, extents and device were compared has nothing left that the gate could
/// refuse: compact, aligned, there. Most have, and calls of few elements are quick then.
template <class T, int N> bool is_plain(const tensor_desc& t) noexcept {
    using traits = element_traits<std::remove_const_t<T>>;
    const int64_t scalar_bytes = sizeof(scalar_t<T>);
    int64_t step = t.stride_unit == stride_unit::bytes ? scalar_bytes : 1;
    bool plain = t.data != nullptr && t.byte_offset == 0 && (std::is_const_v<T> || !t.read_only) &&
                 (reinterpret_cast<uintptr_t>(t.data) & (alignof(T) - 1)) == 0 &&
                 (t.device == device_kind::host || t.device == device_kind::cuda);
    for (int axis = N + traits::rank - 1; axis >= 0; --axis) {
        plain =
            plain && t.extents[axis] > 0 && (!t.strides || t.strides[axis] == step || t.extents[axis] == 1);
        plain = !__builtin_mul_overflow(step, t.extents[axis], &step) && plain;
    }
    return plain;
}

/// An array of rank N from an operand without batch axes.
template <class T, int N, class Device>
array<T, N, Device> to_array(const operation_call& call, int parameter, const call_operand& o,
                             bool accumulate = false) {
    if (!o.is_array()) return {};
    if (is_plain<T, N>(*o.desc) && o.desc->dtype == element_dtype<T> &&
        (o.desc->device == device_kind::cuda) == std::is_same_v<Device, device::cuda>) [[likely]] {
        shape<N> extents;
        for (int axis = 0; axis < N; ++axis) extents[axis] = o.desc->extents[axis];
        return array_access::make<array<T, N, Device>>(
            static_cast<T*>(o.desc->data), extents, compact_strides(extents), {}, o.desc->device,
            std::is_same_v<Device, device::cuda> ? o.desc->device_id : 0, memory_kind::plain);
    }
    bind_options<N> options;
    options.name = call.description.parameters[parameter].name;
    options.accumulate_only = accumulate;
    return bind<T, N, Device>(*o.desc, {}, options);
}
/// The part of an operand where the loops of a batch are; with `Lead`, one more axis in front: the batch of
/// one launch.
template <class T, int N, class Device, int Lead>
array<T, N + Lead, Device> to_array(const operation_call& call, int parameter, const call_operand& o,
                                    const batch_position& where, bool accumulate = false) {
    if (!o.is_array()) return {};
    bind_options<N + Lead> options;
    options.name = call.description.parameters[parameter].name;
    options.accumulate_only = accumulate;
    constexpr int own = N + element_traits<std::remove_const_t<T>>::rank;
    int64_t extents[own + 1], strides[own + 1], compact[call_operand::most_axes];
    tensor_desc desc = *o.desc;
    const int64_t* given = desc.strides;
    if (!given) { // only without a batch
        int64_t step = 1;
        for (int axis = own - 1; axis >= 0; --axis) {
            compact[axis] = step;
            step *= desc.extents[axis];
        }
        given = compact;
        desc.stride_unit = stride_unit::elements;
    }
    const int drop = desc.rank - own;
    if constexpr (Lead == 1) {
        extents[0] = where.plan.inner;
        strides[0] = where.plan.inner_axis < 0 ? 0 : o.batch_strides[where.plan.inner_axis];
    }
    for (int axis = 0; axis < own; ++axis) {
        extents[axis + Lead] = desc.extents[drop + axis];
        strides[axis + Lead] = given[drop + axis];
    }
    desc.rank = own + Lead;
    desc.extents = extents;
    desc.strides = strides;
    if (const int64_t offset = where.offset(o))
        desc.data = static_cast<char*>(desc.data) +
                    offset * (desc.stride_unit == stride_unit::bytes ? 1 : desc.dtype.bytes());
    return bind<T, N + Lead, Device>(desc, {}, options);
}

} // namespace detail
} // namespace warpx
