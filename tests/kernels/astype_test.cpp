// SPDX-License-Identifier: Apache-2.0
// astype_test.cpp: new host arrays of another type, and the same memory under another device.
#include "support/catch.hpp"

#include <warpx/kernels/astype.hpp>
#include <warpx/view.hpp>

using namespace warpx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("astype is a new compact array of the type") {
    const auto a = arange<float>(12.0f);
    const auto b = astype<half>(transpose(reshape(a, {3, 4})));
    STATIC_REQUIRE(std::is_same_v<decltype(b), const array<half, 2>>);
    CHECK((b.is_compact() && b.extent(0) == 4));
    CHECK((b(1, 0) == 1.0f && b(0, 1) == 4.0f && b(3, 2) == 11.0f));
    const auto c = astype<float>(a);
    CHECK((c.data_handle() != a.data_handle() && c[11] == 11));
    array<const float, 1> read_only = a;
    CHECK(astype<const int>(read_only)[3] == 3);
}

TEST_CASE("device_cast keeps the memory and refuses what is out of reach") {
    const auto a = arange<float>(4.0f);
    const auto any = device_cast<device::any>(a);
    CHECK((any.data_handle() == a.data_handle() && any.keeper().get() == a.keeper().get()));
    CHECK(device_cast<device::host>(any)[2] == 2);
    CHECK_THROWS_WITH(device_cast<device::cuda>(a), ContainsSubstring("device_cast") &&
                                                        ContainsSubstring("cpu:0") &&
                                                        ContainsSubstring("to<device::cuda>"));
    CHECK_THROWS_AS(device_cast<device::cuda>(any), bind_error);

    // Memory that claims to be pinned: what counts is the kind.
    float values[3] = {1, 2, 3};
    tensor_desc desc;
    desc.data = values;
    desc.device = device_kind::cuda_pinned;
    desc.dtype = dtype_of<float>;
    desc.rank = 1;
    const int64_t extent = 3;
    desc.extents = &extent;
    auto pinned = bind<float, 1>(desc);
    const auto on_cuda = device_cast<device::cuda>(pinned, 1);
    CHECK((on_cuda.device() == device_kind::cuda && on_cuda.device_id() == 1));
    CHECK((on_cuda.memory() == memory_kind::pinned && on_cuda.data_handle() == values));
    const auto back = device_cast<device::host>(on_cuda);
    CHECK((back.device() == device_kind::host && back.device_id() == 0 && back[1] == 2));

    pinned.set_grad(zeros<float>(3)); // which only the host reaches
    CHECK_THROWS_WITH(device_cast<device::cuda>(pinned), ContainsSubstring("gradient"));
    CHECK(device_cast<device::any>(pinned).has_grad());
}

TEST_CASE("device_cast of CUDA memory to the host is refused") {
    int64_t somewhere = 0;
    const auto a = from_pointer<int64_t, 1, device::cuda>(&somewhere, {1});
    CHECK_THROWS_WITH(device_cast<device::host>(a),
                      ContainsSubstring("cuda:0") && ContainsSubstring("to<device::host>"));
    CHECK(device_cast<device::cuda>(device_cast<device::any>(a)).device() == device_kind::cuda);
}
