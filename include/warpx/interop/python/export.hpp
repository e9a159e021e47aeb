// SPDX-License-Identifier: Apache-2.0
// export.hpp: an array as a Python object with __dlpack__, for numpy.from_dlpack, torch.from_dlpack and
// others.
#pragma once

#include "runtime.hpp" // Python.h first

#include "../dlpack.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// The object: a description with its lists, and a reference to the memory.
struct exported_array {
    PyObject_HEAD tensor_desc desc;
    owner_ref keeper;
    int64_t* lists; // extents, then strides
};
inline PyTypeObject* exported_type = nullptr;

/// One managed tensor with its lists and its own reference, rank known at run time.
template <class Managed> struct managed_export {
    Managed managed{};
    owner_ref keeper;
    int64_t* lists = nullptr;

    static Managed* make(const exported_array& source) {
        const auto rank = static_cast<size_t>(source.desc.rank);
        auto* block = new managed_export;
        block->lists = new (std::nothrow) int64_t[2 * rank + 1];
        if (!block->lists) {
            delete block;
            throw std::bad_alloc();
        }
        memcpy(block->lists, source.lists, 2 * rank * sizeof(int64_t));
        block->keeper = source.keeper;
        DLTensor& t = block->managed.dl_tensor;
        t.data = source.desc.data;
        t.device = {static_cast<DLDeviceType>(source.desc.device), source.desc.device_id};
        t.ndim = source.desc.rank;
        t.dtype = {static_cast<uint8_t>(source.desc.dtype.code), source.desc.dtype.bits,
                   source.desc.dtype.lanes};
        t.shape = block->lists;
        t.strides = block->lists + rank;
        block->managed.manager_ctx = block;
        block->managed.deleter = [](Managed* self) {
            auto* mine = static_cast<managed_export*>(self->manager_ctx);
            delete[] mine->lists;
            delete mine;
        };
        return &block->managed;
    }
    /// Of a capsule that nobody consumed. An exception may be pending here and must stay.
    static void drop(PyObject* capsule, const char* name) noexcept {
        if (!PyCapsule_IsValid(capsule, name)) return; // renamed: the consumer calls the deleter
        const error_scope pending;
        auto* m = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
        if (m && m->deleter) m->deleter(m);
        PyErr_Clear();
    }
};

inline PyObject* exported_dlpack(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                 PyObject* names) noexcept {
    return python::call([&]() -> PyObject* {
        const auto& source = *reinterpret_cast<const exported_array*>(self);
        bool versioned = false;
        if (count != 0) {
            PyErr_SetString(PyExc_TypeError, "__dlpack__() takes keyword arguments only");
            return nullptr;
        }
        for (Py_ssize_t k = 0; names && k < PyTuple_GET_SIZE(names); ++k) {
            const std::string name = utf8(PyTuple_GET_ITEM(names, k));
            PyObject* value = arguments[k];
            if (value == Py_None) continue;
            if (name == "max_version") {
                const ref major(PySequence_GetItem(value, 0));
                const long number = major ? PyLong_AsLong(major.get()) : -1;
                if (PyErr_Occurred()) return nullptr;
                versioned = number >= 1;
            } else if (name == "copy") {
                if (PyObject_IsTrue(value) == 0) continue;
                PyErr_SetString(PyExc_BufferError,
                                "warpx exports memory without copying; copy the result instead");
                return nullptr;
            } else if (name == "dl_device") {
                int type = 0, id = 0;
                if (!PyArg_ParseTuple(value, "ii", &type, &id)) return nullptr;
                if (type == static_cast<int>(source.desc.device) && id == source.desc.device_id) continue;
                PyErr_SetString(PyExc_BufferError,
                                "warpx exports memory where it is; copy the result instead");
                return nullptr;
            } else if (name != "stream") {
                PyErr_Format(PyExc_TypeError, "__dlpack__() got an unexpected keyword argument '%s'",
                             name.c_str());
                return nullptr;
            }
        }
        if (versioned) {
            using block = managed_export<DLManagedTensorVersioned>;
            DLManagedTensorVersioned* m = block::make(source);
            m->version = {dlpack_major, dlpack_minor};
            m->flags = source.desc.read_only ? dlpack_read_only : 0;
            PyObject* capsule = PyCapsule_New(m, "dltensor_versioned",
                                              [](PyObject* c) { block::drop(c, "dltensor_versioned"); });
            if (!capsule) m->deleter(m);
            return capsule;
        }
        if (source.desc.read_only) {
            PyErr_SetString(
                PyExc_BufferError,
                "this memory is read-only, which DLPack before 1.0 cannot say: pass max_version=(1, 0)");
            return nullptr;
        }
        using block = managed_export<DLManagedTensor>;
        DLManagedTensor* m = block::make(source);
        PyObject* capsule = PyCapsule_New(m, "dltensor", [](PyObject* c) { block::drop(c, "dltensor"); });
        if (!capsule) m->deleter(m);
        return capsule;
    });
}
inline PyObject* exported_device(PyObject* self, PyObject*) noexcept {
    const auto& desc = reinterpret_cast<const exported_array*>(self)->desc;
    return Py_BuildValue("(ii)", static_cast<int>(desc.device), desc.device_id);
}
inline void exported_dealloc(PyObject* self) noexcept {
    const error_scope pending;
    auto* object = reinterpret_cast<exported_array*>(self);
    PyTypeObject* type = Py_TYPE(self);
    object->keeper.~owner_ref();
    delete[] object->lists;
    type->tp_free(self);
    Py_DECREF(type);
}
inline PyObject* exported_repr(PyObject* self) noexcept {
    return python::call([self] {
        const std::string text =
            "<warpx array: " + to_string(reinterpret_cast<const exported_array*>(self)->desc) + ">";
        return PyUnicode_FromString(text.c_str());
    });
}

