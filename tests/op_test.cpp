// SPDX-License-Identifier: Apache-2.0
// op_test.cpp: descriptions of operations, how calls are resolved, and what the entries compute, without a
// framework.
#include "support/catch.hpp"

#include <warpx/operation/entries.hpp>
#include <warpx/operation/overlap.hpp>

#include <limits>
#include <string>
#include <vector>

namespace {

using namespace warpx;
using Catch::Matchers::Contains;

constexpr auto saxpy = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = a * x[i] + y[i]; };
constexpr auto matmul = [] WARPX_KERNEL(auto i, auto a, auto b, auto c) {
    auto [row, col] = i;
    auto s = c.zero();
    for (int k = 0; k < a.extent(1); ++k) s += a(row, k) * b(k, col);
    c[i] = s;
};
constexpr auto total = [] WARPX_KERNEL(auto i, auto x, auto s) { atomic_add(s, x[i]); };
constexpr auto norms = [] WARPX_KERNEL(auto i, auto v, auto r) { r[i] = dot(v[i], v[i]); };

using T = any_of<float, double>;
constexpr auto saxpy_op = op<"saxpy", saxpy>(in<T, "n">("x"), inout<T, "n">("y"), value<T>("a"));
constexpr auto matmul_op =
    op<"matmul", matmul>(in<double, "n", "k">("a"), in<double, "k", "m">("b"), out<double, "n", "m">("c"));
constexpr auto total_op = op<"total", total>(in<double, "n">("x"), out<double>("s").zeroed()).over<"n">();
constexpr auto norms_op = op<"norms", norms>(in<vec<T, 3>, "n">("v"), out<T, "n">("r"));
constexpr auto pairs_op = op<"pairs", saxpy>(in<T, "n">("x"), inout<T, "n">("y"), value<T>("a", 1.5))
                              .over([](const auto& size) { return shape(size("n") / 2); })
                              .doc("Half of it.");

// Host functions: over arrays, and over descriptions.
constexpr auto twice = [](const launch_options& options, auto x, auto a, auto y) {
    launch<saxpy>(options, x.extent(0), x, y, a);
    launch<saxpy>(options, x.extent(0), x, y, a);
};
constexpr auto twice_adjoint = [](const launch_options& options, auto x, auto a, auto y) {
    launch_adjoint<saxpy>(options, x.extent(0), x, y, a);
    launch_adjoint<saxpy>(options, x.extent(0), x, y, a);
};
constexpr auto twice_op =
    callable<"twice", twice>(in<double, "n">("x"), value<double>("a"), inout<double, "n">("y"))
        .adjoint<twice_adjoint>();
constexpr auto shift = [](const callback_call& call) {
    const auto x = bind<const double, 1>(*call.array("x"));
    const auto y = bind<double, 1>(*call.array(call.find("y")));
    for (int64_t k = 0; k < call.extent("n"); ++k) y[k] = x[k] + call.number("by");
};
constexpr auto shift_adjoint = [](const callback_call& call) {
    if (!call.gradient("x")) return;
    const auto gx = bind<double, 1>(*call.gradient("x")), gy = bind<double, 1>(*call.gradient("y"));
    for (int64_t k = 0; k < call.extent("n"); ++k) gx[k] += gy[k];
};
constexpr auto shift_op =
    callback<"shift", shift>(in<double, "n">("x"), static_value<int>("by"), out<double, "n">("y"))
        .adjoint<shift_adjoint>();

constexpr auto split = [] WARPX_KERNEL(auto i, auto x, auto square, auto triple) {
    square[i] = x[i] * x[i];
    triple[i] = 3 * x[i];
};
constexpr auto split_op =
    op<"split", split>(in<double, "n">("x"), out<double, "n">("square"), out<double, "n">("triple"));

// A tangent of its own, which no one derives: a hundred times too much.
constexpr auto doubled = [] WARPX_KERNEL(auto i, auto x, auto y, auto a) { y[i] = 2 * a * x[i]; };
constexpr auto hundredfold = [] WARPX_KERNEL(auto i, auto, auto, auto a, auto dx, auto dy, auto da) {
    dy[i] = 100 * a * dx[i] + da;
};
constexpr auto doubled_op =
    op<"doubled", doubled>(in<double, "n">("x"), out<double, "n">("y"), value<double>("a"))
        .tangent<hundredfold>();

using detail::call_operand;
using detail::operation_call;

/// An operand over a vector.
struct given {
    std::vector<int64_t> extents, strides;
    tensor_desc desc;

