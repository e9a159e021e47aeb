// SPDX-License-Identifier: Apache-2.0
// dlpack_test.cpp: tensors in and out through DLPack's structs: who owns what, who gives it back, when and
// where. This program replaces operator new, to count allocations and to make them fail.
#include <warpx/create.hpp>
#include <warpx/interop/dlpack.hpp>
#include <warpx/struct.hpp>
#include <warpx/view.hpp>

#include "support/failing_new.hpp"
#include "support/fake_dlpack.hpp"

#include <cstdlib>
#include <new>

namespace {
struct particle {
    warpx::vec3f position;
    int32_t kind;
};

/// Allocations during `f`.
template <class F> int allocations_of(const F& f) {
    const int before = allocations;
    f();
    return allocations - before;
}
/// Whether `f` throws std::bad_alloc when allocation number `number` (from 0) fails.
template <class F> bool runs_out(int number, const F& f) {
    fail_after = number;
    bool out = false;
    try {
        f();
    } catch (const std::bad_alloc&) {
        out = true;
    }
    fail_after = -1;
    return out;
}
} // namespace
WARPX_STRUCT(particle, position, kind);

using namespace warpx;
using test::check_message;
using test::claim;
using test::producer;
using test::refusal;

namespace {
constexpr dtype f32 = dtype_of<float>;
}

#if defined(WARPX_TEST_OLD_DLPACK)
TEST_CASE("the header is the old one") {
#    if defined(DLPACK_MAJOR_VERSION)
    FAIL("dlpack.h of a later version was found first");
#    endif
    CHECK(DLPACK_VERSION == 80);
}
#endif

// -- imports -----------------------------------------------------------------------------------------------

TEMPLATE_TEST_CASE("an import keeps the tensor until the last array is gone", "", DLManagedTensor,
                   DLManagedTensorVersioned) {
    test::memory m;
    producer by;
    {
        auto a = from_dlpack<float, 2>(by.make<TestType>(claim(m.bytes, f32, {3, 4}, {4, 1})));
        CHECK(a.data_handle() == m.as<float>());
        CHECK_FALSE(a.is_borrowed());
        const array<const float, 1> row = take(a, 0, 1);
        a = {};
        CHECK(by.deleted == 0);
        CHECK(row.data_handle() == m.as<float>() + 4);
    }
    CHECK(by.deleted == 1);
}

TEMPLATE_TEST_CASE("a refused import gives the tensor back before the error arrives", "", DLManagedTensor,
                   DLManagedTensorVersioned) {
    test::memory m;
    producer by;
    const std::string message = refusal(
        [&] { (void)from_dlpack<float, 1>(by.make<TestType>(claim(m.bytes, dtype_of<double>, {3}))); });
    CHECK(by.deleted == 1);
    check_message(message, "float32, rank 1", "float64, rank 1, shape (3,)", "wrong dtype",
                  ".astype('float32')");
}

TEMPLATE_TEST_CASE("one allocation at import, none for views, none to borrow", "", DLManagedTensor,
                   DLManagedTensorVersioned) {
    test::memory m;
    producer by;
    auto* managed = by.make<TestType>(claim(m.bytes, f32, {3, 4}));
    array<float, 2> a;
    CHECK(allocations_of([&] { a = from_dlpack<float, 2>(managed); }) == 1);
    CHECK(allocations_of([&] {
              const auto t = transpose(a);
              const auto s = slice(t, 0, none, none, -1);
              const auto r = reshape(a, {12});
              const array<const float, 1> back = take(s, 1, 0);
              (void)r;
          }) == 0);
    const claim c(m.bytes, f32, {3, 4});
    DLTensor t = managed->dl_tensor;
    CHECK(allocations_of([&] { (void)from_dlpack<float, 2>(t); }) == 0);
    const auto borrowed = from_dlpack<float, 2>(t);
    CHECK(borrowed.is_borrowed());
}

