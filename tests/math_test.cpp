// SPDX-License-Identifier: Apache-2.0
// math_test.cpp: in-kernel functions against <cmath> in long double, their result types, located values,
// vectors.
#include <warpx/math.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using namespace warpx;
using test::located;

namespace {

template <class A, class B> constexpr bool same = std::is_same_v<A, B>;

struct range {
    double low, high;
};

template <class T> std::vector<T> samples(range r) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> uniform(r.low, r.high);
    std::vector<T> all;
    for (int k = 0; k < 2000; ++k) all.push_back(static_cast<T>(uniform(random)));
    if (r.low <= 0 && r.high >= 0) all.push_back(T(0));
    return all;
}

template <class T, class F, class G> double worst(range r, F ours, G reference) {
    double most = 0;
    for (T x : samples<T>(r))
        most = std::max(most, test::ulps<T>(ours(x), reference(static_cast<long double>(x))));
    return most;
}

constexpr float not_a_number = NAN;
constexpr float inf = INFINITY;

} // namespace

TEMPLATE_TEST_CASE("math: elementary functions within two units in the last place of the exact result", "",
                   float, double) {
    using T = TestType;
    using L = long double;
    const auto check = [](const char* name, range r, auto ours, auto reference, double bound = 2) {
        INFO(name);
        CHECK(worst<T>(r, ours, reference) <= bound);
    };
    // The qualified call is the one of warpx; unqualified ones would find the C library's for plain numbers.
    check("sqrt", {0, 1e6}, [](T x) { return warpx::sqrt(x); }, [](L x) { return std::sqrt(x); }, 0.5);
    check("rsqrt", {1e-3, 1e6}, [](T x) { return warpx::rsqrt(x); }, [](L x) { return 1 / std::sqrt(x); });
    check("cbrt", {-1e6, 1e6}, [](T x) { return warpx::cbrt(x); }, [](L x) { return std::cbrt(x); }, 4);
    check("exp", {-80, 80}, [](T x) { return warpx::exp(x); }, [](L x) { return std::exp(x); });
    check("exp2", {-120, 120}, [](T x) { return warpx::exp2(x); }, [](L x) { return std::exp2(x); });
    check("exp10", {-37, 37}, [](T x) { return warpx::exp10(x); }, [](L x) { return std::pow(L(10), x); });
    check("expm1", {-2, 2}, [](T x) { return warpx::expm1(x); }, [](L x) { return std::expm1(x); });
    check("log", {0, 1e6}, [](T x) { return warpx::log(x); }, [](L x) { return std::log(x); });
    check("log2", {0, 1e6}, [](T x) { return warpx::log2(x); }, [](L x) { return std::log2(x); });
    check("log10", {0, 1e6}, [](T x) { return warpx::log10(x); }, [](L x) { return std::log10(x); });
    check("log1p", {-0.9, 2}, [](T x) { return warpx::log1p(x); }, [](L x) { return std::log1p(x); });
    check("sin", {-100, 100}, [](T x) { return warpx::sin(x); }, [](L x) { return std::sin(x); });
    check("cos", {-100, 100}, [](T x) { return warpx::cos(x); }, [](L x) { return std::cos(x); });
    check("tan", {-100, 100}, [](T x) { return warpx::tan(x); }, [](L x) { return std::tan(x); });
    check("asin", {-1, 1}, [](T x) { return warpx::asin(x); }, [](L x) { return std::asin(x); });
    check("acos", {-1, 1}, [](T x) { return warpx::acos(x); }, [](L x) { return std::acos(x); });
    check("atan", {-100, 100}, [](T x) { return warpx::atan(x); }, [](L x) { return std::atan(x); });
    check("sinh", {-80, 80}, [](T x) { return warpx::sinh(x); }, [](L x) { return std::sinh(x); }, 3);
    check("cosh", {-80, 80}, [](T x) { return warpx::cosh(x); }, [](L x) { return std::cosh(x); }, 3);
    check("tanh", {-5, 5}, [](T x) { return warpx::tanh(x); }, [](L x) { return std::tanh(x); }, 3);
    check("asinh", {-100, 100}, [](T x) { return warpx::asinh(x); }, [](L x) { return std::asinh(x); }, 3);
    check("acosh", {1, 100}, [](T x) { return warpx::acosh(x); }, [](L x) { return std::acosh(x); }, 3);
    check("atanh", {-0.99, 0.99}, [](T x) { return warpx::atanh(x); }, [](L x) { return std::atanh(x); }, 3);
    check("erf", {-4, 4}, [](T x) { return warpx::erf(x); }, [](L x) { return std::erf(x); });
    check("erfc", {-4, 4}, [](T x) { return warpx::erfc(x); }, [](L x) { return std::erfc(x); }, 5);
    check("tgamma", {0.1, 20}, [](T x) { return warpx::tgamma(x); }, [](L x) { return std::tgamma(x); }, 8);
    check("lgamma", {2.5, 100}, [](T x) { return warpx::lgamma(x); }, [](L x) { return std::lgamma(x); }, 8);
    check("floor", {-9, 9}, [](T x) { return warpx::floor(x); }, [](L x) { return std::floor(x); }, 0);
    check("ceil", {-9, 9}, [](T x) { return warpx::ceil(x); }, [](L x) { return std::ceil(x); }, 0);
    check("trunc", {-9, 9}, [](T x) { return warpx::trunc(x); }, [](L x) { return std::trunc(x); }, 0);
    check("round", {-9, 9}, [](T x) { return warpx::round(x); }, [](L x) { return std::round(x); }, 0);
    check("rint", {-9, 9}, [](T x) { return warpx::rint(x); }, [](L x) { return std::rint(x); }, 0);
    const T y = T(2.3);
    check("pow", {0, 100}, [&](T x) { return warpx::pow(x, y); }, [&](L x) { return std::pow(x, L(y)); });
    check(
        "atan2", {-9, 9}, [&](T x) { return warpx::atan2(x, -y); },
        [&](L x) { return std::atan2(x, -L(y)); });
    check(
        "hypot", {-9, 9}, [&](T x) { return warpx::hypot(x, y); }, [&](L x) { return std::hypot(x, L(y)); });
    check(
        "fmod", {-9, 9}, [&](T x) { return warpx::fmod(x, y); }, [&](L x) { return std::fmod(x, L(y)); }, 0);
    check(
        "fma", {-9, 9}, [&](T x) { return warpx::fma(x, x, -y); }, [&](L x) { return std::fma(x, x, -L(y)); },
        0.51);
    check("sincos", {-9, 9}, [](T x) { return warpx::sincos(x).sin; }, [](L x) { return std::sin(x); });
    check("sincos", {-9, 9}, [](T x) { return warpx::sincos(x).cos; }, [](L x) { return std::cos(x); });
    check(
        "radians", {-720, 720}, [](T x) { return warpx::radians(x); },
        [](L x) { return x * acosl(-1) / 180; });
    check("degrees", {-9, 9}, [](T x) { return warpx::degrees(x); }, [](L x) { return x * 180 / acosl(-1); });
    CHECK(warpx::copysign(T(3), T(-0.0)) == T(-3));
}

