// SPDX-License-Identifier: Apache-2.0
// resolve.hpp: the types, extents, batches and device of a call, from its arguments: what does not fit is
// refused by name. Free of templates: one function for every operation and framework.
#pragma once

#include "call.hpp"

namespace warpx {
namespace detail {

/// `first`: the argument that chose the type; -1: none did, or `dtype=`.
WARPX_COLD [[noreturn]] inline void refuse_type(const operation_call& call, int parameter, dtype got,
                                                int first, bool asked = false) {
    const operation_description& d = call.description;
    const parameter_description& p = d.parameters[parameter];
    std::string expected = types_text(d, p);
    if (first >= 0)
        expected = to_string(d.type_of(p, call.chosen)) + ", as '" + d.parameters[first].name + "' has";
    else if (asked)
        expected = to_string(d.type_of(p, call.chosen)) + ", as dtype= says";
    refuse_argument(d, parameter, reason::type, expected, to_string(got),
                    first >= 0 ? "convert one of the two: nothing is converted silently"
                               : "convert it first: nothing is converted silently");
}

/// Chooses a type for each set, by the first array that has it, and compares the others.
WARPX_INLINE void resolve_types(const operation_description& d, operation_call& call, const int* asked) {
    int chosen_by[operation_description::most_sets];
    for (int s = 0; s < d.set_count; ++s) {
        call.chosen[s] = asked ? asked[s] : -1;
        chosen_by[s] = -1;
    }
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        const parameter_description& p = d.parameters[k];
        if (!p.is_array()) continue; // scalars are converted
        const call_operand& o = call.primals[k];
        if (!o.is_array()) continue;
        dtype type = o.desc->dtype;
        if (type == opaque_dtype(2)) type = {dtype_code::bfloat, 16}; // NumPy's bfloat16
        if (p.set < 0) {
            if (type != p.type) [[unlikely]]
                refuse_type(call, k, o.desc->dtype, -1);
            continue;
        }
        if (call.chosen[p.set] >= 0) {
            if (type != d.type_of(p, call.chosen)) [[unlikely]]
                refuse_type(call, k, o.desc->dtype, chosen_by[p.set], true);
            continue;
        }
        int chosen[operation_description::most_sets];
        for (int t = 0; t < d.set_sizes[p.set] && call.chosen[p.set] < 0; ++t) {
            chosen[p.set] = t;
            if (d.type_of(p, chosen) == type) call.chosen[p.set] = t;
        }
        if (call.chosen[p.set] < 0) [[unlikely]]
            refuse_type(call, k, o.desc->dtype, -1);
        chosen_by[p.set] = k;
    }
    for (int s = 0; s < d.set_count; ++s)
        if (call.chosen[s] < 0) call.chosen[s] = 0; // nothing says otherwise: the first of the set
    call.variant = d.variant_of(call.chosen);
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        if (d.parameters[k].is_array() || !call.primals[k].is_array()) continue;
        if (d.parameters[k].role == parameter_role::static_value && call.primals[k].desc->rank != 0)
            [[unlikely]]
            refuse_argument(d, k, reason::value, "one number",
                            "shape " + tuple_text(call.primals[k].desc->extents, call.primals[k].desc->rank),
                            "only values have batches");
        // A number is converted; an array of them, one for each batch, is not, nor are complex ones on a
        // device.
        const tensor_desc& t = *call.primals[k].desc;
        const bool plain =
            t.rank == 0 && (t.device != device_kind::cuda ||
                            (t.dtype.code != dtype_code::complex &&
                             d.type_of(d.parameters[k], call.chosen).code != dtype_code::complex));
        if (!plain && t.dtype != d.type_of(d.parameters[k], call.chosen)) [[unlikely]] {
            int first = d.parameter_count;
            while (--first >= 0)
                if (d.parameters[first].is_array() && d.parameters[first].set == d.parameters[k].set &&
                    call.primals[first].is_array())
                    break;
            refuse_type(call, k, t.dtype, first);
        }
    }
}

/// The order in which extents are looked at, and who set them, for messages.
struct extent_sources {
    int parameter[operation_description::most_extents];
};

