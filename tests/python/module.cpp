// SPDX-License-Identifier: Apache-2.0
// module.cpp: warpx_python_probe: hands Python objects to warpx and says what came of it; and makes what no
// well-behaved library makes (capsules with null deleters, wrong versions, exchange tables of old form).
#include <warpx/interop/python.hpp>

#include <warpx/warpx.hpp>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace py = warpx::python;
using warpx::detail::py::ref;

constexpr auto fill = [] WARPX_KERNEL(auto i, auto y, auto value) { y[i] = value; };

// -- Taking objects
// -------------------------------------------------------------------------------------------

template <class T, int N> PyObject* facts(const warpx::array<T, N>& a) {
    const ref extents(PyTuple_New(N)), strides(PyTuple_New(N));
    for (int axis = 0; axis < N; ++axis) {
        PyTuple_SET_ITEM(extents.get(), axis, PyLong_FromLongLong(a.extent(axis)));
        PyTuple_SET_ITEM(strides.get(), axis, PyLong_FromLongLong(a.stride(axis)));
    }
    double sum = 0;
    if constexpr (std::is_arithmetic_v<std::remove_const_t<T>>) {
        int64_t position[N > 0 ? N : 1] = {};
        for (int64_t left = a.size(); left > 0; --left) {
            int64_t offset = 0;
            for (int axis = 0; axis < N; ++axis) offset += position[axis] * a.stride(axis);
            sum += static_cast<double>(a.data_handle()[offset]);
            for (int axis = N - 1; axis >= 0 && ++position[axis] == a.extent(axis); --axis)
                position[axis] = 0;
        }
    }
    return Py_BuildValue("{s:N,s:O,s:O,s:O,s:d}", "data",
                         PyLong_FromVoidPtr(const_cast<void*>(static_cast<const void*>(a.data_handle()))),
                         "shape", extents.get(), "strides", strides.get(), "borrowed",
                         a.is_borrowed() ? Py_True : Py_False, "sum", sum);
}

struct request {
    PyObject* object;
    std::string type;
    int rank;
    bool allow_gradient;
};
template <int N> py::import_options<N> options_of(const request& r) {
    py::import_options<N> options;
    options.name = "x";
    options.allow_gradient = r.allow_gradient;
    return options;
}
template <class T, int N> PyObject* read_as(const request& r) {
    return facts(py::borrow<const T, N>(r.object, options_of<N>(r)));
}
template <class T, int N> PyObject* write_as(const request& r) {
    const auto a = py::borrow<T, N>(r.object, options_of<N>(r));
    if constexpr (N == 1) warpx::launch<fill>(a.size(), a, T(7));
    py::mark_written(r.object);
    return facts(a);
}
template <template <class, int> class Action> PyObject* by_type(const request& r) {
    if (r.type == "float32") {
        if (r.rank == 0) return Action<float, 0>{}(r);
        if (r.rank == 1) return Action<float, 1>{}(r);
        if (r.rank == 2) return Action<float, 2>{}(r);
        if (r.rank == 3) return Action<float, 3>{}(r);
    }
    if (r.type == "float64") return Action<double, 1>{}(r);
    if (r.type == "float16") return Action<warpx::half, 1>{}(r);
    if (r.type == "bfloat16") return Action<warpx::bfloat16, 1>{}(r);
    if (r.type == "int8") return Action<int8_t, 1>{}(r);
    if (r.type == "int32") return Action<int32_t, 1>{}(r);
    if (r.type == "int64") return Action<int64_t, 1>{}(r);
    if (r.type == "uint8") return Action<uint8_t, 1>{}(r);
    if (r.type == "uint16") return Action<uint16_t, 1>{}(r);
    if (r.type == "bool") return Action<bool, 1>{}(r);
    if (r.type == "float8_e4m3fn") return Action<warpx::float8_e4m3fn, 1>{}(r);
    if (r.type == "complex64") return Action<warpx::complex<float>, 1>{}(r);
    if (r.type == "vec3f") return Action<warpx::vec<float, 3>, 1>{}(r);
    PyErr_SetString(PyExc_KeyError, r.type.c_str());
    return nullptr;
}
template <class T, int N> struct reading {
    PyObject* operator()(const request& r) const { return read_as<T, N>(r); }
};
template <class T, int N> struct writing {
    PyObject* operator()(const request& r) const {
        if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
            return write_as<T, N>(r);
        else
            return facts(py::borrow<T, N>(r.object, options_of<N>(r)));
    }
};

