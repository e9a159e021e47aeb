// SPDX-License-Identifier: Apache-2.0
// costs.cu: what a launch with three arrays costs the host, and a graph of 100 launches from launch to end.
#include "peers.cuh"

#include <warpx/cuda/cuda.cuh>

#include <memory>

namespace kernels {

constexpr auto add_three = [] WARPX_KERNEL(auto i, auto x, auto z, auto y) { y[i] = x[i] + z[i]; };

} // namespace kernels

namespace bench {
namespace {

struct plus {
    static constexpr bool reads_y = false;
    __host__ __device__ bool operator()(float& y, float x, float z) const {
        y = x + z;
        return true;
    }
};

} // namespace

void add_costs(const memory& m) {
    for (const int log2 : {12, 16}) {
        const int64_t n = int64_t{1} << log2;
        const auto array = [n]<class T>(T* p) {
            return warpx::from_pointer<T, 1, warpx::device::cuda>(p, warpx::shape(n));
        };
        const float *const x = m.at<float>(0), *const z = m.at<float>(1);
        float* const y = m.at<float>(2);
        const auto ax = array(x), az = array(z);
        const auto ay = array(y);
        subject s;
        s.log2 = log2;
        s.fill = [=] {
            fill(m.at<float>(0), n, 1);
            fill(m.at<float>(1), n, 2);
        };
        s.result = [=] { return read(y, n); };
        s.sides = {{"ours", [=](cudaStream_t) { warpx::launch<kernels::add_three>(n, ax, az, ay); }},
                   vector_side<4>("vector", n, plus{}, y, x, z),
                   each_side(n, plus{}, y, x, z)};
        s.row = "graph of 100";
        s.clock = clock_of::replay;
        add(s);
        if (log2 > 12) continue;
        const auto prepared =
            std::make_shared<warpx::prepared_launch>(warpx::prepare<kernels::add_three>(n, ax, az, ay));
        s.sides.push_back({"prepared", [=](cudaStream_t) { (*prepared)(); }});
        s.row = "host cost";
        s.clock = clock_of::host;
        add(std::move(s));
    }
}

} // namespace bench
