// SPDX-License-Identifier: Apache-2.0
// memory_test.cu: new CUDA arrays, whose memory they are, when and where it is freed.
#include "support/catch.hpp"

#define LIBCUDACXX_ENABLE_EXPERIMENTAL_MEMORY_RESOURCE // before CCCL's header
#include <cuda/memory_resource>

#include <warpx/cuda/create.cuh>
#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/copy.cuh>
#include <warpx/kernels/fill.cuh>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Keeps a stream busy.
__global__ void spin(long long cycles) {
    const long long begin = clock64();
    while (clock64() - begin < cycles) {
    }
}
constexpr long long long_time = 300'000'000; // about 0.2 s

template <class T, int N> bool all(const array<T, N, device::cuda>& a, const std::remove_const_t<T>& v) {
    const auto h = to<device::host>(a);
    for (int64_t k = 0; k < h.size(); ++k)
        if (!(h.data_handle()[k] == v)) return false;
    return true;
}

/// Counts what goes through it.
struct count_of_calls {
    std::atomic<int> taken = 0, given = 0;
    std::atomic<size_t> bytes = 0;
    std::atomic<cudaStream_t> last_taken = nullptr, last_given = nullptr;
};
struct counting_allocator {
    count_of_calls* calls;
    void* allocate(size_t bytes, cudaStream_t stream) {
        ++calls->taken;
        calls->bytes += bytes;
        calls->last_taken = stream;
        return pool_allocator{}.allocate(bytes, stream);
    }
    void deallocate(void* data, size_t bytes, cudaStream_t stream) noexcept {
        ++calls->given;
        calls->bytes -= bytes;
        calls->last_given = stream;
        pool_allocator{}.deallocate(data, bytes, stream);
    }
};

} // namespace

namespace resources {

/// What CCCL 3.0 calls an asynchronous resource.
struct async_pool {
    int alive = 0;
    void* allocate(size_t bytes, size_t) {
        void* data = nullptr;
        if (cudaMalloc(&data, bytes) != cudaSuccess) throw std::bad_alloc();
        ++alive;
        return data;
    }
    void deallocate(void* data, size_t, size_t) {
        --alive;
        (void)cudaFree(data);
    }
    void* allocate_async(size_t bytes, size_t, cuda::stream_ref stream) {
        ++alive;
        return pool_allocator{}.allocate(bytes, stream.get());
    }
    void deallocate_async(void* data, size_t bytes, size_t, cuda::stream_ref stream) {
        --alive;
        pool_allocator{}.deallocate(data, bytes, stream.get());
    }
    bool operator==(const async_pool& other) const { return this == &other; }
    bool operator!=(const async_pool& other) const { return this != &other; }
    friend void get_property(const async_pool&, cuda::mr::device_accessible) noexcept {}
};
static_assert(cuda::mr::async_resource<async_pool>);

} // namespace resources

namespace {

/// What later CCCL calls a resource.
struct stream_first_pool {
    int alive = 0;
    void* allocate(cuda::stream_ref stream, size_t bytes, size_t) {
        ++alive;
        return pool_allocator{}.allocate(bytes, stream.get());
    }
    void deallocate(cuda::stream_ref stream, void* data, size_t bytes, size_t) noexcept {
        --alive;
        pool_allocator{}.deallocate(data, bytes, stream.get());
    }
};

/// What RMM calls one.
struct stream_view {
    cudaStream_t stream;
    stream_view(cudaStream_t s) : stream(s) {}
};
struct stream_last_pool {
    int alive = 0;
    void* allocate(size_t bytes, stream_view s = cudaStreamLegacy) {
        ++alive;
        return pool_allocator{}.allocate(bytes, s.stream);
    }
    void deallocate(void* data, size_t bytes, stream_view s = cudaStreamLegacy) {
        --alive;
        pool_allocator{}.deallocate(data, bytes, s.stream);
    }
};

struct record {
    float a;
    int b;
};

} // namespace
WARPX_STRUCT(record, a, b);

