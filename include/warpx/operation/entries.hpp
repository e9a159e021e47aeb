// SPDX-License-Identifier: Apache-2.0
// entries.hpp: what runs an operation: one function for each derivative, for all of its types, free of
// frameworks.
#pragma once

#include "run.hpp"

namespace warpx {
namespace detail {

/// Runs a resolved call. Host: returns when done. CUDA: enqueues on `options.stream`. Allocates nothing that
/// the caller must free; throws what launches throw.
using operation_entry = void (*)(const operation_call& call, const launch_options& options);

/// The entries of one operation on one device, by `derivative`; null where there is none.
struct operation_entries {
    operation_entry run[4] = {};
};

/// All variants of an operation on one device.
template <const auto& Op, class Device, class Variants> struct operation_variants;
template <const auto& Op, class Device, int... V>
struct operation_variants<Op, Device, std::integer_sequence<int, V...>> {
    static void run(const operation_call& call, const launch_options& options) {
        static constexpr operation_entry all[] = {&operation_run<Op, Device, V>::run...};
        all[call.variant](call, options);
    }
    static void tangent(const operation_call& call, const launch_options& options) {
        static constexpr operation_entry all[] = {&operation_run<Op, Device, V>::tangent...};
        all[call.variant](call, options);
    }
    static void adjoint(const operation_call& call, const launch_options& options) {
        static constexpr operation_entry all[] = {&operation_run<Op, Device, V>::adjoint...};
        all[call.variant](call, options);
    }
    static void adjoint_tangent(const operation_call& call, const launch_options& options) {
        static constexpr operation_entry all[] = {&operation_run<Op, Device, V>::adjoint_tangent...};
        all[call.variant](call, options);
    }
};

/// The plain description of an operation, and what runs it.
template <const auto& Op>
inline constexpr operation_description description_of = std::remove_cvref_t<decltype(Op)>::describe(Op);
template <const auto& Op, class Device>
inline constexpr operation_entries entries_of = [] {
    using all =
        operation_variants<Op, Device, std::make_integer_sequence<int, description_of<Op>.variants()>>;
    return operation_entries{{&all::run, &all::tangent, &all::adjoint, &all::adjoint_tangent}};
}();

} // namespace detail
} // namespace warpx
