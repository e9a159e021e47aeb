// SPDX-License-Identifier: Apache-2.0
// route.hpp: whether a framework must see a call (gradients, tracing, modes), and the way to the glue that
// shows it.
#pragma once

#include "runtime.hpp" // Python.h first

#include "arguments.hpp"
#include "cuda_arrays.hpp"
#include "outputs.hpp"

#include <dlfcn.h>

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// Whether PyTorch records a gradient for this tensor, or carries a tangent with it.
WARPX_COLD inline bool torch_differentiates(PyObject* tensor) {
    const error_scope pending;
    const ref requires_grad(PyObject_GetAttr(tensor, torch.s_requires_grad));
    if (requires_grad.get() == Py_True) {
        const ref enabled(PyObject_CallNoArgs(torch.is_grad_enabled));
        if (enabled.get() != Py_False) return true;
    }
    PyObject* level = torch.forward_ad ? PyDict_GetItemWithError(torch.forward_ad, torch.s_level) : nullptr;
    PyErr_Clear();
    if (!level || (PyLong_CheckExact(level) && PyLong_AsLong(level) < 0) || !torch.unpack_dual) return false;
    const ref dual(PyObject_CallOneArg(torch.unpack_dual, tensor)),
        tangent = attribute(dual.get(), "tangent");
    PyErr_Clear();
    return !tangent || tangent.get() != Py_None;
}
/// Whether the memory of a tensor is not its value: fake, functional, meta, or wrapped by torch.func.
WARPX_COLD inline bool torch_wraps(PyObject* tensor) {
    const error_scope pending;
    return torch_says(torch.is_functional, tensor) || torch_says(torch.is_wrapped, tensor) ||
           torch_flag(tensor, "is_meta");
}
/// Whether a tensor's call belongs to the glue. Throws for tensors whose memory is not what it seems and that
/// PyTorch itself cannot help with (lazy conjugates, sparse ones).
inline bool torch_needs_glue(PyObject* tensor, const char* name) {
    torch_state& s = torch;
    if (!s.impl_offset) [[unlikely]] {
        if (torch_wraps(tensor)) return true;
        official_torch_checks(tensor, name);
        return torch_differentiates(tensor);
    }
    const char* impl = torch_impl(tensor);
    const auto keys = word_at<uint64_t>(impl, s.keys_offset);
    if (keys != s.known_keys[0]) [[unlikely]] {
        bool known = false;
        for (int k = 1; k < s.known_count; ++k) known = known || keys == s.known_keys[k];
        if (!known) {
            if (torch_wraps(tensor)) return true;
            official_torch_checks(tensor, name);
            if (s.known_count < 8) s.known_keys[s.known_count++] = keys;
        }
    }
    return word_at<void*>(impl, s.meta_offset) && torch_differentiates(tensor);
}
/// The function of PyTorch's C++ core that says whether a dispatch mode is active, found by its name; null
/// unless it says the same as the Python function, which takes ten times as long, with a mode and without.
WARPX_COLD inline bool (*find_mode_test() noexcept)(bool) {
    void* const core = may_calibrate() ? dlopen("libc10.so", RTLD_LAZY | RTLD_NOLOAD) : nullptr;
    if (!core) return nullptr;
    const auto any_set =
        reinterpret_cast<bool (*)(bool)>(dlsym(core, "_ZN3c104impl20TorchDispatchModeTLS13any_modes_setEb"));
    if (!any_set) return nullptr;
    const ref names = run_lines(R"(
from torch._C import _len_torch_dispatch_stack as count
from torch.utils._python_dispatch import TorchDispatchMode
mode = TorchDispatchMode()
before = count()
def enter(): mode.__enter__()
def leave(): mode.__exit__(None, None, None)
)");
    if (!names) return nullptr;
    const auto call = [&](const char* name) {
        const ref done(PyObject_CallNoArgs(PyDict_GetItemString(names.get(), name)));
        PyErr_Clear();
        return static_cast<bool>(done);
    };
    const bool none = PyLong_AsLong(PyDict_GetItemString(names.get(), "before")) == 0 && !any_set(false);
    if (!call("enter")) return nullptr;
    const bool one = any_set(false);
    return call("leave") && none && one && !any_set(false) ? any_set : nullptr;
}

