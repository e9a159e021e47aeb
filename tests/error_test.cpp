// SPDX-License-Identifier: Apache-2.0
// error_test.cpp: the exceptions, their parents, and the form of every message.
#include <warpx/error.hpp>

#include "support/catch.hpp"

#include <type_traits>

using namespace warpx;

TEST_CASE("exceptions have standard parents") {
    STATIC_REQUIRE(std::is_base_of_v<std::invalid_argument, bind_error>);
    STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, launch_error>);
    STATIC_REQUIRE(std::is_base_of_v<std::out_of_range, index_error>);
    STATIC_REQUIRE(std::is_base_of_v<std::runtime_error, cuda_error>);
    // What is thrown must be copyable without throwing again.
    STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<bind_error>);
    STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<cuda_error>);
}

TEST_CASE("an exception keeps its text and status when caught by its parent") {
    try {
        throw index_error("x[5]: expected an index below 5; got 5; check the loop");
    } catch (const std::exception& error) {
        CHECK(std::string(error.what()) == "x[5]: expected an index below 5; got 5; check the loop");
    }
    try {
        throw cuda_error(700, "an illegal memory access");
    } catch (const cuda_error& error) {
        CHECK(error.status() == 700);
        CHECK(std::string(error.what()) == "an illegal memory access");
    }
}

TEST_CASE("every message has three parts") {
    CHECK(detail::sentence("array<float, 1>", "float32", "float64", "convert it") ==
          "array<float, 1>: expected float32; got float64; convert it");
}

TEST_CASE("tuples print as Python prints them") {
    const int64_t values[] = {3, -4, INT64_MIN};
    CHECK(detail::tuple_text(values, 0) == "()");
    CHECK(detail::tuple_text(values, 1) == "(3,)");
    CHECK(detail::tuple_text(values, 3) == "(3, -4, -9223372036854775808)");
    CHECK(detail::tuple_text(nullptr, 0) == "()");
}
