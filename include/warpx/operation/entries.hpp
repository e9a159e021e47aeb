// SPDX-License-Identifier: Apache-2.0
// entries.hpp: what runs operations: one function for each derivative of each choice of types, free of
// frameworks.
#pragma once

#include "run.hpp"

namespace warpx {
namespace detail {

/// Runs a resolved call. Host: returns when done. CUDA: enqueues on `options.stream`. Allocates nothing that
/// the caller must free; throws what launches throw.
using operation_entry = void (*)(const operation_call& call, const launch_options& options);

/// The entries of an operation with its types chosen, on one device, by `derivative`.
struct operation_entries {
    operation_entry run[4] = {};
};
/// Hands over those that a part of a module has compiled: see WARPX_PYTHON_MODULE.
using part_entries = const operation_entries* (*)();

/// The plain description of an operation.
template <const auto& Op>
inline constexpr operation_description description_of = std::remove_cvref_t<decltype(Op)>::describe(Op);

/// Operations with their types chosen, each on one device.
template <class... Run> struct run_list {};
template <class... List> struct joined_runs {
    using type = run_list<>;
};
template <class... Run> struct joined_runs<run_list<Run...>> {
    using type = run_list<Run...>;
};
template <class... A, class... B, class... Rest>
struct joined_runs<run_list<A...>, run_list<B...>, Rest...> : joined_runs<run_list<A..., B...>, Rest...> {};

template <const auto& Op, class Device, int... V>
run_list<operation_run<Op, Device, V>...> list_variants(std::integer_sequence<int, V...>);
template <const auto& Op, class... Devices>
using variants_of = typename joined_runs<decltype(list_variants<Op, Devices>(
    std::make_integer_sequence<int, description_of<Op>.variants()>()))...>::type;

/// A translation unit's share in a module for these devices.
template <int Part, int Parts, class... Devices> struct module_part {
    static constexpr int number = Part, parts = Parts;
    static constexpr bool on_cuda = sizeof...(Devices) == 2;
    /// All variants of the first operation, for one device after the other, then those of the next.
    template <const auto&... Ops> using runs = typename joined_runs<variants_of<Ops, Devices...>...>::type;
};
/// For the devices that this file is compiled for.
template <int Part, int Parts>
#if defined(__CUDACC__)
using this_part = module_part<Part, Parts, device::host, device::cuda>;
#else
using this_part = module_part<Part, Parts, device::host>;
#endif

/// Which part compiles which entries: what takes longest is given away first, each to the part that is then
/// done earliest. The costs are those of g++, in half seconds: a part's first entry of a run brings what all
/// of them need, part 0 has the functions for Python besides.
template <int Parts, int Operations, int Runs> struct module_plan {
    int part_of[4][Runs] = {};

    consteval module_plan() {
        int load[Parts] = {3 + 2 * Operations};
        bool begun[Parts][Runs] = {};
        for (const derivative what :
             {derivative::adjoint, derivative::adjoint_tangent, derivative::none, derivative::tangent})
            for (int run = 0; run < Runs; ++run) {
                const auto with = [&](int part) { return load[part] + (begun[part][run] ? 0 : 2); };
                int& part = part_of[static_cast<int>(what)][run];
                for (int p = 1; p < Parts; ++p)
                    if (with(p) < with(part)) part = p;
                load[part] = with(part) + (what == derivative::adjoint           ? 4
                                           : what == derivative::adjoint_tangent ? 2
                                                                                 : 1);
                begun[part][run] = true;
            }
    }
};

/// The entries of a list of `Runs` that a part compiles; the others are null.
template <class Part, int Operations, class Runs> struct entry_table;
template <class Part, int Operations, class... Run> struct entry_table<Part, Operations, run_list<Run...>> {
    static constexpr int count = sizeof...(Run);
    static constexpr module_plan<Part::parts, Operations, count> plan{};
    operation_entries of[count];

    static consteval entry_table make() { return make(std::make_integer_sequence<int, count>()); }
    /// Adds what another part has compiled.
    void take(const operation_entries* other) noexcept {
        for (int k = 0; k < count; ++k)
            for (int d = 0; d < 4; ++d)
                if (other[k].run[d]) of[k].run[d] = other[k].run[d];
    }

private:
    template <int... N> static consteval entry_table make(std::integer_sequence<int, N...>) {
        return {{entries<Run, N>()...}};
    }
    template <class R, int N> static consteval operation_entries entries() {
        operation_entries e;
        if constexpr (plan.part_of[0][N] == Part::number) e.run[0] = &R::run;
        if constexpr (plan.part_of[1][N] == Part::number) e.run[1] = &R::tangent;
        if constexpr (plan.part_of[2][N] == Part::number) e.run[2] = &R::adjoint;
        if constexpr (plan.part_of[3][N] == Part::number) e.run[3] = &R::adjoint_tangent;
        return e;
    }
};
template <class Part, const auto&... Ops>
inline constexpr auto module_entries =
    entry_table<Part, sizeof...(Ops), typename Part::template runs<Ops...>>::make();
/// All entries of one operation on one device, by variant.
template <const auto& Op, class Device>
inline constexpr auto entries_of = module_entries<module_part<0, 1, Device>, Op>;

/// Whether the kernel of an operation does nothing but add to parameter `k`, with each of its types.
template <const auto& Op> bool only_adds_to(int k) {
    return [k]<int... V>(std::integer_sequence<int, V...>) {
        return (operation_run<Op, device::host, V>::only_adds_to(k) && ...);
    }(std::make_integer_sequence<int, description_of<Op>.variants()>());
}

} // namespace detail
} // namespace warpx
