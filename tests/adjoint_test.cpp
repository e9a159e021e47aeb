// SPDX-License-Identifier: Apache-2.0
// adjoint_test.cpp: what an adjoint launch does to gradients: the expected values of NVIDIA Warp's tests,
// re-derived; retained, absent and shared gradients; arrays that meet; scalars.
#include "support/adjoint_engines.hpp"

#include <vector>

using namespace test;

namespace {

array<float, 1> floats(std::initializer_list<float> values) {
    const auto a = zeros<float>(static_cast<int64_t>(values.size()));
    int64_t k = 0;
    for (const float v : values) a.data_handle()[k++] = v;
    return a;
}
template <class T> std::vector<T> list(const array<T, 1>& a) {
    std::vector<T> v;
    for (int64_t k = 0; k < a.extent(0); ++k) v.push_back(value(a[k]));
    return v;
}
using numbers = std::vector<float>;

/// With a gradient of zeros.
array<float, 1> active(array<float, 1> a) {
    a.set_grad(zeros_like(a));
    return a;
}
array<float, 1> active(array<float, 1> a, float g) {
    a.set_grad(full<float>(a.extent(0), g));
    return a;
}

/// Runs a check with the launch as it is, and with the tape.
template <class F, class Check> void both(const F& f, const Check& check) {
    SECTION("as launched") {
        check([&](const launch_options& options, const auto& dim, const auto&... a) {
            launch_adjoint(options, dim, f, a...);
        });
    }
    SECTION("taped") {
        check([&](const launch_options& options, const auto& dim, const auto&... a) {
            taped_adjoint(options, dim, f, a...);
        });
    }
}

} // namespace

// -- Warp's test_array and test_grad
// ---------------------------------------------------------------------------

constexpr auto overwrite_by_one = [] WARPX_KERNEL(auto i, auto x) { x[i] = 1.0f; };
constexpr auto triple_store = [] WARPX_KERNEL(auto i, auto a, auto b) {
    b[i] = a[i] * 2.0f;
    b[i] = a[i] * 3.0f;
};
constexpr auto overwritten = [] WARPX_KERNEL(auto i, auto x_a, auto x_b, auto z) {
    z[i] = x_a[i];
    z[i] = x_b[i] * 3.0f;
};
constexpr auto add_up = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] += x[i] * 2.0f; };
constexpr auto copy_kernel = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i]; };

TEST_CASE("array_overwrite of Warp: the last store has the gradient") {
    both(kernel<overwritten>, [](const auto& adjoint) {
        const auto a = active(floats({1, 2})), b = active(floats({3, 4})), z = active(floats({0, 0}), 1);
        adjoint({}, 2, a, b, z);
        CHECK(list(a.grad()) == numbers{0, 0});
        CHECK(list(b.grad()) == numbers{3, 3});
        CHECK(list(z.grad()) == numbers{0, 0});
        CHECK(list(z) == numbers{0, 0}); // no primal is written
    });
    both(kernel<triple_store>, [](const auto& adjoint) {
        const auto a = active(floats({1, 2})), b = active(floats({3, 4}), 1);
        adjoint({}, 2, a, b);
        CHECK(list(a.grad()) == numbers{3, 3});
    });
}

TEST_CASE("gradients of what is overwritten are consumed, those of what is added to stay, inputs add up") {
    both(kernel<copy_kernel>, [](const auto& adjoint) {
        const auto x = active(floats({1, 2, 3}), 10), y = active(floats({4, 5, 6}), 2);
        adjoint({}, 2, x, y);
        CHECK(list(x.grad()) == numbers{12, 12, 10});
        CHECK(list(y.grad()) == numbers{0, 0, 2});
        adjoint({}, 3, x, y);
        CHECK(list(x.grad()) == numbers{12, 12, 12});
        CHECK(list(y.grad()) == numbers{0, 0, 0});
    });
    both(kernel<add_up>, [](const auto& adjoint) {
        const auto x = active(floats({1, 2, 3}), 10), y = active(floats({4, 5, 6}), 2);
        adjoint({}, 3, x, y);
        adjoint({}, 3, x, y);
        CHECK(list(x.grad()) == numbers{18, 18, 18});
        CHECK(list(y.grad()) == numbers{2, 2, 2});
    });
    both(kernel<overwrite_by_one>, [](const auto& adjoint) {
        const auto x = active(floats({1, 2}), 5);
        adjoint({}, 1, x);
        CHECK(list(x.grad()) == numbers{0, 5});
    });
}

