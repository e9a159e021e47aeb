// SPDX-License-Identifier: Apache-2.0
// conformance_test.cpp: every protocol x element type x layout x device x read-only, against an oracle.
#include <warpx/interop/array_interface.hpp>
#include <warpx/interop/dlpack.hpp>

#include "support/fake_dlpack.hpp"
#include "support/gate_oracle.hpp"

using namespace warpx;

namespace {

// The facts about each element type, written out, not taken from warpx.
struct facts {
    int code, bits;
    const char* typestr; // null: the array interface has no name for it
    std::vector<int64_t> fold;
    uint64_t alignment;
};
template <class T> facts facts_of();
// clang-format off
template <> facts facts_of<bool>() { return {6, 8, "|b1", {}, 1}; }
template <> facts facts_of<int8_t>() { return {0, 8, "|i1", {}, 1}; }
template <> facts facts_of<int16_t>() { return {0, 16, "<i2", {}, 2}; }
template <> facts facts_of<int32_t>() { return {0, 32, "<i4", {}, 4}; }
template <> facts facts_of<int64_t>() { return {0, 64, "<i8", {}, 8}; }
template <> facts facts_of<uint8_t>() { return {1, 8, "|u1", {}, 1}; }
template <> facts facts_of<uint16_t>() { return {1, 16, "<u2", {}, 2}; }
template <> facts facts_of<uint32_t>() { return {1, 32, "<u4", {}, 4}; }
template <> facts facts_of<uint64_t>() { return {1, 64, "<u8", {}, 8}; }
template <> facts facts_of<half>() { return {2, 16, "<f2", {}, 2}; }
template <> facts facts_of<bfloat16>() { return {4, 16, "<V2", {}, 2}; }
template <> facts facts_of<float>() { return {2, 32, "<f4", {}, 4}; }
template <> facts facts_of<double>() { return {2, 64, "<f8", {}, 8}; }
template <> facts facts_of<complex<float>>() { return {5, 64, "<c8", {}, 4}; }
template <> facts facts_of<complex<double>>() { return {5, 128, "<c16", {}, 8}; }
template <> facts facts_of<float8_e4m3fn>() { return {10, 8, nullptr, {}, 1}; }
template <> facts facts_of<float8_e5m2>() { return {12, 8, nullptr, {}, 1}; }
template <> facts facts_of<vec3f>() { return {2, 32, "<f4", {3}, 4}; }
template <> facts facts_of<vec<half, 2>>() { return {2, 16, "<f2", {2}, 2}; }
template <> facts facts_of<mat<double, 2, 3>>() { return {2, 64, "<f8", {2, 3}, 8}; }
template <> facts facts_of<quatf>() { return {2, 32, "<f4", {4}, 4}; }
// clang-format on

struct layout {
    const char* name;
    std::vector<int64_t> shape, strides; // of elements; no strides: null
    bool null_data = false;
    uint64_t offset_items = 0, misaligned_by = 0;
};
const layout layouts_0[] = {
    {"0-d", {}, {}},
    {"0-d with a byte offset", {}, {}, false, 3},
    {"0-d unaligned", {}, {}, false, 0, 1},
    {"0-d without memory", {}, {}, true},
};
const layout layouts_2[] = {
    {"C", {3, 4}, {4, 1}},
    {"F", {3, 4}, {1, 3}},
    {"null strides", {3, 4}, {}},
    {"gaps", {3, 4}, {10, 2}},
    {"negative", {3, 4}, {-4, -1}},
    {"one negative", {3, 4}, {4, -1}},
    {"zero stride", {3, 4}, {0, 1}},
    {"both zero", {3, 4}, {0, 0}},
    {"sliding window", {3, 4}, {1, 1}},
    {"interlaced", {2, 3}, {3, 2}},
    {"size 1, strides of no sense", {1, 4}, {INT64_MAX, 1}},
    {"all size 1", {1, 1}, {INT64_MIN, -7}},
    {"zero-size", {0, 4}, {4, 1}, true},
    {"zero-size, strides of no sense", {3, 0}, {INT64_MIN, INT64_MAX}, true},
    {"zero-size with data", {3, 0}, {}},
    {"byte offset", {3, 4}, {4, 1}, false, 2},
    {"unaligned", {3, 4}, {4, 1}, false, 0, 1},
    {"two bytes off", {3, 4}, {}, false, 0, 2},
    {"four bytes off", {3, 4}, {4, 1}, false, 0, 4},
    {"no memory", {3, 4}, {4, 1}, true},
    {"negative extent", {3, -4}, {4, 1}},
    {"strides that overflow", {3, 4}, {INT64_MAX / 2, 1}},
};

constexpr device_kind devices[] = {device_kind::host, device_kind::cuda_pinned, device_kind::cuda_managed,
                                   device_kind::cuda, device_kind::rocm};

/// Wrapping, so that strides of no sense stay so.
int64_t times(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

struct tally {
    int accepted = 0, refused = 0;
};

/// One cell: the import through `import`, which must do what the oracle says, and give everything back.
template <class T, int N, class Device, class Import>
void check_cell(const char* protocol, const layout& form, const test::claim& said, tally& sum,
                const Import& import) {
    const facts f = facts_of<std::remove_const_t<T>>();
    test::request want;
    want.scalar = {static_cast<dtype_code>(f.code), static_cast<uint8_t>(f.bits), 1};
    want.rank = N;
    want.fold = f.fold;
    want.scalar_bytes = f.bits / 8;
    want.alignment = f.alignment;
    want.writable = !std::is_const_v<T>;
    want.host = !std::is_same_v<Device, device::cuda>;
    want.cuda = !std::is_same_v<Device, device::host>;
    const test::verdict expected = test::judge(want, said.desc);
    std::string message;
    try {
        const array<T, N, Device> a = import();
        if (expected == test::verdict::accept && !a.empty()) {
            const char* address = static_cast<const char*>(said.desc.data) + said.desc.byte_offset;
            if (reinterpret_cast<const char*>(a.data_handle()) != address) message = "at another address";
            const int64_t unit = said.desc.stride_unit == stride_unit::bytes ? 1 : want.scalar_bytes;
            for (int k = 0; k < N; ++k) {
                if (a.extent(k) != said.shape[static_cast<size_t>(k)]) message = "with another extent";
                if (a.extent(k) > 1 && said.desc.strides &&
                    a.stride(k) * static_cast<int64_t>(sizeof(T)) != said.desc.strides[k] * unit)
                    message = "with another stride";
            }
        }
        ++sum.accepted;
        if (expected != test::verdict::accept) message = "accepted, but should be refused";
        for (int k = 0; k < N; ++k)
            if (a.empty() && a.extent(k) != said.shape[static_cast<size_t>(k)])
                message = "an empty shape lost";
    } catch (const bind_error& error) {
        ++sum.refused;
        const std::string text = error.what();
        if (expected == test::verdict::accept)
            message = "refused, but should be accepted: " + text;
        else if (text.find(": expected ") == std::string::npos || text.find("; got ") == std::string::npos)
            message = "a message without its parts: " + text;
    }
    if (!message.empty())
        FAIL_CHECK(protocol << ", " << form.name << ", " << detail::type_name<array<T, N, Device>>() << ", "
                            << to_string(said.desc) << ": " << message);
}

template <class T, int N, class Device>
void check_layout(const layout& form, device_kind kind, bool read_only, tally& sum) {
    static test::memory room;
    const facts f = facts_of<std::remove_const_t<T>>();
    int64_t scalars = 1;
    for (const int64_t extent : f.fold) scalars *= extent;
    std::vector<int64_t> shape = form.shape, strides;
    if (!form.strides.empty() || N == 0)
        for (const int64_t stride : form.strides) strides.push_back(times(stride, scalars));
    const bool with_strides = !form.strides.empty();
    for (size_t k = 0; k < f.fold.size(); ++k) {
        shape.push_back(f.fold[k]);
        if (with_strides) strides.push_back(k + 1 < f.fold.size() ? f.fold[k + 1] : 1);
    }
    const int64_t item = f.bits / 8;
    unsigned char* data = form.null_data ? nullptr : room.bytes + 512 + form.misaligned_by;
    test::claim said(data, {static_cast<dtype_code>(f.code), static_cast<uint8_t>(f.bits), 1}, shape,
                     strides);
    said.on(kind).offset(form.offset_items * static_cast<uint64_t>(item));

    test::producer by;
    int made = 0;
    if (!read_only) { // legacy and borrowed tensors cannot say it
        check_cell<T, N, Device>("legacy", form, said, sum, [&] {
            ++made;
            return from_dlpack<T, N, Device>(by.make<DLManagedTensor>(said));
        });
        const DLTensor borrowed = test::producer::tensor(said, said.shape, said.strides);
        check_cell<T, N, Device>("borrowed", form, said, sum,
                                 [&] { return from_dlpack<T, N, Device>(borrowed); });
    }
    said.desc.read_only = read_only;
    check_cell<T, N, Device>("versioned", form, said, sum, [&] {
        ++made;
        return from_dlpack<T, N, Device>(by.make<DLManagedTensorVersioned>(said));
    });
    if (by.deleted != made) FAIL_CHECK(form.name << ": " << by.deleted << " of " << made << " given back");

    if (!f.typestr || (kind != device_kind::host && kind != device_kind::cuda)) return;
    for (int64_t& stride : strides) stride = times(stride, item);
    if (data) data += form.offset_items * static_cast<uint64_t>(item); // the protocol has no offset
    test::claim in_bytes(data, said.desc.dtype, shape, strides);
    in_bytes.in_bytes().on(kind).desc.read_only = read_only;
    array_interface fields;
    fields.data = data;
    fields.read_only = read_only;
    fields.typestr = f.typestr;
    fields.rank = in_bytes.desc.rank;
    fields.shape = in_bytes.desc.extents;
    fields.strides = in_bytes.desc.strides;
    fields.device = kind;
    check_cell<T, N, Device>("array interface", form, in_bytes, sum,
                             [&] { return from_array_interface<T, N, Device>(fields); });
}

template <class T, int N, class Device, size_t Count> void check_layouts(const layout (&forms)[Count]) {
    tally sum;
    for (const layout& form : forms)
        for (const device_kind kind : devices)
            for (const bool read_only : {false, true}) check_layout<T, N, Device>(form, kind, read_only, sum);
    CHECK(sum.accepted > 0);
    CHECK(sum.refused > 0);
}

} // namespace

TEMPLATE_TEST_CASE("what the oracle accepts is accepted, what it refuses is refused", "", bool, int8_t,
                   int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, half, bfloat16, float,
                   double, complex<float>, complex<double>, float8_e4m3fn, float8_e5m2, vec3f, (vec<half, 2>),
                   (mat<double, 2, 3>), quatf) {
    check_layouts<TestType, 0, device::host>(layouts_0);
    check_layouts<const TestType, 0, device::any>(layouts_0);
    check_layouts<TestType, 2, device::host>(layouts_2);
    check_layouts<const TestType, 2, device::host>(layouts_2);
    check_layouts<TestType, 2, device::cuda>(layouts_2);
    check_layouts<const TestType, 2, device::any>(layouts_2);
}

TEMPLATE_TEST_CASE("every element type refuses every other dtype", "", bool, int8_t, int16_t, int32_t,
                   int64_t, uint8_t, uint16_t, uint32_t, uint64_t, half, bfloat16, float, double,
                   complex<float>, complex<double>, float8_e4m3fn, float8_e5m2) {
    test::memory room;
    const facts mine = facts_of<TestType>();
    int accepted = 0;
    for (const int code : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 99, 255})
        for (const int bits : {0, 1, 4, 6, 8, 16, 32, 64, 80, 128, 255})
            for (const int lanes : {0, 1, 2, 4}) {
                test::claim said(
                    room.bytes,
                    {static_cast<dtype_code>(code), static_cast<uint8_t>(bits), static_cast<uint16_t>(lanes)},
                    {3});
                test::producer by;
                const std::string message = test::refusal(
                    [&] { (void)from_dlpack<TestType, 1>(by.make<DLManagedTensorVersioned>(said)); });
                const bool same = code == mine.code && bits == mine.bits && lanes == 1;
                const bool raw = mine.code == 4 && code == 3 && bits == 8 && lanes == 2;
                if (message.empty() != (same || raw) || by.deleted != 1)
                    FAIL_CHECK(to_string(said.desc) << ": " << message);
                accepted += message.empty();
            }
    CHECK(accepted >= 1);
}
