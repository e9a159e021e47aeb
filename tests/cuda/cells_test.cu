// SPDX-License-Identifier: Apache-2.0
// cells_test.cu: the cell form computes what the host computes: sizes around packets, misaligned and strided
// arrays, aliasing, writes that are conditional, repeated or partial, every size of element.
#include "check.hpp"

#include <warpx/cuda/cuda.cuh>

#include <algorithm>

using namespace cuda_test;
using warpx::shape;

// Whole numbers small enough that every order of rounding gives the same bits.
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
    y(row, col) = x(row, col) + static_cast<int>(row * 1000 + col);
};
constexpr auto count_up_3 = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto [a, b, c] = i;
    y[i] = x[i] + static_cast<int>(a * 10000 + b * 100 + c);
};
constexpr auto tally = [] WARPX_KERNEL(auto i, auto x, auto y) {
    x[i] += 1;
    warpx::atomic_add(y, i, 1);
};

namespace {

bool quick = false;

/// Makes the same arrays over host or device memory.
template <class Device> struct machine {
    template <class T, int N>
    warpx::array<T, N, Device> at(T* data, const shape<N>& extents, const shape<N>& strides) const {
        return warpx::from_pointer<T, N, Device>(data, extents, strides);
    }
    template <class T, int N> warpx::array<T, N, Device> at(T* data, const shape<N>& extents) const {
        return warpx::from_pointer<T, N, Device>(data, extents);
    }
    template <class T> warpx::array<T, 1, Device> at(T* data, int64_t n) const {
        return at<T, 1>(data, shape<1>(n));
    }
};

/// Runs `f(machine, memory)` on both sides over the same bytes; afterwards all bytes must be the same.
template <class T, class F> bool agree(int64_t elements, const F& f) {
    std::vector<unsigned char> bytes(static_cast<size_t>(elements) * sizeof(T));
    auto* const values = reinterpret_cast<T*>(bytes.data());
    using number = warpx::scalar_t<T>;
    auto* const numbers = reinterpret_cast<number*>(bytes.data());
    for (int64_t k = 0; k < elements * static_cast<int64_t>(sizeof(T) / sizeof(number)); ++k)
        numbers[k] = static_cast<number>(static_cast<float>(k % 7));
    const device_vector<unsigned char> d(bytes);
    f(machine<warpx::device::host>{}, values);
    f(machine<warpx::device::cuda>{}, reinterpret_cast<T*>(d.data()));
    return same(d.read(), bytes);
}

template <class T> void sizes() {
    std::vector<int64_t> all;
    for (int64_t n = 0; n <= (quick ? 20 : 70); ++n) all.push_back(n);
    for (int64_t n : {255, 256, 257, 1023, 1024, 1025, 4097}) all.push_back(n);
    if (!quick)
        for (int64_t n : {65535, 65536, 65537}) all.push_back(n);
    bool good = true;
    for (const int64_t n : all)
        for (int64_t offset = 0; offset < 4; ++offset)
            good =
                good && agree<T>(2 * n + 9, [&](auto m, T* p) {
                    warpx::launch<add>(n, m.template at<const T>(p + offset, n), m.at(p + offset + n + 1, n));
                    warpx::launch<swap_them>(n, m.at(p, n), m.at(p + n + offset, n));
                });
    CHECK(good);
}

template <const auto& K, class T> bool pair_agrees(int64_t n) {
    return agree<T>(2 * n + 8,
                    [&](auto m, T* p) { warpx::launch<K>(n, m.at(p, n), m.at(p + n + (-n & 3), n)); });
}
template <class T> void constructs() {
    for (int64_t n : {1, 3, 4, 1027}) {
        CHECK(pair_agrees<copy, T>(n));
        CHECK(pair_agrees<read_after_write, T>(n));
        CHECK(pair_agrees<sometimes, T>(n));
        CHECK(pair_agrees<either, T>(n));
        CHECK(pair_agrees<early, T>(n));
        CHECK(pair_agrees<again, T>(n));
        CHECK(pair_agrees<mixed, T>(n));
        CHECK(pair_agrees<own_again, T>(n));
        CHECK(agree<T>(2 * n, [&](auto m, T* p) {
            warpx::launch<neighbours>(n, m.template at<const T>(p, n), m.at(p + n, n));
        }));
        // fewer elements than items
        CHECK(agree<T>(2 * n,
                       [&](auto m, T* p) { warpx::launch<guarded>(n, m.at(p, n / 2), m.at(p + n, n)); }));
    }
}

void aliasing() {
    for (int64_t n : {4, 1027}) {
        // one array given twice
        CHECK(agree<int>(n, [&](auto m, int* p) {
            warpx::launch<read_after_write>(n, m.at(p, n), m.at(p, n));
            warpx::launch<add>(n, m.template at<const int>(p, n), m.at(p, n));
            warpx::launch<swap_them>(n, m.at(p, n), m.at(p, n));
        }));
        // every item's two elements are its own, though the arrays lie in one another
        CHECK(agree<int>(2 * n, [&](auto m, int* p) {
            const shape<1> count(n), two(2);
            warpx::launch<read_after_write>(n, m.template at<int, 1>(p, count, two),
                                            m.template at<int, 1>(p + 1, count, two));
        }));
        // forwards and backwards: item i and item n - 1 - i meet, reading only
        CHECK(agree<int>(2 * n, [&](auto m, int* p) {
            warpx::launch<add>(n, m.template at<const int, 1>(p + n - 1, shape<1>(n), shape<1>(-1)),
                               m.at(p + n, n));
        }));
        // a vector and its components
        CHECK(agree<warpx::vec2f>(
            n, [&](auto m, warpx::vec2f* p) { warpx::launch<parts>(n, m.at(p, n), m.at(p, n)); }));
        CHECK(
            agree<int>(2 * n, [&](auto m, int* p) { warpx::launch<tally>(n, m.at(p, n), m.at(p + n, n)); }));
        CHECK(agree<int>(2 * n, [&](auto m, int* p) { warpx::launch<tally>(n, m.at(p, n), m.at(p, n)); }));
    }
}

void components() {
    for (int64_t n : {1, 4, 7, 1027}) {
        CHECK(pair_agrees<parts, warpx::vec2f>(n));
        CHECK(pair_agrees<parts, warpx::vec3f>(n));
        CHECK(pair_agrees<parts, warpx::vec4f>(n));
        CHECK(pair_agrees<parts, warpx::vec3d>(n));
    }
}

void bools() {
    for (int64_t n : {1, 15, 16, 17, 1027}) {
        std::vector<unsigned char> bytes(static_cast<size_t>(2 * n));
        for (size_t k = 0; k < bytes.size(); ++k) bytes[k] = k % 3 == 0;
        const device_vector<unsigned char> d(bytes);
        const auto run = [&](auto m, unsigned char* p) {
            auto* const b = reinterpret_cast<bool*>(p);
            warpx::launch<flip>(n, m.at(b, n), m.at(b + n, n));
        };
        run(machine<warpx::device::host>{}, bytes.data());
        run(machine<warpx::device::cuda>{}, d.data());
        CHECK(same(d.read(), bytes));
    }
}

/// Two operands of a launch over (rows, cols), each laid out in many ways within its own half of the memory.
void layouts() {
    struct layout {
        const char* name;
        shape<2> (*strides)(int64_t, int64_t);
        int64_t (*first)(int64_t, int64_t);
        bool readable_only;
    };
    constexpr auto zero = [](int64_t, int64_t) -> int64_t { return 0; };
    const layout all[] = {
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
    for (int64_t rows : {1, 2, 31, 33, 70})
        for (int64_t cols : {1, 3, 4, 5, 32, 65, 100})
            for (const layout& from : all)
                for (const layout& to : all) {
                    if (to.readable_only || (quick && (rows > 2 || cols > 5))) continue;
                    const int64_t half = 2 * (rows + 8) * (cols + 8);
                    const bool good = agree<int>(2 * half, [&](auto m, int* p) {
                        const shape<2> extents(rows, cols);
                        warpx::launch<count_up>(extents,
                                                m.template at<const int, 2>(p + from.first(rows, cols),
                                                                            extents,
                                                                            from.strides(rows, cols)),
                                                m.template at<int, 2>(p + half + to.first(rows, cols),
                                                                      extents, to.strides(rows, cols)));
                    });
                    if (!good)
                        std::printf("%s to %s, %d x %d\n", from.name, to.name, static_cast<int>(rows),
                                    static_cast<int>(cols));
                    CHECK(good);
                }
}

/// Three axes in every order.
void orders() {
    const shape<3> extents(5, 37, 66);
    int order[] = {0, 1, 2};
    do {
        shape<3> strides;
        int64_t step = 1;
        for (int k : order) strides[k] = step, step *= extents[k];
        CHECK(agree<int16_t>(2 * step, [&](auto m, int16_t* p) {
            warpx::launch<count_up_3>(extents, m.template at<const int16_t, 3>(p, extents, strides),
                                      m.template at<int16_t, 3>(p + step, extents));
            warpx::launch<count_up_3>(extents, m.template at<const int16_t, 3>(p, extents),
                                      m.template at<int16_t, 3>(p + step, extents, strides));
        }));
    } while (std::next_permutation(order, order + 3));
}

/// Operands of several sizes share their packets.
void sizes_of_elements() {
    for (int64_t n : {1, 5, 16, 1029}) {
        CHECK(agree<double>(2 * n + 2, [&](auto m, double* p) {
            warpx::launch<copy>(n, m.template at<const int8_t>(reinterpret_cast<int8_t*>(p), n),
                                m.at(p + n, n));
            warpx::launch<add>(n, m.template at<const int16_t>(reinterpret_cast<int16_t*>(p), n),
                               m.at(reinterpret_cast<int*>(p + n), n));
            warpx::launch<copy>(n, m.template at<const int64_t>(reinterpret_cast<int64_t*>(p), n),
                                m.at(reinterpret_cast<int8_t*>(p + n) + 1, n));
        }));
    }
}

} // namespace

int main(int argc, char** argv) {
    need_gpu();
    quick = argc > 1 && std::string(argv[1]) == "--quick";
    sizes<float>();
    sizes<int8_t>();
    sizes<warpx::half>();
    sizes<warpx::bfloat16>();
    sizes<double>();
    sizes<warpx::complex<double>>();
    sizes<warpx::vec2f>();
    sizes<warpx::vec3f>();
    sizes<warpx::vec4f>();
    sizes<warpx::vec<int8_t, 3>>();
    sizes<warpx::mat33f>();
    constructs<int>();
    constructs<int8_t>();
    constructs<int64_t>();
    constructs<float>();
    aliasing();
    components();
    bools();
    layouts();
    orders();
    sizes_of_elements();
    return report();
}
