// SPDX-License-Identifier: Apache-2.0
// stream_test.cu: streams, events, scopes, devices, and the streams of other libraries.
#include "graph_support.hpp"

#include "support/catch.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/cuda/event.cuh>
#include <warpx/cuda/graph.cuh>
#include <warpx/cuda/stream_import.cuh>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace warpx;
using captures::text_of;
using Catch::Matchers::ContainsSubstring;

template <class T, int N> using cuda_array = array<T, N, device::cuda>;

constexpr auto add_one = [] WARPX_KERNEL(auto i, auto x) { x[i] += 1; };
// Long enough that a missing wait shows: some milliseconds, then the write.
constexpr auto slow_write = [] WARPX_KERNEL(auto, auto x, auto v) {
    auto n = static_cast<uint64_t>(static_cast<int64_t>(x[0]));
    for (uint64_t k = 0; k < 2'000'000; ++k) n = n * 3 + k;
    x[1] = static_cast<int64_t>(n);
    x[0] = v;
};
constexpr auto copy_first = [] WARPX_KERNEL(auto, auto x, auto y) { y[0] = x[0]; };

namespace {

void need(cudaError_t status) {
    if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// Zeroed memory on the current device.
class numbers {
public:
    explicit numbers(int64_t size) : size_(size) {
        need(cudaMalloc(&data_, static_cast<size_t>(size) * sizeof(int64_t)));
        need(cudaMemset(data_, 0, static_cast<size_t>(size) * sizeof(int64_t)));
        need(cudaDeviceSynchronize());
    }
    ~numbers() { cudaFree(data_); }
    numbers(const numbers&) = delete;
    numbers& operator=(const numbers&) = delete;

    int64_t* data() const { return static_cast<int64_t*>(data_); }
    cuda_array<int64_t, 1> all(int ordinal = 0) const {
        return from_pointer<int64_t, 1, device::cuda>(data(), shape(size_), owner_ref(), ordinal);
    }
    int64_t first() const {
        int64_t v = 0;
        need(cudaDeviceSynchronize());
        need(cudaMemcpy(&v, data_, sizeof(v), cudaMemcpyDeviceToHost));
        return v;
    }

private:
    void* data_ = nullptr;
    int64_t size_;
};

launch_options on(const stream& s) { return {.stream = s.get()}; }

/// The fields of a CUDA array interface over `size` int64.
array_interface interface_of(const numbers& memory, const int64_t& size) {
    array_interface fields;
    fields.data = memory.data();
    fields.typestr = "<i8";
    fields.rank = 1;
    fields.shape = &size;
    fields.device = device_kind::cuda;
    return fields;
}

} // namespace

TEST_CASE("streams: owned, borrowed, and the defaults by name") {
    CHECK(stream_ref() == stream_ref::legacy());
    CHECK(stream_ref(nullptr).get() == cudaStreamLegacy);
    CHECK(stream_ref::per_thread().get() == cudaStreamPerThread);
    CHECK_FALSE(stream_ref::legacy() == stream_ref::per_thread());

    stream a, b;
    CHECK_FALSE(stream_ref(a) == stream_ref(b));
    const cudaStream_t handle = a.get();
    stream c = std::move(a);
    CHECK(c.get() == handle);
    b = std::move(c);
    CHECK(b.get() == handle);
    CHECK(b.ready());
    CHECK_FALSE(b.capturing());

    unsigned flags = 0;
    need(cudaStreamGetFlags(b, &flags));
    CHECK(flags == cudaStreamNonBlocking);
    const stream blocking({.blocking = true});
    need(cudaStreamGetFlags(blocking, &flags));
    CHECK(flags == cudaStreamDefault);
    int least = 0, greatest = 0, given = 0;
    need(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    const stream urgent({.priority = -1000});
    need(cudaStreamGetPriority(urgent, &given));
    CHECK(given == greatest);
    CHECK_THROWS_AS(stream({.device = 1000}), cuda_error);
}

TEST_CASE("a stream goes on to the end of its work when it is destroyed") {
    const numbers x(2);
    {
        const stream s;
        launch<slow_write>(on(s), 1, x.all(), int64_t{5});
    }
    CHECK(x.first() == 5);
}

TEST_CASE("scopes nest, end with exceptions, and belong to their thread") {
    const stream a, b;
    CHECK(current_stream() == stream_ref::legacy());
    {
        const stream_scope outer(a);
        CHECK(current_stream() == a);
        try {
            const stream_scope inner(b);
            CHECK(current_stream() == b);
            throw 1;
        } catch (int) {
        }
        CHECK(current_stream() == a);
        bool legacy = false;
        std::thread([&] { legacy = current_stream() == stream_ref::legacy(); }).join();
        CHECK(legacy);
        {
            const stream_scope back(stream_ref::legacy());
            CHECK(current_stream() == stream_ref::legacy());
        }
        CHECK(current_stream() == a);
    }
    CHECK(current_stream() == stream_ref::legacy());
}

TEST_CASE("launches go to the stream of the scope, or of the options") {
    const numbers x(2), y(2);
    const stream a, b;
    {
        const stream_scope scope(a);
        launch<slow_write>(1, x.all(), int64_t{1});
        CHECK_FALSE(a.ready());
        CHECK(b.ready());
        launch<slow_write>(on(b), 1, y.all(), int64_t{2});
        CHECK_FALSE(b.ready());
        synchronize(); // the current one
        CHECK(a.ready());
    }
    synchronize(b);
    CHECK(b.ready());
    CHECK((x.first() == 1 && y.first() == 2));
}

TEST_CASE("events order streams, and say when they are done") {
    const numbers x(2), y(2);
    const stream a, b;
    event done;
    CHECK(done.ready()); // nothing was recorded
    launch<slow_write>(on(a), 1, x.all(), int64_t{3});
    done.record(a);
    CHECK_FALSE(done.ready());
    warpx::wait(b, done);
    launch<copy_first>(on(b), 1, x.all(), y.all());
    synchronize(done);
    CHECK(done.ready());
    CHECK(y.first() == 3);

    launch<slow_write>(on(b), 1, x.all(), int64_t{4});
    warpx::wait(a, b);
    warpx::wait(a, a); // nothing to do
    launch<copy_first>(on(a), 1, x.all(), y.all());
    synchronize(a);
    CHECK(y.first() == 4);

    event moved = std::move(done);
    CHECK(moved.ready());
    {
        const stream_scope scope(a);
        moved.record();
    }
    synchronize(moved);
    synchronize_device();
}

TEST_CASE("events measure time") {
    const numbers x(2);
    const stream s;
    event begin({.timing = true}), end({.timing = true, .blocking = true});
    begin.record(s);
    launch<slow_write>(on(s), 1, x.all(), int64_t{1});
    end.record(s);
    CHECK_THROWS_AS(milliseconds(begin, end), cuda_error); // not done yet
    synchronize(end);
    const float elapsed = milliseconds(begin, end);
    CHECK((elapsed > 0.1f && elapsed < 10000.0f));
    event plain;
    plain.record(s);
    synchronize(plain);
    CHECK_THROWS_AS(milliseconds(begin, plain), cuda_error);
    CHECK(cudaGetLastError() == cudaSuccess); // what was thrown is not found again
}

TEST_CASE("device_guard and ordinals") {
    CHECK(device_count() >= 1);
    const int here = current_device();
    {
        const device_guard none(-1), same(here);
        CHECK(current_device() == here);
    }
    CHECK_THAT(text_of<cuda_error>([] { const device_guard guard(1000); }),
               ContainsSubstring("making cuda:1000 current"));
    CHECK(current_device() == here);
    CHECK(cudaGetLastError() == cudaSuccess);
    CHECK(enable_peer_access(here, here));
    if (device_count() < 2) {
        WARN("two devices are not tested: there is one GPU here");
        return;
    }
    {
        const device_guard other(1);
        CHECK(current_device() == 1);
        try {
            const device_guard back(0);
            throw 1;
        } catch (int) {
        }
        CHECK(current_device() == 1);
        const numbers x(2);
        const stream there;
        const device_guard first(0); // the launch finds the device of its arrays
        launch<slow_write>(on(there), 1, x.all(1), int64_t{9});
        const stream s;
        const event_options event_there{.device = 1};
        event done(event_there);
        done.record(there);
        warpx::wait(s, done); // across devices
        synchronize(s);
        CHECK(done.ready());
        const device_guard again(1);
        CHECK(x.first() == 9);
    }
    CHECK(current_device() == here);
    if (enable_peer_access(0, 1)) CHECK(enable_peer_access(0, 1));
}

TEST_CASE("streams as the integers of Python protocols") {
    CHECK(stream_from_integer(std::nullopt) == stream_ref::legacy());
    CHECK(stream_from_integer(1) == stream_ref::legacy());
    CHECK(stream_from_integer(2) == stream_ref::per_thread());
    CHECK_FALSE(stream_from_integer(-1).has_value());
    const stream s;
    CHECK(stream_from_integer(stream_to_integer(s)) == stream_ref(s));
    CHECK_THAT(text_of<bind_error>([] { (void)stream_from_integer(0); }),
               ContainsSubstring("got 0, which the protocol forbids as ambiguous"));
    CHECK_THAT(text_of<bind_error>([] { (void)stream_from_integer(-2); }), ContainsSubstring("got -2"));

    CHECK(stream_to_integer(stream_ref()) == 1);
    CHECK(stream_to_integer(stream_ref(nullptr)) == 1);
    CHECK(stream_to_integer(stream_ref::per_thread()) == 2);
    CHECK(stream_to_integer(s) > 2);
    CHECK(with_stream({}).stream == 1);
    CHECK((with_stream({}, s).has_stream && with_stream({}, s).stream == stream_to_integer(s)));
}

TEST_CASE("the stream of the CUDA array interface is honoured") {
    const int64_t size = 2;
    const numbers x(2), y(2);
    const stream producer, consumer;
    auto fields = with_stream(interface_of(x, size), producer);
    // To the stream that is named.
    launch<slow_write>(on(producer), 1, x.all(), int64_t{1});
    auto a = from_array_interface<const int64_t, 1, device::cuda>(fields, consumer);
    CHECK_FALSE(producer.ready()); // the host did not wait
    launch<copy_first>(on(consumer), 1, a, y.all());
    synchronize(consumer);
    CHECK(y.first() == 1);
    // To the current one, without a word.
    launch<slow_write>(on(producer), 1, x.all(), int64_t{2});
    {
        const stream_scope scope(consumer);
        a = from_array_interface<const int64_t, 1, device::cuda>(fields);
        launch<copy_first>(1, a, y.all());
    }
    synchronize(consumer);
    CHECK(y.first() == 2);
    // Device any; the keeper and the options arrive.
    bool released = false;
    launch<slow_write>(on(producer), 1, x.all(), int64_t{3});
    {
        const auto any = from_array_interface<const int64_t, 1, device::any>(
            fields, stream_ref::legacy(), make_owner([&]() noexcept { released = true; }), {.device_id = 0});
        CHECK_FALSE(any.is_borrowed());
        launch<copy_first>(1, x.all(), y.all());
    }
    CHECK(released);
    CHECK(y.first() == 3);
    // From the default streams.
    for (const int64_t number : {1, 2}) {
        fields.stream = number;
        const auto from = *stream_from_integer(number);
        launch<slow_write>(launch_options{.stream = from.get()}, 1, x.all(), 10 + number);
        a = from_array_interface<const int64_t, 1, device::cuda>(fields, consumer);
        launch<copy_first>(on(consumer), 1, a, y.all());
        synchronize(consumer);
        CHECK(y.first() == 10 + number);
    }
    // No stream: nothing to wait for. Version 2 has none.
    fields = interface_of(x, size);
    fields.version = 2;
    CHECK(from_array_interface<int64_t, 1, device::cuda>(fields, consumer).size() == 2);
    fields.has_stream = true;
    fields.stream = 0;
    CHECK_THAT(
        text_of<bind_error>([&] { (void)from_array_interface<int64_t, 1, device::cuda>(fields, consumer); }),
        ContainsSubstring("stream 0"));
}

TEST_CASE("wait_for_producer: what a description says") {
    const int64_t size = 2;
    const numbers x(2), y(2);
    const stream producer, consumer;
    tensor_desc desc = describe(with_stream(interface_of(x, size), producer));
    launch<slow_write>(on(producer), 1, x.all(), int64_t{1});
    wait_for_producer(desc, consumer);
    launch<copy_first>(on(consumer), 1, x.all(), y.all());
    synchronize(consumer);
    CHECK(y.first() == 1);
    wait_for_producer(desc, producer); // its own stream
    desc.stream = 0;                   // the exchange table's null: the legacy default stream
    launch<slow_write>(launch_options{.stream = cudaStreamLegacy}, 1, x.all(), int64_t{2});
    wait_for_producer(desc, consumer);
    launch<copy_first>(on(consumer), 1, x.all(), y.all());
    synchronize(consumer);
    CHECK(y.first() == 2);
    desc.device = device_kind::host;
    desc.device_id = 1000;
    wait_for_producer(desc, consumer);
    desc.device = device_kind::cuda;
    CHECK_THROWS_AS(wait_for_producer(desc, consumer), cuda_error);

    // A graph cannot wait for what is not recorded, but for what is.
    desc = describe(with_stream(interface_of(x, size), producer));
    std::string text;
    const graph g = graph::capture([&](stream_ref s) {
        text = text_of<launch_error>([&] { wait_for_producer(desc, s); });
        warpx::wait(producer, s);
        launch<add_one>(on(producer), 1, x.all());
        wait_for_producer(desc, s);
        launch<copy_first>(1, x.all(), y.all());
    });
    CHECK_THAT(text, ContainsSubstring("import the tensor before the capture"));
    g.launch();
    CHECK(y.first() == 3);
}

TEST_CASE("hand_over: a consumer's stream waits for ours") {
    const numbers x(2), y(2);
    const stream ours, theirs;
    for (const std::optional<int64_t> number :
         {std::optional(stream_to_integer(theirs)), std::optional<int64_t>(1), std::optional<int64_t>(2),
          std::optional<int64_t>()}) {
        const int64_t v = x.first() + 1;
        launch<slow_write>(on(ours), 1, x.all(), v);
        hand_over(number, ours);
        CHECK_FALSE(ours.ready());
        const stream_ref consumer = *stream_from_integer(number);
        launch<copy_first>(launch_options{.stream = consumer.get()}, 1, x.all(), y.all());
        synchronize(consumer);
        CHECK(y.first() == v);
    }
    hand_over(-1, ours);
    CHECK_THROWS_AS(hand_over(0, ours), bind_error);
}
