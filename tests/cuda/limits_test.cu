// SPDX-License-Identifier: Apache-2.0
// limits_test.cu: more than 2^31 items and offsets, block sizes, four host threads on four streams, two GPUs.
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/cuda/event.cuh>

#include <thread>

using namespace cuda_test;
using warpx::shape;

constexpr auto set_byte = [] WARPX_KERNEL(auto i, auto x) { x[i] = static_cast<int8_t>(1 + i % 3); };
constexpr auto add_bytes = [] WARPX_KERNEL(auto i, auto x, auto sums) {
    warpx::atomic_add(sums, i % 64, int64_t{x[i]});
};
constexpr auto set_by_number = [] WARPX_KERNEL(auto i, auto x) { // by number only: no packets
    x[static_cast<int64_t>(i)] = static_cast<int8_t>(1 + i % 3);
};
constexpr auto add_neighbour = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = static_cast<int8_t>(y[i] + x[i]);
    if (i + 1 < x.extent(0)) y[static_cast<int64_t>(i)] += x[i + 1]; // the direct form
};
constexpr auto place_value = [] WARPX_KERNEL(auto i, auto x, auto v) { x[i] = static_cast<int8_t>(v + i); };
constexpr auto place_2 = [] WARPX_KERNEL(auto i, auto x, auto v) {
    auto [row, col] = i;
    x(row, col) = static_cast<int8_t>(v + 2 * row + col);
};
constexpr auto move_2 = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto [row, col] = i;
    y(row, col) = x(col, row);
};
constexpr auto count_up = [] WARPX_KERNEL(auto i, auto x) { x[i] += 1; };
constexpr auto add_number = [] WARPX_KERNEL(auto i, auto x, auto v) { x[i] += v + static_cast<int>(i % 7); };

/// Device memory of a size that may not be there: false, and a WARN with the reason, then.
class large_memory {
public:
    explicit large_memory(size_t bytes) {
        if (cudaMalloc(&data_, bytes) == cudaSuccess) return;
        (void)cudaGetLastError();
        data_ = nullptr;
        WARN("not run: the GPU has no " << (bytes >> 20) << " MiB left");
    }
    ~large_memory() { cudaFree(data_); }
    large_memory(const large_memory&) = delete;
    large_memory& operator=(const large_memory&) = delete;
    explicit operator bool() const { return data_ != nullptr; }
    int8_t* data() const { return static_cast<int8_t*>(data_); }

private:
    void* data_ = nullptr;
};

constexpr int64_t many = (int64_t{1} << 31) + 1000; // items and bytes

/// The sum of 1 + i % 3 over [0, n).
constexpr int64_t wanted_sum(int64_t n) { return n + n / 3 * 3 + (n % 3 == 2 ? 1 : 0); }