constexpr auto read_and_overwritten = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = value(y[i]);
    y[i] = x[i];
    x[i] = t * 2.0f;
};

TEST_CASE("retain leaves the gradients of what is only written") {
    both(kernel<overwritten>, [](const auto& adjoint) {
        const auto a = active(floats({1, 2})), b = active(floats({3, 4})), z = active(floats({0, 0}), 1);
        adjoint({.retain = true}, 2, a, b, z);
        CHECK(list(a.grad()) == numbers{0, 0});
        CHECK(list(b.grad()) == numbers{3, 3});
        CHECK(list(z.grad()) == numbers{1, 1});
    });
    both(kernel<read_and_overwritten>, [](const auto& adjoint) { // in place: consumed all the same
        const auto x = active(floats({1, 2}), 3), y = active(floats({3, 4}), 1);
        adjoint({.retain = true}, 2, x, y);
        CHECK(list(x.grad()) == numbers{1, 1});
        CHECK(list(y.grad()) == numbers{6, 6});
    });
}
constexpr auto reads_its_own_result = [] WARPX_KERNEL(auto i, auto r, auto w) {
    w[i] = r[i];
    w[i] = w[i] * r[i];
};
TEST_CASE("retain: what an item reads back of its own is not what was there before") {
    both(kernel<reads_its_own_result>, [](const auto& adjoint) {
        const auto r = active(floats({1, 2})), w = active(floats({5, 6}), 3);
        adjoint({.retain = true}, 2, r, w);
        CHECK(list(r.grad()) == numbers{6, 12}); // 2 r * 3
        CHECK(list(w.grad()) == numbers{3, 3});
        adjoint({}, 2, r, w);
        CHECK(list(w.grad()) == numbers{0, 0});
    });
}
constexpr auto scatter_to_third = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto j = (static_cast<int64_t>(i) + 1) % 3;
    y[j] = x[i];
    y[j] = x[i] * 4.0f;
};
TEST_CASE("retain, elsewhere: only the last store of an element counts") {
    both(kernel<scatter_to_third>, [](const auto& adjoint) {
        const auto x = active(floats({1, 2, 3})), y = active(floats({0, 0, 0}), 1);
        adjoint({.retain = true}, 3, x, y);
        CHECK(list(x.grad()) == numbers{4, 4, 4});
        CHECK(list(y.grad()) == numbers{1, 1, 1});
    });
}

// Warp's test_grad: aliasing gives [3, 4, 6] there by accident; ours is the derivative of what the launch
// does.
constexpr auto alias_kernel = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = x[i] * 2.0f;
    y[i] = y[i] + x[i];
};
constexpr auto for_loop_grad = [] WARPX_KERNEL(auto i, auto x, auto s) {
    auto sum = decltype(x)::zero();
    for (int64_t k = 0; k < x.extent(0); ++k) sum = sum + x[k] * 2.0f;
    s[i] = sum;
};
constexpr auto nested_if_grad = [] WARPX_KERNEL(auto i, int n, auto x, auto y) {
    auto t = decltype(x)::zero();
    if (n > 0) {
        t = x[i];
        if (n > 1) {
            t = t * x[i];
            if (n > 2) t = t * x[i];
        }
    }
    y[i] = t;
};
constexpr auto while_square = [] WARPX_KERNEL(auto i, int n, auto x, auto y) {
    auto t = value(x[i]);
    int k = 0;
    while (k < n) {
        t *= t;
        ++k;
    }
    y[i] = t;
};

