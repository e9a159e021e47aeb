// SPDX-License-Identifier: Apache-2.0
// atomic_test.cpp: atomics in kernels: the cases of every machine, and those that only the host has: elements
// that straddle their natural boundary, checked accesses, captured arrays.
#include "cases/atomic_cases.hpp"

#include <algorithm>
#include <vector>

using namespace warpx;
using atomic_cases::subtract;

namespace {

/// Calls `f` with an array of `n` zeros at each offset that an alignment of T allows: 4-byte steps move a
/// vec4f off its 16-byte boundary.
template <class T, class F> void at_every_offset(int64_t n, const F& f) {
    std::vector<unsigned char> memory(sizeof(T) * 4 + 64);
    const auto base = (reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64;
    for (size_t shift = 0; shift < sizeof(T); shift += alignof(T)) {
        const auto y = from_pointer<T, 1>(reinterpret_cast<T*>(base + shift), n);
        for (int64_t k = 0; k < n; ++k) y[k] = T{};
        f(y);
    }
}

} // namespace

TEMPLATE_TEST_CASE("exchange at every offset", "", int8_t, int16_t, float, double, vec2f, vec4f, vec2d,
                   complex<float>, complex<double>, quat<float>) {
    at_every_offset<TestType>(
        1, [](const array<TestType, 1>& y) { atomic_cases::exchange_numbers<TestType>(y); });
}

TEMPLATE_TEST_CASE("compare and swap at every offset", "", uint16_t, int32_t, float, double, vec2f, vec4f,
                   vec2d, complex<double>) {
    at_every_offset<TestType>(
        2, [](const array<TestType, 1>& y) { atomic_cases::add_without_losses<TestType>(y); });
}

TEST_CASE("checked launches check atomics") {
    auto y = zeros<int32_t>(1);
    CHECK_THROWS_AS(launch<subtract>(launch_options{.checked = true}, 1, y, 1), index_error);
    auto through_zero_strides = bind<int32_t, 1>(
        [&] {
            static const int64_t extent = 4, stride = 0;
            tensor_desc desc;
            desc.data = y.data_handle();
            desc.dtype = dtype_of<int32_t>;
            desc.rank = 1;
            desc.extents = &extent;
            desc.strides = &stride;
            return desc;
        }(),
        {}, {.accumulate_only = true});
    launch<subtract>(10, through_zero_strides, 1);
    CHECK(y[0] == -10);
}

TEST_CASE("atomics on an array that a host kernel captured") {
    auto counts = zeros<int32_t>(2);
    auto columns = warpx::transpose(zeros<int32_t>({2, 3}));
    launch(1000, [=](auto i) {
        atomic_add(counts, i % 2, 1);
        atomic_add(columns, 2, i % 2, 1);
    });
    CHECK((counts[0] == 500 && counts[1] == 500 && columns(2, 0) == 500 && columns(2, 1) == 500));
}
