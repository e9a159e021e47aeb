// SPDX-License-Identifier: Apache-2.0
// copy_test.cu: copies, fills and conversions that CUDA takes part in give what the host's give.
#include "copy_ways.cuh"

#include <warpx/kernels/fill.cuh>

using namespace warpx;
using namespace copy_ways;
using Catch::Matchers::ContainsSubstring;

namespace {

__global__ void spin(long long cycles) {
    const long long begin = clock64();
    while (clock64() - begin < cycles) {
    }
}

template <class T, class U> void check_two_axes() {
    for (const shape<2> s : {shape<2>(33, 70), shape<2>(1, 1), shape<2>(2, 257), shape<2>(130, 129)}) {
        CAPTURE(s[0], s[1]);
        const shape<2> flipped(s[1], s[0]);
        check_ways<T, U>(s, s, as_is, as_is);
        check_ways<T, U>(s, flipped, turned, as_is);
        check_ways<T, U>(s, s, turned, turned);
        check_ways<T, U>(s, s, backwards, as_is);
        check_ways<T, U>(s, s, as_is, all_backwards);
        const shape<2> wider(s[0], s[1] + 5), twice(s[0], 2 * s[1]), longer(2 * s[0], s[1]);
        check_ways<T, U>(wider, s, inner_columns, as_is);
        check_ways<T, U>(s, wider, as_is, inner_columns);
        check_ways<T, U>(wider, wider, inner_columns, inner_columns);
        check_ways<T, U>(twice, s, every_second, as_is);
        check_ways<T, U>(s, twice, as_is, every_second);
        check_ways<T, U>(longer, longer, second_rows, second_rows);
    }
}

} // namespace

TEST_CASE("copies of two axes in all layouts, without conversion", "[core]") {
    check_two_axes<float, float>();
}
TEST_CASE("copies of two axes in all layouts, to a smaller type") { check_two_axes<float, warpx::half>(); }
TEST_CASE("copies of two axes in all layouts, to a larger type") { check_two_axes<int8_t, float>(); }
TEST_CASE("copies of two axes in all layouts, to a type of the same size") {
    check_two_axes<float, int32_t>();
}

TEST_CASE("copies of three axes, repeated elements, many axes, none", "[core]") {
    const shape<3> s(9, 8, 21), around(11, 10, 25);
    check_ways<float, float>(s, s, as_is, as_is);
    check_ways<float, float>(around, s, box, as_is); // rows in planes
    check_ways<float, float>(s, around, as_is, box);
    check_ways<float, float>(around, around, box, box);
    check_ways<float, double>(around, s, box, as_is);
    check_ways<float, float>(s, shape<3>(21, 8, 9), turned, as_is);
    const layout repeated{.repeated = {9, 8, 21}};
    const shape<3> line(1, 1, 21), column(9, 1, 1);
    check_ways<float, float>(line, s, repeated, as_is);
    check_ways<float, float>(column, s, repeated, as_is);
    check_ways<float, double>(line, around, repeated, box);
    check_ways<double, float>(column, around, repeated, box);

    const shape<8> many(2, 3, 2, 1, 3, 2, 4, 5);
    const layout shuffled{.order = {7, 2, 5, 3, 0, 4, 1, 6}};
    check_ways<float, float>(many, shape<8>(5, 2, 2, 1, 2, 3, 3, 4), shuffled, as_is);
    check_ways<float, float>(many, many, shuffled, shuffled);

    check_ways<float, int>(shape<0>(), shape<0>(), as_is, as_is);
    check_ways<float, float>(shape<0>(), shape<0>(), as_is, as_is);
    check_ways<float, float>(shape<2>(0, 4), shape<2>(0, 4), as_is, as_is);
    check_ways<float, int>(shape<2>(4, 0), shape<2>(0, 4), turned, as_is);
}

