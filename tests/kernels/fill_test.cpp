// SPDX-License-Identifier: Apache-2.0
// fill_test.cpp: host fills.
#include "support/catch.hpp"

#include <warpx/kernels/fill.hpp>
#include <warpx/view.hpp>

using namespace warpx;

TEST_CASE("fill writes the elements of a view and no others") {
    auto a = zeros<int>({5, 8});
    fill(slice(slice(a, 0, none, none, -2), 1, 1, 7, 2), 3);
    for (int r = 0; r < 5; ++r)
        for (int c = 0; c < 8; ++c) REQUIRE(a(r, c) == (r % 2 == 0 && c % 2 == 1 && c < 7 ? 3 : 0));
    fill(transpose(a), 4);
    CHECK((a(0, 0) == 4 && a(4, 7) == 4));
}

TEMPLATE_TEST_CASE("fill converts numbers", "", bool, int8_t, uint64_t, half, bfloat16, float, double,
                   complex<float>, float8_e5m2) {
    auto a = zeros<TestType>(33);
    fill(a, 1);
    CHECK(static_cast<bool>(a[32] == static_cast<TestType>(1)));
    fill(a, 0.0);
    CHECK(static_cast<bool>(a[32] == static_cast<TestType>(0)));
    fill(zeros<TestType>(0), 1);
}

TEST_CASE("fill of vectors, of no axes, of many") {
    auto v = zeros<vec3f>(5);
    fill(v, vec3f(1, 2, 3));
    CHECK(v[4].z == 3);
    auto scalar = zeros<float>(shape<0>());
    fill(scalar, 2);
    CHECK(scalar() == 2);
    auto many = zeros<float>(shape(2, 1, 2, 2, 2, 2, 2, 2, 2, 4));
    fill(slice(permute(many, {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}), 0, none, none, 2), 1);
    double sum = 0;
    for (int64_t k = 0; k < many.size(); ++k) sum += many.data_handle()[k];
    CHECK(sum == 512);
}
