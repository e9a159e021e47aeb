// SPDX-License-Identifier: Apache-2.0
// graph_test.cu: graphs: what is captured, replayed, updated and refused.
#include "graph_support.hpp"

#include "support/catch.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/cuda/event.cuh>
#include <warpx/cuda/graph.cuh>
#include <warpx/math.hpp>
#include <warpx/prepare.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace captures; // and warpx
using Catch::Matchers::ContainsSubstring;

// fma on both sides: otherwise one may contract a * x + y and the other not.
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {
    y[i] = warpx::fma(a, value(x[i]), value(y[i]));
};
constexpr auto copy_over = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto neighbours = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] + x[i + 1];
};
constexpr auto add_pointed = [] WARPX_KERNEL(auto i, auto y, const float* p) {
    y[i] += p[static_cast<int64_t>(i)];
};
constexpr auto speak = [] WARPX_KERNEL(auto i, auto x) {
    if (i == 0) printf("a captured kernel speaks\n");
    x[i] += 1.0f;
};

struct pair_of_arrays {
    cuda_array<const float, 1> x;
    cuda_array<float, 1> y;
    float a;
};
WARPX_STRUCT(pair_of_arrays, x, y, a);
constexpr auto saxpy_packed = [] WARPX_KERNEL(auto i, auto p) {
    p.y[i] = warpx::fma(p.a, value(p.x[i]), value(p.y[i]));
};

// Extended lambdas lie in named functions, not in other lambdas.
void launch_closure(const cuda_array<float, 1>& y, float by) {
    launch(y.extent(0), [=] WARPX_DEVICE(auto i, auto p) { p[i] = p[i] - by; }, y);
}

namespace {

std::vector<float> ramp(int64_t n, float step) {
    std::vector<float> values(static_cast<size_t>(n));
    for (int64_t k = 0; k < n; ++k) values[k] = static_cast<float>(k % 1000) * step - 3.0f;
    return values;
}
std::vector<float> after_saxpy(const std::vector<float>& x, std::vector<float> y, float a, int turns = 1) {
    for (int turn = 0; turn < turns; ++turn)
        for (size_t k = 0; k < y.size(); ++k) y[k] = std::fma(a, x[k], y[k]);
    return y;
}

} // namespace

TEST_CASE("a graph replays what it recorded, and recording runs nothing") {
    const auto x = ramp(1000, 0.5f), y = ramp(1000, 0.25f);
    const memory<float> dx(x);
    memory<float> dy(y);
    graph g = graph::capture([&](stream_ref s) {
        CHECK(s == current_stream());
        CHECK(s.capturing());
        for (int k = 0; k < 3; ++k) launch<saxpy>(1000, dx.in(), dy.all(), 2.5f);
    });
    CHECK(current_stream() == stream_ref::legacy());
    CHECK(dy.read() == y);
    CHECK(g.node_count() == 3);

    g.launch(); // on the legacy default stream
    CHECK(dy.read() == after_saxpy(x, y, 2.5f, 3));
    const stream own;
    g.upload(own);
    g.launch(own);
    synchronize(own);
    CHECK(dy.read() == after_saxpy(x, y, 2.5f, 6));
    {
        const stream_scope scope(own);
        g.launch();
    }
    g.launch(stream_ref::per_thread());
    CHECK(dy.read() == after_saxpy(x, y, 2.5f, 12));

    graph moved = std::move(g);
    g.launch();
    CHECK(g.node_count() == 0);
    moved.launch();
    CHECK(dy.read() == after_saxpy(x, y, 2.5f, 15));
    g = std::move(moved);
    g.launch();
    CHECK(dy.read() == after_saxpy(x, y, 2.5f, 18));
    graph().launch();
    const graph nothing = graph::capture([](stream_ref) {});
    CHECK(nothing.node_count() == 0);
}

