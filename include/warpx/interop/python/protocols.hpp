// SPDX-License-Identifier: Apache-2.0
// protocols.hpp: objects of any library, by the protocols they offer: DLPack's C exchange API, __dlpack__,
// the array interfaces, the buffer protocol.
#pragma once

#include "runtime.hpp" // Python.h first

#include "../array_interface.hpp"
#include "../dlpack.hpp"
#include "numpy.hpp"
#include "torch.hpp"

#include <string.h>

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

// -- DLPack: capsules and __dlpack__ ----------------------------------------------------------------------

template <class Managed> struct held_tensor {
    Managed* tensor;
    void finish() noexcept {
        if (tensor->deleter) tensor->deleter(tensor);
    }
};

inline memory_kind memory_of(const DLTensor& t) noexcept {
    const auto type = static_cast<int>(t.device.device_type);
    return type == static_cast<int>(device_kind::cuda_pinned)    ? memory_kind::pinned
           : type == static_cast<int>(device_kind::cuda_managed) ? memory_kind::managed
                                                                 : memory_kind::plain;
}
inline void take_managed(DLManagedTensorVersioned* m, described_object& out, const char* argument) {
    if (m->version.major != dlpack_major) [[unlikely]] {
        const DLPackVersion version = m->version;
        if (m->deleter) m->deleter(m); // all that an unknown major version allows
        refuse_object(python::category::buffer, argument, "DLPack 1.x",
                      "version " + std::to_string(version.major) + "." + std::to_string(version.minor),
                      "the producer must honour max_version=(1, 3)");
    }
    out.desc = describe(m->dl_tensor, (m->flags & dlpack_read_only) != 0);
    out.keeper = python_owner<held_tensor<DLManagedTensorVersioned>>::take({m}, memory_of(m->dl_tensor));
}

/// Consumes a DLPack capsule: renames it, so that nobody takes it twice, and takes over what it holds.
inline void take_capsule(PyObject* capsule, described_object& out, const char* argument) {
    const char* name = PyCapsule_GetName(capsule);
    PyErr_Clear();
    const std::string text = name ? name : "(no name)";
    if (text == "dltensor_versioned") {
        auto* m = static_cast<DLManagedTensorVersioned*>(PyCapsule_GetPointer(capsule, name));
        PyCapsule_SetName(capsule, "used_dltensor_versioned");
        return take_managed(m, out, argument);
    }
    if (text == "dltensor") {
        auto* m = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, name));
        PyCapsule_SetName(capsule, "used_dltensor");
        out.desc = describe(m->dl_tensor);
        out.keeper = python_owner<held_tensor<DLManagedTensor>>::take({m}, memory_of(m->dl_tensor));
        return;
    }
    const bool used = text.rfind("used_", 0) == 0;
    refuse_object(used ? python::category::value : python::category::type, argument,
                  "an unused DLPack capsule", "a capsule named '" + text + "'",
                  used ? "a capsule can be consumed once; call __dlpack__() again"
                       : "pass the array itself, or what its __dlpack__() returns");
}

/// Calls `object.__dlpack__`: with max_version, so that the producer may say read-only; without it for those
/// that do not know the keyword. Returns the reason of a refusal, or nothing.
WARPX_COLD inline std::string try_dlpack(PyObject* object, described_object& out, const char* argument) {
    const ref name(PyUnicode_InternFromString("__dlpack__")), keyword(Py_BuildValue("(s)", "max_version")),
        version(Py_BuildValue("(ii)", 1, 3));
    if (!name || !keyword || !version) return take_error();
    PyObject* arguments[2] = {object, version.get()};
    ref capsule(PyObject_VectorcallMethod(name.get(), arguments, 1, keyword.get()));
    std::string reason;
    if (!capsule) {
        const bool retry =
            PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_BufferError);
        reason = take_error();
        if (!retry) return reason;
        capsule = ref(PyObject_VectorcallMethod(name.get(), arguments, 1, nullptr));
        if (!capsule) {
            take_error();
            return reason;
        }
    }
    if (!PyCapsule_CheckExact(capsule.get()))
        return "__dlpack__() returned " + type_text(capsule.get()) + ", no capsule";
    take_capsule(capsule.get(), out, argument);
    return {};
}

// -- The C exchange API of types other than PyTorch's -----------------------------------------------------

