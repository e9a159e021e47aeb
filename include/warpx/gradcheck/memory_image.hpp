// SPDX-License-Identifier: Apache-2.0
// memory_image.hpp: copies of memory in which what shared memory still does.
#pragma once

#include "../create.hpp"
#include "../detail/byte_span.hpp"

#include <algorithm>
#include <string.h>
#include <vector>

namespace warpx {
namespace detail {

/// A copy of memory at other addresses. Spans that meet stay together, so that what shared memory still does.
class memory_image {
public:
    void add(const byte_span& s) {
        if (s.begin < s.end) blocks_.push_back({s, {}, {}});
    }
    /// Copies (or zeroes) what was added.
    void make(bool copied) {
        std::sort(blocks_.begin(), blocks_.end(),
                  [](const block& a, const block& b) { return a.from.begin < b.from.begin; });
        std::vector<block> merged;
        for (const block& b : blocks_) {
            if (!merged.empty() && b.from.begin < merged.back().from.end)
                merged.back().from.end = std::max(merged.back().from.end, b.from.end);
            else
                merged.push_back(b);
        }
        blocks_ = merged;
        for (block& b : blocks_) {
            const auto size = static_cast<int64_t>(b.from.end - b.from.begin);
            b.initial = zeros<unsigned char>(size);
            b.memory = zeros<unsigned char>(size + 64);
            if (copied)
                memcpy(b.initial.data_handle(), reinterpret_cast<const void*>(b.from.begin),
                       static_cast<size_t>(size));
        }
        restore();
    }
    void restore() {
        for (const block& b : blocks_)
            memcpy(b.data(), b.initial.data_handle(), static_cast<size_t>(b.initial.size()));
    }
    bool changed() const {
        for (const block& b : blocks_)
            if (memcmp(b.data(), b.initial.data_handle(), static_cast<size_t>(b.initial.size())) != 0)
                return true;
        return false;
    }
    /// Where the copy of an address is. Null: it was not added.
    template <class T> T* at(T* p) const {
        const auto address = reinterpret_cast<uintptr_t>(p);
        for (const block& b : blocks_)
            if (address >= b.from.begin && address < b.from.end)
                return reinterpret_cast<T*>(b.data() + (address - b.from.begin));
        return nullptr;
    }

private:
    struct block {
        byte_span from;
        array<unsigned char, 1> initial, memory;
        unsigned char* data() const { return memory.data_handle() + from.begin % 64; } // keeps alignment
    };
    std::vector<block> blocks_;
};

} // namespace detail
} // namespace warpx
