// SPDX-License-Identifier: Apache-2.0
// with_adjoint_test.cpp: kernels with an adjoint of their own.
#include <warpx/check_adjoint.hpp>
#include <warpx/with_adjoint.hpp>

#include "support/adjoint_engines.hpp"

#include <vector>

using namespace test;

namespace {

constexpr auto square =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) { gx[i] += 2 * x[i] * gy.take(i); });
/// Not the derivative, so that one sees which ran.
constexpr auto scaled = with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i]; },
                                     [] WARPX_KERNEL(auto i, auto x, auto, auto, auto gx, auto gy, auto ga) {
                                         const auto g = gy.take(i);
                                         gx[i] += 100 * g;
                                         ga += x[i] * g;
                                     });
constexpr auto gather =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto at, auto y) { y[i] += 3 * x[at[i]]; },
                 [] WARPX_KERNEL(auto i, auto, auto at, auto, auto gx, auto g_at, auto gy) {
                     if (g_at) gx[at[i]] += 1000.0f;
                     gx[at[i]] += 3 * gy[i];
                 });

struct cubed {
    template <class I, class X, class Y> static void forward(I i, X x, Y y) { y[i] = x[i] * x[i] * x[i]; }
    template <class I, class X, class Y, class GX, class GY> static void adjoint(I i, X x, Y, GX gx, GY gy) {
        gx[i] += 3 * x[i] * x[i] * gy.take(i);
    }
};
struct lambdas {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto v, auto y) { y[i] = dot(v[i], v[i]); };
    static constexpr auto adjoint = [] WARPX_KERNEL(auto i, auto v, auto, auto gv, auto gy) {
        const auto g = gy.take(i);
        gv[i].x += 2 * v[i].x * g;
        gv[i].y += 2 * v[i].y * g;
        gv[i] += vec3f(0, 0, 2 * v[i].z * g);
    };
};
struct derived {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };
};
static_assert(has_adjoint<cubed> && has_adjoint<lambdas> && has_adjoint<decltype(square)>);
static_assert(!has_adjoint<derived> && !has_adjoint<decltype(derived::forward)> && !has_adjoint<int>);

template <class T = float> array<T, 1> numbers(std::initializer_list<double> values) {
    auto a = zeros<T>(static_cast<int64_t>(values.size()));
    int64_t k = 0;
    for (const double v : values) a[k++] = static_cast<T>(v);
    return a;
}
template <class T> array<T, 1> graded(array<T, 1> a, double g = 0) {
    a.set_grad(full<T>(a.extent(0), static_cast<T>(g)));
    return a;
}
template <class T> std::vector<double> list(const array<T, 1>& a) {
    std::vector<double> v;
    for (int64_t k = 0; k < a.extent(0); ++k) v.push_back(static_cast<double>(value(a[k])));
    return v;
}
using doubles = std::vector<double>;

} // namespace