TEST_CASE("every form of a launch can be captured") {
    constexpr int64_t n = 1000;
    const auto x = ramp(n, 0.5f);
    auto y = ramp(n, 0.25f);
    const memory<float> dx(x), rows(ramp(40 * 50, 1.0f));
    memory<float> dy(y), sums(std::vector<float>(n, 0.0f)), columns(std::vector<float>(40 * 50, 0.0f));
    const auto ready = prepare<saxpy>(n, dx.in(), dy.all(), 0.5f);
    const auto checked = launch_options{.checked = true};
    const graph g = graph::capture([&](stream_ref) {
        launch<saxpy>(n, dx.in(), dy.all(), 2.5f);                              // packets
        launch<saxpy>(n - 1, dx.part(1, n), dy.part(1, n), 2.0f);               // misaligned
        launch<neighbours>(n, dy.all(), sums.all());                            // items
        launch<add_pointed>(n, dy.all(), static_cast<const float*>(dx.data())); // direct
        launch<saxpy_packed>(n, pair_of_arrays{dx.in(), dy.all(), 3.0f});
        launch_closure(dy.all(), 1.5f);
        ready();
        launch<add_one>(checked, n, dy.all());
        launch<copy_over>({40, 50},
                          from_pointer<const float, 2, device::cuda>(rows.data(), {40, 50}, {1, 40}),
                          from_pointer<float, 2, device::cuda>(columns.data(), {40, 50})); // tiles
    });
    CHECK(g.node_count() == 9);
    for (int turn = 0; turn < 2; ++turn) g.launch();

    std::vector<float> want(n, 0.0f);
    for (int turn = 0; turn < 2; ++turn) {
        y = after_saxpy(x, y, 2.5f);
        for (int64_t k = 1; k < n; ++k) y[k] = std::fma(2.0f, x[k], y[k]);
        for (int64_t k = 1; k + 1 < n; ++k) want[k] = y[k - 1] + y[k + 1];
        for (int64_t k = 0; k < n; ++k) y[k] += x[k];
        y = after_saxpy(x, y, 3.0f);
        for (float& v : y) v -= 1.5f;
        y = after_saxpy(x, y, 0.5f);
        for (float& v : y) v += 1.0f;
    }
    CHECK(dy.read() == y);
    CHECK(sums.read() == want);
    const auto from = rows.read(), to = columns.read();
    bool turned = true;
    for (size_t row = 0; row < 40; ++row)
        for (size_t column = 0; column < 50; ++column)
            turned = turned && to[row * 50 + column] == from[column * 40 + row];
    CHECK(turned);
}

TEST_CASE("copies, memsets, printing kernels, other streams and other graphs can be captured") {
    constexpr size_t n = 512;
    const memory<float> x(ramp(n, 1.0f));
    memory<float> y(std::vector<float>(n, 7.0f)), z(std::vector<float>(n, 7.0f));
    const stream side;
    const graph inner = graph::capture([&](stream_ref) { launch<twice>(n, y.all()); });
    const graph g = graph::capture([&](stream_ref s) {
        need(cudaMemsetAsync(z.data(), 0, n * sizeof(float), s));
        need(cudaMemcpyAsync(y.data(), x.data(), n * sizeof(float), cudaMemcpyDeviceToDevice, s));
        warpx::wait(side, s);
        launch<add_one>(launch_options{.stream = side.get()}, n, z.all());
        launch<add_one>(n, y.all());
        warpx::wait(s, side);
        launch<saxpy>(n, y.all(), z.all(), 1.0f); // reads what both streams wrote
        launch<speak>(n, y.all());
        inner.launch();
    });
    CHECK_FALSE(side.capturing());
    for (int turn = 0; turn < 2; ++turn) g.launch(); // each begins anew
    auto want_y = ramp(n, 1.0f);
    auto want_z = want_y;
    for (size_t k = 0; k < n; ++k) {
        want_y[k] = (want_y[k] + 1 + 1) * 2;
        want_z[k] = want_z[k] + 1 + 1;
    }
    CHECK(y.read() == want_y);
    CHECK(z.read() == want_z);
}

TEST_CASE("a stream of the caller is captured, and works afterwards") {
    memory<float> x(std::vector<float>(300, 1.0f));
    const stream own;
    graph g = graph::capture(own, [&](stream_ref s) {
        CHECK(s == own);
        launch<add_one>(launch_options{.stream = own.get()}, 300, x.all());
    });
    CHECK_FALSE(own.capturing());
    launch<twice>(launch_options{.stream = own.get()}, 300, x.all());
    g.launch(own);
    CHECK(x.read() == std::vector<float>(300, 3.0f));
    g.update(own,
             [&](stream_ref) { launch<add_one>(launch_options{.stream = own.get()}, 100, x.part(0, 100)); });
    g.launch(own);
    synchronize(own);
    auto want = std::vector<float>(300, 3.0f);
    std::fill_n(want.begin(), 100, 4.0f);
    CHECK(x.read() == want);
}

