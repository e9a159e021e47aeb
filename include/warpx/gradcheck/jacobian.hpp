// SPDX-License-Identifier: Apache-2.0
// jacobian.hpp: whole Jacobians, by adjoint launches and by finite differences.
#pragma once

#include "differences.hpp"

namespace warpx {
namespace detail {

/// Which numbers of an argument are rows or columns of a Jacobian: all, also those that share memory.
inline std::vector<rig_number> numbers_of(const gradient_rig& rig, int argument, const char* who) {
    std::vector<rig_number> list;
    for (const rig_number& n : rig.numbers)
        if (n.argument == argument) list.push_back(n);
    if (list.empty())
        throw launch_error(sentence(who, "arguments with floating-point numbers",
                                    "argument " + std::to_string(argument),
                                    "count the arguments behind the extents from 0; a scalar is passed "
                                    "by with_grad(value, gradient)"));
    return list;
}
inline array<double, 2> rig_jacobian(gradient_rig& rig, int in, int out, const run_launch& adjoint) {
    const auto columns = numbers_of(rig, in, "warpx::jacobian"),
               rows = numbers_of(rig, out, "warpx::jacobian");
    auto j = zeros<double>({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
    for (size_t r = 0; r < rows.size(); ++r) {
        rig.restore();
        write_number(rows[r].gradient, rows[r].type, 1);
        adjoint();
        for (size_t c = 0; c < columns.size(); ++c)
            j.data_handle()[r * columns.size() + c] = read_number(columns[c].gradient, columns[c].type);
    }
    return j;
}
inline array<double, 2> rig_differences(gradient_rig& rig, int in, int out, const run_launch& forward) {
    const char* const who = "warpx::numerical_jacobian";
    const auto columns = numbers_of(rig, in, who), rows = numbers_of(rig, out, who);
    auto j = zeros<double>({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
    weighted_outputs one;
    for (size_t r = 0; r < rows.size(); ++r) {
        one.all.assign(1, {rows[r].value, rows[r].gradient, rows[r].type, 1});
        differences numerical(rig, one, forward, 0);
        for (size_t c = 0; c < columns.size(); ++c)
            j.data_handle()[r * columns.size() + c] = numerical.by(columns[c], 1).derivative;
    }
    return j;
}
template <class Adjoint, class... A>
array<double, 2> adjoint_jacobian(int in, int out, const Adjoint& adjoint, const A&... arguments) {
    auto rig = rig_of_two(in, out, arguments...);
    const auto run = [&] { rig.with_arguments(adjoint); };
    return rig_jacobian(rig, in, out, run_of(run));
}
template <class Forward, class... A>
array<double, 2> difference_jacobian(int in, int out, const Forward& forward, const A&... arguments) {
    auto rig = rig_of_two(in, out, arguments...);
    const auto run = [&] { rig.with_arguments(forward); };
    return rig_differences(rig, in, out, run_of(run));
}

} // namespace detail
} // namespace warpx