TEST_CASE("a kernel with its own adjoint launches forward") {
    const auto x = numbers({1, 2, 3}), y = numbers({0, 0, 0});
    launch<square>(3, x, y);
    CHECK(list(y) == doubles{1, 4, 9});
    launch<cubed>(3, x, y);
    CHECK(list(y) == doubles{1, 8, 27});
    launch(3, square, x, y);
    CHECK(list(y) == doubles{1, 4, 9});
}
TEST_CASE("its adjoint launch runs the own one: adds to inputs, consumes outputs, writes no value") {
    const auto x = graded(numbers({1, 2, 3}), 1), y = graded(numbers({7, 7, 7}), 2);
    launch_adjoint<square>(3, x, y);
    CHECK(list(x.grad()) == doubles{5, 9, 13});
    CHECK(list(y.grad()) == doubles{0, 0, 0});
    CHECK(list(y) == doubles{7, 7, 7});
    launch_adjoint(3, square, x, graded(y, 2));
    CHECK(list(x.grad()) == doubles{9, 17, 25});
    launch_adjoint<cubed>(3, x, graded(y, 1));
    CHECK(list(x.grad()) == doubles{12, 29, 52});
}
TEST_CASE("retained gradients stay where the own adjoint takes them") {
    const auto x = graded(numbers({1, 2, 3})), y = graded(numbers({7, 7, 7}), 2);
    launch_adjoint<square>(launch_options{.retain = true}, 3, x, y);
    CHECK(list(x.grad()) == doubles{4, 8, 12});
    CHECK(list(y.grad()) == doubles{2, 2, 2});
}
TEST_CASE("arguments without gradients: reads are zero, writes go nowhere") {
    const auto x = graded(numbers({1, 2})), y = graded(numbers({0, 0}), 1);
    launch_adjoint<scaled>(2, x, y, 3.0f); // the scalar's gradient is not wanted
    CHECK(list(x.grad()) == doubles{100, 100});
    launch_adjoint<scaled>(2, without_grad(x), y, 3.0f);
    launch_adjoint<scaled>(2, x, without_grad(y), 3.0f);
    CHECK(list(x.grad()) == doubles{100, 100});
    launch_adjoint<scaled>(2, without_grad(x), without_grad(y), 3.0f);
    CHECK(list(x) == doubles{1, 2});
    CHECK(list(y) == doubles{0, 0});
    float ga = 1;
    y.grad()[0] = 1, y.grad()[1] = 10;
    launch_adjoint<scaled>(2, without_grad(x), y, with_grad(3.0f, ga));
    CHECK(ga == 22);
    auto given = zeros<float>(2);
    launch_adjoint<scaled>(2, with_grad(x, given), graded(y, 1), 3.0f);
    CHECK(list(given) == doubles{100, 100});
    CHECK(list(x.grad()) == doubles{100, 100});
}
TEST_CASE("+= on gradients is safe: gathers, shared elements, scalars") {
    const int64_t n = 100000;
    const auto x = graded(full<float>(4, 1.0f)), y = graded(full<float>(n, 0.0f), 1);
    const auto at = zeros<int>(n);
    for (int64_t k = 0; k < n; ++k) at[k] = static_cast<int>(k % 4);
    launch_adjoint<gather>(n, x, at, y);
    CHECK(list(x.grad()) == doubles{75000, 75000, 75000, 75000});
    CHECK(value(y.grad()[5]) == 1); // it was added to

    auto one = full<double>(1, 1.0);
    one.set_grad(zeros<double>(1));
    const auto all = broadcast_to(one, {n});
    auto z = full<double>(n, 0.0);
    z.set_grad(full<double>(n, 1.0));
    launch_adjoint<square>(n, all, z);
    CHECK(value(one.grad()[0]) == 2.0 * n);

    double ga = 0;
    auto w = full<double>(n, 1.0);
    z.set_grad(full<double>(n, 1.0));
    launch_adjoint<scaled>(n, w, z, with_grad(1.0, ga));
    CHECK(ga == 1.0 * n);

    // two arguments with one gradient
    auto g = zeros<double>(n + 1);
    auto p = full<double>(n, 1.0), q = full<double>(n, 1.0);
    p.set_grad(slice(g, 0, 0, n));
    launch_adjoint<square>(n, p, z);
    z.set_grad(full<double>(n, 1.0));
    launch_adjoint<square>(n, p, z);
    CHECK(value(g[7]) == 2);
}
TEST_CASE("vectors by component and whole; halves; strided and checked launches") {
    auto v = full<vec3f>(2, vec3f(1, 2, 3));
    v.set_grad(zeros<vec3f>(2));
    launch_adjoint<lambdas>(2, v, graded(numbers({0, 0}), 1));
    CHECK(value(v.grad()[1]) == vec3f(2, 4, 6));

    const auto h = graded(numbers<half>({1, 2})), k = graded(numbers<half>({0, 0}), 1);
    launch_adjoint<square>(2, h, k);
    CHECK(list(h.grad()) == doubles{2, 4});

    const auto x = graded(numbers({1, 2, 3, 4})), y = graded(numbers({0, 0, 0, 0}), 1);
    launch_adjoint<square>(2, slice(x, 0, 0, 4, 2), slice(y, 0, 0, 4, 2));
    CHECK(list(x.grad()) == doubles{2, 0, 6, 0});
    CHECK(list(y.grad()) == doubles{0, 1, 0, 1});
    launch_adjoint<square>(launch_options{.checked = true}, 4, x, y);
    CHECK(list(x.grad()) == doubles{2, 4, 6, 8});
    CHECK_THROWS_AS(launch_adjoint<square>(launch_options{.checked = true}, 5, x, y), index_error);
    CHECK_THROWS_AS(launch_adjoint<square>(-1, x, y), launch_error);
}

