// SPDX-License-Identifier: Apache-2.0
// saxpy_test.cu: launches over CUDA arrays: sizes, strides, elements, kinds of kernels and arguments,
// streams, capture, refusals; each result compared with the host's.
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>
#include <warpx/math.hpp>

using namespace cuda_test;
using warpx::shape;

// Kernels. fmaf on both sides: otherwise one side may contract a * x + y and the other not.
constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) {
    y[i] = warpx::fma(a, value(x[i]), value(y[i]));
};
constexpr auto shift = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] + x[i + 1];
};
constexpr auto turn = [] WARPX_KERNEL(auto i, auto v, auto w) {
    w[i] = cross(value(v[i]), value(w[i]));
    w[i].y = 2.0f;
};
constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    int sum = 0;
    for (int64_t k = 0; k < a.extent(1); ++k) sum += a(row, k) * b(k, col);
    c(row, col) = sum;
};
constexpr auto number_items = [] WARPX_KERNEL(auto i, auto x) {
    int64_t number = 0;
    [&]<int... Axis>(std::integer_sequence<int, Axis...>) {
        ((number = number * 10 + i.template get<Axis>()), ...);
    }(std::make_integer_sequence<int, decltype(x)::rank()>());
    x[i] = number;
};
constexpr auto histogram = [] WARPX_KERNEL(auto i, auto key, auto count) {
    warpx::atomic_add(count, key[i], 1);
};

struct saxpy_arguments {
    cuda_array<const float, 1> x;
    cuda_array<float, 1> y;
    float a;
};
WARPX_STRUCT(saxpy_arguments, x, y, a);
constexpr auto saxpy_packed = [] WARPX_KERNEL(auto i, auto p) {
    p.y[i] = warpx::fma(p.a, value(p.x[i]), value(p.y[i]));
};

struct with_function {
    template <class I, class X> WARPX_HOST_DEVICE static void forward(I i, X x) { x[i] *= 2.0f; }
};
struct with_lambda {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto x) { x[i] += 1.0f; };
};
WARPX_HOST_DEVICE constexpr auto make_kernel() {
    return [](auto i, auto x) { x[i] -= 3.0f; }; // unmarked: the function's marks are its own
}
constexpr auto unmarked = make_kernel();
constexpr auto host_only = [](auto i, auto x) { x[i] = static_cast<float>(std::string("four").size()); };

static std::vector<float> ramp(int64_t n, float step) {
    std::vector<float> values(static_cast<size_t>(n));
    for (int64_t k = 0; k < n; ++k) values[k] = static_cast<float>(k % 1000) * step - 3.0f;
    return values;
}

TEST_CASE("saxpy: sizes", "[core]") {
    for (int64_t n : {0, 1, 31, 257, 1000, (1 << 20) + 7}) {
        const auto x = ramp(n, 0.5f);
        auto y = ramp(n, 0.25f);
        const device_vector<float> dx(x), dy(y);
        warpx::launch<saxpy>(n, on_cuda<const float, 1>(dx.data(), shape(n)),
                             on_cuda<float, 1>(dy.data(), shape(n)), 2.5f);
        warpx::launch<saxpy>(n, warpx::from_pointer<const float, 1>(x.data(), shape(n)),
                             warpx::from_pointer<float, 1>(y.data(), shape(n)), 2.5f);
        CHECK(same(dy.read(), y));
    }
}

/// Fewer items than elements, and the gate's other door.
TEST_CASE("saxpy: fewer items than elements, and the gate's other door", "[core]") {
    const device_vector<float> d(ramp(100, 1.0f));
    const int64_t extents[] = {100};
    warpx::tensor_desc desc;
    desc.data = d.data();
    desc.device = warpx::device_kind::cuda;
    desc.dtype = warpx::dtype_of<float>;
    desc.rank = 1;
    desc.extents = extents;
    const auto x = warpx::bind<float, 1, warpx::device::cuda>(desc);
    warpx::launch<with_lambda>(50, x);
    auto expected = ramp(100, 1.0f);
    for (int k = 0; k < 50; ++k) expected[k] += 1.0f;
    CHECK(same(d.read(), expected));
}