TEMPLATE_TEST_CASE("new CUDA arrays of every kind of element", "", bool, int8_t, uint64_t, warpx::half,
                   bfloat16, float, double, complex<float>, float8_e5m2, vec3f, quat<double>) {
    for (int64_t n : {0, 1, 7, 1000, 100003}) {
        auto z = zeros<TestType, device::cuda>(n);
        STATIC_REQUIRE(std::is_same_v<decltype(z), array<TestType, 1, device::cuda>>);
        CHECK((z.extent(0) == n && z.is_compact() && z.device() == device_kind::cuda));
        CHECK((z.memory() == memory_kind::plain && z.device_id() == current_device()));
        CHECK((z.data_handle() == nullptr) == (n == 0));
        CHECK(reinterpret_cast<uintptr_t>(z.data_handle()) % 256 == 0);
        const auto hz = to<device::host>(z);
        const auto ho = to<device::host>(ones<TestType, device::cuda>(n));
        const auto want_z = zeros<TestType>(n), want_o = ones<TestType>(n);
        int64_t wrong = 0;
        for (int64_t k = 0; k < n; ++k)
            wrong += !(hz.data_handle()[k] == want_z.data_handle()[k]) ||
                     !(ho.data_handle()[k] == want_o.data_handle()[k]);
        CHECK(wrong == 0);
    }
}

TEST_CASE("new CUDA arrays: shapes, values, records") {
    auto a = full<float, device::cuda>({3, 4}, 2.5f);
    CHECK((a.extent(1) == 4 && all(a, 2.5f)));
    CHECK(all(full<int, device::cuda>(shape(2, 3, 4), -1), -1)); // equal bytes: a memset
    CHECK(all(full<double, device::cuda>(shape<0>(), 7.0), 7.0));
    const auto r = to<device::host>(full<record, device::cuda>(5, {1.5f, 3}));
    CHECK((r.data_handle()[4].a == 1.5f && r.data_handle()[4].b == 3));
    array<const float, 2, device::cuda> read_only = a;
    auto like = zeros_like(transpose(read_only));
    STATIC_REQUIRE(std::is_same_v<decltype(like), array<float, 2, device::cuda>>);
    CHECK((like.extent(0) == 4 && like.is_compact() && all(like, 0.0f)));
    CHECK(all(ones_like(a), 1.0f));
    CHECK(all(full_like(a, 4.0f), 4.0f));
    CHECK(empty_like(a).size() == 12);
    CHECK((empty<float, device::cuda>({0, 5}).data_handle() == nullptr));
    CHECK((empty<float, device::host>(5).memory() == memory_kind::plain));
}

TEST_CASE("new CUDA arrays refuse shapes as host arrays do") {
    CHECK_THROWS_AS((empty<float, device::cuda>(-1)), bind_error);
    CHECK_THROWS_AS((zeros<float, device::cuda>({INT64_MAX / 2, 3})), bind_error);
    CHECK_THROWS_AS((ones<double, device::cuda>({-1, 0})), bind_error);
}

TEST_CASE("out of memory is an error with numbers, and nothing else changes") {
    for (const memory_kind kind : {memory_kind::plain, memory_kind::pinned, memory_kind::managed}) {
        CAPTURE(static_cast<int>(kind));
        try {
            (void)empty<float, device::cuda>(int64_t{1} << 48, memory_options{.kind = kind});
            FAIL("2^50 bytes were found");
        } catch (const cuda_error& e) {
            CHECK(e.status() == cudaErrorMemoryAllocation);
            CHECK_THAT(e.what(), ContainsSubstring(std::to_string(int64_t{1} << 50)) &&
                                     ContainsSubstring("free of") && ContainsSubstring("cuda:"));
        }
        CHECK(cudaGetLastError() == cudaSuccess);
        CHECK(all(full<float, device::cuda>(1000, 3.0f), 3.0f));
    }
}

TEST_CASE("pinned and managed memory is for both sides") {
    for (const memory_kind kind : {memory_kind::pinned, memory_kind::managed}) {
        CAPTURE(static_cast<int>(kind));
        auto h = full<float, device::host>(1000, 2.0f, memory_options{.kind = kind});
        STATIC_REQUIRE(std::is_same_v<decltype(h), array<float, 1>>);
        CHECK((h.memory() == kind && h.device() == device_kind::host && h[999] == 2.0f));
        const auto d = device_cast<device::cuda>(h);
        fill(d, 5);
        synchronize();
        CHECK(h[999] == 5.0f);
        h[3] = 7.0f;
        CHECK(to<device::host>(d)[3] == 7.0f);
        CHECK((zeros<int, device::host>(5, memory_options{.kind = kind})[4] == 0));
        auto c = ones<float, device::cuda>({2, 3}, memory_options{.kind = kind});
        synchronize();
        CHECK((device_cast<device::host>(c)(1, 2) == 1.0f));
    }
}

