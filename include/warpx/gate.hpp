// SPDX-License-Identifier: Apache-2.0
// gate.hpp: the one gate: every reason to refuse a tensor, in a fixed order, and the strides of what is
// accepted.
#pragma once

#include "owner.hpp"
#include "shape.hpp"
#include "tensor_desc.hpp"

namespace warpx {

/// What the caller knows besides the type. Extents of -1 accept any.
template <int N> struct bind_options {
    shape<N> extents = any_extents(); ///< expected extents of the array (after folding)
    int device_id = -1;               ///< expected CUDA ordinal; -1: any
    bool accumulate_only = false;     ///< allows writable memory with overlapping elements, for atomic adds
    const char* name = nullptr;       ///< the name of the argument, for messages

private:
    static constexpr shape<N> any_extents() noexcept {
        shape<N> all;
        for (int axis = 0; axis < N; ++axis) all[axis] = -1;
        return all;
    }
};

namespace detail {

enum class machine : uint8_t { host, cuda, any };

/// What an array type asks of a tensor, free of templates so that the gate is compiled once.
struct gate_request {
    warpx::dtype dtype;       // of one scalar
    int rank = 0;             // of the array
    int fold_rank = 0;        // trailing axes that make one element
    int64_t fold[2] = {1, 1}; // their extents
    int64_t scalars = 1;      // scalars in one element
    int64_t scalar_bytes = 0;
    size_t alignment = 1;
    bool writable = false;
    bool accumulate_only = false;
    machine where = machine::host;
    int device_id = -1;
    const int64_t* extents = nullptr; // `rank` expected extents, -1 for any
    const char* name = nullptr;
    std::string (*type_name)() = nullptr;
};

/// What the gate gives: all that an array needs.
struct gate_result {
    void* data = nullptr;
    memory_kind memory = memory_kind::plain;
    device_kind device = device_kind::host; // host or cuda
    int32_t device_id = 0;
};

WARPX_COLD [[noreturn]] inline void refuse(const gate_request& want, const tensor_desc& got,
                                           const std::string& what, const std::string& remedy) {
    std::string expected = to_string(want.dtype) + ", rank " + std::to_string(want.rank + want.fold_rank);
    if (want.fold_rank)
        expected += " (the last " + std::string(want.fold_rank == 1 ? "axis" : "two axes") + " of shape " +
                    tuple_text(want.fold, want.fold_rank) + ")";
    bool fixed = false;
    for (int k = 0; k < want.rank; ++k) fixed = fixed || want.extents[k] >= 0;
    if (fixed) expected += ", shape " + tuple_text(want.extents, want.rank) + " (-1: any)";
    expected += want.where == machine::host   ? ", host memory"
                : want.where == machine::cuda ? ", CUDA memory"
                                              : ", host or CUDA memory";
    if (want.where != machine::host && want.device_id >= 0)
        expected += " of device " + std::to_string(want.device_id);
    if (want.writable) expected += ", writable";
    throw bind_error(
        sentence((want.name ? "argument '" + std::string(want.name) + "', " : "") + want.type_name(),
                 expected, to_string(got), what + ": " + remedy));
}

WARPX_COLD [[noreturn]] inline void refuse_dtype(const gate_request& want, const tensor_desc& got) {
    const int code = static_cast<int>(got.dtype.code);
    if (code < 0 || code > 17)
        refuse(want, got, "unknown dtype code",
               "convert the tensor to " + to_string(want.dtype) + " in its framework");
    if (got.dtype.code == dtype_code::bool_ && got.dtype.bits != 8)
        refuse(want, got, "bools packed into bits", "convert to one byte a bool first");
    if (got.dtype.bits < 8)
        refuse(want, got, "sub-byte elements", "unpack to a type of at least 8 bits first");
    if (got.dtype.lanes != 1 && got.dtype.code != dtype_code::opaque)
        refuse(want, got, "vector lanes",
               "describe the lanes as a trailing axis (lanes = 1) and bind warpx::vec elements");
    if (want.dtype.code == dtype_code::bool_ && got.dtype == warpx::dtype{dtype_code::uint, 8, 1})
        refuse(want, got, "wrong dtype",
               "uint8 may hold other values than 0 and 1; convert with .astype(bool), or bind "
               "uint8_t");
    refuse(want, got, "wrong dtype",
           "convert with .astype('" + to_string(want.dtype) + "') first, or bind an array of " +
               to_string(got.dtype));
}

WARPX_COLD [[noreturn]] inline void refuse_span(const gate_request& want, const tensor_desc& got) {
    refuse(want, got,
           got.strides ? "strides that overflow the address space" : "more bytes than the address space has",
           got.strides ? "the producer's strides are broken" : "the producer's shape is broken");
}

/// Where the memory is, for this array. Pinned and managed memory fits host and CUDA arrays alike.
inline void check_device(const gate_request& want, const tensor_desc& got, gate_result& result) {
    switch (got.device) {
    case device_kind::host:
        break;
    case device_kind::cuda_pinned:
        result.memory = memory_kind::pinned;
        break;
    case device_kind::cuda_managed:
        result.memory = memory_kind::managed;
        break;
    case device_kind::cuda:
        result.device = device_kind::cuda;
        break;
    default:
        refuse(want, got, "wrong device", "copy the tensor to host memory or to a CUDA device first");
    }
    const bool shared = result.memory != memory_kind::plain;
    if (want.where == machine::host && result.device == device_kind::cuda) [[unlikely]]
        refuse(want, got, "wrong device",
               "copy it to the host first (.cpu() or .get()), or bind warpx::device::cuda");
    if (want.where == machine::cuda) {
        if (result.device == device_kind::host && !shared) [[unlikely]]
            refuse(want, got, "wrong device", "copy it to the device first, or bind warpx::device::host");
        result.device = device_kind::cuda;
    }
    if (result.device != device_kind::cuda) return; // producers number the host as they like: it is 0 here
    if (shared) {
        result.device_id = want.device_id >= 0 ? want.device_id : got.device_id >= 0 ? got.device_id : 0;
        return;
    }
    if (got.device_id < 0) [[unlikely]]
        refuse(want, got, "wrong device", "the producer's CUDA ordinal is broken");
    if (want.device_id >= 0 && got.device_id != want.device_id) [[unlikely]]
        refuse(want, got, "wrong device", "copy it to device " + std::to_string(want.device_id) + " first");
    result.device_id = got.device_id;
}

/// The extent of axis `k` against what the caller or the element type expects.
inline void check_extent(const gate_request& want, const tensor_desc& got, int k) {
    const int64_t extent = got.extents[k];
    if (k >= want.rank) {
        if (extent != want.fold[k - want.rank]) [[unlikely]]
            refuse(want, got, "wrong extent of a component axis",
                   "its trailing axes must have the extents of one element");
    } else if (want.extents[k] >= 0 && want.extents[k] != extent) [[unlikely]] {
        refuse(want, got, "wrong extent " + std::to_string(extent) + " of axis " + std::to_string(k),
               "expected " + std::to_string(want.extents[k]));
    }
}

/// An empty tensor: nothing is addressed, so its data may be null and its strides anything. The extents are
/// kept; the strides are compact ones, or 0 where those do not fit into 64 bits.
inline void pass_empty(const gate_request& want, const tensor_desc& got, int64_t* extents, int64_t* strides) {
    int64_t compact = 1, bytes = want.scalar_bytes * want.scalars;
    bool fits = true;
    for (int k = want.rank + want.fold_rank - 1; k >= 0; --k) {
        const int64_t extent = got.extents[k];
        check_extent(want, got, k);
        if (k >= want.rank) continue;
        extents[k] = extent;
        strides[k] = compact;
        fits = fits && (extent <= 1 || (checked_multiply(compact, extent, compact) &&
                                        checked_multiply(bytes, extent, bytes)));
    }
    if (!fits) [[unlikely]]
        for (int k = 0; k < want.rank; ++k) strides[k] = 0;
}

/// Checks `got` against `want`, in this order: rank, dtype and lanes, device and ordinal, read-only, extents,
/// folded axes, strides, size in bytes, null data, addresses, alignment, overlapping writes. Writes
/// `want.rank` extents and strides (in elements; those of axes of extent 1 and of empty arrays are made
/// compact, since producers may put anything there).
inline gate_result pass_gate(const gate_request& want, const tensor_desc& got, int64_t* extents,
                             int64_t* strides) {
    const int rank = want.rank + want.fold_rank;
    if (got.rank != rank) [[unlikely]]
        refuse(want, got, "wrong rank",
               want.fold_rank ? "the trailing axes are the components of one element"
                              : "reshape it, or bind an array of that rank");
    if (got.dtype != want.dtype) [[unlikely]] {
        const bool raw_bfloat16 = want.dtype.code == dtype_code::bfloat && got.dtype == opaque_dtype(2);
        if (!raw_bfloat16) refuse_dtype(want, got);
    }
    if (got.rank > 0 && !got.extents) [[unlikely]]
        refuse(want, got, "no shape", "the producer must fill the shape of a tensor of rank > 0");

    gate_result result;
    check_device(want, got, result);
    if (want.writable && got.read_only) [[unlikely]]
        refuse(want, got, "read-only", "bind warpx::array<const T, ...> to read it, or pass a writable copy");

    bool empty = false;
    for (int k = 0; k < rank; ++k) {
        if (got.extents[k] < 0) [[unlikely]]
            refuse(want, got, "negative extent", "the producer's shape is broken");
        empty = empty || got.extents[k] == 0;
    }
    if (empty) {
        pass_empty(want, got, extents, strides);
        if (got.data) // as an integer: an offset that leaves the memory is no error where nothing is read
            result.data = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(got.data) + got.byte_offset);
        return result;
    }