/// Who an array of a call belongs to, as far as new arrays and mixing are concerned.
enum class family : uint8_t { none, numpy, torch, paddle, cupy, numba, jax, other };

WARPX_COLD inline family family_of_package(const std::string& package) noexcept {
    if (package == "torch") return family::torch;
    if (package == "numpy" || package == "builtins" || package == "array" || package == "ctypes" ||
        package == "ml_dtypes")
        return family::numpy;
    if (package == "paddle") return family::paddle;
    if (package == "cupy" || package == "cupyx") return family::cupy;
    if (package == "numba") return family::numba;
    if (package == "jax" || package == "jaxlib") return family::jax;
    return family::other;
}
/// Types whose table is known. Types are kept alive, so that their addresses stay theirs.
struct exchange_entry {
    PyTypeObject* type = nullptr;
    const dlpack_exchange_api* api = nullptr;
    PyObject* gradient = nullptr; // name of the attribute that says whether a gradient is recorded
    bool gradient_when = true;    // what it says then: requires_grad is True, stop_gradient False
    family whose = family::other;
};
inline exchange_entry exchange_types[16];
inline int exchange_count = 0;
/// What is known of a type with an exchange table; null if it was not met yet.
inline const exchange_entry* known_exchange(PyTypeObject* type) noexcept {
    for (int k = 0; k < exchange_count; ++k)
        if (exchange_types[k].type == type) return exchange_types + k;
    return nullptr;
}

/// The package that a type comes from: "tvm_ffi" for tvm_ffi.core.Tensor.
WARPX_COLD inline std::string package_of(PyTypeObject* type) {
    const std::string module = utf8(attribute(reinterpret_cast<PyObject*>(type), "__module__").get());
    return module.substr(0, module.find('.'));
}

/// Looks on the type (an attribute of the instance or of the metaclass does not count) for an exchange table.
/// A table that was inherited from another package's class is not trusted: a subclass may mean another thing
/// by its memory.
WARPX_COLD inline bool find_exchange(PyTypeObject* type, exchange_entry& out) {
    for (const char* name : {"__dlpack_c_exchange_api__", "__c_dlpack_exchange_api__"}) {
        const ref key(PyUnicode_InternFromString(name));
        for (Py_ssize_t k = 0; key && type->tp_mro && k < PyTuple_GET_SIZE(type->tp_mro); ++k) {
            auto* base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(type->tp_mro, k));
            PyObject* found = base->tp_dict ? PyDict_GetItemWithError(base->tp_dict, key.get()) : nullptr;
            PyErr_Clear();
            if (!found) continue;
            const dlpack_exchange_api* api = exchange_table(found);
            if (!api || (base != type && package_of(base) != package_of(type))) break;
            out.type = type;
            out.api = api;
            out.whose = family_of_package(package_of(type));
            const ref stop(PyUnicode_InternFromString("stop_gradient")),
                require(PyUnicode_InternFromString("requires_grad"));
            if (stop && _PyType_Lookup(type, stop.get())) {
                out.gradient = ref::copy(stop.get()).release();
                out.gradient_when = false;
            } else if (require && _PyType_Lookup(type, require.get())) {
                out.gradient = ref::copy(require.get()).release();
                out.gradient_when = true;
            }
            return true;
        }
    }
    return false;
}

inline void note_stream(const dlpack_exchange_api* api, tensor_desc& desc) {
    if (desc.device != device_kind::cuda || !api->current_work_stream) return;
    void* stream = nullptr;
    if (api->current_work_stream(static_cast<DLDeviceType>(desc.device), desc.device_id, &stream) != 0)
        return PyErr_Clear();
    desc.has_stream = true;
    desc.stream = reinterpret_cast<uintptr_t>(stream);
}

/// Describes an object through an exchange table; returns the reason of a refusal, or nothing.
inline bool take_exchange(const dlpack_exchange_api* api, PyObject* object, described_object& out,
                          const char* argument) {
    if (api->dltensor_from_py_object_no_sync) {
        DLTensor t;
        if (api->dltensor_from_py_object_no_sync(object, &t) != 0) [[unlikely]]
            return false;
        out.desc = describe(t);
    } else {
        DLManagedTensorVersioned* m = nullptr;
        if (api->managed_tensor_from_py_object_no_sync(object, &m) != 0) return false;
        take_managed(m, out, argument);
    }
    note_stream(api, out.desc);
    return true;
}

