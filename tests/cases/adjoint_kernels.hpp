// SPDX-License-Identifier: Apache-2.0
// adjoint_kernels.hpp: a kernel for each construct of the table in docs/gradients.md, with arguments of any
// element type. The host's test compares their gradients with finite differences and tangents, CUDA's with
// the host's.
//
// Each list calls test.run<kernel>(name, extents, arguments) where arguments(T{}) makes the arguments with
// numbers of type T, the same values for each T: all are exact in half and bfloat16. run_on_tape if items
// need a tape in memory.
#pragma once

#include "support/adjoint_engines.hpp"

#include <warpx/gradients.hpp>
#include <warpx/random.hpp>

#include <tuple>

namespace adjoint_kernels {

using namespace warpx;

/// An array with values, and a gradient that is not zero.
template <class T, class Dim> auto graded(const Dim& dim, unsigned seed) {
    auto a = test::with_values<T>(dim, seed);
    test::fill_values(a.grad(), seed + 100);
    return a;
}
template <class T, int N> auto graded(const int64_t (&dim)[N], unsigned seed) {
    return graded<T>(warpx::detail::shape_of(dim), seed);
}
template <class T> struct particle {
    vec<T, 2> position;
    T mass;
    int32_t id;
};

// -- Own elements, branches, loops
// -------------------------------------------------------------------------

/// Elements are read and written in any order, by each operator.
constexpr auto own_elements = [] WARPX_KERNEL(auto i, auto x, auto y, auto z) {
    y[i] *= x[i];
    y[i] += sin(x[i]) * y[i];
    z[i] = y[i] * x[i];
    y[i] /= x[i] + 2.0f;
    y[i] -= z[i] * 0.5f;
    auto t = y[i];
    y[i] = 0.25f;
    x[i] = t * x[i];
    z[i] += t + y[i] * x[i];
};
/// if, else, ?:, switch, select, early return.
constexpr auto branches = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = x[i] * 1.0f;
    if (t > 1.0f) {
        y[i] *= t;
        return;
    }
    switch (static_cast<int64_t>(i) % 4) {
    case 0:
        t *= 2.0f;
        [[fallthrough]];
    case 1:
        t = t * t;
        break;
    case 2:
        t = sin(t);
        break;
    default:
        t = -t;
    }
    if (y[i] > 0.0f)
        t = t + y[i] * y[i];
    else if (y[i] < -0.7f)
        t = y[i] * 0.5f;
    t = select(t > 0.0f, t * y[i], t + 1.0f);
    y[i] = t > 0.26f ? t * t : 1.0f - t;
};
/// for and while of run-time length, nested, with continue and break; variables and an array carried along.
constexpr auto loops = [] WARPX_KERNEL(auto i, auto x, auto y, int steps) {
    auto s = x[i] * 1.0f;
    for (int k = 0; k < steps; ++k) s = s - 0.1f * sin(s * x[i]);
    auto t = s * s + 1.0f;
    int n = 0;
    while (t < 4.0f && n < steps) {
        t = t * (1.25f + 0.1f * y[i]);
        ++n;
    }
    decltype(t) a[4] = {s, t, s * y[i], t - s};
    for (int k = 0; k < n; ++k) a[k % 4] = 0.5f * a[(k + 1) % 4] * a[k % 4] + 0.25f * a[(k + 2) % 4];
    for (int k = 0; k < steps; ++k)
        for (int j = 0; j < k; ++j) {
            if (j == 2) continue;
            t += 0.01f * s * a[j % 4];
            if (j > 4) break;
        }
    y[i] = t * a[0] + a[1] * a[2] - a[3];
};

template <class Test> void own_cases(const Test& test) {
    test.template run<own_elements>("own elements", shape(8), []<class T>(T) {
        return std::tuple(graded<T>(8, 1), graded<T>(8, 2), graded<T>(8, 3));
    });
    test.template run<branches>("branches", shape(16),
                                []<class T>(T) { return std::tuple(graded<T>(16, 1), graded<T>(16, 2)); });
    test.template run<loops>("loops", shape(8),
                             []<class T>(T) { return std::tuple(graded<T>(8, 1), graded<T>(8, 2), 6); });
}

// -- Elements at computed indices
// --------------------------------------------------------------------------