static int64_t sum_of(const cuda_array<const int8_t, 1>& x) {
    const device_vector<int64_t> sums(std::vector<int64_t>(64, 0));
    warpx::launch<add_bytes>(x.extent(0), x, on_cuda<int64_t, 1>(sums.data(), shape(64)));
    int64_t sum = 0;
    for (const int64_t s : sums.read()) sum += s;
    return sum;
}
static int8_t byte_at(const int8_t* p) {
    int8_t b = 0;
    need(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    need(cudaMemcpy(&b, p, 1, cudaMemcpyDeviceToHost), "cudaMemcpy");
    return b;
}

TEST_CASE("more than 2^31 items of an array") {
    const large_memory memory(static_cast<size_t>(many));
    if (!memory) return;
    const auto x = on_cuda<int8_t, 1>(memory.data(), shape(many));
    SECTION("in packets") { warpx::launch<set_byte>(many, x); }
    SECTION("one by one") { warpx::launch<set_by_number>(many, x); }
    SECTION("backwards, so that no packets fit") {
        warpx::launch<set_byte>(many, warpx::slice(x, 0, warpx::none, warpx::none, -1));
    }
    SECTION("in blocks of one thread") {
        warpx::launch<set_byte>(warpx::launch_options{.block_size = 1}, many, x);
    }
    CHECK(sum_of(x) == wanted_sum(many));
    const bool forwards = byte_at(memory.data()) == 1;
    CHECK(byte_at(memory.data() + (many - 1)) == (forwards ? 1 + (many - 1) % 3 : 1));
}

TEST_CASE("more than 2^31 items of two arrays, in the direct form") {
    const large_memory memory(static_cast<size_t>(2 * many));
    if (!memory) return;
    need(cudaMemset(memory.data(), 1, static_cast<size_t>(many)), "cudaMemset");
    need(cudaMemset(memory.data() + many, 0, static_cast<size_t>(many)), "cudaMemset");
    const auto y = on_cuda<int8_t, 1>(memory.data() + many, shape(many));
    warpx::launch<add_neighbour>(many, on_cuda<const int8_t, 1>(memory.data(), shape(many)), y);
    CHECK(sum_of(y) == 2 * many - 1);
}

TEST_CASE("few items far apart: offsets of more than 32 bits") {
    constexpr int64_t far = int64_t{3} << 30; // more than 2^31, within 4 GiB
    const large_memory memory((size_t{1} << 32) + 64);
    if (!memory) return;
    int8_t* const p = memory.data();
    need(cudaMemset(p, 0, (size_t{1} << 32) + 64), "cudaMemset");
    const shape<1> two(2), step(far), back(-far);
    warpx::launch<place_value>(2, on_cuda<int8_t, 1>(p, two, step), 5);
    CHECK((byte_at(p) == 5 && byte_at(p + far) == 6));
    warpx::launch<place_value>(2, on_cuda<int8_t, 1>(p + far, two, back), 7);
    CHECK((byte_at(p + far) == 7 && byte_at(p) == 8));
    // several axes, as tiles and by numbers
    const shape<2> square(2, 2);
    const auto wide = on_cuda<int8_t, 2>(p + 16, square, shape<2>(far, 1));
    warpx::launch<place_2>({2, 2}, wide, 10);
    CHECK((byte_at(p + 16) == 10 && byte_at(p + 17) == 11));
    CHECK((byte_at(p + far + 16) == 12 && byte_at(p + far + 17) == 13));
    const auto upright = on_cuda<int8_t, 2>(p + 32, square, shape<2>(1, far));
    warpx::launch<move_2>({2, 2}, wide, upright); // y(row, col) = x(col, row)
    CHECK((byte_at(p + 32) == 10 && byte_at(p + 33) == 11));
    CHECK((byte_at(p + far + 32) == 12 && byte_at(p + far + 33) == 13));
}

TEST_CASE("block sizes", "[core]") {
    const std::vector<int> ones(5000, 1);
    for (int block_size : {1, 31, 32, 33, 96, 256, 1000, 1024}) {
        const device_vector<int> d(ones);
        const auto x = on_cuda<int, 1>(d.data(), shape(5000));
        const auto table = on_cuda<int, 2>(d.data(), shape(50, 100));
        const warpx::launch_options options{.block_size = block_size};
        warpx::launch<count_up>(options, 5000, x);
        warpx::launch<count_up>(options, {50, 100}, table);
        warpx::launch<count_up>(options, {100, 50}, warpx::transpose(table));
        warpx::launch<count_up>(options, 4999, warpx::slice(x, 0, 1, warpx::none)); // misaligned
        auto want = std::vector<int>(5000, 5);
        want[0] = 4;
        const bool good = same(d.read(), want);
        INFO("blocks of " << block_size);
        CHECK(good);
    }
    const device_vector<int> d(ones);
    const auto x = on_cuda<int, 1>(d.data(), shape(5000));
    for (int block_size : {-1, 1025, 4096}) {
        const warpx::launch_options options{.block_size = block_size};
        CHECK(throws<warpx::launch_error>([&] { warpx::launch<count_up>(options, 5000, x); },
                                          "a block size from 1 to 1024"));
    }
    const bool untouched = same(d.read(), ones);
    CHECK(untouched);
}

TEST_CASE("four host threads launch on four streams") {
    constexpr int64_t n = 200003;
    constexpr int rounds = 50, threads = 4;
    std::vector<int> wrong(threads, 0);
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            try {
                const warpx::stream stream;
                std::vector<int> values(n, t);
                const device_vector<int> d(values);
                const auto x = on_cuda<int, 1>(d.data(), shape(n));
                const auto step = [&](int k) {
                    if (k % 2 == 0) { // by option, and by scope
                        warpx::launch<add_number>(warpx::launch_options{.stream = stream.get()}, n, x, t);
                    } else {
                        const warpx::stream_scope scope(stream);
                        warpx::launch<add_number>(n, x, t);
                    }
                };
                need(cudaDeviceSynchronize(), "cudaDeviceSynchronize"); // the memory is filled
                for (int k = 0; k < rounds; ++k) step(k);
                warpx::synchronize(stream);
                for (int64_t k = 0; k < n; ++k)
                    values[static_cast<size_t>(k)] += rounds * (t + static_cast<int>(k % 7));
                wrong[static_cast<size_t>(t)] = !same(d.read(), values);
            } catch (const std::exception&) { // Catch2's assertions are not for several threads
                wrong[static_cast<size_t>(t)] = 2;
            }
        });
    for (auto& t : all) t.join();
    CHECK(wrong == std::vector<int>(threads, 0));
}

TEST_CASE("two GPUs: launches go where the arrays are") {
    if (warpx::device_count() < 2) {
        WARN("not run: this machine has one GPU");
        return;
    }
    const std::vector<int> ones(1000, 1);
    const device_vector<int> first(ones);
    const int former = warpx::current_device();
    {
        const warpx::device_guard guard(1);
        const device_vector<int> second(ones);
        const auto x = on_cuda<int, 1>(first.data(), shape(1000)); // device 0
        const auto y =
            warpx::from_pointer<int, 1, warpx::device::cuda>(second.data(), shape(1000), shape(1), {}, 1);
        warpx::launch<count_up>(1000, x); // while device 1 is current
        warpx::launch<count_up>(1000, y);
        warpx::synchronize_device(0);
        warpx::synchronize_device(1);
        const bool both =
            same(first.read(), std::vector<int>(1000, 2)) && same(second.read(), std::vector<int>(1000, 2));
        CHECK(both);
        CHECK(warpx::current_device() == 1);
    }
    CHECK(warpx::current_device() == former);
}