TEMPLATE_TEST_CASE("an import that runs out of memory gives the tensor back", "", DLManagedTensor,
                   DLManagedTensorVersioned) {
    test::memory m;
    producer by;
    auto* managed = by.make<TestType>(claim(m.bytes, f32, {3}));
    CHECK(runs_out(0, [&] { (void)from_dlpack<float, 1>(managed); }));
    CHECK(by.deleted == 1);
    // The message of a refusal allocates too: whichever of its allocations fails, nothing is lost.
    int given_back = 1;
    for (int number = 0; number < 60; ++number) {
        auto* wrong = by.make<TestType>(claim(m.bytes, dtype_of<double>, {3}));
        bool refused = false;
        const bool out = runs_out(number, [&] {
            try {
                (void)from_dlpack<float, 1>(wrong);
            } catch (const bind_error&) {
                refused = true;
            }
        });
        CHECK(out != refused);
        CHECK(by.deleted == ++given_back);
        if (refused) break;
    }
}

TEST_CASE("a null managed tensor is refused") {
    check_message(refusal([] { (void)from_dlpack<float, 1>(static_cast<DLManagedTensor*>(nullptr)); }),
                  "a managed tensor", "a null pointer", "check the producer's result", "producer");
    check_message(
        refusal([] { (void)from_dlpack<float, 1>(static_cast<DLManagedTensorVersioned*>(nullptr)); }),
        "a managed tensor", "a null pointer", "check the producer's result", "producer");
}

TEMPLATE_TEST_CASE("T1 the deleter runs once, on the thread that drops the last array", "", DLManagedTensor,
                   DLManagedTensorVersioned) {
    test::memory m;
    producer by;
    {
        auto a = from_dlpack<float, 1>(by.make<TestType>(claim(m.bytes, f32, {3})));
        std::thread other([last = std::move(a)]() mutable { last = {}; });
        const std::thread::id id = other.get_id();
        other.join();
        CHECK(by.deleted == 1);
        CHECK(by.deleted_by == id);
    }
    // Many threads copy and drop at once.
    for (int round = 0; round < 50; ++round) {
        by.deleted = 0;
        {
            const auto a = from_dlpack<const float, 1>(by.make<TestType>(claim(m.bytes, f32, {3})));
            std::vector<std::thread> threads;
            for (int k = 0; k < 4; ++k)
                threads.emplace_back([mine = a] {
                    for (int n = 0; n < 100; ++n) {
                        const auto copy = mine;
                        (void)slice(copy, 0, 1);
                    }
                });
            for (auto& thread : threads) thread.join();
            CHECK(by.deleted == 0);
        }
        CHECK(by.deleted == 1);
    }
}

TEMPLATE_TEST_CASE("T3 a null deleter is not called", "", DLManagedTensor, DLManagedTensorVersioned) {
    test::memory m;
    int64_t extent = 3;
    TestType managed{};
    managed.dl_tensor = {m.bytes, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, &extent, nullptr, 0};
    if constexpr (requires { managed.flags; }) managed.version = {1, 1};
    {
        CHECK(from_dlpack<float, 1>(&managed).size() == 3);
    }
    CHECK(refusal([&] { (void)from_dlpack<double, 1>(&managed); }) != "");
    CHECK(runs_out(0, [&] { (void)from_dlpack<float, 1>(&managed); }));
    if constexpr (requires { managed.flags; }) {
        managed.version.major = 9;
        CHECK(refusal([&] { (void)from_dlpack<float, 1>(&managed); }) != "");
    }
}

TEST_CASE("T6 T7 T8 null strides, null data and null shape come through DLPack too") {
    test::memory m;
    m.as<float>()[0] = 7;
    DLTensor t{m.bytes, {kDLCPU, 0}, 0, {kDLFloat, 32, 1}, nullptr, nullptr, 0};
    CHECK(from_dlpack<const float, 0>(t)() == 7.0f);
    int64_t extents[] = {3, 2}, nothing[] = {5, 0};
    t.ndim = 2;
    t.shape = extents;
    CHECK(from_dlpack<float, 2>(t).strides() == shape(2, 1));
    t.shape = nothing;
    t.data = nullptr;
    CHECK(from_dlpack<float, 2>(t).empty());
}

TEST_CASE("T14 T27 lanes and unknown codes come through DLPack as ordinary errors") {
    test::memory m;
    int64_t extent = 3;
    DLTensor t{m.bytes, {kDLCPU, 0}, 1, {kDLFloat, 32, 4}, &extent, nullptr, 0};
    check_message(refusal([&] { (void)from_dlpack<float, 1>(t); }), "float32", "float32x4", "vector lanes",
                  "trailing axis");
    t.dtype = {99, 8, 1};
    check_message(refusal([&] { (void)from_dlpack<float, 1>(t); }), "float32", "unknown dtype (code 99",
                  "unknown dtype code", "in its framework");
    t.dtype = {kDLFloat, 32, 1};
    t.device.device_type = static_cast<DLDeviceType>(77);
    check_message(refusal([&] { (void)from_dlpack<float, 1>(t); }), "float32", "unknown device 77:0",
                  "wrong device", "copy the tensor to host memory");
}

