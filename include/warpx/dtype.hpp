// SPDX-License-Identifier: Apache-2.0
// dtype.hpp: the run-time name of a scalar type: code and bits, bit for bit those of DLPack.
#pragma once

#include "error.hpp"

namespace warpx {

/// Kinds of scalars; the values are DLPack's `DLDataTypeCode` (dlpack 1.3).
enum class dtype_code : uint8_t {
    int_ = 0,
    uint = 1,
    float_ = 2,
    opaque = 3,
    bfloat = 4,
    complex = 5,
    bool_ = 6,
    float8_e3m4 = 7,
    float8_e4m3 = 8,
    float8_e4m3b11fnuz = 9,
    float8_e4m3fn = 10,
    float8_e4m3fnuz = 11,
    float8_e5m2 = 12,
    float8_e5m2fnuz = 13,
    float8_e8m0fnu = 14,
    float6_e2m3fn = 15,
    float6_e3m2fn = 16,
    float4_e2m1fn = 17,
};

/// A scalar type as the outside names it. `bits` counts the whole scalar (64 for complex64); `lanes` is 1 for
/// every type that warpx binds, except raw records (`opaque`), which are `lanes` bytes.
struct dtype {
    dtype_code code = dtype_code::opaque;
    uint8_t bits = 0;
    uint16_t lanes = 1;

    friend constexpr bool operator==(const dtype&, const dtype&) = default;

    /// Bytes of one scalar; 0 for types smaller than a byte.
    constexpr int64_t bytes() const noexcept { return int64_t{bits} / 8 * lanes; }
};

/// A record of `bytes` bytes whose fields the protocol cannot name.
constexpr dtype opaque_dtype(size_t bytes) noexcept {
    return {dtype_code::opaque, 8, static_cast<uint16_t>(bytes <= 65535 ? bytes : 0)};
}

/// The name frameworks use: "float32", "bfloat16", "complex64", "bool", "float8_e4m3fn", "opaque24";
/// an unknown code prints its numbers.
WARPX_COLD inline std::string to_string(dtype type) {
    static constexpr const char* float8[] = {"float8_e3m4",     "float8_e4m3",     "float8_e4m3b11fnuz",
                                             "float8_e4m3fn",   "float8_e4m3fnuz", "float8_e5m2",
                                             "float8_e5m2fnuz", "float8_e8m0fnu",  "float6_e2m3fn",
                                             "float6_e3m2fn",   "float4_e2m1fn"};
    const int code = static_cast<int>(type.code);
    std::string text;
    switch (type.code) {
    case dtype_code::int_:
        text = "int" + std::to_string(type.bits);
        break;
    case dtype_code::uint:
        text = "uint" + std::to_string(type.bits);
        break;
    case dtype_code::float_:
        text = "float" + std::to_string(type.bits);
        break;
    case dtype_code::bfloat:
        text = "bfloat" + std::to_string(type.bits);
        break;
    case dtype_code::complex:
        text = "complex" + std::to_string(type.bits);
        break;
    case dtype_code::bool_:
        text = type.bits == 8 ? "bool" : "bool" + std::to_string(type.bits);
        break;
    case dtype_code::opaque:
        return "opaque" + std::to_string(type.bytes());
    default:
        text = code >= 7 && code <= 17 ? float8[code - 7]
                                       : "unknown dtype (code " + std::to_string(code) + ", " +
                                             std::to_string(type.bits) + " bits)";
    }
    return type.lanes == 1 ? text : text + "x" + std::to_string(type.lanes);
}

} // namespace warpx
