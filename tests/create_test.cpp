// SPDX-License-Identifier: Apache-2.0
// create_test.cpp: arrays from C++ memory, and new ones.
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/struct.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

template <class A> bool all(const A& a, typename A::value_type v) {
    for (int64_t k = 0; k < a.size(); ++k)
        if (!(a.data_handle()[k] == v)) return false;
    return true;
}

/// arange of integers, by counting.
template <class T> std::vector<T> count_up(T start, T stop, T step) {
    std::vector<T> list;
    for (__int128 v = start; step > 0 ? v < stop : v > stop; v += step) list.push_back(static_cast<T>(v));
    return list;
}
template <class T> void compare(T start, T stop, T step) {
    const auto want = count_up<T>(start, stop, step);
    const auto a = arange<T>(start, stop, step);
    CAPTURE(+start, +stop, +step);
    REQUIRE(a.extent(0) == static_cast<int64_t>(want.size()));
    REQUIRE(std::equal(want.begin(), want.end(), a.data_handle()));
}

struct pair {
    float a, b;
};

} // namespace
WARPX_STRUCT(pair, a, b);

TEMPLATE_TEST_CASE("new arrays: every element type", "", bool, int8_t, uint64_t, half, bfloat16, float,
                   double, complex<float>, float8_e5m2, vec3f, quat<double>, pair) {
    for (int64_t n : {0, 1, 7, 1000}) {
        auto z = zeros<TestType>(n);
        STATIC_REQUIRE(same<decltype(z), array<TestType, 1>>);
        CHECK(aligned(z.data_handle()));
        CHECK((z.extent(0) == n && z.stride(0) == 1 && z.size() == n && z.is_compact()));
        CHECK((!z.is_borrowed() && z.keeper()->use_count() == 1 && z.device() == device_kind::host &&
               z.device_id() == 0));
        const unsigned char* bytes = reinterpret_cast<const unsigned char*>(z.data_handle());
        CHECK(std::all_of(bytes, bytes + n * int64_t{sizeof(TestType)},
                          [](unsigned char b) { return b == 0; }));
        auto e = empty<TestType>(n);
        CHECK(aligned(e.data_handle()));
        for (int64_t k = 0; k < n; ++k) e[k] = z[k];
    }
    auto z = zeros<TestType>({2, 3});
    STATIC_REQUIRE(same<decltype(z), array<TestType, 2>>);
    CHECK((z.extents() == shape(2, 3) && z.strides() == shape(3, 1)));
    auto s = zeros<TestType>(shape(2, 1, 4));
    CHECK((s.extents() == shape(2, 1, 4) && s.strides() == shape(4, 4, 1)));
    auto r = zeros<TestType>(shape<0>());
    CHECK((r.size() == 1 && r.rank() == 0 && r.data_handle() != nullptr));
    auto l = zeros_like(array<const TestType, 2>(z));
    STATIC_REQUIRE(same<decltype(l), array<TestType, 2>>);
    CHECK((l.extents() == z.extents() && l.data_handle() != z.data_handle()));
    CHECK(empty_like(s).strides() == s.strides());
    auto f = full_like(z, TestType{});
    CHECK(f.extents() == z.extents());
}

TEST_CASE("ones and full") {
    CHECK(all(ones<float>(9), 1.0f));
    CHECK(all(ones<int8_t>({3, 3}), int8_t{1}));
    CHECK(all(ones<bool>(3), true));
    CHECK(all(ones<half>(3), half(1.0f)));
    CHECK(all(ones<complex<double>>(2), complex<double>(1, 0)));
    CHECK(all(ones<vec3f>(2), vec3f(1, 1, 1)));
    CHECK(all(full<double>({2, 2}, 2.5), 2.5));
    CHECK(all(full<int>(shape(4), -3), -3));
    CHECK(all(full<vec2f>(3, {1, 2}), vec2f(1, 2)));
    CHECK(all(ones_like(full<float>({2, 5}, 9.0f)), 1.0f));
    CHECK(all(full_like(zeros<vec2f>(3), vec2f(3, 4)), vec2f(3, 4)));
    CHECK(full<float>(shape<0>(), 4.0f)() == 4.0f);
}

TEST_CASE("shapes come as any integer, a shape, or braces") {
    CHECK(zeros<float>(3u).extent(0) == 3);
    CHECK(zeros<float>(size_t{3}).extent(0) == 3);
    CHECK(zeros<float>(static_cast<char>(3)).extent(0) == 3);
    CHECK(zeros<float>({1, 2, 3, 4, 5}).extents() == shape(1, 2, 3, 4, 5));
    const int64_t dims[2] = {4, 5};
    CHECK(zeros<float>(dims).extents() == shape(4, 5));
    CHECK(zeros<float>({5}).extents() == shape(5));
    STATIC_REQUIRE_FALSE(shape_like<double>);
    STATIC_REQUIRE_FALSE(shape_like<const char*>);
}

