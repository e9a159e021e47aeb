// SPDX-License-Identifier: Apache-2.0
// array_interface_test.cpp: type strings, and arrays from and to the fields of the two array interfaces.
#include <warpx/create.hpp>
#include <warpx/interop/array_interface.hpp>
#include <warpx/struct.hpp>
#include <warpx/view.hpp>

#include "support/claim.hpp"

namespace {
struct particle {
    warpx::vec3f position;
    int32_t kind;
};
} // namespace
WARPX_STRUCT(particle, position, kind);

using namespace warpx;
using test::check_message;
using test::refusal;

namespace {

/// The fields of a row-major host array.
struct fields_of : array_interface {
    int64_t extents[2] = {2, 3};
    fields_of(void* memory, const char* type, int axes = 2) {
        data = memory;
        typestr = type;
        rank = axes;
        shape = extents;
    }
    fields_of(const fields_of&) = delete;
};

template <class T, int N = 2, class Device = device::host>
std::string refusal_of(const array_interface& fields) {
    return refusal([&] { (void)from_array_interface<T, N, Device>(fields); });
}

} // namespace

TEST_CASE("type strings name the dtypes of NumPy") {
    const std::pair<const char*, dtype> names[] = {
        {"|b1", dtype_of<bool>},           {"|i1", dtype_of<int8_t>},
        {"<i2", dtype_of<int16_t>},        {"<i4", dtype_of<int32_t>},
        {"<i8", dtype_of<int64_t>},        {"|u1", dtype_of<uint8_t>},
        {"<u2", dtype_of<uint16_t>},       {"<u4", dtype_of<uint32_t>},
        {"<u8", dtype_of<uint64_t>},       {"<f2", dtype_of<half>},
        {"<f4", dtype_of<float>},          {"<f8", dtype_of<double>},
        {"<c8", dtype_of<complex<float>>}, {"<c16", dtype_of<complex<double>>},
        {"|V24", opaque_dtype(24)},
    };
    for (const auto& [text, type] : names) {
        CHECK(parse_typestr(text) == type);
        CHECK(std::string(to_typestr(type).text) == text);
    }
    CHECK(parse_typestr("=f4") == dtype_of<float>);
    CHECK(parse_typestr("<b1") == dtype_of<bool>);
    CHECK(parse_typestr(">u1") == dtype_of<uint8_t>); // one byte has no order
    CHECK(std::string(to_typestr(dtype_of<bfloat16>).text) == "<V2");
    CHECK(parse_typestr("<V2") == opaque_dtype(2));
    CHECK(std::string(to_typestr(opaque_dtype(65535)).text) == "|V65535");
}

TEST_CASE("T29 foreign byte order, long double, records and objects are refused by name") {
    const char* expected = "a typestr of a bool, integer, float or complex in native byte order";
    check_message(refusal([] { (void)parse_typestr(">f4"); }), expected, "'>f4' (big-endian)", "convert with",
                  "newbyteorder('=')");
    check_message(refusal([] { (void)parse_typestr("<f16"); }), expected, "'<f16' (long double)",
                  "convert to float64", "first");
    check_message(refusal([] { (void)parse_typestr("<c32"); }), expected, "'<c32' (complex long double)",
                  "convert to complex128", "first");
    check_message(refusal([] { (void)parse_typestr("|O8"); }), expected, "'|O8' (Python objects)",
                  "convert with", ".astype('float64')");
    check_message(refusal([] { (void)parse_typestr("<U5"); }), expected, "'<U5' (strings)", "convert",
                  "to numbers first");
    check_message(refusal([] { (void)parse_typestr("|S5"); }), expected, "'|S5' (strings)", "convert",
                  "to numbers first");
    check_message(refusal([] { (void)parse_typestr("<M8"); }), expected, "(dates or durations)", "view them",
                  ".view('int64')");
    check_message(refusal([] { (void)parse_typestr("<m8"); }), expected, "(dates or durations)", "view them",
                  ".view('int64')");
    check_message(refusal([] { (void)parse_typestr("|t3"); }), expected, "'|t3' (a bit field)", "unpack",
                  "one byte a value");
    for (const char* text :
         {"<i3", "<i16", "<f1", "<f3", "<f12a", "<c4", "|b2", "<b8", "<x4", "|V0", "|V65536"})
        check_message(refusal([&] { (void)parse_typestr(text); }), expected, text, "", "");
    for (const char* text :
         {"", "<", "<f", "f4", "<f4 ", "<4f", "<f-4", "<f9999999999", "<f4294967300", "\xff\xff"})
        check_message(refusal([&] { (void)parse_typestr(text); }), expected, "malformed",
                      "expected a byte order, a kind and a size", "as in '<f4'");
    check_message(refusal([] { (void)parse_typestr(nullptr); }), "a typestr", "none",
                  "the producer must fill it", "producer");
}

TEST_CASE("a dtype without a type string is refused, whatever its numbers") {
    check_message(refusal([] { (void)to_typestr(dtype_of<float8_e4m3fn>); }), "NumPy's type strings can name",
                  "float8_e4m3fn", "exchange it through DLPack", "DLPack");
    for (const dtype type :
         {dtype{dtype_code::opaque, 255, 65535}, dtype{dtype_code::opaque, 8, 0},
          dtype{dtype_code::opaque, 16, 2}, dtype{dtype_code::int_, 24, 1}, dtype{dtype_code::int_, 128, 1},
          dtype{dtype_code::float_, 8, 1}, dtype{dtype_code::float_, 32, 2}, dtype{dtype_code::bool_, 1, 1},
          dtype{dtype_code::bfloat, 32, 1}, dtype{static_cast<dtype_code>(99), 32, 1}})
        check_message(refusal([&] { (void)to_typestr(type); }), "type strings can name", to_string(type),
                      "exchange it through DLPack", "DLPack");
}

