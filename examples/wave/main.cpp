// SPDX-License-Identifier: Apache-2.0
// main.cpp: waves on all cores of the host; the picture goes to wave.ppm, or to the file that is named.
#include "wave.hpp"

#include <chrono>

int main(int argc, char* argv[]) {
    const std::string path = argc > 1 ? argv[1] : "wave.ppm";
    const warpx::shape all(wave::height, wave::width);
    wave::surface<warpx::device::host> s{warpx::zeros<wave::matter>(all), warpx::zeros<float>(all),
                                         warpx::zeros<float>(all), warpx::zeros<wave::pixel>(all)};
    const auto begin = std::chrono::steady_clock::now();
    wave::run(s);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (!wave::write_picture(s.picture, path)) {
        std::printf("cannot write %s\n", path.c_str());
        return 1;
    }
    std::printf("host: %d steps over %d x %d points in %.2f s; %s\n", wave::steps,
                static_cast<int>(wave::width), static_cast<int>(wave::height), elapsed.count(), path.c_str());
    return 0;
}
