// SPDX-License-Identifier: Apache-2.0
// gate_test.cpp: every reason of the gate to refuse, with its message, and everything that it accepts. Names
// that begin with T and a number are those of known bug classes of array exchange.
#include <warpx/array.hpp>
#include <warpx/create.hpp>
#include <warpx/struct.hpp>

#include "support/claim.hpp"

#include <complex>
#include <type_traits>

namespace {
struct particle { // mixed fields: a record
    warpx::vec3f position;
    int32_t kind;
};
struct spring { // one scalar type: a trailing axis
    warpx::vec2f a, b;
    float stiffness;
};
struct huge {
    char bytes[70000];
};
/// A complex number as libcu++ and Thrust make them: aligned to its size.
template <class T> class alignas(2 * sizeof(T)) device_complex {
public:
    using value_type = T;
    constexpr device_complex(T re = T(), T im = T()) : re_(re), im_(im) {}
    constexpr T real() const { return re_; }
    constexpr T imag() const { return im_; }

private:
    T re_, im_;
};
} // namespace
WARPX_STRUCT(particle, position, kind);
WARPX_STRUCT(spring, a, b, stiffness);

using namespace warpx;
using test::check_message;
using test::claim;
using test::refusal_of;

namespace {
constexpr dtype f32 = dtype_of<float>;
constexpr int64_t big = INT64_MAX;
} // namespace

// -- what is accepted --------------------------------------------------------------------------------------

TEST_CASE("a plain tensor passes as it is, without a copy") {
    test::memory m;
    const auto a = bind<float, 2>(claim(m.bytes, f32, {3, 4}, {4, 1}));
    CHECK(a.data_handle() == m.as<float>());
    CHECK(a.extents() == shape(3, 4));
    CHECK(a.strides() == shape(4, 1));
    CHECK(a.is_compact());
    CHECK(a.is_borrowed());
    CHECK(a.device() == device_kind::host);
}

TEST_CASE("T6 null strides are row-major") {
    test::memory m;
    const auto a = bind<float, 3>(claim(m.bytes, f32, {2, 3, 4}));
    CHECK(a.strides() == shape(12, 4, 1));
    CHECK(bind<const double, 1>(claim(m.bytes, dtype_of<double>, {5})).stride(0) == 1);
    CHECK(bind<vec3f, 1>(claim(m.bytes, f32, {5, 3})).stride(0) == 1);
    CHECK(bind<mat22f, 2>(claim(m.bytes, f32, {2, 3, 2, 2})).strides() == shape(3, 1));
}

TEST_CASE("T7 a tensor without elements may have null data, any strides and any other extents") {
    const auto a = bind<float, 2>(claim(nullptr, f32, {0, 5}));
    CHECK(a.empty());
    CHECK(a.data_handle() == nullptr);
    CHECK(a.extents() == shape(0, 5));
    for (const int64_t stride : {int64_t{0}, int64_t{-7}, big, INT64_MIN, INT64_MIN + 1}) {
        CHECK(bind<float, 2>(claim(nullptr, f32, {4, 0}, {stride, stride})).empty());
        CHECK(bind<vec3f, 1>(claim(nullptr, f32, {0, 3}, {stride, stride}).in_bytes()).empty());
    }
    // Products that overflow before or after the zero.
    const int64_t half = int64_t{1} << 62;
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{half, half, 0}, {0, half, half}, {half, 0, half}, {big, big, 0}}) {
        const auto wide = bind<float, 3>(claim(nullptr, f32, extents));
        CHECK(wide.size() == 0);
        CHECK(wide.empty());
        CHECK(wide.is_compact());
        CHECK(wide.extent(0) == extents[0]);
        std::vector<int64_t> folded = extents;
        folded.push_back(3);
        CHECK(bind<vec3f, 3>(claim(nullptr, f32, folded)).size() == 0);
        int64_t shape_out[5], strides_out[5]; // describing it again computes nothing that overflows
        CHECK(bind<vec3f, 3>(describe(bind<vec3f, 3>(claim(nullptr, f32, folded)), shape_out, strides_out))
                  .empty());
    }
    // Data that is there stays, wherever the offset points and however it is aligned.
    test::memory m;
    CHECK(bind<float, 1>(claim(m.bytes, f32, {0}).offset(2)).data_handle() ==
          reinterpret_cast<float*>(m.bytes + 2));
    CHECK(bind<float, 1>(claim(m.bytes, f32, {0}).offset(UINT64_MAX)).empty());
    CHECK(bind<float, 1>(claim(nullptr, f32, {0}).offset(64)).data_handle() == nullptr);
}

