// SPDX-License-Identifier: Apache-2.0
// check_adjoint.hpp: check_adjoint<kernel>: the kernel's own adjoint against the derived one, for tests.
#pragma once

#include "gradcheck.hpp"
#include "with_adjoint.hpp"

namespace warpx {

namespace detail {

/// Compares the gradients that two adjoint launches leave in the rig. Gradients are not zero before, so that
/// one sees who overwrites instead of adding.
inline gradient_report compare_adjoints(const std::string& kernel, const gradcheck_options& options,
                                        gradient_rig& rig, const run_launch& forward, const run_launch& own,
                                        const run_launch& derived) {
    gradient_report report;
    report.kernel = kernel;
    report.derived_name = "own";
    report.numerical_name = "derived";
    report.tolerance = options.tolerance > 0                ? options.tolerance
                       : rig.coarsest == stored_as::float64 ? 1e-10
                                                            : std::sqrt(epsilon_of(rig.coarsest));
    const weighted_outputs outputs(rig, options.seed, forward);
    report.outputs = static_cast<int64_t>(outputs.all.size());
    const auto run = [&](const run_launch& adjoint) {
        rig.restore();
        weights random(options.seed + 5);
        for (const rig_number& n : rig.numbers) write_number(n.gradient, n.type, random.weight());
        outputs.seed();
        adjoint();
        report.wrote_values = report.wrote_values || rig.values_changed();
        return group_gradients(rig);
    };
    const std::vector<double> wanted = run(derived);
    report.wrote_values = false; // of the own one only
    const std::vector<double> got = run(own);
    report.passed = !report.wrote_values;
    // What was there before; the outputs' is gone, or part of what is compared.
    run(run_of([] {}));
    std::unordered_set<const void*> seeded;
    for (const auto& o : outputs.all) seeded.insert(o.gradient);
    std::vector<double> before = group_gradients(rig);
    for (size_t g = 0; g < before.size(); ++g)
        for (const int k : rig.groups[g])
            if (seeded.count(rig.numbers[static_cast<size_t>(k)].gradient) != 0) before[g] = 0;

    std::vector<int64_t> of;
    const auto groups = chosen(rig, INT64_MAX, options.seed, of);
    for (size_t a = 0; a < groups.size(); ++a) {
        if (groups[a].empty()) continue;
        argument_gradients argument;
        argument.argument = static_cast<int>(a);
        argument.numbers = argument.checked = of[a];
        std::vector<gradient_difference> list;
        std::vector<double> noise;
        for (const int group : groups[a]) {
            const auto g = static_cast<size_t>(group);
            gradient_difference d = rig.place_of(rig.first_of(group));
            d.derived = got[g] - before[g];
            d.numerical = wanted[g] - before[g];
            list.push_back(d);
            noise.push_back(epsilon_of(rig.first_of(group).type) *
                            std::max(std::fabs(before[g]), std::fabs(wanted[g])));
        }
        judge(report, argument, list, noise);
        report.arguments.push_back(argument);
    }
    return report;
}

} // namespace detail

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

template <class Named, class Dim, class F, class... A>
gradient_report start_check_adjoint(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                    const A&... arguments) {
    static_assert(
        has_own_adjoint<F>,
        "warpx::check_adjoint: the kernel has no adjoint of its own: make it by with_adjoint(forward, "
        "adjoint), or give the struct a static `adjoint`; gradcheck checks the derived one");
    auto rig = rig_of(arguments...);
    const auto forward = [&] { rig.with_arguments(run_forward<Named>(dim, kernel)); };
    const auto own = [&] { rig.with_arguments(run_adjoint_of<Named>(dim, kernel)); };
    const auto derived = [&] {
        rig.with_arguments([&](const auto&... a) {
            dispatch<adjoint_now>(quiet_launch(), Named::site(nullptr), shape_of(dim), kernel, a...);
        });
    };
    return compare_adjoints(kernel_name<Named>(), options, rig, run_of(forward), run_of(own),
                            run_of(derived));
}

} // namespace launching

/// Compares the own adjoint of `K` (with_adjoint, or a struct with a static `adjoint`) with the one that is
/// derived from its forward part, on copies of these arguments as `gradcheck` makes them: with random
/// gradients in all arrays, what both leave in all of them must agree. That the own one writes values fails
/// too. Tolerance: `options.tolerance`, or 1e-10 for double and the root of the precision for other types.
/// Host arrays. Throws what launches throw.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report check_adjoint(const Dim& dim, const A&... arguments) {
    return launching::start_check_adjoint<launching::named<K>>({}, dim, detail::kernel_ref<K>{},
                                                               arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] gradient_report check_adjoint(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_check_adjoint<launching::named<K>>({}, detail::shape_of(dim),
                                                               detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report check_adjoint(const gradcheck_options& options, const Dim& dim,
                                            const A&... arguments) {
    return launching::start_check_adjoint<launching::named<K>>(options, dim, detail::kernel_ref<K>{},
                                                               arguments...);
}
/// The same for a struct.
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report check_adjoint(const Dim& dim, const A&... arguments) {
    return launching::start_check_adjoint<launching::named_type<K>>({}, dim, detail::struct_kernel<K>{},
                                                                    arguments...);
}
template <class K, int R, class... A>
[[nodiscard]] gradient_report check_adjoint(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_check_adjoint<launching::named_type<K>>({}, detail::shape_of(dim),
                                                                    detail::struct_kernel<K>{}, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report check_adjoint(const gradcheck_options& options, const Dim& dim,
                                            const A&... arguments) {
    return launching::start_check_adjoint<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                                    arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
