// SPDX-License-Identifier: Apache-2.0
// numpy.hpp: NumPy arrays, read from their C struct without NumPy's headers where that is known to be right.
#pragma once

#include "runtime.hpp" // Python.h first

#include "../array_interface.hpp"

#include <stdlib.h>
#include <string.h>

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

// The heads of PyArrayObject and PyArray_Descr: the same offsets in NumPy 1.x and 2.x. (Item size and flags
// of the descriptor moved in 2.0 and are not read.)
struct numpy_descr {
    PyObject_HEAD PyTypeObject* typeobj;
    char kind, type, byteorder, former_flags;
    int type_num;
};
struct numpy_array {
    PyObject_HEAD char* data;
    int rank;
    Py_ssize_t* extents;
    Py_ssize_t* strides;
    PyObject* base;
    numpy_descr* descr;
    int flags;
};
inline constexpr int numpy_writeable = 0x400;
static_assert(sizeof(Py_ssize_t) == sizeof(int64_t));

struct numpy_state {
    PyTypeObject* ndarray = nullptr; // null until an object needs NumPy and it is imported
    PyTypeObject* generic = nullptr; // base of the scalars
    bool direct = false;             // the struct may be read
};
inline numpy_state numpy;

/// The environment variable WARPX_CALIBRATION=0 turns off everything that reads foreign structs: then only
/// official functions are called.
inline bool may_calibrate() noexcept {
    const char* text = getenv("WARPX_CALIBRATION");
    return !text || strcmp(text, "0") != 0;
}

/// NumPy's type numbers 0 to 23; bits 0: not for us, or needs a closer look.
inline constexpr dtype numpy_dtypes[24] = {
    {dtype_code::bool_, 8},   {dtype_code::int_, 8},   {dtype_code::uint, 8},     {dtype_code::int_, 16},
    {dtype_code::uint, 16},   {dtype_code::int_, 32},  {dtype_code::uint, 32},    {dtype_code::int_, 64},
    {dtype_code::uint, 64},   {dtype_code::int_, 64},  {dtype_code::uint, 64},    {dtype_code::float_, 32},
    {dtype_code::float_, 64}, {dtype_code::float_, 0}, {dtype_code::complex, 64}, {dtype_code::complex, 128},
    {dtype_code::complex, 0}, {dtype_code::opaque, 0}, {dtype_code::opaque, 0},   {dtype_code::opaque, 0},
    {dtype_code::opaque, 0},  {dtype_code::opaque, 0}, {dtype_code::opaque, 0},   {dtype_code::float_, 16}};

/// A sys.modules entry, without importing anything; null if it is not there.
inline ref loaded_module(const char* name) noexcept {
    const ref key(PyUnicode_FromString(name));
    ref module(key ? PyImport_GetModule(key.get()) : nullptr);
    PyErr_Clear();
    return module;
}
inline ref attribute(PyObject* object, const char* name) noexcept {
    ref value(object ? PyObject_GetAttrString(object, name) : nullptr);
    PyErr_Clear();
    return value;
}

/// Runs a few lines of Python that set up objects for a comparison; returns their namespace or null.
inline ref run_lines(const char* lines) noexcept {
    ref names(PyDict_New());
    if (!names || PyDict_SetItemString(names.get(), "__builtins__", PyEval_GetBuiltins()) < 0) {
        PyErr_Clear();
        return {};
    }
    const ref done(PyRun_String(lines, Py_file_input, names.get(), names.get()));
    PyErr_Clear();
    if (!done) return {};
    return names;
}

/// Whether the struct says the same as the official attributes about a handful of arrays.
WARPX_COLD inline bool numpy_layout_agrees() noexcept {
    const ref core(loaded_module("numpy._core._multiarray_umath")),
        old_core(core ? ref() : loaded_module("numpy.core._multiarray_umath"));
    const ref capsule(attribute(core ? core.get() : old_core.get(), "_ARRAY_API"));
    if (!capsule || !PyCapsule_CheckExact(capsule.get())) return false;
    auto** table = static_cast<void**>(PyCapsule_GetPointer(capsule.get(), nullptr));
    PyErr_Clear();
    if (!table) return false;
    const unsigned abi = reinterpret_cast<unsigned (*)()>(table[0])() >> 24;
    if (abi != 1 && abi != 2) return false;
    const ref names = run_lines(R"(
import numpy as np
def facts(a):
    i = a.__array_interface__
    return (a, i["data"][0], a.shape, a.strides, a.flags.writeable, a.dtype.num, a.dtype.byteorder)
r = np.zeros((4, 5), "<f4")[::-2, 1:]
r.flags.writeable = False
arrays = [facts(a) for a in (np.zeros((2, 3)), r, np.zeros((), "i8"), np.zeros(3, ">f8"), np.zeros(7, "c8")[::3],
                             np.zeros((1, 0, 2), "f2"), np.zeros(2, "?"))]
)");
    PyObject* arrays = names ? PyDict_GetItemString(names.get(), "arrays") : nullptr;
    if (!arrays) return false;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(arrays); ++k) {
        PyObject* facts = PyList_GET_ITEM(arrays, k);
        const auto fact = [facts](Py_ssize_t n) { return PyTuple_GET_ITEM(facts, n); };
        const auto* a = reinterpret_cast<const numpy_array*>(fact(0));
        const char* order = PyUnicode_AsUTF8(fact(6));
        const bool same = a->data == PyLong_AsVoidPtr(fact(1)) && a->rank == PyTuple_GET_SIZE(fact(2)) &&
                          ((a->flags & numpy_writeable) != 0) == (fact(4) == Py_True) &&
                          a->descr->type_num == PyLong_AsLong(fact(5)) && order &&
                          a->descr->byteorder == order[0];
        if (!same) return false;
        for (int axis = 0; axis < a->rank; ++axis)
            if (a->extents[axis] != PyLong_AsSsize_t(PyTuple_GET_ITEM(fact(2), axis)) ||
                a->strides[axis] != PyLong_AsSsize_t(PyTuple_GET_ITEM(fact(3), axis)))
                return false;
    }
    return true;
}