TEST_CASE("fields become arrays without a copy") {
    test::memory m;
    fields_of f(m.bytes, "<f4");
    const auto a = from_array_interface<float, 2>(f);
    CHECK(a.data_handle() == m.as<float>());
    CHECK(a.strides() == shape(3, 1));
    CHECK(a.is_borrowed());
    const int64_t strides[] = {-16, 8};
    f.strides = strides;
    f.data = m.bytes + 64;
    CHECK(from_array_interface<const float, 2>(f).strides() == shape(-4, 2));
    f.strides = nullptr;
    CHECK(from_array_interface<vec3f, 1>(f).size() == 2);
    fields_of raw(m.bytes, "<V2");
    CHECK(from_array_interface<bfloat16, 2>(raw).size() == 6);
    check_message(refusal_of<half>(raw), "float16", "opaque2", "wrong dtype", "convert");
    fields_of records(m.bytes, "|V16", 1);
    CHECK(from_array_interface<particle, 1>(records).size() == 2);
    int released = 0;
    {
        const auto kept = from_array_interface<float, 2>(f, make_owner([&]() noexcept { ++released; }));
        CHECK(released == 0);
    }
    CHECK(released == 1);
    CHECK(refusal([&] {
              (void)from_array_interface<double, 2>(f, make_owner([&]() noexcept { ++released; }));
          }) != "");
    CHECK(released == 2);
    f.has_mask = true; // refused before the gate is reached
    CHECK(refusal([&] {
              (void)from_array_interface<float, 2>(f, make_owner([&]() noexcept { ++released; }));
          }) != "");
    CHECK(released == 3);
}

TEST_CASE("T30 byte strides that cut an item are refused") {
    test::memory m;
    fields_of f(m.bytes, "<c8");
    const int64_t strides[] = {24, 4}; // float32[:, :6] seen as complex64
    f.strides = strides;
    check_message(refusal_of<const complex<float>>(f), "complex64", "byte strides (24, 4)",
                  "a byte stride that is no multiple of the item size", "make a contiguous copy first");
}

TEST_CASE("T36 strides absent, null pointers of empty arrays, streams, masks, versions") {
    test::memory m;
    fields_of f(nullptr, "<f4");
    f.extents[0] = 0;
    CHECK(from_array_interface<float, 2>(f).empty());
    f.extents[0] = 2;
    check_message(refusal_of<float>(f), "float32", "shape (2, 3)", "null data", "needs memory");
    f.data = m.bytes;
    f.has_mask = true;
    check_message(refusal_of<float>(f), "no mask", "a masked array", ".filled(value)", "fill");
    f.has_mask = false;
    f.read_only = true;
    check_message(refusal_of<float>(f), "writable", "read-only", "read-only", "array<const T, ...>");
    f.read_only = false;
    for (const int version : {2, 1, 0, 4, -3}) {
        f.version = version;
        check_message(refusal_of<float>(f), "version 3", "version " + std::to_string(version),
                      "exchange through DLPack", "DLPack");
    }
    f.shape = nullptr;
    f.version = 3;
    check_message(refusal_of<float>(f), "rank 2", "rank 2", "no shape", "the producer must fill the shape");

    fields_of g(m.bytes, "<f4");
    g.device = device_kind::cuda;
    g.device_id = 1;
    for (const int version : {2, 3}) { // version 2 has no stream
        g.version = version;
        const auto a = from_array_interface<float, 2, device::cuda>(g);
        CHECK(a.device_id() == 1);
    }
    g.version = 1;
    check_message(refusal_of<float, 2, device::cuda>(g), "version 2 or 3", "version 1",
                  "exchange through DLPack", "DLPack");
    g.version = 3;
    g.has_stream = true;
    check_message(refusal_of<float, 2, device::cuda>(g), "a stream of 1 (legacy default), 2 (per thread)",
                  "stream 0, which the protocol forbids", "name the default stream as 1", "1");
    g.stream = 2;
    CHECK(describe(g).has_stream);
    CHECK(describe(g).stream == 2);
    CHECK(from_array_interface<float, 2, device::any>(g).device() == device_kind::cuda);
    g.has_stream = false;
    CHECK_FALSE(describe(g).has_stream);
}

TEST_CASE("arrays become fields, and come back") {
    const auto a = transpose(zeros<double>({2, 3}));
    const auto out = to_array_interface(a);
    CHECK(std::string(out.fields().typestr) == "<f8");
    CHECK(out.fields().rank == 2);
    CHECK(out.fields().shape[0] == 3);
    CHECK(out.fields().strides[0] == 8);
    CHECK(out.fields().strides[1] == 24);
    CHECK(out.fields().version == 3);
    CHECK_FALSE(out.fields().read_only);
    CHECK_FALSE(out.fields().has_stream);
    CHECK(from_array_interface<double, 2>(out.fields()).strides() == a.strides());

    const array<const vec3f, 1> v = zeros<vec3f>(4);
    const auto components = to_array_interface(v);
    CHECK(components.fields().rank == 2);
    CHECK(components.fields().read_only);
    CHECK(components.fields().strides[0] == 12);
    CHECK(from_array_interface<const vec3f, 1>(components.fields()).size() == 4);

    const auto without_elements = to_array_interface(zeros<float>({0, 3}));
    CHECK(without_elements.fields().data == nullptr);
    const auto records = to_array_interface(zeros<particle>(2));
    CHECK(std::string(records.fields().typestr) == "|V16");
    CHECK(refusal([] { (void)to_array_interface(zeros<float8_e5m2>(2)); }).find("DLPack") !=
          std::string::npos);
}