/// Whether a mode is active that must see every operation: fake tensors, make_fx.
inline bool torch_modes_active() {
    module_state& s = module_data;
    if (!s.mode_count) [[unlikely]] {
        const ref c = attribute(loaded_module("torch").get(), "_C");
        ref count = attribute(c.get(), "_len_torch_dispatch_stack");
        PyErr_Clear();
        s.mode_count = count ? count.release() : ref::copy(Py_None).release();
        s.any_mode = find_mode_test(); // once: under a mode it finds nothing, and the slow way remains
    }
    if (s.any_mode) [[likely]]
        return s.any_mode(false);
    if (s.mode_count == Py_None) return true; // cannot be asked: let PyTorch decide
    const ref count(PyObject_CallNoArgs(s.mode_count));
    if (!count) PyErr_Clear();
    return !count || PyLong_AsLong(count.get()) != 0;
}

WARPX_COLD inline bool other_needs_glue(PyObject* object) {
    if (object == Py_None || PyLong_Check(object) || PyFloat_Check(object) || PyComplex_Check(object))
        return false;
    attach_numpy();
    attach_torch();
    const family whose = slow_family(object);
    PyTypeObject* type = Py_TYPE(object);
    if (whose == family::torch) return type != torch.tensor && type != torch.parameter; // subclasses
    if (whose == family::jax) return true;
    if (whose == family::paddle) {
        const ref stop = attribute(object, "stop_gradient");
        return stop.get() == Py_False;
    }
    return false;
}

/// Whether the glue must see the call.
WARPX_INLINE bool needs_glue(const operation_description& d, const call_objects& objects) {
    bool any_torch = false;
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        PyObject* object = objects.of[k];
        if (!object) continue;
        PyTypeObject* type = Py_TYPE(object);
        if (type == numpy.ndarray || type == &PyFloat_Type) continue;
        if (type == torch.tensor || type == torch.parameter) {
            any_torch = true;
            if (torch_needs_glue(object, d.parameters[k].name)) return true;
        } else if (const exchange_entry* known = known_exchange(type)) {
            if (records_gradient(*known, object)) return true;
        } else if (type == cuda_arrays.cupy || type == cuda_arrays.numba) {
            continue;
        } else if (other_needs_glue(object)) {
            return true;
        } else if (type == torch.tensor || type == torch.parameter) { // just learned
            any_torch = true;
            if (torch_needs_glue(object, d.parameters[k].name)) return true;
        }
    }
    return any_torch && torch_modes_active();
}

WARPX_COLD inline PyObject* call_glue(const bound_operation& op, PyObject* const* arguments, Py_ssize_t count,
                                      PyObject* keywords) {
    module_state& s = module_data;
    if (!s.dispatch) {
        const ref glue(PyImport_ImportModule("warpx"));
        if (!glue) {
            if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) throw python::pending_error();
            PyErr_Clear();
            throw python::argument_error(python::category::type,
                                         sentence(std::string(op.description->name) + "()",
                                                  "the Python package warpx, for arrays with gradients, "
                                                  "traced arrays and JAX arrays",
                                                  "none", "pip install warpx"));
        }
        s.dispatch = made(PyObject_GetAttrString(glue.get(), "_dispatch")).release();
    }
    const ref positional(PyTuple_New(count)), named(PyDict_New()),
        name(PyUnicode_FromString(op.description->name));
    if (!positional || !named || !name) throw python::pending_error();
    for (Py_ssize_t k = 0; k < count; ++k) {
        Py_INCREF(arguments[k]);
        PyTuple_SET_ITEM(positional.get(), k, arguments[k]);
    }
    for (Py_ssize_t k = 0; keywords && k < PyTuple_GET_SIZE(keywords); ++k)
        if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(keywords, k), arguments[count + k]) < 0)
            throw python::pending_error();
    return PyObject_CallFunctionObjArgs(s.dispatch, s.module, name.get(), positional.get(), named.get(),
                                        nullptr);
}

} // namespace py
} // namespace warpx::detail