TEST_CASE("copies of more axes than a launch has") {
    const shape<9> s(2, 2, 2, 2, 2, 2, 2, 2, 3);
    const layout shuffled{.order = {7, 1, 5, 3, 0, 4, 2, 6, 8}};
    check_ways<float, warpx::half>(s, s, shuffled, as_is);
}

TEST_CASE("astype, to, device::any", "[core]") {
    const auto h = numbers<float>(shape(17, 19));
    const auto d = to<device::cuda>(transpose(h));
    STATIC_REQUIRE(std::is_same_v<decltype(d), const array<float, 2, device::cuda>>);
    CHECK((d.is_compact() && same_bytes(down(d), to<device::host>(transpose(h)))));
    array<const float, 2, device::cuda> read_only = d;
    const auto i = astype<int>(transpose(read_only));
    STATIC_REQUIRE(std::is_same_v<decltype(i), const array<int, 2, device::cuda>>);
    CHECK(same_bytes(down(i), astype<int>(h)));
    CHECK(same_bytes(to<device::host>(read_only), to<device::host>(transpose(h))));

    const array<float, 2, device::any> somewhere[] = {d, transpose(h)};
    for (const auto& a : somewhere) {
        const auto doubles = astype<double>(a);
        CHECK(doubles.device() == a.device());
        CHECK(same_bytes(to<device::host>(doubles), astype<double>(transpose(h))));
        CHECK(same_bytes(down(to<device::cuda>(a)), down(d)));
        auto target = zeros<float>(a.extents());
        copy(a, target);
        CHECK(same_bytes(target, down(d)));
    }
    const auto pinned = to<device::host>(d, memory_options{.kind = memory_kind::pinned});
    synchronize();
    CHECK((pinned.memory() == memory_kind::pinned && same_bytes(pinned, down(d))));
}

TEST_CASE("fills of all layouts", "[core]") {
    const auto check = [](const auto& base, const layout& view, const auto& v) {
        const auto want = to<device::host>(base);
        fill(view(want), v);
        const auto d = to<device::cuda>(base);
        fill(view(d), v);
        CHECK(same_bytes(down(d), want));
        const auto p = to<device::cuda>(base, memory_options{.kind = memory_kind::pinned});
        fill(view(p), v);
        CHECK(same_bytes(down(p), want));
    };
    const auto base = numbers<float>(shape(33, 70));
    check(base, as_is, 0);
    check(base, as_is, 2.5);
    check(base, turned, 3);
    check(base, all_backwards, 3);
    check(base, inner_columns, 0);
    check(base, every_second, 1.5f);
    check(numbers<warpx::half>(shape(33, 70)), second_rows, 1);
    check(numbers<bool>(shape(33, 70)), every_second, 7);
    check(numbers<float>(shape(9, 8, 21)), box, 4);
    check(numbers<float>(shape<0>()), as_is, 4);
    check(numbers<float>(shape(0, 3)), as_is, 4);
    check(numbers<float>(shape(2, 3, 2, 1, 3, 2, 4, 5)), every_second, 4);
    check(full<vec3f>(100, vec3f(1, 2, 3)), backwards, vec3f(3, 4, 5));
}

TEST_CASE("overlapping arrays on the device", "[core]") {
    const auto check = [](const auto& base, const layout& from, const layout& to_view) {
        const auto want = to<device::host>(base);
        copy(from(want), to_view(want));
        const auto d = to<device::cuda>(base);
        copy(from(d), to_view(d));
        CHECK(same_bytes(down(d), want));
    };
    const layout front{.cuts = {{0, 0, -100, 1}}};
    const layout back{.cuts = {{0, 100, none, 1}}};
    const auto line = numbers<int>(shape(100000));
    check(line, front, back);
    check(line, back, front);
    check(line, backwards, as_is);
    check(line, as_is, as_is);
    check(numbers<float>(shape(200, 200)), turned, as_is); // through a temporary
    check(numbers<float>(shape(200, 200)), turned, all_backwards);
}