TEST_CASE("shapes that are negative or too large are refused") {
    CHECK_THROWS_AS(zeros<float>(-1), bind_error);
    CHECK_THROWS_WITH(zeros<float>({3, -2}),
                      ContainsSubstring("extents that are not negative") && ContainsSubstring("(3, -2)"));
    CHECK_THROWS_WITH(empty<double>(INT64_MAX), ContainsSubstring("(9223372036854775807,)"));
    CHECK_THROWS_AS(empty<int8_t>(INT64_MAX), bind_error);
    CHECK_THROWS_AS(empty<float>({int64_t{1} << 32, int64_t{1} << 32}), bind_error);
    CHECK_THROWS_AS(empty<float>(UINT64_MAX), bind_error);
    CHECK_THROWS_AS((empty<float>({int64_t{1} << 40, int64_t{1} << 40, 0})), bind_error);
    CHECK_THROWS_AS(empty<int8_t>(int64_t{1} << 62), std::bad_alloc);
    CHECK(empty<float>({0, 1000}).empty());
}

TEST_CASE("arange of integers against counting") {
    for (int start = -9; start <= 9; ++start)
        for (int stop = -9; stop <= 9; ++stop)
            for (int step : {-11, -3, -2, -1, 1, 2, 3, 11}) {
                compare<int32_t>(start, stop, step);
                compare<int8_t>(static_cast<int8_t>(start), static_cast<int8_t>(stop),
                                static_cast<int8_t>(step));
                if (start >= 0 && stop >= 0 && step > 0)
                    compare<uint16_t>(static_cast<uint16_t>(start), static_cast<uint16_t>(stop),
                                      static_cast<uint16_t>(step));
            }
    compare<int8_t>(-128, 127, 1);
    compare<int8_t>(127, -128, -5);
    compare<uint8_t>(0, 255, 1);
    compare<uint8_t>(250, 255, 10);
    compare<int32_t>(INT32_MIN, INT32_MAX, 1 << 30);
    compare<int32_t>(INT32_MAX, INT32_MIN, INT32_MIN);
    compare<int64_t>(INT64_MIN, INT64_MAX, INT64_MAX);
    compare<uint64_t>(0, UINT64_MAX, uint64_t{1} << 62);
    compare<uint64_t>(UINT64_MAX - 3, UINT64_MAX, 1);
    CHECK(arange<int>(5).extent(0) == 5);
    CHECK(arange<int>(0).empty());
    CHECK(arange<unsigned>(5u, 2u).empty());
    CHECK_THROWS_WITH(arange<int>(0, 5, 0), ContainsSubstring("a step other than 0"));
    CHECK_THROWS_AS(arange<int64_t>(INT64_MIN, INT64_MAX), bind_error);
}

TEST_CASE("arange of floating-point numbers") {
    for (double start : {0.0, -1.5, 3.25})
        for (double stop : {0.0, 1.0, 3.26, 10.1, -7.0})
            for (double step : {1.0, 0.1, 0.25, -0.5, -3.0, 100.0}) {
                const auto a = arange<double>(start, stop, step);
                const auto n = std::max(0.0, std::ceil((stop - start) / step));
                REQUIRE(a.extent(0) == static_cast<int64_t>(n));
                for (int64_t k = 0; k < a.extent(0); ++k)
                    REQUIRE(a[k] == start + static_cast<double>(k) * step);
            }
    const auto h = arange<half>(0, 5, 0.5f);
    STATIC_REQUIRE(same<decltype(h), const array<half, 1>>);
    REQUIRE(h.extent(0) == 10);
    CHECK((h[9] == 4.5f && h[1] == 0.5f));
    CHECK(arange<bfloat16>(3)[2] == 2.0f);
    CHECK(arange<float>(2.5f).extent(0) == 3);
    CHECK_THROWS_AS(arange<double>(0, INFINITY), bind_error);
    CHECK_THROWS_AS(arange<double>(0, NAN), bind_error);
    CHECK_THROWS_AS(arange<double>(0, 1, 1e-300), bind_error);
    CHECK_THROWS_AS(arange<float>(0, 1, 0), bind_error);
    CHECK(arange<double>(0, -INFINITY).empty());
}