TEST_CASE("saxpy: strides", "[core]") {
    const auto values = ramp(300, 1.0f);
    const device_vector<float> dx(values), dy(values);
    auto y = values;
    // every third element backwards, from one repeated value
    const shape<1> n(100), backwards(-3), still(0);
    warpx::launch<saxpy>(100, on_cuda<const float, 1>(dx.data() + 7, n, still),
                         on_cuda<float, 1>(dy.data() + 299, n, backwards), 0.5f);
    warpx::launch<saxpy>(100, warpx::from_pointer<const float, 1>(values.data() + 7, n, still),
                         warpx::from_pointer<float, 1>(y.data() + 299, n, backwards), 0.5f);
    CHECK(same(dy.read(), y));

    // a transposed operand in two dimensions
    const auto a = ramp(64 * 48, 0.125f);
    auto b = ramp(48 * 64, 2.0f);
    const device_vector<float> da(a), db(b);
    const shape<2> extents(48, 64), transposed(1, 48), rows(64, 1);
    warpx::launch<saxpy>({48, 64}, on_cuda<const float, 2>(da.data(), extents, transposed),
                         on_cuda<float, 2>(db.data(), extents, rows), -1.0f);
    warpx::launch<saxpy>({48, 64}, warpx::from_pointer<const float, 2>(a.data(), extents, transposed),
                         warpx::from_pointer<float, 2>(b.data(), extents, rows), -1.0f);
    CHECK(same(db.read(), b));
}

TEST_CASE("saxpy: neighbours", "[core]") {
    const auto x = ramp(5000, 1.0f);
    auto y = x;
    const device_vector<float> dx(x), dy(x);
    warpx::launch<shift>(5000, on_cuda<const float, 1>(dx.data(), shape(5000)),
                         on_cuda<float, 1>(dy.data(), shape(5000)));
    warpx::launch<shift>(5000, warpx::from_pointer<const float, 1>(x.data(), shape(5000)),
                         warpx::from_pointer<float, 1>(y.data(), shape(5000)));
    CHECK(same(dy.read(), y));
}

TEST_CASE("saxpy: vectors", "[core]") {
    std::vector<warpx::vec3f> v, w;
    for (int k = 0; k < 1000; ++k) {
        v.emplace_back(static_cast<float>(k), 1.0f, -2.0f);
        w.emplace_back(0.5f, static_cast<float>(k % 7), 4.0f);
    }
    const device_vector<warpx::vec3f> dv(v), dw(w);
    warpx::launch<turn>(1000, on_cuda<const warpx::vec3f, 1>(dv.data(), shape(1000)),
                        on_cuda<warpx::vec3f, 1>(dw.data(), shape(1000)));
    warpx::launch<turn>(1000, warpx::from_range(std::as_const(v)), warpx::from_range(w));
    CHECK(same(dw.read(), w));
}

TEST_CASE("saxpy: a product of matrices", "[core]") {
    const int64_t rows = 37, inner = 19, cols = 70;
    std::vector<int> a(rows * inner), b(inner * cols), c(rows * cols);
    for (size_t k = 0; k < a.size(); ++k) a[k] = static_cast<int>(k % 11) - 5;
    for (size_t k = 0; k < b.size(); ++k) b[k] = static_cast<int>(k % 13) - 6;
    const device_vector<int> da(a), db(b), dc(c);
    warpx::launch<matmul>({rows, cols}, on_cuda<const int, 2>(da.data(), shape(rows, inner)),
                          on_cuda<const int, 2>(db.data(), shape(inner, cols)),
                          on_cuda<int, 2>(dc.data(), shape(rows, cols)));
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t k = 0; k < cols; ++k)
            for (int64_t j = 0; j < inner; ++j) c[r * cols + k] += a[r * inner + j] * b[j * cols + k];
    CHECK(same(dc.read(), c));
}

/// Every coordinate arrives where it belongs, for each number of extents.
template <class... I> void rank(I... extents) {
    const shape<sizeof...(I)> dim(extents...);
    std::vector<int64_t> x(static_cast<size_t>(dim.count()), -1);
    const device_vector<int64_t> d(x);
    warpx::launch<number_items>(dim, on_cuda<int64_t, sizeof...(I)>(d.data(), dim));
    warpx::launch<number_items>(dim, warpx::from_pointer<int64_t, sizeof...(I)>(x.data(), dim));
    CHECK(same(d.read(), x));
}
TEST_CASE("saxpy: every coordinate arrives where it belongs", "[core]") {
    rank(7);
    rank(3, 5);
    rank(3, 5, 4);
    rank(3, 5, 4, 2);
    rank(3, 1, 4, 2, 6);
    rank(2, 3, 4, 2, 2, 3);
    rank(2, 3, 1, 2, 2, 3, 2);
    rank(2, 3, 1, 2, 2, 3, 2, 4);
}

