// SPDX-License-Identifier: Apache-2.0
// cells_test.cu: the cell form computes what the host computes: aliasing, writes that are conditional,
// repeated or partial, layouts of two and three axes, operands of several sizes. (sizes_test.cu has every
// element type.)
#include "agree.hpp"

#include <algorithm>

using namespace cuda_test;

constexpr auto add = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + y[i]; };
constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
constexpr auto swap_them = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = x[i];
    x[i] = y[i];
    y[i] = t;
};
constexpr auto read_after_write = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = x[i] + 1;
    x[i] = y[i] + 2;
    y[i] = y[i] + x[i];
};
constexpr auto sometimes = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 3) y[i] = x[i];
};
constexpr auto either = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (x[i] > 3)
        y[i] = y[i] + 1;
    else
        x[i] = y[i];
};
constexpr auto early = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i % 3 == 1) return;
    y[i] = x[i];
    if (i % 5 == 1) return;
    y[i] += 1;
};
constexpr auto again = [] WARPX_KERNEL(auto i, auto x, auto y) {
    for (int k = 0; k < i % 4; ++k) y[i] += x[i];
};
constexpr auto guarded = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i < x.extent(0)) y[i] = x[i];
};
constexpr auto neighbours = [] WARPX_KERNEL(auto i, auto x, auto y) {
    if (i > 0 && i + 1 < x.extent(0)) y[i] = x[i - 1] + x[i] + x[i + 1];
};
constexpr auto mixed = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = i % 2 == 0 ? x[i] : x[0]; };
constexpr auto own_again = [] WARPX_KERNEL(auto i, auto x, auto y) { // y pointwise and by number
    y[i] = x[i] + 1;
    y[static_cast<int64_t>(i)] += 2;
    x[i] = y[i];
};
constexpr auto parts = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i].x = x[i].y;
    if (i % 2 == 0) y[i].y += x[i].x;
};
constexpr auto flip = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = !x[i] || y[i]; };
constexpr auto count_up = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto [row, col] = i;
    y(row, col) = x(row, col) + static_cast<int>(row * 300 + col);
};
constexpr auto count_up_3 = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto [a, b, c] = i;
    y[i] = x[i] + static_cast<int>(a * 5000 + b * 100 + c);
};
constexpr auto tally = [] WARPX_KERNEL(auto i, auto x, auto y) {
    x[i] += 1;
    warpx::atomic_add(y, i, 1);
};

template <const auto& K, class T> void compare_pair(report& r, const char* name, int64_t n) {
    r.compare<T>(std::string(name) + " of " + std::to_string(n), 2 * n + 8,
                 [&](auto m, T* p) { warpx::launch<K>(n, m.at(p, n), m.at(p + n + (-n & 3), n)); });
}

TEMPLATE_TEST_CASE("constructs of a kernel", "[core]", int, int8_t, int64_t, float) {
    using T = TestType;
    report r;
    for (int64_t n : {1, 3, 4, 1027}) {
        compare_pair<copy, T>(r, "copy", n);
        compare_pair<read_after_write, T>(r, "read_after_write", n);
        compare_pair<sometimes, T>(r, "sometimes", n);
        compare_pair<either, T>(r, "either", n);
        compare_pair<early, T>(r, "early", n);
        compare_pair<again, T>(r, "again", n);
        compare_pair<mixed, T>(r, "mixed", n);
        compare_pair<own_again, T>(r, "own_again", n);
        const std::string of = " of " + std::to_string(n);
        r.compare<T>("neighbours" + of, 2 * n, [&](auto m, T* p) {
            warpx::launch<neighbours>(n, m.template at<const T>(p, n), m.at(p + n, n));
        });
        // fewer elements than items
        r.compare<T>("guarded" + of, 2 * n,
                     [&](auto m, T* p) { warpx::launch<guarded>(n, m.at(p, n / 2), m.at(p + n, n)); });
    }
    CHECK(r.text() == "");
}