TEST_CASE("test_grad of Warp: loops, nested branches, while") {
    both(kernel<for_loop_grad>, [](const auto& adjoint) {
        const auto x = active(full<float>(32, 1.0f)), s = active(floats({0}), 1);
        adjoint({}, 1, x, s);
        CHECK(list(x.grad()) == numbers(32, 2.0f));
    });
    both(kernel<nested_if_grad>, [](const auto& adjoint) {
        for (const int n : {0, 1, 2, 3}) {
            const auto x = active(floats({2, 3})), y = active(floats({0, 0}), 1);
            adjoint({}, 2, n, x, y);
            const numbers want[] = {{0, 0}, {1, 1}, {4, 6}, {12, 27}};
            CHECK(list(x.grad()) == want[n]);
        }
    });
    both(kernel<while_square>, [](const auto& adjoint) {
        const auto x = active(floats({2, 1})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, 3, x, y); // x^8
        CHECK(list(x.grad()) == numbers{8 * 128, 8});
    });
    both(kernel<alias_kernel>, [](const auto& adjoint) {
        const auto x = active(floats({1, 2, 3}), 0);
        x.grad()[0] = 1.0f;
        x.grad()[1] = 2.0f;
        adjoint({}, 3, x, x); // x <- 2 x, then x <- x + x
        CHECK(list(x.grad()) == numbers{4, 8, 0});
    });
}

// Warp's documented failures, with the values they should have.
constexpr auto inplace_product = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = x[i];
    y[i] *= x[i];
    y[i] *= x[i];
};
constexpr auto inplace_quotient = [] WARPX_KERNEL(auto i, auto x, auto y) {
    y[i] = 8.0f;
    y[i] /= x[i];
    y[i] /= x[i];
};
constexpr auto dynamic_loop = [] WARPX_KERNEL(auto i, auto x, int n, auto y) {
    auto s = x[i] * 1.0f;
    for (int k = 0; k < n; ++k) s = s * x[i];
    y[i] = s;
};
TEST_CASE("what Warp documents as wrong") {
    both(kernel<inplace_product>, [](const auto& adjoint) {
        const auto x = active(floats({2, 3})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, y);
        CHECK(list(x.grad()) == numbers{12, 27});
    });
    both(kernel<inplace_quotient>, [](const auto& adjoint) {
        const auto x = active(floats({2, 4})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, y); // 8 / x^2
        CHECK(list(x.grad()) == numbers{-2, -0.25f});
    });
    both(kernel<dynamic_loop>, [](const auto& adjoint) {
        const auto x = active(floats({2, 1})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, 4, y); // x^5
        CHECK(list(x.grad()) == numbers{80, 5});
    });
}

// -- Gradients that are absent, given, shared
// ------------------------------------------------------------------

constexpr auto product = [] WARPX_KERNEL(auto i, auto a, auto b, auto y) { y[i] = a[i] * b[i]; };
constexpr auto product_elsewhere = [] WARPX_KERNEL(auto i, auto a, auto b, auto y) {
    const auto j = static_cast<int64_t>(i);
    y[j] = a[j] * b[j];
};

TEST_CASE("arrays without a gradient are constants; with_grad and without_grad") {
    const auto check = [](const auto& adjoint) {
        const auto plain = floats({5, 7});
        const auto a = active(floats({2, 3})), b = active(floats({5, 7})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, a, plain, y);
        CHECK(list(a.grad()) == numbers{5, 7});
        seed_gradient(y, 1);
        const auto g = zeros<float>(2);
        adjoint({}, 2, with_grad(a, g), without_grad(b), y);
        CHECK(list(g) == numbers{5, 7});
        CHECK(list(a.grad()) == numbers{5, 7});
        CHECK(list(b.grad()) == numbers{0, 0});
        adjoint({}, 2, a, b, without_grad(y)); // nothing flows
        CHECK(list(a.grad()) == numbers{5, 7});
        adjoint({}, 2, plain, plain, floats({0, 0}));
        const array<const float, 1> c = a;
        seed_gradient(y, 1);
        adjoint({}, 2, c, c, y);
        CHECK(list(a.grad()) == numbers{9, 13});
    };
    both(kernel<product>, check);
    both(kernel<product_elsewhere>, check);
}