    template <class E> given(std::vector<E>& data, std::vector<int64_t> shape) : extents(std::move(shape)) {
        strides.resize(extents.size());
        int64_t step = 1;
        for (size_t k = extents.size(); k-- > 0;) {
            strides[k] = step;
            step *= extents[k];
        }
        desc.data = data.data();
        desc.dtype = dtype_of<E>;
        desc.rank = static_cast<int32_t>(extents.size());
        desc.extents = extents.data();
        desc.strides = strides.data();
    }
    void put(call_operand& o) {
        o.is = call_operand::state::array;
        o.desc = &desc;
    }
};
void put(call_operand& o, double number) {
    o.is = call_operand::state::number;
    o.scalar = {};
    o.scalar.real = number;
}

template <const auto& Op> struct calling {
    static constexpr int count = std::remove_cvref_t<decltype(Op)>::count;
    call_operand primals[count], tangents[count], cotangents[count], seconds[count];
    operation_call call{detail::description_of<Op>, primals};

    void run(derivative what = derivative::none) {
        call.what = what;
        if (what != derivative::none) {
            call.tangents = tangents;
            call.cotangents = cotangents;
            call.cotangent_tangents = seconds;
        }
        detail::resolve(detail::description_of<Op>, call);
        detail::resolve_launch(detail::description_of<Op>, call);
        detail::entries_of<Op, device::host>.of[call.variant].run[static_cast<int>(what)](call, {});
    }
};

TEST_CASE("a description names parameters, types, extents and the launch") {
    constexpr const operation_description& d = detail::description_of<saxpy_op>;
    static_assert(d.parameter_count == 3 && d.extent_count == 1 && d.variants() == 2 && d.launch_rank == 1);
    static_assert(d.parameters[2].role == parameter_role::value && d.parameters[2].rank == 0);
    CHECK(std::string(d.name) == "saxpy");
    CHECK(std::string(d.extents[0].name) == "n");

    constexpr const operation_description& m = detail::description_of<matmul_op>;
    static_assert(m.extent_count == 3 && m.launch_rank == 2 && m.launch[0] == 0 && m.launch[1] == 2);
    constexpr const operation_description& n = detail::description_of<norms_op>;
    static_assert(n.parameters[0].fold_rank == 1 && n.parameters[0].fold[0] == 3 && n.set_count == 1);
    constexpr const operation_description& p = detail::description_of<pairs_op>;
    static_assert(p.launch_by_function && p.launch_rank == 1 && p.parameters[2].has_default);
    CHECK(std::string(p.doc) == "Half of it.");
    CHECK(detail::axes_text(n, n.parameters[0]) == "(n, 3)");
}

TEST_CASE("the parts of a module have each entry once") {
    using detail::module_part, detail::module_entries;
    auto entries = module_entries<module_part<0, 3, device::host>, saxpy_op>;
    const auto second = module_entries<module_part<1, 3, device::host>, saxpy_op>;
    const auto third = module_entries<module_part<2, 3, device::host>, saxpy_op>;
    const auto count = [](const auto& part) {
        int entries = 0;
        for (const auto& variant : part.of)
            for (const auto entry : variant.run) entries += entry != nullptr;
        return entries;
    };
    CHECK(count(entries) + count(second) + count(third) == 8);
    entries.take(second.of);
    entries.take(third.of);
    for (int variant = 0; variant < 2; ++variant)
        for (int what = 0; what < 4; ++what)
            CHECK(entries.of[variant].run[what] ==
                  detail::entries_of<saxpy_op, device::host>.of[variant].run[what]);
}

TEST_CASE("an operation runs, with the type of its arrays") {
    std::vector<float> x{1, 2, 3}, y{10, 20, 30};
    calling<saxpy_op> c;
    given gx(x, {3}), gy(y, {3});
    gx.put(c.primals[0]);
    gy.put(c.primals[1]);
    put(c.primals[2], 2.0);
    c.run();
    CHECK(c.call.variant == 0);
    CHECK(y == std::vector<float>{12, 24, 36});

    calling<pairs_op> half;
    gx.put(half.primals[0]);
    gy.put(half.primals[1]);
    put(half.primals[2], 1.0);
    half.run();
    CHECK(y == std::vector<float>{13, 24, 36}); // one of three, rounded down
}

