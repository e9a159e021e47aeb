// SPDX-License-Identifier: Apache-2.0
// tensor_desc_test.cpp: claims as text, which messages show, also when the claims are nonsense.
#include <warpx/tensor_desc.hpp>

#include "support/catch.hpp"

using namespace warpx;

TEST_CASE("a description is an empty claim by default") {
    const tensor_desc desc;
    CHECK(desc.data == nullptr);
    CHECK(desc.rank == 0);
    CHECK_FALSE(desc.read_only);
    CHECK_FALSE(desc.has_stream);
    CHECK(desc.byte_offset == 0);
    CHECK(desc.device == device_kind::host);
    CHECK(desc.stride_unit == stride_unit::elements);
}

TEST_CASE("a description prints on one line") {
    const int64_t extents[] = {3, 4}, strides[] = {-4, 0};
    tensor_desc desc;
    desc.dtype = {dtype_code::float_, 64, 1};
    desc.rank = 2;
    desc.extents = extents;
    CHECK(to_string(desc) == "float64, rank 2, shape (3, 4), cpu:0, writable");
    desc.strides = strides;
    CHECK(to_string(desc) == "float64, rank 2, shape (3, 4), strides (-4, 0), cpu:0, writable");
    desc.stride_unit = stride_unit::bytes;
    desc.read_only = true;
    desc.byte_offset = 24;
    desc.device = device_kind::cuda;
    desc.device_id = 3;
    CHECK(to_string(desc) ==
          "float64, rank 2, shape (3, 4), byte strides (-4, 0), byte offset 24, cuda:3, read-only");
    desc.rank = 1;
    CHECK(to_string(desc).find("shape (3,)") != std::string::npos);
}

TEST_CASE("lists that are missing or of a nonsense rank are not read") {
    tensor_desc desc;
    desc.dtype = {dtype_code::int_, 8, 1};
    CHECK(to_string(desc) == "int8, rank 0, shape (), cpu:0, writable");
    desc.rank = 2;
    CHECK(to_string(desc) == "int8, rank 2, cpu:0, writable");
    const int64_t one[] = {1};
    for (const int32_t rank : {-1, INT32_MIN, 65, INT32_MAX}) {
        desc.rank = rank;
        desc.extents = desc.strides = one; // one long
        CHECK(to_string(desc) == "int8, rank " + std::to_string(rank) + ", cpu:0, writable");
    }
}

TEST_CASE("every device has a name, and unknown ones their number") {
    CHECK(to_string(device_kind::host, 0) == "cpu:0");
    CHECK(to_string(device_kind::cuda, 1) == "cuda:1");
    CHECK(to_string(device_kind::cuda_pinned, 0) == "cuda_pinned:0");
    CHECK(to_string(device_kind::opencl, 0) == "opencl:0");
    CHECK(to_string(device_kind::vulkan, 0) == "vulkan:0");
    CHECK(to_string(device_kind::metal, 0) == "metal:0");
    CHECK(to_string(device_kind::vpi, 0) == "vpi:0");
    CHECK(to_string(device_kind::rocm, 0) == "rocm:0");
    CHECK(to_string(device_kind::rocm_pinned, 0) == "rocm_pinned:0");
    CHECK(to_string(device_kind::cuda_managed, 0) == "cuda_managed:0");
    CHECK(to_string(device_kind::oneapi, 0) == "oneapi:0");
    CHECK(to_string(static_cast<device_kind>(21), -1) == "unknown device 21:-1");
    CHECK(to_string(static_cast<device_kind>(-5), 0) == "unknown device -5:0");
}
