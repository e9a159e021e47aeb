// SPDX-License-Identifier: Apache-2.0
// array_interface_test.cpp: type strings, and the fields of the array interfaces from and to arrays.
#include <warpx/interop/array_interface.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace warpx;

namespace {

/// The text of the bind_error that `call` throws, which has the three parts of every message.
template <class F> std::string refusal(const F& call) {
    try {
        call();
    } catch (const bind_error& e) {
        const std::string text = e.what();
        CHECK_THAT(text, ContainsSubstring(": expected ") && ContainsSubstring("; got "));
        return text;
    }
    FAIL("nothing was thrown");
    return {};
}

struct fields_of_six {
    float memory[6] = {0, 1, 2, 3, 4, 5};
    int64_t shape[2] = {2, 3};
    int64_t strides[2] = {12, 4};
    array_interface fields() {
        array_interface f;
        f.data = memory;
        f.typestr = "<f4";
        f.rank = 2;
        f.shape = shape;
        return f;
    }
};

} // namespace

TEST_CASE("type strings name what warpx binds") {
    const struct {
        const char* text;
        dtype type;
    } all[] = {{"|b1", dtype_of<bool>},           {"|i1", dtype_of<int8_t>},
               {"<i2", dtype_of<int16_t>},        {"<i4", dtype_of<int32_t>},
               {"<i8", dtype_of<int64_t>},        {"|u1", dtype_of<uint8_t>},
               {"<u2", dtype_of<uint16_t>},       {"<u4", dtype_of<uint32_t>},
               {"<u8", dtype_of<uint64_t>},       {"<f2", dtype_of<half>},
               {"<f4", dtype_of<float>},          {"<f8", dtype_of<double>},
               {"<c8", dtype_of<complex<float>>}, {"<c16", dtype_of<complex<double>>},
               {"|V24", opaque_dtype(24)},        {"|V65535", opaque_dtype(65535)}};
    for (const auto& one : all) {
        CAPTURE(one.text);
        CHECK(parse_typestr(one.text) == one.type);
        CHECK(std::string(to_typestr(one.type).text) == one.text);
    }
    CHECK(parse_typestr("=f4") == dtype_of<float>);
    CHECK(parse_typestr("|u1") == parse_typestr("<u1"));
    CHECK(parse_typestr(">i1") == dtype_of<int8_t>); // one byte has no order
    CHECK(std::string(to_typestr(dtype_of<bfloat16>).text) == "<V2");
    CHECK(parse_typestr("<V2") == opaque_dtype(2));
}

TEST_CASE("t29: type strings that are refused say why") {
    const struct {
        const char *text, *reason;
    } all[] = {{">f4", "big-endian"},
               {">c8", "big-endian"},
               {"<f16", "long double"},
               {"<f12", "long double"},
               {"<c32", "complex long double"},
               {"|O", "Python objects"},
               {"|O8", "Python objects"},
               {"<U3", "strings"},
               {"|S3", "strings"},
               {"<M8[s]", "dates"},
               {"<m8[us]", "durations"},
               {"|t4", "a bit field"},
               {"|b2", "unknown kind"},
               {"<f3", "unknown kind"},
               {"<i16", "unknown kind"},
               {"<c4", "unknown kind"},
               {"<x4", "unknown kind"},
               {"|V65536", "65535"},
               {"", "malformed"},
               {"<", "malformed"},
               {"<f", "malformed"},
               {"f4", "malformed"},
               {"<f4 ", "malformed"},
               {"<f0", "malformed"},
               {"<f-4", "malformed"},
               {"?f4", "malformed"},
               {"<f99999999999999999999", "malformed"}};
    for (const auto& one : all) {
        CAPTURE(one.text);
        CHECK_THAT(refusal([&] { (void)parse_typestr(one.text); }), ContainsSubstring(one.reason));
    }
    CHECK_THAT(refusal([] { (void)parse_typestr(nullptr); }), ContainsSubstring("none"));
    CHECK_THAT(refusal([] { (void)to_typestr(dtype_of<float8_e4m3fn>); }), ContainsSubstring("DLPack"));
    CHECK_THAT(refusal([] { (void)to_typestr(dtype{dtype_code::float_, 32, 4}); }),
               ContainsSubstring("DLPack"));
}

TEST_CASE("t36: strides that are absent are compact, those that are there count bytes") {
    fields_of_six six;
    auto f = six.fields();
    auto a = from_array_interface<float, 2>(f);
    CHECK(a.data_handle() == six.memory);
    CHECK(a.strides() == shape<2>(3, 1));
    CHECK(a.is_borrowed());

    six.strides[0] = 4;
    six.strides[1] = 8;
    six.shape[1] = 2;
    f.strides = six.strides;
    a = from_array_interface<float, 2>(f);
    CHECK(a.strides() == shape<2>(1, 2));
    CHECK(float(a(1, 1)) == 3);

    six.strides[0] = 6; // T30
    CHECK_THAT(refusal([&] { (void)from_array_interface<float, 2>(f); }),
               ContainsSubstring("no multiple of the item size"));
}