WARPX_COLD [[noreturn]] inline void refuse_extent(const operation_call& call, const extent_sources& sources,
                                                  int parameter, int axis, int64_t got) {
    const operation_description& d = call.description;
    const parameter_description& p = d.parameters[parameter];
    const int e = p.extents[axis];
    const extent_description& extent = d.extents[e];
    std::string expected = "shape " + axes_text(d, p);
    if (extent.name) {
        expected += std::string(" with ") + extent.name + " = " + std::to_string(call.extents[e]);
        expected += sources.parameter[e] >= 0
                        ? std::string(", as '") + d.parameters[sources.parameter[e]].name + "' has"
                        : std::string(", as the call says");
    }
    const tensor_desc* desc = call.primals[parameter].desc;
    refuse_argument(d, parameter, reason::value, expected,
                    call.primals[parameter].is_array()
                        ? "shape " + tuple_text(desc->extents, desc->rank)
                        : std::to_string(got) + " along axis " + std::to_string(axis),
                    "pass arrays whose extents agree");
}

WARPX_COLD [[noreturn]] inline void refuse_rank(const operation_call& call, int parameter,
                                                const call_operand& o) {
    const operation_description& d = call.description;
    const parameter_description& p = d.parameters[parameter];
    if (o.desc->rank > call_operand::most_axes ||
        o.desc->rank - p.rank - p.fold_rank > operation_call::most_batch_axes)
        refuse_argument(d, parameter, reason::value, "at most 8 batch axes",
                        std::to_string(o.desc->rank) + " axes", "reshape it: leading axes can be merged");
    refuse_argument(d, parameter, reason::value,
                    p.is_array() ? "shape " + axes_text(d, p) + ", or with leading batch axes" : "a number",
                    "shape " + tuple_text(o.desc->extents, o.desc->rank), "reshape it");
}

/// Strides of a description that has none.
inline void give_strides(call_operand& o) {
    if (o.desc->strides || o.desc->rank == 0) return;
    int64_t step = 1;
    for (int axis = o.desc->rank - 1; axis >= 0; --axis) {
        o.compact_strides[axis] = step;
        step *= o.desc->extents[axis] > 0 ? o.desc->extents[axis] : 1;
    }
    o.desc->strides = o.compact_strides;
    o.desc->stride_unit = stride_unit::elements;
}

/// Takes the axes of one operand: the last ones are named, those before them are a batch.
WARPX_INLINE void look_at_operand(const operation_description& d, operation_call& call,
                                  extent_sources& sources, int parameter, const call_operand& o) {
    const parameter_description& p = d.parameters[parameter];
    const int rank = p.rank + p.fold_rank, lead = o.desc->rank - rank;
    if (lead < 0 || o.desc->rank > call_operand::most_axes || lead > operation_call::most_batch_axes)
        [[unlikely]]
        refuse_rank(call, parameter, o);
    for (int axis = 0; axis < p.rank; ++axis) {
        int64_t& known = call.extents[p.extents[axis]];
        const int64_t extent = o.desc->extents[lead + axis];
        if (known < 0) {
            known = extent;
            sources.parameter[p.extents[axis]] = parameter;
        } else if (known != extent) [[unlikely]] {
            refuse_extent(call, sources, parameter, axis, extent);
        }
    }
    for (int k = 0; k < p.fold_rank; ++k)
        if (o.desc->extents[lead + p.rank + k] != p.fold[k]) [[unlikely]]
            refuse_argument(d, parameter, reason::value, "shape " + axes_text(d, p),
                            "shape " + tuple_text(o.desc->extents, o.desc->rank),
                            "its trailing axes are the components of one element");
    if (lead > call.batch_rank) call.batch_rank = lead;
}

/// Broadcasts the batch axes of one operand into those of the call, from the right, as NumPy does.
inline void broadcast_batch(operation_call& call, int parameter, const call_operand& o) {
    const parameter_description& p = call.description.parameters[parameter];
    const int lead = o.desc->rank - p.rank - p.fold_rank;
    for (int k = 0; k < lead; ++k) {
        int64_t& extent = call.batch[call.batch_rank - lead + k];
        const int64_t own = o.desc->extents[k];
        if (extent == 1)
            extent = own;
        else if (own != 1 && own != extent) [[unlikely]]
            refuse_argument(call.description, parameter, reason::value,
                            "batch axes that broadcast with " + tuple_text(call.batch, call.batch_rank),
                            "shape " + tuple_text(o.desc->extents, o.desc->rank),
                            "axes in front of " + axes_text(call.description, p) +
                                " must be equal or 1 in every argument");
    }
}

