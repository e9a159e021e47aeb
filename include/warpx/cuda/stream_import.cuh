// SPDX-License-Identifier: Apache-2.0
// stream_import.cuh: the integers by which Python protocols name streams, and the order of our work with that
// of whoever wrote or will read a tensor.
#pragma once

#if !defined(__CUDACC__)
#    error                                                                                                   \
        "warpx/cuda/stream_import.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../interop/array_interface.hpp"
#include "event.cuh"

#include <concepts>
#include <optional>

namespace warpx {

namespace detail {

WARPX_COLD [[noreturn]] inline void refuse_stream_number(int64_t number) {
    throw bind_error(
        sentence("__dlpack__(stream=...)",
                 "-1 (do not synchronize), 1 (legacy default), 2 (per thread), a cudaStream_t as "
                 "an integer, or None",
                 std::to_string(number) + (number == 0 ? ", which the protocol forbids as ambiguous" : ""),
                 "name the legacy default stream as 1"));
}
WARPX_COLD [[noreturn]] inline void refuse_wait_in_capture() {
    throw launch_error(sentence("warpx::wait_for_producer", "a stream that is not being captured",
                                "one in a capture that the producer's stream has no part in",
                                "import the tensor before the capture: a graph cannot wait for work that is "
                                "not recorded"));
}

/// Streams as protocols pass them: 1 and 2 are also the values of cudaStreamLegacy and cudaStreamPerThread.
inline stream_ref stream_of_number(uintptr_t number) noexcept {
    return reinterpret_cast<cudaStream_t>(number);
}

} // namespace detail

/// The stream that a `__dlpack__(stream=number)` names; None (`std::nullopt`) and 1: the legacy default
/// stream, 2: the per-thread default stream, larger: a cudaStream_t. Returns nothing for -1: do not
/// synchronize. Throws bind_error for 0, which is illegal, and other negative numbers.
inline std::optional<stream_ref> stream_from_integer(std::optional<int64_t> number) {
    if (!number) return stream_ref::legacy();
    if (*number == -1) return std::nullopt;
    if (*number <= 0) [[unlikely]]
        detail::refuse_stream_number(*number);
    return detail::stream_of_number(static_cast<uintptr_t>(*number));
}

/// The integer that names a stream to others, in `__dlpack__(stream=...)` and in the `stream` of
/// `__cuda_array_interface__`: 1, 2 or the handle, never 0. (PyTorch refuses 2: hand it a stream of its own
/// or the legacy default stream.)
inline int64_t stream_to_integer(stream_ref stream) noexcept {
    return static_cast<int64_t>(reinterpret_cast<uintptr_t>(stream.get()));
}

/// Work enqueued on `consumer` from now on runs after what the producer of a tensor has enqueued on its
/// stream. Nothing to do if the description names none: then its producer has synchronized, as version 2 of
/// the CUDA array interface and host memory have it, or means the caller's stream. The host does not wait.
/// Throws launch_error if `consumer` is being captured and the producer's stream is not, cuda_error for a
/// stream that does not exist (any more).
inline void wait_for_producer(const tensor_desc& desc, stream_ref consumer = current_stream()) {
    if (!desc.has_stream || desc.device == device_kind::host) return;
    const stream_ref producer = detail::stream_of_number(desc.stream);
    if (producer == consumer) return;
    // The default streams are those of the tensor's device, and the event between two streams belongs to it.
    const device_guard guard(desc.device == device_kind::cuda ? desc.device_id : -1);
    if (consumer.capturing() && !producer.capturing()) [[unlikely]]
        detail::refuse_wait_in_capture();
    wait(consumer, producer);
}

/// For exporters: makes the consumer's stream, as `__dlpack__(stream=number)` gives it, wait for what is
/// enqueued on `producer` now. `device`: the ordinal of the tensor; -1: the current device. The host does not
/// wait. Throws as `stream_from_integer`.
inline void hand_over(std::optional<int64_t> number, stream_ref producer = current_stream(),
                      int device = -1) {
    const std::optional<stream_ref> consumer = stream_from_integer(number);
    if (!consumer) return;
    const device_guard guard(device);
    wait(*consumer, producer);
}

/// For exporters: the same fields with the stream that wrote the memory, so that consumers can wait for it.
/// The stream must live as long as they may.
[[nodiscard]] inline array_interface with_stream(array_interface fields,
                                                 stream_ref producer = current_stream()) noexcept {
    fields.has_stream = true;
    fields.stream = stream_to_integer(producer);
    return fields;
}

/// As `from_array_interface` of array_interface.hpp, for memory of CUDA; then `wait_for_producer`: work on
/// `consumer` runs after what the producer enqueued on the stream that the fields name.
template <class T, int N, class Device, class Stream>
    requires(!std::same_as<Device, device::host> && std::convertible_to<const Stream&, stream_ref> &&
             !std::same_as<Stream, owner_ref>)
[[nodiscard]] array<T, N, Device> from_array_interface(const array_interface& fields, const Stream& consumer,
                                                       owner_ref keeper = {},
                                                       const bind_options<N>& options = {}) {
    const tensor_desc desc = describe(fields);
    auto result = bind<T, N, Device>(desc, static_cast<owner_ref&&>(keeper), options);
    wait_for_producer(desc, consumer);
    return result;
}
/// The same for `current_stream()`: what code that includes this header gets where it names no stream.
template <class T, int N, class Device = device::host>
    requires(!std::same_as<Device, device::host>)
[[nodiscard]] array<T, N, Device> from_array_interface(const array_interface& fields, owner_ref keeper = {},
                                                       const bind_options<N>& options = {}) {
    return from_array_interface<T, N, Device>(fields, current_stream(), static_cast<owner_ref&&>(keeper),
                                              options);
}

} // namespace warpx
