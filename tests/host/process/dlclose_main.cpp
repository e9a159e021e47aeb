// SPDX-License-Identifier: Apache-2.0
// dlclose_main.cpp <plugin>: closes a library right after it launched, while the workers that it started spin
// in its code. The library must stay.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    setenv("WARPX_SPIN_US", "20000", 0);
    for (int repeat = 0; repeat < 20; ++repeat) {
        void* const plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (plugin == nullptr) {
            std::printf("%s\n", dlerror());
            return 1;
        }
        const auto launch = reinterpret_cast<int (*)()>(dlsym(plugin, "plugin_launch"));
        if (launch == nullptr || launch() != 1) {
            std::printf("the plugin's launch is wrong\n");
            return 1;
        }
        dlclose(plugin);
        usleep(repeat % 2 == 0 ? 2000 : 30000); // spinning, asleep
    }
    return 0;
}