TEST_CASE("T7 an empty tensor is still refused for what its type says") {
    check_message(refusal_of<float, 1>(claim(nullptr, dtype_of<double>, {0})), "float32", "float64",
                  "wrong dtype", ".astype('float32')");
    check_message(refusal_of<vec3f, 1>(claim(nullptr, f32, {0, 2})), "the last axis of shape (3,)",
                  "shape (0, 2)", "wrong extent of a component axis", "one element");
    check_message(refusal_of<float, 2>(claim(nullptr, f32, {0, 4}), {.extents = shape<2>(-1, 5)}),
                  "shape (-1, 5)", "shape (0, 4)", "wrong extent 4 of axis 1", "expected 5");
    check_message(refusal_of<float, 2>(claim(nullptr, f32, {0, -4})), "rank 2", "shape (0, -4)",
                  "negative extent", "producer's shape is broken");
}

TEST_CASE("T8 rank 0 with null shape and strides, or with lists that nobody reads") {
    test::memory m;
    m.as<double>()[0] = 2.5;
    const auto a = bind<const double, 0>(claim(m.bytes, dtype_of<double>, {}).read_only());
    CHECK(a() == 2.5);
    CHECK(a.size() == 1);
    claim listed(m.bytes, dtype_of<double>, {});
    const int64_t list[1] = {-9};
    listed.desc.extents = listed.desc.strides = list;
    CHECK(bind<double, 0>(listed).size() == 1);
    check_message(refusal_of<double, 0>(claim(nullptr, dtype_of<double>, {})), "rank 0", "shape ()",
                  "null data", "meta, fake or freed");
    CHECK(bind<vec3f, 0>(claim(m.bytes, f32, {3})).size() == 1);
}

TEST_CASE("T9 an axis of extent 1 may have any stride") {
    test::memory m;
    for (const int64_t stride : {int64_t{0}, int64_t{-3}, int64_t{7}, big, INT64_MIN}) {
        const auto a = bind<float, 3>(claim(m.bytes, f32, {2, 1, 3}, {3, stride, 1}));
        CHECK(a.is_compact());
        CHECK(a.strides() == shape(3, 3, 1));
        const auto b = bind<float, 1>(claim(m.bytes, f32, {1}, {stride}).in_bytes());
        CHECK(b.stride(0) == 1);
        CHECK(bind<vec<float, 1>, 1>(claim(m.bytes, f32, {4, 1}, {1, stride})).size() == 4);
        CHECK(bind<vec3f, 1>(claim(m.bytes, f32, {1, 3}, {stride, 1})).size() == 1);
    }
}

TEST_CASE("T10 negative strides are bound and read backwards") {
    test::memory m;
    for (int k = 0; k < 6; ++k) m.as<float>()[k] = static_cast<float>(k);
    const auto a = bind<float, 1>(claim(m.as<float>() + 5, f32, {6}, {-1}));
    CHECK(a[0] == 5.0f);
    CHECK(a[5] == 0.0f);
    const auto b = bind<float, 2>(claim(m.as<float>() + 5, f32, {2, 3}, {-12, -4}).in_bytes());
    CHECK(b(1, 2) == 0.0f);
    const auto v = bind<const vec2f, 1>(claim(m.as<float>() + 4, f32, {3, 2}, {-2, 1}));
    CHECK(v[2].y == 1.0f);
    check_message(refusal_of<vec2f, 1>(claim(m.as<float>() + 5, f32, {3, 2}, {-2, -1})),
                  "the last axis of shape (2,)", "strides (-2, -1)", "components that are not adjacent",
                  "contiguous copy");
}

