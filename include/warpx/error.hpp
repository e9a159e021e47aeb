// SPDX-License-Identifier: Apache-2.0
// error.hpp: the exceptions warpx throws, and the three-part sentence every one of them carries.
#pragma once

#include "config.hpp"

#include <stdexcept> // standard parents; the dearest include of the library, and the only one that brings std::string

namespace warpx {

/// A tensor or argument that cannot be bound to an array: thrown by the gate and by views. The text says what
/// was expected, what came, and what to do.
class WARPX_PUBLIC bind_error : public std::invalid_argument {
public:
    using std::invalid_argument::invalid_argument;
};

/// A launch that cannot be carried out (negative extent, mixed devices, no backend, extents too small when
/// checked).
class WARPX_PUBLIC launch_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An access outside of an array, found by a checked launch; names kernel, argument, index and shape.
class WARPX_PUBLIC index_error : public std::out_of_range {
public:
    using std::out_of_range::out_of_range;
};

/// An error of the CUDA runtime. `status()` is the `cudaError_t` as an `int`, so that host code can catch it.
class WARPX_PUBLIC cuda_error : public std::runtime_error {
public:
    cuda_error(int status, const std::string& what) : std::runtime_error(what), status_(status) {}
    int status() const noexcept { return status_; }

private:
    int status_;
};

namespace detail {

/// "who: expected ...; got ...; what to do": the form of every message.
WARPX_COLD inline std::string sentence(const std::string& who, const std::string& expected,
                                       const std::string& got, const std::string& remedy) {
    return who + ": expected " + expected + "; got " + got + "; " + remedy;
}

/// A tuple as Python prints it: "(3, 4)", "(3,)", "()".
WARPX_COLD inline std::string tuple_text(const int64_t* values, int count) {
    std::string text = "(";
    for (int k = 0; k < count; ++k) text += (k ? ", " : "") + std::to_string(values[k]);
    return text + (count == 1 ? ",)" : ")");
}

} // namespace detail
} // namespace warpx