TEST_CASE("T16 the read-only flag binds as const only; the legacy struct has none") {
    test::memory m;
    producer by;
    claim c(m.bytes, f32, {3});
    c.read_only();
    check_message(refusal([&] { (void)from_dlpack<float, 1>(by.make<DLManagedTensorVersioned>(c)); }),
                  "writable", "read-only", "read-only", "bind warpx::array<const T, ...>");
    CHECK(from_dlpack<const float, 1>(by.make<DLManagedTensorVersioned>(c)).size() == 3);
    CHECK(from_dlpack<float, 1>(by.make<DLManagedTensor>(c)).size() == 3);
    CHECK(by.deleted == 3);
    // Flags of later versions do not matter, the first one does.
    auto* later = by.make<DLManagedTensorVersioned>(c);
    later->version.minor = 99;
    later->flags = ~uint64_t{1};
    CHECK(from_dlpack<float, 1>(later).size() == 3);
    later = by.make<DLManagedTensorVersioned>(c);
    later->flags = ~uint64_t{0};
    CHECK(refusal([&] { (void)from_dlpack<float, 1>(later); }) != "");
}

TEST_CASE("T24 T25 pinned and managed memory keeps its kind through DLPack") {
    test::memory m;
    producer by;
    claim c(m.bytes, f32, {3});
    c.on(device_kind::cuda_pinned);
    const auto a = from_dlpack<float, 1>(by.make<DLManagedTensor>(c));
    CHECK(a.memory() == memory_kind::pinned);
    CHECK(a.keeper()->memory == memory_kind::pinned);
    c.on(device_kind::cuda_managed);
    const auto b = from_dlpack<float, 1, device::cuda>(by.make<DLManagedTensorVersioned>(c));
    CHECK(b.memory() == memory_kind::managed);
    const auto pinned = to_dltensor(a);
    CHECK(pinned.get().device.device_type == kDLCUDAHost);
    const auto out = to_dltensor(b);
    CHECK(out.get().device.device_type == static_cast<DLDeviceType>(13));
    CHECK(out.get().device.device_id == 0);
}

TEST_CASE("T26 of an unknown major version only the deleter is called") {
    // Nothing exists behind the flags, and the sanitizer would see a look at it.
    struct stub {
        DLPackVersion version;
        void* manager_ctx;
        void (*deleter)(DLManagedTensorVersioned*);
        uint64_t flags;
    };
    STATIC_REQUIRE(sizeof(stub) == offsetof(DLManagedTensorVersioned, dl_tensor));
    static int deleted = 0;
    for (const uint32_t major : {0u, 2u, 3u, UINT32_MAX}) {
        auto* s = static_cast<stub*>(std::malloc(sizeof(stub)));
        std::memset(static_cast<void*>(s), 0xdd, sizeof(stub));
        s->version = {major, 7};
        s->deleter = [](DLManagedTensorVersioned* self) {
            ++deleted;
            std::free(self);
        };
        const int before = deleted;
        const std::string message = refusal(
            [&] { (void)from_dlpack<const float, 1>(reinterpret_cast<DLManagedTensorVersioned*>(s)); });
        CHECK(deleted == before + 1);
        check_message(message, "version 1.x", "version " + std::to_string(major) + ".7",
                      "ask the producer for max_version", "max_version=(1, 3)");
    }
}

TEST_CASE("T31 shape and strides may change or go as soon as an import returns") {
    test::memory m;
    for (int k = 0; k < 12; ++k) m.as<float>()[k] = static_cast<float>(k);
    auto* extents = new int64_t[2]{3, 4};
    auto* strides = new int64_t[2]{4, 1};
    const DLTensor t{m.bytes, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, extents, strides, 0};
    const auto a = from_dlpack<const float, 2>(t);
    extents[0] = 1000;
    strides[0] = -77;
    CHECK(a.extent(0) == 3);
    CHECK(a(2, 3) == 11.0f);
    delete[] extents;
    delete[] strides;
    CHECK(a.extents() == shape(3, 4));
    CHECK(a(1, 1) == 5.0f);
}