TEST_CASE("math: result types") {
    STATIC_REQUIRE(same<decltype(warpx::min(half{}, half{})), half>);
    STATIC_REQUIRE(same<decltype(warpx::min(half{}, 1)), float>);
    STATIC_REQUIRE(same<decltype(warpx::min(int8_t{}, int8_t{})), int8_t>);
    STATIC_REQUIRE(same<decltype(warpx::max(int8_t{}, 1L)), long>);
    STATIC_REQUIRE(same<decltype(warpx::max(1.0f, 2.0)), double>);
    STATIC_REQUIRE(same<decltype(warpx::clamp(1.0f, 0, 1)), float>);
    STATIC_REQUIRE(same<decltype(warpx::abs(bfloat16{})), bfloat16>);
    STATIC_REQUIRE(same<decltype(warpx::abs(int16_t{})), int16_t>);
    STATIC_REQUIRE(same<decltype(warpx::sign(half{})), half>);
    STATIC_REQUIRE(same<decltype(warpx::sqrt(half{})), float>);
    STATIC_REQUIRE(same<decltype(warpx::sqrt(float8_e5m2{})), float>);
    STATIC_REQUIRE(same<decltype(warpx::sqrt(2)), double>);
    STATIC_REQUIRE(same<decltype(warpx::pow(2.0f, 2)), float>);
    STATIC_REQUIRE(same<decltype(warpx::pow(2, 2)), double>);
    STATIC_REQUIRE(same<decltype(warpx::atan2(half{}, bfloat16{})), float>);
    STATIC_REQUIRE(same<decltype(warpx::floor(vec3h{})), vec3f>);
    STATIC_REQUIRE(same<decltype(warpx::max(vec3h{}, vec3h{})), vec3h>);
    STATIC_REQUIRE(same<decltype(warpx::max(vec3f{}, 0)), vec3f>);
    STATIC_REQUIRE(same<decltype(warpx::max(vec3f{}, vec3d{})), vec3d>);
    STATIC_REQUIRE(same<decltype(warpx::isnan(vec2f{})), vec<bool, 2>>);
    STATIC_REQUIRE(same<decltype(warpx::isnan(1)), bool>);
    STATIC_REQUIRE(same<decltype(warpx::select(true, half{}, half{})), half>);
    STATIC_REQUIRE(same<decltype(warpx::select(true, 1, 2.0f)), float>);
}

