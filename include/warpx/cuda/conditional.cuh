// SPDX-License-Identifier: Apache-2.0
// conditional.cuh: branches and loops inside of a CUDA graph, decided on the device.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/conditional.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../array.hpp"
#include "capture.cuh"

#include <optional>

#if CUDART_VERSION < 12040
#    error                                                                                                   \
        "warpx/cuda/conditional.cuh needs CUDA 12.4 or newer: older toolkits have no conditional graph nodes"
#endif

namespace warpx {

/// What can decide: anything but 0 is true.
template <class T>
concept condition_element =
    std::same_as<std::remove_const_t<T>, bool> || std::same_as<std::remove_const_t<T>, int32_t> ||
    std::same_as<std::remove_const_t<T>, uint32_t>;

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

#pragma GCC visibility push(hidden) // each shared library launches its own copy

/// Runs before a conditional node, and at the end of a loop's body. The driver itself has the function that
/// it calls, so it needs neither -rdc nor -lcudadevrt.
template <class T> __global__ void set_condition(cudaGraphConditionalHandle handle, const T* condition) {
    cudaGraphSetConditional(handle, *condition != T(0) ? 1u : 0u);
}

#pragma GCC visibility pop

inline constexpr const char* conditional_remedy =
    "conditional nodes need a driver of CUDA 12.4 or newer (12.8 for a second body), and lie in the capture "
    "of a stream of the condition's device";

WARPX_COLD [[noreturn]] inline void refuse_uncaptured(const char* who) {
    throw launch_error(detail::sentence(who, "a stream that is being captured", "one that is not",
                                        "call it inside of graph::capture(f), with the stream that f gets"));
}
WARPX_COLD [[noreturn]] inline void refuse_condition(const char* who) {
    throw launch_error(detail::sentence(who, "a condition of at least one element", "an empty array",
                                        "pass the array whose first element decides"));
}

/// Where the next operation of a captured stream goes.
inline detail::capture_point capture_point_of(const char* who, stream_ref stream) {
    const detail::capture_point p = detail::capture_point_of(who, stream);
    if (p.graph == nullptr) refuse_uncaptured(who);
    return p;
}

/// One conditional node under construction.
template <class T> class conditional {
public:
    template <int N>
    conditional(const char* who, stream_ref stream, const array<T, N, device::cuda>& condition)
        : who_(who), outer_(stream), condition_(condition.data_handle()),
          device_(condition.memory() == memory_kind::plain ? condition.device_id() : -1) {
        if (condition.empty()) refuse_condition(who);
    }

    /// Puts the node behind what the stream has so far.
    void add(cudaGraphConditionalNodeType type, unsigned bodies) {
        const device_guard guard(device_);
        detail::cuda_check(cudaGraphConditionalHandleCreate(&handle_, capture_point_of(who_, outer_).graph),
                           who_, "making a condition", conditional_remedy);
        enqueue_condition(outer_);
        const detail::capture_point p = capture_point_of(who_, outer_);
        cudaGraphNodeParams parameters = {};
        parameters.type = cudaGraphNodeTypeConditional;
        parameters.conditional.handle = handle_;
        parameters.conditional.type = type;
        parameters.conditional.size = bodies;
        cudaGraphNode_t node = nullptr;
#if CUDART_VERSION >= 13000
        cudaError_t status = cudaGraphAddNode(&node, p.graph, p.nodes, p.edges, p.count, &parameters);
#else
        cudaError_t status = cudaGraphAddNode_v2(&node, p.graph, p.nodes, p.edges, p.count, &parameters);
#endif
        detail::cuda_check(status, who_, "adding a conditional node", conditional_remedy);
        detail::put_behind(who_, outer_, node);
        bodies_ = parameters.conditional.phGraph_out;
    }

    /// Captures what `body` enqueues into the node; with `again` the condition is read behind it.
    template <class Body> void record(unsigned number, Body& body, bool again) {
        try {
            const device_guard guard(device_);
            const body_stream inner;
            detail::open_capture recording(*inner.made, bodies_[number]);
            {
                const stream_scope scope(*inner.made);
                body(stream_ref(*inner.made));
            }
            if (again) enqueue_condition(*inner.made);
            recording.close();
        } catch (...) {
            // A loop without its end would run forever. This call is refused, and spoils the capture around.
            (void)cudaStreamSynchronize(outer_);
            (void)cudaGetLastError();
            throw;
        }
    }

private:
    /// A stream to capture a body on, made and destroyed while another stream of this thread is captured.
    struct body_stream {
        std::optional<stream> made;
        body_stream() {
            const detail::relaxed_capture relaxed;
            made.emplace();
        }
        ~body_stream() {
            const detail::relaxed_capture relaxed;
            made.reset();
        }
        body_stream(const body_stream&) = delete;
        body_stream& operator=(const body_stream&) = delete;
    };

    void enqueue_condition(stream_ref stream) {
        void* parameters[] = {&handle_, &condition_};
        detail::cuda_check(
            cudaLaunchKernel(reinterpret_cast<const void*>(&set_condition<std::remove_const_t<T>>), dim3(1),
                             dim3(1), parameters, 0, stream),
            who_, "enqueuing the kernel that reads the condition", conditional_remedy);
    }

    const char* who_;
    stream_ref outer_;
    const std::remove_const_t<T>* condition_;
    int device_;
    cudaGraphConditionalHandle handle_ = {};
    cudaGraph_t* bodies_ = nullptr; // the node's
};

} // namespace launching

/// Inside of a capture: records what `body(stream)` enqueues on `current_stream()` (a stream of its own), to
/// run when the first element of `condition` is not 0 at that point of the replay. Nothing is read now, and
/// the host does not wait then. Later work of `stream` runs after it.
///   condition  of rank 1 or 0; like all arrays of a graph it must stay alive as long as the graph
///   body       enqueues kernels, asynchronous copies and memsets, and conditionals, all on one device; it
///              may fork to other streams that it joins again; no allocations, no host functions
/// Throws launch_error if the stream is not captured, cuda_error as captures do. An exception of `body`
/// arrives here, and the capture around it becomes invalid.
template <condition_element T, int N, capturable Body>
    requires(N <= 1)
void if_then(stream_ref stream, const array<T, N, device::cuda>& condition, Body&& body) {
    launching::conditional<T> node("warpx::if_then", stream, condition);
    node.add(cudaGraphCondTypeIf, 1);
    node.record(0, body, false);
}

#if CUDART_VERSION >= 12080
/// The same with what runs when the element is 0 (CUDA 12.8 or newer).
template <condition_element T, int N, capturable Body, capturable Otherwise>
    requires(N <= 1)
void if_then_else(stream_ref stream, const array<T, N, device::cuda>& condition, Body&& body,
                  Otherwise&& otherwise) {
    launching::conditional<T> node("warpx::if_then_else", stream, condition);
    node.add(cudaGraphCondTypeIf, 2);
    node.record(0, body, false);
    node.record(1, otherwise, false);
}
#endif

/// Inside of a capture: records what `body(stream)` enqueues, to run again and again as long as the first
/// element of `condition` is not 0; it is read before each turn, so the body must set it in the end.
/// Everything else as for `if_then`.
template <condition_element T, int N, capturable Body>
    requires(N <= 1)
void while_loop(stream_ref stream, const array<T, N, device::cuda>& condition, Body&& body) {
    launching::conditional<T> node("warpx::while_loop", stream, condition);
    node.add(cudaGraphCondTypeWhile, 1);
    node.record(0, body, true);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
