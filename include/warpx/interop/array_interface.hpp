// SPDX-License-Identifier: Apache-2.0
// array_interface.hpp: arrays from and to the fields of __array_interface__ and __cuda_array_interface__ (v2,
// v3).
#pragma once

#include "../array.hpp"

namespace warpx {

/// The fields of `__array_interface__` (memory of the host) or `__cuda_array_interface__`, without Python.
/// Owns nothing: the dictionary keeps nothing alive, so the object it came from must be kept
/// (`from_array_interface` takes a keeper).
struct array_interface {
    void* data = nullptr; ///< the first element; null for empty arrays
    bool read_only = false;
    const char* typestr = nullptr;    ///< NumPy's type string: "<f4", "|b1", "<V2" (bfloat16)
    int32_t rank = 0;                 ///< number of extents
    const int64_t* shape = nullptr;   ///< `rank` extents; may be null for rank 0
    const int64_t* strides = nullptr; ///< in bytes; null (absent or None): row-major and compact
    int version = 3;
    bool has_mask = false;   ///< a `mask` that is not None: refused
    bool has_stream = false; ///< `stream` is there and not None (CUDA only)
    int64_t stream = 0;      ///< 1: legacy default, 2: per thread, else a cudaStream_t; 0: illegal
    device_kind device = device_kind::host; ///< which of the two interfaces it is
    int32_t device_id = 0;                  ///< not in the protocol: the ordinal of the pointer's device
};

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_interface(const std::string& who, const std::string& expected,
                                                     const std::string& got, const std::string& remedy) {
    throw bind_error(sentence(who, expected, got, remedy));
}
WARPX_COLD [[noreturn]] inline void refuse_typestr(const char* text, const std::string& what,
                                                   const std::string& remedy) {
    refuse_interface("array interface", "a typestr of a bool, integer, float or complex in native byte order",
                     "'" + std::string(text) + "' (" + what + ")", remedy);
}

} // namespace detail

/// The dtype a type string names. Raw bytes ("V24") are a record (`opaque_dtype`), and the gate lets "V2"
/// pass as bfloat16 when bfloat16 is asked for: the protocol has no other name for it. Throws bind_error for
/// what warpx cannot bind: foreign byte order, long double, objects, strings, dates, bit fields, unknown
/// kinds.
inline dtype parse_typestr(const char* text) {
    if (!text) [[unlikely]]
        detail::refuse_interface("array interface", "a typestr", "none", "the producer must fill it");
    const char order = text[0], kind = order ? text[1] : '\0';
    int64_t size = 0;
    const char* digit = kind ? text + 2 : "";
    for (int count = 0; *digit >= '0' && *digit <= '9' && count < 9; ++digit, ++count)
        size = size * 10 + (*digit - '0');
    // These two need not end with a size: "|O", "<M8[s]".
    if (kind == 'O') detail::refuse_typestr(text, "Python objects", "convert with .astype('float64') first");
    if (kind == 'm' || kind == 'M')
        detail::refuse_typestr(text, "dates or durations", "view them as integers first: .view('int64')");
    if ((order != '<' && order != '>' && order != '|' && order != '=') || !kind || *digit || size == 0)
        detail::refuse_typestr(text, "malformed", "expected a byte order, a kind and a size, as in '<f4'");
    const auto one_of = [size](int64_t a, int64_t b, int64_t c, int64_t d) {
        return size == a || size == b || size == c || size == d;
    };
    const auto make = [size](dtype_code code) { return dtype{code, static_cast<uint8_t>(8 * size), 1}; };
    if (order == '>' && size > 1)
        detail::refuse_typestr(text, "big-endian", "convert with .astype(a.dtype.newbyteorder('=')) first");
    switch (kind) {
    case 'b':
        if (size == 1) return make(dtype_code::bool_);
        break;
    case 'i':
        if (one_of(1, 2, 4, 8)) return make(dtype_code::int_);
        break;
    case 'u':
        if (one_of(1, 2, 4, 8)) return make(dtype_code::uint);
        break;
    case 'f':
        if (one_of(2, 4, 8, 8)) return make(dtype_code::float_);
        if (size == 12 || size == 16) detail::refuse_typestr(text, "long double", "convert to float64 first");
        break;
    case 'c':
        if (one_of(8, 16, 16, 16)) return make(dtype_code::complex);
        if (size == 24 || size == 32)
            detail::refuse_typestr(text, "complex long double", "convert to complex128 first");
        break;
    case 'V':
        if (size <= 65535) return opaque_dtype(static_cast<size_t>(size));
        detail::refuse_typestr(text, "a record of more than 65535 bytes", "export its fields one by one");
    case 't':
        detail::refuse_typestr(text, "a bit field", "unpack to one byte a value first");
    case 'S':
    case 'U':
        detail::refuse_typestr(text, "strings", "convert to numbers first");
    default:
        break;
    }
    detail::refuse_typestr(text, "an unknown kind or size", "convert to a type that NumPy names too");
}

/// A type string: at most 8 characters and the zero.
struct typestr {
    char text[9] = {};
};