TEST_CASE("dropping pinned memory waits for its work") {
    stream other;
    auto out = zeros<float, device::cuda>(1 << 16, memory_options{.stream = other});
    {
        const auto h = full<float, device::host>(1 << 16, 6.0f, memory_options{.kind = memory_kind::pinned});
        spin<<<1, 1, 0, other>>>(long_time);
        copy(h, out, other);
        CHECK_FALSE(other.ready());
    }
    CHECK(other.ready());
    CHECK(all(out, 6.0f));
}

TEST_CASE("an allocator is asked once an array, with the stream, and copied") {
    stream s;
    count_of_calls calls;
    const counting_allocator allocator{&calls};
    {
        auto a = zeros<float, device::cuda>(100, memory_options{.stream = s}, allocator);
        CHECK((calls.taken == 1 && calls.bytes == 400 && calls.last_taken == s.get()));
        auto b = a;
        auto c = slice(a, 0, 10);
        auto none_at_all = zeros<float, device::cuda>(0, memory_options{.stream = s}, allocator);
        CHECK((calls.taken == 1 && calls.given == 0));
        a = {};
        b = {};
        CHECK(calls.given == 0);
    }
    CHECK((calls.given == 1 && calls.bytes == 0 && calls.last_given == s.get()));

    // Work on the allocation's own stream records nothing; work on another frees on the first even so.
    stream t;
    {
        auto a = zeros<float, device::cuda>(100, memory_options{.stream = s}, allocator);
        wait(t, s);
        fill(a, 1, t);
    }
    CHECK((calls.given == 2 && calls.last_given == s.get()));
}

TEST_CASE("function_allocator and the shapes of resources") {
    count_of_calls calls;
    const function_allocator functions{
        &calls,
        [](void* context, size_t bytes, cudaStream_t stream) -> void* {
            return bytes > 1'000'000
                       ? nullptr
                       : counting_allocator{static_cast<count_of_calls*>(context)}.allocate(bytes, stream);
        },
        [](void* context, void* data, size_t bytes, cudaStream_t stream) {
            counting_allocator{static_cast<count_of_calls*>(context)}.deallocate(data, bytes, stream);
        }};
    CHECK(all(full<int, device::cuda>(10, 3, memory_options{}, functions), 3));
    CHECK((calls.taken == 1 && calls.given == 1));
    CHECK_THROWS_WITH((empty<int, device::cuda>(1'000'000, memory_options{}, functions)),
                      ContainsSubstring("4000000 bytes of memory of the allocator"));
    CHECK((calls.taken == 1 && calls.given == 1));

    resources::async_pool one;
    stream_first_pool two;
    stream_last_pool three;
    cuda::mr::async_resource_ref<cuda::mr::device_accessible> reference = one;
    {
        auto a = ones<float, device::cuda>(10, memory_options{}, resource_allocator(one));
        auto b = ones<float, device::cuda>(10, memory_options{}, resource_allocator(two));
        auto c = ones<float, device::cuda>(10, memory_options{}, resource_allocator(three));
        auto d = ones<float, device::cuda>(10, memory_options{}, resource_allocator(reference));
        CHECK((one.alive == 2 && two.alive == 1 && three.alive == 1));
        CHECK((all(a, 1.0f) && all(b, 1.0f) && all(c, 1.0f) && all(d, 1.0f)));
    }
    CHECK((one.alive == 0 && two.alive == 0 && three.alive == 0));
}

TEST_CASE("memory is not handed out again before another stream has done with it") {
    stream a, b;
    constexpr int64_t n = 1 << 20;
    for (int round = 0; round < 3; ++round) {
        auto result = zeros<float, device::cuda>(n, memory_options{.stream = b});
        const float* first = nullptr;
        {
            auto x = full<float, device::cuda>(n, 1.0f, memory_options{.stream = a});
            first = x.data_handle();
            wait(b, a);
            spin<<<1, 1, 0, b>>>(long_time);
            copy(x, result, b);
        }
        CHECK_FALSE(b.ready()); // nobody waited
        auto again = full<float, device::cuda>(n, 2.0f, memory_options{.stream = a});
        INFO("the same address: " << (again.data_handle() == first));
        synchronize(b);
        CHECK(all(result, 1.0f));
        synchronize(a);
        CHECK(all(again, 2.0f));
    }
}

