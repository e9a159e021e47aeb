// SPDX-License-Identifier: Apache-2.0
// memory.hpp: memory for benchmarks, placed alike in every program, so that peers differ in their code only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include <sys/mman.h>

namespace bench {

struct free_memory {
    void operator()(void* p) const noexcept { std::free(p); }
};

/// `count` elements set to `value`. `slot` numbers the buffers of a benchmark: each starts at another offset
/// within its page, since equal ones make loads wait for unrelated stores (4 KiB aliasing).
template <class T> class buffer {
public:
    buffer(std::int64_t count, int slot, T value) {
        constexpr std::size_t page = std::size_t{1} << 21;
        const std::size_t offset = static_cast<std::size_t>(slot) * 1088;
        const std::size_t bytes =
            (static_cast<std::size_t>(count) * sizeof(T) + offset + page - 1) / page * page;
        memory_.reset(std::aligned_alloc(page, bytes));
        if (!memory_) throw std::bad_alloc();
        madvise(memory_.get(), bytes, MADV_HUGEPAGE);
        data_ = reinterpret_cast<T*>(static_cast<char*>(memory_.get()) + offset);
        for (std::int64_t i = 0; i < count; ++i) data_[i] = value;
    }
    T* data() const noexcept { return data_; }
    T& operator[](std::int64_t i) const noexcept { return data_[i]; }

private:
    std::unique_ptr<void, free_memory> memory_;
    T* data_;
};

} // namespace bench
