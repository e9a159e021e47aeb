// SPDX-License-Identifier: Apache-2.0
// overlap.hpp: whether what a call writes shares memory with another of its arguments.
#pragma once

#include "call.hpp"

namespace warpx {
namespace detail {

struct operand_span {
    uintptr_t begin, end;
    operand_span() noexcept {} // not zero: of arrays only those are set that are looked at
    operand_span(uintptr_t b, uintptr_t e) noexcept : begin(b), end(e) {}
};
inline operand_span span_of(const call_operand& o) noexcept {
    const tensor_desc& t = *o.desc;
    const int64_t bytes = t.dtype.bytes(), unit = t.stride_unit == stride_unit::bytes ? 1 : bytes;
    int64_t low = 0, high = bytes, step = 1;
    for (int axis = t.rank - 1; axis >= 0; --axis) {
        const int64_t extent = t.extents[axis];
        if (extent == 0) return {0, 0};
        const int64_t reach =
            (extent - 1) * (t.strides ? t.strides[axis] : step) * (t.strides ? unit : bytes);
        (reach < 0 ? low : high) += reach;
        step *= extent;
    }
    const auto at = reinterpret_cast<uintptr_t>(t.data) + t.byte_offset;
    return {at + static_cast<uintptr_t>(low), at + static_cast<uintptr_t>(high)};
}
/// Whether two arrays with the same extents and strides (the columns of one matrix) keep apart.
inline bool interleaved(const call_operand& a, const call_operand& b) noexcept {
    const tensor_desc &s = *a.desc, &t = *b.desc;
    if (!s.strides || !t.strides || s.rank != t.rank || s.stride_unit != t.stride_unit || s.dtype != t.dtype)
        return false;
    int64_t extent[call_operand::most_axes], stride[call_operand::most_axes];
    int used = 0;
    const int64_t unit = s.stride_unit == stride_unit::bytes ? 1 : s.dtype.bytes();
    for (int axis = 0; axis < s.rank; ++axis) {
        if (s.extents[axis] != t.extents[axis] || s.strides[axis] != t.strides[axis]) return false;
        if (s.extents[axis] == 1) continue;
        const int64_t step = (s.strides[axis] < 0 ? -s.strides[axis] : s.strides[axis]) * unit;
        int at = used++;
        for (; at > 0 && stride[at - 1] < step; --at) {
            stride[at] = stride[at - 1];
            extent[at] = extent[at - 1];
        }
        stride[at] = step;
        extent[at] = s.extents[axis];
    }
    const auto from = reinterpret_cast<uintptr_t>(s.data) + s.byte_offset,
               to = reinterpret_cast<uintptr_t>(t.data) + t.byte_offset;
    const auto distance = static_cast<int64_t>(from < to ? to - from : from - to);
    const int64_t bytes = s.dtype.bytes();
    // Elements meet where the distance, give or take the bytes of one, is a sum of strides.
    for (int64_t shift = 1 - bytes; shift < bytes; ++shift) {
        int budget = 2000;
        for (const int64_t rest : {distance + shift, -distance - shift})
            if (search_overlap(extent, stride, used, rest, true, budget) != overlap::none) return false;
    }
    return true;
}

WARPX_COLD inline void refuse_overlap(const operation_call& call, int written, int other) {
    if (interleaved(call.primals[written], call.primals[other])) return;
    refuse_argument(
        call.description, written, reason::value, "memory of its own, since the operation writes it",
        std::string("memory that it shares with '") + call.description.parameters[other].name + "'",
        "pass a copy of one of the two");
}
/// Refuses an array that is written and shares memory with another argument: items would read what others
/// write, in any order.
WARPX_INLINE void check_overlap(const operation_description& d, const operation_call& call) {
    operand_span spans[operation_description::most_parameters];
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        const call_operand& o = call.primals[k];
        // One number on the host is read before anything is written.
        const bool counts = o.is_array() && (d.parameters[k].is_array() || o.desc->rank != 0 ||
                                             o.desc->device == device_kind::cuda || call.batch_rank != 0);
        spans[k] = counts ? span_of(o) : operand_span(0, 0);
    }
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int w = 0; w < d.parameter_count; ++w) {
        if (!d.parameters[w].is_output()) continue;
        WARPX_DETAIL_UNROLL_PARAMETERS
        for (int k = 0; k < d.parameter_count; ++k)
            if (k != w && spans[w].begin < spans[k].end && spans[k].begin < spans[w].end) [[unlikely]]
                refuse_overlap(call, w, k);
    }
}

} // namespace detail
} // namespace warpx