TEST_CASE("saxpy: kinds of kernels", "[core]") {
    const int64_t n = 777;
    auto y = ramp(n, 1.0f);
    const auto x = ramp(n, 0.5f);
    const device_vector<float> dx(x), dy(y);
    const auto cx = on_cuda<const float, 1>(dx.data(), shape(n));
    const auto cy = on_cuda<float, 1>(dy.data(), shape(n));
    const float a = 0.75f;
    warpx::launch<saxpy_packed>(n, saxpy_arguments{cx, cy, 2.0f});
    warpx::launch<with_function>(n, cy);
    warpx::launch<with_lambda>(n, cy);
    warpx::launch<unmarked>(n, cy);
    warpx::launch(n, [=] WARPX_DEVICE(auto i, auto p) { p[i] = p[i] - a; }, cy);
    float* raw = dy.data();
    warpx::launch(n, [=] WARPX_DEVICE(auto i) { raw[i] *= 4.0f; }); // no array at all: the mark says where
    for (int64_t k = 0; k < n; ++k)
        y[k] = ((__builtin_fmaf(2.0f, x[k], y[k]) * 2.0f + 1.0f - 3.0f) - a) * 4.0f;
    CHECK(same(dy.read(), y));
}

TEST_CASE("saxpy: prepared", "[core]") {
    const int64_t n = 500;
    auto y = ramp(n, 1.0f);
    const device_vector<float> dy(y);
    const auto step = warpx::prepare<with_lambda>(n, on_cuda<float, 1>(dy.data(), shape(n)));
    for (int k = 0; k < 3; ++k) step();
    for (float& v : y) v += 1.0f, v += 1.0f, v += 1.0f;
    CHECK(same(dy.read(), y));
}

TEST_CASE("saxpy: a histogram", "[core]") {
    std::vector<int> keys(100000), counts(64), expected(64);
    for (size_t k = 0; k < keys.size(); ++k) ++expected[keys[k] = static_cast<int>(k * k % 64)];
    const device_vector<int> dk(keys), dc(counts);
    warpx::launch<histogram>(100000, on_cuda<const int, 1>(dk.data(), shape(100000)),
                             on_cuda<int, 1>(dc.data(), shape(64)));
    CHECK(same(dc.read(), expected));
}

/// Arrays of run-time device, and host arrays in a file that knows CUDA.
TEST_CASE("saxpy: the arrays pick the machine") {
    const auto x = ramp(1000, 0.5f);
    auto y = ramp(1000, 1.0f), also = y;
    const device_vector<float> dx(x), dy(y);
    using any = warpx::device::any;
    const warpx::array<const float, 1, any> ax = on_cuda<const float, 1>(dx.data(), shape(1000));
    const warpx::array<float, 1, any> ay = on_cuda<float, 1>(dy.data(), shape(1000));
    const warpx::array<const float, 1, any> hx = warpx::from_range(x);
    const warpx::array<float, 1, any> hy = warpx::from_range(y);
    warpx::launch<saxpy>(1000, ax, ay, 3.0f);
    warpx::launch<saxpy>(1000, hx, hy, 3.0f);
    warpx::launch<saxpy>(1000, warpx::from_range(x), warpx::from_range(also), 3.0f);
    CHECK(same(dy.read(), y));
    CHECK(same(y, also));
    CHECK(throws<warpx::launch_error>([&] { warpx::launch<saxpy>(1000, ax, hy, 3.0f); },
                                      "array 1 in host memory and array 0 on a CUDA device"));
    CHECK(throws<warpx::launch_error>(
        [&] { warpx::launch(1000, [=] WARPX_DEVICE(auto i, auto p) { p[i] = 0; }, hy); },
        "array 0 in host memory"));

    int64_t sum = 0; // a kernel that only the host can run
    warpx::launch(warpx::launch_options{.threads = 1}, 100, [&](auto i) { sum += i; });
    CHECK(sum == 4950);
    warpx::launch<host_only>(1000, warpx::from_range(y));
    CHECK(y[999] == 4.0f);
}