/// Whether the attribute of such a type says that a gradient is recorded.
inline bool records_gradient(const exchange_entry& entry, PyObject* object) noexcept {
    if (!entry.gradient) return false;
    const ref value(PyObject_GetAttr(object, entry.gradient));
    if (!value) PyErr_Clear();
    return value.get() == (entry.gradient_when ? Py_True : Py_False);
}
WARPX_COLD inline void check_gradient_attribute(const exchange_entry& entry, PyObject* object,
                                                const char* argument) {
    if (records_gradient(entry, object))
        refuse_object(python::category::buffer, argument, "an array without a recorded gradient",
                      type_text(object) + " with " + utf8(entry.gradient) +
                          (entry.gradient_when ? " = True" : " = False"),
                      "use .detach() first");
}

// -- __array_interface__ and __cuda_array_interface__ -----------------------------------------------------

inline constexpr int most_axes = 64;

struct held_interface {
    PyObject *object, *fields;
    Py_buffer buffer;
    int64_t* lists; // shape, then strides
    void finish() noexcept {
        if (buffer.obj) PyBuffer_Release(&buffer);
        Py_DECREF(fields);
        Py_DECREF(object);
        delete[] lists;
    }
};

WARPX_COLD inline bool read_integers(PyObject* sequence, int64_t* out, Py_ssize_t count) {
    for (Py_ssize_t k = 0; k < count; ++k) {
        const ref item(PySequence_GetItem(sequence, k)), number(item ? PyNumber_Index(item.get()) : nullptr);
        out[k] = number ? PyLong_AsLongLong(number.get()) : -1;
        if (PyErr_Occurred()) return false;
    }
    return true;
}

/// Reads the dictionary of an array interface. The dictionary is kept too: it may be all that keeps the data.
WARPX_COLD inline void take_interface(PyObject* object, PyObject* fields, bool cuda, described_object& out,
                                      const char* argument) {
    const char* protocol = cuda ? "__cuda_array_interface__" : "__array_interface__";
    const auto broken = [&](const std::string& what) {
        PyErr_Clear();
        refuse_object(python::category::type, argument, std::string("a valid ") + protocol, what,
                      "report it to the producer, " + type_text(object));
    };
    if (!PyDict_Check(fields)) broken("no dict");
    const auto entry = [&](const char* key) {
        PyObject* value = PyDict_GetItemString(fields, key);
        return value == Py_None ? nullptr : value;
    };
    PyObject *shape = entry("shape"), *strides = entry("strides"), *typestr_object = entry("typestr"),
             *data = entry("data"), *version = entry("version"), *descr = entry("descr"),
             *stream = entry("stream"), *offset = entry("offset");
    if (!shape || !PyTuple_Check(shape) || PyTuple_GET_SIZE(shape) > most_axes) broken("no tuple `shape`");
    if (!typestr_object || !PyUnicode_Check(typestr_object)) broken("no string `typestr`");
    if (strides && (!PyTuple_Check(strides) || PyTuple_GET_SIZE(strides) != PyTuple_GET_SIZE(shape)))
        broken("`strides` that are no tuple of the length of `shape`");
    const std::string typestr_text = utf8(typestr_object);
    if (descr && typestr_text.size() > 1 && typestr_text[1] == 'V' && PyList_Check(descr) &&
        (PyList_GET_SIZE(descr) != 1 ||
         ref(PySequence_GetItem(PyList_GET_ITEM(descr, 0), 0)).get() == nullptr ||
         utf8(ref(PySequence_GetItem(PyList_GET_ITEM(descr, 0), 0)).get()) != ""))
        refuse_object(python::category::type, argument, "numbers", "a structured dtype, " + typestr_text,
                      "pass its fields one by one: a['field']");
    PyErr_Clear();

    const int64_t item_bytes = parse_typestr(typestr_text.c_str()).bytes();
    held_interface held{};
    held.object = ref::copy(object).release();
    held.fields = ref::copy(fields).release();
    const Py_ssize_t rank = PyTuple_GET_SIZE(shape);
    held.lists = new (std::nothrow) int64_t[static_cast<size_t>(2 * rank + 1)];
    if (!held.lists) {
        held.finish();
        throw std::bad_alloc();
    }
    array_interface claims;
    claims.device = cuda ? device_kind::cuda : device_kind::host;
    claims.typestr = typestr_text.c_str();
    claims.rank = static_cast<int32_t>(rank);
    claims.shape = held.lists;
    claims.strides = strides ? held.lists + rank : nullptr;
    claims.version = version ? static_cast<int>(PyLong_AsLong(version)) : 0;
    claims.has_mask = entry("mask") != nullptr;
    claims.has_stream = cuda && stream;
    claims.stream = claims.has_stream ? PyLong_AsLongLong(stream) : 0;
    bool ok = read_integers(shape, held.lists, rank) &&
              (!strides || read_integers(strides, held.lists + rank, rank));
    if (data && PyTuple_Check(data) && PyTuple_GET_SIZE(data) == 2) {
        claims.data = PyLong_AsVoidPtr(PyTuple_GET_ITEM(data, 0));
        claims.read_only = PyObject_IsTrue(PyTuple_GET_ITEM(data, 1)) == 1;
    } else { // an object with the buffer protocol; None is the object itself
        ok = ok && !cuda && PyObject_GetBuffer(data ? data : object, &held.buffer, PyBUF_SIMPLE) == 0;
        const Py_ssize_t skip = ok && offset ? PyLong_AsSsize_t(offset) : 0;
        claims.data = ok ? static_cast<char*>(held.buffer.buf) + skip : nullptr;
        claims.read_only = held.buffer.readonly;
        // Unlike a pointer, a buffer has known ends.
        int64_t low = skip, high = skip, step = item_bytes;
        bool empty = false;
        for (Py_ssize_t k = rank - 1; ok && k >= 0; --k) {
            const int64_t extent = held.lists[k], stride = strides ? held.lists[rank + k] : step;
            int64_t reach = 0;
            empty = empty || extent == 0;
            ok = extent >= 0 && (extent == 0 || checked_multiply(extent - 1, stride, reach)) &&
                 checked_add(reach < 0 ? low : high, reach, reach < 0 ? low : high) &&
                 (strides || checked_multiply(step, extent, step));
        }
        ok = ok && (empty || (low >= 0 && high <= held.buffer.len - item_bytes));
    }
    const bool valid = ok && !PyErr_Occurred();
    out.keeper = python_owner<held_interface>::take(held);
    if (!valid) broken("entries of another type or size than the protocol says");
    out.desc = describe(claims);
}