PyObject* take(PyObject* arguments, PyObject* keywords, bool write) {
    PyObject* object = nullptr;
    const char* type = "float32";
    int rank = 1, allow_gradient = 0;
    static const char* names[] = {"object", "type", "rank", "allow_gradient", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|sip", const_cast<char**>(names), &object, &type,
                                     &rank, &allow_gradient))
        return nullptr;
    const request r{object, type, rank, allow_gradient != 0};
    return py::call([&] { return write ? by_type<writing>(r) : by_type<reading>(r); });
}
PyObject* read(PyObject*, PyObject* arguments, PyObject* keywords) {
    return take(arguments, keywords, false);
}
PyObject* write(PyObject*, PyObject* arguments, PyObject* keywords) {
    return take(arguments, keywords, true);
}

PyObject* describe(PyObject*, PyObject* object) {
    return py::call([&] {
        const py::tensor t(object);
        return PyUnicode_FromString(to_string(t.desc()).c_str());
    });
}

// Takes an object while an exception is pending; returns the text of the exception that is pending after.
PyObject* read_while_pending(PyObject*, PyObject* object) {
    PyErr_SetString(PyExc_KeyError, "pending");
    std::string said = "accepted";
    try {
        const auto a = py::keep<const float, 1>(object);
    } catch (const warpx::bind_error& e) {
        said = e.what();
    }
    if (!PyErr_Occurred()) return PyErr_Format(PyExc_AssertionError, "the exception is gone");
    const bool same = PyErr_ExceptionMatches(PyExc_KeyError);
    PyErr_Clear();
    return Py_BuildValue("(sO)", said.c_str(), same ? Py_True : Py_False);
}

// -- Keeping
// --------------------------------------------------------------------------------------------------

std::vector<warpx::array<const float, 1>> kept;

PyObject* keep(PyObject*, PyObject* object) {
    return py::call([&] {
        kept.push_back(py::keep<const float, 1>(object));
        return facts(kept.back());
    });
}
PyObject* read_kept(PyObject*, PyObject*) {
    return py::call([&] { return facts(kept.at(0)); });
}
// Drops what was kept: on this thread with the GIL, on this thread without it, on another thread.
PyObject* drop(PyObject*, PyObject* where) {
    const std::string text = PyUnicode_AsUTF8(where);
    if (text == "here") {
        kept.clear();
    } else if (text == "without the GIL") {
        const py::release_gil no_gil;
        kept.clear();
    } else {
        const py::release_gil no_gil;
        std::thread([] { kept.clear(); }).join();
    }
    Py_RETURN_NONE;
}
// Leaves what was kept to a static object, whose destructor runs after the interpreter.
struct after_the_end {
    std::vector<warpx::array<const float, 1>> arrays;
    ~after_the_end() { arrays.clear(); }
};
after_the_end last;
PyObject* keep_to_the_end(PyObject*, PyObject*) {
    last.arrays.swap(kept);
    Py_RETURN_NONE;
}

// Holds an array for some milliseconds without the GIL, then sums it.
PyObject* sum_later(PyObject*, PyObject* arguments) {
    PyObject* object = nullptr;
    int milliseconds = 0;
    if (!PyArg_ParseTuple(arguments, "Oi", &object, &milliseconds)) return nullptr;
    return py::call([&] {
        auto a = py::keep<const float, 1>(object);
        double sum = 0;
        {
            const py::release_gil no_gil;
            std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
            for (int64_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]);
        }
        return PyFloat_FromDouble(sum);
    });
}

// -- Giving
// ---------------------------------------------------------------------------------------------------

int released = 0;

