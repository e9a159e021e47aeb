// SPDX-License-Identifier: Apache-2.0
// main.cu: the program and two libraries launch kernels of the same name; each must run its own. With
// PLUGIN_C, the path of a library to open, that one too.
#define FACTOR 2.0f
#include "parts.hpp"

#include <cstdio>
#include <vector>

#include <dlfcn.h>

namespace {

int fail(const char* what) {
    std::fprintf(stderr, "failed: %s\n", what);
    return 1;
}

/// Waits, and compares all elements.
bool all_are(const floats& x, float value) {
    std::vector<float> values(static_cast<size_t>(x.extent(0)));
    if (cudaDeviceSynchronize() != cudaSuccess ||
        cudaMemcpy(values.data(), x.data_handle(), values.size() * sizeof(float), cudaMemcpyDeviceToHost) !=
            cudaSuccess)
        return false;
    for (const float v : values)
        if (v != value) return false;
    return true;
}

} // namespace

int main() {
    if (warpx::device_count() == 0) {
        std::printf("skipped: no NVIDIA GPU and driver here\n");
        return 77;
    }
    const std::vector<float> ones(100003, 1.0f); // packets and a rest
    float* memory = nullptr;
    if (cudaMalloc(reinterpret_cast<void**>(&memory), ones.size() * sizeof(float)) != cudaSuccess ||
        cudaMemcpy(memory, ones.data(), ones.size() * sizeof(float), cudaMemcpyHostToDevice) != cudaSuccess)
        return fail("memory on the device");
    const auto x = warpx::from_pointer<float, 1, warpx::device::cuda>(
        memory, warpx::shape(static_cast<int64_t>(ones.size())));

    warpx::launch<scale>(x.extent(0), x);
    if (!all_are(x, 2.0f)) return fail("the launch in the program");
    scale_in_a(x);
    if (!all_are(x, 6.0f)) return fail("the launch in the first library");
    scale_in_b(x);
    if (!all_are(x, 30.0f)) return fail("the launch in the second library");
    const char* modules = "the program and two libraries";
#if defined(PLUGIN_C)
    void* const plugin = dlopen(PLUGIN_C, RTLD_NOW | RTLD_LOCAL);
    if (plugin == nullptr) return fail(dlerror());
    const auto scale_in_c = reinterpret_cast<decltype(&scale_in_plugin)>(dlsym(plugin, "scale_in_plugin"));
    if (scale_in_c == nullptr) return fail(dlerror());
    scale_in_c(&x);
    if (!all_are(x, 210.0f)) return fail("the launch in the plugin");
    modules = "the program, two libraries and a plugin";
#endif

    try {
        refuse_in_b(x);
        return fail("a launch that should have been refused");
    } catch (const warpx::launch_error&) { // the same type on both sides
    }
    const warpx::stream stream;
    const warpx::stream_scope scope(stream);
    if (stream_in_a() != stream.get()) return fail("the current stream is not that of the program");
    std::printf("%s each launched their own kernel of one name\n", modules);
    return 0;
}
