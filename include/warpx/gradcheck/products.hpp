// SPDX-License-Identifier: Apache-2.0
// products.hpp: the dot-product test: tangents against gradients.
#pragma once

#include "../tangent.hpp"
#include "compare.hpp"

namespace warpx {
namespace detail {

/// An argument with a tangent that lies like its gradient, in memory of the same layout.
template <class T, int N, class D>
auto tangent_argument(const memory_image& tangents, const array<T, N, D>& a) {
    if constexpr (is_active<std::remove_const_t<T>>) {
        using V = std::remove_const_t<T>;
        return with_tangent(
            a, array_access::make<array<V, N, D>>(tangents.at(const_cast<V*>(a.data_handle())), a.extents(),
                                                  a.strides(), {}, a.device(), a.device_id(), a.memory()));
    } else {
        return a;
    }
}
template <class T, class D>
auto tangent_argument(const memory_image& tangents, const scalar_with_grad<T, D>& a) {
    return with_tangent(a.value, *tangents.at(const_cast<T*>(&a.value)));
}
template <class X> const X& tangent_argument(const memory_image&, const X& x) { return x; }

template <class A>
inline constexpr bool takes_tangent =
    !argument_traits<A>::holds_arrays || is_array_v<A> || is_scalar_with_grad<A>;

/// <t, J^T g>, then J t by the caller's means, of a rig.
class product_test {
public:
    product_test(gradient_rig& rig, const gradcheck_options& options, const run_launch& forward,
                 const run_launch& adjoint)
        : rig_(rig), outputs_(rig, options.seed, forward), direction_(rig.groups.size()) {
        outputs_.seed();
        adjoint();
        weights random(options.seed + 3);
        const std::vector<double> gradients = group_gradients(rig);
        for (size_t g = 0; g < direction_.size(); ++g) { // what shares memory moves together
            direction_[g] = random.weight();
            report.adjoint += direction_[g] * gradients[g];
            magnitude_ += std::fabs(direction_[g] * gradients[g]);
        }
        rig.restore();
    }
    adjoint_test_report report;

    void seed_tangents(const memory_image& tangents) const {
        for (const rig_number& n : rig_.numbers)
            write_number(tangents.at(n.value), n.type, direction_[static_cast<size_t>(n.group)]);
    }
    void read_tangents(const memory_image& tangents) {
        for (const auto& o : outputs_.all)
            report.tangent += o.weight * read_number(tangents.at(o.value), o.type);
    }
    void difference(const run_launch& forward) {
        const double h = std::pow(epsilon_of(rig_.coarsest), 1.0 / 3);
        report.by_differences = true;
        report.tangent = (moved(forward, h) - moved(forward, -h)) / (2 * h);
    }
    adjoint_test_report finish(const std::string& kernel, double tolerance) {
        const double exact =
            rig_.coarsest == stored_as::float64 ? 1e-10 : std::sqrt(epsilon_of(rig_.coarsest));
        report.kernel = kernel;
        report.tolerance = tolerance > 0           ? tolerance
                           : report.by_differences ? default_tolerance(rig_.coarsest)
                                                   : exact;
        const double error = std::fabs(report.tangent - report.adjoint);
        const double of = std::max({magnitude_, std::fabs(report.tangent), std::fabs(report.adjoint)});
        report.relative_error = error == 0 ? 0 : error / of;
        report.outputs = static_cast<int64_t>(outputs_.all.size());
        report.passed = outputs_.complete() && report.relative_error <= report.tolerance;
        return report;
    }

private:
    double moved(const run_launch& forward, double by) {
        rig_.restore();
        std::vector<double> old;
        std::unordered_map<const void*, bool> seen;
        for (const rig_number& n : rig_.numbers) {
            old.push_back(read_number(n.value, n.type));
            if (seen.try_emplace(n.value, true).second)
                write_number(n.value, n.type, old.back() + by * direction_[static_cast<size_t>(n.group)]);
        }
        forward();
        double sum = 0;
        for (const auto& o : outputs_.all) sum += o.weight * read_number(o.value, o.type);
        for (size_t k = old.size(); k-- > 0;) // scalar arguments are not in the image
            write_number(rig_.numbers[k].value, rig_.numbers[k].type, old[k]);
        return sum;
    }

    gradient_rig& rig_;
    weighted_outputs outputs_;
    std::vector<double> direction_;
    double magnitude_ = 0;
};

template <class Forward, class Tangent, class Adjoint, class... A>
adjoint_test_report test_adjoint(const std::string& kernel, const gradcheck_options& options,
                                 const Forward& forward, const Tangent& tangent, const Adjoint& adjoint,
                                 const A&... arguments) {
    auto rig = rig_of(arguments...);
    const auto run_adjoint = [&] { rig.with_arguments(adjoint); };
    const auto run_forward = [&] { rig.with_arguments(forward); };
    product_test test(rig, options, run_of(run_forward), run_of(run_adjoint));
    if constexpr ((takes_tangent<A> && ...)) {
        memory_image tangents;
        const auto span = [&]<class X>(const X& x) {
            if constexpr (is_scalar_with_grad<X>) {
                const auto begin = reinterpret_cast<uintptr_t>(&x.value);
                tangents.add({begin, begin + sizeof(x.value)});
            } else if constexpr (is_array_v<X>) {
                tangents.add(byte_span::of(x));
            }
        };
        rig.with_arguments([&](const auto&... x) { (span(x), ...); });
        tangents.make(false);
        test.seed_tangents(tangents);
        rig.with_arguments([&](const auto&... x) { tangent(tangent_argument(tangents, x)...); });
        test.read_tangents(tangents);
    } else {
        test.difference(run_of(run_forward));
    }
    return test.finish(kernel, options.tolerance);
}

} // namespace detail
} // namespace warpx
