// SPDX-License-Identifier: Apache-2.0
// edges.cpp: fixed kernels for driver.cpp: accumulators, swaps, local arrays, stores that meet, components.
#include "functions.hpp"
#include "bound.hpp"

using namespace rk;

struct conditional_store {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w) {
        if (r[i] > 0.0) w[i] = r[i] * 2.0f;
    };
};
RK_REGISTER(conditional_store);

struct two_stores {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w) {
        w[i] = r[i];
        w[i] = r[i] * r[i];
    };
};
RK_REGISTER(two_stores);

struct own_elsewhere {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, choice<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto s) {
        w[i] = r[i];
        w[i + s.extent(0)] = w[i + 2 * s.extent(0)] * 2.0f;
    };
};
RK_REGISTER(own_elsewhere);

struct store_and_add {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w) {
        w[i] = r[i];
        w[i] += r[i] * 2.0f;
    };
};
RK_REGISTER(store_and_add);

struct store_and_multiply {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w) {
        w[i] = r[i];
        w[i] = w[i] * r[i];
    };
};
RK_REGISTER(store_and_multiply);

struct itself {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto w) { w[i] = w[i]; };
};
RK_REGISTER(itself);

struct times_zero {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w) { w[i] = 0.0f * w[i] + r[i]; };
};
RK_REGISTER(times_zero);

struct kept_then_overwritten {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, own<real, 1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto v) {
        auto t = w[i];
        if (r[i] > 0.0f) {
            w[i] = r[i];
            v[i] = t;
        } else {
            v[i] = w[i];
        }
    };
};
RK_REGISTER(kept_then_overwritten);

struct accumulators {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, trips, any_index<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto n, auto q) {
        auto s = r.zero(), t = r.zero(), u = r.zero(), v = r.zero(), z = r.zero();
        for (int k = 0; k < n; ++k) {
            s += r[q[i]];
            t += s * r[(i + k) % r.extent(0)];
            u -= t;
            v += u * 0.1f;
            z += v * r[i];
        }
        w[i] = s + t * u + v + z;
    };
};
RK_REGISTER(accumulators);

struct swaps {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, trips, any_index<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto n, auto q) {
        auto s = r.zero(), t = r.zero();
        for (int k = 0; k < n; ++k) {
            s += r[q[i]];
            auto x = s;
            s = t;
            t = x;
            s *= 0.9f;
            if (s > t) break;
        }
        w[i] = s - 3.0f * t;
    };
};
RK_REGISTER(swaps);

struct local_array {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, trips, any_index<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto n, auto q) {
        decltype(r.zero()) h[3]{};
        for (int k = 0; k < n; ++k) {
            h[k % 3] += r[(q[i] + k) % r.extent(0)] * h[(k + 1) % 3] + 0.1f * r[i];
            if (k % 5 == 4) h[0] = h[1];
        }
        w[i] += h[0] * h[1] + h[2];
    };
};
RK_REGISTER(local_array);

struct owned_elements {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, trips, owned_index<1>, choice<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto n, auto g, auto s) {
        w[i] = r[i] * w[i];
        w[g[i]] *= r[i] + 2.0f;
        w[i + s.extent(0)] -= w[g[i]];
        w[i] += w[i + s.extent(0)];
        atomic_add(w, g[i], w[i] * 0.5f);
    };
};
RK_REGISTER(owned_elements);

struct scatter {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<rk::read<real, 1>, own<real, 1>, permutation<1>, choice<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto r, auto w, auto p, auto s) {
        auto j = s.extent(0) + p[i];
        w[j] = r[i] * r[i];
        w[j] = w[j] * r[p[i]];
        if (s[i] == 1) return;
        w[j] /= r[i] + 3.0f;
        w[i] = w[j];
    };
};
RK_REGISTER(scatter);

struct components {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<own<vec3, 1>, rk::read<const vec3, 1>, any_index<1>, scalar<vec3>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto o, auto v, auto q, auto b) {
        auto t = o[i];
        o[i].x = v[q[i]].y * t.z;
        o[i].y *= t.x;
        o[i] += warpx::cross(v[i], b);
        o[i].z /= 2.5f + warpx::sin(o[i].x);
        t.x = o[i].y;
        o[i] -= t * warpx::dot(t, v[q[i]]);
    };
};
RK_REGISTER(components);

struct lambdas {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<own<real, 1>, rk::read<real, 1>, any_index<1>>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto w, auto r, auto q) {
        using num = decltype(r.zero());
        num s = r[q[i]];
        auto f = [&](auto x, const auto& y) {
            s += x * y;
            x = s;
            return x * s;
        };
        num a = f(num(r[i]), num(w[i]));
        num b = f(a, s);
        rk::exchange_moved(a, b);
        rk::bump(a, b);
        w[i] = rk::larger(a, b) + rk::deep(b, 3) * a;
    };
};
RK_REGISTER(lambdas);

struct self_assignment {
    static constexpr int rank = 1;
    static constexpr bool smooth = true;
    using arguments = list<own<real, 1>, rk::read<real, 1>, any_index<1>, trips>;
    static constexpr auto forward = [] WARPX_KERNEL(auto i, auto w, auto r, auto q, auto n) {
        using num = decltype(r.zero());
        num s = r[q[i]];
        s = s;
        s += s;
        s *= s;
        s -= s * 0.3f;
        for (int k = 0; k < n; ++k) {
            s = s * 0.5f + r[k % r.extent(0)];
            num t = s;
            t += s;
            s = t * 0.4f;
        }
        w[i] += s;
        w[i] += w[i];
        w[i] *= w[i] * 0.1f;
    };
};
RK_REGISTER(self_assignment);
