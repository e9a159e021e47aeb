// SPDX-License-Identifier: Apache-2.0
// sizes_test.cu: every element type: sizes around packets and blocks, pointers that are aligned to an element
// and no more, strides of any sign; the results are those of the host.
#include "agree.hpp"

#include <warpx/quat.hpp>

using namespace cuda_test;
using namespace warpx;

constexpr auto add = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + y[i]; };
constexpr auto copy = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };

/// `K` over two arrays of `n` elements that begin `offset` elements behind an aligned address and a gap
/// apart.
template <const auto& K, class T> void compare_sizes(report& r, const std::vector<int64_t>& sizes) {
    for (const int64_t n : sizes)
        for (int64_t offset = 0; offset < 4; ++offset)
            for (int64_t gap : {int64_t{1}, -n & 15}) // anywhere, and as aligned as the first
                r.compare<T>(std::to_string(n) + " elements from the " + std::to_string(offset) + "th, gap " +
                                 std::to_string(gap),
                             2 * n + 20, [&](auto m, T* p) {
                                 warpx::launch<K>(n, m.template at<const T>(p + offset, n),
                                                  m.at(p + offset + n + gap, n));
                             });
}
/// Backwards, every third, one element for all; more than one thread's worth of each.
template <const auto& K, class T> void compare_strides(report& r) {
    const int64_t n = 1029;
    for (int64_t from : {1, -1, 3, -2, 0})
        for (int64_t to : {1, -1, 3, -2}) {
            const auto first = [&](int64_t stride) { return stride < 0 ? (1 - n) * stride : 0; };
            r.compare<T>(
                "strides " + std::to_string(from) + " and " + std::to_string(to), 6 * n, [&](auto m, T* p) {
                    warpx::launch<K>(n,
                                     m.template at<const T, 1>(p + first(from), shape<1>(n), shape<1>(from)),
                                     m.template at<T, 1>(p + 3 * n + first(to), shape<1>(n), shape<1>(to)));
                });
        }
}
template <const auto& K, class T> void compare_all() {
    std::vector<int64_t> sizes;
    for (int64_t n = 0; n <= 36; ++n) sizes.push_back(n);
    for (int64_t n :
         {63, 64, 65, 255, 256, 257, 511, 513, 1023, 1024, 1025, 2047, 2049, 4095, 4096, 4097, 65537})
        sizes.push_back(n);
    report r;
    compare_sizes<K, T>(r, sizes);
    compare_strides<K, T>(r);
    CHECK(r.text() == "");
}

TEMPLATE_TEST_CASE("sizes and alignments of numbers", "", bool, int8_t, uint8_t, int16_t, uint16_t, int32_t,
                   uint32_t, int64_t, uint64_t, half, bfloat16, float, double) {
    compare_all<add, TestType>();
}

TEMPLATE_TEST_CASE("sizes and alignments of compound elements", "", complex<float>, complex<double>, vec2f,
                   vec3f, vec4f, vec3d, (vec<int8_t, 3>), (vec<half, 2>), mat33f, quat<float>) {
    compare_all<add, TestType>();
}

TEMPLATE_TEST_CASE("sizes and alignments of elements that are only stored", "", float8_e4m3fn, float8_e5m2) {
    compare_all<copy, TestType>();
}

TEMPLATE_TEST_CASE("few sizes", "[core]", int8_t, half, float, vec3f, complex<double>) {
    report r;
    compare_sizes<add, TestType>(r, {0, 1, 5, 16, 17, 1025});
    compare_strides<add, TestType>(r);
    CHECK(r.text() == "");
}