/// Gathers by a table, by computed indices, and of what may have been written.
constexpr auto gathers = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto z) {
    const auto j = table[i];
    y[i] = x[j] * sin(x[(j + 3) % 8]) + x[i];
    z[i] = x[table[j]] * x[7] - 0.5f * y[i];
    if (x[j] > 0.0f) z[i] *= x[j];
};
/// Sums of gathered values, read after their loops.
constexpr auto sums = [] WARPX_KERNEL(auto at, auto a, auto b, auto c) {
    auto [row, column] = at;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, column);
    c[at] = s + c[at];
};
/// Stores and atomics where other items do not store; counts are passive.
constexpr auto scatters = [] WARPX_KERNEL(auto i, auto x, auto table, auto y, auto w, auto z, auto n) {
    y[table[i]] = x[i] * x[i];
    w[table[i]] += x[i] + 1.0f;
    w[table[i]] -= x[i] * x[i];
    atomic_add(z, table[i] % 2, x[i] * 0.5f);
    atomic_sub(z, 2, x[i] * x[i]);
    atomic_add(n, 0, 1);
};
/// What needs a tape: variables carried over gathered values, elements stored and read at computed indices.
constexpr auto taped = [] WARPX_KERNEL(auto i, auto x, auto p, auto table, auto y, int steps) {
    auto s = x[i] * 1.0f;
    for (int k = 0; k < steps; ++k) s = s + 0.02f * sin(p[k % 3] * s);
    y[table[i]] *= s;
};
/// A fold over gathered values, and a computation of few numbers by themselves.
constexpr auto folded = [] WARPX_KERNEL(auto i, auto x, auto p, auto y, int steps) {
    const auto f =
        fold(steps, x[i] * 1.0f, [&](auto k, auto v) { return v + 0.5f * sin(v) * p[k] + 0.1f * x[i]; });
    y[i] = local(
        [](auto a, auto b) {
            auto r = a * b;
            if (r > 0.0f) r = r * a + 1.0f;
            return r;
        },
        f, x[i] * 1.0f);
};

template <class Test> void gather_cases(const Test& test) {
    test.template run<gathers>("gathers", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(8, 1), test::indices({1, 0, 3, 3, 2, 1, 1, 0}), graded<T>(4, 2),
                          graded<T>(4, 3));
    });
    test.template run<sums>("sums", shape(4, 3), []<class T>(T) {
        return std::tuple(graded<T>({4, 5}, 1), graded<T>({5, 3}, 2), graded<T>({4, 3}, 3));
    });
    test.template run<scatters>("scatters", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(4, 1), test::indices({3, 0, 1, 6}), graded<T>(8, 2), graded<T>(8, 3),
                          graded<T>(3, 4), test::indices({0}));
    });
    test.template run_on_tape<taped>("taped", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(4, 1), graded<T>(3, 2), test::indices({3, 0, 1, 6}), graded<T>(8, 3),
                          150);
    });
    test.template run<folded>("folded", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(4, 1), graded<T>(6, 2), graded<T>(4, 3), 6);
    });
}

// -- Vectors, matrices, quaternions, complex numbers, structs
// ----------------------------------------------

/// Components of elements and of locals, by each operator.
constexpr auto vectors = [] WARPX_KERNEL(auto i, auto x, auto v, auto w) {
    v[i].x = x[i] * v[i].y;
    v[i].y += x[i];
    v[i].y *= v[i].x;
    v[i].z /= x[i] + 2.0f;
    v[i].z -= v[i].y;
    auto u = v[i] * x[i];
    u.x = u.y * u.z;
    for (int k = 0; k < 3; ++k) u[k] += 0.5f * u[(k + 1) % 3];
    w[i] = cross(u, v[i]) / (length(u) + 1.0f) + dot(u, v[i]) * v[i];
};
constexpr auto gathered_vectors = [] WARPX_KERNEL(auto i, auto v, auto table, auto w) {
    const auto j = table[i], k = table[i + 4];
    const auto d = v[j] - v[k];
    const auto pull = d / length(d) * (length(d) - 0.5f);
    atomic_add(w, j, pull);
    atomic_add(w, k, -pull * v[k].y);
};
constexpr auto matrices = [] WARPX_KERNEL(auto i, auto m, auto v) {
    m[i](0, 1) = m[i](1, 0) * v[i].x;
    m[i](1, 1) *= v[i].y;
    auto n = m[i] * transpose(m[i]);
    n(0, 0) += v[i].x;
    v[i] = n * v[i] * determinant(m[i]);
};
constexpr auto quaternions = [] WARPX_KERNEL(auto i, auto q, auto v) {
    q[i].w = q[i].x + 2.0f;
    v[i] = rotate(normalize(q[i]), v[i]);
};
/// Of float and double only.
constexpr auto complex_numbers = [] WARPX_KERNEL(auto i, auto z, auto x) {
    auto c = z[i] * z[i] * x[i];
    z[i] = c / (conj(z[i]) + 2.0f);
    x[i] = abs(c) + c.real() * z[i].imag();
};
constexpr auto structs = [] WARPX_KERNEL(auto i, auto p, auto y) {
    p[i].position.x += p[i].position.y * p[i].mass;
    p[i].mass *= y[i];
    p[i].id += 1;
    y[i] = dot(p[i].position, p[i].position) * static_cast<float>(p[i].id) + p[i].mass;
};

