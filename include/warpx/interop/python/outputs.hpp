// SPDX-License-Identifier: Apache-2.0
// outputs.hpp: new arrays for results, made by the framework of the inputs with its own allocator.
#pragma once

#include "runtime.hpp" // Python.h first

#include "numpy.hpp"
#include "protocols.hpp"
#include "torch.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

WARPX_COLD inline family slow_family(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    if (torch.tensor && PyType_IsSubtype(type, torch.tensor)) return family::torch;
    if (numpy.ndarray && PyType_IsSubtype(type, numpy.ndarray)) return family::numpy;
    return family_of_package(package_of(type));
}
inline family family_of(PyObject* object) {
    PyTypeObject* type = Py_TYPE(object);
    if (type == numpy.ndarray) return family::numpy;
    if (type == torch.tensor || type == torch.parameter) return family::torch;
    return slow_family(object);
}
inline const char* family_name(family f) noexcept {
    static constexpr const char* names[] = {"none", "NumPy", "PyTorch", "Paddle",
                                            "CuPy", "Numba", "JAX",     "other"};
    return names[static_cast<int>(f)];
}

/// The functions that make arrays, looked up once.
struct maker_state {
    PyObject* numpy_empty = nullptr;
    PyObject* numpy_types[19] = {}; // by slot_of
};
inline maker_state makers;

/// A small number for each dtype that has a NumPy name.
inline int type_slot(dtype t) noexcept {
    const int size = t.bits == 8 ? 0 : t.bits == 16 ? 1 : t.bits == 32 ? 2 : t.bits == 64 ? 3 : 4;
    switch (t.code) {
    case dtype_code::bool_:
        return 0;
    case dtype_code::int_:
        return 1 + size;
    case dtype_code::uint:
        return 5 + size;
    case dtype_code::float_:
        return 8 + size; // 16, 32, 64: 9 to 11
    case dtype_code::complex:
        return 9 + size; // 64, 128: 12, 13
    case dtype_code::bfloat:
        return 14;
    default:
        return -1;
    }
}

/// NumPy's dtype object of that type: a borrowed reference.
WARPX_COLD inline PyObject* find_numpy_type(dtype type) {
    const ref module(PyImport_ImportModule("numpy"));
    if (!module) throw python::pending_error();
    const std::string name = to_string(type);
    ref found;
    if (type.code == dtype_code::bfloat || type.code >= dtype_code::float8_e3m4) {
        const ref extra(PyImport_ImportModule("ml_dtypes"));
        const ref scalar = extra ? attribute(extra.get(), name.c_str()) : ref();
        PyErr_Clear();
        if (!scalar)
            throw python::argument_error(python::category::type,
                                         sentence("a new NumPy array", "a dtype that NumPy has", name,
                                                  "pip install ml_dtypes, or pass out="));
        found = ref(PyObject_CallMethod(module.get(), "dtype", "O", scalar.get()));
    } else {
        found = ref(PyObject_CallMethod(module.get(), "dtype", "s", name.c_str()));
    }
    if (!found) throw python::pending_error();
    return found.release(); // kept for good: there are few
}
inline PyObject* numpy_type(dtype type) {
    const int slot = type_slot(type);
    if (slot < 0) return find_numpy_type(type);
    if (!makers.numpy_types[slot]) makers.numpy_types[slot] = find_numpy_type(type);
    return makers.numpy_types[slot];
}

inline ref shape_tuple(const int64_t* extents, int rank) {
    ref tuple(PyTuple_New(rank));
    if (!tuple) throw python::pending_error();
    for (int axis = 0; axis < rank; ++axis) {
        PyObject* extent = PyLong_FromLongLong(extents[axis]);
        if (!extent) throw python::pending_error();
        PyTuple_SET_ITEM(tuple.get(), axis, extent);
    }
    return tuple;
}
inline ref made(PyObject* object) {
    if (!object) throw python::pending_error();
    return ref(object);
}