TEST_CASE("components fold the trailing axis") {
    std::vector<double> v{1, 2, 2, 3, 4, 0}, r(2);
    calling<norms_op> c;
    given gv(v, {2, 3}), gr(r, {2});
    gv.put(c.primals[0]);
    gr.put(c.primals[1]);
    c.run();
    CHECK(c.call.variant == 1);
    CHECK(r == std::vector<double>{9, 25});
}

TEST_CASE("axes in front broadcast; results that begin as zeros are cleared") {
    std::vector<double> a(2 * 3 * 4), b(4 * 5), c(2 * 3 * 5);
    for (size_t k = 0; k < a.size(); ++k) a[k] = static_cast<double>(k);
    for (size_t k = 0; k < b.size(); ++k) b[k] = static_cast<double>(k % 7);
    calling<matmul_op> call;
    given ga(a, {2, 3, 4}), gb(b, {4, 5}), gc(c, {2, 3, 5});
    ga.put(call.primals[0]);
    gb.put(call.primals[1]);
    gc.put(call.primals[2]);
    call.run();
    CHECK(call.call.batch_rank == 1);
    for (int64_t n = 0; n < 6; ++n)
        for (int64_t m = 0; m < 5; ++m) {
            double s = 0;
            for (int64_t k = 0; k < 4; ++k) s += a[size_t(n * 4 + k)] * b[size_t(k * 5 + m)];
            CHECK(c[size_t(n * 5 + m)] == s);
        }

    std::vector<double> x{1, 2, 3, 4, 5, 6}, s{100, 100};
    calling<total_op> sum;
    given gx(x, {2, 3}), gs(s, {2});
    gx.put(sum.primals[0]);
    gs.put(sum.primals[1]);
    sum.run();
    CHECK(s == std::vector<double>{6, 15});
}

TEST_CASE("batch axes that no stride joins become loops") {
    // (2, 1, 3) with (2, 3): x walks the first axis, y both.
    std::vector<float> x{1, 2, 3, 4, 5, 6}, y(2 * 2 * 3, 1.0F), a{10, 20};
    calling<saxpy_op> c;
    given gx(x, {2, 1, 3}), gy(y, {2, 2, 3}), ga(a, {2});
    gx.put(c.primals[0]);
    gy.put(c.primals[1]);
    ga.put(c.primals[2]);
    c.run();
    CHECK(y == std::vector<float>{11, 21, 31, 21, 41, 61, 41, 51, 61, 81, 101, 121});
}

TEST_CASE("the adjoint writes the gradients that are wanted, and no other") {
    const double junk =
        std::numeric_limits<double>::quiet_NaN(); // what the caller's memory holds does not matter
    std::vector<double> x{1, 2, 3}, y{0, 0, 0}, gy{1, 10, 100}, gx(3, junk), ga(1, junk);
    calling<saxpy_op> c;
    given px(x, {3}), py(y, {3}), cy(gy, {3}), cx(gx, {3}), ca(ga, {});
    px.put(c.primals[0]);
    py.put(c.primals[1]);
    put(c.primals[2], 2.0);
    cy.put(c.cotangents[1]);
    cx.put(c.cotangents[0]);
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{2, 20, 200});
    CHECK(gy == std::vector<double>{1, 10, 100}); // that of the old y
    ca.put(c.cotangents[2]);
    c.cotangents[0] = {};
    c.run(derivative::adjoint);
    CHECK(ga[0] == 321);
    CHECK(gx == std::vector<double>{2, 20, 200});
}

TEST_CASE("an input of which a launch uses a part has zeros elsewhere in its gradient") {
    std::vector<double> x{1, 2, 3, 4, 5}, y(5), gx(5, std::numeric_limits<double>::quiet_NaN()),
        gy{1, 1, 1, 1, 1};
    calling<pairs_op> c;
    given px(x, {5}), py(y, {5}), cx(gx, {5}), cy(gy, {5});
    px.put(c.primals[0]);
    py.put(c.primals[1]);
    put(c.primals[2], 3.0);
    cx.put(c.cotangents[0]);
    cy.put(c.cotangents[1]);
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{3, 3, 0, 0, 0});
}

