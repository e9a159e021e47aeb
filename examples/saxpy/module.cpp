// SPDX-License-Identifier: Apache-2.0
// module.cpp: saxpy as a Python extension module, with CPython's own API and nothing else.
#include <warpx/interop/python.hpp> // first: it includes Python.h

#include "saxpy.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__SSE2__)
#    include <emmintrin.h>
#endif

namespace {

namespace py = warpx::python;

// Below this many elements the work is shorter than releasing the GIL is worth.
constexpr int64_t release_from = 20000;

template <class T> void run(const py::tensor& x, const py::tensor& y, double a) {
    const auto in = x.borrow<const T, 1>();
    const auto out = y.borrow<T, 1>({.extents = in.extents()});
    if (out.size() < release_from) return warpx::launch<saxpy>(out.size(), in, out, static_cast<T>(a));
    const py::release_gil no_gil;
    warpx::launch<saxpy>(out.size(), in, out, static_cast<T>(a));
}

// saxpy(x, y, a): y = a * x + y, in place, for float32 and float64 vectors of any library. Returns y.
PyObject* saxpy_in_place(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "saxpy(x, y, a) takes 3 arguments (%zd given)", count);
    const double a = PyFloat_AsDouble(arguments[2]);
    if (a == -1.0 && PyErr_Occurred()) return nullptr;
    return py::call([&] {
        const py::tensor x(arguments[0], "x"), y(arguments[1], "y");
        if (y.desc().dtype == warpx::dtype_of<double>)
            run<double>(x, y, a);
        else
            run<float>(x, y, a);
        py::mark_written(arguments[1]);
        Py_INCREF(arguments[1]);
        return arguments[1];
    });
}

// pointer(x): the address of the first element, as warpx sees it.
PyObject* pointer(PyObject*, PyObject* object) {
    return py::call([&] { return PyLong_FromVoidPtr(py::tensor(object).desc().data); });
}

using clock_type = std::chrono::steady_clock;
double seconds_since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

// saxpy_vector(n, a, rounds): the same kernel over two std::vector<float>; x is 0, 1, 2, ... modulo 1024 and
// y is 1. Returns (y, address of y before, address after, seconds of the fastest round). Rounds after the
// first have a = 0.
PyObject* saxpy_vector(PyObject*, PyObject* arguments) {
    long long n = 0, rounds = 1;
    double a = 0;
    if (!PyArg_ParseTuple(arguments, "Ld|L", &n, &a, &rounds)) return nullptr;
    return py::call([&]() -> PyObject* {
        std::vector<float> x(static_cast<size_t>(n)), y(static_cast<size_t>(n), 1.0F);
        for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 1024);
        const void* before = y.data();
        double best = 1e300;
        {
            const py::release_gil no_gil;
            const auto in = warpx::from_range(static_cast<const std::vector<float>&>(x));
            const auto out = warpx::from_range(y);
            for (long long round = 0; round < rounds; ++round) {
                const auto start = clock_type::now();
                warpx::launch<saxpy>(n, in, out, round == 0 ? static_cast<float>(a) : 0.0F);
                const double seconds = seconds_since(start);
                if (seconds < best) best = seconds;
            }
        }
        const auto result = warpx::from_range(std::move(y)); // the array owns the vector now
        const void* after = result.data_handle();
        PyObject* object = py::to_python(result);
        return Py_BuildValue("(NNNd)", object, PyLong_FromVoidPtr(const_cast<void*>(before)),
                             PyLong_FromVoidPtr(const_cast<void*>(after)), best);
    });
}

// Copies past the caches where the instruction set lets it: memcpy reads what it overwrites, which costs half
// as much again and is not counted.
void copy(char* to, const char* from, size_t bytes) {
#if defined(__SSE2__)
    size_t k = 0;
    for (; k + 64 <= bytes; k += 64)
        for (size_t lane = k; lane < k + 64; lane += 16)
            _mm_stream_si128(reinterpret_cast<__m128i*>(to + lane),
                             _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + lane)));
    _mm_sfence();
    std::memcpy(to + k, from + k, bytes - k);
#else
    std::memcpy(to, from, bytes);
#endif
}

// copy_seconds(bytes, rounds): the fastest of some copies of that many bytes by all processors together.
PyObject* copy_seconds(PyObject*, PyObject* arguments) {
    long long bytes = 0, rounds = 1;
    if (!PyArg_ParseTuple(arguments, "LL", &bytes, &rounds)) return nullptr;
    return py::call([&] {
        const size_t parts = std::max(1U, std::thread::hardware_concurrency());
        const size_t part = static_cast<size_t>(bytes) / parts / 64 * 64;
        std::vector<char> from(part * parts, 1), to(part * parts, 2);
        double best = 1e300;
        {
            const py::release_gil no_gil;
            for (long long round = 0; round < rounds; ++round) {
                const auto start = clock_type::now();
                std::vector<std::thread> threads;
                for (size_t k = 0; k < parts; ++k)
                    threads.emplace_back(
                        [&, k] { copy(to.data() + k * part, from.data() + k * part, part); });
                for (auto& thread : threads) thread.join();
                best = std::min(best, seconds_since(start) * static_cast<double>(bytes) /
                                          static_cast<double>(part * parts));
            }
        }
        return PyFloat_FromDouble(best);
    });
}

PyMethodDef methods[] = {
    {"saxpy", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(saxpy_in_place)), METH_FASTCALL,
     "saxpy(x, y, a, /)\n--\n\ny = a * x + y, in place, for float32 and float64 vectors of any library; "
     "returns y."},
    {"pointer", pointer, METH_O, "pointer(x, /)\n--\n\nThe address of the first element, as warpx sees it."},
    {"saxpy_vector", saxpy_vector, METH_VARARGS,
     "saxpy_vector(n, a, rounds=1, /)\n--\n\nThe same over std::vector<float>: (y, address before, after, "
     "seconds)."},
    {"copy_seconds", copy_seconds, METH_VARARGS,
     "copy_seconds(bytes, rounds, /)\n--\n\nThe fastest copy of that many bytes by all processors "
     "together."},
    {nullptr, nullptr, 0, nullptr}};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "warpx_saxpy",
                          "One saxpy kernel over memory of any library.",
                          -1,
                          methods,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

} // namespace

PyMODINIT_FUNC PyInit_warpx_saxpy() { return PyModule_Create(&definition); }
