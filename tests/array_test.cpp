// SPDX-License-Identifier: Apache-2.0
// array_test.cpp: arrays: conversions, access, ownership, the gradient slot, allocations.
#include "support/catch.hpp"
#include "support/failing_new.hpp"

#include <warpx/create.hpp>
#include <warpx/element_view.hpp>
#include <warpx/view.hpp>

#include <cstdlib>
#include <new>
#include <vector>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class A, class I>
concept indexable = requires(A a, I i) { a[i]; };
template <class A, class... I>
concept callable_with = requires(A a, I... i) { a(i...); };

float memory[24];

/// A strided, borrowed array with a strided gradient.
array<float, 2> with_gradient(std::vector<float>& values, std::vector<float>& gradients) {
    auto a = from_pointer<float, 2>(values.data(), {3, 4}, {8, 2});
    a.set_grad(from_pointer<float, 2>(gradients.data(), {3, 4}, {1, 3}));
    return a;
}

} // namespace

TEST_CASE("an array is what it was made of") {
    auto a = from_pointer<float, 2>(memory, {2, 3}, {12, 2});
    CHECK((a.rank() == 2 && a.extent(0) == 2 && a.extent(1) == 3 && a.stride(0) == 12 && a.stride(1) == 2));
    CHECK((a.size() == 6 && !a.empty() && a.data_handle() == memory && !a.is_compact()));
    CHECK((a.device() == device_kind::host && a.device_id() == 0 && a.memory() == memory_kind::plain &&
           !a.has_grad()));
    const array<float, 2> none;
    CHECK((none.empty() && none.extent(0) == 0 && none.data_handle() == nullptr && none.is_compact()));
    const array<float, 0> nothing;
    CHECK((nothing.empty() && nothing.size() == 0));
    const array<float, 1, device::cuda> on_device;
    CHECK((on_device.device() == device_kind::cuda && on_device.empty()));
    STATIC_REQUIRE(array<float, 2>::zero() == 0);
    STATIC_REQUIRE(sizeof(array<float, 1>) <= 96);
}

TEST_CASE("elements are found by index, coordinates and axes") {
    auto a = from_pointer<float, 2>(memory, {2, 3}, {12, 2});
    a(1, 2) = 5;
    CHECK(memory[16] == 5);
    a(size_t{1}, int8_t{1}) = 6;
    CHECK(memory[14] == 6);
    const auto i = detail::index_access::make(shape(0, 2));
    a[i] = 7;
    CHECK(memory[4] == 7);
    auto [row, column] = i;
    CHECK(a(row, column) == 7);
    auto scalar = from_pointer<float, 0>(memory, {});
    scalar() = 9;
    CHECK(memory[0] == 9);
    STATIC_REQUIRE(indexable<array<float, 1>, int>);
    STATIC_REQUIRE_FALSE(indexable<array<float, 2>, int>);
    STATIC_REQUIRE_FALSE(indexable<array<float, 1>, float>);
    STATIC_REQUIRE_FALSE(indexable<array<float, 1>, warpx::index<2>>);
    STATIC_REQUIRE_FALSE(callable_with<array<float, 2>, int>);
    STATIC_REQUIRE_FALSE(callable_with<array<float, 2>, int, double>);
    STATIC_REQUIRE_FALSE(callable_with<array<float, 2>, int, int, int>);
}

TEST_CASE("compact: strides of axes of extent 1 and of empty arrays do not count") {
    CHECK(from_pointer<float, 2>(memory, {2, 3}).is_compact());
    CHECK_FALSE(from_pointer<float, 2>(memory, {2, 3}, {4, 1}).is_compact());
    CHECK_FALSE(from_pointer<float, 2>(memory, {3, 2}, {1, 3}).is_compact());
    CHECK_FALSE(from_pointer<float, 1>(memory + 3, 3, -1).is_compact());
    CHECK_FALSE(from_pointer<const float, 1>(memory, 3, 0).is_compact());
    const auto a = from_pointer<float, 2>(memory, {4, 6});
    CHECK(transpose(slice(a, 0, 1, 2)).is_compact());      // (6, 1)
    CHECK_FALSE(slice(a, 1, 1, 2).is_compact());           // a column
    CHECK(slice(slice(a, 1, 1, 2), 0, 2, 3).is_compact()); // one element
    CHECK(slice(a, 1, 2, 2).is_compact());                 // none
    CHECK(from_pointer<float, 0>(memory, {}).is_compact());
}