// -- The buffer protocol ----------------------------------------------------------------------------------

struct held_buffer {
    Py_buffer* buffer; // on the heap: shape and strides may point into it
    void finish() noexcept {
        PyBuffer_Release(buffer);
        delete buffer;
    }
};

/// The dtype of a struct-module format of one item; bits 0 if it is none of ours.
inline dtype format_dtype(const char* format, Py_ssize_t item_bytes) noexcept {
    if (!format) format = "B";
    if (*format == '@' || *format == '=' || *format == '<')
        ++format;
    else if (*format == '>' || *format == '!') {
        if (item_bytes != 1) return {};
        ++format;
    }
    const bool complex = *format == 'Z';
    if (complex) ++format;
    const char kind = *format;
    if (kind == '\0' || format[1] != '\0') return {};
    const auto bits = static_cast<uint8_t>(8 * item_bytes);
    if (complex)
        return {dtype_code::complex,
                (kind == 'f' && bits == 64) || (kind == 'd' && bits == 128) ? bits : uint8_t{0}};
    const bool integer = item_bytes == 1 || item_bytes == 2 || item_bytes == 4 || item_bytes == 8;
    if (kind == '?') return {dtype_code::bool_, item_bytes == 1 ? bits : uint8_t{0}};
    if (integer && strchr("bhilqn", kind)) return {dtype_code::int_, bits};
    if (integer && strchr("BHILQN", kind)) return {dtype_code::uint, bits};
    if ((kind == 'e' && bits == 16) || (kind == 'f' && bits == 32) || (kind == 'd' && bits == 64))
        return {dtype_code::float_, bits};
    return {};
}

