// SPDX-License-Identifier: Apache-2.0
// copy_test.cpp: host copies: strides, types, overlaps, refusals.
#include "support/catch.hpp"

#include <warpx/kernels/copy.hpp>
#include <warpx/kernels/fill.hpp>
#include <warpx/view.hpp>

#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

/// 0, 1, 2, ... in row-major order.
template <class T, int N> array<T, N> counting(const shape<N>& extents) {
    auto a = empty<T>(extents);
    for (int64_t k = 0; k < a.size(); ++k) a.data_handle()[k] = static_cast<T>(static_cast<float>(k % 120));
    return a;
}

/// The elements in row-major order, as doubles.
template <class T, int N> std::vector<double> values(const array<T, N>& a) {
    std::vector<double> list;
    if (a.empty()) return list;
    shape<N> at;
    for (int64_t count = a.extents().count(); count > 0; --count) {
        int64_t offset = 0;
        for (int axis = 0; axis < N; ++axis) offset += at[axis] * a.stride(axis);
        list.push_back(static_cast<double>(a.data_handle()[offset]));
        for (int axis = N - 1; axis >= 0 && ++at[axis] == a.extent(axis); --axis) at[axis] = 0;
    }
    return list;
}

template <class T, class U> void check_types() {
    const auto a = counting<T>(shape(5, 7));
    auto b = empty<U>(shape(5, 7));
    copy(a, b);
    CHECK(values(b) == values(counting<U>(shape(5, 7))));
    auto c = empty<U>(shape(7, 5));
    copy(transpose(a), c);
    CHECK(values(transpose(c)) == values(b));
}

} // namespace

TEST_CASE("copy converts every scalar type into every other") {
    check_types<float, double>();
    check_types<double, float>();
    check_types<float, half>();
    check_types<half, bfloat16>();
    check_types<bfloat16, int8_t>();
    check_types<int8_t, uint64_t>();
    check_types<uint64_t, half>();
    check_types<int32_t, float>();
    check_types<float, int16_t>();
    check_types<half, half>();
}

TEST_CASE("copy to and from bool and complex") {
    const auto a = full<float>(3, 0.25f);
    fill(slice(a, 0, 1, 2), -0.0f);
    auto b = empty<bool>(3);
    copy(a, b);
    CHECK((b[0] && !b[1] && b[2]));
    auto c = empty<complex<double>>(3);
    copy(b, c);
    CHECK((c[0].real() == 1 && c[1].real() == 0 && c[0].imag() == 0));
    fill(c, complex<double>(0, 2));
    copy(c, b);
    CHECK((b[0] && b[1] && b[2]));
    auto d = full<half>(3, half(7));
    copy(c, d);
    CHECK((d[0] == 0.0f && d[2] == 0.0f));
    auto e = empty<complex<float>>(3);
    copy(c, e);
    CHECK(e[1].imag() == 2);
    const auto nan = full<bfloat16>(3, bfloat16(__builtin_nanf("")));
    copy(nan, b);
    CHECK(b[0]);
}

TEST_CASE("copy converts vectors and matrices by component") {
    const auto a = full<vec3f>(4, vec3f(1, 2.5f, -3));
    auto b = empty<vec<half, 3>>(4);
    copy(a, b);
    CHECK((b[3].x == 1.0f && b[3].y == 2.5f && b[3].z == -3.0f));
    auto c = empty<vec<int, 3>>(4);
    copy(b, c);
    CHECK((c[2].x == 1 && c[2].y == 2 && c[2].z == -3));
    auto m = full<mat<float, 2, 2>>(2, mat<float, 2, 2>(1, 2, 3, 4));
    auto n = empty<mat<double, 2, 2>>(2);
    copy(m, n);
    CHECK((n[1](1, 0) == 3.0));
    copy(m, slice(full<mat<float, 2, 2>>(4, mat<float, 2, 2>(0, 0, 0, 0)), 0, none, none, 2));
}

TEST_CASE("copy walks any strides") {
    const auto a = counting<int>(shape(4, 5, 6));
    auto b = zeros<int>(shape(6, 5, 4));
    copy(a, transpose(b));
    CHECK(values(transpose(b)) == values(a));
    const auto back = slice(slice(a, 0, none, none, -1), 2, 1, none, 2);
    auto c = zeros<int>(shape(4, 5, 3));
    copy(back, c);
    CHECK(values(c) == values(back));
    fill(c, 0);
    copy(back, slice(c, 1, none, none, -1));
    CHECK(values(slice(c, 1, none, none, -1)) == values(back));
    const auto row = broadcast_to(counting<float>(shape(3)), {4, 5, 3});
    copy(row, c);
    CHECK(values(c) == values(row));
    array<const int, 3> read_only = a;
    auto d = empty_like(a);
    copy(read_only, d);
    CHECK(values(d) == values(a));
}

TEST_CASE("copy of many axes, of none, of nothing") {
    const auto a = counting<int>(shape(2, 3, 1, 2, 3, 2, 2, 2));
    auto b = zeros<float>(shape(2, 2, 2, 3, 2, 1, 3, 2));
    copy(transpose(a), b);
    CHECK(values(b) == values(transpose(a)));
    const auto c = counting<int>(shape(2, 3, 2, 2, 1, 2, 2, 3, 2, 2)); // more than a launch has
    const auto p = permute(c, {9, 1, 8, 3, 4, 6, 5, 7, 2, 0});
    auto d = zeros<double>(p.extents());
    copy(p, d);
    CHECK(values(d) == values(p));

    auto scalar = full<float>(shape<0>(), 3.5f);
    auto other = zeros<half>(shape<0>());
    copy(scalar, other);
    CHECK(other() == 3.5f);
    copy(zeros<float>({0, 3}), zeros<int>({0, 3}));
    copy(array<float, 0>(), array<float, 0>());
}

TEST_CASE("copy of overlapping arrays is right") {
    auto a = counting<int>(shape(100));
    copy(slice(a, 0, 0, 90), slice(a, 0, 10, 100));
    for (int k = 10; k < 100; ++k) REQUIRE(a[k] == k - 10);
    auto b = counting<int>(shape(9));
    copy(slice(b, 0, none, none, -1), b);
    CHECK(values(b) == std::vector<double>{8, 7, 6, 5, 4, 3, 2, 1, 0});
    auto m = counting<int>(shape(3, 3));
    copy(transpose(m), m);
    CHECK(values(m) == std::vector<double>{0, 3, 6, 1, 4, 7, 2, 5, 8});
    copy(m, m);
    CHECK(m(0, 1) == 3);
}

TEST_CASE("copy refuses other shapes and names both") {
    CHECK_THROWS_WITH(copy(zeros<float>({2, 3}), zeros<float>({3, 2})),
                      ContainsSubstring("(2, 3)") && ContainsSubstring("(3, 2)"));
    CHECK_THROWS_AS(copy(zeros<float>(1), zeros<float>(2)), bind_error); // no broadcasting behind the back
}

TEST_CASE("to<device::host> is a new compact array") {
    const auto a = counting<float>(shape(3, 4));
    array<const float, 2> t = transpose(a);
    auto b = to<device::host>(t);
    STATIC_REQUIRE(std::is_same_v<decltype(b), array<float, 2>>);
    CHECK((b.is_compact() && b.data_handle() != a.data_handle()));
    CHECK(values(b) == values(t));
}
