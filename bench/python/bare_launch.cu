// SPDX-License-Identifier: Apache-2.0
// bare_launch.cu: bench_bare_launch: saxpy(x, y, a) with addresses as integers, one element: what a call from
// Python to a CUDA kernel costs at least.
#include <Python.h>

namespace {

__global__ void saxpy_kernel(const float* x, float* y, float a, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) y[i] += a * x[i];
}

PyObject* saxpy(PyObject*, PyObject* const* arguments, Py_ssize_t) {
    auto* x = static_cast<const float*>(PyLong_AsVoidPtr(arguments[0]));
    auto* y = static_cast<float*>(PyLong_AsVoidPtr(arguments[1]));
    saxpy_kernel<<<1, 32>>>(x, y, static_cast<float>(PyFloat_AS_DOUBLE(arguments[2])), 1);
    Py_RETURN_NONE;
}

PyMethodDef methods[] = {{"saxpy", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(saxpy)),
                          METH_FASTCALL, "saxpy(address of x, address of y, a)"},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "bench_bare_launch", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

} // namespace

PyMODINIT_FUNC PyInit_bench_bare_launch() { return PyModule_Create(&definition); }