TEST_CASE("T11 overlapping elements: read freely, written only when accumulating") {
    test::memory m;
    const auto repeated = bind<const float, 2>(claim(m.bytes, f32, {3, 4}, {0, 1}));
    CHECK(repeated.stride(0) == 0);
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {3, 4}, {0, 1})), "writable", "strides (0, 1)",
                  "elements that overlap (an exact test)", "declare it accumulate_only");
    const auto sum = bind<float, 2>(claim(m.bytes, f32, {3, 4}, {0, 1}), {}, {.accumulate_only = true});
    CHECK(sum.stride(0) == 0);
    // A sliding window, and an interlaced layout that looks like one but is none.
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {4, 3}, {1, 1})), "writable", "strides (1, 1)",
                  "(an exact test)", "copy it first");
    CHECK(bind<float, 2>(claim(m.bytes, f32, {3, 2}, {2, 3})).size() == 6); // 0 3 2 5 4 7
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {4, 3}, {2, 3})), "writable", "strides (2, 3)",
                  "(an exact test)", "copy it first"); // 3 * 2 = 2 * 3
    CHECK(bind<float, 2>(claim(m.as<float>() + 20, f32, {3, 2}, {-2, 3})).size() == 6);
    // Three axes are searched: exact as long as the search is short.
    CHECK(bind<float, 3>(claim(m.bytes, f32, {2, 2, 2}, {6, 4, 3})).size() == 8); // 0 3 4 7 6 9 10 13
    check_message(refusal_of<float, 3>(claim(m.bytes, f32, {2, 2, 2}, {7, 4, 3})), "writable",
                  "strides (7, 4, 3)", "(an exact test)", "copy it first"); // 7 = 4 + 3
    CHECK(bind<float, 3>(claim(m.as<float>() + 40, f32, {2, 2, 2}, {6, -4, 3})).size() == 8);
    // Components of elements count as one.
    check_message(refusal_of<vec2f, 1>(claim(m.bytes, f32, {3, 2}, {1, 1})), "the last axis of shape (2,)",
                  "strides (1, 1)", "a stride that is no multiple of the element", "one more axis");
    check_message(refusal_of<vec2f, 2>(claim(m.bytes, f32, {3, 3, 2}, {2, 2, 1})), "writable",
                  "strides (2, 2, 1)", "(an exact test)", "copy it first");
}

TEST_CASE("T11 beyond its bound the test for overlaps is conservative, and says so") {
    // sum(d[k] * (2^30 + 3^k)) = 0 with |d[k]| <= 2 has no solution but 0, and many that nearly are.
    std::vector<int64_t> extents, strides;
    for (int64_t k = 0, power = 1; k < 14; ++k, power *= 3) {
        extents.push_back(3);
        strides.push_back((int64_t{1} << 30) + power);
    }
    test::memory m; // claimed, never touched
    claim c(m.bytes, dtype_of<uint8_t>, extents, strides);
    check_message(refusal_of<uint8_t, 14>(c), "writable", "strides (10737",
                  "elements that may overlap (a bounded test gave up)", "declare it accumulate_only");
    CHECK(bind<const uint8_t, 14>(c).extent(0) == 3);
    CHECK(bind<uint8_t, 14>(c, {}, {.accumulate_only = true}).extent(13) == 3);
}

TEST_CASE("T12 a byte offset is added, whatever it is") {
    test::memory m;
    for (const uint64_t offset : {4u, 8u, 12u, 100u})
        CHECK(bind<float, 1>(claim(m.bytes, f32, {2}).offset(offset)).data_handle() ==
              reinterpret_cast<float*>(m.bytes + offset));
    CHECK(bind<uint8_t, 1>(claim(m.bytes, dtype_of<uint8_t>, {2}).offset(7)).data_handle() == m.bytes + 7);
    // The sum must be aligned, not its parts.
    CHECK(bind<float, 1>(claim(m.bytes + 2, f32, {2}).offset(2)).data_handle() ==
          reinterpret_cast<float*>(m.bytes + 4));
    check_message(refusal_of<float, 1>(claim(m.bytes, f32, {2}).offset(2)), "float32", "byte offset 2",
                  "misaligned data (address ", "a multiple of 4; make a copy first");
    for (const uint64_t offset : {UINT64_MAX, UINT64_MAX - 7, UINT64_MAX - 3})
        check_message(refusal_of<const float, 1>(claim(m.bytes, f32, {2}).offset(offset)), "float32",
                      "byte offset 18446744073709551", "beyond the ends of the address space",
                      "byte offset or strides are broken");
    // The last element just fits, or just does not.
    const uint64_t to_end = UINT64_MAX - reinterpret_cast<uintptr_t>(m.bytes) - 7; // address 2^64 - 8
    CHECK(refusal_of<const float, 1>(claim(m.bytes, f32, {1}).offset(to_end)) == "");
    CHECK(refusal_of<const float, 1>(claim(m.bytes, f32, {2}).offset(to_end)) != "");
    CHECK(refusal_of<const float, 1>(claim(reinterpret_cast<void*>(8), f32, {3}, {-1})) == "");
    CHECK(refusal_of<const float, 1>(claim(reinterpret_cast<void*>(8), f32, {4}, {-1})) != "");
}