/// What `parse_typestr` reads back: "<f4", "|b1", "|V24"; bfloat16 is "<V2", as ml_dtypes and PyTorch write
/// it. Throws bind_error for float8, which has no type string: exchange it through DLPack.
inline typestr to_typestr(dtype type) {
    typestr result;
    char kind = 0;
    int64_t size = type.bytes();
    const auto bits = [&type](int lowest, int highest) { // a power of two between them
        return type.lanes == 1 && type.bits >= lowest && type.bits <= highest &&
               !(type.bits & (type.bits - 1));
    };
    switch (type.code) {
    case dtype_code::bool_:
        if (bits(8, 8)) kind = 'b';
        break;
    case dtype_code::int_:
        if (bits(8, 64)) kind = 'i';
        break;
    case dtype_code::uint:
        if (bits(8, 64)) kind = 'u';
        break;
    case dtype_code::float_:
        if (bits(16, 64)) kind = 'f';
        break;
    case dtype_code::complex:
        if (bits(64, 128)) kind = 'c';
        break;
    case dtype_code::bfloat:
        if (bits(16, 16)) kind = 'V';
        break;
    case dtype_code::opaque:
        if (type.bits == 8 && type.lanes > 0) kind = 'V';
        break;
    default:
        break;
    }
    if (!kind) [[unlikely]]
        detail::refuse_interface("array interface", "a dtype that NumPy's type strings can name",
                                 to_string(type), "exchange it through DLPack");
    char* out = result.text;
    *out++ = size > 1 && (kind != 'V' || type.code == dtype_code::bfloat) ? '<' : '|';
    *out++ = kind;
    char digits[6];
    int count = 0;
    for (; size > 0; size /= 10) digits[count++] = static_cast<char>('0' + size % 10);
    while (count > 0) *out++ = digits[--count];
    return result;
}

/// What the fields claim. Borrows their shape and strides. Throws bind_error for what the protocol forbids or
/// warpx cannot honour: unknown versions, masks, stream 0, type strings as `parse_typestr` says.
inline tensor_desc describe(const array_interface& fields) {
    const bool cuda = fields.device != device_kind::host;
    const char* who = cuda ? "__cuda_array_interface__" : "__array_interface__";
    if (fields.version != 3 && !(cuda && fields.version == 2)) [[unlikely]]
        detail::refuse_interface(who, cuda ? "version 2 or 3" : "version 3",
                                 "version " + std::to_string(fields.version),
                                 "use a producer of that version, or exchange through DLPack");
    if (fields.has_mask) [[unlikely]]
        detail::refuse_interface(who, "no mask", "a masked array",
                                 "fill the masked elements first: .filled(value)");
    if (fields.has_stream && fields.stream == 0) [[unlikely]]
        detail::refuse_interface(who, "a stream of 1 (legacy default), 2 (per thread), a handle, or None",
                                 "stream 0, which the protocol forbids as ambiguous",
                                 "the producer must name the default stream as 1");
    tensor_desc desc;
    desc.data = fields.data;
    desc.device = fields.device;
    desc.device_id = fields.device_id;
    desc.dtype = parse_typestr(fields.typestr);
    desc.rank = fields.rank;
    desc.extents = fields.shape;
    desc.strides = fields.strides;
    desc.stride_unit = stride_unit::bytes;
    desc.read_only = fields.read_only;
    // The sentinels 1 and 2 are also the values of cudaStreamLegacy and cudaStreamPerThread.
    desc.has_stream = fields.has_stream;
    desc.stream = static_cast<uintptr_t>(fields.stream);
    return desc;
}

/// Binds the memory that the fields name. `keeper` keeps the object alive that they came from; without one
/// the memory is borrowed. Nothing is copied. If the fields name a stream, work on the array must be ordered
/// after it: that is for the caller, nothing is synchronized here.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_array_interface(const array_interface& fields, owner_ref keeper = {},
                                                       const bind_options<N>& options = {}) {
    return bind<T, N, Device>(describe(fields), static_cast<owner_ref&&>(keeper), options);
}

/// The fields of an array together with the lists and the string they point to: borrowed, valid while this
/// object and the array live. `Rank` counts the axes of vec and mat elements too.
template <int Rank> class array_interface_of {
public:
    template <class T, int N, class Device> explicit array_interface_of(const array<T, N, Device>& a) {
        const tensor_desc desc = warpx::describe(a, shape_, strides_);
        typestr_ = to_typestr(desc.dtype);
        const int64_t bytes = desc.dtype.bytes();
        for (int k = 0; k < Rank; ++k) // an axis of extent 1 may have a stride that means nothing and wraps
            strides_[k] =
                static_cast<int64_t>(static_cast<uint64_t>(strides_[k]) * static_cast<uint64_t>(bytes));
        fields_.data = a.empty() ? nullptr : desc.data;
        fields_.read_only = desc.read_only;
        fields_.typestr = typestr_.text;
        fields_.rank = Rank;
        fields_.shape = shape_;
        fields_.strides = strides_;
        fields_.device = a.device();
        fields_.device_id = a.device_id();
    }
    array_interface_of(const array_interface_of&) = delete; // the fields point into this object

    const array_interface& fields() const& noexcept { return fields_; }
    const array_interface& fields() const&& = delete;

private:
    // describe() fills room for two folded axes.
    int64_t shape_[Rank + 2];
    int64_t strides_[Rank + 2];
    typestr typestr_;
    array_interface fields_;
};
template <class T, int N, class Device>
array_interface_of(const array<T, N, Device>&)
    -> array_interface_of<N + element_traits<std::remove_const_t<T>>::rank>;

/// The fields of an array: byte strides always written, version 3, read-only for `const T`, no stream (warpx
/// does not know which one wrote it). Throws bind_error for float8, which has no type string.
template <class T, int N, class Device> [[nodiscard]] auto to_array_interface(const array<T, N, Device>& a) {
    return array_interface_of(a);
}

} // namespace warpx
