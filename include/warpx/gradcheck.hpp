// SPDX-License-Identifier: Apache-2.0
// gradcheck.hpp: checks of gradients, for tests: against finite differences, against tangents, whole
// Jacobians.
#pragma once

#include "gradcheck/compare.hpp"
#include "gradcheck/jacobian.hpp"
#include "gradcheck/products.hpp"
#include "host/adjoint.hpp"
#include "host/tangent.hpp"

namespace warpx {
namespace detail {

/// What a launch is run with by the checks: in order, on this thread, so that sums are the same each time.
inline launch_options quiet_launch() { return {.threads = 1, .executor = inline_executor()}; }

} // namespace detail

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

// The launches of the checks, over the rig's arguments.
template <class Named> std::string kernel_name() {
    text t;
    return std::string(add_site(t, Named::site(nullptr)).c_str());
}
template <class Named, class Dim, class F> auto run_forward(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) { start<Named>(quiet_launch(), dim, kernel, a...); };
}
template <class Named, class Dim, class F> auto run_adjoint_of(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) { start_adjoint<Named>(quiet_launch(), dim, kernel, a...); };
}
template <class Named, class Dim, class F> auto run_tangent_of(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) {
        if constexpr (((directions_of<std::remove_cvref_t<decltype(a)>> > 0) || ...))
            start_tangent<Named>(quiet_launch(), dim, kernel, a...);
    };
}

template <class Named, class Dim, class F, class... A>
gradient_report start_gradcheck(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                const A&... arguments) {
    return check_gradients(kernel_name<Named>(), options, run_forward<Named>(dim, kernel),
                           run_adjoint_of<Named>(dim, kernel), arguments...);
}
template <class Named, class Dim, class F, class... A>
adjoint_test_report start_adjoint_test(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                       const A&... arguments) {
    return test_adjoint(kernel_name<Named>(), options, run_forward<Named>(dim, kernel),
                        run_tangent_of<Named>(dim, kernel), run_adjoint_of<Named>(dim, kernel), arguments...);
}

} // namespace launching

/// Compares the gradients of `launch_adjoint<K>(dim, arguments...)` with central differences of
/// `launch<K>(dim, arguments...)`: one vector-Jacobian product with random weights for every number of the
/// arrays that the kernel writes, by every number of the arguments that have a gradient, or of
/// a random sample of them. If no array has a gradient, all arrays of floating-point numbers count.
///  * Works on copies: the caller's arrays and gradients are not touched. Arrays that share memory share it
///    in the copies; they should all have a gradient, and share that too.
///  * What a `with_grad` or `without_grad` of the call says holds for the check.
///  * In double it extrapolates (Richardson); where a difference is off it tries smaller steps, since the
///    first may have crossed a kink. At a kink itself finite differences mean nothing.
///  * Runs on the calling thread, twice (double: four times) for each number.
/// Host arrays. Throws what launches throw, and launch_error for arrays on a device.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>({}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>({}, detail::shape_of(dim), detail::kernel_ref<K>{},
                                                           arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>(options, dim, detail::kernel_ref<K>{},
                                                           arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>(options, detail::shape_of(dim),
                                                           detail::kernel_ref<K>{}, arguments...);
}
/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>({}, dim, detail::struct_kernel<K>{},
                                                                arguments...);
}
template <class K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>({}, detail::shape_of(dim),
                                                                detail::struct_kernel<K>{}, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                                arguments...);
}
template <class K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>(options, detail::shape_of(dim),
                                                                detail::struct_kernel<K>{}, arguments...);
}
/// The same for a callable object.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>({}, dim, kernel, arguments...);
}
template <int R, class F, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>({}, detail::shape_of(dim), kernel,
                                                                arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>(options, dim, kernel, arguments...);
}
template <int R, class F, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>(options, detail::shape_of(dim), kernel,
                                                                arguments...);
}

/// The dot-product test: for random directions t and weights g, <J t, g> from `launch_tangent<K>` equals
/// <t, J^T g> from `launch_adjoint<K>`, to rounding. Sharper than finite differences, blind where tangents
/// and adjoints are wrong alike. Arguments and memory: as for `gradcheck`; all weights count at once.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>({}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>({}, detail::shape_of(dim),
                                                              detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const gradcheck_options& options, const Dim& dim,
                                               const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>(options, dim, detail::kernel_ref<K>{},
                                                              arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const A&... arguments) {
    return launching::start_adjoint_test<launching::named_type<K>>({}, dim, detail::struct_kernel<K>{},
                                                                   arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const F& kernel, const A&... arguments) {
    return launching::start_adjoint_test<launching::named_type<F>>({}, dim, kernel, arguments...);
}

/// The dense Jacobian of what `K` leaves in argument `out` (rows) by what argument `in` held before
/// (columns), arguments counted from 0 behind the extents, numbers in row-major order of elements and within
/// them. By one adjoint launch for each row. They may be the same argument. Copies, as `gradcheck`; the
/// arrays need no gradient, a scalar is passed by `with_grad`. Throws launch_error for an argument without
/// such numbers.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::adjoint_jacobian(
        in, out, launching::run_adjoint_of<launching::named<K>>(dim, detail::kernel_ref<K>{}), arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] array<double, 2> jacobian(const int64_t (&dim)[R], int in, int out, const A&... arguments) {
    return jacobian<K>(detail::shape_of(dim), in, out, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::adjoint_jacobian(
        in, out, launching::run_adjoint_of<launching::named_type<K>>(dim, detail::struct_kernel<K>{}),
        arguments...);
}

/// The same by finite differences.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::difference_jacobian(
        in, out, launching::run_forward<launching::named<K>>(dim, detail::kernel_ref<K>{}), arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const int64_t (&dim)[R], int in, int out,
                                                  const A&... arguments) {
    return numerical_jacobian<K>(detail::shape_of(dim), in, out, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::difference_jacobian(
        in, out, launching::run_forward<launching::named_type<K>>(dim, detail::struct_kernel<K>{}),
        arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
