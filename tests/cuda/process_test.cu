// SPDX-License-Identifier: Apache-2.0
// process_test.cu: what ends CUDA in a process, or writes to its output: each in a process of its own (this
// program again, with the name of a hidden case).
#undef NDEBUG // one kernel asserts, in every build
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/cuda/event.cuh>

#include <cassert>
#include <cstdio>

#include <sys/wait.h>
#include <unistd.h>

using namespace cuda_test;
using warpx::shape;

constexpr auto count_up = [] WARPX_KERNEL(auto i, auto x) { x[i] += 1; };
constexpr auto print_item = [] WARPX_KERNEL(auto i, auto x) {
    if (i % 3 == 0) printf("item %d holds %d\n", static_cast<int>(i), static_cast<int>(x[i]));
};
constexpr auto asserts = [] WARPX_KERNEL(auto i, auto x) {
    assert(x[i] < 4 && "too large");
    x[i] += 1;
};

namespace {

struct outcome {
    int status; // 0: all checks of the hidden case held
    std::string output;
};

/// Runs a hidden case of this program; the output is what it wrote to stdout and stderr.
outcome run_case(const std::string& name) {
    char self[4096] = {};
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) throw std::runtime_error("no /proc/self/exe");
    FILE* const pipe = popen(("'" + std::string(self) + "' '" + name + "' 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen failed");
    std::string output;
    char part[512];
    for (size_t n = 0; (n = fread(part, 1, sizeof(part), pipe)) > 0;) output.append(part, n);
    const int status = pclose(pipe);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), output};
}

/// The status of the cuda_error that `f` throws; 0 if it throws none.
template <class F> int status_of(const F& f) {
    try {
        f();
    } catch (const warpx::cuda_error& e) {
        UNSCOPED_INFO("the text is: " << e.what());
        return e.status();
    }
    return 0;
}

/// After an error that ends CUDA in this process: launches say so, the host goes on, nothing crashes.
template <class A> void check_what_is_left(const A& x, int status) {
    CHECK(status_of([&] { warpx::launch<count_up>(10, x); }) == status);
    CHECK(throws<warpx::cuda_error>([&] { warpx::launch<count_up>(10, x); }, "count_up"));
    CHECK(status_of([&] { warpx::synchronize_device(); }) == status);
    const auto on_host = warpx::zeros<int>(1000);
    warpx::launch<count_up>(1000, on_host);
    CHECK(on_host[999] == 1);
    CHECK(warpx::device_count() >= 0); // does not throw
}

} // namespace

TEST_CASE("hidden: an illegal address", "[.child]") {
    const device_vector<int> d(std::vector<int>(10, 0));
    const auto x = on_cuda<int, 1>(d.data(), shape(10));
    warpx::launch<count_up>(10, x);
    warpx::synchronize();
    int* const nowhere = reinterpret_cast<int*>(uintptr_t{16} << 40);
    warpx::launch(1, [=] WARPX_DEVICE(auto i) { nowhere[i] = 1; });
    CHECK(status_of([&] { warpx::synchronize(); }) == cudaErrorIllegalAddress);
    check_what_is_left(x, cudaErrorIllegalAddress);
}

TEST_CASE("hidden: an assertion in a kernel", "[.child]") {
    const device_vector<int> d(std::vector<int>{1, 2, 3, 4, 5});
    const auto x = on_cuda<int, 1>(d.data(), shape(5));
    warpx::launch<asserts>(3, x);
    warpx::synchronize(); // they hold
    warpx::launch<asserts>(5, x);
    CHECK(status_of([&] { warpx::synchronize(); }) == cudaErrorAssert);
    check_what_is_left(x, cudaErrorAssert);
}

TEST_CASE("hidden: a kernel prints", "[.child]") {
    const device_vector<int> d(std::vector<int>{10, 11, 12, 13, 14});
    warpx::launch<print_item>(5, on_cuda<const int, 1>(d.data(), shape(5)));
    warpx::synchronize();
    CHECK(d.read()[0] == 10);
}

TEST_CASE("an illegal address ends CUDA in a process, and nothing else") {
    const outcome child = run_case("hidden: an illegal address");
    INFO(child.output);
    CHECK(child.status == 0);
}

TEST_CASE("an assertion in a kernel names its line, and ends CUDA in a process") {
    const outcome child = run_case("hidden: an assertion in a kernel");
    INFO(child.output);
    CHECK(child.status == 0);
    CHECK(child.output.find("process_test.cu") != std::string::npos);
    CHECK(child.output.find("too large") != std::string::npos);
}

TEST_CASE("kernels print") {
    const outcome child = run_case("hidden: a kernel prints");
    INFO(child.output);
    CHECK(child.status == 0);
    CHECK(child.output.find("item 0 holds 10\n") != std::string::npos);
    CHECK(child.output.find("item 3 holds 13\n") != std::string::npos);
    CHECK(child.output.find("item 1 ") == std::string::npos);
}

TEST_CASE("an error that is not sticky leaves CUDA usable") {
    const device_vector<int> d(std::vector<int>(10, 0));
    const auto x = on_cuda<int, 1>(d.data(), shape(10));
    const auto elsewhere =
        warpx::from_pointer<int, 1, warpx::device::cuda>(d.data(), shape(10), shape(1), {}, 99);
    CHECK(status_of([&] { warpx::launch<count_up>(10, elsewhere); }) == cudaErrorInvalidDevice);
    CHECK(cudaGetLastError() == cudaSuccess);
    warpx::launch<count_up>(10, x);
    const bool counted = d.read() == std::vector<int>(10, 1);
    CHECK(counted);
}