TEST_CASE("t36: null data, masks, versions and streams") {
    fields_of_six six;
    auto f = six.fields();
    f.data = nullptr;
    CHECK_THAT(refusal([&] { (void)from_array_interface<float, 2>(f); }), ContainsSubstring("null"));
    six.shape[0] = 0;
    CHECK(from_array_interface<float, 2>(f).empty());
    six.shape[0] = 2;

    f = six.fields();
    f.has_mask = true;
    CHECK_THAT(refusal([&] { (void)describe(f); }), ContainsSubstring("mask"));
    f.has_mask = false;
    for (const int version : {-1, 0, 1, 2, 4}) {
        f.version = version;
        CHECK_THAT(refusal([&] { (void)describe(f); }),
                   ContainsSubstring("got version " + std::to_string(version)));
    }
    f.device = device_kind::cuda;
    f.device_id = 1;
    for (const int version : {2, 3}) {
        f.version = version;
        CHECK(describe(f).device == device_kind::cuda);
    }
    for (const int64_t stream : {int64_t{1}, int64_t{2}, int64_t{0x7f0000001000}}) {
        f.has_stream = true;
        f.stream = stream;
        CHECK(describe(f).has_stream);
        CHECK(describe(f).stream == static_cast<uintptr_t>(stream));
    }
    f.has_stream = false;
    CHECK_FALSE(describe(f).has_stream);
    f.has_stream = true;
    f.stream = 0;
    CHECK_THAT(refusal([&] { (void)describe(f); }), ContainsSubstring("stream 0"));
    f.has_stream = false;
    CHECK(from_array_interface<float, 2, device::cuda>(f).device_id() == 1);
    CHECK_THAT(refusal([&] { (void)from_array_interface<float, 2>(f); }), ContainsSubstring("wrong device"));
}

TEST_CASE("read-only fields are for const") {
    fields_of_six six;
    auto f = six.fields();
    f.read_only = true;
    CHECK(from_array_interface<const float, 2>(f).size() == 6);
    CHECK_THAT(refusal([&] { (void)from_array_interface<float, 2>(f); }), ContainsSubstring("read-only"));
}

TEST_CASE("raw two-byte elements are bfloat16 when it is asked for") {
    bfloat16 memory[2] = {bfloat16(1.0F), bfloat16(2.0F)};
    const int64_t extents[1] = {2};
    array_interface f;
    f.data = memory;
    f.typestr = "<V2";
    f.rank = 1;
    f.shape = extents;
    CHECK(float(bfloat16(from_array_interface<bfloat16, 1>(f)[1])) == 2.0F);
    CHECK_THAT(refusal([&] { (void)from_array_interface<half, 1>(f); }), ContainsSubstring("wrong dtype"));
}

TEST_CASE("the dictionary keeps nothing: the keeper does") {
    fields_of_six six;
    int released = 0;
    {
        const auto a = from_array_interface<float, 2>(six.fields(), make_owner([&] { ++released; }));
        const auto b = a;
        CHECK(released == 0);
    }
    CHECK(released == 1);
    auto f = six.fields();
    f.typestr = "<f8";
    CHECK_THROWS_AS((from_array_interface<float, 2>(f, make_owner([&] { ++released; }))), bind_error);
    CHECK(released == 2);
}

TEST_CASE("fields of an array are accepted again") {
    std::vector<float> memory(24, 1.0F);
    int64_t extents[3] = {2, 4, 3}, strides[3] = {12, -3, 1};
    tensor_desc desc;
    desc.data = memory.data() + 9;
    desc.dtype = dtype_of<float>;
    desc.rank = 3;
    desc.extents = extents;
    desc.strides = strides;
    const auto a = bind<vec<float, 3>, 2>(desc);
    const auto out = to_array_interface(a);
    const array_interface& f = out.fields();
    CHECK(f.rank == 3);
    CHECK(std::string(f.typestr) == "<f4");
    CHECK(f.version == 3);
    CHECK_FALSE(f.read_only);
    CHECK_FALSE(f.has_stream);
    for (int k = 0; k < 3; ++k) {
        CHECK(f.shape[k] == extents[k]);
        CHECK(f.strides[k] == 4 * strides[k]);
    }
    const auto b = from_array_interface<vec<float, 3>, 2>(f);
    CHECK(b.data_handle() == a.data_handle());
    CHECK(b.strides() == a.strides());
    const auto readable = to_array_interface(array<const vec<float, 3>, 2>(a));
    CHECK(readable.fields().read_only);
    const auto nothing = to_array_interface(array<float, 1>());
    CHECK(nothing.fields().data == nullptr);
}
