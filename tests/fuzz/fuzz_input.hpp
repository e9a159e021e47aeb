// SPDX-License-Identifier: Apache-2.0
// fuzz_input.hpp: what fuzz targets share: reads choices from the input, and stops at a broken promise.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fuzz {

/// Reads values off the input; zeros when it is used up.
class input {
public:
    input(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

    template <class T> T take() {
        T value{};
        for (size_t k = 0; k < sizeof(T); ++k) {
            const unsigned char byte = at_ != end_ ? *at_++ : 0;
            std::memcpy(reinterpret_cast<char*>(&value) + k, &byte, 1);
        }
        return value;
    }
    /// One of `count` choices.
    int choose(int count) { return take<uint8_t>() % count; }
    bool flip() { return (take<uint8_t>() & 1) != 0; }

    /// Mostly small numbers, sometimes the extreme ones, sometimes anything.
    int64_t number() {
        const int64_t extremes[] = {INT64_MAX,        INT64_MIN,        INT64_MIN + 1,
                                    int64_t{1} << 62, int64_t{1} << 61, -(int64_t{1} << 62),
                                    int64_t{1} << 32, int64_t{1} << 31, 0x7fffffff};
        const uint8_t kind = take<uint8_t>();
        if (kind < 160) return kind % 13;
        if (kind < 190) return -int64_t{kind % 13};
        if (kind < 220) return int64_t{kind % 7} * (1 + take<uint8_t>());
        if (kind < 240)
            return static_cast<int64_t>(static_cast<uint64_t>(extremes[kind % 9]) - take<uint8_t>() % 5);
        return take<int64_t>();
    }
    bool done() const { return at_ == end_; }

private:
    const uint8_t *at_, *end_;
};

inline void require(bool holds, const char* promise, const char* detail) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n%s\n", promise, detail);
    std::abort();
}

} // namespace fuzz
