// SPDX-License-Identifier: Apache-2.0
// dlpack.hpp: arrays from and to DLPack's C structs: legacy, versioned (1.x) and borrowed.
#pragma once

#include "../array.hpp"

#include <new>

#if !__has_include(<dlpack/dlpack.h>) && !__has_include(<dlpack.h>)
#    error                                                                                                   \
        "warpx needs dlpack.h (0.8 or newer): link warpx::warpx in CMake, or `pip install apache-tvm-ffi` or clone github.com/dmlc/dlpack and add its include folder"
#else // the whole file, so that the sentence stands alone

#    if __has_include(<dlpack/dlpack.h>)
#        include <dlpack/dlpack.h>
#    else
#        include <dlpack.h>
#    endif

#    if !defined(DLPACK_MAJOR_VERSION)
// dlpack.h 0.8 ends before the versioned struct; its layout (dlpack 1.0) is checked below, as everyone's.
struct DLPackVersion {
    uint32_t major;
    uint32_t minor;
};
struct DLManagedTensorVersioned {
    DLPackVersion version;
    void* manager_ctx;
    void (*deleter)(DLManagedTensorVersioned* self);
    uint64_t flags;
    DLTensor dl_tensor;
};
#    endif

namespace warpx {

namespace detail {

// The layouts that are promised not to change, in whichever dlpack.h was found.
static_assert(sizeof(DLTensor) == 48 && offsetof(DLTensor, byte_offset) == 40);
static_assert(sizeof(DLManagedTensor) == 64 && offsetof(DLManagedTensor, deleter) == 56);
static_assert(sizeof(DLManagedTensorVersioned) == 80 && offsetof(DLManagedTensorVersioned, dl_tensor) == 32);
static_assert(sizeof(DLDataType) == sizeof(dtype));

// Bits of DLManagedTensorVersioned::flags; dlpack.h before 1.0 has no names for them.
inline constexpr uint64_t dlpack_read_only = 1;
// What is written into exports: the first version with float8 codes. Consumers compare the major number.
inline constexpr uint32_t dlpack_major = 1, dlpack_minor = 1;

/// The C exchange API of DLPack 1.3, which a framework's tensor type points to as
/// `__dlpack_c_exchange_api__`. Declared here because dlpack.h before 1.2 has none; ABI-identical (checked
/// below). No entry synchronizes a stream.
struct dlpack_exchange_header {
    DLPackVersion version;
    dlpack_exchange_header* prev_api;
};
struct dlpack_exchange_api {
    dlpack_exchange_header header;
    int (*managed_tensor_allocator)(DLTensor* prototype, DLManagedTensorVersioned** out, void* error_context,
                                    void (*set_error)(void* error_context, const char* kind,
                                                      const char* message));
    int (*managed_tensor_from_py_object_no_sync)(void* py_object, DLManagedTensorVersioned** out);
    int (*managed_tensor_to_py_object_no_sync)(DLManagedTensorVersioned* tensor, void** out_py_object);
    int (*dltensor_from_py_object_no_sync)(void* py_object, DLTensor* out); // may be null
    int (*current_work_stream)(DLDeviceType device_type, int32_t device_id, void** out_stream);
};
static_assert(sizeof(dlpack_exchange_api) == 56);
#    if defined(DLPACK_MAJOR_VERSION) && DLPACK_MAJOR_VERSION == 1 && DLPACK_MINOR_VERSION >= 3
static_assert(sizeof(DLPackExchangeAPI) == sizeof(dlpack_exchange_api) &&
              offsetof(DLPackExchangeAPI, managed_tensor_allocator) ==
                  offsetof(dlpack_exchange_api, managed_tensor_allocator) &&
              offsetof(DLPackExchangeAPI, managed_tensor_from_py_object_no_sync) ==
                  offsetof(dlpack_exchange_api, managed_tensor_from_py_object_no_sync) &&
              offsetof(DLPackExchangeAPI, managed_tensor_to_py_object_no_sync) ==
                  offsetof(dlpack_exchange_api, managed_tensor_to_py_object_no_sync) &&
              offsetof(DLPackExchangeAPI, dltensor_from_py_object_no_sync) ==
                  offsetof(dlpack_exchange_api, dltensor_from_py_object_no_sync) &&
              offsetof(DLPackExchangeAPI, current_work_stream) ==
                  offsetof(dlpack_exchange_api, current_work_stream));
#    endif

} // namespace detail

/// What a DLTensor claims. Borrows its shape and strides.
inline tensor_desc describe(const DLTensor& t, bool read_only = false) noexcept {
    tensor_desc desc;
    desc.data = t.data;
    desc.device = static_cast<device_kind>(t.device.device_type);
    desc.device_id = t.device.device_id;
    desc.dtype = {static_cast<dtype_code>(t.dtype.code), t.dtype.bits, t.dtype.lanes};
    desc.rank = t.ndim;
    desc.extents = t.shape;
    desc.strides = t.strides;
    desc.byte_offset = t.byte_offset;
    desc.read_only = read_only;
    return desc;
}

namespace detail {

/// Keeps a managed tensor (of either struct) and calls its deleter, if it has one, once.
template <class Managed> struct dlpack_owner final : owner {
    Managed* managed;
    explicit dlpack_owner(Managed* m) noexcept : managed(m) {
        memory = m->dl_tensor.device.device_type == static_cast<int>(device_kind::cuda_pinned)
                     ? memory_kind::pinned
                 : m->dl_tensor.device.device_type == static_cast<int>(device_kind::cuda_managed)
                     ? memory_kind::managed
                     : memory_kind::plain;
        destroy = [](owner* self) noexcept {
            auto* block = static_cast<dlpack_owner*>(self);
            Managed* tensor = block->managed;
            delete block;
            if (tensor->deleter) tensor->deleter(tensor);
        };
    }
    /// Takes over `m`, also when it fails.
    static owner_ref take(Managed* m) {
        auto* block = new (std::nothrow) dlpack_owner(m);
        if (!block) [[unlikely]] {
            if (m->deleter) m->deleter(m);
            throw std::bad_alloc();
        }
        return owner_ref(block);
    }
};

WARPX_COLD [[noreturn]] inline void refuse_null_dlpack(const std::string& who) {
    throw bind_error(
        sentence(who + " from DLPack", "a managed tensor", "a null pointer", "check the producer's result"));
}
WARPX_COLD [[noreturn]] inline void refuse_dlpack_version(DLManagedTensorVersioned* m,
                                                          const std::string& who) {
    const DLPackVersion version = m->version;
    if (m->deleter) m->deleter(m); // all that an unknown major version allows
    throw bind_error(
        sentence(who + " from DLPack", "version 1.x",
                 "version " + std::to_string(version.major) + "." + std::to_string(version.minor),
                 "ask the producer for max_version=(1, 3)"));
}

} // namespace detail

/// Takes ownership of a versioned managed tensor, in any case: if it is refused, its deleter has been called
/// when bind_error arrives. The array keeps it; the deleter runs once, when the last array is gone, on that
/// thread. One allocation. No stream is touched: the producer must have made the data ready for the stream of
/// the launch.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_dlpack(DLManagedTensorVersioned* m,
                                              const bind_options<N>& options = {}) {
    if (!m) [[unlikely]]
        detail::refuse_null_dlpack(detail::type_name<array<T, N, Device>>());
    if (m->version.major != detail::dlpack_major) [[unlikely]]
        detail::refuse_dlpack_version(m, detail::type_name<array<T, N, Device>>());
    return bind<T, N, Device>(describe(m->dl_tensor, (m->flags & detail::dlpack_read_only) != 0),
                              detail::dlpack_owner<DLManagedTensorVersioned>::take(m), options);
}

