// SPDX-License-Identifier: Apache-2.0
// adjoint_tape_test.cu: adjoints whose items need a tape in memory, against the host's.
#include "cuda/adjoint_support.hpp"
#include "cuda/check.hpp"

namespace {

using namespace adjoint_test;

constexpr auto carry = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto v = x[i];
    for (int k = 0; k < n; ++k) v = sin(v) * p[k];
    y[i] = v;
};
constexpr auto twice = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = x[i] * 2;
    y[i] = y[i] * y[i];
    y[i] *= x[i];
    y[i] /= 1 + x[i];
};
constexpr auto write_then_read_elsewhere = [] WARPX_KERNEL(auto i, auto x, auto y) {
    int64_t j = 2 * i;
    y[j] = x[i] * x[i];
    y[j + 1] = y[j] * x[i];
};
constexpr auto scaling_sum = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto s = x[i];
    for (int k = 0; k < 5; ++k) s += 0.1f * s * x[int64_t(k)];
    y[i] = s;
};

} // namespace

TEST_CASE("adjoints on CUDA: what overflows goes to tapes") {
    warpx::set_tape_report(nullptr);
    for (const int steps : {0, 1, 17, 200, 600})
        CHECK(differs<carry>(shape(500), graded<double>(1, 500), graded<double>(2, 600),
                             graded<double>(3, 500), steps) < 1e-11);
    CHECK(differs<scaling_sum>(shape(300), graded<double>(1, 300), graded<double>(2, 300)) < 1e-12);
    CHECK(differs<write_then_read_elsewhere>(shape(300), graded<double>(1, 300), graded<double>(2, 600)) <
          1e-13);
    warpx::set_tape_report(warpx::print_tape_report);
}

TEST_CASE("adjoints on CUDA: one array in two places goes to tapes") {
    warpx::set_tape_report(nullptr);
    const auto x = graded<double>(1, 300);
    const auto d = on_device(x);
    warpx::launch_adjoint<twice>(300, d, d);
    warpx::launch_adjoint<twice>(300, x, x);
    machine::need(cudaDeviceSynchronize());
    CHECK(difference(x.grad(), d.grad()) < 1e-13);
    warpx::set_tape_report(warpx::print_tape_report);
}

namespace {
std::string reported;
void note_report(const char* kernel) noexcept { reported += kernel; }
constexpr auto told_once = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto v = x[i];
    for (int k = 0; k < n; ++k) v = sin(v) * p[k];
    y[i] = v;
};
} // namespace

TEST_CASE("adjoints on CUDA: a tape in memory is told of once, with the kernel's name") {
    reported.clear();
    warpx::set_tape_report(note_report);
    const auto x = on_device(graded<double>(1, 100)), p = on_device(graded<double>(2, 400)),
               y = on_device(graded<double>(3, 100));
    for (int round = 0; round < 3; ++round) {
        warpx::launch_adjoint<told_once>(100, x, p, y, 400);
        machine::need(cudaDeviceSynchronize());
    }
    CHECK(reported.find("told_once") != std::string::npos);
    CHECK(reported.find("told_once") == reported.rfind("told_once"));
    warpx::set_tape_report(warpx::print_tape_report);
}

namespace {
constexpr auto long_way = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int n) {
    auto v = x[i];
    for (int k = 0; k < n; ++k) v = v * p[k % 100];
    y[i] = v;
};
} // namespace

TEST_CASE("adjoints on CUDA: a tape that the device's heap cannot hold is reported by the next synchronize") {
    warpx::set_tape_report(nullptr);
    const auto x = on_device(graded<double>(1, 1)), p = on_device(graded<double>(2, 100)),
               y = on_device(graded<double>(3, 1));
    warpx::launch_adjoint<long_way>(1, x, p, y, 3000000); // 8 MB unless the machine says otherwise
    const auto wait = [] {
        machine::need(cudaDeviceSynchronize());
        warpx::detail::throw_recorded_fault();
    };
    CHECK(cuda_test::throws<warpx::launch_error>(wait, "cudaLimitMallocHeapSize"));
    CHECK_NOTHROW(wait()); // told once
    warpx::set_tape_report(warpx::print_tape_report);
}
