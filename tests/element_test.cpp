// SPDX-License-Identifier: Apache-2.0
// element_test.cpp: which types arrays may hold, their dtypes, and how they fold trailing axes.
#include "support/catch.hpp"

#include <warpx/struct.hpp>

#include <complex>
#include <string>
#include <vector>

using namespace warpx;

namespace elements {
struct uniform {
    vec3f a;
    float b;
};
struct gap {
    float a;
    double b;
};
struct same_scalar_in_structs { // a described struct inside: its scalar counts
    uniform u;
    mat<float, 2, 2> m;
};
struct undescribed {
    float x;
};
struct not_trivial {
    float x;
    not_trivial(const not_trivial& o) : x(o.x) {}
};
struct holds_text {
    const char* text;
};
enum class color : uint8_t { red };
} // namespace elements
WARPX_STRUCT(elements::uniform, a, b);
WARPX_STRUCT(elements::gap, a, b);
WARPX_STRUCT(elements::same_scalar_in_structs, u, m);
WARPX_STRUCT(elements::not_trivial, x);
WARPX_STRUCT(elements::holds_text, text);

namespace {
template <class T> constexpr bool is(dtype_code code, int bits) {
    return dtype_of<T> == dtype{code, static_cast<uint8_t>(bits), 1} && dtype_of<const T> == dtype_of<T>;
}
template <class A, class B> inline constexpr bool same = std::is_same_v<A, B>;
} // namespace

TEST_CASE("dtypes of scalars") {
    STATIC_REQUIRE(is<bool>(dtype_code::bool_, 8));
    STATIC_REQUIRE(is<int8_t>(dtype_code::int_, 8));
    STATIC_REQUIRE(is<uint16_t>(dtype_code::uint, 16));
    STATIC_REQUIRE(is<long>(dtype_code::int_, 64));
    STATIC_REQUIRE(is<long long>(dtype_code::int_, 64));
    STATIC_REQUIRE(is<unsigned long long>(dtype_code::uint, 64));
    STATIC_REQUIRE(is<half>(dtype_code::float_, 16));
    STATIC_REQUIRE(is<bfloat16>(dtype_code::bfloat, 16));
    STATIC_REQUIRE(is<float>(dtype_code::float_, 32));
    STATIC_REQUIRE(is<double>(dtype_code::float_, 64));
    STATIC_REQUIRE(is<complex<float>>(dtype_code::complex, 64));
    STATIC_REQUIRE(is<complex<double>>(dtype_code::complex, 128));
    STATIC_REQUIRE(is<float8_e4m3fn>(dtype_code::float8_e4m3fn, 8));
    STATIC_REQUIRE(is<float8_e5m2>(dtype_code::float8_e5m2, 8));
}

TEST_CASE("what an array may hold") {
    STATIC_REQUIRE((element<float> && element<const float> && element<bool> && element<half> &&
                    element<vec<int8_t, 7>>));
    STATIC_REQUIRE((element<mat<double, 3, 5>> && element<quat<float>> && element<complex<double>> &&
                    element<vec<complex<float>, 2>>));
    STATIC_REQUIRE((element<elements::uniform> && element<const elements::gap> &&
                    element<elements::same_scalar_in_structs>));
    STATIC_REQUIRE_FALSE(element<float*>);
    STATIC_REQUIRE_FALSE(element<long double>);
    STATIC_REQUIRE_FALSE(element<std::complex<float>>);
    STATIC_REQUIRE_FALSE(element<std::string>);
    STATIC_REQUIRE_FALSE(element<elements::color>);
    STATIC_REQUIRE_FALSE(element<elements::undescribed>);
    STATIC_REQUIRE_FALSE(element<elements::not_trivial>);
    STATIC_REQUIRE_FALSE(element<elements::holds_text>);
    STATIC_REQUIRE_FALSE(element<vec<elements::uniform, 2>>);
}

TEST_CASE("elements fold trailing axes of scalars") {
    STATIC_REQUIRE((element_traits<float>::rank == 0 && element_traits<float>::count == 1));
    STATIC_REQUIRE((element_traits<vec3f>::rank == 1 && element_traits<vec3f>::count == 3 &&
                    element_traits<vec3f>::fold[0] == 3));
    STATIC_REQUIRE((element_traits<quat<float>>::rank == 1 && element_traits<quat<float>>::count == 4));
    using m = element_traits<mat<float, 2, 5>>;
    STATIC_REQUIRE((m::rank == 2 && m::count == 10 && m::fold[0] == 2 && m::fold[1] == 5));
    using u = element_traits<elements::uniform>;
    STATIC_REQUIRE((u::rank == 1 && u::count == 4 && same<u::scalar, float>));
    using g = element_traits<elements::gap>;
    STATIC_REQUIRE((g::rank == 0 && g::count == 1 && same<g::scalar, elements::gap>));
    using n = element_traits<elements::same_scalar_in_structs>;
    STATIC_REQUIRE((n::rank == 1 && n::count == 8 && same<n::scalar, float>));
    STATIC_REQUIRE(same<scalar_t<const vec3f>, float>);
    STATIC_REQUIRE(detail::element_dtype<vec3f> == dtype_of<float>);
    STATIC_REQUIRE(detail::element_dtype<elements::uniform> == dtype_of<float>);
    STATIC_REQUIRE(detail::element_dtype<elements::gap> == opaque_dtype(16));
}

TEST_CASE("sizes are what arrays of scalars expect") {
    STATIC_REQUIRE(
        (sizeof(vec<float, 3>) == 12 && sizeof(vec<half, 5>) == 10 && sizeof(mat<double, 2, 3>) == 48));
    STATIC_REQUIRE((sizeof(quat<float>) == 16 && alignof(vec<float, 4>) == 4 && alignof(quat<double>) == 8));
    STATIC_REQUIRE((sizeof(complex<double>) == 16 && sizeof(float8_e5m2) == 1 && sizeof(half) == 2));
}

TEST_CASE("what arithmetic happens in") {
    STATIC_REQUIRE(same<compute_t<half>, float>);
    STATIC_REQUIRE(same<compute_t<float8_e4m3fn>, float>);
    STATIC_REQUIRE(same<compute_t<double>, double>);
    STATIC_REQUIRE(same<compute_t<uint8_t>, uint8_t>);
    STATIC_REQUIRE(same<compute_t<vec<bfloat16, 3>>, vec<float, 3>>);
    STATIC_REQUIRE(same<compute_t<mat<half, 2, 2>>, mat<float, 2, 2>>);
    STATIC_REQUIRE(same<compute_t<quat<half>>, quat<float>>);
    STATIC_REQUIRE(same<compute_t<vec3f>, vec3f>);
}
