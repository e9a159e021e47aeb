// SPDX-License-Identifier: Apache-2.0
// conditional_test.cu: branches and loops inside of graphs, decided by the device; what they refuse.
#include "graph_support.hpp"

#include "support/catch.hpp"

#include <warpx/cuda/conditional.cuh>

using namespace captures; // and warpx
using Catch::Matchers::ContainsSubstring;

// One item each: state machines of loops.
constexpr auto collatz = [] WARPX_KERNEL(auto, auto n, auto steps, auto go) {
    int64_t v = n[0];
    v = v % 2 != 0 ? 3 * v + 1 : v / 2;
    n[0] = v;
    steps[0] = steps[0] + 1;
    go[0] = v != 1;
};
constexpr auto begin_inner = [] WARPX_KERNEL(auto, auto state, auto go) {
    state[1] = state[0];
    go[1] = state[1] > 0;
    go[2] = state[0] % 2 == 0;
};
constexpr auto inner_turn = [] WARPX_KERNEL(auto, auto state, auto go) {
    state[2] = state[2] + 1;
    state[1] = state[1] - 1;
    go[1] = state[1] > 0;
};
constexpr auto count_even = [] WARPX_KERNEL(auto, auto state) { state[3] = state[3] + 1; };
constexpr auto end_outer = [] WARPX_KERNEL(auto, auto state, auto go) {
    state[0] = state[0] + 1;
    go[0] = state[0] < 5;
};

TEST_CASE("if_then: the device decides at each replay", "[conditional]") {
    memory<float> x(std::vector<float>(200, 1.0f));
    memory<int> condition({0, 1});
    const graph g = graph::capture([&](stream_ref s) {
        if_then(s, condition.in(), [&](stream_ref inner) {
            CHECK(current_stream() == inner);
            CHECK_FALSE(inner == s);
            launch<add_one>(200, x.all());
            launch<twice>(200, x.all());
        });
        launch<add_one>(200, x.all()); // after the node
    });
    g.launch();
    CHECK(x.read() == std::vector<float>(200, 2.0f));
    condition.write({-3, 0});
    g.launch();
    CHECK(x.read() == std::vector<float>(200, 7.0f));
    condition.write({0, 1});
    g.launch();
    CHECK(x.read() == std::vector<float>(200, 8.0f));

    // Other elements and rank 0.
    const memory<uint32_t> number({0x80000000u});
    void* truth = nullptr;
    need(cudaMalloc(&truth, 1));
    need(cudaMemset(truth, 1, 1));
    const auto flag = from_pointer<const bool, 0, device::cuda>(static_cast<const bool*>(truth), shape<0>());
    const graph both = graph::capture([&](stream_ref s) {
        if_then(s, number.all(), [&](stream_ref) { launch<add_one>(200, x.all()); });
        if_then(s, flag, [&](stream_ref) { launch<twice>(200, x.all()); });
    });
    both.launch();
    CHECK(x.read() == std::vector<float>(200, 18.0f));
    need(cudaMemset(truth, 0, 1));
    both.launch();
    CHECK(x.read() == std::vector<float>(200, 19.0f));
    cudaFree(truth);
}

#if CUDART_VERSION >= 12080
TEST_CASE("if_then_else", "[conditional]") {
    memory<float> x(std::vector<float>(10, 1.0f));
    memory<int> condition({0});
    const graph g = graph::capture([&](stream_ref s) {
        if_then_else(
            s, condition.in(), [&](stream_ref) { launch<add_one>(10, x.all()); },
            [&](stream_ref) { launch<twice>(10, x.all()); });
    });
    g.launch();
    CHECK(x.read() == std::vector<float>(10, 2.0f));
    condition.write({1});
    g.launch();
    CHECK(x.read() == std::vector<float>(10, 3.0f));
}
#endif

TEST_CASE("while_loop: as many turns as the data asks for", "[conditional]") {
    memory<int64_t> n({27});
    memory<int> steps({0}), go({1});
    const graph g = graph::capture([&](stream_ref s) {
        while_loop(s, go.in(), [&](stream_ref) { launch<collatz>(1, n.all(), steps.all(), go.all()); });
    });
    const auto steps_from = [&](int64_t start) {
        n.write({start});
        steps.write({0});
        go.write({start != 1});
        g.launch();
        return steps.read()[0];
    };
    CHECK(steps_from(27) == 111);
    CHECK(steps_from(1) == 0);
    CHECK(steps_from(97) == 118);
    CHECK(steps_from(2) == 1);
}

TEST_CASE("conditional nodes nest", "[conditional]") {
    memory<int> state({0, 0, 0, 0}), go({1, 0, 0});
    const graph g = graph::capture([&](stream_ref s) {
        while_loop(s, go.in(), [&](stream_ref outer) {
            launch<begin_inner>(1, state.all(), go.all());
            while_loop(outer, go.part(1, 2),
                       [&](stream_ref) { launch<inner_turn>(1, state.all(), go.all()); });
            if_then(outer, go.part(2, 3), [&](stream_ref) { launch<count_even>(1, state.all()); });
            launch<end_outer>(1, state.all(), go.all());
        });
    });
    g.launch();
    CHECK(state.read() == std::vector<int>{5, 0, 0 + 1 + 2 + 3 + 4, 3});
}

TEST_CASE("what conditional nodes refuse", "[conditional]") {
    memory<float> x(std::vector<float>(10, 1.0f));
    memory<int> go({1});
    const stream own;
    CHECK_THAT(text_of<launch_error>([&] { if_then(own, go.in(), [](stream_ref) {}); }),
               ContainsSubstring("warpx::if_then: expected a stream that is being captured"));
    CHECK_THAT(text_of<launch_error>([&] { while_loop(stream_ref::legacy(), go.in(), [](stream_ref) {}); }),
               ContainsSubstring("warpx::while_loop: expected a stream that is being captured"));
    CHECK_THAT(text_of<launch_error>([&] {
                   (void)graph::capture([&](stream_ref s) { if_then(s, go.part(0, 0), [](stream_ref) {}); });
               }),
               ContainsSubstring("a condition of at least one element"));

    // An exception of a body comes out; swallowed, it does not leave a loop without an end.
    const auto broken = [](stream_ref) { throw std::logic_error("from the body"); };
    CHECK(text_of<std::logic_error>([&] {
              (void)graph::capture([&](stream_ref s) { while_loop(s, go.in(), broken); });
          }) == "from the body");
    const auto [status, text] = cuda_refusal([&] {
        (void)graph::capture([&](stream_ref s) {
            try {
                while_loop(s, go.in(), broken);
            } catch (const std::logic_error&) {
            }
        });
    });
    CHECK(status == cudaErrorStreamCaptureInvalidated);

    graph g = graph::capture(
        [&](stream_ref s) { if_then(s, go.in(), [&](stream_ref) { launch<add_one>(10, x.all()); }); });
    CHECK_THAT(text_of<launch_error>([&] { g.update([](stream_ref) {}); }),
               ContainsSubstring("a graph without conditional nodes"));
    g.launch();
    CHECK(x.read() == std::vector<float>(10, 2.0f));
    CHECK(all_is_well());
}