PyObject* export_array(PyObject*, PyObject* kind_object) {
    const std::string kind = PyUnicode_AsUTF8(kind_object);
    return py::call([&]() -> PyObject* {
        if (kind == "arange") return py::to_python(warpx::arange<float>(6));
        if (kind == "readonly") return py::to_python(warpx::array<const float, 1>(warpx::arange<float>(6)));
        if (kind == "vec3") return py::to_python(warpx::zeros<warpx::vec<float, 3>>(4));
        if (kind == "bfloat16") return py::to_python(warpx::zeros<warpx::bfloat16>(4));
        if (kind == "empty") return py::to_python(warpx::array<float, 2>());
        if (kind == "scalar") return py::to_python(warpx::full<float>(warpx::shape<0>(), 3.0F));
        if (kind == "stack") {
            float local[4] = {};
            return py::to_python(warpx::from_range(local));
        }
        if (kind == "owner") {
            auto* memory = new float[4]{1, 2, 3, 4};
            auto owner = warpx::make_owner([memory] {
                delete[] memory;
                ++released;
            });
            return py::to_python(warpx::from_pointer<float, 1>(memory, {4}), std::move(owner));
        }
        PyErr_SetString(PyExc_KeyError, kind.c_str());
        return nullptr;
    });
}
PyObject* export_again(PyObject*, PyObject* object) {
    return py::call([&] { return py::to_python(py::keep<float, 1>(object)); });
}
PyObject* releases(PyObject*, PyObject*) { return PyLong_FromLong(released); }

PyObject* raise(PyObject*, PyObject* kind_object) {
    const std::string kind = PyUnicode_AsUTF8(kind_object);
    return py::call([&]() -> PyObject* {
        if (kind == "bind") throw warpx::bind_error("bind");
        if (kind == "launch") throw warpx::launch_error("launch");
        if (kind == "index") throw warpx::index_error("index");
        if (kind == "memory") throw std::bad_alloc();
        if (kind == "runtime") throw std::runtime_error("runtime");
        throw 1;
    });
}

// -- Capsules and tables that no library makes
// ----------------------------------------------------------------

float memory[64];
int deletions = 0;
int64_t capsule_shape[1], capsule_strides[1];

// capsule(versioned=False, major=1, n=4, strides=True, offset=0, code=2, bits=32, lanes=1, device=1,
// deleter=True,
//         read_only=False, name=None, null=False)
PyObject* capsule(PyObject*, PyObject* arguments, PyObject* keywords) {
    int versioned = 0, major = 1, n = 4, strides = 1, offset = 0, code = 2, bits = 32, lanes = 1, device = 1,
        deleter = 1, read_only = 0, null = 0;
    const char* name = nullptr;
    static const char* names[] = {"versioned", "major",  "n",       "strides",   "offset", "code", "bits",
                                  "lanes",     "device", "deleter", "read_only", "name",   "null", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|$piipiiiiippzp", const_cast<char**>(names),
                                     &versioned, &major, &n, &strides, &offset, &code, &bits, &lanes, &device,
                                     &deleter, &read_only, &name, &null))
        return nullptr;
    for (int k = 0; k < 64; ++k) memory[k] = static_cast<float>(k);
    capsule_shape[0] = n;
    capsule_strides[0] = 1;
    DLTensor t{};
    t.data = null ? nullptr : memory;
    t.device = {static_cast<DLDeviceType>(device), 0};
    t.ndim = 1;
    t.dtype = {static_cast<uint8_t>(code), static_cast<uint8_t>(bits), static_cast<uint16_t>(lanes)};
    t.shape = capsule_shape;
    t.strides = strides ? capsule_strides : nullptr;
    t.byte_offset = static_cast<uint64_t>(offset);
    if (versioned) {
        auto* m = new DLManagedTensorVersioned{};
        m->version = {static_cast<uint32_t>(major), 0};
        m->flags = read_only ? 1 : 0;
        m->dl_tensor = t;
        if (deleter)
            m->deleter = [](DLManagedTensorVersioned* self) {
                ++deletions;
                delete self;
            };
        return PyCapsule_New(m, name ? name : "dltensor_versioned", nullptr);
    }
    auto* m = new DLManagedTensor{};
    m->dl_tensor = t;
    if (deleter)
        m->deleter = [](DLManagedTensor* self) {
            ++deletions;
            delete self;
        };
    return PyCapsule_New(m, name ? name : "dltensor", nullptr);
}
PyObject* deleted(PyObject*, PyObject*) {
    const int count = deletions;
    deletions = 0;
    return PyLong_FromLong(count);
}
PyObject* capsule_name(PyObject*, PyObject* object) {
    const char* name = PyCapsule_GetName(object);
    return name ? PyUnicode_FromString(name) : nullptr;
}

