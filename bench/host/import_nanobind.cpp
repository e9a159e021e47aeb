// SPDX-License-Identifier: Apache-2.0
// import_nanobind.cpp: nanobind's import of a DLPack struct from a capsule, and the array's end. The capsules
// are made and destroyed outside of the measured time.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace nb = nanobind;

namespace {

// The legacy struct of DLPack, as nanobind declares it to itself.
struct dl_tensor {
    void* data;
    std::int32_t device_type, device_id, rank;
    std::uint8_t code, bits;
    std::uint16_t lanes;
    std::int64_t* shape;
    std::int64_t* strides;
    std::uint64_t byte_offset;
};
struct dl_managed_tensor {
    dl_tensor tensor;
    void* context;
    void (*deleter)(dl_managed_tensor*);
};

float memory[64];
std::int64_t extents[2] = {8, 8}, strides[2] = {8, 1};

/// Nanoseconds of one import.
double import_time(int count) {
    dl_managed_tensor m{{memory, 1, 0, 2, 2, 32, 1, extents, strides, 0}, nullptr, [](dl_managed_tensor*) {}};
    std::vector<nb::object> capsules;
    for (int k = 0; k < count; ++k) capsules.push_back(nb::steal(PyCapsule_New(&m, "dltensor", nullptr)));
    const auto start = std::chrono::steady_clock::now();
    for (const nb::object& capsule : capsules) {
        auto a = nb::cast<nb::ndarray<float, nb::ndim<2>, nb::device::cpu>>(capsule);
        asm volatile("" ::"r"(a.data()) : "memory");
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    return time.count() / count;
}

} // namespace

NB_MODULE(bench_nanobind, m) { m.def("import_time", &import_time); }
