// SPDX-License-Identifier: Apache-2.0
// shared_pool_main.cpp <plugin a> <plugin b> <same|any>: two libraries with hidden symbols, loaded locally,
// launch in turn and at once; "same": they must share one pool with each other and with the program.
#include "host/pool_support.hpp"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <thread>
#include <vector>

namespace {

struct plugin {
    explicit plugin(const char* path) {
        void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            std::printf("%s\n", dlerror());
            return;
        }
        launch = reinterpret_cast<int (*)()>(dlsym(library, "plugin_launch"));
        raise = reinterpret_cast<int (*)()>(dlsym(library, "plugin_throw"));
        pool = reinterpret_cast<const void* (*)()>(dlsym(library, "plugin_pool"));
    }
    int (*launch)() = nullptr;
    int (*raise)() = nullptr;
    const void* (*pool)() = nullptr;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const plugin a(argv[1]), b(argv[2]);
    if (a.pool == nullptr || b.pool == nullptr) return 1;
    const void* const own = &warpx::detail::pool_v1::the_pool;
    if (a.pool() == nullptr ||
        (std::strcmp(argv[3], "same") == 0 && (a.pool() != b.pool() || a.pool() != own))) {
        std::printf("pools: %p %p, program %p\n", a.pool(), b.pool(), own);
        return 1;
    }
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; ++k) {
        threads.emplace_back([&, k] {
            for (int repeat = 0; repeat < 300; ++repeat) {
                const plugin& turn = (repeat + k) % 2 == 0 ? a : b;
                wrong += turn.launch() != 1;
                wrong += turn.raise() != 1;
                wrong += !pool_support::sum_is_right();
            }
        });
    }
    for (std::thread& t : threads) t.join();
    if (wrong != 0) std::printf("%d launches are wrong\n", wrong.load());
    return wrong == 0 ? 0 : 1;
}
