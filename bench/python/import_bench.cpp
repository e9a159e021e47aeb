// SPDX-License-Identifier: Apache-2.0
// import_bench.cpp: what it costs to take one array that Python hands over, in a loop in C++: all checks, the
// gate, and the end of the array. And the loop that calls a Python function, for peers that only offer that.
#include <warpx/interop/python.hpp>

#include <chrono>

namespace {

namespace py = warpx::python;
using clock_type = std::chrono::steady_clock;

PyObject* nanoseconds(clock_type::time_point start, long count) {
    const std::chrono::duration<double, std::nano> time = clock_type::now() - start;
    return PyFloat_FromDouble(time.count() / static_cast<double>(count));
}

template <bool Keep> PyObject* take(PyObject*, PyObject* arguments) {
    PyObject* object = nullptr;
    long count = 0;
    if (!PyArg_ParseTuple(arguments, "Ol", &object, &count)) return nullptr;
    return py::call([&] {
        const auto start = clock_type::now();
        for (long k = 0; k < count; ++k) {
            const auto a = Keep ? py::keep<float, 1>(object) : py::borrow<float, 1>(object);
            asm volatile("" ::"r"(a.data_handle()), "r"(a.extent(0)), "r"(a.stride(0)) : "memory");
        }
        return nanoseconds(start, count);
    });
}

// call(function, argument, count): nanoseconds of function(argument).
PyObject* call(PyObject*, PyObject* arguments) {
    PyObject *function = nullptr, *argument = nullptr;
    long count = 0;
    if (!PyArg_ParseTuple(arguments, "OOl", &function, &argument, &count)) return nullptr;
    const auto start = clock_type::now();
    for (long k = 0; k < count; ++k) {
        PyObject* result = PyObject_CallOneArg(function, argument);
        if (!result) return nullptr;
        Py_DECREF(result);
    }
    return nanoseconds(start, count);
}

PyMethodDef methods[] = {
    {"borrow", take<false>, METH_VARARGS, "borrow(object, count): nanoseconds of one borrow"},
    {"keep", take<true>, METH_VARARGS, "keep(object, count): nanoseconds of one keep"},
    {"call", call, METH_VARARGS, "call(function, argument, count): nanoseconds of one call"},
    {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "bench_python", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

} // namespace

PyMODINIT_FUNC PyInit_bench_python() { return PyModule_Create(&definition); }