TEST_CASE("T38 an import never converts, so what is written arrives") {
    test::memory m;
    producer by;
    const auto a =
        from_dlpack<float, 2>(by.make<DLManagedTensorVersioned>(claim(m.bytes, f32, {2, 3}, {1, 2})));
    a(1, 2) = 8.0f;
    CHECK(m.as<float>()[5] == 8.0f);
    CHECK(refusal([&] {
              (void)from_dlpack<double, 2>(by.make<DLManagedTensorVersioned>(claim(m.bytes, f32, {2, 3})));
          }) != "");
    CHECK(refusal([&] {
              (void)from_dlpack<float, 2>(by.make<DLManagedTensorVersioned>(claim(m.bytes + 1, f32, {2, 3})));
          }).find("misaligned") != std::string::npos);
}

TEST_CASE("T39 a borrowed array keeps only what it is given to keep") {
    test::memory m;
    int64_t extent = 3;
    const DLTensor t{m.bytes, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, &extent, nullptr, 0};
    int released = 0;
    {
        const auto a = from_dlpack<float, 1>(t, make_owner([&]() noexcept { ++released; }));
        CHECK_FALSE(a.is_borrowed());
    }
    CHECK(released == 1);
    CHECK(refusal([&] { (void)from_dlpack<double, 1>(t, make_owner([&]() noexcept { ++released; })); }) !=
          "");
    CHECK(released == 2);
    CHECK(runs_out(0, [&] { (void)make_owner([&]() noexcept { ++released; }); }));
    CHECK(released == 3);
}

TEST_CASE("T42 sizes that overflow come through DLPack as errors") {
    test::memory m;
    int64_t extents[] = {int64_t{1} << 62, 4}, strides[] = {0, INT64_MIN};
    DLTensor t{m.bytes, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, extents, nullptr, 0};
    check_message(refusal([&] { (void)from_dlpack<const float, 2>(t); }), "float32",
                  "shape (4611686018427387904, 4)", "address space has", "shape is broken");
    t.strides = strides;
    check_message(refusal([&] { (void)from_dlpack<const float, 2>(t); }), "float32",
                  "strides (0, -9223372036854775808)", "strides that overflow", "strides are broken");
    extents[0] = 3;
    strides[1] = 1;
    t.byte_offset = UINT64_MAX - 3;
    check_message(refusal([&] { (void)from_dlpack<const float, 2>(t); }), "float32", "byte offset 184467",
                  "beyond the ends of the address space", "broken");
}

// -- exports -----------------------------------------------------------------------------------------------

TEST_CASE("an export shares the memory and keeps it alive") {
    int released = 0;
    test::memory m;
    DLManagedTensorVersioned* out = nullptr;
    {
        const auto a =
            bind<float, 2>(claim(m.bytes, f32, {3, 4}, {8, 2}), make_owner([&]() noexcept { ++released; }));
        CHECK(allocations_of([&] { out = to_dlpack(a); }) == 1);
    }
    CHECK(released == 0);
    CHECK(out->version.major == 1);
    CHECK(out->flags == 0);
    const DLTensor& t = out->dl_tensor;
    CHECK(t.data == m.bytes);
    CHECK(t.device.device_type == kDLCPU);
    CHECK(t.device.device_id == 0);
    CHECK(t.ndim == 2);
    CHECK(t.dtype.code == kDLFloat);
    CHECK(t.dtype.bits == 32);
    CHECK(t.dtype.lanes == 1);
    CHECK(t.shape[1] == 4);
    CHECK(t.strides[0] == 8);
    CHECK(t.strides[1] == 2);
    CHECK(t.byte_offset == 0);
    const auto back = from_dlpack<float, 2>(out);
    CHECK(back.strides() == shape(8, 2));
    CHECK(released == 0);
}

TEST_CASE("the legacy export does the same for writable arrays") {
    int released = 0;
    test::memory m;
    DLManagedTensor* out = to_dlpack_legacy(
        bind<float, 1>(claim(m.bytes, f32, {3}), make_owner([&]() noexcept { ++released; })));
    CHECK(released == 0);
    CHECK(out->dl_tensor.shape[0] == 3);
    CHECK(out->dl_tensor.strides[0] == 1); // never null
    out->deleter(out);
    CHECK(released == 1);
}

