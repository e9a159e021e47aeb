// SPDX-License-Identifier: Apache-2.0
// failing_new.hpp: replaces operator new of a test program, to count allocations and to make them fail.
// Include it in one file of the program.
#pragma once

#include <cstdlib>
#include <new>

inline thread_local int allocations = 0;
inline thread_local int fail_after = -1; // so many more allocations succeed; -1: all do

// Not inlined: g++ would see free() given memory of operator new.
[[gnu::noinline]] void* operator new(size_t bytes) {
    if (fail_after == 0) throw std::bad_alloc();
    if (fail_after > 0) --fail_after;
    ++allocations;
    if (void* p = std::malloc(bytes ? bytes : 1)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
    try {
        return operator new(bytes);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
