// SPDX-License-Identifier: Apache-2.0
// main.cu: which kernels took how long: a hook that times every launch, and NVTX ranges for profilers.
#include <warpx/cuda/cuda.cuh>
#include <warpx/interop/nvtx.hpp>
#include <warpx/kernels/copy.cuh>

#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Times launches: on the host by the clock, on CUDA by a pair of events on the launch's stream. Launches
/// into a stream that is being captured run later, if at all, and are left out. (memcpy and memset are no
/// launches.) Installed as long as the object lives.
class launch_table {
public:
    launch_table() : next_(warpx::set_launch_hook(nullptr)) {
        hook_ = {begin, end, this};
        warpx::set_launch_hook(&hook_);
    }
    ~launch_table() { warpx::set_launch_hook(next_); }
    launch_table(const launch_table&) = delete;
    launch_table& operator=(const launch_table&) = delete;

    /// Waits for the timed launches.
    void print() {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (pending& p : pending_) {
            warpx::synchronize(p.end);
            add(p.kernel, "cuda", static_cast<double>(warpx::milliseconds(p.begin, p.end)));
        }
        pending_.clear();
        std::printf("%-16s %-5s %9s %12s %12s\n", "kernel", "where", "launches", "total ms", "mean us");
        for (const auto& [key, sum] : sums_)
            std::printf("%-16s %-5s %9d %12.3f %12.2f\n", key.first.c_str(), key.second.c_str(), sum.launches,
                        sum.milliseconds, 1e3 * sum.milliseconds / sum.launches);
    }

private:
    using clock = std::chrono::steady_clock;
    struct sum {
        int launches = 0;
        double milliseconds = 0;
    };
    struct pending {
        std::string kernel; // the hook's text is gone after the call
        warpx::event begin, end;
    };
    /// A launch between its two calls. Launches nest where a kernel launches, so they are a stack.
    struct open_launch {
        clock::time_point start;
        std::vector<warpx::event> begin; // none: it is not timed
    };
    static std::vector<open_launch>& open_launches() {
        static thread_local std::vector<open_launch> stack;
        return stack;
    }

    // A hook must not throw: what fails is not timed.
    static void begin(void* state, const warpx::launch_info& launch) noexcept {
        const auto& table = *static_cast<const launch_table*>(state);
        if (table.next_ != nullptr && table.next_->begin != nullptr)
            table.next_->begin(table.next_->state, launch);
        open_launch opened;
        if (launch.device == warpx::device_kind::cuda) {
            try {
                const warpx::device_guard guard(launch.device_id);
                const warpx::stream_ref stream = static_cast<cudaStream_t>(launch.stream);
                if (!stream.capturing()) {
                    opened.begin.emplace_back(warpx::event_options{.timing = true});
                    opened.begin.back().record(stream);
                }
            } catch (const std::exception&) {
                opened.begin.clear();
            }
        }
        opened.start = clock::now();
        open_launches().push_back(std::move(opened));
    }
    static void end(void* state, const warpx::launch_info& launch) noexcept {
        const clock::time_point now = clock::now();
        auto& table = *static_cast<launch_table*>(state);
        open_launch opened = std::move(open_launches().back());
        open_launches().pop_back();
        try {
            if (launch.device == warpx::device_kind::host) {
                const std::lock_guard<std::mutex> lock(table.mutex_);
                table.add(launch.kernel, "host",
                          std::chrono::duration<double, std::milli>(now - opened.start).count());
            } else if (!opened.begin.empty()) {
                const warpx::device_guard guard(launch.device_id);
                warpx::event stop({.timing = true});
                stop.record(static_cast<cudaStream_t>(launch.stream));
                const std::lock_guard<std::mutex> lock(table.mutex_);
                table.pending_.push_back({launch.kernel, std::move(opened.begin.back()), std::move(stop)});
            }
        } catch (const std::exception&) {
        }
        if (table.next_ != nullptr && table.next_->end != nullptr)
            table.next_->end(table.next_->state, launch);
    }
    void add(const std::string& kernel, const char* where, double milliseconds) {
        sum& s = sums_[{kernel, where}];
        ++s.launches;
        s.milliseconds += milliseconds;
    }

    const warpx::launch_hook* next_; // the hook that was installed before is called too
    warpx::launch_hook hook_;
    std::mutex mutex_;
    std::vector<pending> pending_;
    std::map<std::pair<std::string, std::string>, sum> sums_;
};

constexpr auto scale = [] WARPX_KERNEL(auto i, auto x, auto by) { x[i] *= by; };
constexpr auto smooth = [] WARPX_KERNEL(auto i, auto x, auto y) {
    const bool inner = i > 0 && i + 1 < x.extent(0);
    y[i] = inner ? 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1] : 1.0f * x[i];
};
constexpr auto histogram = [] WARPX_KERNEL(auto i, auto x, auto bins) {
    const float v = warpx::clamp(1.0f * x[i], 0.0f, 63.0f);
    atomic_add(bins, static_cast<int64_t>(v), 1);
};

/// The same work wherever the arrays are.
template <class Device>
void work(const warpx::array<float, 1, Device>& x, const warpx::array<float, 1, Device>& y,
          const warpx::array<int, 1, Device>& bins) {
    const warpx::array<const float, 1, Device> x_in = x, y_in = y;
    for (int round = 0; round < 10; ++round) {
        warpx::launch<smooth>(x.extent(0), x_in, y);
        warpx::launch<smooth>(x.extent(0), y_in, x);
        warpx::launch<scale>(x.extent(0), x, 1.001f);
    }
    warpx::launch<histogram>(x.extent(0), x_in, bins);
}

} // namespace

int main() {
    // Outer hook first: under `nsys profile` each launch is a range in the domain warpx.
    static const warpx::launch_hook ranges = warpx::nvtx_hook();
    warpx::set_launch_hook(&ranges);
    launch_table table;

    constexpr int64_t n = 1 << 22;
    const auto x = warpx::full<float>(n, 20.0f), y = warpx::zeros<float>(n);
    work(x, y, warpx::zeros<int>(64));
    if (warpx::device_count() > 0) {
        const warpx::stream stream;
        const warpx::stream_scope scope(stream);
        using gpu = warpx::device::cuda;
        work(warpx::full<float, gpu>(n, 20.0f), warpx::zeros<float, gpu>(n), warpx::zeros<int, gpu>(64));
        warpx::synchronize();
    } else {
        std::printf("There is no NVIDIA GPU and driver here: host launches only.\n");
    }
    table.print();
    return 0;
}
