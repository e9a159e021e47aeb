// SPDX-License-Identifier: Apache-2.0
// exit_main.cpp: the process ends while detached threads launch and workers run their chunks.
#include "host/pool_support.hpp"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <unistd.h>

int main() {
    static std::atomic<int> launches{0};
    for (int k = 0; k < 3; ++k) {
        std::thread([] {
            for (;;) {
                if (!pool_support::sum_is_right()) std::abort();
                ++launches;
            }
        }).detach();
    }
    while (launches < 1000) usleep(100);
    return 0; // static destructors run beside the launches
}
