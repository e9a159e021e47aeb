// SPDX-License-Identifier: Apache-2.0
// copy.cuh: copies between the host and CUDA devices, of any strides, with conversion of the elements.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/kernels/copy.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "../cuda/create.cuh"
#include "../cuda/transfer.cuh"
#include "../view.hpp"
#include "copy.hpp"

namespace warpx {

namespace detail {

/// Who reaches the memory of an array.
enum class reach : uint8_t { host, device, both };

template <class A> reach reach_of(const A& a) noexcept {
    return a.memory() != memory_kind::plain  ? reach::both
           : a.device() == device_kind::cuda ? reach::device
                                             : reach::host;
}

/// What stands for elements that a kernel only moves: an integer of their size, so that all types of one size
/// share the kernels; void where they are converted, or fit no integer.
template <class T, class U>
using raw_t = std::conditional_t<
    !std::is_same_v<T, U> || alignof(T) != sizeof(T), void,
    std::conditional_t<
        sizeof(T) == 1, uint8_t,
        std::conditional_t<sizeof(T) == 2, uint16_t,
                           std::conditional_t<sizeof(T) == 4, uint32_t,
                                              std::conditional_t<sizeof(T) == 8, uint64_t, void>>>>>;

/// One copy that a CUDA device takes part in: T (without const) to U.
template <class T, class U, int N> struct cuda_copy {
    static constexpr bool converting = !std::is_same_v<T, U>;
    /// What crosses between two memories: the smaller of the two types, and of equal ones that which leaves
    /// the conversion to a device.
    using moved_up = std::conditional_t<(sizeof(U) < sizeof(T)), U, T>;
    using moved_down = std::conditional_t<(sizeof(T) < sizeof(U)), T, U>;

    joint_layout<N> l;
    const T* source;
    U* target;
    cudaStream_t stream;

    template <class A, class B>
    cuda_copy(const A& from, const B& to, cudaStream_t s)
        : l(from.extents(), from.strides(), to.strides()), source(from.data_handle() + l.from_offset),
          target(to.data_handle() + l.to_offset), stream(s) {}

    template <class X, class Y>
    void on_device(const int64_t* extents, const X* from, const int64_t* from_strides, Y* to,
                   const int64_t* to_strides, int ordinal, cudaStream_t s) const {
        using R = raw_t<X, Y>;
        using from_type = std::conditional_t<std::is_void_v<R>, X, R>;
        using to_type = std::conditional_t<std::is_void_v<R>, Y, R>;
        run_copy<N, device::cuda, from_type, to_type>(
            launch_options{.stream = s}, l.rank, extents,
            {reinterpret_cast<const from_type*>(from), from_strides},
            {reinterpret_cast<to_type*>(to), to_strides}, ordinal);
    }
    template <class X, class Y>
    void on_host(const int64_t* extents, const X* from, const int64_t* from_strides, Y* to,
                 const int64_t* to_strides) const {
        run_copy<N, device::host, X, Y>({}, l.rank, extents, {from, from_strides}, {to, to_strides}, 0);
    }
    bool compact_pair() const noexcept { return l.is_compact(l.from) && l.is_compact(l.to); }
    size_t bytes() const noexcept { return static_cast<size_t>(l.count()) * sizeof(U); }

    static bool is_registered(const void* p) {
        cudaPointerAttributes attributes = {};
        if (cudaPointerGetAttributes(&attributes, p) == cudaSuccess)
            return attributes.type != cudaMemoryTypeUnregistered;
        (void)cudaGetLastError();
        return false;
    }

    /// Without a kernel, if nothing is converted and the layouts allow it.
    bool move() const {
        if constexpr (converting) {
            return false;
        } else {
            pitched_rows rows;
            if (compact_pair())
                move_bytes(target, source, bytes(), stream);
            else if (find_rows(l.rank, l.extents, l.from, l.to, sizeof(U), rows))
                move_rows(target, source, rows, stream);
            else
                return false;
            return true;
        }
    }

    /// Compact memory in the order of the layout for the elements that the source has: an axis along which it
    /// repeats one element is moved once.
    struct staging {
        int64_t extents[joint_layout<N>::most], strides[joint_layout<N>::most];
        int64_t count = 1;
        bool whole = true;
        explicit staging(const joint_layout<N>& l) noexcept {
            for (int axis = l.rank - 1; axis >= 0; --axis) {
                const bool repeats = l.from[axis] == 0;
                extents[axis] = repeats ? 1 : l.extents[axis];
                strides[axis] = repeats ? 0 : count;
                count *= extents[axis];
                whole = whole && !repeats;
            }
        }
    };

    /// Both memories within reach of the device `ordinal`, which `stream` belongs to.
    void within(int ordinal, bool overlapping, bool over_the_bus) const {
        const device_guard here(ordinal);
        if (!overlapping) {
            if constexpr (!converting) {
                // Strided rows on one device: a kernel is as fast as cudaMemcpy2D.
                if (compact_pair()) return move_bytes(target, source, bytes(), stream);
                if (over_the_bus && move()) return;
            }
            return on_device(l.extents, source, l.from, target, l.to, ordinal, stream);
        }
        const staging stage(l);
        const device_scratch between(stage.count, sizeof(U), ordinal, stream);
        on_device(stage.extents, source, l.from, between.template as<U>(), stage.strides, ordinal, stream);
        on_device(l.extents, between.template as<U>(), stage.strides, target, l.to, ordinal, stream);
    }

    /// From host memory. What its owner has registered with CUDA (cudaHostRegister) is not read at once, as
    /// pageable memory is, so the host waits.
    void up(int ordinal) const {
        enqueue_up(ordinal);
        if (is_registered(source) && !is_captured(stream)) finish_on_host(stream);
    }
    void enqueue_up(int ordinal) const {
        using moved = moved_up;
        const device_guard here(ordinal);
        if (move()) return;
        const staging stage(l);
        const bool ready = std::is_same_v<moved, T> && l.is_compact(l.from);
        if (!ready && is_captured(stream))
            refuse_captured_copy("a host array that the host gathers or converts first",
                                 "make it compact and of the smaller type before, or pin it");
        array<moved, 1> gathered;
        const void* from = source;
        if (!ready) {
            gathered = allocate<moved>(shape<1>(stage.count), false);
            on_host(stage.extents, source, l.from, gathered.data_handle(), stage.strides);
            from = gathered.data_handle();
        }
        const size_t moves = static_cast<size_t>(stage.count) * sizeof(moved);
        // Pageable memory is read before cudaMemcpyAsync returns, so `gathered` may go.
        if (std::is_same_v<moved, U> && stage.whole && l.is_compact(l.to))
            return move_bytes(target, from, moves, stream);
        const device_scratch arrived(stage.count, sizeof(moved), ordinal, stream);
        move_bytes(arrived.memory.data, from, moves, stream);
        on_device(l.extents, arrived.template as<moved>(), stage.strides, target, l.to, ordinal, stream);
    }

    /// To pageable memory.
    void down(int ordinal) const {
        using moved = moved_down;
        const device_guard here(ordinal);
        if (move()) return finish_on_host(stream);
        const staging stage(l);
        const bool fits = std::is_same_v<moved, U> && stage.whole && l.is_compact(l.to);
        if (!fits && is_captured(stream))
            refuse_captured_copy("a host array that the host scatters or converts to",
                                 "copy to a compact one of the smaller type, or pin it");
        const bool ready = std::is_same_v<moved, T> && l.is_compact(l.from);
        const device_scratch gathered(ready ? 0 : stage.count, sizeof(moved), ordinal, stream);
        const void* from = source;
        if (!ready) {
            on_device(stage.extents, source, l.from, gathered.template as<moved>(), stage.strides, ordinal,
                      stream);
            from = gathered.memory.data;
        }
        const size_t moves = static_cast<size_t>(stage.count) * sizeof(moved);
        if (fits) {
            move_bytes(target, from, moves, stream);
            return finish_on_host(stream);
        }
        const array<moved, 1> arrived = allocate<moved>(shape<1>(stage.count), false);
        move_bytes(arrived.data_handle(), from, moves, stream);
        finish_on_host(stream);
        on_host(l.extents, static_cast<const moved*>(arrived.data_handle()), stage.strides, target, l.to);
    }

    /// From the memory of device `a` to that of device `b`. A default stream is that of `b`, and the one of
    /// `a` is put in order before and after it.
    void between(int a, int b) const {
        const int runs_on = stream_device(stream, b);
        const bool of_each = !is_named_stream(stream);
        if (of_each) order_after(b, stream, a, stream);
        {
            const device_guard here(runs_on);
            const bool direct = reaches(runs_on, a) && reaches(runs_on, b);
            if (!converting && compact_pair())
                cuda_check(cudaMemcpyPeerAsync(target, b, source, a, bytes(), stream), "warpx::copy",
                           "moving memory between two devices", sticky_remedy);
            else if (direct)
                on_device(l.extents, source, l.from, target, l.to, runs_on, stream);
            else
                through_copies(a, b, runs_on);
        }
        if (of_each) order_after(a, stream, b, stream);
    }

private:
    /// Neither device reaches the other: gathered on `a`, moved, scattered on `b`.
    void through_copies(int a, int b, int runs_on) const {
        using moved = moved_up;
        if (is_captured(stream))
            refuse_captured_copy("a strided or converting copy between devices without peer access",
                                 "copy compact arrays of one type");
        const staging stage(l);
        const cudaStream_t on_a = a == runs_on ? stream : side(a), on_b = b == runs_on ? stream : side(b);
        order_after(a, on_a, runs_on, stream);
        const device_scratch gathered(stage.count, sizeof(moved), a, on_a);
        {
            const device_guard there(a);
            on_device(stage.extents, source, l.from, gathered.template as<moved>(), stage.strides, a, on_a);
        }
        order_after(runs_on, stream, a, on_a);
        const device_scratch arrived(stage.count, sizeof(moved), b, on_b);
        order_after(runs_on, stream, b, on_b); // the memory exists
        cuda_check(cudaMemcpyPeerAsync(arrived.memory.data, b, gathered.memory.data, a,
                                       static_cast<size_t>(stage.count) * sizeof(moved), stream),
                   "warpx::copy", "moving memory between two devices", sticky_remedy);
        gathered.used_by(stream);
        order_after(b, on_b, runs_on, stream);
        {
            const device_guard there(b);
            on_device(l.extents, static_cast<const moved*>(arrived.template as<moved>()), stage.strides,
                      target, l.to, b, on_b);
        }
        order_after(runs_on, stream, b, on_b);
    }
    static cudaStream_t side(int ordinal) {
        const device_guard there(ordinal);
        const cudaStream_t s = stream_board::get().side_stream(ordinal);
        return s != nullptr ? s : cudaStreamLegacy;
    }
};

template <class T, int N, class D, class U, class E>
void copy_with_cuda(const array<T, N, D>& source, const array<U, N, E>& destination, cudaStream_t stream) {
    if (source.empty() || same_elements(source, destination)) return;
    const cuda_copy<std::remove_const_t<T>, U, N> c(source, destination, stream);
    const reach from = reach_of(source), to = reach_of(destination);
    const int a = from == reach::device ? source.device_id() : -1;
    const int b = to == reach::device ? destination.device_id() : -1;
    if (a >= 0 && b >= 0 && a != b) {
        c.between(a, b);
    } else {
        const int ordinal = a >= 0 ? a : b >= 0 ? b : stream_device(stream, current_device());
        if (from == reach::host)
            c.up(ordinal);
        else if (to == reach::host)
            c.down(ordinal);
        else
            c.within(ordinal, byte_span::of(source).meets(byte_span::of(destination)), from != to);
    }
    tell_use(source, stream);
    tell_use(destination, stream);
}

template <class D> inline constexpr bool may_be_host = !std::is_same_v<D, device::cuda>;
template <class D, class E>
inline constexpr bool host_pair = std::is_same_v<D, device::host> && std::is_same_v<E, device::host>;

} // namespace detail

/// Copies the elements of `source` to `destination`, converted as kernels/copy.hpp says: between host and
/// CUDA arrays and those of several devices, any strides, `const` sources, sources with stride 0. The arrays
/// may overlap: the copy then goes through new memory of that size. Enqueued on `stream`. What is waited for:
///   host arrays (pinned ones too)  nothing is enqueued: the copy is done on return; first `synchronize` what
///                                  streams still do with pinned memory
///   from pageable host memory      it may be changed on return; the copy itself is in order on the stream
///   to pageable host memory        waits for the copy, and so for the stream: done on return
///   all else                       nothing: arrays on devices, pinned and managed memory
/// Compact arrays of one type and rows with a pitch take cudaMemcpy; the rest is one kernel, or, to and from
/// pageable memory, a kernel or the host's pool before or after one cudaMemcpy of the smaller type. Between
/// devices that cannot reach each other it is two kernels and a copy.
///
/// May be captured into a graph, except where the host gathers, scatters or converts in between (pageable
/// arrays that are not compact or not of the smaller type) and between devices without peer access (unless
/// compact and of one type): launch_error. A graph reads and writes host arrays at each replay.
///
/// Throws bind_error if the shapes differ, cuda_error. An array that is dropped after the call lives until
/// the copy is done.
template <class T, int N, class D, class U, int M, class E>
void copy(const array<T, N, D>& source, const array<U, M, E>& destination, stream_ref stream) {
    detail::check_copy(source, destination);
    if constexpr (detail::may_copy<T, N, U, M>) {
        if constexpr (detail::may_be_host<D> && detail::may_be_host<E>) {
            if (source.device() == device_kind::host && destination.device() == device_kind::host)
                return detail::copy_on_host(device_cast<device::host>(source),
                                            device_cast<device::host>(destination));
        }
        if constexpr (!detail::host_pair<D, E>) detail::copy_with_cuda(source, destination, stream.get());
    }
}
template <class T, int N, class D, class U, int M, class E>
    requires(!detail::host_pair<D, E>)
void copy(const array<T, N, D>& source, const array<U, M, E>& destination) {
    copy(source, destination, current_stream());
}

/// A new compact array with the elements of another, in memory of the options: `to<device::cuda>(a)`,
/// `to<device::host>(a, memory_options{.kind = memory_kind::pinned})`. Waits as `copy` does: a result in
/// pageable host memory is there on return, one in pinned memory after `synchronize` of the stream.
template <class Device, class T, int N, class D>
    requires(detail::names_device<Device>)
[[nodiscard]] array<std::remove_const_t<T>, N, Device> to(const array<T, N, D>& a,
                                                          const memory_options& options) {
    auto fresh = detail::new_array<std::remove_const_t<T>, Device>(a.extents(), options);
    copy(a, fresh, options.stream);
    return fresh;
}
template <class Device, class T, int N, class D>
    requires(detail::names_device<Device> && !detail::host_pair<Device, D>)
[[nodiscard]] array<std::remove_const_t<T>, N, Device> to(const array<T, N, D>& a) {
    return to<Device>(a, memory_options{});
}

} // namespace warpx
