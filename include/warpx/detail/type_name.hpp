// SPDX-License-Identifier: Apache-2.0
// type_name.hpp: names of types and kernels for messages, from the compiler's own function-name string.
#pragma once

#include "../error.hpp"

#include <string.h>

namespace warpx::detail {

/// The text behind "`key` = " in a function-name string, up to the `]` or `;` that ends it.
WARPX_COLD inline std::string template_argument(const char* function, const char* key) {
    const std::string text = function;
    const size_t at = text.find(std::string(key) + " = ");
    if (at == std::string::npos) return text;
    const size_t begin = at + std::string(key).size() + 3;
    int depth = 0;
    size_t end = begin;
    for (; end < text.size(); ++end) {
        const char c = text[end];
        if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
        if ((c == ']' || c == ';') && depth == 0) break;
        if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
    }
    std::string name = text.substr(begin, end - begin);
    for (const char* noise :
         {", warpx::device::host", "warpx::"}) // g++ spells default arguments, clang does not
        for (size_t k = name.find(noise); k != std::string::npos; k = name.find(noise))
            name.erase(k, strlen(noise));
    return name;
}

template <class T> WARPX_COLD std::string type_name() { return template_argument(__PRETTY_FUNCTION__, "T"); }

/// "saxpy" for a kernel given as a named object.
template <const auto& K> WARPX_COLD std::string kernel_name() {
    return template_argument(__PRETTY_FUNCTION__, "K");
}

} // namespace warpx::detail