TEST_CASE("aliasing that is race free", "[core]") {
    report r;
    for (int64_t n : {4, 1027}) {
        const std::string of = ", " + std::to_string(n) + " items";
        r.compare<int>("one array twice" + of, n, [&](auto m, int* p) {
            warpx::launch<read_after_write>(n, m.at(p, n), m.at(p, n));
            warpx::launch<add>(n, m.template at<const int>(p, n), m.at(p, n));
            warpx::launch<swap_them>(n, m.at(p, n), m.at(p, n));
        });
        // every item's two elements are its own, though the arrays lie in one another
        r.compare<int>("interleaved" + of, 2 * n, [&](auto m, int* p) {
            const shape<1> count(n), two(2);
            warpx::launch<read_after_write>(n, m.template at<int, 1>(p, count, two),
                                            m.template at<int, 1>(p + 1, count, two));
        });
        // forwards and backwards: item i and item n - 1 - i meet, reading only
        r.compare<int>("backwards" + of, 2 * n, [&](auto m, int* p) {
            warpx::launch<add>(n, m.template at<const int, 1>(p + n - 1, shape<1>(n), shape<1>(-1)),
                               m.at(p + n, n));
        });
        r.compare<warpx::vec2f>("components of one array" + of, n, [&](auto m, warpx::vec2f* p) {
            warpx::launch<parts>(n, m.at(p, n), m.at(p, n));
        });
        r.compare<int>("an atomic beside cells" + of, 2 * n,
                       [&](auto m, int* p) { warpx::launch<tally>(n, m.at(p, n), m.at(p + n, n)); });
        r.compare<int>("an atomic on the same array" + of, 2 * n,
                       [&](auto m, int* p) { warpx::launch<tally>(n, m.at(p, n), m.at(p, n)); });
    }
    CHECK(r.text() == "");
}

TEST_CASE("components of vectors", "[core]") {
    report r;
    for (int64_t n : {1, 4, 7, 1027}) {
        compare_pair<parts, warpx::vec2f>(r, "parts", n);
        compare_pair<parts, warpx::vec3f>(r, "parts", n);
        compare_pair<parts, warpx::vec4f>(r, "parts", n);
        compare_pair<parts, warpx::vec3d>(r, "parts", n);
    }
    CHECK(r.text() == "");
}

TEST_CASE("bools in packets", "[core]") {
    report r;
    for (int64_t n : {1, 15, 16, 17, 1027})
        r.compare<bool>("flip of " + std::to_string(n), 2 * n,
                        [&](auto m, bool* p) { warpx::launch<flip>(n, m.at(p, n), m.at(p + n, n)); });
    CHECK(r.text() == "");
}

struct layout {
    const char* name;
    shape<2> (*strides)(int64_t, int64_t);
    int64_t (*first)(int64_t, int64_t);
    bool readable_only;
};
constexpr auto zero = [](int64_t, int64_t) -> int64_t { return 0; };
const layout layouts[] = {
    {"compact", [](int64_t, int64_t c) { return shape<2>(c, 1); }, zero, false},
    {"pitched", [](int64_t, int64_t c) { return shape<2>((c + 7) / 4 * 4, 1); }, zero, false},
    {"odd pitch", [](int64_t, int64_t c) { return shape<2>(c + 1, 1); }, zero, false},
    {"transposed", [](int64_t r, int64_t) { return shape<2>(1, r); }, zero, false},
    {"pitched transposed", [](int64_t r, int64_t) { return shape<2>(1, (r + 7) / 4 * 4); }, zero, false},
    {"rows backwards", [](int64_t, int64_t c) { return shape<2>(-c, 1); },
     [](int64_t r, int64_t c) { return (r - 1) * c; }, false},
    {"columns backwards", [](int64_t, int64_t c) { return shape<2>(c, -1); },
     [](int64_t, int64_t c) { return c - 1; }, false},
    {"every other", [](int64_t, int64_t c) { return shape<2>(2 * c, 2); }, zero, false},
    {"one row", [](int64_t, int64_t) { return shape<2>(0, 1); }, zero, true},
    {"one column", [](int64_t, int64_t) { return shape<2>(1, 0); }, zero, true},
    {"one element", [](int64_t, int64_t) { return shape<2>(0, 0); }, zero, true},
};

/// Two operands of a launch over (rows, cols), each laid out in many ways within its own half of the memory.
template <class T> void compare_layouts(report& r, int64_t rows, int64_t cols) {
    const int64_t half = 2 * (rows + 8) * (cols + 8);
    const shape<2> extents(rows, cols);
    for (const layout& from : layouts)
        for (const layout& to : layouts) {
            if (to.readable_only) continue;
            r.compare<T>(std::string(from.name) + " to " + to.name + ", " + std::to_string(rows) + " x " +
                             std::to_string(cols),
                         2 * half, [&](auto m, T* p) {
                             warpx::launch<count_up>(extents,
                                                     m.template at<const T, 2>(p + from.first(rows, cols),
                                                                               extents,
                                                                               from.strides(rows, cols)),
                                                     m.template at<T, 2>(p + half + to.first(rows, cols),
                                                                         extents, to.strides(rows, cols)));
                         });
        }
}