TEST_CASE("a gradient whose elements are one is read, not taken, also by many at once") {
    // What sum() hands back; second derivatives run on the tape, which takes gradients from memory.
    std::vector<double> a(64 * 4, 1.0), b(4, 2.0), ta(64 * 4, 1.0), one{1}, none{0};
    std::vector<double> ga(64 * 4), gat(64 * 4), gb(4), gbt(4);
    given pa(a, {64, 1, 4}), pb(b, {4, 1}), da(ta, {64, 1, 4}), cc(one, {64, 1, 1}), sc(none, {64, 1, 1});
    for (given* g : {&cc, &sc}) g->strides = {0, 0, 0};
    given ca(ga, {64, 1, 4}), sa(gat, {64, 1, 4}), cb(gb, {4, 1}), sb(gbt, {4, 1});
    for (const bool batched : {false, true}) {
        if (batched)
            cc.desc.rank = sc.desc.rank = 2, cc.desc.extents = sc.desc.extents = cc.extents.data() + 1;
        calling<matmul_op> c;
        pa.put(c.primals[0]);
        pb.put(c.primals[1]);
        da.put(c.tangents[0]);
        ca.put(c.cotangents[0]);
        cb.put(c.cotangents[1]);
        cc.put(c.cotangents[2]);
        sa.put(c.seconds[0]);
        sb.put(c.seconds[1]);
        sc.put(c.seconds[2]);
        c.run(derivative::adjoint_tangent);
        CHECK(ga == std::vector<double>(64 * 4, 2.0));
        CHECK(gb == std::vector<double>(4, 64.0));
        CHECK(gbt == std::vector<double>(4, 64.0));
        CHECK((one[0] == 1 && none[0] == 0));
    }
}

TEST_CASE("outputs may have one gradient between them, and it may be an input") {
    // Both outputs of a sum get one array.
    std::vector<double> x{1, 2, 3}, g{1, 10, 100}, gx(3), dx{1, 1, 1}, none(3), gxt(3);
    calling<split_op> c;
    given px(x, {3}), cs(g, {3}), cc(g, {3}), cx(gx, {3});
    px.put(c.primals[0]);
    cs.put(c.cotangents[1]);
    cc.put(c.cotangents[2]);
    cx.put(c.cotangents[0]);
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{2 * 1 + 3, 20 * 2 + 30, 200 * 3 + 300});
    CHECK(g == std::vector<double>{1, 10, 100});
    given tx(dx, {3}), ss(none, {3}), sc(none, {3}), sx(gxt, {3});
    tx.put(c.tangents[0]);
    ss.put(c.seconds[1]);
    sc.put(c.seconds[2]);
    sx.put(c.seconds[0]);
    c.run(derivative::adjoint_tangent);
    CHECK(gx == std::vector<double>{2 * 1 + 3, 20 * 2 + 30, 200 * 3 + 300});
    CHECK(gxt == std::vector<double>{2, 20, 200});

    given same(x, {3});
    same.put(c.cotangents[1]);
    c.cotangents[2] = {};
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{2, 8, 18});
    CHECK(x == std::vector<double>{1, 2, 3});
}

TEST_CASE("gradients of what a batch shares are sums over it") {
    std::vector<double> x{1, 2}, y(6), a{1, 2, 3}, gy{1, 2, 3, 4, 5, 6},
        gx(2, std::numeric_limits<double>::quiet_NaN()), ga(3, std::numeric_limits<double>::infinity());
    calling<saxpy_op> c;
    given px(x, {2}), py(y, {3, 2}), pa(a, {3}), cy(gy, {3, 2}), cx(gx, {2}), ca(ga, {3});
    px.put(c.primals[0]);
    py.put(c.primals[1]);
    pa.put(c.primals[2]);
    cy.put(c.cotangents[1]);
    cx.put(c.cotangents[0]);
    ca.put(c.cotangents[2]);
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{1 * 1 + 2 * 3 + 3 * 5, 1 * 2 + 2 * 4 + 3 * 6});
    CHECK(ga == std::vector<double>{1 * 1 + 2 * 2, 1 * 3 + 2 * 4, 1 * 5 + 2 * 6});
}