TEST_CASE("saxpy: streams and capture", "[core]") {
    const int64_t n = 1 << 16;
    cudaStream_t stream = nullptr;
    need(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
    const device_vector<float> d(ramp(n, 1.0f));
    const auto x = on_cuda<float, 1>(d.data(), shape(n));
    const warpx::launch_options options{.stream = stream, .block_size = 64};
    auto expected = ramp(n, 1.0f);

    warpx::launch<with_lambda>(options, n, x);
    need(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    for (float& v : expected) v += 1.0f;
    CHECK(same(d.read(), expected));

    // Everything in a launch is legal while a graph is captured; the launch becomes a node of it.
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t runnable = nullptr;
    need(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "cudaStreamBeginCapture");
    warpx::launch<with_lambda>(options, n, x);
    warpx::launch<with_function>(options, n, x);
    need(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
    size_t nodes = 0;
    need(cudaGraphGetNodes(graph, nullptr, &nodes), "cudaGraphGetNodes");
    CHECK(nodes == 2);
    CHECK(same(d.read(), expected)); // nothing ran yet
    need(cudaGraphInstantiate(&runnable, graph, 0), "cudaGraphInstantiate");
    for (int k = 0; k < 3; ++k) need(cudaGraphLaunch(runnable, stream), "cudaGraphLaunch");
    need(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    for (float& v : expected)
        for (int k = 0; k < 3; ++k) v = (v + 1.0f) * 2.0f;
    CHECK(same(d.read(), expected));
    cudaGraphExecDestroy(runnable);
    cudaGraphDestroy(graph);
    cudaStreamDestroy(stream);
}

/// More than 2^31 items, more than 2^31 blocks, and an index that needs 64-bit division.
TEST_CASE("more than 2^31 items, more than 2^31 blocks, and an index that needs 64-bit division") {
    const int64_t items = (int64_t{1} << 31) + 5;
    std::vector<int64_t> last(8, -1);
    const device_vector<int64_t> d(last), e(last);
    const auto keep_last = [=] WARPX_DEVICE(auto i, auto x) {
        if (i >= items - 8) x[i - (items - 8)] = i;
    };
    warpx::launch(warpx::launch_options{.block_size = 1}, items, keep_last,
                  on_cuda<int64_t, 1>(d.data(), shape(8)));
    warpx::launch(
        {4, items / 4 + 1},
        [=] WARPX_DEVICE(auto i, auto x) {
            auto [row, col] = i;
            if (col >= items / 4 - 1) x[row * 2 + (col - items / 4 + 1)] = row * 100 + col - items / 4;
        },
        on_cuda<int64_t, 1>(e.data(), shape(8)));
    for (int k = 0; k < 8; ++k) last[k] = items - 8 + k;
    CHECK(same(d.read(), last));
    for (int k = 0; k < 8; ++k) last[k] = k / 2 * 100 + k % 2 - 1;
    CHECK(same(e.read(), last));
}

TEST_CASE("saxpy: refusals") {
    const device_vector<float> d(ramp(10, 1.0f));
    const auto x = on_cuda<float, 1>(d.data(), shape(10));
    CHECK(throws<warpx::launch_error>(
        [&] { warpx::launch<with_lambda>(warpx::launch_options{.block_size = 2048}, 10, x); },
        "a block size from 1 to 1024"));
    CHECK(throws<warpx::launch_error>([&] { warpx::launch<with_lambda>(-1, x); }, "not negative"));
    const int64_t much = int64_t{1} << 40;
    CHECK(throws<warpx::launch_error>([&] { warpx::launch({much, much}, [] WARPX_DEVICE(auto, auto) {}, x); },
                                      "a number of items that 64 bits count"));
    const auto elsewhere =
        warpx::from_pointer<float, 1, warpx::device::cuda>(d.data(), shape(10), shape(1), {}, 99);
    CHECK(throws<warpx::launch_error>([&] { warpx::launch<saxpy>(10, x, elsewhere, 1.0f); },
                                      "arrays on cuda:0 and cuda:99"));
    try {
        warpx::launch<with_lambda>(10, elsewhere);
        FAIL("not refused");
    } catch (const warpx::cuda_error& e) {
        CHECK(e.status() == cudaErrorInvalidDevice);
        CHECK(std::string(e.what()).find("making cuda:99 current") != std::string::npos);
        CHECK(std::string(e.what()).find("with_lambda") != std::string::npos);
    }
    CHECK(cudaGetLastError() == cudaSuccess); // taken back
    warpx::launch<with_lambda>(10, x);        // goes on
    CHECK(d.read()[0] == -2.0f);
}

/// The runtime's own refusals name the launch. Compiled for every GPU but this one, a kernel cannot run; a
/// kernel that needs too many registers for its block stands for that here.
TEST_CASE("saxpy: errors of the runtime name the launch") {
    const device_vector<float> d(ramp(10, 1.0f));
    float* raw = d.data();
    cudaStream_t stream = nullptr;
    need(cudaStreamCreate(&stream), "cudaStreamCreate");
    need(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "cudaStreamBeginCapture");
    try { // the legacy stream would have to wait for one that is being captured
        warpx::launch(10, [=] WARPX_DEVICE(auto i) { raw[i] = 1.0f; });
        FAIL("not refused");
    } catch (const warpx::cuda_error& e) {
        CHECK(e.status() == cudaErrorStreamCaptureImplicit);
        CHECK(std::string(e.what()).find("1 blocks of 256 threads on cuda:0, stream legacy default") !=
              std::string::npos);
    }
    cudaGraph_t graph = nullptr;
    (void)cudaStreamEndCapture(stream, &graph);
    if (graph) cudaGraphDestroy(graph);
    (void)cudaGetLastError();
    cudaStreamDestroy(stream);
}
