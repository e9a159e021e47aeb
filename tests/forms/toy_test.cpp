// SPDX-License-Identifier: Apache-2.0
// toy_test.cpp: a form made here, of dual numbers, runs the kernels that the library's own forms run. It
// proves that the interface of forms has room for cells, adjoints and tangents: nothing in launch knows what
// an element is.
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

namespace toy {

/// A value and its derivative in one direction.
struct dual {
    double v = 0, d = 0;
};
inline dual operator+(dual a, dual b) { return {a.v + b.v, a.d + b.d}; }
inline dual operator-(dual a, dual b) { return {a.v - b.v, a.d - b.d}; }
inline dual operator*(dual a, dual b) { return {a.v * b.v, a.v * b.d + a.d * b.v}; }
inline dual operator*(double a, dual b) { return {a * b.v, a * b.d}; }
inline bool operator>(dual a, double b) { return a.v > b; }

/// What an element is in this form: a dual in a register and two places, counted when they are written.
class element {
public:
    element(double* value, double* tangent, int* writes)
        : held_{*value, *tangent}, value_(value), tangent_(tangent), writes_(writes) {}
    operator dual() const { return held_; }
    element& operator=(dual x) & {
        held_ = x;
        return *this;
    }
    element&& operator=(dual x) && {
        *value_ = x.v, *tangent_ = x.d, ++*writes_, held_ = x;
        return static_cast<element&&>(*this);
    }
    element&& operator=(const element& x) && { return static_cast<element&&>(*this) = x.held_; }
    element&& operator+=(dual x) && { return static_cast<element&&>(*this) = held_ + x; }

private:
    dual held_;
    double *value_, *tangent_;
    int* writes_;
};

template <class T, int N, int Argument>
class handle : public warpx::detail::strided_layout<N>,
               public warpx::handle_interface<handle<T, N, Argument>, T, N> {
public:
    handle(const warpx::array<T, N>& a, int* writes)
        : warpx::detail::strided_layout<N>(a), value_(const_cast<double*>(a.data_handle())),
          tangent_(a.grad().data_handle()), writes_(writes) {}
    element place(const warpx::shape<N>& position) const {
        const int64_t at = this->offset(position);
        return element(value_ + at, tangent_ + at, writes_);
    }
    static dual zero() { return {}; }

private:
    double *value_, *tangent_;
    int* writes_;
};

struct form {
    int* writes; // by argument
    template <class T, int N, int Argument> using handle = toy::handle<T, N, Argument>;
    template <int Argument, class T, int N, class D> auto make(const warpx::array<T, N, D>& a) const {
        return handle<T, N, Argument>(a, writes + Argument);
    }
};

/// What a backend does: binds the arguments in a form, then calls the kernel for every index.
template <class Kernel, int R, int... Argument, class... A>
void run(std::integer_sequence<int, Argument...>, const form& f, const warpx::shape<R>& extents,
         Kernel kernel, const A&... arguments) {
    warpx::shape<R> position;
    for (int64_t count = extents.count(); count > 0; --count) {
        kernel(warpx::detail::index_access::make(position),
               warpx::detail::bound<form, Argument, A>::make(f, arguments)...);
        for (int axis = R - 1; axis >= 0 && ++position[axis] == extents[axis]; --axis) position[axis] = 0;
    }
}

} // namespace toy

namespace {

struct model {
    warpx::array<const double, 1> x;
    warpx::array<double, 1> y;
    double a;
};

constexpr auto branchy = [](auto i, auto x, auto y, double a) {
    if (x[i] > 0.0)
        y[i] = a * x[i] * x[i];
    else
        y[i] = x[i] + y[i];
};
constexpr auto stencil = [](auto i, auto x, auto y) { y[i] = x[i + 1] - x[i]; };
constexpr auto matmul = [](auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int64_t k = 0; k < a.extent(1); ++k) s = s + a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto with_struct = [](auto i, auto s) { s.y[i] += s.a * s.x[i]; };

warpx::array<double, 1> with_tangent(int64_t n, double scale) {
    auto x = warpx::empty<double>(n), t = warpx::empty<double>(n);
    for (int64_t k = 0; k < n; ++k) {
        x[k] = scale * static_cast<double>(k - n / 2);
        t[k] = static_cast<double>(k + 1);
    }
    x.set_grad(t);
    return x;
}

} // namespace
WARPX_STRUCT(model, x, y, a);

TEST_CASE("a form of dual numbers runs a pointwise kernel") {
    auto x = with_tangent(8, 0.5), y = with_tangent(8, 2.0);
    const auto before = with_tangent(8, 2.0);
    int writes[3] = {};
    toy::run(std::make_integer_sequence<int, 3>(), toy::form{writes}, warpx::shape(8), branchy,
             warpx::array<const double, 1>(x), y, 3.0);
    for (int k = 0; k < 8; ++k) {
        const double v = x[k], d = x.grad()[k];
        CHECK(y[k] == (v > 0 ? 3 * v * v : v + before[k]));
        CHECK(y.grad()[k] == (v > 0 ? 2 * 3 * v * d : d + before.grad()[k]));
    }
    CHECK(writes[0] == 0);
    CHECK(writes[1] == 8);
}

TEST_CASE("a form of dual numbers runs stencils, matrices and structs of arrays") {
    int writes[3] = {};
    auto x = with_tangent(9, 1.0), y = with_tangent(8, 0.0);
    toy::run(std::make_integer_sequence<int, 2>(), toy::form{writes}, warpx::shape(8), stencil, x, y);
    CHECK(y[3] == 1.0);
    CHECK(y.grad()[3] == 1.0);

    const auto a = warpx::reshape(with_tangent(6, 1.0), {2, 3}),
               b = warpx::reshape(with_tangent(12, 1.0), {3, 4});
    auto c = warpx::reshape(with_tangent(8, 0.0), {2, 4});
    toy::run(std::make_integer_sequence<int, 3>(), toy::form{writes}, c.extents(), matmul, a, b, c);
    double value = 0, tangent = 0;
    for (int k = 0; k < 3; ++k) {
        value += a(1, k) * b(k, 2);
        tangent += a.grad()(1, k) * b(k, 2) + a(1, k) * b.grad()(k, 2);
    }
    CHECK(c(1, 2) == value);
    CHECK(c.grad()(1, 2) == tangent);

    auto p = with_tangent(4, 1.0), q = with_tangent(4, 0.0);
    toy::run(std::make_integer_sequence<int, 1>(), toy::form{writes}, warpx::shape(4), with_struct,
             model{p, q, 2.0});
    CHECK(q[3] == 2 * p[3]);
    CHECK(q.grad()[3] == 4 + 2 * p.grad()[3]);
}

TEST_CASE("the same kernels run in the library's forms") {
    auto x = with_tangent(8, 0.5), y = with_tangent(8, 2.0);
    const auto before = with_tangent(8, 2.0);
    warpx::launch<branchy>(8, x, y, 3.0);
    for (int k = 0; k < 8; ++k) CHECK(y[k] == (x[k] > 0 ? 3.0 * x[k] * x[k] : x[k] + before[k]));
    warpx::launch<with_struct>(8, model{x, y, 2.0});
    CHECK(y[0] == before[0] + x[0] + 2 * x[0]);
}
