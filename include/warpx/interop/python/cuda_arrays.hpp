// SPDX-License-Identifier: Apache-2.0
// cuda_arrays.hpp: arrays of CuPy and Numba by their attributes, which cost a fraction of the dictionary that
// their `__cuda_array_interface__` makes at each access and say the same.
#pragma once

#include "runtime.hpp" // Python.h first

#include "numpy.hpp"
#include "protocols.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

struct cuda_array_state {
    PyTypeObject *cupy = nullptr, *numba = nullptr; // null until one was met
    intptr_t (*cupy_stream)() = nullptr;            // CuPy's own C function
    PyObject* cupy_current_stream = nullptr;        // where that is missing
    PyObject *s_shape = nullptr, *s_strides = nullptr, *s_dtype = nullptr, *s_data = nullptr,
             *s_ptr = nullptr, *s_device = nullptr, *s_id = nullptr, *s_pointer = nullptr, *s_value = nullptr,
             *s_stream = nullptr;
};
inline cuda_array_state cuda_arrays;

WARPX_COLD inline void attach_cuda_arrays() {
    cuda_array_state& s = cuda_arrays;
    if (!s.s_shape) {
        s.s_strides = PyUnicode_InternFromString("strides");
        s.s_dtype = PyUnicode_InternFromString("dtype");
        s.s_data = PyUnicode_InternFromString("data");
        s.s_ptr = PyUnicode_InternFromString("ptr");
        s.s_device = PyUnicode_InternFromString("device");
        s.s_id = PyUnicode_InternFromString("id");
        s.s_pointer = PyUnicode_InternFromString("device_ctypes_pointer");
        s.s_value = PyUnicode_InternFromString("value");
        s.s_stream = PyUnicode_InternFromString("stream");
        s.s_shape = PyUnicode_InternFromString("shape");
    }
    if (!s.cupy)
        if (const ref module = loaded_module("cupy")) {
            const ref streams = loaded_module("cupy_backends.cuda.stream"),
                      functions = attribute(streams.get(), "__pyx_capi__"),
                      cuda = attribute(module.get(), "cuda");
            PyObject* capsule =
                functions ? PyDict_GetItemString(functions.get(), "get_current_stream_ptr") : nullptr;
            // The capsule's name is the signature.
            if (capsule && PyCapsule_IsValid(capsule, "intptr_t (void)"))
                s.cupy_stream =
                    reinterpret_cast<intptr_t (*)()>(PyCapsule_GetPointer(capsule, "intptr_t (void)"));
            s.cupy_current_stream = attribute(cuda.get(), "get_current_stream").release();
            ref type = attribute(module.get(), "ndarray");
            if (type && PyType_Check(type.get()) && (s.cupy_stream || s.cupy_current_stream))
                s.cupy = reinterpret_cast<PyTypeObject*>(type.release());
        }
    if (!s.numba)
        if (const ref module = loaded_module("numba.cuda.cudadrv.devicearray")) {
            ref type = attribute(module.get(), "DeviceNDArray");
            if (type && PyType_Check(type.get())) s.numba = reinterpret_cast<PyTypeObject*>(type.release());
        }
    PyErr_Clear();
}

struct held_lists {
    int64_t* lists;
    void finish() noexcept { delete[] lists; }
};