TEST_CASE("math: located arguments are found without a qualifier where located is of warpx, and by name "
          "everywhere") {
    const located x{4.0f};
    const located h{half(4)};
    const located i{-4};
    const located v{vec3f(1, 4, 9)};
    CHECK(warpx::sqrt(x) == 2.0f);
    CHECK(warpx::sqrt(h) == 2.0f);
    CHECK(warpx::min(x, 0) == 0.0f);
    CHECK(warpx::max(i, i) == -4);
    CHECK(warpx::abs(i) == 4);
    CHECK(warpx::clamp(x, located{0}, 1) == 1.0f);
    CHECK(sqrt(v) == vec3f(1, 2, 3)); // vec3f brings the namespace along
    CHECK(min(v, 4) == vec3f(1, 4, 4));
    CHECK(pow(v, 2) == vec3f(1, 16, 81));
    CHECK(lerp(v, vec3f(3), located{0.5f}) == vec3f(2, 3.5, 6));
    CHECK(fma(v, 2, vec3f(1)) == vec3f(3, 9, 19));
}

TEST_CASE("math: min, max, clamp at ties, zeros and NaN") {
    CHECK(warpx::min(1, 2) == 1);
    CHECK(warpx::max(1u, 2u) == 2u);
    CHECK(std::signbit(warpx::min(-0.0f, 0.0f)));
    CHECK_FALSE(std::signbit(warpx::min(0.0f, -0.0f)));
    CHECK(std::isnan(warpx::min(not_a_number, 1.0f)));
    CHECK(warpx::min(1.0f, not_a_number) == 1.0f);
    CHECK(std::isnan(warpx::max(not_a_number, 1.0f)));
    CHECK(warpx::max(1.0f, not_a_number) == 1.0f);
    CHECK(warpx::clamp(5, 1, 3) == 3);
    CHECK(warpx::clamp(-5.0f, -1, 3) == -1.0f);
    CHECK(warpx::clamp(2, 3, 1) == 1);
    CHECK(std::isnan(warpx::clamp(not_a_number, 0.0f, 1.0f)));
    CHECK(warpx::min(half(1), half(2)).bits() == half(1).bits());
}

TEST_CASE("math: abs and sign") {
    CHECK(warpx::abs(-2.5) == 2.5);
    CHECK_FALSE(std::signbit(warpx::abs(-0.0f)));
    CHECK(warpx::abs(int8_t{-100}) == 100);
    CHECK(warpx::abs(200u) == 200u);
    CHECK(warpx::abs(half(-2)) == 2.0f);
    CHECK(warpx::abs(vec2i(-1, 2)) == vec2i(1, 2));
    CHECK(warpx::sign(-3) == -1);
    CHECK(warpx::sign(3u) == 1u);
    CHECK(warpx::sign(0.0) == 0.0);
    CHECK(std::signbit(warpx::sign(-0.0)));
    CHECK(std::isnan(warpx::sign(not_a_number)));
    CHECK(warpx::sign(half(-7)) == -1.0f);
    CHECK(warpx::sign(-inf) == -1.0f);
}

TEST_CASE("math: interpolation and steps") {
    CHECK(warpx::lerp(0.1f, 0.7f, 0) == 0.1f);
    CHECK(warpx::lerp(0.1f, 0.7f, 1) == 0.7f);
    CHECK(warpx::lerp(1, 3, 0.5f) == 2.0f);
    CHECK(warpx::step(1.0f, 0.5f) == 0.0f);
    CHECK(warpx::step(1.0f, 1.0f) == 1.0f);
    CHECK(warpx::smoothstep(0, 2, -1.0f) == 0.0f);
    CHECK(warpx::smoothstep(0, 2, 1.0f) == 0.5f);
    CHECK(warpx::smoothstep(0, 2, 3.0f) == 1.0f);
    CHECK(warpx::select(true, 1, 2) == 1);
    CHECK(warpx::select(located{false}, 1, 2.5f) == 2.5f);
    CHECK(warpx::select(true, vec2f(1, 2), vec2f(3, 4)) == vec2f(1, 2));
    CHECK(warpx::select(false, vec2f(1, 2), 3) == vec2f(3));
    CHECK(warpx::select(vec<bool, 2>(true, false), vec2f(1, 2), vec2f(3, 4)) == vec2f(1, 4));
    CHECK(warpx::select(vec<bool, 2>(true, false), 1, vec2f(3, 4)) == vec2f(1, 4));
}

