// SPDX-License-Identifier: Apache-2.0
// capture.cuh: the begin and the end of a stream capture, also when what is captured throws.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/capture.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "stream.cuh"

#include <concepts>

namespace warpx {

/// What can be captured: called once with the captured stream, which is the `current_stream()` meanwhile.
template <class F>
concept capturable = std::invocable<F&, stream_ref>;

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_nested_capture() {
    throw launch_error(sentence("warpx::graph", "a thread and a stream that are not being captured",
                                "a capture within a capture",
                                "call the function itself: its launches go to the capture that is open; or "
                                "capture it before, and launch that graph in here"));
}
WARPX_COLD [[noreturn]] inline void refuse_legacy_capture() {
    throw launch_error(sentence("warpx::graph", "a stream that CUDA can capture", "the legacy default stream",
                                "leave the stream away (graph::capture(f) makes one), or pass a "
                                "warpx::stream; the graph may be launched on the legacy default stream"));
}
/// Before anything is made for a capture: making it might spoil the one that is open.
inline void require_no_capture() {
    const stream_ref current = current_stream(); // of the scope that a capture opens
    if (!(current == stream_ref::legacy()) && current.capturing()) refuse_nested_capture();
}

/// What CUDA forbids, for the messages about it.
inline constexpr const char* capture_rules =
    "in a capture nothing may wait (synchronize, ready, blocking copies), call cudaMalloc or cudaFree, or "
    "depend on uncaptured work of another stream; while a blocking stream is captured, nothing may use the "
    "legacy default stream";

WARPX_COLD [[noreturn]] inline void refuse_captured(cudaError_t status) {
    refuse_cuda(status, "warpx::graph", "the capture",
                status == cudaErrorStreamCaptureUnjoined
                    ? std::string("work of a stream that joined by wait(other, captured) is not waited for "
                                  "by the captured stream: end with wait(captured, other)")
                    : std::string(capture_rules) + "; the call that did returned an error too");
}
/// Passes an error of captured code on; one that comes from the capture gets its rules said.
WARPX_COLD [[noreturn]] inline void refuse_captured(const cuda_error& error) {
    if (error.status() < cudaErrorStreamCaptureUnsupported ||
        error.status() > cudaErrorStreamCaptureWrongThread)
        throw;
    throw cuda_error(error.status(), std::string(error.what()) + "; " + capture_rules);
}

/// Where the next operation of a captured stream goes: the graph, and what it depends on. The lists are valid
/// until the next call for that stream. No graph: the stream is not captured.
struct capture_point {
    cudaGraph_t graph = nullptr;
    const cudaGraphNode_t* nodes = nullptr;
#if CUDART_VERSION >= 12030
    const cudaGraphEdgeData* edges = nullptr;
#endif
    size_t count = 0;
};
inline capture_point capture_point_of(const char* who, stream_ref stream) {
    capture_point p;
    cudaStreamCaptureStatus state = cudaStreamCaptureStatusNone;
#if CUDART_VERSION >= 13000
    const cudaError_t status =
        cudaStreamGetCaptureInfo(stream, &state, nullptr, &p.graph, &p.nodes, &p.edges, &p.count);
#elif CUDART_VERSION >= 12030
    const cudaError_t status =
        cudaStreamGetCaptureInfo_v3(stream, &state, nullptr, &p.graph, &p.nodes, &p.edges, &p.count);
#else
    const cudaError_t status =
        cudaStreamGetCaptureInfo_v2(stream, &state, nullptr, &p.graph, &p.nodes, &p.count);
#endif
    cuda_check(status, who, "asking for the capture of a stream", capture_rules);
    if (state == cudaStreamCaptureStatusInvalidated) refuse_captured(cudaErrorStreamCaptureInvalidated);
    if (state == cudaStreamCaptureStatusNone) p.graph = nullptr;
    return p;
}
/// What a captured stream records next depends on `node`.
inline void put_behind(const char* who, stream_ref stream, cudaGraphNode_t node) {
#if CUDART_VERSION >= 13000
    const cudaError_t status =
        cudaStreamUpdateCaptureDependencies(stream, &node, nullptr, 1, cudaStreamSetCaptureDependencies);
#elif CUDART_VERSION >= 12030
    const cudaError_t status =
        cudaStreamUpdateCaptureDependencies_v2(stream, &node, nullptr, 1, cudaStreamSetCaptureDependencies);
#else
    const cudaError_t status =
        cudaStreamUpdateCaptureDependencies(stream, &node, 1, cudaStreamSetCaptureDependencies);
#endif
    cuda_check(status, who, "putting a stream behind a node", capture_rules);
}

/// A cudaGraph_t, destroyed with this object.
class graph_definition {
public:
    graph_definition() noexcept = default;
    explicit graph_definition(cudaGraph_t adopted) noexcept : handle_(adopted) {}
    graph_definition(graph_definition&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    graph_definition& operator=(graph_definition&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~graph_definition() {
        if (handle_ && cudaGraphDestroy(handle_) != cudaSuccess) (void)cudaGetLastError();
    }
    cudaGraph_t get() const noexcept { return handle_; }

private:
    cudaGraph_t handle_ = nullptr;
};

/// An open capture. Leaving its scope without `close` (an exception of what is captured) ends it too, so that
/// the stream works again, and throws away what was recorded.
class open_capture {
public:
    /// Into a new graph.
    open_capture(stream_ref stream, cudaStreamCaptureMode mode) : stream_(stream) {
        if (stream == stream_ref::legacy()) refuse_legacy_capture();
        if (stream.capturing()) refuse_nested_capture();
        cuda_check(cudaStreamBeginCapture(stream, mode), "warpx::graph", "beginning a capture",
                   "the stream must exist, and not belong to a capture that failed");
    }
#if CUDART_VERSION >= 12040
    /// Into a graph that belongs to a capture which goes on around this one, and whose mode goes on to hold.
    open_capture(stream_ref stream, cudaGraph_t into) : stream_(stream), owned_(false) {
        cuda_check(
            cudaStreamBeginCaptureToGraph(stream, into, nullptr, nullptr, 0, cudaStreamCaptureModeRelaxed),
            "warpx::graph", "beginning the capture of a conditional node's body", sticky_remedy);
    }
#endif
    ~open_capture() {
        if (!open_) return;
        cudaGraph_t recorded = nullptr;
        (void)cudaStreamEndCapture(stream_, &recorded);
        const graph_definition thrown_away(owned_ ? recorded : nullptr);
        (void)cudaGetLastError();
    }
    open_capture(const open_capture&) = delete;
    open_capture& operator=(const open_capture&) = delete;

    /// Ends the capture and hands over the new graph, if it went into one. Throws cuda_error if CUDA found
    /// the capture invalid.
    graph_definition close() {
        open_ = false;
        cudaGraph_t recorded = nullptr;
        const cudaError_t status = cudaStreamEndCapture(stream_, &recorded);
        graph_definition result(owned_ ? recorded : nullptr);
        if (status != cudaSuccess || recorded == nullptr)
            refuse_captured(status != cudaSuccess ? status : cudaErrorStreamCaptureInvalidated);
        return result;
    }

private:
    stream_ref stream_;
    bool owned_ = true;
    bool open_ = true;
};

} // namespace detail
} // namespace warpx
