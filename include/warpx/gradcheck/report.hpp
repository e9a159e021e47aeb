// SPDX-License-Identifier: Apache-2.0
// report.hpp: what the checks of gradients are asked, and what they found.
#pragma once

#include "../error.hpp"

#include <stdio.h>
#include <vector>

namespace warpx {

/// How `gradcheck` and `adjoint_test` compare.
struct gradcheck_options {
    /// Of finite differences, relative to the value (to 1 at most where values are small: to their root mean
    /// square). 0: by the coarsest type of the arguments: 7e-4 for double, 5e-3 float, 0.1 half, 0.2
    /// bfloat16.
    double step = 0;
    /// The largest relative error that passes. 0: by that type: 1e-6, 5e-3, 0.05, 0.1.
    double tolerance = 0;
    /// Numbers of one argument that are checked: all of them if they are not more, else a random sample.
    int64_t samples = 256;
    /// Of the weights of the outputs and of the samples.
    uint64_t seed = 1;
};

/// One number of an argument, and its two gradients.
struct gradient_difference {
    int argument = -1;          ///< of the launch, from 0 (behind the extents); -1: none was checked
    int array = 0;              ///< among the arrays of that argument, if it is a struct
    std::vector<int64_t> index; ///< of the element
    int component = -1;   ///< of a vec, mat (row by row), quat, complex or struct; -1: the element is one
    double derived = 0;   ///< by the adjoint
    double numerical = 0; ///< by the method it is compared with
    double absolute_error = 0, relative_error = 0;
};

/// What `gradcheck` found in one argument.
struct argument_gradients {
    int argument = -1;
    int64_t numbers = 0; ///< that have a gradient (those that share memory count once)
    int64_t checked = 0; ///< less than `numbers`: a random sample
    bool passed = true;
    gradient_difference worst;
};

/// What `gradcheck` found. Relative errors are of the larger of the two gradients; of a tenth of the largest
/// gradient of the argument, where that is more; and never of less than what finite differences can see.
struct gradient_report {
    bool passed = true;
    double tolerance = 0;
    gradient_difference worst;
    std::vector<argument_gradients> arguments; ///< those with gradients
    int64_t outputs = 0; ///< numbers that the kernel writes and that have a gradient. 0: none flows, and the
                         ///< check fails if it writes others
    bool wrote_values = false; ///< the adjoint launch changed values: that fails too
    std::string kernel, derived_name = "derived", numerical_name = "finite differences";
};

/// What `adjoint_test` found: for random t and g, <J t, g> by tangents and <t, J^T g> by the adjoint.
struct adjoint_test_report {
    bool passed = true;
    double tolerance = 0;
    double tangent = 0, adjoint = 0; ///< the two products
    double relative_error = 0;       ///< of the sum of the magnitudes of the terms
    bool by_differences = false;     ///< J t by finite differences: an argument has no tangents (structs)
    int64_t outputs = 0;             ///< as in gradient_report
    std::string kernel;
};

namespace detail {

inline constexpr const char* no_outputs = "  nothing that the kernel writes has a gradient, so nothing was "
                                          "compared: give it one (set_grad, with_grad), or "
                                          "give none to any array, and all count\n";
WARPX_COLD inline std::string number_text(double v) {
    char digits[40];
    return std::string(digits, static_cast<size_t>(snprintf(digits, sizeof digits, "%.9g", v)));
}
WARPX_COLD inline std::string place_text(const gradient_difference& d) {
    std::string t = "argument " + std::to_string(d.argument);
    if (d.array > 0) t += ", array " + std::to_string(d.array);
    if (!d.index.empty()) t += ", element " + tuple_text(d.index.data(), static_cast<int>(d.index.size()));
    if (d.component >= 0) t += ", component " + std::to_string(d.component);
    return t;
}

} // namespace detail

/// The report as text: a line for the whole, and one for each argument.
WARPX_COLD inline std::string to_string(const gradient_report& r) {
    using detail::number_text;
    std::string t = "gradcheck of " + r.kernel + (r.passed ? ": passed" : ": FAILED") + " (tolerance " +
                    number_text(r.tolerance) + ")\n";
    if (r.outputs == 0) t += detail::no_outputs;
    if (r.wrote_values) t += "  the adjoint launch changed values of its arguments\n";
    for (const argument_gradients& a : r.arguments) {
        t += "  argument " + std::to_string(a.argument) + (a.passed ? ": " : ": FAILED, ") +
             std::to_string(a.checked) + " of " + std::to_string(a.numbers) + " numbers" +
             (a.checked < a.numbers ? " (random sample)" : "");
        if (a.checked > 0)
            t += ", worst relative error " + number_text(a.worst.relative_error) + " (absolute " +
                 number_text(a.worst.absolute_error) + ") at " + detail::place_text(a.worst) + ": " +
                 r.derived_name + " " + number_text(a.worst.derived) + ", " + r.numerical_name + " " +
                 number_text(a.worst.numerical);
        t += "\n";
    }
    return t;
}
WARPX_COLD inline std::string to_string(const adjoint_test_report& r) {
    using detail::number_text;
    return "adjoint test of " + r.kernel + (r.passed ? ": passed" : ": FAILED") + " (tolerance " +
           number_text(r.tolerance) + "): <J t, g> " + number_text(r.tangent) +
           (r.by_differences ? " by finite differences" : "") + ", <t, J^T g> " + number_text(r.adjoint) +
           ", relative error " + number_text(r.relative_error) + "\n" +
           (r.outputs == 0 ? detail::no_outputs : "");
}

} // namespace warpx