TEST_CASE("T13 alignof(T) is enough, less is refused") {
    test::memory m;
    for (size_t byte = 0; byte < 32; ++byte) {
        const auto passes = [&]<class T>(T) {
            const bool fits = byte % alignof(T) == 0;
            CHECK((refusal_of<T, 1>(claim(m.bytes + byte, test::dtype_of<T>, {3})) == "") == fits);
        };
        passes(uint8_t{});
        passes(int16_t{});
        passes(float{});
        passes(double{});
        passes(complex<float>{});
        CHECK((refusal_of<vec4f, 1>(claim(m.bytes + byte, f32, {3, 4})) == "") == (byte % 4 == 0));
    }
    check_message(refusal_of<complex<double>, 1>(claim(m.bytes + 4, dtype_of<complex<double>>, {3})),
                  "complex128", "cpu:0", "misaligned data", "the address must be a multiple of 8");
}

TEST_CASE("T14 vector lanes and sub-byte types are refused") {
    test::memory m;
    check_message(refusal_of<float, 1>(claim(m.bytes, {dtype_code::float_, 32, 4}, {3})), "float32",
                  "float32x4", "vector lanes", "a trailing axis (lanes = 1)");
    check_message(refusal_of<vec4f, 1>(claim(m.bytes, {dtype_code::float_, 32, 4}, {3, 4})), "float32",
                  "float32x4", "vector lanes", "bind warpx::vec elements");
    check_message(refusal_of<float, 1>(claim(m.bytes, {dtype_code::float_, 32, 0}, {3})), "float32",
                  "float32x0", "vector lanes", "a trailing axis");
    for (const auto code : {dtype_code::float4_e2m1fn, dtype_code::int_, dtype_code::uint}) {
        check_message(refusal_of<uint8_t, 1>(claim(m.bytes, {code, 4, 1}, {3})), "uint8", "4",
                      "sub-byte elements", "unpack to a type of at least 8 bits");
        check_message(refusal_of<uint8_t, 1>(claim(m.bytes, {code, 4, 2}, {3})), "uint8", "4",
                      "sub-byte elements", "unpack");
    }
    check_message(refusal_of<uint8_t, 1>(claim(m.bytes, {dtype_code::float6_e2m3fn, 6, 1}, {3})), "uint8",
                  "float6_e2m3fn", "sub-byte elements", "unpack");
}

TEST_CASE("T15 bool is one byte of code bool, no uint8 and no bits") {
    test::memory m;
    CHECK(bind<bool, 1>(claim(m.bytes, {dtype_code::bool_, 8, 1}, {3})).size() == 3);
    check_message(refusal_of<bool, 1>(claim(m.bytes, dtype_of<uint8_t>, {3})), "bool", "uint8",
                  "uint8 may hold other values than 0 and 1", ".astype(bool)");
    check_message(refusal_of<uint8_t, 1>(claim(m.bytes, {dtype_code::bool_, 8, 1}, {3})), "uint8", "bool",
                  "wrong dtype", "bind an array of bool");
    for (const uint8_t bits : {uint8_t{1}, uint8_t{16}})
        check_message(refusal_of<bool, 1>(claim(m.bytes, {dtype_code::bool_, bits, 1}, {3})), "bool",
                      "bool" + std::to_string(bits), "bools packed into bits", "one byte a bool");
}

TEST_CASE("T16 read-only memory is bound as const only") {
    test::memory m;
    CHECK(bind<const float, 1>(claim(m.bytes, f32, {3}).read_only()).size() == 3);
    CHECK(bind<const float, 1>(claim(m.bytes, f32, {3})).size() == 3);
    check_message(refusal_of<float, 1>(claim(m.bytes, f32, {3}).read_only()), "writable", "read-only",
                  "read-only", "bind warpx::array<const T, ...>");
    check_message(refusal_of<float, 1>(claim(m.bytes, f32, {3}).read_only(), {.accumulate_only = true}),
                  "writable", "read-only", "read-only", "a writable copy");
}

TEST_CASE("T23 CUDA ordinals are compared where one is asked for") {
    void* somewhere = reinterpret_cast<void*>(0x7f0000000000);
    claim on_one(somewhere, f32, {3});
    on_one.on(device_kind::cuda, 1);
    const auto a = bind<float, 1, device::cuda>(on_one);
    CHECK(a.device() == device_kind::cuda);
    CHECK(a.device_id() == 1);
    CHECK(bind<float, 1, device::any>(on_one, {}, {.device_id = 1}).device() == device_kind::cuda);
    check_message(refusal_of<float, 1, device::cuda>(on_one, {.device_id = 0}), "CUDA memory of device 0",
                  "cuda:1", "wrong device", "copy it to device 0 first");
    check_message(refusal_of<float, 1, device::any>(on_one, {.device_id = 2}),
                  "host or CUDA memory of device 2", "cuda:1", "wrong device", "copy it to device 2 first");
    on_one.on(device_kind::cuda, -1);
    check_message(refusal_of<float, 1, device::cuda>(on_one), "CUDA memory", "cuda:-1", "wrong device",
                  "CUDA ordinal is broken");
}