/// The same for the legacy struct, which cannot say that memory is read-only: trust the producer, or bind
/// `const T`.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_dlpack(DLManagedTensor* m, const bind_options<N>& options = {}) {
    if (!m) [[unlikely]]
        detail::refuse_null_dlpack(detail::type_name<array<T, N, Device>>());
    return bind<T, N, Device>(describe(m->dl_tensor), detail::dlpack_owner<DLManagedTensor>::take(m),
                              options);
}

/// Borrows a DLTensor: no allocation, nothing kept alive but what `keeper` keeps. The memory must outlive the
/// array; the shape and stride lists may go as soon as this returns.
template <class T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> from_dlpack(const DLTensor& t, owner_ref keeper = {},
                                              const bind_options<N>& options = {}) {
    return bind<T, N, Device>(describe(t), static_cast<owner_ref&&>(keeper), options);
}

namespace detail {

template <class T, int N, class Device>
DLTensor dltensor_over(const array<T, N, Device>& a, int64_t* extents, int64_t* strides) noexcept {
    const tensor_desc desc = describe(a, extents, strides);
    DLTensor t{};
    t.data = a.empty() ? nullptr : desc.data;
    t.device = {static_cast<DLDeviceType>(desc.device),
                desc.device == device_kind::cuda ? desc.device_id : 0};
    t.ndim = desc.rank;
    t.dtype = {static_cast<uint8_t>(desc.dtype.code), desc.dtype.bits, desc.dtype.lanes};
    t.shape = extents;
    t.strides = strides; // always written: 1.2 forbids null
    return t;
}

/// One block: the managed tensor, its lists, and the reference that keeps the memory.
template <class Managed, int Rank> struct dlpack_export {
    Managed managed{};
    int64_t extents[Rank > 0 ? Rank : 1];
    int64_t strides[Rank > 0 ? Rank : 1];
    owner_ref keeper;
};

WARPX_COLD [[noreturn]] inline void refuse_export(const std::string& who, const std::string& got,
                                                  const std::string& remedy) {
    throw bind_error(sentence(who + " to DLPack",
                              "an array that DLPack can describe and that keeps its memory alive", got,
                              remedy));
}

template <class Managed, class T, int N, class Device>
Managed* make_dlpack(const array<T, N, Device>& a, owner_ref keeper) {
    if constexpr (!is_scalar_v<scalar_t<T>>)
        refuse_export(type_name<array<T, N, Device>>(), "records with fields of different types",
                      "export the fields as arrays of their own");
    if (!keeper && !a.empty())
        refuse_export(
            type_name<array<T, N, Device>>(), "borrowed memory",
            "pass an owner that keeps it alive (to_dlpack(a, make_owner(...))), or use to_dltensor for the "
            "duration of a call");
    constexpr int rank = N + element_traits<std::remove_const_t<T>>::rank;
    using block_type = dlpack_export<Managed, rank>;
    auto* block = new block_type;
    block->keeper = static_cast<owner_ref&&>(keeper);
    block->managed.dl_tensor = dltensor_over(a, block->extents, block->strides);
    block->managed.manager_ctx = block;
    block->managed.deleter = [](Managed* self) { delete static_cast<block_type*>(self->manager_ctx); };
    return &block->managed;
}

} // namespace detail

