// SPDX-License-Identifier: Apache-2.0
// scalar.hpp: the scalars of a call: from numbers of any kind to the type of the parameter.
#pragma once

#include "call.hpp"

#include <string.h>

namespace warpx {
namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_number(const operation_description& d, int parameter, dtype want,
                                                  const std::string& got) {
    refuse_argument(d, parameter, reason::type, "a number that " + to_string(want) + " holds", got,
                    "pass a number of that kind");
}

template <class T> T to_scalar(const operation_call& call, int parameter, const number& n) {
    const auto refuse = [&](const std::string& got) {
        refuse_number(call.description, parameter, dtype_of<T>, got);
    };
    if constexpr (std::is_same_v<T, bool>) {
        if (n.is != number::kind::boolean &&
            !(n.is == number::kind::integer && (n.integer == 0 || n.integer == 1)))
            refuse("another number");
        return n.integer != 0;
    } else if constexpr (std::is_integral_v<T>) {
        if (n.is == number::kind::real || n.is == number::kind::complex) refuse(std::to_string(n.real));
        if (static_cast<int64_t>(static_cast<T>(n.integer)) != n.integer ||
            (std::is_unsigned_v<T> && n.integer < 0))
            refuse(std::to_string(n.integer));
        return static_cast<T>(n.integer);
    } else if constexpr (dtype_of<T>.code == dtype_code::complex) {
        using part = decltype(T{}.real());
        return T(static_cast<part>(n.real), static_cast<part>(n.imaginary));
    } else {
        if (n.is == number::kind::complex) refuse("a complex number");
        return static_cast<T>(n.real);
    }
}

/// A number in an array without axes on the host.
inline number read_number(const operation_call& call, int parameter, const tensor_desc& t) {
    number n;
    const char* at = static_cast<const char*>(t.data) + t.byte_offset;
    const auto integer = [&]<class T>(T) {
        T v;
        memcpy(&v, at, sizeof v);
        if constexpr (std::is_same_v<T, uint64_t>)
            if (v > uint64_t{INT64_MAX})
                refuse_argument(call.description, parameter, reason::value, "an integer of 63 bits",
                                "a larger one", "pass a smaller one");
        n.integer = static_cast<int64_t>(v);
        n.real = static_cast<double>(v);
        n.is = std::is_same_v<T, bool> ? number::kind::boolean : number::kind::integer;
    };
    const auto real = [&]<class T>(T) {
        T v;
        memcpy(static_cast<void*>(&v), at, sizeof v);
        n.real = static_cast<double>(static_cast<compute_t<T>>(v));
        n.is = number::kind::real;
    };
    const dtype type = t.dtype;
    if (!t.data)
        refuse_argument(call.description, parameter, reason::value, "a number", "no memory", "pass a number");
    if (type == dtype_of<float>)
        real(float{});
    else if (type == dtype_of<double>)
        real(double{});
    else if (type == dtype_of<half>)
        real(half{});
    else if (type == dtype_of<bfloat16> || type == opaque_dtype(2))
        real(bfloat16{});
    else if (type == dtype_of<int64_t>)
        integer(int64_t{});
    else if (type == dtype_of<int32_t>)
        integer(int32_t{});
    else if (type == dtype_of<int16_t>)
        integer(int16_t{});
    else if (type == dtype_of<int8_t>)
        integer(int8_t{});
    else if (type == dtype_of<uint64_t>)
        integer(uint64_t{});
    else if (type == dtype_of<uint32_t>)
        integer(uint32_t{});
    else if (type == dtype_of<uint16_t>)
        integer(uint16_t{});
    else if (type == dtype_of<uint8_t>)
        integer(uint8_t{});
    else if (type == dtype_of<bool>)
        integer(bool{});
    else if (type == dtype_of<complex<float>> || type == dtype_of<complex<double>>) {
        double parts[2];
        if (type.bits == 64) {
            float v[2];
            memcpy(v, at, sizeof v);
            parts[0] = static_cast<double>(v[0]), parts[1] = static_cast<double>(v[1]);
        } else
            memcpy(parts, at, sizeof parts);
        n.real = parts[0], n.imaginary = parts[1], n.is = number::kind::complex;
    } else
        refuse_argument(call.description, parameter, reason::type, "a number", to_string(type),
                        "pass a Python number");
    return n;
}

} // namespace detail
} // namespace warpx