template <class Test> void vector_cases(const Test& test) {
    test.template run<vectors>("vectors", shape(6), []<class T>(T) {
        return std::tuple(graded<T>(6, 1), graded<vec<T, 3>>(6, 2), graded<vec<T, 3>>(6, 3));
    });
    test.template run<gathered_vectors>("gathered vectors", shape(4), []<class T>(T) {
        return std::tuple(graded<vec<T, 3>>(6, 1), test::indices({4, 2, 5, 4, 0, 1, 2, 3}),
                          graded<vec<T, 3>>(6, 2));
    });
    test.template run<matrices>("matrices", shape(4), []<class T>(T) {
        return std::tuple(graded<mat<T, 2, 2>>(4, 1), graded<vec<T, 2>>(4, 2));
    });
    test.template run<quaternions>("quaternions", shape(4), []<class T>(T) {
        return std::tuple(graded<quat<T>>(4, 1), graded<vec<T, 3>>(4, 2));
    });
    test.template run_on_tape<structs>("structs", shape(4), []<class T>(T) {
        return std::tuple(graded<particle<T>>(4, 1), graded<T>(4, 2));
    });
}
template <class Test> void complex_cases(const Test& test) {
    test.template run<complex_numbers>("complex numbers", shape(6), []<class T>(T) {
        return std::tuple(graded<complex<T>>(6, 1), graded<T>(6, 2));
    });
}

// -- Functions, objects, math, random numbers, what has no derivative
// --------------------------------------

template <class V> WARPX_HOST_DEVICE V squared(const V& x) { return x * x; }
template <class V> WARPX_HOST_DEVICE void scale_by_reference(V& x, const V& by) { x *= by; }
template <class V> struct oscillator {
    V position, velocity;
    WARPX_HOST_DEVICE void step(const V& stiffness) {
        velocity -= stiffness * position * 0.25f;
        position += velocity * 0.25f;
    }
    WARPX_HOST_DEVICE V energy() const { return position * position + squared(velocity); }
};

constexpr auto functions = [] WARPX_KERNEL(auto i, auto x, auto y) {
    auto t = x[i] * 1.0f;
    using V = decltype(t);
    oscillator<V> o{t, V(0.5f)};
    for (int k = 0; k < 3; ++k) o.step(y[i] * 1.0f);
    const auto add = [&](const auto& by) { t += by; };
    add(o.energy());
    add(t * o.velocity);
    scale_by_reference(t, squared(o.position));
    y[i] = t;
};
constexpr auto mathematics = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const auto a = abs(x[i]) + 0.5f, b = y[i] * 1.0f;
    auto t = exp(0.5f * b) * cos(a) + log(a) * tanh(b) + sqrt(a) * atan2(b, a);
    t += warpx::pow(a, 1.5f) + max(a, b) * min(a, b) - clamp(b, -0.25f, 0.25f) +
         copysign(a, b) * floor(4.0f * b);
    y[i] = t + erf(b) / cosh(a) + asin(0.5f * sin(b)) + hypot(a, b);
};
/// Integers and bools, read and written, and random numbers decide.
constexpr auto passives = [] WARPX_KERNEL(auto i, auto x, auto n, auto flags, auto y) {
    philox rng(7, i);
    auto t = x[i] * 1.0f;
    const int count = n[i] * 2 + 1;
    const bool many = flags[i] || count > 4;
    n[i] = count;
    flags[i] = many;
    for (int k = 0; k < count; ++k) t = uniform<float>(rng) < 0.5f ? t * t : t + uniform<float>(rng);
    y[i] = many ? t * static_cast<float>(count) : sin(t) * y[i];
};
/// Finite differences see more than a gradient here does: x y + y, and y stands still once.
constexpr auto stopped = [] WARPX_KERNEL(auto i, auto x, auto y, auto z) {
    z[i] = x[i] * stop_gradient(y[i]) + y[i];
};

template <class Test> void function_cases(const Test& test) {
    test.template run<functions>("functions", shape(6),
                                 []<class T>(T) { return std::tuple(graded<T>(6, 1), graded<T>(6, 2)); });
    test.template run<mathematics>("math", shape(12),
                                   []<class T>(T) { return std::tuple(graded<T>(12, 1), graded<T>(12, 2)); });
    test.template run<passives>("passives", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(4, 1), test::indices({0, 1, 2, 3}), zeros<bool>(4), graded<T>(4, 2));
    });
}
/// Not for finite differences.
template <class Test> void stopped_cases(const Test& test) {
    test.template run<stopped>("stop_gradient", shape(4), []<class T>(T) {
        return std::tuple(graded<T>(4, 1), graded<T>(4, 2), graded<T>(4, 3));
    });
}

} // namespace adjoint_kernels
WARPX_STRUCT(adjoint_kernels::particle<float>, position, mass, id);
WARPX_STRUCT(adjoint_kernels::particle<double>, position, mass, id);
WARPX_STRUCT(adjoint_kernels::particle<warpx::half>, position, mass, id);
WARPX_STRUCT(adjoint_kernels::particle<warpx::bfloat16>, position, mass, id);