TEST_CASE("conversions: to const, to any device, to both; never back, never across") {
    using a = array<float, 2>;
    using c = array<const float, 2>;
    using any = array<float, 2, device::any>;
    using c_any = array<const float, 2, device::any>;
    using cuda = array<float, 2, device::cuda>;
    STATIC_REQUIRE(
        (std::is_convertible_v<a, c> && std::is_convertible_v<a, any> && std::is_convertible_v<a, c_any>));
    STATIC_REQUIRE((std::is_convertible_v<c, c_any> && std::is_convertible_v<any, c_any> &&
                    std::is_convertible_v<cuda, any>));
    STATIC_REQUIRE_FALSE(std::is_constructible_v<a, c>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<any, c_any>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<a, any>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<c, any>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<a, cuda>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<cuda, a>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<array<double, 2>, a>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<array<float, 1>, a>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<array<float, 3>, a>);

    auto x = zeros<float>({2, 3});
    x.set_grad(ones<float>({2, 3}));
    c_any y = x;
    CHECK((y.data_handle() == x.data_handle() && y.extents() == x.extents() && y.strides() == x.strides()));
    CHECK(x.keeper()->use_count() == 2);
    CHECK(y.has_grad());
    STATIC_REQUIRE(std::is_same_v<decltype(y.grad()), array<float, 2, device::any>>); // a gradient is written
    CHECK(y.grad().data_handle() == x.grad().data_handle());
}

TEST_CASE("copies share, moves leave nothing, the last one releases") {
    int released = 0;
    auto keeper = make_owner([&] { ++released; });
    owner* block = keeper.get();
    {
        auto a = from_pointer<float, 1>(memory, 4, 1, std::move(keeper));
        CHECK(block->use_count() == 1);
        auto b = a;
        CHECK(block->use_count() == 2);
        auto c = std::move(a);
        CHECK(block->use_count() == 2);
        CHECK((a.empty() && a.data_handle() == nullptr)); // NOLINT: what moves leave is promised
        auto d = std::move(c);
        c = std::move(d);
        CHECK((d.empty() && d.data_handle() == nullptr && c.size() == 4 && c.data_handle() == memory));
        b = c;
        const auto& same = b;
        b = same;
        CHECK(block->use_count() == 2);
        b = {};
        CHECK(released == 0);
    }
    CHECK(released == 1);
}

TEST_CASE("a gradient keeps its kind of memory, borrowed too, and through views") {
    float values[4] = {}, slopes[4] = {};
    const int64_t extent = 4;
    tensor_desc desc;
    desc.data = values;
    desc.device = device_kind::cuda_pinned;
    desc.dtype = dtype_of<float>;
    desc.rank = 1;
    desc.extents = &extent;
    auto x = bind<float, 1, device::any>(desc);
    desc.data = slopes;
    x.set_grad(bind<float, 1, device::any>(desc));
    CHECK(x.grad().memory() == memory_kind::pinned);
    CHECK(slice(x, 0, 1).grad().memory() == memory_kind::pinned);
}

TEST_CASE("the gradient: set, shared, cleared") {
    auto x = zeros<float>({2, 3});
    CHECK_FALSE(x.has_grad());
    CHECK((x.grad().empty() && x.grad().data_handle() == nullptr));
    auto g = full<float>({2, 3}, 4.0f);
    x.set_grad(g);
    CHECK((x.has_grad() && x.grad().data_handle() == g.data_handle()));
    CHECK(g.keeper()->use_count() == 2);
    x.grad()(1, 2) = 8;
    CHECK(g(1, 2) == 8);
    auto copy = x;
    x.clear_grad();
    CHECK((!x.has_grad() && copy.has_grad()));
    copy = {};
    CHECK(g.keeper()->use_count() == 1);
    array<const float, 2> c = zeros<float>({2, 3});
    c.set_grad(g); // memory that is only read has a gradient too
    CHECK(c.grad()(1, 2) == 8);
    CHECK_FALSE(g.has_grad());
}

TEST_CASE("a gradient of another shape is refused") {
    auto x = zeros<float>({2, 3});
    CHECK_THROWS_AS(x.set_grad(zeros<float>({3, 2})), bind_error);
    CHECK_THROWS_WITH(x.set_grad(zeros<float>({2, 4})),
                      ContainsSubstring("array<float, 2>::set_grad") &&
                          ContainsSubstring("expected shape (2, 3), cpu:0") &&
                          ContainsSubstring("got shape (2, 4), cpu:0"));
    CHECK_FALSE(x.has_grad());
    array<float, 1, device::any> any = zeros<float>(2);
    array<float, 1, device::any> far = detail::array_access::make<array<float, 1, device::any>>(
        memory, shape(2), shape(1), {}, device_kind::cuda, 3, memory_kind::plain);
    CHECK_THROWS_WITH(any.set_grad(far), ContainsSubstring("cuda:3"));
}

