// SPDX-License-Identifier: Apache-2.0
// compare.hpp: gradients of an adjoint launch against finite differences.
#pragma once

#include "differences.hpp"

namespace warpx {
namespace detail {

/// The numbers of each argument that are checked: the first of each group.
inline std::vector<std::vector<int>> chosen(const gradient_rig& rig, int64_t samples, uint64_t seed,
                                            std::vector<int64_t>& of) {
    std::vector<std::vector<int>> groups(static_cast<size_t>(rig.arguments));
    for (size_t g = 0; g < rig.groups.size(); ++g)
        groups[static_cast<size_t>(rig.first_of(static_cast<int>(g)).argument)].push_back(
            static_cast<int>(g));
    weights random(seed + 77);
    for (auto& list : groups) {
        of.push_back(static_cast<int64_t>(list.size()));
        const auto most = static_cast<size_t>(std::max<int64_t>(samples, 1));
        if (list.size() <= most) continue;
        for (size_t k = 0; k < most; ++k) std::swap(list[k], list[k + random.bits() % (list.size() - k)]);
        list.resize(most);
    }
    return groups;
}

/// The gradients of all groups, after an adjoint launch.
inline std::vector<double> group_gradients(const gradient_rig& rig) {
    std::vector<double> sums(rig.groups.size());
    for (size_t g = 0; g < sums.size(); ++g) {
        std::vector<const void*> seen;
        for (const int k : rig.groups[g]) {
            const rig_number& n = rig.numbers[static_cast<size_t>(k)];
            if (std::find(seen.begin(), seen.end(), n.gradient) != seen.end()) continue;
            seen.push_back(n.gradient);
            sums[g] += read_number(n.gradient, n.type);
        }
    }
    return sums;
}

inline double default_tolerance(stored_as type) {
    return type == stored_as::float64   ? 1e-6
           : type == stored_as::float32 ? 5e-3
           : type == stored_as::float16 ? 0.05
                                        : 0.1;
}

/// Fills in the errors of an argument, and what is worst. `noise` is what the numerical values cannot see.
inline void judge(gradient_report& report, argument_gradients& argument,
                  std::vector<gradient_difference>& list, const std::vector<double>& noise) {
    double scale = 0;
    for (const gradient_difference& d : list)
        if (std::isfinite(d.numerical)) scale = std::max(scale, std::fabs(d.numerical));
    for (size_t k = 0; k < list.size(); ++k) {
        gradient_difference& d = list[k];
        d.absolute_error = std::fabs(d.derived - d.numerical);
        const double of = std::max(
            {std::fabs(d.derived), std::fabs(d.numerical), 0.1 * scale, 8 * noise[k] / report.tolerance});
        d.relative_error = d.absolute_error == 0 ? 0 : d.absolute_error / of;
        const bool good = d.relative_error <= report.tolerance; // NaN is not
        argument.passed = argument.passed && good;
        const auto worse = [](const gradient_difference& a, const gradient_difference& b) {
            return b.argument < 0 || (std::isnan(a.relative_error) && !std::isnan(b.relative_error)) ||
                   a.relative_error > b.relative_error;
        };
        if (worse(d, argument.worst)) argument.worst = d;
        if (worse(d, report.worst)) report.worst = d;
    }
    report.passed = report.passed && argument.passed;
}

/// Compares the gradients that `adjoint` leaves in the rig with finite differences of `forward`.
inline gradient_report check_rig(const std::string& kernel, const gradcheck_options& options,
                                 gradient_rig& rig, const run_launch& forward, const run_launch& adjoint) {
    gradient_report report;
    report.kernel = kernel;
    report.tolerance = options.tolerance > 0 ? options.tolerance : default_tolerance(rig.coarsest);
    const weighted_outputs outputs(rig, options.seed, forward);
    report.outputs = static_cast<int64_t>(outputs.all.size());
    outputs.seed();
    adjoint();
    report.wrote_values = rig.values_changed();
    report.passed = !report.wrote_values && outputs.complete();
    const std::vector<double> derived = group_gradients(rig);

    differences numerical(rig, outputs, forward, options.step);
    std::vector<int64_t> of;
    const auto groups = chosen(rig, options.samples, options.seed, of);
    for (size_t a = 0; a < groups.size(); ++a) {
        if (groups[a].empty()) continue;
        argument_gradients argument;
        argument.argument = static_cast<int>(a);
        argument.numbers = of[a];
        argument.checked = static_cast<int64_t>(groups[a].size());
        std::vector<gradient_difference> list;
        std::vector<double> noise;
        for (const int g : groups[a]) {
            const std::vector<int>& members = rig.groups[static_cast<size_t>(g)];
            gradient_difference best;
            double best_noise = 0;
            // A second and a third step where the first is off: it may have crossed a kink.
            for (const double factor : {1.0, 1.0 / 8, rig.coarsest == stored_as::float64 ? 1.0 / 64 : 4.0}) {
                gradient_difference d = rig.place_of(rig.first_of(g));
                double sum_of_noise = 0;
                d.derived = derived[static_cast<size_t>(g)];
                std::vector<const void*> seen;
                for (const int k : members) {
                    const rig_number& n = rig.numbers[static_cast<size_t>(k)];
                    if (std::find(seen.begin(), seen.end(), n.value) != seen.end()) continue;
                    seen.push_back(n.value);
                    const auto e = numerical.by(n, factor);
                    d.numerical += e.derivative;
                    sum_of_noise += e.noise;
                }
                const double error = std::fabs(d.derived - d.numerical);
                if (factor == 1.0 || error < std::fabs(best.derived - best.numerical)) {
                    best = d;
                    best_noise = sum_of_noise;
                }
                if (error <= report.tolerance * std::fabs(d.numerical)) break;
            }
            list.push_back(best);
            noise.push_back(best_noise);
        }
        judge(report, argument, list, noise);
        report.arguments.push_back(argument);
    }
    return report;
}

template <class Forward, class Adjoint, class... A>
gradient_report check_gradients(const std::string& kernel, const gradcheck_options& options,
                                const Forward& forward, const Adjoint& adjoint, const A&... arguments) {
    auto rig = rig_of(arguments...);
    const auto run_forward = [&] { rig.with_arguments(forward); };
    const auto run_adjoint = [&] { rig.with_arguments(adjoint); };
    return check_rig(kernel, options, rig, run_of(run_forward), run_of(run_adjoint));
}

} // namespace detail
} // namespace warpx