/// The strides of an operand along the batch axes of the call. `whole`: it is written, so every batch needs
/// its own part.
inline void stride_batch(operation_call& call, int parameter, call_operand& o, bool whole) {
    const parameter_description& p = call.description.parameters[parameter];
    const int lead = o.desc->rank - p.rank - p.fold_rank, missing = call.batch_rank - lead;
    give_strides(o);
    bool empty = false; // then strides mean nothing
    for (int axis = 0; axis < o.desc->rank; ++axis) empty = empty || o.desc->extents[axis] == 0;
    for (int k = 0; k < call.batch_rank; ++k) {
        const bool has = k >= missing && o.desc->extents[k - missing] != 1;
        if (whole && !has && call.batch[k] != 1) [[unlikely]]
            refuse_argument(call.description, parameter, reason::value,
                            "batch axes " + tuple_text(call.batch, call.batch_rank) +
                                ", as the other arguments have, since it is written",
                            "shape " + tuple_text(o.desc->extents, o.desc->rank),
                            "give every batch its own part: pass an array of the broadcast shape");
        o.batch_strides[k] = has ? o.desc->strides[k - missing] : 0;
        if (whole && has && o.batch_strides[k] == 0 && !empty) [[unlikely]]
            refuse_argument(call.description, parameter, reason::value,
                            "elements that do not overlap, since they are written",
                            "a batch axis of stride 0", "pass a copy");
    }
}

WARPX_COLD [[noreturn]] inline void refuse_device(const operation_call& call, int parameter,
                                                  const call_operand& o) {
    const operation_description& d = call.description;
    refuse_argument(d, parameter, reason::buffer,
                    "memory on " + to_string(call.device, call.device_id) + ", as '" +
                        d.parameters[call.device_of].name + "' has",
                    to_string(o.desc->device, o.desc->device_id), "copy one of the two");
}
/// All arrays on one device. Pinned and managed memory is on either; numbers without axes may be on the host.
WARPX_INLINE void look_at_device(const operation_description& d, operation_call& call, int parameter,
                                 const call_operand& o) {
    device_kind kind = o.desc->device;
    if (kind == device_kind::cuda_pinned || kind == device_kind::cuda_managed) return;
    if (!d.parameters[parameter].is_array() && kind == device_kind::host) return;
    const int id = kind == device_kind::host ? 0 : o.desc->device_id;
    if (call.device_of < 0) {
        call.device = kind;
        call.device_id = id;
        call.device_of = parameter;
    } else if (kind != call.device || id != call.device_id) [[unlikely]] {
        refuse_device(call, parameter, o);
    }
}

/// Calls `f(parameter, call_operand, written)` for every array of a call.
template <class F> void for_each_operand(operation_call& call, const F& f) {
    const bool gradients = call.what == derivative::adjoint || call.what == derivative::adjoint_tangent;
    for (int k = 0; k < call.count(); ++k) {
        const parameter_description& p = call.description.parameters[k];
        if (call.primals[k].is_array()) f(k, call.primals[k], p.is_output() && !gradients);
        if (call.tangents && call.tangents[k].is_array()) f(k, call.tangents[k], p.is_output() && !gradients);
        // Gradients of inputs are added to: what has no batch axis gets the sum over the batch.
        if (call.cotangents && call.cotangents[k].is_array()) f(k, call.cotangents[k], false);
        if (call.cotangent_tangents && call.cotangent_tangents[k].is_array())
            f(k, call.cotangent_tangents[k], false);
    }
}

WARPX_COLD [[noreturn]] inline void refuse_missing_extent(const operation_call& call, int parameter, int e) {
    const operation_description& d = call.description;
    throw operation_error(
        reason::value,
        sentence(std::string(d.name) + "()",
                 std::string("the extent ") + (d.extents[e].name ? d.extents[e].name : "?") +
                     (parameter >= 0 ? std::string(" of '") + d.parameters[parameter].name + "'"
                                     : std::string(" of the launch")),
                 "arguments that do not have it",
                 parameter >= 0 ? "pass output_dims=, or the array itself as out=" : "pass launch_dims="));
}