TEST_CASE("T23 the host has one number, whatever the producer wrote") {
    test::memory m;
    for (const int32_t id : {0, 5, -1}) {
        const auto a = bind<float, 1>(claim(m.bytes, f32, {3}).on(device_kind::host, id));
        CHECK(a.device_id() == 0);
        CHECK(bind<float, 1, device::any>(claim(m.bytes, f32, {3}).on(device_kind::host, id)).device_id() ==
              0);
        auto b = bind<float, 1>(claim(m.bytes, f32, {3}));
        b.set_grad(a); // on the same device
        CHECK(b.has_grad());
    }
}

TEST_CASE("T24 T25 pinned and managed memory is bound as host and as CUDA memory") {
    test::memory m;
    for (const auto& [kind, memory] : {std::pair(device_kind::cuda_pinned, memory_kind::pinned),
                                       std::pair(device_kind::cuda_managed, memory_kind::managed)}) {
        claim c(m.bytes, f32, {3});
        c.on(kind);
        const auto on_host = bind<float, 1>(c);
        CHECK(on_host.memory() == memory);
        CHECK(on_host.device() == device_kind::host);
        const auto on_cuda = bind<float, 1, device::cuda>(c);
        CHECK(on_cuda.memory() == memory);
        CHECK(on_cuda.device() == device_kind::cuda);
        CHECK(bind<float, 1, device::cuda>(c, {}, {.device_id = 3}).device_id() == 3);
        CHECK(bind<float, 1, device::any>(c).memory() == memory);
        int64_t extents[3], strides[3];
        CHECK(describe(on_cuda, extents, strides).device == kind);
    }
}

// -- what is refused ---------------------------------------------------------------------------------------

TEST_CASE("a wrong rank is refused") {
    test::memory m;
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {3})), "float32, rank 2", "rank 1, shape (3,)",
                  "wrong rank", "reshape it, or bind an array of that rank");
    check_message(refusal_of<vec3f, 1>(claim(m.bytes, f32, {3})), "rank 2 (the last axis of shape (3,))",
                  "rank 1", "wrong rank", "the trailing axes are the components of one element");
    check_message(refusal_of<mat33f, 1>(claim(m.bytes, f32, {2, 9})),
                  "rank 3 (the last two axes of shape (3, 3))", "rank 2, shape (2, 9)", "wrong rank",
                  "components of one element");
    claim broken(m.bytes, f32, {3});
    for (const int32_t rank : {-1, INT32_MIN, INT32_MAX, 65}) { // the lists are not read then
        broken.desc.rank = rank;
        broken.desc.extents = nullptr;
        check_message(refusal_of<float, 1>(broken), "rank 1", "rank " + std::to_string(rank), "wrong rank",
                      "reshape it");
    }
}

TEST_CASE("a wrong dtype is refused") {
    test::memory m;
    check_message(refusal_of<float, 1>(claim(m.bytes, dtype_of<int64_t>, {3})), "float32", "int64",
                  "wrong dtype", "convert with .astype('float32') first, or bind an array of int64");
    check_message(refusal_of<half, 1>(claim(m.bytes, dtype_of<bfloat16>, {3})), "float16", "bfloat16",
                  "wrong dtype", ".astype('float16')");
    check_message(refusal_of<complex<float>, 1>(claim(m.bytes, dtype_of<complex<double>>, {3})), "complex64",
                  "complex128", "wrong dtype", "bind an array of complex128");
    check_message(refusal_of<float8_e4m3fn, 1>(claim(m.bytes, dtype_of<float8_e5m2>, {3})), "float8_e4m3fn",
                  "float8_e5m2", "wrong dtype", ".astype('float8_e4m3fn')");
}