constexpr auto same_memory = [] WARPX_KERNEL(auto i, auto a, auto b, auto y) {
    y[i] = a[i] * b[i] + sin(a[i]);
    b[i] = y[i] * a[i];
};
constexpr auto neighbours = [] WARPX_KERNEL(auto i, auto a, auto b) {
    b[i] = a[i] * 2.0f + b[i] * a[(static_cast<int64_t>(i) + 1) % 2];
};
TEST_CASE("arrays that meet in memory") {
    const auto a = with_values<double>(6, 1), y = with_values<double>(6, 2), z = with_values<double>(6, 3);
    const array<const double, 1> c = a;
    check_both(6, kernel<product>, a, a, y);
    check_both(6, kernel<product>, c, a, y);
    check_both(6, kernel<product>, c, c, y);
    check_both(6, kernel<product>, a, a, a);
    check_both(6, kernel<product>, c, a, a);
    check_both(6, kernel<product_elsewhere>, a, c, a);
    check_both(6, kernel<same_memory>, c, a, y);
    check_both(6, kernel<same_memory>, a, a, y);
    check_both(6, kernel<same_memory>, c, y, y);
    // Views that overlap in part.
    const auto lower = slice(a, 0, 0, 4), upper = slice(a, 0, 2, 6);
    check_both(4, kernel<product>, lower, upper, y);
    check_both(2, kernel<neighbours>, slice(a, 0, 0, 2), upper);
    check_both(2, kernel<neighbours>, upper, lower);
    // A gradient that two arrays share.
    const auto shared = zeros<double>(6);
    check_both(6, kernel<product>, with_grad(a, shared), with_grad(z, shared), y);
    check_both(6, kernel<product_elsewhere>, with_grad(a, shared), with_grad(z, shared), y);
}

constexpr auto guarded = [] WARPX_KERNEL(auto i, auto x, auto y, auto total) {
    if (static_cast<int64_t>(i) < y.extent(0)) y[i] = x[i] * x[i];
    if (static_cast<int64_t>(i) < x.extent(0)) atomic_add(total, 0, x[i]);
};
TEST_CASE("arrays smaller than the launch, guarded by the kernel") {
    const auto x = with_values<double>(7, 1), y = with_values<double>(4, 2), t = with_values<double>(1, 3);
    check_both(1000, kernel<guarded>, x, y, t);
    check_both(shape(5), kernel<guarded>, x, y, t);
    check_both(1, kernel<guarded>, x, y, t);
    check_both(0, kernel<guarded>, x, y, t);
    const auto empty_array = with_values<double>(0, 1);
    check_both(3, kernel<guarded>, empty_array, empty_array, t);
}

// -- Scalars
// -------------------------------------------------------------------------------------------------

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto shifted = [] WARPX_KERNEL(auto i, auto x, auto y, auto v, auto a) {
    auto t = v * a;
    v.x = t.y; // a kernel's own copy
    y[i] = dot(v, t) * x[i] * a;
};
TEST_CASE("gradients of scalars") {
    const auto x = with_values<double>(100, 1), y = with_values<double>(100, 2);
    double ga = 0;
    check_both({.samples = 8}, 100, kernel<saxpy>, x, y, with_grad(2.5, ga));
    check_both({.samples = 8}, 100, kernel<saxpy>, without_grad(x), y, with_grad(2.5, ga));
    vec<double, 3> gv{};
    check_both({.samples = 8}, 100, kernel<shifted>, x, y, with_grad(vec<double, 3>(1.0, 2.0, -0.5), gv),
               with_grad(0.75, ga));
    CHECK(ga == 0);
    both(kernel<saxpy>, [](const auto& adjoint) {
        const auto u = active(floats({1, 2, 3})), v = active(floats({0, 0, 0}), 1);
        float g = 100;
        adjoint({}, 3, u, v, with_grad(2.0f, g));
        CHECK(g == 106);
        const auto in_array = zeros<float>(shape<0>());
        adjoint({}, 3, u, v, with_grad(2.0f, in_array));
        CHECK(in_array.data_handle()[0] == 6);
        half gh(0.0f);
        adjoint({}, 3, u, v, with_grad(half(2.0f), gh));
        CHECK(static_cast<float>(gh) == 6);
        double gd = 0;
        adjoint({}, 3, u, v, with_grad(2.0, gd));
        CHECK(gd == 6);
    });
}

// -- Kernels of other kinds; sizes
// -----------------------------------------------------------------------------

