// SPDX-License-Identifier: Apache-2.0
// gate_oracle.hpp: what the gate must answer, worked out slowly and independently: in 128 bits, with overlaps
// found by listing every address.
#pragma once

#include <warpx/tensor_desc.hpp>

#include <set>
#include <vector>

namespace test {

/// What an array type asks for.
struct request {
    warpx::dtype scalar;
    int rank = 0;
    std::vector<int64_t> fold; // extents of the component axes
    int64_t scalar_bytes = 1;
    uint64_t alignment = 1;
    bool writable = false;
    bool accumulate_only = false;
    bool host = true, cuda = false; // where the array may be
    int device_id = -1;
    std::vector<int64_t> extents; // empty: any
};

enum class verdict { accept, refuse, unsure };

/// `unsure`: writable memory whose overlaps are too many to list; the gate may refuse it then.
inline verdict judge(const request& want, const warpx::tensor_desc& got) {
    using wide = __int128;
    using warpx::device_kind;
    const wide limit = wide{1} << 62, address_end = wide{1} << 64;

    const int rank = want.rank + static_cast<int>(want.fold.size());
    if (got.rank != rank) return verdict::refuse;
    const bool raw = want.scalar.code == warpx::dtype_code::bfloat &&
                     got.dtype.code == warpx::dtype_code::opaque && got.dtype.bits == 8 &&
                     got.dtype.lanes == 2;
    const bool same = want.scalar.code == got.dtype.code && want.scalar.bits == got.dtype.bits &&
                      want.scalar.lanes == got.dtype.lanes;
    if (!same && !raw) return verdict::refuse;
    if (rank > 0 && !got.extents) return verdict::refuse;

    const bool shared = got.device == device_kind::cuda_pinned || got.device == device_kind::cuda_managed;
    if (got.device == device_kind::cuda) {
        if (!want.cuda || got.device_id < 0) return verdict::refuse;
        if (want.device_id >= 0 && want.device_id != got.device_id) return verdict::refuse;
    } else if (got.device == device_kind::host) {
        if (!want.host) return verdict::refuse;
    } else if (!shared) {
        return verdict::refuse;
    }
    if (want.writable && got.read_only) return verdict::refuse;

    bool empty = false;
    for (int k = 0; k < rank; ++k) {
        if (got.extents[k] < 0) return verdict::refuse;
        empty = empty || got.extents[k] == 0;
        if (k < want.rank && !want.extents.empty() && want.extents[static_cast<size_t>(k)] >= 0 &&
            want.extents[static_cast<size_t>(k)] != got.extents[k])
            return verdict::refuse;
        if (k >= want.rank && got.extents[k] != want.fold[static_cast<size_t>(k - want.rank)])
            return verdict::refuse;
    }
    if (empty) return verdict::accept;

    // Byte strides of the axes that have any; the rest is as good as 0.
    std::vector<wide> step(static_cast<size_t>(rank), 0);
    wide count = 1;
    for (int k = rank - 1; k >= 0; --k) {
        const wide row_major = count * want.scalar_bytes;
        wide& stride = step[static_cast<size_t>(k)];
        if (got.extents[k] > 1) {
            if (!got.strides)
                stride = row_major;
            else if (got.stride_unit == warpx::stride_unit::elements)
                stride = wide{got.strides[k]} * want.scalar_bytes;
            else
                stride = got.strides[k];
            if (stride % want.scalar_bytes != 0) return verdict::refuse;
            if (k >= want.rank && stride != row_major) return verdict::refuse;
        }
        count *= got.extents[k];
        if (count > INT64_MAX) return verdict::refuse;
    }
    int64_t scalars = 1;
    for (const int64_t extent : want.fold) scalars *= extent;
    for (int k = 0; k < want.rank; ++k)
        if (step[static_cast<size_t>(k)] % (want.scalar_bytes * scalars) != 0) return verdict::refuse;

    wide low = 0, high = 0;
    for (int k = 0; k < rank; ++k) {
        const wide stride = step[static_cast<size_t>(k)], steps = got.extents[k] - 1;
        if (steps > 0 && (stride > limit / steps || stride < -limit / steps)) return verdict::refuse;
        (stride < 0 ? low : high) += stride * steps;
    }
    if (high - low >= limit) return verdict::refuse;
    if (!got.data) return verdict::refuse;
    const wide first = static_cast<wide>(reinterpret_cast<uintptr_t>(got.data)) + got.byte_offset;
    if (first + low < 0 || first + high + want.scalar_bytes >= address_end) return verdict::refuse;
    if (first % want.alignment != 0) return verdict::refuse;
    if (!want.writable || want.accumulate_only) return verdict::accept;

    if (count > 4096) {
        for (int k = 0; k < want.rank; ++k)
            if (got.extents[k] > 1 && step[static_cast<size_t>(k)] == 0) return verdict::refuse;
        return verdict::unsure;
    }
    std::set<int64_t> seen{0};
    for (int k = 0; k < want.rank; ++k) {
        std::set<int64_t> next;
        for (const int64_t at : seen)
            for (int64_t i = 0; i < got.extents[k]; ++i)
                if (!next.insert(at + static_cast<int64_t>(i * step[static_cast<size_t>(k)])).second)
                    return verdict::refuse;
        seen = next;
    }
    return verdict::accept;
}

} // namespace test
