// SPDX-License-Identifier: Apache-2.0
// main.cu: the waves of wave.hpp on the host and on a GPU: the same lambdas, compared point by point.
#include <warpx/cuda/cuda.cuh>
#include <warpx/kernels/copy.cuh>

#include "wave.hpp"

#include <chrono>
#include <cmath>

int main(int argc, char* argv[]) {
    if (warpx::device_count() == 0) {
        std::printf(
            "This example needs an NVIDIA GPU and its driver; main.cpp runs the same waves without.\n");
        return 0;
    }
    using gpu = warpx::device::cuda;
    const std::string path = argc > 1 ? argv[1] : "wave.ppm";
    const warpx::shape all(wave::height, wave::width);

    wave::surface<warpx::device::host> on_host{warpx::zeros<wave::matter>(all), warpx::zeros<float>(all),
                                               warpx::zeros<float>(all), warpx::zeros<wave::pixel>(all)};
    const auto start = std::chrono::steady_clock::now();
    wave::run(on_host);
    const std::chrono::duration<double> host_time = std::chrono::steady_clock::now() - start;

    // From here on, what this thread allocates, launches and copies goes to a stream of its own.
    const warpx::stream stream;
    const warpx::stream_scope scope(stream);
    wave::surface<gpu> on_gpu{warpx::zeros<wave::matter, gpu>(all), warpx::zeros<float, gpu>(all),
                              warpx::zeros<float, gpu>(all), warpx::zeros<wave::pixel, gpu>(all)};
    warpx::event begin({.timing = true}), end({.timing = true});
    begin.record();
    wave::run(on_gpu); // waits for nothing
    end.record();
    const auto heights = warpx::to<warpx::device::host>(on_gpu.now); // waits for the stream
    const auto picture = warpx::to<warpx::device::host>(on_gpu.picture);
    warpx::synchronize();

    // Not equal to the last bit: a GPU fuses multiplications and additions.
    float difference = 0;
    for (int64_t row = 0; row < wave::height; ++row)
        for (int64_t column = 0; column < wave::width; ++column)
            difference = std::fmax(difference, std::fabs(heights(row, column) - on_host.now(row, column)));
    const bool same = difference < 1e-3f;
    if (!wave::write_picture(picture, path)) {
        std::printf("cannot write %s\n", path.c_str());
        return 1;
    }
    std::printf("%d steps over %d x %d points: host %.3f s, GPU %.3f s; largest difference %.1e, %s; %s\n",
                wave::steps, static_cast<int>(wave::width), static_cast<int>(wave::height), host_time.count(),
                1e-3 * static_cast<double>(warpx::milliseconds(begin, end)), static_cast<double>(difference),
                same ? "they agree" : "THEY DIFFER", path.c_str());
    return same ? 0 : 1;
}