TEST_CASE("T27 unknown dtype and device codes are ordinary errors") {
    test::memory m;
    for (const int code : {18, 19, 255})
        check_message(refusal_of<float, 1>(claim(m.bytes, {static_cast<dtype_code>(code), 32, 1}, {3})),
                      "float32", "unknown dtype (code " + std::to_string(code) + ", 32 bits)",
                      "unknown dtype code", "convert the tensor to float32 in its framework");
    for (const int kind : {12, 15, 16, 17, 18, 19, 20, 21, 0, 5, 99, -4, INT32_MAX, INT32_MIN}) {
        claim c(m.bytes, f32, {3});
        c.on(static_cast<device_kind>(kind), 2);
        const std::string text = "unknown device " + std::to_string(kind) + ":2";
        check_message(refusal_of<float, 1>(c), "host memory", text, "wrong device",
                      "copy the tensor to host memory or to a CUDA device first");
        check_message(refusal_of<float, 1, device::any>(c), "host or CUDA memory", text, "wrong device",
                      "copy the tensor");
    }
    for (const auto kind : {device_kind::opencl, device_kind::vulkan, device_kind::metal, device_kind::vpi,
                            device_kind::rocm, device_kind::rocm_pinned, device_kind::oneapi}) {
        claim c(m.bytes, f32, {3});
        c.on(kind);
        check_message(refusal_of<float, 1>(c), "host memory", to_string(kind, 0), "wrong device",
                      "copy the tensor");
    }
}

TEST_CASE("memory of the other machine is refused") {
    test::memory m;
    check_message(refusal_of<float, 1>(claim(m.bytes, f32, {3}).on(device_kind::cuda)), "host memory",
                  "cuda:0", "wrong device", "copy it to the host first");
    check_message(refusal_of<float, 1, device::cuda>(claim(m.bytes, f32, {3})), "CUDA memory", "cpu:0",
                  "wrong device", "copy it to the device first, or bind warpx::device::host");
}

TEST_CASE("wrong, negative and missing extents are refused") {
    test::memory m;
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {3, 4}), {.extents = shape<2>(-1, 5)}),
                  "shape (-1, 5) (-1: any)", "shape (3, 4)", "wrong extent 4 of axis 1", "expected 5");
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {3, 4}), {.extents = shape<2>(0, -1)}),
                  "shape (0, -1)", "shape (3, 4)", "wrong extent 3 of axis 0", "expected 0");
    CHECK(bind<float, 2>(claim(m.bytes, f32, {3, 4}), {}, {.extents = shape<2>(3, -1)}).size() == 12);
    check_message(refusal_of<float, 2>(claim(m.bytes, f32, {3, -1})), "rank 2", "shape (3, -1)",
                  "negative extent", "the producer's shape is broken");
    check_message(refusal_of<float, 1>(claim(m.bytes, f32, {INT64_MIN})), "rank 1",
                  "shape (-9223372036854775808,)", "negative extent", "broken");
    claim no_shape(m.bytes, f32, {3});
    no_shape.desc.extents = nullptr;
    check_message(refusal_of<float, 1>(no_shape), "rank 1", "rank 1, cpu:0", "no shape",
                  "the producer must fill the shape");
    check_message(refusal_of<vec3f, 1>(claim(m.bytes, f32, {3, 4})), "the last axis of shape (3,)",
                  "shape (3, 4)", "wrong extent of a component axis", "extents of one element");
    check_message(refusal_of<mat22f, 0>(claim(m.bytes, f32, {2, 3})), "the last two axes of shape (2, 2)",
                  "shape (2, 3)", "wrong extent of a component axis", "extents of one element");
}

TEST_CASE("T30 byte strides must be multiples of the item") {
    test::memory m;
    check_message(refusal_of<const float, 1>(claim(m.bytes, f32, {3}, {6}).in_bytes()), "float32",
                  "byte strides (6,)", "a byte stride that is no multiple of the item size",
                  "make a contiguous copy first");
    check_message(refusal_of<const complex<float>, 1>(
                      claim(m.bytes, dtype_of<complex<float>>, {3, 2}, {24 + 4, 8}).in_bytes()),
                  "complex64", "rank 2", "wrong rank", "reshape");
    check_message(refusal_of<const complex<float>, 2>(
                      claim(m.bytes, dtype_of<complex<float>>, {3, 2}, {24 + 4, 8}).in_bytes()),
                  "complex64", "byte strides (28, 8)", "no multiple of the item size", "contiguous copy");
    CHECK(bind<const float, 1>(claim(m.bytes, f32, {3}, {12}).in_bytes()).stride(0) == 3);
    CHECK(bind<const uint8_t, 1>(claim(m.bytes, dtype_of<uint8_t>, {3}, {7}).in_bytes()).stride(0) == 7);
    check_message(refusal_of<const vec2f, 1>(claim(m.bytes, f32, {3, 2}, {3, 1})), "rank 2", "strides (3, 1)",
                  "a stride that is no multiple of the element", "bind the scalars");
    check_message(refusal_of<const vec2f, 1>(claim(m.bytes, f32, {3, 2}, {4, 2})), "rank 2", "strides (4, 2)",
                  "components that are not adjacent in memory", "contiguous copy");
    check_message(refusal_of<const mat22f, 1>(claim(m.bytes, f32, {3, 2, 2}, {4, 1, 2})), "rank 3",
                  "strides (4, 1, 2)", "components that are not adjacent", "contiguous copy");
}

