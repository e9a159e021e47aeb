// SPDX-License-Identifier: Apache-2.0
// dtype_test.cpp: run-time names of scalars: numbers as DLPack's, text as frameworks print it.
#include "support/catch.hpp"

#include <warpx/dtype.hpp>

using warpx::dtype;
using warpx::dtype_code;

TEST_CASE("the codes are those of DLPack") {
    STATIC_REQUIRE(static_cast<int>(dtype_code::int_) == 0);
    STATIC_REQUIRE(static_cast<int>(dtype_code::uint) == 1);
    STATIC_REQUIRE(static_cast<int>(dtype_code::float_) == 2);
    STATIC_REQUIRE(static_cast<int>(dtype_code::opaque) == 3);
    STATIC_REQUIRE(static_cast<int>(dtype_code::bfloat) == 4);
    STATIC_REQUIRE(static_cast<int>(dtype_code::complex) == 5);
    STATIC_REQUIRE(static_cast<int>(dtype_code::bool_) == 6);
    STATIC_REQUIRE(static_cast<int>(dtype_code::float8_e5m2) == 12);
    STATIC_REQUIRE(static_cast<int>(dtype_code::float4_e2m1fn) == 17);
    STATIC_REQUIRE(sizeof(dtype) == 4);
}

TEST_CASE("two dtypes are one if code, bits and lanes are") {
    STATIC_REQUIRE(dtype{dtype_code::float_, 32, 1} == dtype{dtype_code::float_, 32, 1});
    STATIC_REQUIRE(dtype{dtype_code::float_, 32, 1} != dtype{dtype_code::float_, 64, 1});
    STATIC_REQUIRE(dtype{dtype_code::float_, 32, 1} != dtype{dtype_code::int_, 32, 1});
    STATIC_REQUIRE(dtype{dtype_code::float_, 32, 1} != dtype{dtype_code::float_, 32, 4});
}

TEST_CASE("bytes of one scalar") {
    STATIC_REQUIRE(dtype{dtype_code::complex, 128, 1}.bytes() == 16);
    STATIC_REQUIRE(dtype{dtype_code::bool_, 8, 1}.bytes() == 1);
    STATIC_REQUIRE(dtype{dtype_code::float4_e2m1fn, 4, 1}.bytes() == 0);
    STATIC_REQUIRE(warpx::opaque_dtype(24).bytes() == 24);
    STATIC_REQUIRE(warpx::opaque_dtype(65535).bytes() == 65535);
    STATIC_REQUIRE(warpx::opaque_dtype(65536).bytes() == 0); // DLPack cannot say it
    STATIC_REQUIRE(dtype{dtype_code::float_, 32, 65535}.bytes() == 4 * 65535);
}

TEST_CASE("the names frameworks use") {
    const struct {
        dtype type;
        const char* name;
    } table[] = {
        {{dtype_code::int_, 8, 1}, "int8"},
        {{dtype_code::uint, 64, 1}, "uint64"},
        {{dtype_code::float_, 16, 1}, "float16"},
        {{dtype_code::float_, 64, 1}, "float64"},
        {{dtype_code::bfloat, 16, 1}, "bfloat16"},
        {{dtype_code::complex, 64, 1}, "complex64"},
        {{dtype_code::bool_, 8, 1}, "bool"},
        {{dtype_code::bool_, 1, 1}, "bool1"},
        {{dtype_code::float8_e3m4, 8, 1}, "float8_e3m4"},
        {{dtype_code::float8_e4m3, 8, 1}, "float8_e4m3"},
        {{dtype_code::float8_e4m3b11fnuz, 8, 1}, "float8_e4m3b11fnuz"},
        {{dtype_code::float8_e4m3fn, 8, 1}, "float8_e4m3fn"},
        {{dtype_code::float8_e4m3fnuz, 8, 1}, "float8_e4m3fnuz"},
        {{dtype_code::float8_e5m2, 8, 1}, "float8_e5m2"},
        {{dtype_code::float8_e5m2fnuz, 8, 1}, "float8_e5m2fnuz"},
        {{dtype_code::float8_e8m0fnu, 8, 1}, "float8_e8m0fnu"},
        {{dtype_code::float6_e2m3fn, 6, 1}, "float6_e2m3fn"},
        {{dtype_code::float6_e3m2fn, 6, 1}, "float6_e3m2fn"},
        {{dtype_code::float4_e2m1fn, 4, 1}, "float4_e2m1fn"},
        {{dtype_code::float4_e2m1fn, 4, 2}, "float4_e2m1fnx2"},
        {{dtype_code::float_, 32, 4}, "float32x4"},
        {warpx::opaque_dtype(24), "opaque24"},
        {{dtype_code(18), 32, 1}, "unknown dtype (code 18, 32 bits)"},
        {{dtype_code(255), 7, 1}, "unknown dtype (code 255, 7 bits)"},
    };
    for (const auto& row : table) CHECK(to_string(row.type) == row.name);
}
