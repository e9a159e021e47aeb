// SPDX-License-Identifier: Apache-2.0
// graph.cuh: CUDA graphs: work that is recorded once and replayed with one call.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/graph.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../array.hpp"
#include "capture.cuh"

#include <optional>
#include <vector>

namespace warpx {

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_update(cudaError_t status, cudaGraphExecUpdateResult result) {
    const auto change = [result] {
        switch (result) {
        case cudaGraphExecUpdateErrorTopologyChanged:
            return "the number or the order of the operations changed (a launch over 0 items is none)";
        case cudaGraphExecUpdateErrorNodeTypeChanged:
            return "an operation became one of another kind, such as a copy in place of a kernel";
        case cudaGraphExecUpdateErrorFunctionChanged:
        case cudaGraphExecUpdateErrorUnsupportedFunctionChange:
            return "a kernel became one that cannot take its place, such as one on another device";
        case cudaGraphExecUpdateErrorParametersChanged:
            return "an operation has parameters that cannot change, such as the device of a copied array or "
                   "the extents of a 2-D memset";
        case cudaGraphExecUpdateErrorAttributesChanged:
            return "a kernel has launch attributes that cannot change";
        case cudaGraphExecUpdateErrorNotSupported:
            return "an operation is of a kind that CUDA does not update";
        default:
            return "CUDA names no reason";
        }
    };
    refuse_cuda(status, "warpx::graph::update", "the update",
                std::string(change()) +
                    "; the graph is as it was: record the same operations in the same order, or capture a "
                    "new graph: g = graph::capture(f)");
}
WARPX_COLD [[noreturn]] inline void refuse_update(const char* expected, const char* got) {
    throw launch_error(
        sentence("warpx::graph::update", expected, got, "capture a new graph: g = graph::capture(f)"));
}

/// Whether a graph, or a graph that it launches, has conditional nodes.
inline bool has_conditional_nodes(cudaGraph_t graph) {
#if CUDART_VERSION >= 12040
    constexpr const char* who = "warpx::graph";
    size_t count = 0;
    cuda_check(cudaGraphGetNodes(graph, nullptr, &count), who, "counting the nodes", sticky_remedy);
    std::vector<cudaGraphNode_t> nodes(count);
    if (count > 0)
        cuda_check(cudaGraphGetNodes(graph, nodes.data(), &count), who, "listing the nodes", sticky_remedy);
    for (const cudaGraphNode_t node : nodes) {
        cudaGraphNodeType type = cudaGraphNodeTypeEmpty;
        cuda_check(cudaGraphNodeGetType(node, &type), who, "asking for a node's type", sticky_remedy);
        if (type == cudaGraphNodeTypeConditional) return true;
        if (type != cudaGraphNodeTypeGraph) continue;
        cudaGraph_t inner = nullptr;
        cuda_check(cudaGraphChildGraphNodeGetGraph(node, &inner), who,
                   "looking into a graph that is launched", sticky_remedy);
        if (has_conditional_nodes(inner)) return true;
    }
#else
    (void)graph;
#endif
    return false;
}

} // namespace detail

struct graph_options {
    /// Which calls of CUDA are refused during the capture. Thread-local: unsafe ones of this thread, while
    /// other threads may go on allocating. Global: of all threads. Relaxed: none.
    cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal;
    int device = -1; ///< the CUDA ordinal that is current during the capture; -1: the current one
};