/// Exports an array as a versioned managed tensor, which the caller owns (its deleter must be called once, on
/// any thread). It shares the memory and keeps it alive; `const T` sets the read-only flag; vec and mat
/// elements become trailing axes. One allocation. Throws bind_error for borrowed memory without a `keeper`,
/// and for mixed records.
template <class T, int N, class Device>
[[nodiscard]] DLManagedTensorVersioned* to_dlpack(const array<T, N, Device>& a, owner_ref keeper) {
    auto* m = detail::make_dlpack<DLManagedTensorVersioned>(a, static_cast<owner_ref&&>(keeper));
    m->version = {detail::dlpack_major, detail::dlpack_minor};
    m->flags = std::is_const_v<T> ? detail::dlpack_read_only : 0;
    return m;
}
template <class T, int N, class Device>
[[nodiscard]] DLManagedTensorVersioned* to_dlpack(const array<T, N, Device>& a) {
    return to_dlpack(a, a.keeper());
}

/// The same in the legacy struct, for consumers that know no other. It cannot say read-only, so `const T` is
/// refused.
template <class T, int N, class Device>
[[nodiscard]] DLManagedTensor* to_dlpack_legacy(const array<T, N, Device>& a, owner_ref keeper) {
    static_assert(!std::is_const_v<T>,
                  "warpx::to_dlpack_legacy: the legacy struct cannot mark memory read-only; use "
                  "to_dlpack, or export a writable array");
    return detail::make_dlpack<DLManagedTensor>(a, static_cast<owner_ref&&>(keeper));
}
template <class T, int N, class Device>
[[nodiscard]] DLManagedTensor* to_dlpack_legacy(const array<T, N, Device>& a) {
    return to_dlpack_legacy(a, a.keeper());
}

/// A DLTensor over an array's memory together with its lists: borrowed, valid while this object and the array
/// live.
template <int Rank> class borrowed_dltensor {
public:
    template <class T, int N, class Device>
    explicit borrowed_dltensor(const array<T, N, Device>& a) noexcept
        : tensor_(detail::dltensor_over(a, extents_, strides_)) {}
    borrowed_dltensor(const borrowed_dltensor&) = delete; // the tensor points into this object

    const DLTensor& get() const& noexcept { return tensor_; }
    const DLTensor& get() const&& = delete;

private:
    int64_t extents_[Rank > 0 ? Rank : 1];
    int64_t strides_[Rank > 0 ? Rank : 1];
    DLTensor tensor_;
};
template <class T, int N, class Device>
borrowed_dltensor(const array<T, N, Device>&)
    -> borrowed_dltensor<N + element_traits<std::remove_const_t<T>>::rank>;

/// See borrowed_dltensor. Throws nothing, allocates nothing.
template <class T, int N, class Device>
[[nodiscard]] auto to_dltensor(const array<T, N, Device>& a) noexcept {
    return borrowed_dltensor(a);
}

} // namespace warpx

#endif
