// SPDX-License-Identifier: Apache-2.0
// array.hpp: array<T, N, Device>: a checked, typed view of somebody's memory that keeps it alive.
#pragma once

#include "detail/type_name.hpp"
#include "element.hpp"
#include "gate.hpp"
#include "index.hpp"
#include "located.hpp"

namespace warpx {

template <class T, int N, class Device = device::host> class array;

namespace detail {

template <class X> inline constexpr bool is_array_v = false;
template <class T, int N, class D> inline constexpr bool is_array_v<array<T, N, D>> = true;

template <class Device>
inline constexpr bool is_device_v =
    std::is_same_v<Device, device::host> || std::is_same_v<Device, device::cuda> ||
    std::is_same_v<Device, device::any>;

/// The second memory of an array: where its gradient accumulates.
template <class T, int N> struct gradient_slot {
    T* data = nullptr;
    shape<N> strides;
    owner_ref keeper;
    memory_kind memory = memory_kind::plain;
};

struct array_access; // views, imports and exports reach the parts of an array through this

} // namespace detail

/// A typed view of memory with `N` extents and signed strides in elements. It passed the gate, so every
/// access within its extents is legal. It keeps the owner of the memory alive (a counted reference; none if
/// the memory is borrowed), and may carry a gradient: a second memory of the same shape. Copying an array
/// copies no elements.
///   T        an element type; `const T` for memory that is only read
///   Device   device::host (default), device::cuda, or device::any (known at run time)
/// Reading from several threads is safe; an array object itself is not written by two threads at once.
template <class T, int N, class Device> class array {
    // Assertions, not constraints: so the first line of an error is the sentence.
    static_assert(
        bool(element<T>), // a plain value: of a concept, compilers explain every part
        "warpx::array: the element type is bool, an (unsigned) integer of 8 to 64 bits, warpx::half, "
        "bfloat16, float8, float, double, warpx::complex, a warpx::vec, mat or quat of these, or a "
        "struct of these that is described with WARPX_STRUCT(name, fields...)");
    static_assert(N >= 0, "warpx::array: the rank is not negative");
    static_assert(detail::is_device_v<Device>,
                  "warpx::array: the device is warpx::device::host, cuda or any");

public:
    using element_type = T;
    using value_type = std::remove_const_t<T>;
    using device_type = Device;

    /// An empty array: all extents 0 (rank 0: no memory either).
    array() noexcept = default;
    array(const array&) noexcept = default;
    array& operator=(const array&) noexcept = default;
    /// Leaves `other` empty: it would not keep the memory that it names.
    array(array&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), extents_(std::exchange(other.extents_, {})),
          strides_(other.strides_), keeper_(std::move(other.keeper_)),
          gradient_(std::exchange(other.gradient_, {})), device_(other.device_), device_id_(other.device_id_),
          memory_(other.memory_) {}
    array& operator=(array&& other) noexcept {
        if (this == &other) return *this;
        data_ = std::exchange(other.data_, nullptr);
        extents_ = std::exchange(other.extents_, {});
        strides_ = other.strides_;
        keeper_ = std::move(other.keeper_);
        gradient_ = std::exchange(other.gradient_, {});
        device_ = other.device_;
        device_id_ = other.device_id_;
        memory_ = other.memory_;
        return *this;
    }

    /// The same memory, for reading only, or with its device known at run time.
    template <class U, class D>
        requires((std::is_same_v<U, T> || std::is_same_v<const U, T>) &&
                 (std::is_same_v<D, Device> || std::is_same_v<Device, device::any>) &&
                 !(std::is_same_v<U, T> && std::is_same_v<D, Device>))
    array(const array<U, N, D>& other) noexcept
        : data_(other.data_), extents_(other.extents_), strides_(other.strides_), keeper_(other.keeper_),
          gradient_(other.gradient_), device_(other.device_), device_id_(other.device_id_),
          memory_(other.memory_) {}

    WARPX_HOST_DEVICE static constexpr int rank() noexcept { return N; }
    int64_t extent(int axis) const noexcept { return extents_[axis]; }
    /// Distance of neighbours along an axis, in elements; may be zero or negative.
    int64_t stride(int axis) const noexcept { return strides_[axis]; }
    const warpx::shape<N>& extents() const noexcept { return extents_; }
    const warpx::shape<N>& strides() const noexcept { return strides_; }
    /// Number of elements.
    int64_t size() const noexcept { return N == 0 ? data_ != nullptr : extents_.count(); }
    bool empty() const noexcept { return size() == 0; }

    /// The first element (index 0 in every axis). Memory of the array's device.
    T* data_handle() const noexcept { return data_; }
    /// Whether the elements lie row by row without gaps. (The strides of axes of extent 1 do not count.)
    bool is_compact() const noexcept {
        uint64_t step = 1;
        bool compact = true;
        for (int axis = N - 1; axis >= 0; --axis) {
            compact = compact && (strides_[axis] == static_cast<int64_t>(step) || extents_[axis] == 1);
            step *= static_cast<uint64_t>(extents_[axis]);
        }
        return compact || empty();
    }

    /// Where the memory is: device_kind::host or device_kind::cuda.
    device_kind device() const noexcept { return device_; }
    /// Its CUDA ordinal (0 on the host).
    int device_id() const noexcept { return device_id_; }
    /// Pinned and managed memory is readable from both sides.
    memory_kind memory() const noexcept { return memory_; }
    /// What keeps the memory alive; null if borrowed.
    const owner_ref& keeper() const noexcept { return keeper_; }
    bool is_borrowed() const noexcept { return !keeper_; }

    /// The element at an index, a located value (host memory only, as all access outside of kernels).
    located<T> operator[](const index<N>& i) const noexcept { return at(detail::index_access::positions(i)); }
    template <coordinate I>
        requires(N == 1)
    located<T> operator[](const I& i) const noexcept {
        return at(warpx::shape<1>(static_cast<int64_t>(i)));
    }
    template <coordinate... I>
        requires(sizeof...(I) == N)
    located<T> operator()(const I&... i) const noexcept {
        return at(warpx::shape<N>(static_cast<int64_t>(i)...));
    }
    /// Zero of the element's type.
    static constexpr value_type zero() noexcept { return value_type{}; }

    bool has_grad() const noexcept { return gradient_.data != nullptr; }
    /// The gradient: an array of the same shape, sliced along with this one; empty if there is none.
    array<value_type, N, Device> grad() const noexcept {
        array<value_type, N, Device> g;
        if (!has_grad()) return g;
        g.data_ = gradient_.data;
        g.extents_ = extents_;
        g.strides_ = gradient_.strides;
        g.keeper_ = gradient_.keeper;
        g.device_ = device_;
        g.device_id_ = device_id_;
        g.memory_ = gradient_.memory;
        return g;
    }
    /// Makes `g` the gradient (shared, not copied). Throws bind_error unless shape and device agree.
    void set_grad(const array<value_type, N, Device>& g) {
        if (!(g.extents() == extents_) || g.device() != device_ || (g.device_id() != device_id_))
            detail::refuse_gradient(detail::type_name<array>(), extents_.values, g.extents().values, N,
                                    to_string(device_, device_id_), to_string(g.device(), g.device_id()));
        gradient_ = {g.data_, g.strides_, g.keeper_, g.memory_};
    }
    void clear_grad() noexcept { gradient_ = {}; }

private:
    template <class U, int M, class D> friend class array;
    friend struct detail::array_access;

    located<T> at(const warpx::shape<N>& i) const noexcept {
        static_assert(!std::is_same_v<Device, device::cuda>,
                      "warpx::array: the elements of a device::cuda array are read in kernels; copy it to "
                      "the host first");
        int64_t offset = 0;
        for (int axis = 0; axis < N; ++axis) offset += i[axis] * strides_[axis];
        return located<T>(data_ + offset);
    }

    T* data_ = nullptr;
    warpx::shape<N> extents_;
    warpx::shape<N> strides_;
    owner_ref keeper_;
    detail::gradient_slot<value_type, N> gradient_;
    device_kind device_ = std::is_same_v<Device, warpx::device::cuda> ? device_kind::cuda : device_kind::host;
    int32_t device_id_ = 0;
    memory_kind memory_ = memory_kind::plain;
};

namespace detail {

struct array_access {
    /// An array over parts that are known to be right (made by a view of a checked array, or by the gate).
    template <class A>
    static A make(typename A::element_type* data, const shape<A::rank()>& extents,
                  const shape<A::rank()>& strides, owner_ref keeper, device_kind device, int32_t device_id,
                  memory_kind memory) noexcept {
        A a;
        a.data_ = data;
        a.extents_ = extents;
        a.strides_ = strides;
        a.keeper_ = static_cast<owner_ref&&>(keeper);
        a.device_ = device;
        a.device_id_ = device_id;
        a.memory_ = memory;
        return a;
    }
    template <class A> static auto& gradient(A& a) noexcept { return a.gradient_; }
};

template <class T, int N, class Device> gate_request request_of(const bind_options<N>& options) noexcept {
    using traits = element_traits<std::remove_const_t<T>>;
    gate_request want;
    want.dtype = element_dtype<T>;
    want.rank = N;
    want.fold_rank = traits::rank;
    want.fold[0] = traits::fold[0];
    want.fold[1] = traits::fold[1];
    want.scalars = traits::count;
    want.scalar_bytes = sizeof(scalar_t<T>);
    want.alignment = alignof(T);
    want.writable = !std::is_const_v<T>;
    want.accumulate_only = options.accumulate_only;
    want.where = std::is_same_v<Device, device::host>   ? machine::host
                 : std::is_same_v<Device, device::cuda> ? machine::cuda
                                                        : machine::any;
    want.device_id = options.device_id;
    want.extents = options.extents.values;
    want.name = options.name;
    want.type_name = &type_name<array<T, N, Device>>;
    return want;
}

WARPX_COLD [[noreturn]] inline void refuse_layout(uint32_t version) {
    throw bind_error(
        sentence("warpx::bind", "an owner of layout " + std::to_string(layout_version),
                 "layout " + std::to_string(version),
                 "the memory comes from a module built with another warpx; rebuild both with one version, or "
                 "exchange it through DLPack"));
}

} // namespace detail

/// The gate. Turns a description into an array, or throws bind_error with what was expected, what came, what
/// to do. `keeper` keeps the memory alive; without one it is borrowed. No element is read or copied, no
/// stream is touched. The list of reasons to refuse is in docs/arrays.md.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> bind(const tensor_desc& desc, owner_ref keeper = {},
                                       const bind_options<N>& options = {}) {
    if (keeper && keeper->layout != layout_version) [[unlikely]]
        detail::refuse_layout(keeper.detach()->layout); // leaked: where its count lies is not known here
    shape<N> extents, strides;
    const detail::gate_result r =
        detail::pass_gate(detail::request_of<T, N, Device>(options), desc, extents.values, strides.values);
    return detail::array_access::make<array<T, N, Device>>(static_cast<T*>(r.data), extents, strides,
                                                           static_cast<owner_ref&&>(keeper), r.device,
                                                           r.device_id, r.memory);
}

