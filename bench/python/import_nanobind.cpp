// SPDX-License-Identifier: Apache-2.0
// import_nanobind.cpp: the same loop with nanobind's nb::ndarray.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>

namespace nb = nanobind;

NB_MODULE(bench_python_nanobind, m) {
    m.def("take", [](nb::handle object, long count) {
        const auto start = std::chrono::steady_clock::now();
        for (long k = 0; k < count; ++k) {
            const auto a = nb::cast<nb::ndarray<float, nb::ndim<1>, nb::device::cpu>>(object);
            asm volatile("" ::"r"(a.data()), "r"(a.shape(0)), "r"(a.stride(0)) : "memory");
        }
        const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
        return time.count() / static_cast<double>(count);
    });
}