TEST_CASE("from_range: vectors, spans, arrays, C arrays, const ones") {
    std::vector<float> v{1, 2, 3};
    auto x = from_range(v);
    STATIC_REQUIRE(same<decltype(x), array<float, 1>>);
    CHECK((x.data_handle() == v.data() && x.is_borrowed() && x.extent(0) == 3));
    x[1] = 9;
    CHECK(v[1] == 9);
    const auto& c = v;
    STATIC_REQUIRE(same<decltype(from_range(c)), array<const float, 1>>);
    std::span<double> s;
    CHECK(from_range(s).empty());
    std::array<int, 4> fixed{1, 2, 3, 4};
    CHECK(from_range(fixed)[3] == 4);
    int plain[3] = {7, 8, 9};
    auto p = from_range(plain);
    CHECK((p.data_handle() == plain && p.extent(0) == 3));
    const double constant[2] = {1, 2};
    STATIC_REQUIRE(same<decltype(from_range(constant)), array<const double, 1>>);
    std::vector<vec3f> points(5);
    STATIC_REQUIRE(same<decltype(from_range(points)), array<vec3f, 1>>);
    CHECK(from_range(points).extent(0) == 5);
    std::vector<pair> pairs(2);
    CHECK(from_range(pairs).extent(0) == 2);
    STATIC_REQUIRE_FALSE(contiguous_elements<std::vector<bool>>);
    STATIC_REQUIRE_FALSE(contiguous_elements<std::string>); // characters are no numbers
    STATIC_REQUIRE_FALSE(contiguous_elements<std::vector<std::string>>);
    STATIC_REQUIRE_FALSE(contiguous_elements<int>);
}

TEST_CASE("from_range: a container that is moved in is owned") {
    std::vector<int> v(1000);
    std::iota(v.begin(), v.end(), 0);
    const int* data = v.data();
    auto x = from_range(std::move(v));
    CHECK((x.data_handle() == data && !x.is_borrowed()));
    auto y = x;
    x = {};
    CHECK(y[999] == 999);
    auto small = from_range(std::array<int, 3>{4, 5, 6}); // moves with its memory
    CHECK(small[2] == 6);
}

TEST_CASE("from_pointer: a keeper without strides") {
    float m[6] = {};
    bool released = false;
    {
        auto a = from_pointer<float, 2>(m, {2, 3}, make_owner([&] { released = true; }));
        CHECK((a.is_compact() && a.stride(0) == 3 && !a.is_borrowed()));
    }
    CHECK(released);
}

TEST_CASE("from_pointer: strides in elements, vectors, read-only memory, refusals") {
    std::vector<float> m(24);
    std::iota(m.begin(), m.end(), 0.0f);
    auto a = from_pointer<float, 2>(m.data(), {4, 6});
    CHECK((a.strides() == shape(6, 1) && a(3, 5) == 23));
    auto t = from_pointer<float, 2>(m.data(), {6, 4}, {1, 6});
    CHECK(t(5, 3) == 23);
    auto back = from_pointer<float, 1>(m.data() + 23, 24, -1);
    CHECK((back[0] == 23 && back[23] == 0));
    auto same_element = from_pointer<const float, 1>(m.data(), 10, 0);
    CHECK(same_element[9] == 0);
    CHECK_THROWS_AS((from_pointer<float, 1>(m.data(), 10, 0)), bind_error);
    auto v = from_pointer<vec3f, 1>(reinterpret_cast<vec3f*>(m.data()), 8);
    CHECK(v[7] == vec3f(21, 22, 23));
    auto every = from_pointer<vec3f, 1>(reinterpret_cast<vec3f*>(m.data()), 4, 2);
    CHECK(every[3] == vec3f(18, 19, 20));
    auto p = from_pointer<pair, 1>(reinterpret_cast<pair*>(m.data()), 6, 2);
    CHECK(p[5].b == 21);
    CHECK_THROWS_AS((from_pointer<vec3f, 1>(reinterpret_cast<vec3f*>(m.data()), 2, INT64_MAX / 2)),
                    bind_error);
    CHECK_THROWS_AS((from_pointer<float, 1>(nullptr, 3)), bind_error);
    CHECK_THROWS_AS((from_pointer<float, 1>(m.data(), -3)), bind_error);
    CHECK((from_pointer<float, 1>(nullptr, 0).empty()));
    CHECK_THROWS_AS(
        (from_pointer<float, 1>(reinterpret_cast<float*>(reinterpret_cast<char*>(m.data()) + 2), 2)),
        bind_error);
    int released = 0;
    {
        auto kept = from_pointer<float, 1>(m.data(), 3, 1, make_owner([&] { ++released; }));
        auto copy = kept;
        kept = {};
        CHECK(released == 0);
    }
    CHECK(released == 1);
    CHECK_THROWS_AS((from_pointer<float, 1>(nullptr, 3, 1, make_owner([&] { ++released; }))), bind_error);
    CHECK(released == 2); // a refused import releases what it took
}
