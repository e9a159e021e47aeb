// SPDX-License-Identifier: Apache-2.0
// python.hpp: any Python array (NumPy, PyTorch, JAX, DLPack, array interfaces, buffers) as an array, without
// a copy, and arrays as Python objects. Needs CPython's headers only; include it first, as Python.h asks.
#pragma once

#include "python/runtime.hpp" // Python.h first

#include "python/export.hpp"
#include "python/numpy.hpp"
#include "python/protocols.hpp"
#include "python/torch.hpp"

namespace warpx::python {

/// What may be asked when an object is taken.
template <int N = 0> struct import_options : bind_options<N> {
    /// Accept a tensor although its gradient is recorded: the caller registers the derivative itself.
    bool allow_gradient = false;
};

/// A Python object as a description, with what the description needs besides the object itself. Every
/// function here requires the GIL. The routes, in this order:
///   numpy.ndarray, torch.Tensor and Parameter (exact types), a DLPack capsule, `__dlpack_c_exchange_api__`
///   of the type, `__dlpack__`, `__cuda_array_interface__`, `__array_interface__`, the buffer protocol.
/// Refused with argument_error: lazy conjugates and negations, fake, functional, sparse, meta and wrapped
/// tensors, tensors whose gradient is recorded, JAX tracers, masked and structured arrays, foreign byte
/// order, long double. Nothing is converted or copied. A pending Python exception is kept.
class [[gnu::visibility("hidden")]] tensor { // hidden: it holds pointers into this module's state
public:
    /// Describes `object`, which the caller keeps alive for as long as this and arrays borrowed from it are
    /// used. `name` is the argument's name in messages.
    explicit tensor(PyObject* object, const char* name = nullptr, bool allow_gradient = false)
        : object_(object), name_(name) {
        PyTypeObject* type = Py_TYPE(object);
        if (type == detail::py::numpy.ndarray && detail::py::describe_plain_ndarray(object, parts_.desc))
            [[likely]]
            framework_ = framework::numpy;
        else if (!is_plain_torch(type) || !take_torch(allow_gradient))
            take_any(allow_gradient);
    }

    /// What the object claims; its lists are valid while this object lives and Python code does not run.
    const tensor_desc& desc() const noexcept { return parts_.desc; }
    /// Who the object belongs to.
    framework source() const noexcept { return framework_; }
    PyObject* object() const noexcept { return object_; }

    /// An array over the object's memory, which the caller keeps alive (function arguments are, while the
    /// call lasts). Allocates nothing for NumPy arrays and PyTorch tensors. Throws argument_error.
    template <element T, int N, class Device = device::host>
    [[nodiscard]] array<T, N, Device> borrow(const bind_options<N>& options = {}) const {
        return through_gate<T, N, Device>(parts_.keeper, options);
    }
    /// An array that keeps the object. Its last copy may be dropped on any thread, with or without the GIL;
    /// after the interpreter has ended the object is leaked. The memory must not be resized meanwhile: a
    /// reference does not prevent torch's `resize_`.
    template <element T, int N, class Device = device::host>
    [[nodiscard]] array<T, N, Device> keep(const bind_options<N>& options = {}) const {
        return through_gate<T, N, Device>(parts_.keeper ? parts_.keeper : detail::py::hold_object(object_),
                                          options);
    }

private:
    static bool is_plain_torch(PyTypeObject* type) noexcept {
        const auto& torch = detail::py::torch;
        return (type == torch.tensor || type == torch.parameter) && torch.impl_offset && torch.api;
    }
    bool take_torch(bool allow_gradient) {
        framework_ = framework::torch;
        detail::py::check_torch(object_, name_, allow_gradient);
        if (detail::py::take_exchange(detail::py::torch.api, object_, parts_, name_)) [[likely]]
            return true;
        PyErr_Clear();
        return false;
    }
    WARPX_COLD void take_any(bool allow_gradient) {
        try {
            framework_ = detail::py::describe_any(object_, parts_, name_, allow_gradient);
        } catch (const bind_error& e) {
            refuse(e, false);
        }
    }

    template <class T, int N, class Device>
    array<T, N, Device> through_gate(owner_ref keeper, const bind_options<N>& options) const {
        if (name_ && !options.name) [[unlikely]] {
            bind_options<N> named = options;
            named.name = name_;
            return through_gate<T, N, Device>(static_cast<owner_ref&&>(keeper), named);
        }
        try {
            return bind<T, N, Device>(parts_.desc, static_cast<owner_ref&&>(keeper), options);
        } catch (const bind_error& e) {
            const dtype want = detail::element_dtype<T>;
            const bool raw = want.code == dtype_code::bfloat && parts_.desc.dtype == opaque_dtype(2);
            refuse(e, want == parts_.desc.dtype || raw, !std::is_const_v<T>);
        }
    }
    /// Gives a refusal of the core its category, from what was wrong.
    WARPX_COLD [[noreturn]] void refuse(const bind_error& e, bool dtype_fits, bool writes = false) const {
        if (const auto* known = dynamic_cast<const argument_error*>(&e)) throw *known;
        const tensor_desc& desc = parts_.desc;
        if (!dtype_fits) throw argument_error(category::type, e.what());
        if (writes && desc.read_only && framework_ == framework::jax)
            throw argument_error(category::buffer,
                                 std::string(e.what()) + " (JAX arrays are immutable: return a new array)");
        throw argument_error(std::string(e.what()).find("; read-only: ") != std::string::npos ||
                                     std::string(e.what()).find("; wrong device: ") != std::string::npos
                                 ? category::buffer
                                 : category::value,
                             e.what());
    }

    PyObject* object_;
    const char* name_;
    detail::described_object parts_;
    framework framework_ = framework::other;
};

/// `tensor(object).borrow`: an array over an object's memory for the duration of a call.
template <element T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> borrow(PyObject* object, const import_options<N>& options = {}) {
    return tensor(object, options.name, options.allow_gradient).template borrow<T, N, Device>(options);
}

/// `tensor(object).keep`: an array that keeps the object, to be stored.
template <element T, int N, class Device = device::host>
[[nodiscard]] array<T, N, Device> keep(PyObject* object, const import_options<N>& options = {}) {
    return tensor(object, options.name, options.allow_gradient).template keep<T, N, Device>(options);
}

/// To be called after an object's memory was written: PyTorch then knows that values saved for a backward
/// pass are gone. Does nothing for others. Requires the GIL.
inline void mark_written(PyObject* object) noexcept {
    const auto& torch = detail::py::torch;
    if (torch.tensor && PyType_IsSubtype(Py_TYPE(object), torch.tensor))
        detail::py::bump_torch_version(object);
}

} // namespace warpx::python