TEST_CASE("const arrays are exported read-only") {
    const array<const float, 1> a = zeros<float>(3);
    const auto* out = to_dlpack(a);
    CHECK(out->flags == 1);
    auto* mine = const_cast<DLManagedTensorVersioned*>(out);
    CHECK(refusal([&] { (void)from_dlpack<float, 1>(mine); }).find("read-only") != std::string::npos);
}

TEST_CASE("components are exported as trailing axes") {
    const auto a = zeros<vec3f>(5);
    const auto v = to_dltensor(slice(a, 0, none, none, 2));
    CHECK(v.get().ndim == 2);
    CHECK(v.get().shape[0] == 3);
    CHECK(v.get().shape[1] == 3);
    CHECK(v.get().strides[0] == 6);
    CHECK(v.get().strides[1] == 1);
    auto* m = to_dlpack(zeros<mat<double, 2, 3>>({4}));
    CHECK(m->dl_tensor.ndim == 3);
    CHECK(m->dl_tensor.strides[0] == 6);
    CHECK(m->dl_tensor.strides[1] == 3);
    CHECK(m->dl_tensor.dtype.bits == 64);
    CHECK(from_dlpack<mat<double, 2, 3>, 1>(m).size() == 4);
}

TEST_CASE("T7 T8 empty arrays are exported with null data, rank 0 with its memory") {
    const auto none_left = to_dltensor(zeros<float>({3, 0}));
    CHECK(none_left.get().data == nullptr);
    CHECK(none_left.get().shape[0] == 3);
    auto* empty_default = to_dlpack(array<float, 1>());
    CHECK(empty_default->dl_tensor.data == nullptr);
    empty_default->deleter(empty_default);
    const auto scalar = take(full<double>(2, 3.5), 0, 1);
    const auto s = to_dltensor(scalar);
    CHECK(s.get().ndim == 0);
    CHECK(*static_cast<double*>(s.get().data) == 3.5);
    auto* managed = to_dlpack(scalar);
    CHECK(from_dlpack<double, 0>(managed)() == 3.5);
}

TEST_CASE("T37 borrowed memory is exported with a keeper only") {
    float on_the_stack[3] = {1, 2, 3};
    const auto a = from_range(on_the_stack);
    check_message(refusal([&] { (void)to_dlpack(a); }), "keeps its memory alive", "borrowed memory",
                  "pass an owner that keeps it alive", "use to_dltensor for the duration of a call");
    check_message(refusal([&] { (void)to_dlpack_legacy(a); }), "keeps its memory alive", "borrowed memory",
                  "pass an owner that keeps it alive", "to_dltensor");
    CHECK(refusal([&] { (void)to_dlpack(slice(a, 0, 1)); }) != "");
    int released = 0;
    auto* out = to_dlpack(a, make_owner([&]() noexcept { ++released; }));
    CHECK(out->dl_tensor.data == on_the_stack);
    out->deleter(out);
    CHECK(released == 1);
    const auto call = to_dltensor(a);
    CHECK(call.get().data == on_the_stack);
}

TEST_CASE("records of different fields are refused for export") {
    const auto a = zeros<particle>(2);
    check_message(refusal([&] { (void)to_dlpack(a); }), "an array that DLPack can describe",
                  "records with fields of different types", "export the fields as arrays of their own",
                  "fields");
}

TEST_CASE("an export that runs out of memory drops its reference") {
    int released = 0;
    test::memory m;
    {
        const auto a = bind<float, 1>(claim(m.bytes, f32, {3}), make_owner([&]() noexcept { ++released; }));
        CHECK(runs_out(0, [&] { (void)to_dlpack(a); }));
        CHECK(runs_out(0, [&] { (void)to_dlpack_legacy(a); }));
        CHECK(a.keeper()->use_count() == 1);
    }
    CHECK(released == 1);
    const auto borrowed = bind<float, 1>(claim(m.bytes, f32, {3}));
    owner_ref keeper = make_owner([&]() noexcept { ++released; });
    CHECK(runs_out(0, [&] { (void)to_dlpack(borrowed, std::move(keeper)); }));
    CHECK(released == 2);
}