inline PyTypeObject* make_exported_type() noexcept {
    static PyMethodDef methods[] = {
        {"__dlpack__", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(exported_dlpack)),
         METH_FASTCALL | METH_KEYWORDS, "A DLPack capsule over this memory, which it keeps alive."},
        {"__dlpack_device__", exported_device, METH_NOARGS, "(device type, device id)"},
        {nullptr, nullptr, 0, nullptr}};
    static PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void*>(exported_dealloc)},
        {Py_tp_repr, reinterpret_cast<void*>(exported_repr)},
        {Py_tp_methods, methods},
        {Py_tp_doc,
         const_cast<char*>("Memory of a warpx array; take it with numpy.from_dlpack or torch.from_dlpack.")},
        {0, nullptr}};
    static PyType_Spec spec = {"warpx.array", sizeof(exported_array), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

} // namespace py
} // namespace warpx::detail

namespace warpx::python {

/// An array as a Python object that has `__dlpack__` (versioned and legacy) and `__dlpack_device__`: a new
/// reference. It shares the memory and keeps it alive through `keeper`, which may be dropped on any thread;
/// `const T` is read-only for those who ask with max_version, and BufferError for the others. Vec and mat
/// elements are trailing axes. Throws bind_error for memory without an owner (a C++ stack or vector that may
/// be gone before Python is done with it) and for records of mixed fields. Requires the GIL.
template <class T, int N, class Device>
[[nodiscard]] PyObject* to_python(const array<T, N, Device>& a, owner_ref keeper) {
    namespace py = detail::py;
    if (!is_scalar_v<scalar_t<T>>)
        detail::refuse_export(detail::type_name<array<T, N, Device>>(),
                              "records with fields of different types",
                              "export the fields as arrays of their own");
    if (!keeper && !a.empty())
        throw argument_error(
            category::buffer,
            detail::sentence(detail::type_name<array<T, N, Device>>() + " to Python", "memory with an owner",
                             "borrowed memory, which may end before Python is done with it",
                             "pass an owner: to_python(a, make_owner(...)), or allocate with warpx::empty"));
    if (!py::exported_type && !(py::exported_type = py::make_exported_type())) throw pending_error();
    constexpr auto rank = static_cast<size_t>(N + element_traits<std::remove_const_t<T>>::rank);
    auto* lists = new int64_t[2 * rank + 1];
    int64_t extents[N + 2], strides[N + 2];
    tensor_desc desc = describe(a, extents, strides);
    PyObject* object = py::exported_type->tp_alloc(py::exported_type, 0);
    if (!object) {
        delete[] lists;
        throw pending_error();
    }
    memcpy(lists, extents, rank * sizeof(int64_t));
    memcpy(lists + rank, strides, rank * sizeof(int64_t));
    if (a.empty()) desc.data = nullptr;
    if (desc.device != device_kind::cuda) desc.device_id = 0;
    desc.extents = lists;
    desc.strides = lists + rank;
    auto* exported = reinterpret_cast<py::exported_array*>(object);
    exported->desc = desc;
    new (&exported->keeper) owner_ref(static_cast<owner_ref&&>(keeper));
    exported->lists = lists;
    return object;
}
template <class T, int N, class Device> [[nodiscard]] PyObject* to_python(const array<T, N, Device>& a) {
    return to_python(a, a.keeper());
}

} // namespace warpx::python
