// SPDX-License-Identifier: Apache-2.0
// main.cu: measures every row of the table with Google Benchmark. Repetition k of all sides of a row belongs
// to one round: bench/cuda/table.py compares them pair by pair. tools/gpu-check builds and runs it.
#include "harness.cuh"

#include <warpx/cuda/stream.cuh>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace bench {

void need(cudaError_t status, const char* what) {
    if (status != cudaSuccess)
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

namespace {

cudaStream_t the_stream = nullptr;

/// What one side needs to be measured, and what was measured.
struct lane {
    cudaGraphExec_t graph = nullptr;
    std::vector<double> seconds;    // of one launch, a round each
    int registers = -1, stack = -1; // of the kernel that was launched
    std::string error;
};

class measurement {
public:
    explicit measurement(subject&& s) : subject_(std::move(s)), lanes_(subject_.sides.size()) {}

    const subject& what() const { return subject_; }

    /// The first call measures all sides.
    void report(size_t number, size_t repetition, benchmark::State& state) {
        if (!done_) measure();
        const lane& l = lanes_[number];
        if (!l.error.empty()) {
            state.SkipWithError(l.error.c_str());
            return;
        }
        for (auto _ : state) state.SetIterationTime(l.seconds[repetition % l.seconds.size()]);
        if (l.registers >= 0) {
            state.counters["registers"] = l.registers;
            if (l.stack > 0) state.counters["stack"] = l.stack; // the variation of zeros would be no JSON
        }
        if (subject_.bytes > 0) state.SetBytesProcessed(static_cast<int64_t>(subject_.bytes));
    }

private:
    /// Launches that are timed together: enough that what stands around them does not count.
    int burst() const {
        if (subject_.burst > 0) return subject_.burst;
        if (subject_.clock != clock_of::device || subject_.log2 <= 20) return 100;
        return subject_.log2 <= 24 ? 10 : 2;
    }

    void measure() {
        done_ = true;
        need(cudaEventCreate(&begin_), "cudaEventCreate");
        need(cudaEventCreate(&end_), "cudaEventCreate");
        std::vector<float> reference;
        for (size_t k = 0; k < lanes_.size(); ++k) attempt(k, [&] { prepare(k, reference); });
        subject_.fill();
        for (int round = -2; round < subject_.rounds; ++round)
            for (size_t turn = 0; turn < lanes_.size(); ++turn) {
                const size_t k = (turn + static_cast<size_t>(round + 2)) % lanes_.size();
                if (!lanes_[k].error.empty()) continue;
                attempt(k, [&] {
                    const double t = time(k) / burst();
                    if (round >= 0) lanes_[k].seconds.push_back(t);
                });
            }
        for (const lane& l : lanes_)
            if (l.graph) need(cudaGraphExecDestroy(l.graph), "cudaGraphExecDestroy");
        need(cudaEventDestroy(begin_), "cudaEventDestroy");
        need(cudaEventDestroy(end_), "cudaEventDestroy");
    }

    template <class F> void attempt(size_t k, const F& f) {
        try {
            f();
        } catch (const std::exception& e) {
            lanes_[k].error = e.what();
            (void)cudaGetLastError();
        }
    }

    /// Runs a side once: it must write what the first one wrote; then captures its launches.
    void prepare(size_t k, std::vector<float>& reference) {
        const side& s = subject_.sides[k];
        const bool compare = subject_.result && (subject_.log2 <= 20 || subject_.clock == clock_of::stream) &&
                             s.name != "copy";
        if (compare) subject_.fill();
        s.enqueue(the_stream); // loads the kernel too, which is not for the time of a capture
        need(cudaStreamSynchronize(the_stream), s.name.c_str());
        if (compare) {
            const std::vector<float> result = subject_.result();
            if (k == 0) reference = result;
            for (size_t i = 0; i < reference.size(); ++i)
                if (!(std::abs(result[i] - reference[i]) <= 1e-4f * (1 + std::abs(reference[i]))))
                    throw std::runtime_error("item " + std::to_string(i) + " is " +
                                             std::to_string(result[i]) + ", ours is " +
                                             std::to_string(reference[i]));
        }
        if (subject_.clock == clock_of::host || subject_.clock == clock_of::stream) return;
        need(cudaStreamBeginCapture(the_stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
        cudaGraph_t graph = nullptr;
        try {
            for (int launch = 0; launch < burst(); ++launch) s.enqueue(the_stream);
        } catch (...) {
            (void)cudaStreamEndCapture(the_stream, &graph);
            throw;
        }
        need(cudaStreamEndCapture(the_stream, &graph), "cudaStreamEndCapture");
        look_at_kernel(lanes_[k], graph);
        need(cudaGraphInstantiate(&lanes_[k].graph, graph, 0), "cudaGraphInstantiate");
        need(cudaGraphDestroy(graph), "cudaGraphDestroy");
        need(cudaGraphUpload(lanes_[k].graph, the_stream), "cudaGraphUpload");
        need(cudaStreamSynchronize(the_stream), "cudaGraphUpload");
    }

    /// Asks the graph which kernel was launched, and the kernel for its registers.
    static void look_at_kernel(lane& l, cudaGraph_t graph) {
        cudaGraphNode_t first = nullptr;
        size_t count = 1;
        cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
        cudaKernelNodeParams launch{};
        cudaFuncAttributes kernel{};
        if (cudaGraphGetRootNodes(graph, &first, &count) == cudaSuccess && count > 0 &&
            cudaGraphNodeGetType(first, &type) == cudaSuccess && type == cudaGraphNodeTypeKernel &&
            cudaGraphKernelNodeGetParams(first, &launch) == cudaSuccess &&
            cudaFuncGetAttributes(&kernel, launch.func) == cudaSuccess) {
            l.registers = kernel.numRegs;
            l.stack = static_cast<int>(kernel.localSizeBytes);
        } else {
            (void)cudaGetLastError(); // unknown: ptxas says it too
        }
    }

    double time(size_t k) {
        using clock = std::chrono::steady_clock;
        if (subject_.refresh) subject_.refresh(the_stream);
        if (subject_.clock == clock_of::device || subject_.clock == clock_of::stream) {
            need(cudaEventRecord(begin_, the_stream), "cudaEventRecord");
            if (subject_.clock == clock_of::device)
                need(cudaGraphLaunch(lanes_[k].graph, the_stream), "cudaGraphLaunch");
            else
                for (int launch = 0; launch < burst(); ++launch) subject_.sides[k].enqueue(the_stream);
            need(cudaEventRecord(end_, the_stream), "cudaEventRecord");
            need(cudaEventSynchronize(end_), subject_.sides[k].name.c_str());
            float milliseconds = 0;
            need(cudaEventElapsedTime(&milliseconds, begin_, end_), "cudaEventElapsedTime");
            return milliseconds * 1e-3;
        }
        const side& s = subject_.sides[k];
        const auto begin = clock::now();
        if (subject_.clock == clock_of::host) {
            for (int launch = 0; launch < burst(); ++launch) s.enqueue(the_stream);
        } else {
            need(cudaGraphLaunch(lanes_[k].graph, the_stream), "cudaGraphLaunch");
            need(cudaStreamSynchronize(the_stream), s.name.c_str());
        }
        const auto end = clock::now();
        need(cudaStreamSynchronize(the_stream), s.name.c_str());
        return std::chrono::duration<double>(end - begin).count();
    }

    subject subject_;
    std::vector<lane> lanes_;
    cudaEvent_t begin_ = nullptr, end_ = nullptr;
    bool done_ = false;
};

} // namespace

void add(subject s) {
    const auto m = std::make_shared<measurement>(std::move(s));
    for (size_t k = 0; k < m->what().sides.size(); ++k) {
        const std::string name =
            m->what().row + "/" + std::to_string(m->what().log2) + "/" + m->what().sides[k].name;
        benchmark::RegisterBenchmark(name.c_str(),
                                     [m, k, repetition = size_t{0}](benchmark::State& state) mutable {
                                         m->report(k, repetition++, state);
                                     })
            ->UseManualTime()
            ->Iterations(1)
            ->Repetitions(m->what().rounds)
            ->DisplayAggregatesOnly(true)
            ->Unit(benchmark::kMicrosecond);
    }
}

namespace {

void run() {
    size_t free = 0, total = 0;
    need(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
    const int largest = free > size_t{11} << 30 ? 28 : 24;
    std::vector<int> sizes;
    for (const int log2 : {12, 16, 20, 24, 28})
        if (log2 <= largest) sizes.push_back(log2);
    memory m{nullptr, (size_t{12} << largest) + (size_t{1} << 20)}; // elements of 12 bytes, or padded rows
    need(cudaMalloc(reinterpret_cast<void**>(&m.base), 3 * m.part), "cudaMalloc");
    need(cudaMemset(m.base, 0, 3 * m.part), "cudaMemset");
    need(cudaStreamCreateWithFlags(&the_stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    need(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    {
        const warpx::stream_scope scope(the_stream);
        add_costs(m);
        add_pointwise(m, sizes);
        add_layouts(m, sizes);
        if (largest == 28) {
            add_adjoint_items(m);
            add_adjoint_gathers(m);
        }
        benchmark::RunSpecifiedBenchmarks();
    }
    need(cudaStreamDestroy(the_stream), "cudaStreamDestroy");
    need(cudaFree(m.base), "cudaFree");
}

} // namespace
} // namespace bench

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
        std::printf("skipped: no NVIDIA GPU and driver here\n");
        return 77;
    }
    try {
        cudaDeviceProp device;
        bench::need(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
        benchmark::AddCustomContext("gpu", device.name);
        bench::run();
    } catch (const std::exception& e) {
        std::printf("failed: %s\n", e.what());
        return 1;
    }
    benchmark::Shutdown();
}
