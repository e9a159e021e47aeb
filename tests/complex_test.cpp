// SPDX-License-Identifier: Apache-2.0
// complex_test.cpp: complex<T> against std::complex<T>: layout, conversions, arithmetic, functions.
#include <warpx/complex.hpp>
#include <warpx/half.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

#include <complex>
#include <cstddef>

using test::located;
using warpx::complex;

namespace {

/// A stranger with the interface of a complex number, as libcu++'s and Thrust's are.
struct foreign {
    using value_type = float;
    foreign() = default;
    foreign(float re, float im) : re_(re), im_(im) {}
    float real() const { return re_; }
    float imag() const { return im_; }

private:
    float re_, im_;
};

/// |got - want| in units of the precision of T at |want|.
template <class T> double error(complex<T> got, std::complex<long double> want) {
    const std::complex<long double> difference(got.real() - want.real(), got.imag() - want.imag());
    return static_cast<double>(std::abs(difference) / (std::abs(want) * std::numeric_limits<T>::epsilon()));
}

/// Points all over the plane, scales from 2^-e to 2^e, with the axes and their neighbourhood.
template <class T> std::vector<std::complex<T>> points(int exponent, int count = 4000) {
    std::mt19937_64 random(3);
    std::uniform_real_distribution<T> mantissa(-1, 1),
        scale(static_cast<T>(-exponent), static_cast<T>(exponent));
    std::vector<std::complex<T>> all;
    for (int k = 0; k < count; ++k) {
        const T re = mantissa(random) * std::exp2(scale(random));
        const T im = mantissa(random) * std::exp2(scale(random));
        all.emplace_back(k % 16 == 1 ? T(0) : re, k % 16 == 2 ? T(0) : im);
    }
    return all;
}

template <class T, class F, class G>
double worst(const std::vector<std::complex<T>>& arguments, F ours, G reference) {
    double most = 0;
    for (const std::complex<T>& z : arguments) {
        const std::complex<long double> want = reference(std::complex<long double>(z));
        if (std::abs(want) > std::numeric_limits<T>::max() || std::abs(want) < std::numeric_limits<T>::min())
            continue;
        most = std::max(most, error<T>(ours(complex<T>(z)), want));
    }
    return most;
}

} // namespace

TEST_CASE("complex: the layout of std::complex") {
    STATIC_REQUIRE(sizeof(complex<float>) == sizeof(std::complex<float>));
    STATIC_REQUIRE(alignof(complex<double>) == alignof(std::complex<double>));
    STATIC_REQUIRE(std::is_trivially_copyable_v<complex<float>>);
    STATIC_REQUIRE(std::is_trivially_default_constructible_v<complex<float>>);
    STATIC_REQUIRE(std::is_standard_layout_v<complex<double>>);
    const std::complex<double> z(1, 2);
    complex<double> w;
    std::memcpy(static_cast<void*>(&w), &z, sizeof w);
    CHECK(w.real() == 1);
    CHECK(w.imag() == 2);
    CHECK(complex<float>{} == 0);
}

TEST_CASE("complex: implicit conversion both ways, by structure") {
    const std::complex<float> s(1, 2);
    complex<float> z = s;
    std::complex<float> back = z;
    CHECK(back == s);
    const complex<double> wide = s;
    CHECK(wide == complex<double>(1, 2));
    const foreign f = z;
    z = foreign(3, 4);
    CHECK(f.imag() == 2);
    CHECK(z == complex<float>(3, 4));
    CHECK(std::complex<double>(wide).imag() == 2);
    z = std::complex<double>(5, 6); // assignment narrows
    CHECK(z == complex<float>(5, 6));
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::complex<double>, complex<float>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<complex<double>, complex<float>>);
    STATIC_REQUIRE(std::is_constructible_v<complex<float>, complex<double>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<complex<float>, float>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<complex<float>, std::vector<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(s + z), complex<float>>);
    CHECK(s + z == complex<float>(6, 8));
}

TEST_CASE("complex: which types mix, located ones too") {
    const complex<float> z(1, 2);
    STATIC_REQUIRE(std::is_same_v<decltype(z * 2), complex<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(2.0 * z), complex<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(z * complex<double>()), complex<double>>);
    const located l{z};
    CHECK(l + l == complex<float>(2, 4));
    CHECK(l * 2 == complex<float>(2, 4));
    CHECK(located{2.0f} * z == complex<float>(2, 4));
    CHECK(warpx::half(2) * z == complex<float>(2, 4));
    CHECK(1 - l == complex<float>(0, -2));
    CHECK(norm(l) == 5);
    CHECK(conj(l) == complex<float>(1, -2));
    complex<float> a = 1;
    a += l;
    a -= 1;
    a *= z;
    a /= located{2};
    CHECK(a == complex<float>(-1.5f, 2));
    CHECK(a != z);
    constexpr complex<double> c = complex<double>(1, 2) * complex<double>(3, 4) / 5;
    STATIC_REQUIRE(c == complex<double>(-1, 2));
}