namespace {

constexpr auto wrong =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) { gx[i] += x[i] * gy.take(i); });
constexpr auto overwrites =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) { gx[i] = 2 * x[i] * gy.take(i); });
constexpr auto keeps =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) { gx[i] += 2 * x[i] * gy[i]; });
constexpr auto writes = with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; },
                                     [] WARPX_KERNEL(auto i, auto x, auto y, auto gx, auto gy) {
                                         gx[i] += 2 * x[i] * gy.take(i);
                                         y[i] = 5;
                                     });
constexpr auto right_scaled =
    with_adjoint([] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i]; },
                 [] WARPX_KERNEL(auto i, auto x, auto, auto a, auto gx, auto gy, auto ga) {
                     const auto g = gy.take(i);
                     gx[i] += a * g;
                     ga += x[i] * g;
                 });

} // namespace

TEST_CASE("check_adjoint tells right from wrong") {
    const auto x = numbers<double>({1, 2, 3}), y = numbers<double>({1, 1, 1});
    CHECK(check_adjoint<square>(3, x, y).passed);
    CHECK(check_adjoint<square>(3, numbers({1, 2, 3}), numbers({1, 1, 1})).passed);
    CHECK(check_adjoint<cubed>(3, x, y).passed);
    CHECK(check_adjoint<lambdas>(2, full<vec3f>(2, vec3f(1, 2, 3)), numbers({1, 1})).passed);
    double ga = 0;
    CHECK(check_adjoint<right_scaled>(3, x, y, with_grad(2.0, ga)).passed);
    CHECK_FALSE(check_adjoint<scaled>(3, x, y, with_grad(2.0, ga)).passed);

    const auto report = check_adjoint<wrong>(3, x, y);
    CHECK_FALSE(report.passed);
    CHECK(report.worst.argument == 0);
    CHECK_THAT(to_string(report), Catch::Contains("own"));
    CHECK_FALSE(check_adjoint<overwrites>(3, x, y).passed);
    CHECK_FALSE(check_adjoint<keeps>(3, x, y).passed);
    CHECK(check_adjoint<writes>(3, x, y).wrote_values);
    CHECK_FALSE(check_adjoint<writes>(3, x, y).passed);
    // gradcheck checks the own one too
    CHECK(gradcheck<square>(3, x, y).passed);
    CHECK_FALSE(gradcheck<wrong>(3, x, y).passed);
}

struct spring_arrays {
    array<const vec2f, 1> position;
    array<float, 1> energy;
    float stiffness;
};
WARPX_STRUCT(spring_arrays, position, energy, stiffness);

namespace {

constexpr auto energies = with_adjoint(
    [] WARPX_KERNEL(auto i, auto s) { s.energy[i] = s.stiffness * dot(s.position[i], s.position[i]); },
    [] WARPX_KERNEL(auto i, auto s, auto gs) {
        static_assert(!std::is_same_v<decltype(gs.stiffness), float>);
        const auto g = gs.energy.take(i);
        gs.position[i] += 2 * s.stiffness * s.position[i] * g;
        gs.stiffness += dot(s.position[i], s.position[i]) * g; // goes nowhere
    });
constexpr auto transposed = with_adjoint(
    [] WARPX_KERNEL(auto i, auto x, auto y) {
        auto [r, c] = i;
        y(r, c) = 2 * x(c, r);
    },
    [] WARPX_KERNEL(auto i, auto, auto, auto gx, auto gy) {
        auto [r, c] = i;
        gx(c, r) += 2 * gy.take(r, c);
    });

} // namespace

