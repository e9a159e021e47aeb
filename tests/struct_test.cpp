// SPDX-License-Identifier: Apache-2.0
// struct_test.cpp: structs described once: as elements of arrays and as arguments of kernels.
#include "support/catch.hpp"

#include <warpx/create.hpp>
#include <warpx/host/launch.hpp>

#include <string>

using warpx::array;
using warpx::launch;
using warpx::vec3f;

namespace shapes {
struct particle { // one kind of scalar, no gap
    vec3f position, velocity;
    float mass;
};
struct record { // different scalars, a gap behind `flag`
    int32_t id;
    double weight;
    bool flag;
};
struct nested {
    particle inner;
    int64_t count;
    warpx::mat<float, 2, 2> turn;
};
struct single {
    warpx::half value;
};
struct many {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
        c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
};
struct fields_of_odd_names { // names that the macros use themselves
    float s, f, r, place, parts, names, v, u, o, k;
};
struct columns { // arrays and scalars: an argument, no element
    array<const float, 1> x;
    array<float, 1> y;
    float scale;
};
struct whole_system {
    columns first;
    array<int32_t, 1> counts;
    int shift;
};
struct plain_argument {
    float a;
    int b;
};
} // namespace shapes

WARPX_STRUCT(shapes::particle, position, velocity, mass);
WARPX_STRUCT(shapes::record, id, weight, flag);
WARPX_STRUCT(shapes::nested, inner, count, turn);
WARPX_STRUCT(shapes::single, value);
WARPX_STRUCT(shapes::many, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0,
             c1, c2, c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9);
WARPX_STRUCT(shapes::fields_of_odd_names, s, f, r, place, parts, names, v, u, o, k);
WARPX_STRUCT(shapes::columns, x, y, scale);
WARPX_STRUCT(shapes::whole_system, first, counts, shift);

namespace {

using namespace shapes;

constexpr auto move_particles = [](auto i, auto p, auto dt) {
    auto before = p[i];
    p[i].position += p[i].velocity * dt;
    p[i].velocity.y -= 10 * dt;
    p[i].position.z = before.position.z;
    p[i].mass *= 2;
    before.mass = -1; // a local
};
constexpr auto nested_fields = [](auto i, auto n) {
    n[i].inner.velocity.x = static_cast<float>(i);
    n[i].inner.position[2] = 3;
    ++n[i].count;
    n[i].turn(0, 1) = 5;
};
constexpr auto over_columns = [](auto i, auto c) { c.y[i] = c.scale * c.x[i] + c.y[i]; };
constexpr auto over_system = [](auto i, auto s, auto extra) {
    s.first.y[i] += s.first.scale * s.first.x[i] + extra.a;
    s.counts[i] = static_cast<int32_t>(i) + s.shift + extra.b;
    if (i == 0) s.counts(0) += static_cast<int32_t>(s.first.x.extent(0));
};
struct reads_const {
    template <class I, class P, class Y> static void forward(I i, P p, Y y) {
        auto t = p[i];
        t.position.x += 1;
        const auto& whole = warpx::value(p[i]);
        y[i] = t.position.x + whole.position.x;
    }
};

} // namespace

TEST_CASE("described structs are known, with names and sizes") {
    STATIC_REQUIRE(warpx::described<particle>);
    STATIC_REQUIRE_FALSE(warpx::described<plain_argument>);
    STATIC_REQUIRE(warpx::struct_traits<particle>::field_bytes == 28);
    STATIC_REQUIRE(warpx::struct_traits<record>::field_bytes == 13);
    CHECK(warpx::struct_traits<nested>::names[2] == std::string("turn"));
    STATIC_REQUIRE(warpx::element<particle>);
    STATIC_REQUIRE(warpx::element<const record>);
    STATIC_REQUIRE(warpx::element<nested>);
    STATIC_REQUIRE(warpx::element<many>);
    STATIC_REQUIRE_FALSE(warpx::element<columns>);
    STATIC_REQUIRE_FALSE(warpx::element<plain_argument>);
    STATIC_REQUIRE(warpx::kernel_argument<columns>);
    STATIC_REQUIRE(warpx::kernel_argument<whole_system>);
    STATIC_REQUIRE(warpx::kernel_argument<plain_argument>);
    STATIC_REQUIRE_FALSE(warpx::kernel_argument<std::string>);
}

TEST_CASE("fields of elements are places on temporaries and locals on copies") {
    auto a = warpx::zeros<nested>(3);
    a[1].inner.position.x = 2;
    a[1].inner.mass += 4;
    a[1].count = 1LL << 40;
    a[1].turn(1, 1) = 7;
    CHECK((a[1].inner.position.x == 2 && a[1].inner.mass == 4 && a[1].count == 1LL << 40 &&
           a[1].turn(1, 1) == 7));
    CHECK((a[0].inner.mass == 0 && a[2].count == 0));
    auto t = a[1];
    t.inner.position.x = 50;
    t.count += 1;
    t.inner.velocity = vec3f(1, 1, 1);
    CHECK((a[1].inner.position.x == 2 && a[1].count == 1LL << 40 && a[1].inner.velocity == vec3f(0.0f)));
    a[2] = t; // the changed copy
    CHECK((a[2].inner.position.x == 50 && a[2].count == (1LL << 40) + 1 && a[2].inner.velocity.z == 1));
    a[0] = a[2];
    a[2].count = 0;
    CHECK(a[0].count == (1LL << 40) + 1);
    const nested plain = a[0];
    CHECK((plain.turn(1, 1) == 7 && plain.inner.mass == 4));
    auto p = a[0].inner; // a nested struct as a local
    p.mass = 9;
    CHECK((p.mass == 9 && a[0].inner.mass == 4));
    a[1].inner = p;
    CHECK(a[1].inner.mass == 9);
    t = a[1];
    CHECK(t.inner.mass == 9);
    t = plain;
    CHECK(t.inner.mass == 4);
    CHECK(a[1].inner.mass == 9);
}