warpx::detail::dlpack_exchange_api tables[3]; // of version 1, of version 2, of version 2 before version 1
int64_t table_calls = 0;

int borrow_from_table(void*, DLTensor* out) {
    ++table_calls;
    static int64_t shape[1] = {5}, strides[1] = {1};
    *out = {};
    out->data = memory;
    out->device = {kDLCPU, 0};
    out->ndim = 1;
    out->dtype = {2, 32, 1};
    out->shape = shape;
    out->strides = strides;
    return 0;
}
int fail_from_table(void*, DLTensor*) {
    PyErr_SetString(PyExc_RuntimeError, "a table of an unknown version was used");
    return -1;
}
// exchange(form, table): form "capsule" or "int"; table 0: version 1; 1: version 2; 2: version 2 that leads
// to version 1.
PyObject* exchange(PyObject*, PyObject* arguments) {
    const char* form = nullptr;
    int number = 0;
    if (!PyArg_ParseTuple(arguments, "si", &form, &number)) return nullptr;
    for (int k = 0; k < 3; ++k) {
        tables[k] = {};
        tables[k].header.version = {k == 0 ? 1U : 2U, 0};
        tables[k].dltensor_from_py_object_no_sync = k == 0 ? borrow_from_table : fail_from_table;
    }
    tables[2].header.prev_api = &tables[0].header;
    if (std::strcmp(form, "int") == 0) return PyLong_FromVoidPtr(&tables[number]);
    return PyCapsule_New(&tables[number], "dlpack_exchange_api", nullptr);
}
PyObject* exchange_calls(PyObject*, PyObject*) {
    const auto count = table_calls;
    table_calls = 0;
    return PyLong_FromLongLong(count);
}

PyObject* calibration(PyObject*, PyObject*) {
    const auto& torch = warpx::detail::py::torch;
    return Py_BuildValue("{s:O,s:O,s:O}", "numpy", warpx::detail::py::numpy.direct ? Py_True : Py_False,
                         "torch", torch.impl_offset ? Py_True : Py_False, "torch_version",
                         torch.counter_offset ? Py_True : Py_False);
}

PyCFunction function(PyCFunctionWithKeywords f) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}
PyMethodDef methods[] = {{"read", function(read), METH_VARARGS | METH_KEYWORDS, nullptr},
                         {"write", function(write), METH_VARARGS | METH_KEYWORDS, nullptr},
                         {"describe", describe, METH_O, nullptr},
                         {"read_while_pending", read_while_pending, METH_O, nullptr},
                         {"keep", keep, METH_O, nullptr},
                         {"read_kept", read_kept, METH_NOARGS, nullptr},
                         {"drop", drop, METH_O, nullptr},
                         {"keep_to_the_end", keep_to_the_end, METH_NOARGS, nullptr},
                         {"sum_later", sum_later, METH_VARARGS, nullptr},
                         {"export", export_array, METH_O, nullptr},
                         {"export_again", export_again, METH_O, nullptr},
                         {"releases", releases, METH_NOARGS, nullptr},
                         {"raise_", raise, METH_O, nullptr},
                         {"capsule", function(capsule), METH_VARARGS | METH_KEYWORDS, nullptr},
                         {"deleted", deleted, METH_NOARGS, nullptr},
                         {"capsule_name", capsule_name, METH_O, nullptr},
                         {"exchange", exchange, METH_VARARGS, nullptr},
                         {"exchange_calls", exchange_calls, METH_NOARGS, nullptr},
                         {"calibration", calibration, METH_NOARGS, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "warpx_python_probe", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

} // namespace

PyMODINIT_FUNC PyInit_warpx_python_probe() { return PyModule_Create(&definition); }