TEST_CASE("T42 sizes and strides that overflow are refused") {
    test::memory m;
    const int64_t half = int64_t{1} << 62;
    for (const std::vector<int64_t>& extents : {std::vector<int64_t>{big, 2}, {2, big}, {half, half}})
        check_message(refusal_of<const uint8_t, 2>(claim(m.bytes, dtype_of<uint8_t>, extents)), "uint8",
                      "shape (", "the address space has", "the producer's shape is broken");
    check_message(refusal_of<const double, 1>(claim(m.bytes, dtype_of<double>, {big / 8 + 2})), "float64",
                  "shape (", "more bytes than the address space has", "the producer's shape is broken");
    // Broadcast: no memory at all, but more elements than a count holds.
    check_message(refusal_of<const float, 2>(claim(m.bytes, f32, {half, 4}, {0, 0})), "float32",
                  "strides (0, 0)", "more elements than 64 bits count", "shape is broken");
    CHECK(bind<const float, 2>(claim(m.bytes, f32, {half, 1}, {0, 0})).size() == half);
    for (const int64_t stride : {INT64_MIN, INT64_MIN + 1, big, big / 2, -(big / 2)}) {
        check_message(refusal_of<const float, 1>(claim(m.bytes, f32, {3}, {stride})), "float32",
                      "strides (" + std::to_string(stride), "strides that overflow the address space",
                      "the producer's strides are broken");
        if (stride % 4 == 0)
            check_message(refusal_of<const float, 1>(claim(m.bytes, f32, {3}, {stride}).in_bytes()),
                          "float32", "byte strides", "strides that overflow the address space", "broken");
    }
    check_message(refusal_of<const uint8_t, 1>(claim(m.bytes, dtype_of<uint8_t>, {2}, {INT64_MIN})), "uint8",
                  "strides (-9223372036854775808,)", "strides that overflow", "broken");
    // Each axis fits, their sum does not.
    check_message(refusal_of<const uint8_t, 3>(
                      claim(m.bytes, dtype_of<uint8_t>, {2, 2, 2}, {half - 1, half - 1, half - 1})),
                  "uint8", "rank 3", "strides that overflow", "broken");
    check_message(
        refusal_of<const uint8_t, 2>(claim(m.bytes, dtype_of<uint8_t>, {2, 2}, {half - 1, 1 - half})),
        "uint8", "rank 2", "strides that overflow", "broken");
    // Fits a signed count, but not between this address and the end.
    check_message(refusal_of<const uint8_t, 1>(claim(m.bytes, dtype_of<uint8_t>, {2}, {1 - half})), "uint8",
                  "rank 1", "beyond the ends of the address space", "broken");
}

TEST_CASE("null data is refused where there are elements") {
    check_message(refusal_of<float, 1>(claim(nullptr, f32, {3})), "float32", "shape (3,)", "null data",
                  "is it a meta, fake or freed tensor?");
    check_message(refusal_of<float, 1>(claim(nullptr, f32, {3}).offset(64)), "float32", "byte offset 64",
                  "null data", "needs memory");
}

TEST_CASE("messages name the argument and the array") {
    test::memory m;
    CHECK(refusal_of<float, 1>(claim(m.bytes, dtype_of<double>, {3}), {.name = "velocity"})
              .starts_with("argument 'velocity', array<float, 1>: expected "));
    CHECK(refusal_of<const vec3f, 2>(claim(m.bytes, f32, {3})).find("array<const ") == 0);
}

// -- element types -----------------------------------------------------------------------------------------

namespace {
template <class T> inline constexpr bool is_an_element = element<T>;
}