/// Describes an array: what `bind` would accept again. Borrows the array's extents and strides: `extents` and
/// `strides` must have room for the folded axes (`N + 2`).
template <class T, int N, class Device>
tensor_desc describe(const array<T, N, Device>& a, int64_t* extents, int64_t* strides) noexcept {
    using traits = element_traits<std::remove_const_t<T>>;
    tensor_desc desc;
    desc.data = const_cast<std::remove_const_t<T>*>(a.data_handle());
    desc.device = a.memory() == memory_kind::pinned    ? device_kind::cuda_pinned
                  : a.memory() == memory_kind::managed ? device_kind::cuda_managed
                                                       : a.device();
    desc.device_id = a.device_id();
    desc.dtype = detail::element_dtype<T>;
    desc.rank = N + traits::rank;
    desc.read_only = std::is_const_v<T>;
    for (int axis = 0; axis < N; ++axis) {
        extents[axis] = a.extent(axis);
        strides[axis] = a.stride(axis) * traits::count;
    }
    for (int k = 0; k < traits::rank; ++k) {
        extents[N + k] = traits::fold[k];
        strides[N + k] = k + 1 < traits::rank ? traits::fold[k + 1] : 1;
    }
    desc.extents = extents;
    desc.strides = strides;
    return desc;
}

} // namespace warpx