TEST_CASE("tangents, and the adjoint along them") {
    std::vector<double> a{1, 2, 3, 4}, b{5, 6, 7, 8}, c(4), ta{1, 0, 0, 0}, tc(4);
    calling<matmul_op> call;
    given pa(a, {2, 2}), pb(b, {2, 2}), pc(c, {2, 2}), da(ta, {2, 2}), dc(tc, {2, 2});
    pa.put(call.primals[0]);
    pb.put(call.primals[1]);
    pc.put(call.primals[2]);
    da.put(call.tangents[0]); // b has none: it is constant
    dc.put(call.tangents[2]);
    call.run(derivative::tangent);
    CHECK(c == std::vector<double>{19, 22, 43, 50});
    CHECK(tc == std::vector<double>{5, 6, 0, 0});

    // c's gradient is all ones: that of b is the sums of a's columns, whose derivative along ta is (1, 1).
    std::vector<double> gc(4, 1.0), gct(4), gb(4), gbt(4);
    given cc(gc, {2, 2}), sc(gct, {2, 2}), cb(gb, {2, 2}), sb(gbt, {2, 2});
    calling<matmul_op> second;
    pa.put(second.primals[0]);
    pb.put(second.primals[1]);
    da.put(second.tangents[0]);
    cc.put(second.cotangents[2]);
    sc.put(second.seconds[2]);
    cb.put(second.cotangents[1]);
    sb.put(second.seconds[1]);
    second.run(derivative::adjoint_tangent);
    CHECK(gb == std::vector<double>{4, 4, 6, 6});
    CHECK(gbt == std::vector<double>{1, 1, 0, 0});
}

TEST_CASE("an own tangent replaces the derived one, also over a batch") {
    std::vector<double> x{1, 2, 3, 4}, y(4), dx{1, 0, 0, 1}, dy(4), a{1, 2}, da{0.5, 0.25};
    calling<doubled_op> c;
    given px(x, {2, 2}), py(y, {2, 2}), tx(dx, {2, 2}), ty(dy, {2, 2}), pa(a, {2}), ta(da, {2});
    px.put(c.primals[0]);
    py.put(c.primals[1]);
    pa.put(c.primals[2]);
    tx.put(c.tangents[0]);
    ty.put(c.tangents[1]);
    ta.put(c.tangents[2]);
    c.run(derivative::tangent);
    CHECK(dy == std::vector<double>{100.5, 0.5, 0.25, 200.25});
    CHECK_THROWS_WITH(c.run(derivative::adjoint_tangent), Contains("second derivatives"));
}

TEST_CASE("a callable is a host function over arrays, with an adjoint of its own") {
    std::vector<double> x{1, 2}, y{0, 10}, gx(2), gy{1, 100}, ga(1);
    calling<twice_op> c;
    given px(x, {2}), py(y, {2}), cx(gx, {2}), cy(gy, {2}), ca(ga, {});
    px.put(c.primals[0]);
    put(c.primals[1], 3.0);
    py.put(c.primals[2]);
    c.run();
    CHECK(y == std::vector<double>{6, 22});
    cx.put(c.cotangents[0]);
    ca.put(c.cotangents[1]);
    cy.put(c.cotangents[2]);
    c.run(derivative::adjoint);
    CHECK(gx == std::vector<double>{6, 600});
    CHECK(ga[0] == 2 * (1 * 1 + 2 * 100));
    CHECK_THROWS_WITH(c.run(derivative::tangent), Contains("a tangent of its own"));

    // Once for each batch.
    std::vector<double> many{1, 2, 3, 4}, sums(4), a{1, 10};
    calling<twice_op> batches;
    given pm(many, {2, 2}), ps(sums, {2, 2}), pa(a, {2});
    pm.put(batches.primals[0]);
    ps.put(batches.primals[2]);
    put(batches.primals[1], 0.5);
    batches.run();
    CHECK(sums == many);
    pa.put(batches.primals[1]); // its own number
    batches.run();
    CHECK(sums == std::vector<double>{1 + 2, 2 + 4, 3 + 60, 4 + 80});
}

TEST_CASE("a callback gets descriptions, numbers and extents by name") {
    std::vector<double> x{1, 2}, y(2), gx(2), gy{5, 6};
    calling<shift_op> c;
    given px(x, {2}), py(y, {2}), cx(gx, {2}), cy(gy, {2});
    px.put(c.primals[0]);
    c.primals[1].is = call_operand::state::number;
    c.primals[1].scalar.real = 3;
    c.primals[1].scalar.integer = 3;
    c.primals[1].scalar.is = detail::number::kind::integer;
    py.put(c.primals[2]);
    c.run();
    CHECK(y == std::vector<double>{4, 5});
    cx.put(c.cotangents[0]);
    cy.put(c.cotangents[2]);
    c.run(derivative::adjoint);
    CHECK(gx == gy);
    put(c.primals[1], 2.5); // no integer
    c.cotangents[0] = {};
    CHECK_THROWS_WITH(c.run(), Contains("argument 'by': expected a number that int32 holds; got 2.5"));
    c.call.what = derivative::none;
    CHECK_THROWS_WITH(callback_call(c.call, {}).array("z"), Contains("a parameter that it has; got 'z'"));
}