WARPX_COLD [[noreturn]] inline void refuse_launch(const operation_call& call, int axis) {
    const operation_description& d = call.description;
    const int e = d.launch[axis];
    throw operation_error(
        reason::value,
        sentence(std::string(d.name) + "()",
                 std::string("launch_dims within ") + (d.extents[e].name ? d.extents[e].name : "") + " = " +
                     std::to_string(call.extents[e]),
                 std::to_string(call.launch[axis]), "items beyond the arrays would write beyond them"));
}

/// The extents of the launch, once those of the arguments are known.
WARPX_INLINE void resolve_launch(const operation_description& d, operation_call& call) {
    if (d.kind != operation_kind::kernel || d.launch_by_function) return;
    if (call.launch_rank != 0) { // the call said so
        for (int axis = 0; axis < d.launch_rank; ++axis)
            if (call.extents[d.launch[axis]] >= 0 && call.launch[axis] > call.extents[d.launch[axis]])
                [[unlikely]]
                refuse_launch(call, axis);
        return;
    }
    for (int axis = 0; axis < d.launch_rank; ++axis) {
        call.launch[axis] = call.extents[d.launch[axis]];
        if (call.launch[axis] < 0) [[unlikely]]
            refuse_missing_extent(call, -1, d.launch[axis]);
    }
    call.launch_rank = d.launch_rank;
}

/// Broadcasts the batch axes of all operands.
WARPX_COLD inline void resolve_batch(operation_call& call) {
    for (int k = 0; k < call.batch_rank; ++k) call.batch[k] = 1;
    for_each_operand(call, [&](int k, call_operand& o, bool) { broadcast_batch(call, k, o); });
    for_each_operand(call, [&](int k, call_operand& o, bool whole) { stride_batch(call, k, o, whole); });
}

/// Finds types, extents, batches and device of a call from its operands. Outputs that are not there yet may
/// be absent: `output_shape` then says what they must be, and `add_output` takes them. Throws
/// operation_error. (`d` is the call's description once more: where it is a constant, compilers see through
/// all of this.)
WARPX_INLINE void resolve(const operation_description& d, operation_call& call,
                          const int* asked_types = nullptr) {
    resolve_types(d, call, asked_types);
    extent_sources sources;
    for (int k = 0; k < d.extent_count; ++k) sources.parameter[k] = -1;
    if (call.what == derivative::none) {
        WARPX_DETAIL_UNROLL_PARAMETERS
        for (int k = 0; k < d.parameter_count; ++k) {
            if (!call.primals[k].is_array()) continue;
            look_at_operand(d, call, sources, k, call.primals[k]);
            look_at_device(d, call, k, call.primals[k]);
        }
    } else {
        for_each_operand(call, [&](int k, call_operand& o, bool) {
            look_at_operand(d, call, sources, k, o);
            look_at_device(d, call, k, o);
        });
    }
    if (call.batch_rank > 0) [[unlikely]]
        resolve_batch(call);
}

/// The shape of an output with its batch and component axes; returns its rank.
inline int output_shape(const operation_call& call, int parameter, int64_t* shape) {
    const parameter_description& p = call.description.parameters[parameter];
    int rank = 0;
    for (int k = 0; k < call.batch_rank; ++k) shape[rank++] = call.batch[k];
    for (int axis = 0; axis < p.rank; ++axis) {
        shape[rank] = call.extents[p.extents[axis]];
        if (shape[rank++] < 0) [[unlikely]]
            refuse_missing_extent(call, parameter, p.extents[axis]);
    }
    for (int k = 0; k < p.fold_rank; ++k) shape[rank++] = p.fold[k];
    return rank;
}

/// Takes an output that was made after `resolve`, of the shape that `output_shape` said.
inline void add_output(operation_call& call, int parameter, call_operand& o) {
    if (call.batch_rank > 0) stride_batch(call, parameter, o, true);
}

} // namespace detail
} // namespace warpx