TEST_CASE("T32 distinct C++ types of one layout name one dtype; types without one are no elements") {
    CHECK(dtype_of<long> == dtype_of<int64_t>);
    CHECK(dtype_of<long long> == dtype_of<int64_t>);
    CHECK(dtype_of<unsigned long long> == dtype_of<uint64_t>);
    CHECK(dtype_of<signed char> == dtype_of<int8_t>);
    CHECK(dtype_of<const float> == dtype_of<float>);
    test::memory m;
    CHECK(bind<long long, 1>(claim(m.bytes, dtype_of<int64_t>, {3})).size() == 3);
    CHECK(bind<long, 1>(claim(m.bytes, dtype_of<int64_t>, {3})).size() == 3);
    // char, whose sign depends on the machine, is not int8 here and uint8 there.
    CHECK_FALSE(is_an_element<char>);
    CHECK_FALSE(is_an_element<wchar_t>);
    CHECK_FALSE(is_an_element<char8_t>);
    CHECK_FALSE(is_an_element<char16_t>);
    CHECK_FALSE(is_an_element<char32_t>);
    CHECK_FALSE(is_an_element<__int128>);
    CHECK_FALSE(is_an_element<long double>);
    CHECK_FALSE(is_an_element<vec<char, 3>>);
    CHECK_FALSE(is_an_element<void*>);
    CHECK_FALSE(is_an_element<float*>);
    CHECK_FALSE(is_an_element<volatile float>);
    CHECK_FALSE(is_an_element<float&>);
    CHECK_FALSE(is_an_element<huge>);
    CHECK_FALSE(is_an_element<std::string>);
    CHECK(is_an_element<const particle>);
}

TEST_CASE("T33 foreign complex types are converted, not bound") {
    CHECK_FALSE(is_an_element<std::complex<float>>);
    CHECK_FALSE(is_an_element<device_complex<float>>);
    test::memory m;
    const auto a = bind<complex<float>, 1>(claim(m.bytes, dtype_of<complex<float>>, {2}));
    a[0] = complex<float>(std::complex<float>(1, 2));
    a[1] = complex<float>(device_complex<float>(3, 4));
    const std::complex<float> first = complex<float>(a[0]);
    const device_complex<float> second = complex<float>(a[1]);
    CHECK(first == std::complex<float>(1, 2));
    CHECK(second.imag() == 4.0f);
    CHECK(reinterpret_cast<std::complex<float>*>(m.bytes)[1] == std::complex<float>(3, 4)); // one layout
    // device_complex is aligned to 8, complex<float> to 4: memory of std::complex may be bound.
    CHECK(bind<complex<float>, 1>(claim(m.bytes + 4, dtype_of<complex<float>>, {2})).size() == 2);
}

TEST_CASE("structs are records or trailing axes") {
    test::memory m;
    const auto a = bind<particle, 1>(claim(m.bytes, opaque_dtype(sizeof(particle)), {3}));
    CHECK(a.stride(0) == 1);
    check_message(refusal_of<particle, 1>(claim(m.bytes, opaque_dtype(12), {3})), "opaque16", "opaque12",
                  "wrong dtype", "bind an array of opaque12");
    CHECK(bind<spring, 1>(claim(m.bytes, f32, {3, 5})).size() == 3);
    check_message(refusal_of<spring, 1>(claim(m.bytes, f32, {3, 4})), "the last axis of shape (5,)",
                  "shape (3, 4)", "wrong extent of a component axis", "one element");
}

TEST_CASE("two raw bytes are bfloat16 when bfloat16 is asked for, and nothing else") {
    test::memory m;
    CHECK(bind<bfloat16, 1>(claim(m.bytes, opaque_dtype(2), {3})).size() == 3);
    check_message(refusal_of<half, 1>(claim(m.bytes, opaque_dtype(2), {3})), "float16", "opaque2",
                  "wrong dtype", ".astype('float16')");
    check_message(refusal_of<bfloat16, 1>(claim(m.bytes, opaque_dtype(4), {3})), "bfloat16", "opaque4",
                  "wrong dtype", ".astype('bfloat16')");
}

// -- owners ------------------------------------------------------------------------------------------------

TEST_CASE("a refused import drops its keeper once, an accepted one with the last array") {
    test::memory m;
    int released = 0;
    const auto keeper = [&] { return make_owner([&released]() noexcept { ++released; }); };
    CHECK(test::refusal([&] { (void)bind<float, 2>(claim(m.bytes, f32, {3}), keeper()); }) != "");
    CHECK(released == 1);
    {
        auto a = bind<float, 1>(claim(m.bytes, f32, {3}), keeper());
        const array<const float, 1> b = a;
        a = {};
        CHECK(released == 1);
        CHECK(b.keeper()->use_count() == 1);
    }
    CHECK(released == 2);
}

TEST_CASE("an owner of another layout is refused") {
    test::memory m;
    struct foreign final : owner {};
    foreign block;
    block.layout = layout_version + 1;
    block.destroy = [](owner*) noexcept {};
    const std::string message =
        test::refusal([&] { (void)bind<float, 1>(claim(m.bytes, f32, {3}), owner_ref(&block)); });
    check_message(message, "an owner of layout " + std::to_string(layout_version),
                  "layout " + std::to_string(layout_version + 1), "built with another warpx",
                  "rebuild both with one version");
}
