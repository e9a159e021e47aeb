// SPDX-License-Identifier: Apache-2.0
// checked_test.cu: checked launches on CUDA note the first access outside of an array, and nothing breaks;
// hooks.
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/prepare.hpp>

#include <string>

using namespace cuda_test;
using namespace warpx;

namespace {

constexpr auto set = [] WARPX_KERNEL(auto i, auto y, auto v) { y[i] = v; };
constexpr auto shift = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i + 1]; };
constexpr auto before = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i - 1]; };
constexpr auto scatter = [] WARPX_KERNEL(auto i, auto y) { atomic_add(y, i * 3, 1.0f); };
constexpr auto far_away = [] WARPX_KERNEL(auto, auto y) { y[int64_t{1} << 40] = 1.0f; };
constexpr auto set_field = [] WARPX_KERNEL(auto i, auto s) { s.y[i] = s.a; };
struct with_array {
    cuda_array<float, 2> y;
    float a;
};

/// What `synchronize` throws.
std::string fault() {
    try {
        synchronize();
    } catch (const index_error& e) {
        return e.what();
    }
    return "nothing";
}
bool holds(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) return true;
    UNSCOPED_INFO(text);
    return false;
}
constexpr launch_options checked{.checked = true};

} // namespace
WARPX_STRUCT(with_array, y, a);

TEST_CASE("a checked launch within the extents is a launch", "[core]") {
    const device_vector<float> d(std::vector<float>(100, 1.0f));
    launch<set>(checked, 100, on_cuda<float, 1>(d.data(), shape(100)), 2.0f);
    launch<set>(checked, {5, 20}, on_cuda<float, 2>(d.data(), shape(5, 20), shape(1, 5)), 3.0f);
    CHECK(fault() == "nothing");
    CHECK(d.read() == std::vector<float>(100, 3.0f));
}

TEST_CASE("the first offence names kernel, argument, index and shape, once", "[core]") {
    const device_vector<float> d(std::vector<float>(200, 2.0f));
    const auto x = on_cuda<const float, 1>(d.data(), shape(100));
    const auto y = on_cuda<float, 1>(d.data() + 100, shape(100));
    launch<shift>(checked, 100, x, y);
    const std::string text = fault();
    CHECK(holds(text, "kernel shift, array argument 0"));
    CHECK(holds(text, "an index within the shape (100,)"));
    CHECK(holds(text, "got index (100,)"));
    CHECK(fault() == "nothing");
    launch<before>(launch_options{.checked = true, .name = "mine"}, 1, x, y);
    CHECK(holds(fault(),
                "kernel mine, array argument 0: expected an index within the shape (100,); got index (-1,)"));
    launch<shift>(99, x, y); // the device works on
    CHECK(fault() == "nothing");
    CHECK(d.read()[100] == 2.0f);
}

TEST_CASE("writes and atomics outside of an array are lost, not carried out", "[core]") {
    const device_vector<float> d(std::vector<float>(40, 0.0f));
    const auto y = on_cuda<float, 1>(d.data(), shape(10));
    launch<scatter>(checked, 10, y);
    CHECK(holds(fault(), "kernel scatter, array argument 0"));
    launch<far_away>(checked, 1, y);
    CHECK(holds(fault(), "got index (1099511627776,)"));
    std::vector<float> expected(40, 0.0f);
    for (int k : {0, 3, 6, 9}) expected[k] = 1;
    CHECK(d.read() == expected);
}

TEST_CASE("launches larger than their arrays, arrays in structs and prepared launches are checked") {
    const device_vector<float> d(std::vector<float>(12, 0.0f));
    const with_array s{on_cuda<float, 2>(d.data(), shape(3, 4)), 5.0f};
    launch<set_field>(checked, {3, 5}, s);
    CHECK(
        holds(fault(),
              "kernel set_field, array argument 0: expected an index within the shape (3, 4); got index ("));
    CHECK(d.read() == std::vector<float>(12, 5.0f));
    const auto step = prepare<set>(checked, 13, on_cuda<float, 1>(d.data(), shape(12)), 6.0f);
    for (int k = 0; k < 2; ++k) {
        step();
        CHECK(holds(fault(), "got index (12,)"));
    }
    CHECK(d.read() == std::vector<float>(12, 6.0f));
}

TEST_CASE("a fault on any stream is thrown at the next wait, whichever that is") {
    const device_vector<float> d(std::vector<float>(12, 0.0f));
    const auto y = on_cuda<float, 1>(d.data(), shape(12));
    const stream s;
    launch<set>(launch_options{.checked = true, .stream = s.get()}, 13, y, 1.0f);
    need(cudaStreamSynchronize(s), "cudaStreamSynchronize");
    CHECK(holds(fault(), "kernel set"));
    event e;
    launch<set>(launch_options{.checked = true, .stream = s.get()}, 14, y, 1.0f);
    e.record(s);
    CHECK_THROWS_AS(synchronize(e), index_error);
    launch<set>(checked, 15, y, 1.0f);
    CHECK_THROWS_AS(synchronize_device(), index_error);
}

TEST_CASE("a checked launch can be captured") {
    const device_vector<float> d(std::vector<float>(12, 0.0f));
    const auto y = on_cuda<float, 1>(d.data(), shape(12));
    const stream s;
    cudaGraph_t definition = nullptr;
    cudaGraphExec_t exec = nullptr;
    need(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal), "begin");
    launch<set>(launch_options{.checked = true, .stream = s.get()}, 13, y, 1.0f);
    need(cudaStreamEndCapture(s, &definition), "end");
    need(cudaGraphInstantiate(&exec, definition, 0), "instantiate");
    for (int k = 0; k < 2; ++k) {
        need(cudaGraphLaunch(exec, s), "launch");
        CHECK_THROWS_AS(synchronize(stream_ref(s)), index_error);
    }
    cudaGraphExecDestroy(exec);
    cudaGraphDestroy(definition);
}

TEST_CASE("a hook sees the device and the stream of a launch") {
    struct seen {
        int begins = 0, ends = 0, device_id = -1;
        device_kind device = device_kind::host;
        void* stream = nullptr;
        std::string kernel;
    };
    seen now;
    const launch_hook hook{
        [](void* state, const launch_info& l) noexcept {
            auto& s = *static_cast<seen*>(state);
            ++s.begins;
            s.device_id = l.device_id;
            s.device = l.device;
            s.stream = l.stream;
            s.kernel = l.kernel;
        },
        [](void* state, const launch_info&) noexcept { ++static_cast<seen*>(state)->ends; }, &now};
    const device_vector<float> d(std::vector<float>(12, 0.0f));
    const auto y = on_cuda<float, 1>(d.data(), shape(12));
    const stream s;
    const auto step = prepare<set>(launch_options{.stream = s.get()}, 12, y, 2.0f);
    set_launch_hook(&hook);
    launch<set>(12, y, 1.0f);
    CHECK(now.device == device_kind::cuda);
    CHECK(now.device_id == 0);
    CHECK(now.stream == cudaStreamLegacy);
    CHECK(now.kernel == "set");
    {
        const stream_scope scope(s);
        launch<set>(12, y, 1.0f);
    }
    CHECK(now.stream == s.get());
    now.stream = nullptr;
    step();
    CHECK(now.stream == s.get());
    const auto anywhere = prepare<set>(12, y, 2.0f);
    {
        const stream_scope scope(s); // the thread's stream is that of the run
        anywhere();
    }
    CHECK(now.stream == s.get());
    set_launch_hook(nullptr);
    CHECK(now.begins == 4);
    CHECK(now.ends == 4);
    synchronize(stream_ref(s));
    synchronize();
}
