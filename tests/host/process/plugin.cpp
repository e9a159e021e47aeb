// SPDX-License-Identifier: Apache-2.0
// plugin.cpp: a library that launches, also while it is being loaded. Built twice, for two libraries in one
// process.
#include "host/pool_support.hpp"

#define PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

const bool right_while_loading = pool_support::sum_is_right();

} // namespace

/// Whether the launches of this library, those made while loading included, give right results.
PLUGIN_EXPORT int plugin_launch() { return right_while_loading && pool_support::sum_is_right(100000); }

/// The address of the pool that this library uses.
PLUGIN_EXPORT const void* plugin_pool() { return &warpx::detail::pool_v1::the_pool; }

/// Throws in a kernel and catches what arrives; whether it was what was thrown.
PLUGIN_EXPORT int plugin_throw() {
    struct private_error {
        int value;
    };
    try {
        pool_support::run_shared(1000, [](int64_t, int64_t) { throw private_error{7}; });
    } catch (const private_error& e) {
        return e.value == 7;
    }
    return 0;
}