TEST_CASE("the last reference may go on another thread, with work in flight") {
    stream a, b;
    constexpr int64_t n = 1 << 20;
    auto x = std::make_optional(full<float, device::cuda>(n, 1.0f, memory_options{.stream = a}));
    auto result = zeros<float, device::cuda>(n);
    synchronize();
    synchronize(a);
    std::thread([&] {
        const stream_scope scope(b);
        spin<<<1, 1, 0, b>>>(long_time);
        copy(*x, result);
        x.reset();
    }).join();
    auto again = full<float, device::cuda>(n, 2.0f, memory_options{.stream = a});
    synchronize_device();
    CHECK(all(result, 1.0f));

    // Allocated on a thread's stream, dropped when that thread is gone. (It waits: after cudaMallocAsync on the
    // legacy default stream, driver 580 never returns from the end of a thread with work on its own.)
    std::optional<array<float, 1, device::cuda>> y;
    std::thread([&] {
        y = full<float, device::cuda>(n, 3.0f, memory_options{.stream = stream_ref::per_thread()});
        copy(*y, result, stream_ref::per_thread());
        synchronize(stream_ref::per_thread());
    }).join();
    y.reset();
    auto other = full<float, device::cuda>(n, 4.0f, memory_options{.stream = a});
    synchronize_device();
    CHECK(all(result, 3.0f));
}

TEST_CASE("an array outlives a raw stream that was retired") {
    constexpr int64_t n = 1 << 20;
    count_of_calls calls;
    auto result = zeros<float, device::cuda>(n);
    synchronize();
    cudaStream_t s = nullptr;
    REQUIRE(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking) == cudaSuccess);
    auto x = std::make_optional(
        full<float, device::cuda>(n, 1.0f, memory_options{.stream = s}, counting_allocator{&calls}));
    spin<<<1, 1, 0, s>>>(long_time);
    copy(*x, result, s);
    retire_stream(s);
    REQUIRE(cudaStreamDestroy(s) == cudaSuccess);
    stream next; // perhaps with the same handle
    fill(slice(*x, 0, 0, 0), 0, next);
    x.reset();
    CHECK(calls.given == 1);
    synchronize_device();
    CHECK(all(result, 1.0f));
    CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("an array outlives its warpx::stream") {
    constexpr int64_t n = 1 << 20;
    auto result = zeros<float, device::cuda>(n);
    synchronize();
    array<float, 1, device::cuda> x;
    {
        stream s;
        x = full<float, device::cuda>(n, 1.0f, memory_options{.stream = s});
        spin<<<1, 1, 0, s>>>(long_time);
        copy(x, result, s);
    }
    x = {};
    auto again = full<float, device::cuda>(n, 2.0f);
    synchronize_device();
    CHECK(all(result, 1.0f));
}

TEST_CASE("an array that dies while its stream is captured is freed after the capture") {
    stream s;
    count_of_calls calls;
    auto x = std::make_optional(
        full<float, device::cuda>(100, 1.0f, memory_options{.stream = s}, counting_allocator{&calls}));
    REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    x.reset();
    CHECK(calls.given == 0);
    cudaGraph_t graph = nullptr;
    REQUIRE(cudaStreamEndCapture(s, &graph) == cudaSuccess);
    size_t nodes = 1;
    CHECK((cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess && nodes == 0));
    REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
    (void)empty<float, device::cuda>(1);
    CHECK(calls.given == 1);
}