TEST_CASE("what does not fit is refused by name") {
    std::vector<float> x{1, 2, 3}, y{1, 2}, z{1, 2, 3, 4, 5, 6};
    std::vector<double> w{1, 2, 3};
    const auto refused = [](auto& c, const std::string& part, operation_error::reason kind) {
        try {
            c.run();
            FAIL("not refused");
        } catch (const operation_error& e) {
            CHECK(e.kind() == kind);
            CHECK_THAT(e.what(), Contains(part));
            CHECK_THAT(e.what(), Contains(": expected ") && Contains("; got "));
        }
    };
    given px(x, {3}), py(y, {2}), pw(w, {3}), pz(z, {2, 3});
    calling<saxpy_op> extents, types, ranks, batch, device;
    px.put(extents.primals[0]);
    py.put(extents.primals[1]);
    put(extents.primals[2], 1);
    refused(extents, "argument 'y': expected shape (n,) with n = 3, as 'x' has; got shape (2,)",
            operation_error::reason::value);
    px.put(types.primals[0]);
    pw.put(types.primals[1]);
    put(types.primals[2], 1);
    refused(types, "argument 'y': expected float32, as 'x' has; got float64", operation_error::reason::type);
    std::vector<float> one{1};
    given scalar(one, {});
    scalar.put(ranks.primals[0]);
    px.put(ranks.primals[1]);
    put(ranks.primals[2], 1);
    refused(ranks, "argument 'x': expected shape (n,)", operation_error::reason::value);
    pz.put(batch.primals[0]); // two batches into one y
    px.put(batch.primals[1]);
    put(batch.primals[2], 1);
    refused(batch, "argument 'y': expected batch axes (2,), as the other arguments have, since it is written",
            operation_error::reason::value);
    calling<saxpy_op> scalars; // one for each batch, of another type
    std::vector<float> many(6);
    given pm(many, {2, 3}), ps(w, {2});
    px.put(scalars.primals[0]);
    pm.put(scalars.primals[1]);
    ps.put(scalars.primals[2]);
    refused(scalars, "argument 'a': expected", operation_error::reason::type);
    px.put(device.primals[0]);
    given far(w, {3});
    far.desc.device = device_kind::cuda;
    far.desc.dtype = dtype_of<float>;
    far.put(device.primals[1]);
    put(device.primals[2], 1);
    refused(device, "argument 'y': expected memory on cpu:0, as 'x' has; got cuda:0",
            operation_error::reason::buffer);
}

TEST_CASE("memory that is written is no other argument's, but may lie between its elements") {
    std::vector<float> m{1, 2, 3, 4, 5, 6};
    calling<saxpy_op> c;
    given x(m, {3}), y(m, {3});
    x.strides[0] = y.strides[0] = 2; // columns of a matrix
    y.desc.data = m.data() + 1;
    x.put(c.primals[0]);
    y.put(c.primals[1]);
    put(c.primals[2], 1.0);
    detail::resolve(detail::description_of<saxpy_op>, c.call);
    CHECK_NOTHROW(detail::check_overlap(detail::description_of<saxpy_op>, c.call));
    y.desc.data = m.data();
    CHECK_THROWS_WITH(detail::check_overlap(detail::description_of<saxpy_op>, c.call),
                      Contains("argument 'y': expected memory of its own") && Contains("shares with 'x'"));
    y.desc.data = m.data() + 2; // the same column, one further
    CHECK_THROWS_AS(detail::check_overlap(detail::description_of<saxpy_op>, c.call), operation_error);
}

TEST_CASE("numbers are converted only where nothing is lost of their kind") {
    const auto scalar = [](auto to, detail::number n) {
        calling<saxpy_op> c;
        return detail::to_scalar<decltype(to)>(c.call, 2, n);
    };
    detail::number real, integer, flag;
    real.real = 2.5;
    integer.real = 300, integer.integer = 300, integer.is = detail::number::kind::integer;
    flag.real = 1, flag.integer = 1, flag.is = detail::number::kind::boolean;
    CHECK(scalar(0.0F, real) == 2.5F);
    CHECK(scalar(int32_t{}, integer) == 300);
    CHECK(scalar(true, flag) == true);
    CHECK(static_cast<float>(scalar(half{}, real)) == 2.5F);
    CHECK_THROWS_AS(scalar(int32_t{}, real), operation_error);
    CHECK_THROWS_AS(scalar(int8_t{}, integer), operation_error);
    CHECK_THROWS_AS(scalar(true, integer), operation_error);
}

} // namespace
