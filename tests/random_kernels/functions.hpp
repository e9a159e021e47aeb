// SPDX-License-Identifier: Apache-2.0
// functions.hpp: functions that random kernels call: by value, by reference, recursive, returning references.
#pragma once

#include <warpx/warpx.hpp>

namespace rk {

template <class T> WARPX_HOST_DEVICE T by_value(T t) {
    t += t * t;
    t = warpx::tanh(t);
    return t;
}
template <class T> WARPX_HOST_DEVICE void bump(T& t, const T& by) {
    t *= 0.5f;
    t += by;
}
template <class T> WARPX_HOST_DEVICE void exchange(T& a, T& b) {
    T t = a;
    a = b;
    b = t;
}
template <class T> WARPX_HOST_DEVICE void exchange_moved(T& a, T& b) {
    T t(static_cast<T&&>(a));
    a = static_cast<T&&>(b);
    b = static_cast<T&&>(t);
}
template <class T> WARPX_HOST_DEVICE T pick(bool c, T a, T b) {
    if (c) return a;
    return b;
}
template <class T> WARPX_HOST_DEVICE const T& larger(const T& a, const T& b) { return a < b ? b : a; }
template <class X> WARPX_HOST_DEVICE auto soft(const X& x) { return x / (1.0f + x * x); }
template <class X> WARPX_HOST_DEVICE auto bell(const X& x) {
    const auto y = warpx::value(x);
    return warpx::exp(-(y * y));
}
template <class T> WARPX_HOST_DEVICE T horner(const T& x) {
    T s = 0.25f;
    for (int k = 0; k < 4; ++k) s = s * x * 0.3f + 0.1f * static_cast<float>(k + 1);
    return s;
}
template <class T> WARPX_HOST_DEVICE T deep(T x, int n) {
    return n <= 0 ? x : warpx::sin(deep(x * 0.9f, n - 1) + x);
}
template <class T> WARPX_HOST_DEVICE T guarded(const T& x) {
    if (x < 0) return x * 0.1f;
    if (x > 1.5f) return 1.5f;
    return x * x;
}
template <class T> struct running {
    T total, last;
    WARPX_HOST_DEVICE void take(const T& t) {
        total += t;
        last = t;
    }
    WARPX_HOST_DEVICE T mean() const { return total * 0.5f + last; }
};

} // namespace rk
