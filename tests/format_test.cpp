// SPDX-License-Identifier: Apache-2.0
// format_test.cpp: arrays and elements as text.
#include <warpx/create.hpp>
#include <warpx/format.hpp>
#include <warpx/view.hpp>

#include "support/catch.hpp"

namespace {
struct particle {
    warpx::vec3f position;
    float mass;
};
} // namespace
WARPX_STRUCT(particle, position, mass);

using namespace warpx;

TEST_CASE("matrices print row by row, aligned, with shape and device") {
    CHECK(to_string(reshape(arange<float>(12), {3, 4})) == "array<float, 2>, shape (3, 4), cpu:0\n"
                                                           "[[ 0,  1,  2,  3],\n"
                                                           " [ 4,  5,  6,  7],\n"
                                                           " [ 8,  9, 10, 11]]");
}

TEST_CASE("views print what they show, and strides that are not compact") {
    const auto backwards = slice(arange<int>(4), 0, none, none, -2);
    CHECK(to_string(backwards) == "array<int, 1>, shape (2,), strides (-2,), cpu:0\n[3, 1]");
    CHECK(to_string(broadcast_to(full<int>(1, 7), {3})) ==
          "array<const int, 1>, shape (3,), strides (0,), cpu:0\n[7, 7, 7]");
}

TEST_CASE("rank 0, empty and default arrays print") {
    CHECK(to_string(take(arange<int>(4), 0, -1)) == "array<int, 0>, shape (), cpu:0\n3");
    CHECK(to_string(zeros<double>({2, 0})) == "array<double, 2>, shape (2, 0), cpu:0\n[[],\n []]");
    CHECK(to_string(array<float, 0>()) == "array<float, 0>, shape (), cpu:0\n(no memory)");
    CHECK(to_string(array<float, 1>()) == "array<float, 1>, shape (0,), cpu:0\n[]");
}

TEST_CASE("long arrays are shortened to their edges") {
    CHECK(to_string(arange<int>(2000)) ==
          "array<int, 1>, shape (2000,), cpu:0\n[   0,    1,    2, ..., 1997, 1998, 1999]");
    CHECK(to_string(arange<int>(5), {.threshold = 4, .edge = 1}) ==
          "array<int, 1>, shape (5,), cpu:0\n[0, ..., 4]");
    CHECK(to_string(arange<int>(1000)).find("...") == std::string::npos);
}

TEST_CASE("elements print so that they read back") {
    const auto line = [](const auto& a) {
        const std::string text = to_string(a);
        return text.substr(text.find('\n') + 1);
    };
    CHECK(line(full<float>(1, 0.1f)) == "[0.1]");
    CHECK(line(full<double>(1, 1e300)) == "[1e+300]");
    CHECK(line(full<half>(1, half(1.5f))) == "[1.5]");
    CHECK(line(full<int8_t>(1, int8_t{-5})) == "[-5]");
    CHECK(line(full<bool>(2, true)) == "[true, true]");
    CHECK(line(full<complex<float>>(1, complex<float>(1, -2))) == "[1-2i]");
    CHECK(line(full<vec3f>(1, vec3f(1, 2, 3))) == "[(1, 2, 3)]");
    CHECK(line(ones<mat22f>(1)) == "[((1, 1), (1, 1))]");
    CHECK(line(full<particle>(1, particle{vec3f(1, 2, 3), 4})) == "[{position: (1, 2, 3), mass: 4}]");
}

TEST_CASE("device memory is not read") {
    float never[2] = {1, 2};
    const auto a = from_pointer<float, 1, device::cuda>(never, shape(2), shape(1), {}, 1);
    CHECK(to_string(a) ==
          "array<float, 1, device::cuda>, shape (2,), cuda:1 (elements not shown: copy the array to the "
          "host to see them)");
}