/// Reads shape, strides (in bytes) and dtype, which both libraries have as NumPy has them. False where
/// anything is another than expected: the interface then says what it is.
inline bool take_layout(PyObject* object, described_object& out) {
    const cuda_array_state& s = cuda_arrays;
    const ref shape(PyObject_GetAttr(object, s.s_shape)), strides(PyObject_GetAttr(object, s.s_strides)),
        type(PyObject_GetAttr(object, s.s_dtype));
    if (!shape || !strides || !type || !PyTuple_CheckExact(shape.get()) ||
        !PyTuple_CheckExact(strides.get()) ||
        PyTuple_GET_SIZE(shape.get()) != PyTuple_GET_SIZE(strides.get()) || !numpy.direct)
        return false;
    const auto* descr = reinterpret_cast<const numpy_descr*>(type.get());
    const auto number = static_cast<unsigned>(descr->type_num);
    if (number >= 24 || numpy_dtypes[number].bits == 0 || descr->byteorder == '>') return false;
    const Py_ssize_t rank = PyTuple_GET_SIZE(shape.get());
    auto* lists = new int64_t[static_cast<size_t>(2 * rank + 1)];
    out.keeper = python_owner<held_lists>::take({lists});
    for (Py_ssize_t k = 0; k < rank; ++k) {
        lists[k] = PyLong_AsLongLong(PyTuple_GET_ITEM(shape.get(), k));
        lists[rank + k] = PyLong_AsLongLong(PyTuple_GET_ITEM(strides.get(), k));
    }
    if (PyErr_Occurred()) return false;
    out.desc.dtype = numpy_dtypes[number];
    out.desc.rank = static_cast<int32_t>(rank);
    out.desc.extents = lists;
    out.desc.strides = lists + rank;
    out.desc.stride_unit = stride_unit::bytes;
    out.desc.device = device_kind::cuda;
    return true;
}

/// A cupy.ndarray, on CuPy's current stream.
inline bool take_cupy(PyObject* object, described_object& out) {
    const cuda_array_state& s = cuda_arrays;
    out.desc = {};
    const ref data(PyObject_GetAttr(object, s.s_data)),
        pointer(data ? PyObject_GetAttr(data.get(), s.s_ptr) : nullptr),
        device(data ? PyObject_GetAttr(data.get(), s.s_device) : nullptr),
        id(device ? PyObject_GetAttr(device.get(), s.s_id) : nullptr);
    if (!pointer || !id || !take_layout(object, out)) {
        PyErr_Clear();
        return false;
    }
    out.desc.data = PyLong_AsVoidPtr(pointer.get());
    out.desc.device_id = static_cast<int32_t>(PyLong_AsLong(id.get()));
    intptr_t stream = 0;
    if (s.cupy_stream) {
        stream = s.cupy_stream();
    } else {
        const ref current(PyObject_CallNoArgs(s.cupy_current_stream)),
            handle(current ? PyObject_GetAttr(current.get(), s.s_ptr) : nullptr);
        stream = handle ? static_cast<intptr_t>(PyLong_AsLongLong(handle.get())) : 0;
    }
    out.desc.has_stream = true;
    out.desc.stream = stream ? static_cast<uintptr_t>(stream) : 1; // 1: the legacy default stream
    if (!PyErr_Occurred()) return true;
    PyErr_Clear();
    return false;
}

/// A DeviceNDArray of Numba, on the stream that it carries.
inline bool take_numba(PyObject* object, described_object& out) {
    const cuda_array_state& s = cuda_arrays;
    out.desc = {};
    const ref pointer(PyObject_GetAttr(object, s.s_pointer)),
        value(pointer ? PyObject_GetAttr(pointer.get(), s.s_value) : nullptr),
        stream(PyObject_GetAttr(object, s.s_stream));
    if (!value || !stream || !take_layout(object, out)) {
        PyErr_Clear();
        return false;
    }
    if (value.get() != Py_None) out.desc.data = PyLong_AsVoidPtr(value.get());
#if defined(__CUDACC__) // Numba works in the current context, and its arrays do not say in which they are
    if (int current = 0; cudaGetDevice(&current) == cudaSuccess) out.desc.device_id = current;
#endif
    out.desc.has_stream = true;
    const ref handle(PyNumber_Long(stream.get()));
    const uintptr_t number = handle ? static_cast<uintptr_t>(PyLong_AsUnsignedLongLong(handle.get())) : 0;
    out.desc.stream = number ? number : 1;
    if (!PyErr_Occurred()) return true;
    PyErr_Clear();
    return false;
}

} // namespace py
} // namespace warpx::detail
