// SPDX-License-Identifier: Apache-2.0
// convert_test.cu: copies that convert, from every kind of memory to every other, give what the host's give.
#include "copy_ways.cuh"

using namespace warpx;
using namespace copy_ways;

TEMPLATE_TEST_CASE("every type to others, compact and strided", "", bool, int8_t, int64_t, warpx::half,
                   bfloat16, float, double, complex<float>) {
    const auto check = [&]<class U>(U) {
        for (const int64_t n : {1, 255, 4099}) {
            CAPTURE(n, sizeof(U));
            check_ways<TestType, U>(shape<1>(n), shape<1>(n), as_is, as_is);
            check_ways<TestType, U>(shape<1>(2 * n), shape<1>(n), every_second, as_is);
            check_ways<TestType, U>(shape<1>(n), shape<1>(2 * n), backwards, every_second);
        }
    };
    check(bool());
    check(uint32_t());
    check(warpx::half());
    check(complex<double>());
}

TEST_CASE("vectors convert by component on the device") {
    auto h = full<vec3f>(1001, vec3f(1, 2.5f, -3));
    h[1000] = vec3f(4, 5, 6);
    const auto d = astype<vec<warpx::half, 3>>(to<device::cuda>(h));
    const auto back = to<device::host>(d);
    CHECK(same_bytes(back, astype<vec<warpx::half, 3>>(h)));
}