TEST_CASE("update: other arrays, scalars and sizes, without a new graph") {
    constexpr int64_t small = 1000, large = 300'000;
    const auto x = ramp(large, 0.5f), y = ramp(large, 0.25f);
    const memory<float> dx(x);
    memory<float> dy(y), other(y);
    graph g = graph::capture([&](stream_ref) {
        launch<saxpy>(small, dx.part(0, small), dy.part(0, small), 2.0f);
        launch<add_one>(small, dy.part(0, small));
    });
    const cudaGraphExec_t handle = g.get();
    const auto run = [&](int64_t begin, int64_t end, float a) {
        g.update([&](stream_ref) {
            launch<saxpy>(end - begin, dx.part(begin, end), other.part(begin, end), a);
            launch<add_one>(end - begin, other.part(begin, end));
        });
        g.launch();
        auto want = y;
        for (int64_t k = begin; k < end; ++k) want[k] = std::fma(a, x[k], want[k]) + 1.0f;
        const bool right = other.read() == want;
        other.write(y);
        return right;
    };
    CHECK(run(0, small, 3.0f));
    CHECK(run(0, large, 4.0f));
    CHECK(run(1, small, 5.0f)); // not aligned: another form, which is another kernel
    CHECK(run(0, large, 6.0f));
    CHECK(run(5, 6, 7.0f));
    CHECK(g.get() == handle);
    CHECK(dy.read() == y);
}

TEST_CASE("update refuses other operations, says which, and leaves the graph as it was") {
    memory<float> x(std::vector<float>(400, 1.0f));
    graph g = graph::capture([&](stream_ref) { launch<add_one>(400, x.all()); });
    const auto refusal = [&](const auto& f) {
        const auto [status, text] = cuda_refusal([&] { g.update(f); });
        CHECK(status == cudaErrorGraphExecUpdateFailure);
        CHECK_THAT(text, ContainsSubstring("warpx::graph::update: expected") &&
                             ContainsSubstring("the graph is as it was"));
        x.write(std::vector<float>(400, 1.0f));
        g.launch();
        CHECK(x.read() == std::vector<float>(400, 2.0f));
        return text;
    };
    CHECK_THAT(refusal([&](stream_ref) {
                   launch<add_one>(400, x.all());
                   launch<add_one>(400, x.all());
               }),
               ContainsSubstring("the number or the order"));
    CHECK_THAT(refusal([&](stream_ref) { launch<add_one>(0, x.part(0, 0)); }),
               ContainsSubstring("a launch over 0 items is none"));
    CHECK_THAT(refusal([&](stream_ref s) { need(cudaMemsetAsync(x.data(), 0, 1600, s)); }),
               ContainsSubstring("another kind"));

    CHECK_THROWS_AS(g.update([&](stream_ref) {
        launch<twice>(400, x.all());
        throw std::logic_error("from inside");
    }),
                    std::logic_error);
    x.write(std::vector<float>(400, 1.0f));
    g.launch();
    CHECK(x.read() == std::vector<float>(400, 2.0f));
    g.update(
        [&](stream_ref) { launch<twice>(400, x.all()); }); // another kernel in its place is no change of kind
    g.launch();
    CHECK(x.read() == std::vector<float>(400, 4.0f));

    graph empty;
    CHECK_THAT(text_of<launch_error>([&] { empty.update([](stream_ref) {}); }),
               ContainsSubstring("expected a captured graph; got an empty one"));
}

TEST_CASE("an exception of what is captured ends the capture and comes out") {
    memory<float> x(std::vector<float>(100, 1.0f));
    const stream own;
    const auto f = [&](stream_ref) {
        launch<add_one>(100, x.all());
        throw std::runtime_error("from inside");
    };
    CHECK(text_of<std::runtime_error>([&] { (void)graph::capture(f); }) == "from inside");
    CHECK(text_of<std::runtime_error>([&] { (void)graph::capture(own, f); }) == "from inside");
    CHECK(current_stream() == stream_ref::legacy());
    CHECK_FALSE(own.capturing());
    CHECK(x.read() == std::vector<float>(100, 1.0f));
    launch<add_one>(launch_options{.stream = own.get()}, 100, x.all());
    CHECK(x.read() == std::vector<float>(100, 2.0f));
    CHECK(all_is_well());
}

