// SPDX-License-Identifier: Apache-2.0
// main.cpp: arrays, launches and errors cross the borders of shared libraries with hidden symbols.
#include "parts.hpp"

#include <dlfcn.h>

#include <cstdio>

namespace {

template <class F> bool refused(F&& call) {
    try {
        call();
    } catch (const warpx::bind_error&) { // the same type on both sides
        return true;
    }
    return false;
}

bool all_equal(const warpx::array<float, 1>& x, float value) {
    for (int64_t i = 0; i < x.extent(0); ++i) {
        if (x[i] != value) return false;
    }
    return true;
}

int fail(const char* what) {
    std::fprintf(stderr, "failed: %s\n", what);
    return 1;
}

} // namespace

int main() {
    void* plugin = dlopen(PLUGIN_C, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) return fail(dlerror());
    auto scale_in_c = reinterpret_cast<decltype(&scale_in_plugin)>(dlsym(plugin, "scale_in_plugin"));
    auto refuse_in_c = reinterpret_cast<decltype(&refuse_in_plugin)>(dlsym(plugin, "refuse_in_plugin"));
    if (!scale_in_c || !refuse_in_c) return fail(dlerror());

    const auto x = make_in_a(100000); // allocated there, released here
    warpx::launch<scale>(x.extent(0), x, 2.0f);
    if (!all_equal(x, 2.0f)) return fail("launch in the program");
    scale_in_a(x, 3.0f);
    if (!all_equal(x, 6.0f)) return fail("launch in the first library");
    scale_in_b(x, 5.0f);
    if (!all_equal(x, 30.0f)) return fail("launch in the second library");
    scale_in_c(&x, 7.0f);
    if (!all_equal(x, 210.0f)) return fail("launch in the plugin");

    if (!refused(refuse_in_b)) return fail("an error of a library is not the program's type");
    if (!refused(refuse_in_c)) return fail("an error of a plugin is not the program's type");
    return 0;
}
