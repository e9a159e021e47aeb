// SPDX-License-Identifier: Apache-2.0
// tape_report.hpp: who hears that a kernel's gradient needed a tape in memory.
#pragma once

#include "config.hpp"

#include <stdio.h>

namespace warpx {

inline namespace report_v1 { // modules of one process share it

/// Is told, once a kernel, that some items of its adjoint needed a tape in memory: right, but many times slower
/// than in registers (docs/gradients.md says what to write instead). `kernel` is the kernel's name as in
/// messages. Called by the thread that launches, possibly by several at once; must not throw.
using tape_report = void (*)(const char* kernel) noexcept;

inline void print_tape_report(const char* kernel) noexcept {
    fprintf(stderr,
            "warpx: %s: some items of its adjoint needed a tape in memory, which is right but slow. Loops that "
            "carry values: warpx::fold; sums: a variable and +=; arrays that overlap: copies. See "
            "docs/gradients.md, set_tape_report(nullptr) turns this off.\n",
            kernel);
}

struct WARPX_PUBLIC tape_reporter { // of this library
    static tape_report& current() noexcept {
        static constinit tape_report report = print_tape_report;
        return report;
    }
};

/// Replaces the function that is told (first: one that prints a line to stderr); null: nobody.
inline void set_tape_report(tape_report report) noexcept {
    __atomic_store_n(&tape_reporter::current(), report, __ATOMIC_RELEASE);
}

} // namespace report_v1
} // namespace warpx
