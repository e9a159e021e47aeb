// SPDX-License-Identifier: Apache-2.0
// mat_test.cpp: mat<T, R, C>: layout, products, determinant and inverse by their identities.
#include <warpx/complex.hpp>
#include <warpx/mat.hpp>

#include "support/catch.hpp"
#include "support/numbers.hpp"

using namespace warpx;
using test::located;

namespace {

template <class M> M random_matrix(unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-1, 1);
    M m{};
    for (int r = 0; r < M::rows(); ++r)
        for (int c = 0; c < M::columns(); ++c) m(r, c) = static_cast<typename M::value_type>(uniform(random));
    return m;
}

template <class M> double largest(const M& m) {
    double most = 0;
    for (int r = 0; r < M::rows(); ++r)
        for (int c = 0; c < M::columns(); ++c) most = std::max(most, static_cast<double>(std::fabs(m(r, c))));
    return most;
}

/// The definition: a sum over the first row, recursively.
template <class T, int N> double determinant_by_expansion(const mat<T, N, N>& m) {
    if constexpr (N == 1) {
        return m(0, 0);
    } else {
        double sum = 0;
        for (int c = 0; c < N; ++c) {
            mat<T, N - 1, N - 1> minor{};
            for (int r = 1; r < N; ++r)
                for (int k = 0; k < N; ++k)
                    if (k != c) minor(r - 1, k < c ? k : k - 1) = m(r, k);
            sum += (c % 2 ? -1 : 1) * m(0, c) * determinant_by_expansion(minor);
        }
        return sum;
    }
}

} // namespace

TEST_CASE("mat: R * C elements, row after row, and nothing else") {
    STATIC_REQUIRE(sizeof(mat<half, 3, 3>) == 18);
    STATIC_REQUIRE(sizeof(mat44d) == 128);
    STATIC_REQUIRE(alignof(mat<float, 2, 3>) == 4);
    STATIC_REQUIRE(std::is_trivially_copyable_v<mat33f>);
    STATIC_REQUIRE(std::is_standard_layout_v<mat33f>);
    STATIC_REQUIRE(std::is_trivially_default_constructible_v<mat33f>);
    const mat<float, 2, 3> m(1, 2, 3, 4, 5, 6);
    float raw[6];
    std::memcpy(raw, &m, sizeof m);
    CHECK(raw[3] == 4);
    CHECK(m(1, 0) == 4);
    CHECK(m(0, 2) == 3);
    CHECK(m.row(1) == vec3f(4, 5, 6));
    CHECK(m.column(1) == vec2f(2, 5));
    CHECK(mat33f{} == mat33f(0, 0, 0, 0, 0, 0, 0, 0, 0));
}

TEST_CASE("mat: products") {
    const mat<float, 2, 3> a(1, 2, 3, 4, 5, 6);
    const mat<float, 3, 2> b(1, 0, 0, 1, 1, 1);
    CHECK(a * b == mat22f(4, 5, 10, 11));
    CHECK(a * vec3f(1, 1, 1) == vec2f(6, 15));
    CHECK(vec2f(1, 1) * a == vec3f(5, 7, 9));
    CHECK(2 * a == a + a);
    CHECK(a / 2 == a * 0.5);
    CHECK(a - a == mat<float, 2, 3>{});
    CHECK(-a + a == mat<float, 2, 3>{});
    mat22f m(1, 2, 3, 4);
    m *= m;
    m += mat22f::identity();
    m -= mat22f(1, 0, 0, 1);
    m *= 2;
    m /= 2;
    CHECK(m == mat22f(7, 10, 15, 22));
    STATIC_REQUIRE(mat22f(1, 2, 3, 4) * vec2f(1, 1) == vec2f(3, 7)); // constant expressions
    STATIC_REQUIRE(determinant(mat22d(1, 2, 3, 4)) == -2);
}

TEST_CASE("mat: the element type of results") {
    STATIC_REQUIRE(std::is_same_v<decltype(mat33h{} * mat33h{}), mat33f>);
    STATIC_REQUIRE(std::is_same_v<decltype(mat33h{} * vec3d{}), vec3d>);
    STATIC_REQUIRE(std::is_same_v<decltype(mat33h{} + mat33f{}), mat33f>);
    STATIC_REQUIRE(std::is_same_v<decltype(mat33f{} * 2.0), mat33f>);
    STATIC_REQUIRE(std::is_same_v<decltype(inverse(mat22h{})), mat22f>);
    STATIC_REQUIRE(std::is_same_v<decltype(determinant(mat<int, 2, 2>{})), double>);
    STATIC_REQUIRE(std::is_convertible_v<mat33h, mat33f>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<mat33d, mat33f>);
    mat22h h(1, 2, 3, 4);
    h = mat22f(2, 3, 4, 5);
    CHECK(h(1, 1) == 5.0f);
}