TEMPLATE_TEST_CASE("complex: arithmetic within rounding of the exact result", "", float, double) {
    using T = TestType;
    const auto a = points<T>(20), b = points<T>(30);
    double product = 0, quotient = 0;
    for (size_t k = 1; k < a.size(); ++k) {
        const std::complex<long double> x(a[k]), y(b[a.size() - k]);
        const complex<T> u(a[k]), v(b[a.size() - k]);
        product = std::max(product, error<T>(u * v, x * y));
        if (y != 0.0L) quotient = std::max(quotient, error<T>(u / v, x / y));
    }
    CHECK(product < 3);
    CHECK(quotient < 4);
    // Neither overflows nor vanishes on the way.
    const T big = std::numeric_limits<T>::max() / 4;
    CHECK(error<T>(complex<T>(big, big) / complex<T>(big, -big), {0, 1}) < 3);
    CHECK(complex<T>(1, 1) / complex<T>(0, 0) != complex<T>(0, 0));
    CHECK(std::isinf((complex<T>(1, 1) / complex<T>(0, 0)).real()));
}

TEMPLATE_TEST_CASE("complex: functions agree with <complex>", "", float, double) {
    using T = TestType;
    using L = std::complex<long double>;
    const auto all = points<T>(20), small = points<T>(3);
    CHECK(worst<T>(small, [](auto z) { return exp(z); }, [](L z) { return std::exp(z); }) < 4);
    CHECK(worst<T>(all, [](auto z) { return sqrt(z); }, [](L z) { return std::sqrt(z); }) < 4);
    CHECK(worst<T>(small, [](auto z) { return sin(z); }, [](L z) { return std::sin(z); }) < 4);
    CHECK(worst<T>(small, [](auto z) { return cos(z); }, [](L z) { return std::cos(z); }) < 4);
    CHECK(worst<T>(small, [](auto z) { return sinh(z); }, [](L z) { return std::sinh(z); }) < 4);
    CHECK(worst<T>(small, [](auto z) { return cosh(z); }, [](L z) { return std::cosh(z); }) < 4);
    CHECK(worst<T>(small, [](auto z) { return tan(z); }, [](L z) { return std::tan(z); }) < 8);
    CHECK(worst<T>(small, [](auto z) { return tanh(z); }, [](L z) { return std::tanh(z); }) < 8);
    // Away from the unit circle, where log|z| and with it every bit of the real part vanishes.
    std::vector<std::complex<T>> off_circle;
    for (const auto& z : all)
        if (z != T(0) && std::fabs(std::log(std::abs(z))) > T(0.1)) off_circle.push_back(z);
    CHECK(worst<T>(off_circle, [](auto z) { return log(z); }, [](L z) { return std::log(z); }) < 4);
    CHECK(worst<T>(off_circle, [](auto z) { return log10(z); }, [](L z) { return std::log10(z); }) < 5);
    const complex<T> power(T(1.5), T(-0.5));
    CHECK(worst<T>(
              small, [&](auto z) { return z == complex<T>() ? z : pow(z, power); },
              [](L z) { return z == L() ? z : std::pow(z, L(1.5L, -0.5L)); }) < 40);
}

TEST_CASE("complex: exact and special values") {
    using C = complex<double>;
    CHECK(abs(complex<float>(3e30f, 4e30f)) == 5e30f);
    CHECK(abs(C(3, -4)) == 5);
    CHECK(arg(C(-1, 0)) == Catch::Approx(3.14159265358979).epsilon(1e-14));
    CHECK(arg(C(-1, -0.0)) < 0);
    CHECK(sqrt(C(-4, 0)) == C(0, 2));
    CHECK(sqrt(C(-4, -0.0)) == C(0, -2));
    CHECK(sqrt(C(0, 0)) == C(0, 0));
    CHECK(sqrt(C(1.7e308, 1.7e308)).real() == Catch::Approx(1.4325e154).epsilon(1e-4));
    CHECK(error<double>(sqrt(C(5e-324, 5e-323)), std::sqrt(std::complex<long double>(5e-324, 5e-323))) < 4);
    CHECK(error<float>(sqrt(complex<float>(1e-44f, 0)), std::sqrt(1e-44f)) < 4);
    CHECK(pow(C(0, 0), 2) == C(0, 0));
    CHECK(pow(C(0, 0), 0) == C(1, 0));
    CHECK(pow(2.0, C(2, 0)).real() == Catch::Approx(4.0).epsilon(1e-14));
    CHECK(std::isinf(pow(C(0, 0), -1).real()));
    CHECK(tanh(C(800, 1)) == C(1, 0));
    CHECK(warpx::polar(2.0, 0.0) == C(2, 0));
    CHECK(warpx::polar(located{1.0f}, 3.14159265f / 2).imag() == 1.0f);
    CHECK(real(C(1, 2)) + imag(located{C(1, 2)}) == 3);
}