inline ref new_numpy(dtype type, const int64_t* extents, int rank) {
    if (!makers.numpy_empty) [[unlikely]] {
        const ref module(PyImport_ImportModule("numpy"));
        if (!module) throw python::pending_error();
        makers.numpy_empty = made(PyObject_GetAttrString(module.get(), "empty")).release();
    }
    const ref shape = shape_tuple(extents, rank);
    PyObject* arguments[] = {shape.get(), numpy_type(type)};
    return made(PyObject_Vectorcall(makers.numpy_empty, arguments, 2, nullptr));
}

/// Through the exchange table's allocator; null where it has none or refuses.
inline ref new_exchanged(const dlpack_exchange_api* api, dtype type, const int64_t* extents, int rank,
                         device_kind device, int device_id) {
    if (!api || !api->managed_tensor_allocator || !api->managed_tensor_to_py_object_no_sync) return {};
    DLTensor prototype{};
    prototype.device = {static_cast<DLDeviceType>(device), device_id};
    prototype.ndim = rank;
    prototype.dtype = {static_cast<uint8_t>(type.code), type.bits, 1};
    prototype.shape = const_cast<int64_t*>(extents);
    DLManagedTensorVersioned* managed = nullptr;
    const auto ignore = [](void*, const char*, const char*) {};
    if (api->managed_tensor_allocator(&prototype, &managed, nullptr, ignore) != 0 || !managed) {
        PyErr_Clear();
        return {};
    }
    void* object = nullptr;
    if (api->managed_tensor_to_py_object_no_sync(managed, &object) != 0) {
        PyErr_Clear();
        return {};
    }
    return ref(static_cast<PyObject*>(object));
}

/// `module.function(shape, dtype=module.<name>, device=like.device)`, as far as the keywords are wanted.
WARPX_COLD inline ref new_by_call(const char* module_name, const char* function, bool type_object,
                                  bool device, PyObject* like, dtype type, const int64_t* extents, int rank) {
    const ref module(PyImport_ImportModule(module_name));
    if (!module) throw python::pending_error();
    const std::string name = to_string(type);
    const ref maker = made(PyObject_GetAttrString(module.get(), function));
    const ref dtype_object = type_object ? made(PyObject_GetAttrString(module.get(), name.c_str()))
                                         : made(PyUnicode_FromString(name.c_str()));
    const ref names(PyDict_New()), positional(PyTuple_Pack(1, shape_tuple(extents, rank).get()));
    if (!names || !positional || PyDict_SetItemString(names.get(), "dtype", dtype_object.get()) < 0)
        throw python::pending_error();
    if (device) {
        const ref where = made(PyObject_GetAttrString(like, "device"));
        if (PyDict_SetItemString(names.get(), "device", where.get()) < 0) throw python::pending_error();
    }
    return made(PyObject_Call(maker.get(), positional.get(), names.get()));
}

/// A new array with undefined contents beside `like`, an array of the call.
inline ref new_output(family whose, PyObject* like, dtype type, const int64_t* extents, int rank,
                      device_kind device, int device_id, const char* name) {
    switch (whose) {
    case family::none:
    case family::numpy:
        return new_numpy(type, extents, rank);
    case family::torch:
        if (ref tensor = new_exchanged(torch.api, type, extents, rank, device, device_id)) return tensor;
        return new_by_call("torch", "empty", true, true, like, type, extents, rank);
    case family::paddle:
        if (const exchange_entry* known = known_exchange(Py_TYPE(like)))
            if (ref tensor = new_exchanged(known->api, type, extents, rank, device, device_id)) return tensor;
        return new_by_call("paddle", "empty", false, false, like, type, extents, rank);
    case family::cupy:
        return new_by_call("cupy", "empty", false, false, like, type, extents, rank);
    case family::numba:
        return new_by_call("numba.cuda", "device_array", false, false, like, type, extents, rank);
    default:
        break;
    }
    if (const exchange_entry* known = known_exchange(Py_TYPE(like)))
        if (ref tensor = new_exchanged(known->api, type, extents, rank, device, device_id)) return tensor;
    throw python::argument_error(python::category::type,
                                 sentence(std::string("result '") + name + "'",
                                          "inputs whose library makes new arrays for it", type_text(like),
                                          "pass the array for the result: out="));
}

} // namespace py
} // namespace warpx::detail