TEST_CASE("math: not a number, infinite, finite") {
    for (float x : {not_a_number, inf, -inf, 0.0f, -1.0f, 3e38f, 1e-45f}) {
        CHECK(warpx::isnan(x) == std::isnan(x));
        CHECK(warpx::isinf(x) == std::isinf(x));
        CHECK(warpx::isfinite(x) == std::isfinite(x));
        CHECK(warpx::isfinite(static_cast<double>(x)) == std::isfinite(x));
    }
    CHECK(warpx::isinf(limits<half>::infinity()));
    CHECK(warpx::isnan(limits<bfloat16>::quiet_NaN()));
    CHECK(warpx::isfinite(5));
    CHECK(warpx::isnan(vec2f(not_a_number, 1)) == vec<bool, 2>(true, false));
}

TEST_CASE("math: vectors go component by component") {
    CHECK(warpx::sqrt(vec4f(1, 4, 9, 16)) == vec4f(1, 2, 3, 4));
    CHECK(warpx::max(vec2i(1, 5), vec2i(3, 4)) == vec2i(3, 5));
    CHECK(warpx::pow(vec2f(2, 3), vec2f(3, 2)) == vec2f(8, 9));
    CHECK(warpx::pow(2, vec2f(3, 4)) == vec2f(8, 16));
    CHECK(warpx::floor(vec<double, 6>(1.5)) == vec<double, 6>(1));
    const auto [s, c] = warpx::sincos(vec2f(0, 0));
    CHECK(s == vec2f(0));
    CHECK(c == vec2f(1));
}

TEST_CASE("math: bits of integers") {
    CHECK(warpx::popcount(0) == 0);
    CHECK(warpx::popcount(-1) == 32);
    CHECK(warpx::popcount(int8_t{-1}) == 8);
    CHECK(warpx::popcount(located{uint64_t{1} << 63 | 1}) == 2);
    CHECK(warpx::countl_zero(0u) == 32);
    CHECK(warpx::countl_zero(uint8_t{1}) == 7);
    CHECK(warpx::countl_zero(int64_t{-1}) == 0);
    CHECK(warpx::countr_zero(0u) == 32);
    CHECK(warpx::countr_zero(uint16_t{0}) == 16);
    CHECK(warpx::countr_zero(int64_t{8}) == 3);
    STATIC_REQUIRE(warpx::popcount(7) + warpx::countl_zero(uint8_t{0}) + warpx::countr_zero(4) == 13);
}

TEMPLATE_TEST_CASE("math: limits agree with std::numeric_limits", "", float, double) {
    using T = TestType;
    using S = std::numeric_limits<T>;
    CHECK(limits<T>::max() == S::max());
    CHECK(limits<T>::lowest() == S::lowest());
    CHECK(limits<T>::min() == S::min());
    CHECK(limits<T>::denorm_min() == S::denorm_min());
    CHECK(limits<T>::epsilon() == S::epsilon());
    CHECK(limits<T>::infinity() == S::infinity());
    CHECK(std::isnan(limits<T>::quiet_NaN()));
    CHECK(limits<T>::digits == S::digits);
    CHECK(pi<T> == static_cast<T>(std::acos(-1.0L)));
}

TEMPLATE_TEST_CASE("math: integer limits agree with std::numeric_limits", "", bool, int8_t, uint8_t, int16_t,
                   uint16_t, int32_t, uint32_t, int64_t, uint64_t) {
    CHECK(limits<TestType>::max() == std::numeric_limits<TestType>::max());
    CHECK(limits<TestType>::lowest() == std::numeric_limits<TestType>::lowest());
    CHECK(limits<TestType>::digits == std::numeric_limits<TestType>::digits);
}

TEST_CASE("math: limits of the storage types") {
    CHECK(limits<half>::max() == 65504.0f);
    CHECK(limits<half>::min() == 0x1p-14f);
    CHECK(limits<half>::denorm_min() == 0x1p-24f);
    CHECK(limits<half>::epsilon() == 0x1p-10f);
    CHECK(limits<half>::lowest() == -65504.0f);
    CHECK(std::isinf(static_cast<float>(limits<half>::infinity())));
    CHECK(limits<bfloat16>::max() == 0x1.fep127f);
    CHECK(limits<bfloat16>::epsilon() == 0x1p-7f);
    CHECK(limits<bfloat16>::min() == 0x1p-126f);
    CHECK(limits<float8_e4m3fn>::max() == 448.0f);
    CHECK(limits<float8_e4m3fn>::lowest() == -448.0f);
    CHECK(limits<float8_e5m2>::max() == 57344.0f);
    CHECK(limits<float8_e5m2>::min() == 0x1p-14f);
    CHECK(limits<float8_e8m0fnu>::lowest() == 0x1p-127f);
    CHECK(std::isnan(static_cast<float>(limits<float8_e4m3fnuz>::quiet_NaN())));
}