WARPX_COLD inline std::string try_buffer(PyObject* object, described_object& out, const char* argument) {
    auto* buffer = new Py_buffer;
    if (PyObject_GetBuffer(object, buffer, PyBUF_RECORDS_RO) != 0) {
        delete buffer;
        return take_error();
    }
    out.keeper = python_owner<held_buffer>::take({buffer});
    out.desc = {};
    out.desc.data = buffer->buf;
    out.desc.read_only = buffer->readonly;
    out.desc.rank = buffer->ndim;
    out.desc.extents = buffer->shape;
    out.desc.strides = buffer->strides;
    out.desc.stride_unit = stride_unit::bytes;
    out.desc.dtype = format_dtype(buffer->format, buffer->itemsize);
    if (out.desc.dtype.bits == 0)
        refuse_object(python::category::type, argument,
                      "a buffer of bools, integers, floats or complex numbers in native byte order",
                      "format '" + std::string(buffer->format ? buffer->format : "") + "', " +
                          std::to_string(buffer->itemsize) + " bytes an item",
                      "convert the elements first (records: field by field)");
    return {};
}

// -- Which of them ----------------------------------------------------------------------------------------

WARPX_COLD inline bool has_attribute(PyObject* object, const char* name) {
    return static_cast<bool>(attribute(object, name));
}

/// An array of NumPy without reading its struct: the buffer protocol, and the interface for what that cannot
/// name (ml_dtypes).
WARPX_COLD inline void take_ndarray_officially(PyObject* object, described_object& out,
                                               const char* argument) {
    const ref descr = attribute(object, "dtype");
    const std::string kind = utf8(attribute(descr.get(), "kind").get()),
                      order = utf8(attribute(descr.get(), "byteorder").get());
    const ref size = attribute(descr.get(), "itemsize");
    const long bytes = size ? PyLong_AsLong(size.get()) : 0;
    const bool plain = order != ">" && kind.find_first_of("biufc") == 0 && bytes <= (kind == "c" ? 16 : 8);
    if (plain && try_buffer(object, out, argument).empty()) return;
    const dtype type = named_numpy_dtype(descr.get(), argument); // or a sentence
    const ref fields(PyObject_GetAttrString(object, "__array_interface__"));
    if (!fields)
        refuse_object(python::category::type, argument, "a NumPy array", take_error(),
                      "pass numpy.asarray(a)");
    take_interface(object, fields.get(), false, out, argument);
    out.desc.dtype = type;
}

/// A subclass of torch.Tensor: refused where its class takes part in dispatch, since then the memory is not
/// the value (fake, functional, distributed, quantized tensors); otherwise PyTorch's own checks and export.
WARPX_COLD inline void take_torch_subclass(PyObject* object, described_object& out, const char* argument,
                                           bool allow_gradient) {
    const ref dispatch = attribute(reinterpret_cast<PyObject*>(Py_TYPE(object)), "__torch_dispatch__");
    if (!dispatch || dispatch.get() != torch.dispatch)
        refuse_torch(python::category::type, argument,
                     type_text(object) + ", a tensor subclass whose memory is not its value",
                     "inside torch.compile or export, register an operator with a fake implementation; "
                     "elsewhere pass the plain tensor it wraps");
    official_torch_checks(object, argument);
    torch_gradient_checks(object, argument, allow_gradient);
    if (torch.api && take_exchange(torch.api, object, out, argument)) return;
    refuse_torch(python::category::buffer, argument, take_error(),
                 "pass a plain tensor: .as_subclass(torch.Tensor)");
}