TEST_CASE("every view takes the gradient along") {
    std::vector<float> values(40), gradients(40);
    const auto a = with_gradient(values, gradients);
    const auto at = [&](int64_t i, int64_t j) { return gradients.data() + i + 3 * j; };
    const auto v = [&](int64_t i, int64_t j) { return values.data() + 8 * i + 2 * j; };
    const auto address = [](const auto& x, auto... i) {
        int64_t offset = 0;
        int axis = 0;
        ((offset += i * x.stride(axis++)), ...);
        return x.data_handle() + offset;
    };
    auto s = slice(a, 1, none, none, -2);
    CHECK((address(s, 1, 1) == v(1, 1) && address(s.grad(), 1, 1) == at(1, 1) &&
           address(s.grad(), 2, 0) == at(2, 3)));
    auto t = take(a, 0, -1);
    CHECK((address(t, 3) == v(2, 3) && address(t.grad(), 3) == at(2, 3)));
    auto p = transpose(a);
    CHECK((address(p, 3, 1) == v(1, 3) && address(p.grad(), 3, 1) == at(1, 3)));
    CHECK(address(permute(a, {1, 0}).grad(), 2, 1) == at(1, 2));
    auto b = broadcast_to(slice(a, 0, 1, 2), {5, 3, 4});
    CHECK((address(b, 4, 2, 3) == v(1, 3) && address(b.grad(), 4, 2, 3) == at(1, 3)));
    CHECK(address(expand(a, 1).grad(), 2, 0, 1) == at(2, 1));
    CHECK(address(squeeze(expand(a, 0), 0).grad(), 2, 1) == at(2, 1));
    auto narrow = reshape(slice(a, 1, 1, 2), {3});
    CHECK((address(narrow, 2) == v(2, 1) && address(narrow.grad(), 2) == at(2, 1)));
    CHECK_THROWS_AS(reshape(a, {12}), bind_error); // the values could, the gradient cannot

    auto x = zeros<float>({4, 3});
    x.set_grad(zeros<float>({4, 3}));
    auto folded = fold<vec3f>(x);
    CHECK((folded.extent(0) == 4 &&
           static_cast<void*>(folded.grad().data_handle() + 2) == x.grad().data_handle() + 6));
    auto open = unfold(folded);
    CHECK((open.extents() == x.extents() && open.grad().data_handle() == x.grad().data_handle()));
    CHECK_FALSE(view_as<int32_t>(x).has_grad());
    auto z = zeros<complex<float>>(3);
    z.set_grad(zeros<complex<float>>(3));
    CHECK((real(z).grad().data_handle() == reinterpret_cast<float*>(z.grad().data_handle()) &&
           imag(z).grad().stride(0) == 2));
    CHECK(imag(z).grad().data_handle() == reinterpret_cast<float*>(z.grad().data_handle()) + 1);
}

TEST_CASE("a gradient whose strides allow no such view is refused with a sentence") {
    auto x = zeros<float>({3, 4});
    std::vector<float> g(12);
    x.set_grad(from_pointer<float, 2>(g.data(), {3, 4}, {1, 3}));
    CHECK_THROWS_AS(reshape(x, {12}), bind_error);
    CHECK_THROWS_AS(fold<vec4f>(x), bind_error);
    x.clear_grad();
    CHECK(reshape(x, {12}).extent(0) == 12);
}

TEST_CASE("one allocation at import, none for views") {
    std::vector<float> values(24);
    allocations = 0;
    const auto a = from_pointer<float, 2>(values.data(), {4, 6}, {6, 1}, make_owner([] {}));
    const int import = allocations;
    allocations = 0;
    auto copy = a;
    auto s = slice(transpose(a), 0, 1, none, 2);
    auto t = take(expand(s, 0), 0, 0);
    auto r = reshape(a, {2, 2, 6});
    auto b = broadcast_to(a, {3, 4, 6});
    auto f = fold<warpx::vec<float, 6>>(a);
    auto u = unfold(f);
    auto w = view_as<uint32_t>(a);
    array<const float, 2, device::any> c = a;
    const int views = allocations;
    CHECK(import == 1);
    CHECK(views == 0);
    CHECK(a.keeper()->use_count() == 10);
    CHECK((t.extent(0) == 3 && r.rank() == 3 && b.rank() == 3 && u.rank() == 2 && w.rank() == 2 &&
           c.rank() == 2 && copy.rank() == 2));
}

TEST_CASE("describe says what bind accepts again") {
    auto x = from_pointer<vec3f, 1>(reinterpret_cast<vec3f*>(memory), 4, 2);
    int64_t extents[3], strides[3];
    const tensor_desc desc = describe(array<const vec3f, 1>(x), extents, strides);
    CHECK((desc.rank == 2 && extents[0] == 4 && extents[1] == 3 && strides[0] == 6 && strides[1] == 1));
    CHECK((desc.dtype == dtype_of<float> && desc.read_only && desc.data == memory));
    CHECK((bind<const vec3f, 1>(desc).strides() == x.strides()));
    CHECK_THROWS_AS((bind<vec3f, 1>(desc)), bind_error);
    auto m = zeros<mat<float, 2, 3>>(2);
    int64_t e[3], s[3];
    const tensor_desc d = describe(m, e, s);
    CHECK((d.rank == 3 && e[1] == 2 && e[2] == 3 && s[0] == 6 && s[1] == 3 && s[2] == 1 && !d.read_only));
}