/// Recorded work, ready to be replayed: `auto step = graph::capture([&](stream_ref) { launch<k>(n, x, y); });
/// step.launch(); step.launch();`. A replay costs one call, however many launches were recorded.
///
/// What is recorded are addresses and values: the arrays must stay alive as long as the graph is launched;
/// `keep` sees to it. Replays of one graph run one after the other, on whichever streams. Moving is cheap,
/// copying is not possible. One thread at a time may use a graph. Destroying it does not wait.
class graph {
public:
    /// An empty graph: launching it does nothing.
    graph() noexcept = default;
    graph(graph&& other) noexcept
        : kept_(std::move(other.kept_)), stream_(std::move(other.stream_)), options_(other.options_),
          definition_(std::move(other.definition_)), conditional_(other.conditional_),
          handle_(std::exchange(other.handle_, nullptr)) {}
    graph& operator=(graph&& other) noexcept {
        std::swap(kept_, other.kept_);
        std::swap(stream_, other.stream_);
        std::swap(options_, other.options_);
        std::swap(definition_, other.definition_);
        std::swap(conditional_, other.conditional_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~graph() {
        if (handle_ && cudaGraphExecDestroy(handle_) != cudaSuccess) (void)cudaGetLastError();
    }

    /// Records what `f(stream)` enqueues on `current_stream()`, a new stream made for this; nothing of it
    /// runs. Launches, prepared launches, asynchronous copies and memsets, and launches of other graphs can
    /// be recorded, also on streams that `wait` for the captured one and that it waits for at the end.
    /// Work that `f` sends to uncaptured streams by name is not recorded: it runs at once. No thread may
    /// wait for the whole device meanwhile (synchronize_device, cudaDeviceSynchronize). An exception of
    /// `f` ends the capture and arrives here. Throws launch_error for a capture within a capture, cuda_error
    /// for work that cannot be captured. Waits for nothing.
    template <capturable F> [[nodiscard]] static graph capture(F&& f, const graph_options& options = {}) {
        const device_guard guard(options.device);
        graph g(options);
        g.stream_.emplace();
        g.record(*g.stream_, f);
        return g;
    }
    /// The same, recorded on a stream of yours (not the legacy default stream): for code that names its
    /// stream. Work enqueued on it before is no part of the graph.
    template <capturable F>
    [[nodiscard]] static graph capture(stream_ref stream, F&& f, const graph_options& options = {}) {
        const device_guard guard(options.device);
        graph g(options);
        g.record(stream, f);
        return g;
    }

    /// Replays the graph on a stream, the legacy default stream included (that of the device of the capture).
    /// Does not wait. While the stream is captured itself, the graph becomes one operation of that capture.
    void launch(stream_ref stream = current_stream()) const {
        if (handle_ == nullptr) return;
        if (stream.get() != cudaStreamLegacy && launch_captured(stream)) return;
        const device_guard guard(device_for(stream));
        detail::cuda_check(cudaGraphLaunch(handle_, stream), "warpx::graph", "launching a graph",
                           detail::sticky_remedy);
        for (const owner_ref& kept : kept_)
            if (kept->hook != nullptr && kept->hook->record_stream != nullptr)
                kept->hook->record_stream(*kept.get(), stream.get());
    }

    /// Records `f` anew and puts its arguments in place of the old ones, without the cost of a new graph:
    /// other arrays, scalars and sizes, also sizes that change the grid. The operations must be the same, in
    /// the same order; a kernel may take another form (of arrays that are no longer aligned, say), but a
    /// launch over 0 items is no operation. Otherwise throws cuda_error (cudaErrorGraphExecUpdateFailure),
    /// which says what changed, and the graph stays as it was, as it does after an exception of `f`. Graphs
    /// with conditional nodes are refused (launch_error). Replays already launched are not changed. What was
    /// kept stays kept. Waits for nothing.
    template <capturable F> void update(F&& f) {
        require_updatable();
        const device_guard guard(options_.device);
        if (!stream_) stream_.emplace();
        replace(record_definition(*stream_, f));
    }
    template <capturable F> void update(stream_ref stream, F&& f) {
        require_updatable();
        const device_guard guard(options_.device);
        replace(record_definition(stream, f));
    }

    /// Keeps the memory of arrays (and their gradients) alive as long as the graph. Owners that want to know
    /// which streams use them hear of every launch, so destroying the graph is safe while it runs; memory of
    /// other owners must outlast the last replay: `synchronize` first.
    template <class... T, int... N, class... Device> graph& keep(const array<T, N, Device>&... arrays) {
        const auto one = [this](const auto& a) {
            keep(a.keeper());
            if (a.has_grad()) keep(a.grad().keeper());
        };
        (one(arrays), ...);
        return *this;
    }
    graph& keep(owner_ref owner) {
        if (owner) kept_.push_back(std::move(owner));
        return *this;
    }
    /// Lets go of all that was kept, for instance after an update with other arrays.
    void release_kept() noexcept { kept_.clear(); }

    /// Puts the graph onto the device ahead of its first launch, which is then as fast as the others. Ordered
    /// on the stream; does not wait.
    void upload(stream_ref stream = current_stream()) {
        if (handle_ == nullptr) return;
        const device_guard guard(device_for(stream));
        detail::cuda_check(cudaGraphUpload(handle_, stream), "warpx::graph", "uploading a graph",
                           detail::sticky_remedy);
    }

    /// Number of recorded operations; those inside of a conditional node are not counted.
    size_t node_count() const {
        size_t count = 0;
        if (handle_ != nullptr)
            detail::cuda_check(cudaGraphGetNodes(definition_.get(), nullptr, &count), "warpx::graph",
                               "counting the nodes", detail::sticky_remedy);
        return count;
    }

    /// Writes the graph as a DOT file (`dot -Tsvg`); `verbose`: with the parameters of each node.
    void to_dot(const char* path, bool verbose = false) const {
        if (handle_ == nullptr)
            throw launch_error(detail::sentence("warpx::graph::to_dot", "a captured graph", "an empty one",
                                                "capture it first: g = graph::capture(f)"));
        detail::cuda_check(
            cudaGraphDebugDotPrint(definition_.get(), path, verbose ? cudaGraphDebugDotFlagsVerbose : 0),
            "warpx::graph::to_dot", "writing the file", "the folder must exist and be writable");
    }

    /// For calls of CUDA that warpx does not have; both stay owned by this object.
    cudaGraphExec_t get() const noexcept { return handle_; }
    cudaGraph_t definition() const noexcept { return definition_.get(); }

private:
    explicit graph(const graph_options& options) : options_{options.mode, current_device()} {
        detail::require_no_capture();
    }

    /// Puts the definition into the graph that the stream is captured into, if it is.
    bool launch_captured(stream_ref stream) const {
        const detail::capture_point p = detail::capture_point_of("warpx::graph", stream);
        if (p.graph == nullptr) return false;
        cudaGraphNode_t node = nullptr;
        detail::cuda_check(cudaGraphAddChildGraphNode(&node, p.graph, p.nodes, p.count, definition_.get()),
                           "warpx::graph", "putting a graph into another",
                           "graphs that allocate memory or have conditional nodes cannot be part of another "
                           "before CUDA 12.9");
        detail::put_behind("warpx::graph", stream, node);
        return true;
    }
    template <class F> detail::graph_definition record_definition(stream_ref stream, F& f) const {
        detail::open_capture recording(stream, options_.mode);
        try {
            const stream_scope scope(stream);
            f(stream);
        } catch (const cuda_error& error) {
            detail::refuse_captured(error);
        }
        return recording.close();
    }
    template <class F> void record(stream_ref stream, F& f) {
        definition_ = record_definition(stream, f);
        conditional_ = detail::has_conditional_nodes(definition_.get());
        detail::cuda_check(cudaGraphInstantiate(&handle_, definition_.get(), 0), "warpx::graph",
                           "making the recorded work ready to run",
                           "it needs memory on the device; the body of a conditional node holds only "
                           "kernels, copies and memsets of one device");
    }
    /// The names of default streams mean another stream on every device.
    int device_for(stream_ref stream) const noexcept {
        return stream == stream_ref::legacy() || stream == stream_ref::per_thread() ? options_.device : -1;
    }
    void require_updatable() const {
        detail::require_no_capture();
        if (handle_ == nullptr) detail::refuse_update("a captured graph", "an empty one");
        if (conditional_)
            detail::refuse_update("a graph without conditional nodes",
                                  "one with them, whose conditions belong to the old recording");
    }
    void replace(detail::graph_definition fresh) {
        cudaGraphExecUpdateResultInfo info = {};
        const cudaError_t status = cudaGraphExecUpdate(handle_, fresh.get(), &info);
        if (status != cudaSuccess) [[unlikely]]
            detail::refuse_update(status, info.result);
        definition_ = std::move(fresh);
    }

    std::vector<owner_ref> kept_; // before the others: goes last
    std::optional<stream> stream_;
    graph_options options_;
    detail::graph_definition definition_;
    bool conditional_ = false;
    cudaGraphExec_t handle_ = nullptr;
};

} // namespace warpx