    // Row-major strides are what null means, and what axes of extent 1 get. `below` and `above`: bytes from
    // the first element to the lowest and the highest one.
    int64_t compact = 1, below = 0, above = 0;
    bool plain_compact = true;
    const bool in_bytes = got.stride_unit == stride_unit::bytes;
    for (int k = rank - 1; k >= 0; --k) {
        const int64_t extent = got.extents[k];
        int64_t stride = compact;
        if (extent > 1) {
            if (got.strides) {
                stride = got.strides[k];
                if (in_bytes) {
                    if (stride % want.scalar_bytes != 0) [[unlikely]]
                        refuse(want, got, "a byte stride that is no multiple of the item size",
                               "make a contiguous copy first");
                    stride /= want.scalar_bytes;
                }
                plain_compact = plain_compact && stride == compact;
            }
            int64_t reach = 0;
            bool overflows = !checked_multiply(extent - 1, stride, reach) ||
                             !checked_multiply(reach, want.scalar_bytes, reach);
            if (stride >= 0)
                overflows = overflows || !checked_add(above, reach, above);
            else
                overflows = overflows || !checked_add(below, reach, below);
            if (overflows) [[unlikely]]
                refuse_span(want, got);
        }
        check_extent(want, got, k);
        if (k >= want.rank) { // a component axis must be the memory of one element
            if (stride != compact) [[unlikely]]
                refuse(want, got, "components that are not adjacent in memory",
                       "make a contiguous copy first");
        } else {
            if (want.scalars != 1) { // divisions are slow
                if (stride % want.scalars != 0) [[unlikely]]
                    refuse(want, got, "a stride that is no multiple of the element",
                           "make a contiguous copy, or bind the scalars with one more axis");
                stride /= want.scalars;
            }
            extents[k] = extent;
            strides[k] = stride;
        }
        if (!checked_multiply(compact, extent, compact)) [[unlikely]]
            refuse(want, got, "more elements than 64 bits count", "the producer's shape is broken");
    }
    // No memory has 2^62 bytes; below that, sums of reaches cannot overflow in the test for overlaps either.
    constexpr uint64_t no_memory = uint64_t{1} << 62;
    const uint64_t up = static_cast<uint64_t>(above), down = uint64_t{0} - static_cast<uint64_t>(below);
    if (up >= no_memory || down >= no_memory || up + down >= no_memory) [[unlikely]]
        refuse_span(want, got);
    if (!got.data) [[unlikely]]
        refuse(want, got, "null data",
               "a tensor with elements needs memory; is it a meta, fake or freed tensor?");
    uintptr_t first = 0, last = 0;
    if (__builtin_add_overflow(reinterpret_cast<uintptr_t>(got.data), got.byte_offset, &first) ||
        __builtin_add_overflow(first, up + static_cast<uint64_t>(want.scalar_bytes), &last) || first < down)
        [[unlikely]]
        refuse(want, got,
               "elements beyond the ends of the address space (data at " +
                   std::to_string(reinterpret_cast<uintptr_t>(got.data)) + ")",
               "the producer's pointer, byte offset or strides are broken");
    if ((first & (want.alignment - 1)) != 0) [[unlikely]]
        refuse(want, got, "misaligned data (address " + std::to_string(first) + ")",
               "the address must be a multiple of " + std::to_string(want.alignment) + "; make a copy first");
    if (want.writable && !want.accumulate_only && !plain_compact) {
        const overlap answer = self_overlap(extents, strides, want.rank);
        if (answer == overlap::found) [[unlikely]]
            refuse(want, got, "elements that overlap (an exact test)",
                   "writing through them is a race; copy it first, bind it as const, or declare it "
                   "accumulate_only");
        if (answer == overlap::unknown) [[unlikely]]
            refuse(want, got, "elements that may overlap (a bounded test gave up)",
                   "copy it first, bind it as const, or declare it accumulate_only");
    }
    result.data = reinterpret_cast<void*>(first);
    return result;
}

WARPX_COLD [[noreturn]] inline void refuse_gradient(const std::string& who, const int64_t* expected,
                                                    const int64_t* got, int rank,
                                                    const std::string& expected_device,
                                                    const std::string& got_device) {
    throw bind_error(sentence(who + "::set_grad",
                              "shape " + tuple_text(expected, rank) + ", " + expected_device,
                              "shape " + tuple_text(got, rank) + ", " + got_device,
                              "give a gradient of the array's shape on its device"));
}

} // namespace detail
} // namespace warpx