/// Learns NumPy's types, once it is imported.
WARPX_COLD inline void attach_numpy() noexcept {
    if (numpy.ndarray) return;
    const ref module = loaded_module("numpy");
    ref array = attribute(module.get(), "ndarray"), generic = attribute(module.get(), "generic");
    if (!array || !generic || !PyType_Check(array.get()) || !PyType_Check(generic.get())) return;
    numpy.direct = may_calibrate() && numpy_layout_agrees();
    PyErr_Clear();
    numpy.generic = reinterpret_cast<PyTypeObject*>(generic.release());
    numpy.ndarray = reinterpret_cast<PyTypeObject*>(array.release());
}

/// The dtype of a NumPy dtype object that is not in the table: those of ml_dtypes by name, raw bytes; a
/// sentence for the rest.
WARPX_COLD inline dtype named_numpy_dtype(PyObject* descr, const char* argument) {
    static constexpr struct {
        const char* name;
        dtype type;
    } extra[] = {{"bfloat16", {dtype_code::bfloat, 16}},
                 {"float8_e3m4", {dtype_code::float8_e3m4, 8}},
                 {"float8_e4m3", {dtype_code::float8_e4m3, 8}},
                 {"float8_e4m3b11fnuz", {dtype_code::float8_e4m3b11fnuz, 8}},
                 {"float8_e4m3fn", {dtype_code::float8_e4m3fn, 8}},
                 {"float8_e4m3fnuz", {dtype_code::float8_e4m3fnuz, 8}},
                 {"float8_e5m2", {dtype_code::float8_e5m2, 8}},
                 {"float8_e5m2fnuz", {dtype_code::float8_e5m2fnuz, 8}},
                 {"float8_e8m0fnu", {dtype_code::float8_e8m0fnu, 8}}};
    const std::string text = utf8(attribute(descr, "str").get()), name = utf8(attribute(descr, "name").get());
    const ref fields = attribute(descr, "names");
    if (fields && fields.get() != Py_None)
        refuse_object(python::category::type, argument, "numbers", "a structured dtype, " + name,
                      "pass its fields one by one: a['field']");
    if (text[0] != '>')
        for (const auto& known : extra)
            if (name == known.name) return known.type;
    return parse_typestr(text.c_str());
}

/// Describes an exact numpy.ndarray through its struct. Borrows its lists. False where the struct must not be
/// read, or the dtype needs a closer look.
WARPX_INLINE bool describe_plain_ndarray(PyObject* object, tensor_desc& desc) noexcept {
    if (!numpy.direct) [[unlikely]]
        return false;
    const auto* a = reinterpret_cast<const numpy_array*>(object);
    const auto number = static_cast<unsigned>(a->descr->type_num);
    desc.data = a->data;
    desc.rank = a->rank;
    desc.extents = a->extents;
    desc.strides = a->strides;
    desc.stride_unit = stride_unit::bytes;
    desc.read_only = !(a->flags & numpy_writeable);
    if (number >= 24 || numpy_dtypes[number].bits == 0 || a->descr->byteorder == '>') [[unlikely]]
        return false;
    desc.dtype = numpy_dtypes[number];
    return true;
}
/// The same for every dtype; a sentence for those that are refused.
WARPX_COLD inline void describe_ndarray(PyObject* object, tensor_desc& desc, const char* argument) {
    if (!describe_plain_ndarray(object, desc))
        desc.dtype = named_numpy_dtype(
            reinterpret_cast<PyObject*>(reinterpret_cast<numpy_array*>(object)->descr), argument);
}

} // namespace py
} // namespace warpx::detail