TEST_CASE("mat: located operands") {
    const located m{mat22f(1, 2, 3, 4)};
    const located v{vec2f(1, 1)};
    CHECK(m * m == mat22f(7, 10, 15, 22));
    CHECK(m * v == vec2f(3, 7));
    CHECK(v * m == vec2f(4, 6));
    CHECK(m * located{2} == mat22f(2, 4, 6, 8));
    CHECK(m + m == 2 * m);
    CHECK(m * located{mat22h(1, 0, 0, 1)} == m + mat22f{});
    CHECK(mat22h(m)(1, 0) == 3.0f);
    CHECK(determinant(m) == -2);
    CHECK(trace(m) == 5);
    CHECK(transpose(m) == mat22f(1, 3, 2, 4));
    mat22f a{};
    a += m;
    CHECK(a == mat22f(1, 2, 3, 4));
}

TEST_CASE("mat: transpose, outer, diag, trace, skew") {
    CHECK(transpose(mat<int, 2, 3>(1, 2, 3, 4, 5, 6)) == mat<int, 3, 2>(1, 4, 2, 5, 3, 6));
    CHECK(outer(vec2f(1, 2), vec3f(3, 4, 5)) == mat<float, 2, 3>(3, 4, 5, 6, 8, 10));
    CHECK(diag(vec2f(1, 2)) == mat22f(1, 0, 0, 2));
    CHECK(diagonal(mat22f(1, 2, 3, 4)) == vec2f(1, 4));
    CHECK(trace(mat33f::identity()) == 3);
    CHECK(skew(vec3f(1, 2, 3)) * vec3f(4, 5, 6) == cross(vec3f(1, 2, 3), vec3f(4, 5, 6)));
}

TEMPLATE_TEST_CASE("mat: determinant and inverse keep their identities", "", mat22f, mat33f, mat44f, mat22d,
                   mat33d, mat44d, (mat<double, 1, 1>), (mat<double, 5, 5>), (mat<float, 6, 6>),
                   (mat<double, 8, 8>)) {
    using M = TestType;
    using T = typename M::value_type;
    const double precision = std::numeric_limits<T>::epsilon();
    for (unsigned seed = 0; seed < 200; ++seed) {
        const M m = random_matrix<M>(seed), n = random_matrix<M>(seed + 1000);
        const double det = determinant(m);
        REQUIRE(std::fabs(det - (M::rows() <= 6 ? determinant_by_expansion(m) : det)) < 40 * precision);
        REQUIRE(std::fabs(determinant(m * n) - det * determinant(n)) < 400 * precision);
        const auto i = inverse(m);
        const double condition = largest(m) * largest(i) * M::rows();
        // Cofactors lose accuracy with the square of the condition in the worst case.
        const double bound = 20 * precision * condition * condition;
        REQUIRE(largest(m * i - M::identity()) < bound);
        REQUIRE(largest(i * m - M::identity()) < bound);
    }
    CHECK(inverse(M::identity()) == M::identity());
    CHECK(determinant(M::identity()) == 1);
}

TEST_CASE("mat: elimination needs its pivots") {
    mat<double, 5, 5> m{}; // a permutation: every pivot but one starts as zero
    for (int k = 0; k < 5; ++k) m(k, (k + 1) % 5) = 1;
    CHECK(determinant(m) == 1);
    CHECK(inverse(m) == transpose(m));
    CHECK(determinant(mat<double, 5, 5>{}) == 0);
}

TEST_CASE("mat: singular, integer, half and complex") {
    CHECK_FALSE(std::isfinite(inverse(mat22f(1, 2, 2, 4))(0, 0)));
    CHECK(inverse(mat<int, 2, 2>(2, 0, 0, 4)) == mat22d(0.5, 0, 0, 0.25));
    CHECK(inverse(mat22h(2, 0, 0, 4)) == mat22f(0.5, 0, 0, 0.25));
    using C = complex<double>;
    const mat<C, 2, 2> c(C(0, 1), 1, 2, C(0, 1));
    CHECK(determinant(c) == C(-3, 0));
    CHECK(abs((c * inverse(c))(0, 0) - 1) < 1e-15);
    CHECK(abs((c * inverse(c))(0, 1)) < 1e-15);
}