TEST_CASE("copies of other shapes are refused before anything is done") {
    CHECK_THROWS_WITH(copy(zeros<float>({2, 3}), zeros<float, device::cuda>({3, 2})),
                      ContainsSubstring("(2, 3)") && ContainsSubstring("(3, 2)"));
    CHECK_THROWS_AS(copy(zeros<float, device::cuda>(2), zeros<float, device::cuda>(3)), bind_error);
}

TEST_CASE("what is waited for") {
    stream s;
    constexpr int64_t n = 1 << 16;
    constexpr long long long_time = 200'000'000;
    const auto d = full<float, device::cuda>(n, 1.0f, memory_options{.stream = s});
    auto pinned = zeros<float, device::host>(n, memory_options{.kind = memory_kind::pinned});
    auto pageable = zeros<float>(n);
    synchronize(s);

    spin<<<1, 1, 0, s>>>(long_time);
    copy(d, pinned, s);
    CHECK_FALSE(s.ready());
    synchronize(s);
    CHECK(pinned[n - 1] == 1);

    spin<<<1, 1, 0, s>>>(long_time);
    fill(d, 2, s);
    copy(pinned, slice(d, 0, none, none, -1), s);
    copy(slice(d, 0, none, none, 2), slice(d, 0, none, none, 2), s);
    CHECK_FALSE(s.ready());

    copy(d, pageable, s); // done on return
    CHECK(s.ready());
    CHECK(pageable[n - 1] == 1);

    spin<<<1, 1, 0, s>>>(long_time);
    auto changing = full<float>(2 * n, 5.0f);
    copy(slice(changing, 0, none, none, 2), d, s);
    copy(changing, empty<float, device::cuda>(2 * n, memory_options{.stream = s}), s);
    fill(changing, 6.0f); // it was read
    copy(d, pageable, s);
    CHECK(pageable[n - 1] == 5);
    retire_stream(s);
}

namespace {

/// Captures `record()` on a stream and replays it.
class recording {
public:
    template <class F> recording(stream& s, const F& record) : stream_(s) {
        REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
        {
            const stream_scope scope(s);
            record();
        }
        REQUIRE(cudaStreamEndCapture(s, &graph_) == cudaSuccess);
        REQUIRE(cudaGraphInstantiate(&ready_, graph_, 0) == cudaSuccess);
    }
    ~recording() {
        (void)cudaGraphExecDestroy(ready_);
        (void)cudaGraphDestroy(graph_);
    }
    void replay() {
        REQUIRE(cudaGraphLaunch(ready_, stream_) == cudaSuccess);
        synchronize(stream_);
    }

private:
    stream& stream_;
    cudaGraph_t graph_ = nullptr;
    cudaGraphExec_t ready_ = nullptr;
};

} // namespace

TEST_CASE("copies in a graph", "[core]") {
    stream s;
    constexpr int64_t n = 1000;
    const memory_options pinned{.stream = s, .kind = memory_kind::pinned};
    auto source = zeros<float, device::host>({n, 4}, pinned);
    auto target = zeros<warpx::half, device::host>({4, n}, pinned);
    const auto d = zeros<float, device::cuda>({n, 4}, memory_options{.stream = s});
    const auto t = zeros<float, device::cuda>({4, n}, memory_options{.stream = s});
    const auto filled = zeros<float, device::cuda>({n, 4}, memory_options{.stream = s});
    synchronize(s);
    recording r(s, [&] {
        copy(source, d);                      // from pinned memory
        copy(transpose(d), t);                // a kernel
        copy(slice(t, 1, none, none, -1), t); // through a temporary of the graph
        const auto h = astype<warpx::half>(t);
        copy(h, target); // to pinned memory
        fill(filled, 0.25);
        fill(slice(filled, 0, none, none, 2), 0);
    });
    CHECK(target(0, 0) == 0.0f);
    for (int replay = 0; replay < 3; ++replay) {
        fill(source, replay + 1);
        source(0, 3) = 9.0f;
        r.replay();
        CHECK(target(0, 0) == static_cast<float>(replay + 1));
        CHECK(target(3, n - 1) == 9.0f);
    }
    const auto f = to<device::host>(filled);
    CHECK((f(0, 1) == 0 && f(1, 1) == 0.25f));
}

