// SPDX-License-Identifier: Apache-2.0
// type_name.hpp: names of types and kernels for messages, from the compiler's own function-name string.
#pragma once

#include "../error.hpp"
#include "text.hpp"

namespace warpx::detail {

/// What the compiler says `key` is in a function-name string.
WARPX_COLD inline std::string template_argument(const char* function, const char* key) {
    return text().add_template_argument(function, key).c_str();
}

template <class T> WARPX_COLD std::string type_name() { return template_argument(__PRETTY_FUNCTION__, "T"); }

/// The same without std::string, for launches: the function names that hold the type `T`, the kernel `K`.
template <class T> constexpr const char* type_signature() noexcept { return __PRETTY_FUNCTION__; }
template <const auto& K> constexpr const char* kernel_signature() noexcept { return __PRETTY_FUNCTION__; }

} // namespace warpx::detail