/// Every route but the two fast ones. Throws argument_error or pending_error.
WARPX_COLD inline python::framework describe_any(PyObject* object, described_object& out,
                                                 const char* argument, bool allow_gradient) {
    using python::category;
    const error_scope pending;
    PyTypeObject* type = Py_TYPE(object);
    if (const exchange_entry* known = known_exchange(type)) {
        if (!allow_gradient) check_gradient_attribute(*known, object, argument);
        if (take_exchange(known->api, object, out, argument)) return python::framework::other;
        refuse_object(category::buffer, argument, "an array that its library exports", take_error(),
                      "make a plain array of " + type_text(object) + " first");
    }
    if (object == Py_None) refuse_object(category::type, argument, "an array", "None", "pass an array");
    attach_numpy();
    if (numpy.ndarray && type == numpy.ndarray) {
        if (numpy.direct)
            describe_ndarray(object, out.desc, argument);
        else
            take_ndarray_officially(object, out, argument);
        return python::framework::numpy;
    }
    if (PyCapsule_CheckExact(object)) {
        take_capsule(object, out, argument);
        return python::framework::other;
    }
    attach_torch();
    if (torch.tensor && (type == torch.tensor || type == torch.parameter)) {
        check_torch(object, argument, allow_gradient);
        if (torch.api) {
            if (take_exchange(torch.api, object, out, argument)) return python::framework::torch;
            refuse_torch(category::buffer, argument, take_error(), "pass a plain tensor in memory");
        }
        // PyTorch before 2.10 has no table. Its own export refuses gradients, which were checked above.
        const ref detached(PyObject_CallMethod(object, "detach", nullptr));
        const std::string reason = detached ? try_dlpack(detached.get(), out, argument) : take_error();
        if (reason.empty()) return python::framework::torch;
        refuse_torch(category::buffer, argument, reason, "pass a plain tensor in memory");
    }
    if (torch.tensor && PyType_IsSubtype(type, torch.tensor)) {
        take_torch_subclass(object, out, argument, allow_gradient);
        return python::framework::torch;
    }
    if (numpy.ndarray && PyType_IsSubtype(type, numpy.ndarray)) {
        const ref ma = loaded_module("numpy.ma"), masked = attribute(ma.get(), "MaskedArray");
        if (masked && PyObject_IsInstance(object, masked.get()) == 1)
            refuse_object(category::type, argument, "an array without a mask", "numpy.ma.MaskedArray",
                          "fill the masked elements first: a.filled(value)");
    }
    const bool scalar = numpy.generic && PyType_IsSubtype(type, numpy.generic);
    std::string reason;
    python::framework kind = python::framework::other;
    if (scalar) { // its other protocols describe a copy that is gone when they return
        reason = try_buffer(object, out, argument);
        if (reason.empty()) {
            out.desc.read_only = true; // scalars are values
            return python::framework::numpy;
        }
    } else {
        const std::string package = package_of(type);
        if (package == "jax" || package == "jaxlib") {
            kind = python::framework::jax;
            const ref core = loaded_module("jax.core"), tracer = attribute(core.get(), "Tracer");
            if (tracer && PyObject_IsInstance(object, tracer.get()) == 1)
                refuse_object(category::type, argument, "an array with values",
                              "a JAX tracer (inside jit, grad or vmap)",
                              "call this outside of the transformation, or through an FFI operation");
            PyErr_Clear();
        }
        exchange_entry entry;
        if (find_exchange(type, entry)) {
            if (exchange_count < 16) {
                Py_INCREF(type);
                exchange_types[exchange_count++] = entry;
            }
            if (!allow_gradient) check_gradient_attribute(entry, object, argument);
            if (take_exchange(entry.api, object, out, argument)) return kind;
            reason = take_error();
        }
        // Their interface names the stream that their work is on; __dlpack__ would make the default one wait.
        if (reason.empty() && (package == "cupy" || package == "numba"))
            if (const ref fields = attribute(object, "__cuda_array_interface__")) {
                take_interface(object, fields.get(), true, out, argument);
                return kind;
            }
        if (reason.empty() && has_attribute(object, "__dlpack__")) {
            reason = try_dlpack(object, out, argument);
            if (reason.empty()) {
                // Its legacy export cannot say so: memory of a JAX array may be shared with other arrays.
                if (kind == python::framework::jax) out.desc.read_only = true;
                return kind;
            }
        }
        // A library that refuses has its reasons; only NumPy's subclasses have protocols that can say more.
        if (reason.empty() || (numpy.ndarray && PyType_IsSubtype(type, numpy.ndarray))) {
            for (const bool cuda : {true, false}) {
                const ref fields =
                    attribute(object, cuda ? "__cuda_array_interface__" : "__array_interface__");
                if (!fields || PyType_Check(object)) continue;
                take_interface(object, fields.get(), cuda, out, argument);
                if (kind == python::framework::jax) out.desc.read_only = true;
                return kind;
            }
        }
        if (reason.empty() && PyObject_CheckBuffer(object)) {
            reason = try_buffer(object, out, argument);
            if (reason.empty()) return kind;
        }
    }
    if (!reason.empty())
        refuse_object(category::buffer, argument, "an array that its library exports",
                      type_text(object) + ", which says " + reason, "make a plain array of it first");
    refuse_object(category::type, argument,
                  "an array (NumPy, PyTorch, JAX, or anything with DLPack, an array interface or a buffer)",
                  type_text(object), "nothing is converted silently: pass numpy.asarray(a), for example");
}

} // namespace py
} // namespace warpx::detail