struct struct_with_forward {
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto x, auto y) { y[i] = x[i] * x[i]; };
};
TEST_CASE("structs, capturing lambdas, several extents in braces") {
    const auto x = active(floats({1, 2, 3})), y = active(floats({0, 0, 0}), 1);
    launch_adjoint<struct_with_forward>(3, x, y);
    CHECK(list(x.grad()) == numbers{2, 4, 6});
    const float scale = 3;
    seed_gradient(y, 1);
    launch_adjoint(3, [scale](auto i, auto u, auto v) { v[i] = u[i] * scale; }, x, y);
    CHECK(list(x.grad()) == numbers{5, 7, 9});
    launch_adjoint<copy_kernel>(0, x, y);
    launch_adjoint<copy_kernel>({int64_t{3}}, x, y);
    CHECK_THROWS_AS(launch_adjoint<copy_kernel>(-1, x, y), launch_error);
    CHECK(to_string(gradcheck<struct_with_forward>(3, x, y)).find("passed") != std::string::npos);
}

constexpr auto shared_by_all = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, auto total, auto a) {
    const auto j = static_cast<int64_t>(i) % 4;
    y[i] = x[i] * p[j] * a;
    atomic_add(total, j, x[i]);
};
TEST_CASE("many items on two threads add to shared gradients") {
    constexpr int64_t n = 100000;
    const auto x = zeros<double>(n), p = zeros<double>(4), y = zeros<double>(n), total = zeros<double>(4);
    for (int64_t k = 0; k < n; ++k) x[k] = static_cast<double>(k % 8);
    for (int64_t k = 0; k < 4; ++k) p[k] = static_cast<double>(k + 1);
    const auto gx = zeros<double>(n), gp = zeros<double>(4), gy = full<double>(n, 1.0),
               gt = full<double>(4, 2.0);
    double ga = 0;
    launch_adjoint<shared_by_all>(launch_options{.threads = 2}, n, with_grad(x, gx), with_grad(p, gp),
                                  with_grad(y, gy), with_grad(total, gt), with_grad(0.5, ga));
    double want_p[4] = {}, want_a = 0;
    bool right = true;
    for (int64_t k = 0; k < n; ++k) {
        want_p[k % 4] += 0.5 * static_cast<double>(k % 8);
        want_a += static_cast<double>(k % 8) * static_cast<double>(k % 4 + 1);
        right = right && value(gx[k]) == 0.5 * static_cast<double>(k % 4 + 1) + 2.0 && value(gy[k]) == 0;
    }
    CHECK(right);
    for (int64_t k = 0; k < 4; ++k) CHECK(value(gp[k]) == want_p[k]);
    CHECK(ga == want_a);
}

// -- Constants, mixtures, values that are not finite
// ----------------------------------------------------------------

constexpr auto mixed_types = [] WARPX_KERNEL(auto i, auto d, auto f, auto h, auto y) {
    auto t = d[i] * f[i] + h[i] * 2.0;
    f[i] = t;
    h[i] *= f[i];
    y[i] = sin(t) * h[i] * f[i];
};
TEST_CASE("double, float and half in one kernel") {
    const auto d = with_values<double>(5, 1), y = with_values<double>(5, 4);
    const auto f = with_values<float>(5, 2);
    const auto h = with_values<half>(5, 3);
    check_both(5, kernel<mixed_types>, d, f, h, y);
}
constexpr auto safe_log = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = log(x[i]); // minus infinity at 0, and not used there
    y[i] = x[i] > 0.0f ? t : x[i] * 2.0f;
};
constexpr auto unused_infinity = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = sqrt(x[i]);
    auto u = x[static_cast<int64_t>(i)] * t;
    if (x[i] > 0.0f)
        y[i] = u;
    else
        y[i] = x[i];
};
constexpr auto gathered_log = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto j = static_cast<int64_t>(i);
    auto t = log(x[j]);
    auto u = sqrt(x[j]) * x[i];
    if (x[i] > 0.0f)
        y[i] = t + u;
    else
        y[i] = x[j] * 2.0f;
};
TEST_CASE("infinite derivatives of what is not used leave no trace") {
    both(kernel<safe_log>, [](const auto& adjoint) {
        const auto x = active(floats({0, 2})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, y);
        CHECK(list(x.grad()) == numbers{2, 0.5f});
    });
    both(kernel<unused_infinity>, [](const auto& adjoint) {
        const auto x = active(floats({0, 1})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, y);
        CHECK(list(x.grad()) == numbers{1, 1.5f});
    });
    both(kernel<gathered_log>, [](const auto& adjoint) {
        const auto x = active(floats({0, 1})), y = active(floats({0, 0}), 1);
        adjoint({}, 2, x, y);
        CHECK(list(x.grad()) == numbers{2, 2.5f});
    });
}