TEST_CASE("two operands of two axes, each laid out in many ways") {
    report r;
    for (int64_t rows : {1, 2, 31, 33, 70})
        for (int64_t cols : {1, 3, 4, 5, 32, 65, 100}) compare_layouts<int>(r, rows, cols);
    for (int64_t rows : {1, 16, 33})
        for (int64_t cols : {1, 16, 17, 65}) compare_layouts<int16_t>(r, rows, cols);
    CHECK(r.text() == "");
}
TEST_CASE("few operands of two axes, each laid out in many ways", "[core]") {
    report r;
    compare_layouts<int>(r, 2, 5);
    compare_layouts<int>(r, 33, 4);
    CHECK(r.text() == "");
}

TEST_CASE("three axes in every order", "[core]") {
    report r;
    const shape<3> extents(5, 37, 66);
    int order[] = {0, 1, 2};
    do {
        shape<3> strides;
        int64_t step = 1;
        for (int k : order) strides[k] = step, step *= extents[k];
        const std::string label =
            std::to_string(order[0]) + std::to_string(order[1]) + std::to_string(order[2]);
        r.compare<int16_t>(label, 2 * step, [&](auto m, int16_t* p) {
            warpx::launch<count_up_3>(extents, m.template at<const int16_t, 3>(p, extents, strides),
                                      m.template at<int16_t, 3>(p + step, extents));
            warpx::launch<count_up_3>(extents, m.template at<const int16_t, 3>(p, extents),
                                      m.template at<int16_t, 3>(p + step, extents, strides));
        });
    } while (std::next_permutation(order, order + 3));
    CHECK(r.text() == "");
}

TEST_CASE("operands of several sizes share their packets", "[core]") {
    report r;
    for (int64_t n : {1, 5, 16, 1029}) {
        r.compare<double>("sizes of " + std::to_string(n), 2 * n + 2, [&](auto m, double* p) {
            warpx::launch<copy>(n, m.template at<const int8_t>(reinterpret_cast<int8_t*>(p), n),
                                m.at(p + n, n));
            warpx::launch<add>(n, m.template at<const int16_t>(reinterpret_cast<int16_t*>(p), n),
                               m.at(reinterpret_cast<int*>(p + n), n));
            warpx::launch<copy>(n, m.template at<const int64_t>(reinterpret_cast<int64_t*>(p), n),
                                m.at(reinterpret_cast<int8_t*>(p + n) + 1, n));
        });
    }
    CHECK(r.text() == "");
}

namespace {
/// Writes through a pointer that may point into the array: a state that the launch cannot look into.
struct beside {
    int* p;
    template <class I, class Y> WARPX_HOST_DEVICE void operator()(I i, Y y) const {
        y[i] = 1;
        p[i] += 2;
    }
};
/// The second overload fits no probe (two parameters of one type); what is known of the first is not of it.
struct overloaded {
    template <class I, class X> WARPX_HOST_DEVICE static void forward(I i, X x, int a) { x[i] += a; }
    template <class I, class X> WARPX_HOST_DEVICE static void forward(I i, X x, X y) {
        x[i] = 1;
        y[i] = x(int64_t{i}) + 1;
    }
};
} // namespace

TEST_CASE("what a kernel holds may point into an array", "[core]") {
    report r;
    r.compare<int>("beside", 1000, [&](auto m, int* p) { warpx::launch(1000, beside{p}, m.at(p, 1000)); });
    CHECK(r.text() == "");
}

TEST_CASE("what is known of a kernel over some types is not known over others", "[core]") {
    const device_vector<int> d(std::vector<int>(2000, 5));
    const auto x = on_cuda<int, 1>(d.data(), shape(1000)), y = on_cuda<int, 1>(d.data() + 1000, shape(1000));
    warpx::launch<overloaded>(1000, x, 3);
    warpx::launch<overloaded>(1000, x, y);
    std::vector<int> expected(2000, 1);
    std::fill(expected.begin() + 1000, expected.end(), 2);
    CHECK(d.read() == expected);
}
