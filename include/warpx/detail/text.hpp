// SPDX-License-Identifier: Apache-2.0
// text.hpp: messages of launches, put together without std::string, whose code every file that launches would
// have to compile (0.15 s with g++ -O2).
#pragma once

#include "../config.hpp"

#include <string.h>

namespace warpx::detail {

/// A message in the making, in a buffer of its own; what does not fit is cut off.
class text {
public:
    WARPX_COLD text& add(const char* s, size_t length) noexcept {
        if (length > sizeof chars_ - 1 - length_) length = sizeof chars_ - 1 - length_;
        memcpy(chars_ + length_, s, length);
        length_ += length;
        chars_[length_] = '\0';
        return *this;
    }
    WARPX_COLD text& add(const char* s) noexcept { return add(s, strlen(s)); }
    WARPX_COLD text& add(int64_t number) noexcept {
        char digits[24];
        size_t k = sizeof digits;
        uint64_t rest = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
        do digits[--k] = static_cast<char>('0' + rest % 10);
        while ((rest /= 10) != 0);
        if (number < 0) digits[--k] = '-';
        return add(digits + k, sizeof digits - k);
    }
    /// "(3, 4)", "(3,)", "()", as Python prints it.
    WARPX_COLD text& add(const int64_t* values, int count) noexcept {
        add("(");
        for (int k = 0; k < count; ++k) add(k ? ", " : "").add(values[k]);
        return add(count == 1 ? ",)" : ")");
    }

    // "who: expected ...; got ...; what to do", part by part.
    WARPX_COLD text& expected(const char* s) noexcept { return add(": expected ").add(s); }
    WARPX_COLD text& got(const char* s) noexcept { return add("; got ").add(s); }
    WARPX_COLD text& remedy(const char* s) noexcept { return add("; ").add(s); }

    const char* c_str() const noexcept { return chars_; }

    /// Adds the text behind "`key` = " in a compiler's function-name string, up to the `]` or `;` that ends
    /// it.
    WARPX_COLD text& add_template_argument(const char* function, const char* key) noexcept {
        const size_t begin = length_, key_length = strlen(key);
        const char* at = function;
        while ((at = strstr(at, key)) != nullptr && strncmp(at + key_length, " = ", 3) != 0) ++at;
        if (at == nullptr) return add(function);
        at += key_length + 3;
        const char* end = at;
        for (int depth = 0; *end != '\0'; ++end) {
            const char c = *end;
            if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
            if ((c == ']' || c == ';') && depth == 0) break;
            if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
        }
        add(at, static_cast<size_t>(end - at));
        remove(begin, ", warpx::device::host"); // g++ spells default arguments, clang does not
        remove(begin, "warpx::");
        remove(begin, "{anonymous}::");           // g++
        remove(begin, "(anonymous namespace)::"); // clang
        remove_scope(begin, "_GLOBAL__N__");      // g++ behind nvcc
        return *this;
    }

private:
    /// Removes names that begin so, with the "::" behind them.
    WARPX_COLD void remove_scope(size_t begin, const char* start) noexcept {
        for (char* at = chars_ + begin; (at = strstr(at, start)) != nullptr;) {
            const char* const end = strstr(at, "::");
            if (end == nullptr) return;
            length_ -= static_cast<size_t>(end + 2 - at);
            memmove(at, end + 2, strlen(end + 2) + 1);
        }
    }
    WARPX_COLD void remove(size_t begin, const char* noise) noexcept {
        const size_t length = strlen(noise);
        for (char* at = chars_ + begin; (at = strstr(at, noise)) != nullptr;) {
            memmove(at, at + length, strlen(at + length) + 1);
            length_ -= length;
        }
    }

    size_t length_ = 0;
    char chars_[2048] = {};
};

} // namespace warpx::detail