TEST_CASE("structs of arrays have structs of gradients") {
    auto p = full<vec2f>(3, vec2f(1, 2)), gp = zeros<vec2f>(3);
    auto e = zeros<float>(3), ge = full<float>(3, 1.0f);
    p.set_grad(gp), e.set_grad(ge);
    launch_adjoint<energies>(3, spring_arrays{p, e, 5});
    CHECK(value(gp[2]) == vec2f(10, 20));
    CHECK(value(ge[2]) == 0);
    e.clear_grad();
    launch_adjoint<energies>(3, spring_arrays{p, e, 5});
    CHECK(value(gp[2]) == vec2f(10, 20));
}
TEST_CASE("own adjoints of several axes") {
    auto x = zeros<float>({30, 40}), y = zeros<float>({40, 30});
    CHECK(check_adjoint<transposed>({40, 30}, x, y).passed);
    x.set_grad(zeros<float>({30, 40}));
    y.set_grad(full<float>({40, 30}, 3.0f));
    launch_adjoint<transposed>({40, 30}, x, y);
    CHECK(value(x.grad()(29, 39)) == 6);
    CHECK(value(y.grad()(39, 29)) == 0);
}

namespace {

constexpr auto largest = with_adjoint([] WARPX_KERNEL(auto i, auto x, auto m) { atomic_max(m, 0, x[i]); },
                                      [] WARPX_KERNEL(auto i, auto x, auto m, auto gx, auto gm) {
                                          if (x[i] == m[0]) gx[i] += gm[0]; // m as the kernel left it
                                      });

} // namespace

TEST_CASE("what has no derived adjoint may have one of its own") {
    const auto x = graded(numbers({1, 4, 3})), m = graded(numbers({0}), 2);
    launch<largest>(3, x, m);
    launch_adjoint<largest>(3, x, m);
    CHECK(list(x.grad()) == doubles{0, 2, 0});
}

namespace {

constexpr auto both_ways = with_adjoint(
    [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] + x[int64_t(i) * 7919 % x.extent(0)]; },
    [] WARPX_KERNEL(auto i, auto x, auto, auto gx, auto gy) {
        const auto g = gy.take(i);
        gx[i] += g;
        gx[int64_t(i) * 7919 % x.extent(0)] += g;
    });
template <const auto& K, int Argument> detail::access_kind known_of() {
    using kernel = launching::own_adjoint<detail::kernel_ref<K>>;
    return detail::access_facts<kernel, Argument>::known();
}

} // namespace

TEST_CASE("an item's own element is added to atomically where others add too") {
    CHECK(known_of<both_ways, 2>() == detail::access_kind::shared);
    CHECK(known_of<both_ways, 3>() == detail::access_kind::pointwise);
    CHECK(known_of<square, 2>() == detail::access_kind::pointwise);
    CHECK(known_of<transposed, 2>() == detail::access_kind::shared);
    CHECK(known_of<transposed, 3>() == detail::access_kind::pointwise);
    CHECK(known_of<gather, 3>() == detail::access_kind::shared);
    const int64_t n = 1000000;
    auto x = zeros<float>(n), y = zeros<float>(n);
    x.set_grad(zeros<float>(n));
    y.set_grad(full<float>(n, 1.0f));
    launch_adjoint<both_ways>(n, x, y);
    int64_t wrong = 0;
    for (int64_t k = 0; k < n; ++k) wrong += value(x.grad()[k]) != 2;
    CHECK(wrong == 0);
}