TEST_CASE("structs with gaps, one field, many fields, odd names") {
    auto r = warpx::zeros<record>(2);
    r[1] = {7, 0.5, true};
    CHECK((r[1].id == 7 && r[1].weight == 0.5 && r[1].flag));
    const record plain = r[1];
    CHECK((plain.id == 7 && plain.flag));
    CHECK((r[0].id == 0 && !r[0].flag));
    auto s = warpx::zeros<single>(1);
    s[0].value += 1.5f;
    CHECK(s[0].value == 1.5f);
    auto m = warpx::zeros<many>(2);
    m[1].d9 = 39;
    m[1].a0 = 1;
    const many all = m[1];
    CHECK((all.d9 == 39 && all.a0 == 1 && all.c5 == 0));
    auto o = warpx::zeros<fields_of_odd_names>(1);
    o[0].s = 1, o[0].f = 2, o[0].r = 3, o[0].place = 4, o[0].parts = 5, o[0].names = 6;
    const fields_of_odd_names odd = o[0];
    CHECK((odd.s == 1 && odd.f == 2 && odd.r == 3 && odd.place == 4 && odd.parts == 5 && odd.names == 6));
}

TEST_CASE("const elements are read, and meet writable ones in a choice") {
    auto a = warpx::zeros<particle>(1);
    a[0].mass = 3;
    array<const particle, 1> c = a;
    auto b = warpx::zeros<particle>(1);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<decltype(c[0].mass), warpx::located<float>>);
    for (bool first : {true, false}) {
        auto t = first ? c[0] : b[0];
        CHECK(t.mass == (first ? 3 : 0));
        t.mass = 8;
        CHECK((a[0].mass == 3 && b[0].mass == 0));
    }
}

TEST_CASE("kernels over arrays of structs") {
    constexpr int n = 50;
    auto p = warpx::zeros<particle>(n);
    for (int k = 0; k < n; ++k) p[k] = {{static_cast<float>(k), 0, 1}, {1, 2, 3}, 5};
    launch<move_particles>(n, p, 0.5f);
    for (int k = 0; k < n; ++k) {
        const particle one = p[k];
        CHECK(one.position == vec3f(k + 0.5, 1, 1));
        CHECK(one.velocity == vec3f(1, -3, 3));
        CHECK(one.mass == 10);
    }
    auto y = warpx::zeros<float>(n);
    launch<reads_const>(n, array<const particle, 1>(p), y);
    for (int k = 0; k < n; ++k) CHECK(y[k] == 2 * k + 2.0);
    auto m = warpx::zeros<nested>(n);
    launch<nested_fields>(n, m);
    for (int k = 0; k < n; ++k) {
        const nested one = m[k];
        CHECK(
            (one.inner.velocity == vec3f(k, 0, 0) && one.inner.position == vec3f(0, 0, 3) && one.count == 1));
        CHECK(one.turn(0, 1) == 5);
    }
}

TEST_CASE("structs that hold arrays are arguments") {
    constexpr int n = 40;
    columns c{warpx::arange<float>(n), warpx::full<float>(n, 1.0f), 3.0f};
    launch<over_columns>(n, c);
    for (int k = 0; k < n; ++k) CHECK(c.y[k] == 3.0 * k + 1);
    whole_system s{c, warpx::zeros<int32_t>(n), 100};
    launch<over_system>(n, s, plain_argument{0.5f, 7});
    for (int k = 0; k < n; ++k) {
        CHECK(c.y[k] == 6.0 * k + 1.5); // s.first shares the arrays of c
        CHECK(s.counts[k] == k + 107 + (k == 0 ? n : 0));
    }
    CHECK(c.y.keeper()->use_count() == 2); // the launch kept none
}

TEST_CASE("arrays in structs choose the form and are checked too") {
    auto every = warpx::arange<float>(80);
    const int64_t two[] = {2};
    columns c{warpx::from_pointer<const float, 1>(every.data_handle(), warpx::shape<1>(40),
                                                  warpx::shape<1>(two[0])),
              warpx::zeros<float>(40), 1.0f};
    launch<over_columns>(40, c);
    for (int k = 0; k < 40; ++k) CHECK(c.y[k] == 2.0 * k);
    c.x = warpx::arange<float>(10);
    std::string message;
    try {
        launch<over_columns>(warpx::launch_options{.checked = true}, 40, c);
    } catch (const std::exception& e) {
        message = e.what();
    }
    CHECK_THAT(message, Catch::Matchers::ContainsSubstring("(10,)"));
}