TEST_CASE("arrays made and dropped in a capture are part of the graph") {
    stream s;
    auto out = zeros<float, device::cuda>(1000, memory_options{.stream = s});
    REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    {
        const stream_scope scope(s);
        auto t = full<float, device::cuda>(1000, 1.5f);
        copy(t, out);
    }
    cudaGraph_t graph = nullptr;
    REQUIRE(cudaStreamEndCapture(s, &graph) == cudaSuccess);
    cudaGraphExec_t ready = nullptr;
    REQUIRE(cudaGraphInstantiate(&ready, graph, 0) == cudaSuccess);
    for (int replay = 0; replay < 3; ++replay) {
        fill(out, 0, s);
        REQUIRE(cudaGraphLaunch(ready, s) == cudaSuccess);
        synchronize(s);
        CHECK(all(out, 1.5f));
    }
    REQUIRE(cudaGraphExecDestroy(ready) == cudaSuccess);
    REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
}

TEST_CASE("pinned and managed memory can be made and dropped during a capture") {
    stream s;
    REQUIRE(cudaStreamBeginCapture(s, cudaStreamCaptureModeGlobal) == cudaSuccess);
    {
        auto a = zeros<float, device::host>(10, memory_options{.kind = memory_kind::pinned});
        auto b = zeros<float, device::host>(10, memory_options{.kind = memory_kind::managed});
    }
    cudaGraph_t graph = nullptr;
    REQUIRE(cudaStreamEndCapture(s, &graph) == cudaSuccess);
    REQUIRE(cudaGraphDestroy(graph) == cudaSuccess);
}

TEST_CASE("record_stream of the allocation's own stream costs next to nothing") {
    stream s;
    const auto a = zeros<float, device::cuda>(10, memory_options{.stream = s});
    owner& o = *a.keeper().get();
    constexpr int times = 1'000'000;
    const auto begin = std::chrono::steady_clock::now();
    for (int k = 0; k < times; ++k) o.hook->record_stream(o, s.get());
    const double ns =
        std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / times;
    INFO(ns << " ns");
    CHECK(ns < 30);
}

TEST_CASE("four threads make, use and drop arrays on four streams") {
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&wrong, t] {
            stream s;
            const stream_scope scope(s);
            array<float, 1, device::cuda> kept;
            for (int k = 0; k < 200; ++k) {
                auto a = full<float, device::cuda>(1000 + k, static_cast<float>(t * 1000 + k));
                auto b = empty_like(a);
                copy(a, b);
                if (k % 50 == 0 && !all(b, static_cast<float>(t * 1000 + k))) ++wrong;
                kept = b;
            }
            kept = {};
            retire_stream(s);
        });
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
}

TEST_CASE("a pool keeps memory when told") {
    keep_memory(size_t{1} << 26);
    cudaMemPool_t pool = nullptr;
    uint64_t threshold = 0;
    REQUIRE(cudaDeviceGetMemPool(&pool, current_device()) == cudaSuccess);
    REQUIRE(cudaMemPoolGetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold) == cudaSuccess);
    CHECK(threshold == size_t{1} << 26);
    keep_memory(0);
    CHECK_THROWS_AS(keep_memory(0, 1000), cuda_error);
}

TEST_CASE("two devices: memory lies where it was asked for, the current device stays") {
    if (device_count() < 2) {
        WARN("skipped: one GPU here");
        return;
    }
    const int now = current_device(), other = now == 0 ? 1 : 0;
    auto a = full<float, device::cuda>(1000, 2.0f, memory_options{.device = other});
    CHECK((a.device_id() == other && current_device() == now && all(a, 2.0f)));
    cudaPointerAttributes attributes = {};
    REQUIRE(cudaPointerGetAttributes(&attributes, a.data_handle()) == cudaSuccess);
    CHECK(attributes.device == other);
    a = {};
    CHECK(current_device() == now);
    stream s(stream_options{.device = other});
    CHECK((zeros<float, device::cuda>(10, memory_options{.stream = s}).device_id() == other));
    CHECK_THROWS_AS((zeros<float, device::cuda>(10, memory_options{.stream = s, .device = now})), bind_error);
    retire_stream(s);
}

TEST_CASE("arrays may live on to the end of the process") {
    static array<float, 1, device::cuda> plain = ones<float, device::cuda>(1000);
    static array<float, 1> pinned =
        ones<float, device::host>(1000, memory_options{.kind = memory_kind::pinned});
    static array<float, 1> managed =
        ones<float, device::host>(1000, memory_options{.kind = memory_kind::managed});
    CHECK((all(plain, 1.0f) && pinned[0] == 1 && managed[0] == 1));
}