TEST_CASE("what cannot be captured is a cuda_error that says what is forbidden") {
    memory<float> x(std::vector<float>(100, 1.0f));
    // The call throws by itself, and gets the rules added.
    auto [status, text] = cuda_refusal([&] {
        (void)graph::capture([&](stream_ref s) {
            launch<add_one>(100, x.all());
            synchronize(s);
        });
    });
    CHECK(status == cudaErrorStreamCaptureUnsupported);
    CHECK_THAT(text, ContainsSubstring("in a capture nothing may wait"));
    // The call's error was dropped.
    std::tie(status, text) = cuda_refusal([&] {
        (void)graph::capture([&](stream_ref s) {
            launch<add_one>(100, x.all());
            (void)cudaStreamSynchronize(s);
        });
    });
    CHECK(status == cudaErrorStreamCaptureInvalidated);
    CHECK_THAT(text, ContainsSubstring("warpx::graph: expected the capture to succeed") &&
                         ContainsSubstring("in a capture nothing may wait"));
    // A stream that was not joined.
    const stream side;
    std::tie(status, text) = cuda_refusal([&] {
        (void)graph::capture([&](stream_ref s) {
            warpx::wait(side, s);
            launch<add_one>(launch_options{.stream = side.get()}, 100, x.all());
        });
    });
    CHECK(status == cudaErrorStreamCaptureUnjoined);
    CHECK_THAT(text, ContainsSubstring("end with wait(captured, other)"));
    CHECK_FALSE(side.capturing());
    // Work that was not captured cannot be waited for.
    const stream outside;
    launch<add_one>(launch_options{.stream = outside.get()}, 100, x.all());
    std::tie(status, text) =
        cuda_refusal([&] { (void)graph::capture([&](stream_ref s) { warpx::wait(s, outside); }); });
    CHECK(status == cudaErrorStreamCaptureIsolation);
    CHECK_THAT(text, ContainsSubstring("uncaptured work of another stream"));
    CHECK(x.read() == std::vector<float>(100, 2.0f));
    CHECK(all_is_well());
}

TEST_CASE("captures do not nest, and the outer one goes on") {
    memory<float> x(std::vector<float>(100, 1.0f));
    const stream own;
    std::string first, second, third;
    graph old = graph::capture([&](stream_ref) { launch<twice>(100, x.all()); });
    const graph g = graph::capture(own, [&](stream_ref) {
        const auto f = [&](stream_ref) { launch<add_one>(100, x.all()); };
        first = text_of<launch_error>([&] { (void)graph::capture(f); });
        second = text_of<launch_error>([&] { (void)graph::capture(own, f); });
        third = text_of<launch_error>([&] { old.update(f); });
        f(own);
    });
    for (const std::string& text : {first, second, third})
        CHECK_THAT(text, ContainsSubstring("got a capture within a capture; call the function itself"));
    g.launch();
    old.launch();
    CHECK(x.read() == std::vector<float>(100, 4.0f));
    CHECK_THAT(text_of<launch_error>([&] { (void)graph::capture(stream_ref::legacy(), [](stream_ref) {}); }),
               ContainsSubstring("got the legacy default stream"));
}

TEST_CASE("the legacy default stream during a capture") {
    memory<float> x(std::vector<float>(100, 1.0f));
    const launch_options legacy{.stream = cudaStreamLegacy};
    // A blocking stream: refused, and everything works afterwards.
    const stream blocking({.blocking = true});
    const auto [status, text] = cuda_refusal([&] {
        (void)graph::capture(blocking, [&](stream_ref) {
            launch<add_one>(100, x.all());
            launch<add_one>(legacy, 100, x.all());
        });
    });
    CHECK(status == cudaErrorStreamCaptureImplicit);
    CHECK_THAT(text, ContainsSubstring("nothing may use the legacy default stream"));
    CHECK_FALSE(blocking.capturing());
    CHECK(all_is_well());
    CHECK(x.read() == std::vector<float>(100, 1.0f));
    // The streams that graph makes are not blocking: the launch is not recorded, it runs at once.
    const graph g = graph::capture([&](stream_ref) {
        launch<add_one>(100, x.all());
        launch<add_one>(legacy, 100, x.all());
    });
    CHECK(g.node_count() == 1);
    CHECK(x.read() == std::vector<float>(100, 2.0f));
}