TEST_CASE("compact pageable arrays in a graph are read and written at each replay") {
    stream s;
    auto source = zeros<float>(1000), target = zeros<float>(1000);
    const auto d = zeros<float, device::cuda>(1000, memory_options{.stream = s});
    recording r(s, [&] {
        copy(source, d);
        copy(d, target);
    });
    for (int replay = 0; replay < 3; ++replay) {
        fill(source, replay + 1);
        r.replay();
        CHECK(target[999] == static_cast<float>(replay + 1));
    }
}

TEST_CASE("copies that the host takes part in are refused in a capture") {
    stream s;
    const auto wide = zeros<float>({100, 8});
    const auto d = zeros<float, device::cuda>({100, 4}, memory_options{.stream = s});
    recording r(s, [&] {
        CHECK_THROWS_WITH(copy(slice(wide, 1, none, none, 2), d), ContainsSubstring("during capture"));
        CHECK_THROWS_AS(copy(d, slice(wide, 1, none, none, 2)), launch_error);
        CHECK_THROWS_AS(copy(zeros<double>({100, 4}), d), launch_error);
    });
    r.replay(); // the capture went on
}

TEST_CASE("more than 2^31 bytes and a pitch no memcpy has") {
    size_t free = 0, total = 0;
    REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
    if (free < (size_t{12} << 30)) {
        WARN("skipped: needs 12 GiB of device memory");
        return;
    }
    constexpr int64_t n = (int64_t{1} << 31) + 7;
    auto a = zeros<int8_t, device::cuda>(n);
    fill(slice(a, 0, -3, none), 5);
    auto b = empty<int8_t, device::cuda>(n);
    copy(slice(a, 0, none, none, -1), b);
    CHECK(to<device::host>(slice(b, 0, 0, 4))[2] == 5);
    CHECK(to<device::host>(slice(b, 0, 0, 4))[3] == 0);
    a = {};
    auto pitched = from_pointer<int8_t, 2, device::cuda>(b.data_handle(), {2, 100}, {int64_t{1} << 31, 1});
    auto h = full<int8_t>({2, 7}, 1);
    copy(h, slice(pitched, 1, 0, 7));
    CHECK(to<device::host>(slice(pitched, 1, 0, 7))(1, 6) == 1);
}

TEST_CASE("two devices: compact, strided, converting, default streams in order") {
    if (device_count() < 2) {
        WARN("skipped: one GPU here");
        return;
    }
    const int now = current_device(), other = now == 0 ? 1 : 0;
    const auto h = numbers<float>(shape(300, 70));
    for (int round = 0; round < 10; ++round) {
        auto a = to<device::cuda>(h);
        auto b = to<device::cuda>(a, memory_options{.device = other});
        CHECK((b.device_id() == other && current_device() == now));
        fill(a, 0); // after the copy, although on the other device's stream
        CHECK(same_bytes(to<device::host>(b), h));
        auto c = zeros<warpx::half, device::cuda>({70, 300});
        copy(transpose(b), c);
        CHECK(same_bytes(to<device::host>(c), astype<warpx::half>(transpose(h))));
        stream s(stream_options{.device = other});
        auto e = zeros<float, device::cuda>({70, 300}, memory_options{.stream = s});
        synchronize_device(now);
        copy(transpose(to<device::cuda>(h)), e, s);
        synchronize(s);
        CHECK(same_bytes(to<device::host>(e), to<device::host>(transpose(h))));
        retire_stream(s);
    }
}
