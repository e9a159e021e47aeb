// SPDX-License-Identifier: Apache-2.0
// gate_fuzz.cpp: arbitrary claims through every protocol. The gate answers as the oracle does, touches no
// memory, gives every tensor back once, and explains itself.
#include <warpx/interop/array_interface.hpp>
#include <warpx/interop/dlpack.hpp>

#include "../support/gate_oracle.hpp"
#include "fuzz_input.hpp"

using namespace warpx;

namespace {

struct claims {
    tensor_desc desc;
    int64_t shape[64] = {}, strides[64] = {}; // messages show ranks up to 64
    int protocol = 0; // 0 description, 1 legacy, 2 versioned, 3 borrowed, 4 array interface
    uint32_t major = 1;
    bool null_deleter = false, accumulate_only = false;
    int device_id = -1;
    int64_t extents[6] = {-1, -1, -1, -1, -1, -1};
};

claims read_claims(fuzz::input& in, dtype wanted) {
    claims c;
    c.protocol = in.choose(5);
    const int odd =
        in.take<uint8_t>(); // most tensors are nearly right, or they would all fail at the first check
    c.desc.rank = in.choose(6);
    if (odd == 1) c.desc.rank = in.take<int32_t>();
    for (int k = 0; k < 6; ++k) {
        c.shape[k] = in.number();
        c.strides[k] = in.number();
    }
    c.desc.extents = odd == 2 ? nullptr : c.shape;
    c.desc.strides = in.flip() ? c.strides : nullptr;
    if (in.flip()) c.desc.stride_unit = stride_unit::bytes;
    c.desc.dtype = wanted;
    if (odd == 3)
        c.desc.dtype = {in.take<dtype_code>(), in.take<uint8_t>(), static_cast<uint16_t>(in.choose(4))};
    const int32_t kinds[] = {1, 1, 1, 2, 3, 13, 10};
    c.desc.device = static_cast<device_kind>(odd == 4 ? in.take<int32_t>() : kinds[in.choose(7)]);
    c.desc.device_id = in.choose(3) - 1;
    c.desc.read_only = odd == 5;
    c.desc.byte_offset = in.flip() ? static_cast<uint64_t>(in.number()) : 0;
    // No memory is there: an access would not go unnoticed.
    const uintptr_t places[] = {0x100, 0x7f0000000000, 0x7f0000000001, 0x7f0000000004, UINTPTR_MAX - 63};
    const int place = in.choose(7);
    if (place < 5) c.desc.data = reinterpret_cast<void*>(places[place]);
    if (place == 5) c.desc.data = reinterpret_cast<void*>(in.take<uintptr_t>());
    if (odd == 6) c.major = in.take<uint32_t>();
    c.null_deleter = odd == 7;
    c.accumulate_only = odd == 8;
    if (odd == 9) c.device_id = in.choose(3);
    if (odd == 10) c.extents[in.choose(6)] = in.number();
    return c;
}

int given_back = 0;

template <class Managed> Managed* managed(const claims& c, DLTensor* tensor_out) {
    // On the heap and freed by the deleter, so that a late look at it is seen.
    auto* m = static_cast<Managed*>(std::calloc(1, sizeof(Managed)));
    DLTensor& t = tensor_out ? *tensor_out : m->dl_tensor;
    t.data = c.desc.data;
    t.device = {static_cast<DLDeviceType>(c.desc.device), c.desc.device_id};
    t.ndim = c.desc.rank;
    t.dtype = {static_cast<uint8_t>(c.desc.dtype.code), c.desc.dtype.bits, c.desc.dtype.lanes};
    t.shape = const_cast<int64_t*>(c.desc.extents);
    t.strides = const_cast<int64_t*>(c.desc.strides);
    t.byte_offset = c.desc.byte_offset;
    m->deleter = [](Managed* self) {
        ++given_back;
        std::free(self);
    };
    if constexpr (requires { m->flags; }) {
        m->version = {c.major, 3};
        m->flags = c.desc.read_only;
    }
    return m;
}

template <class T, int N, class Device> array<T, N, Device> import(const claims& c, owner_ref keeper) {
    bind_options<N> options;
    options.accumulate_only = c.accumulate_only;
    options.device_id = c.device_id;
    for (int k = 0; k < N; ++k) options.extents[k] = c.extents[k];
    if (c.protocol == 1) return from_dlpack<T, N, Device>(managed<DLManagedTensor>(c, nullptr), options);
    if (c.protocol == 2)
        return from_dlpack<T, N, Device>(managed<DLManagedTensorVersioned>(c, nullptr), options);
    if (c.protocol == 3) {
        DLTensor t{};
        std::free(managed<DLManagedTensor>(c, &t));
        return from_dlpack<T, N, Device>(t, static_cast<owner_ref&&>(keeper), options);
    }
    return bind<T, N, Device>(c.desc, static_cast<owner_ref&&>(keeper), options);
}

/// Every corner of the array lies in the bytes the claims span.
template <class T, int N, class Device> bool inside(const array<T, N, Device>& a, const tensor_desc& desc) {
    using wide = __int128;
    wide low = static_cast<wide>(reinterpret_cast<uintptr_t>(desc.data)) + desc.byte_offset, high = low,
         row = 1;
    const wide item = desc.dtype.bytes();
    for (int k = desc.rank - 1; k >= 0; --k) {
        const wide step = !desc.strides                               ? row * item
                          : desc.stride_unit == stride_unit::elements ? desc.strides[k] * item
                                                                      : wide{desc.strides[k]};
        if (desc.extents[k] > 1) (step < 0 ? low : high) += step * (desc.extents[k] - 1);
        row *= desc.extents[k];
    }
    high += item;
    for (int corner = 0; corner < 1 << N; ++corner) {
        wide at = static_cast<wide>(reinterpret_cast<uintptr_t>(a.data_handle()));
        for (int k = 0; k < N; ++k)
            if (corner >> k & 1) at += (wide{a.extent(k)} - 1) * a.stride(k) * static_cast<wide>(sizeof(T));
        if (at < low || at + static_cast<wide>(sizeof(T)) > high || low < 0 || high >= wide{1} << 64)
            return false;
    }
    return true;
}

template <class T, int N, class Device = device::host>
void check(fuzz::input& in, dtype scalar, std::vector<int64_t> fold) {
    claims c = read_claims(in, scalar);
    test::request want;
    want.scalar = scalar;
    want.rank = N;
    want.scalar_bytes = scalar.bits / 8;
    want.fold = fold;
    want.alignment = static_cast<uint64_t>(want.scalar_bytes > 8 ? 8 : want.scalar_bytes);
    if (scalar.code == dtype_code::complex) want.alignment = static_cast<uint64_t>(scalar.bits) / 16;
    want.writable = !std::is_const_v<T>;
    want.accumulate_only = c.accumulate_only;
    want.host = !std::is_same_v<Device, device::cuda>;
    want.cuda = !std::is_same_v<Device, device::host>;
    want.device_id = c.device_id;
    want.extents.assign(c.extents, c.extents + N);

    if (c.protocol != 0 && c.protocol != 4) c.desc.stride_unit = stride_unit::elements; // what DLPack says
    if (c.protocol == 1 || c.protocol == 3) c.desc.read_only = false;
    if (c.protocol == 4) c.desc.stride_unit = stride_unit::bytes;
    const bool owning = c.protocol == 1 || c.protocol == 2;
    test::verdict expected = test::judge(want, c.desc);
    if (c.protocol == 2 && c.major != 1) expected = test::verdict::refuse;

    given_back = 0;
    int released = 0;
    std::string message;
    bool accepted = false;
    {
        owner_ref keeper;
        if (!owning) keeper = make_owner([&released]() noexcept { ++released; });
        try {
            const auto a = import <T, N, Device>(c, static_cast<owner_ref&&>(keeper));
            accepted = true;
            fuzz::require(given_back == 0 && released == 0, "an accepted tensor is kept", "");
            if (!a.empty())
                fuzz::require(inside(a, c.desc), "elements within the claimed bytes",
                              to_string(c.desc).c_str());
            fuzz::require(a.size() >= 0, "a count", "");
            (void)a.is_compact();
            int64_t extents[N + 2], strides[N + 2]; // what it says of itself is accepted again
            bind_options<N> again;
            again.accumulate_only = true;
            (void)bind<T, N, Device>(describe(a, extents, strides), {}, again);
        } catch (const bind_error& error) {
            fuzz::require(!accepted, "an array describes itself as the gate wants it", error.what());
            message = error.what();
            fuzz::require(message.find(": expected ") != std::string::npos &&
                              message.find("; got ") != std::string::npos,
                          "a message of three parts", error.what());
        }
    }
    fuzz::require((owning ? given_back : released) == 1, "given back once", message.c_str());
    if (accepted)
        fuzz::require(expected != test::verdict::refuse, "accepted: the oracle does not refuse",
                      to_string(c.desc).c_str());
    else
        fuzz::require(expected != test::verdict::accept ||
                          message.find("may overlap (a bounded test") != std::string::npos,
                      "refused: the oracle refuses", message.c_str());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::input in(data, size);
    const dtype f32{dtype_code::float_, 32, 1}, f64{dtype_code::float_, 64, 1}, u8{dtype_code::uint, 8, 1};
    switch (in.choose(12)) {
    case 0:
        check<float, 0>(in, f32, {});
        break;
    case 1:
        check<float, 1>(in, f32, {});
        break;
    case 2:
        check<float, 2>(in, f32, {});
        break;
    case 3:
        check<uint8_t, 3>(in, u8, {});
        break;
    case 4:
        check<const double, 2>(in, f64, {});
        break;
    case 5:
        check<vec3f, 1>(in, f32, {3});
        break;
    case 6:
        check<const mat<double, 2, 3>, 1>(in, f64, {2, 3});
        break;
    case 7:
        check<vec2f, 2, device::any>(in, f32, {2});
        break;
    case 8:
        check<float, 2, device::cuda>(in, f32, {});
        break;
    case 9:
        check<const bfloat16, 1, device::any>(in, {dtype_code::bfloat, 16, 1}, {});
        break;
    case 10:
        check<complex<double>, 2>(in, {dtype_code::complex, 128, 1}, {});
        break;
    default:
        check<int16_t, 4>(in, {dtype_code::int_, 16, 1}, {});
        break;
    }
    return 0;
}