TEST_CASE("four threads capture, replay and update at once, another one allocates") {
    // The whole device may not be waited for while one thread captures, so that is done outside of them.
    std::vector<memory<float>> arrays;
    arrays.reserve(4);
    for (int number = 0; number < 4; ++number) arrays.emplace_back(std::vector<float>(5000, 0.0f));
    std::string failures[4];
    const auto work = [&](int number) {
        try {
            const stream own;
            const memory<float>& x = arrays[number];
            for (int turn = 1; turn <= 10; ++turn) {
                graph g = graph::capture([&](stream_ref) {
                    for (int k = 0; k < number + 1; ++k) launch<add_one>(5000, x.all());
                });
                g.launch(own);
                g.update([&](stream_ref) {
                    for (int k = 0; k < number + 1; ++k) launch<add_one>(turn, x.part(0, turn));
                });
                g.launch(own);
                synchronize(own);
            }
        } catch (const std::exception& e) {
            failures[number] = e.what();
        }
    };
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) threads.emplace_back(work, number);
    for (auto& t : threads) t.join();
    for (int number = 0; number < 4; ++number) {
        CHECK(failures[number] == "");
        const auto x = arrays[number].read();
        CHECK(
            (x[0] == 20.0f * (number + 1) && x[9] == 11.0f * (number + 1) && x[10] == 10.0f * (number + 1)));
    }

    // Captures are thread-local: an allocation of another thread does not disturb them.
    memory<float> x(std::vector<float>(100, 1.0f));
    cudaError_t status = cudaErrorUnknown;
    void* p = nullptr;
    const graph g = graph::capture([&](stream_ref) {
        launch<add_one>(100, x.all());
        std::thread([&] { status = cudaMalloc(&p, 1 << 20); }).join();
    });
    CHECK(status == cudaSuccess);
    need(cudaFree(p));
    g.launch();
    CHECK(x.read() == std::vector<float>(100, 2.0f));
}

TEST_CASE("a graph keeps arrays, and tells their owners which streams use them") {
    static int uses;
    static cudaStream_t last;
    uses = 0;
    static const owner_hook hook{.record_stream = [](owner&, void* s) noexcept {
        ++uses;
        last = static_cast<cudaStream_t>(s);
    }};
    const memory<float> m(std::vector<float>(100, 1.0f));
    bool released = false;
    const stream own;
    {
        graph g;
        {
            const auto x = from_pointer<float, 1, device::cuda>(
                m.data(), shape(100), make_owner([&]() noexcept { released = true; }));
            x.keeper()->hook = &hook;
            g = graph::capture([&](stream_ref) { launch<add_one>(100, x); });
            g.keep(x, m.all());
        }
        CHECK_FALSE(released);
        uses = 0;
        g.launch(own);
        CHECK((uses == 1 && last == own.get()));
        synchronize(own);
        g.release_kept();
        CHECK(released);
        released = false;
        g.keep(make_owner([&]() noexcept { released = true; })).keep(owner_ref());
        CHECK_FALSE(released);
    }
    CHECK(released);
}

TEST_CASE("a graph can be drawn") {
    memory<float> x(std::vector<float>(100, 1.0f));
    const graph g = graph::capture([&](stream_ref) { launch<add_one>(100, x.all()); });
    const std::string path = "warpx_graph_test_" + std::to_string(getpid()) + ".dot";
    const auto drawn = [&](bool verbose) {
        g.to_dot(path.c_str(), verbose);
        std::ifstream file(path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        std::remove(path.c_str());
        return text;
    };
    const std::string brief = drawn(false), full = drawn(true);
    CHECK_THAT(brief, ContainsSubstring("digraph"));
    CHECK(full.size() > brief.size());
    CHECK_THROWS_AS(g.to_dot("/no/such/folder/graph.dot"), cuda_error);
    CHECK_THROWS_AS(graph().to_dot(path.c_str()), launch_error);
}
