// SPDX-License-Identifier: Apache-2.0
// torch.hpp: PyTorch tensors: what must be asked before their memory may be read, by one word compared with a
// calibrated one, or by PyTorch's own functions.
//
// The C exchange API hands out the memory of any tensor: unconjugated for a lazy conjugate, null for a fake
// one, without the tangent of a dual one, past autograd. All of these but the last two show in the tensor's
// dispatch key set. Its place in memory is learned at the first tensor, by comparing memory with what PyTorch
// says of several tensors; when anything disagrees, the official functions are called instead (slower).
#pragma once

#include "runtime.hpp" // Python.h first

#include "../dlpack.hpp"
#include "numpy.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

struct torch_state {
    PyTypeObject* tensor = nullptr; // null until an object needs PyTorch and it is imported
    PyTypeObject* parameter = nullptr;
    const dlpack_exchange_api* api = nullptr;
    // Offsets of the calibrated fields; impl_offset 0: not calibrated.
    int impl_offset = 0;    // in the Python object: TensorImpl*
    int keys_offset = 0;    // in TensorImpl: the key set, 64 bits
    int meta_offset = 0;    // in TensorImpl: autograd metadata, null for tensors that never had any
    int counter_offset = 0; // in TensorImpl: version counter block; 0: not calibrated
    int version_offset = 0; // in that block: the version, 32 bits
    int attempts = 0;
    int known_count = 0;
    uint64_t known_keys[8] = {}; // key sets whose tensors passed the official checks
    // Official functions, and names of attributes.
    PyObject *strided = nullptr, *is_grad_enabled = nullptr, *is_functional = nullptr, *is_wrapped = nullptr,
             *forward_ad = nullptr, *unpack_dual = nullptr, *increment_version = nullptr, *dispatch = nullptr;
    PyObject *s_requires_grad = nullptr, *s_level = nullptr;
};
inline torch_state torch;

/// Copies memory that may not be there: the kernel checks the address. Used while calibrating only.
class careful_reader {
public:
    careful_reader() noexcept {
        if (pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
    }
    careful_reader(const careful_reader&) = delete;
    ~careful_reader() {
        if (ends_[0] < 0) return;
        close(ends_[0]);
        close(ends_[1]);
    }
    bool read(uintptr_t from, void* to, size_t bytes) const noexcept {
        return ends_[0] >= 0 && syscall(SYS_write, ends_[1], from, bytes) == static_cast<long>(bytes) &&
               ::read(ends_[0], to, bytes) == static_cast<ssize_t>(bytes);
    }
    template <class Word> Word word(uintptr_t from) const noexcept {
        Word value = 0;
        return read(from, &value, sizeof(Word)) ? value : Word{0};
    }

private:
    int ends_[2];
};

inline constexpr int torch_impl_bytes = 192; // no TensorImpl is smaller

/// The one offset in [first, last) at which `matches` holds; 0 if there is none or more than one.
template <class F> int only_offset(int first, int last, const F& matches) noexcept {
    int found = 0, count = 0;
    for (int offset = first; offset < last; offset += 8)
        if (matches(offset)) {
            found = offset;
            ++count;
        }
    return count == 1 ? found : 0;
}

/// Finds the fields, or leaves impl_offset 0.
WARPX_COLD inline void calibrate_torch() noexcept {
    torch_state& s = torch;
    ++s.attempts;
    const ref names = run_lines(R"(
import torch
with torch.inference_mode(False), torch.enable_grad():
    c = dict(device="cpu")
    plain = [torch.ones(3, **c), torch.zeros(2, 2, dtype=torch.float64, **c), torch.arange(4, **c),
             torch.zeros((), dtype=torch.bool, **c), torch.ones(2, 3, dtype=torch.bfloat16, **c).t()]
    other = [torch.ones(2, dtype=torch.cfloat, **c).conj(), torch.ones(2, dtype=torch.cfloat, **c).conj().imag]
    graph = [torch.ones(3, **c) for _ in range(3)]
    bumped = [torch.ones(3, **c), torch.ones(5, **c)]
with torch.inference_mode():
    inference = torch.ones(2, **c)
keys = lambda t: (t, t._cdata, torch._C._dispatch_keys(t).raw_repr())
plain, other, graph, bumped = [[keys(t) for t in l] for l in (plain, other, graph, bumped)]
inference = keys(inference)
def require(t): t.requires_grad_()
def version(t): return t._version
bump = torch.autograd.graph.increment_version
)");
    if (!names) return;
    const careful_reader memory;
    const auto list = [&](const char* name) { return PyDict_GetItemString(names.get(), name); };
    PyObject *plain = list("plain"), *other = list("other"), *graph = list("graph"), *bumped = list("bumped"),
             *inference = list("inference");
    const auto object = [](PyObject* facts) { return PyTuple_GET_ITEM(facts, 0); };
    const auto address = [](PyObject* facts) { return PyLong_AsSize_t(PyTuple_GET_ITEM(facts, 1)); };
    const auto keys = [](PyObject* facts) { return PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(facts, 2)); };
    const auto all = [](PyObject* facts, const auto& holds) {
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(facts); ++k)
            if (!holds(PyList_GET_ITEM(facts, k))) return false;
        return true;
    };
    const uint64_t plain_keys = keys(PyList_GET_ITEM(plain, 0)), inference_keys = keys(inference);
    if (!all(plain, [&](PyObject* f) { return keys(f) == plain_keys && Py_TYPE(object(f)) == s.tensor; }) ||
        !all(other, [&](PyObject* f) { return keys(f) != plain_keys; }))
        return; // a mode is active that changes what tensors are: try again later
    const auto head = static_cast<int>(sizeof(PyObject));
    const int impl = only_offset(head, head + 32, [&](int at) {
        const auto holds = [&](PyObject* f) {
            return memory.word<uint64_t>(reinterpret_cast<uintptr_t>(object(f)) + static_cast<size_t>(at)) ==
                   address(f);
        };
        return all(plain, holds) && all(other, holds);
    });
    const int key_set = only_offset(8, torch_impl_bytes, [&](int at) {
        const auto holds = [&](PyObject* f) {
            return memory.word<uint64_t>(address(f) + static_cast<size_t>(at)) == keys(f);
        };
        return all(plain, holds) && all(other, holds) && holds(inference);
    });
    // Autograd metadata: the only word that turns from null to a pointer when a gradient is asked for.
    constexpr int watched = 64;
    unsigned char before[3][watched], after[3][watched];
    for (Py_ssize_t k = 0; k < 3; ++k) {
        PyObject* facts = PyList_GET_ITEM(graph, k);
        if (!memory.read(address(facts), before[k], watched)) return;
        const ref done(PyObject_CallFunctionObjArgs(list("require"), object(facts), nullptr));
        if (!done || !memory.read(address(facts), after[k], watched)) return PyErr_Clear();
    }
    constexpr unsigned char zero[8] = {};
    const int meta = only_offset(8, watched, [&](int at) {
        for (int k = 0; k < 3; ++k)
            if (memcmp(before[k] + at, zero, 8) != 0 || memcmp(after[k] + at, zero, 8) == 0) return false;
        return true;
    });
    if (!impl || !key_set || !meta) return;
    // The version counter: two pointers after the metadata, a block whose count follows `_version`.
    const auto block = [&](PyObject* f) {
        return memory.word<uintptr_t>(address(f) + static_cast<size_t>(meta + 16));
    };
    for (const int at : {16, 24}) {
        const bool tracks = all(bumped, [&](PyObject* f) {
            for (int n = 0; n < 3; ++n) {
                const ref version(PyObject_CallFunctionObjArgs(list("version"), object(f), nullptr));
                if (!version || !block(f) ||
                    memory.word<uint32_t>(block(f) + static_cast<size_t>(at)) !=
                        PyLong_AsUnsignedLong(version.get()))
                    return false;
                const ref done(PyObject_CallFunctionObjArgs(list("bump"), object(f), nullptr));
                if (!done) return false;
            }
            return true;
        });
        PyErr_Clear();
        if (!tracks) continue;
        s.counter_offset = meta + 16;
        s.version_offset = at;
        break;
    }
    s.keys_offset = key_set;
    s.meta_offset = meta;
    s.known_keys[0] = plain_keys;
    s.known_keys[1] = inference_keys;
    s.known_count = 2;
    s.impl_offset = impl; // last: it switches the fast checks on
}

/// The exchange table of a capsule or, as DLPack 1.2 had it, of an integer; null if there is none that we
/// understand.
inline const dlpack_exchange_api* exchange_table(PyObject* found) noexcept {
    void* pointer = nullptr;
    if (PyCapsule_CheckExact(found))
        pointer = PyCapsule_GetPointer(found, "dlpack_exchange_api");
    else if (PyLong_CheckExact(found))
        pointer = PyLong_AsVoidPtr(found);
    PyErr_Clear();
    auto* header = static_cast<const dlpack_exchange_header*>(pointer);
    while (header && header->version.major > dlpack_major) header = header->prev_api;
    if (!header || header->version.major != dlpack_major) return nullptr;
    return reinterpret_cast<const dlpack_exchange_api*>(header);
}

/// Learns PyTorch's types and functions, once it is imported.
WARPX_COLD inline void attach_torch() noexcept {
    torch_state& s = torch;
    if (!s.tensor) {
        const ref module = loaded_module("torch"), nn = attribute(module.get(), "nn");
        ref tensor = attribute(module.get(), "Tensor"), parameter = attribute(nn.get(), "Parameter");
        if (!tensor || !parameter || !PyType_Check(tensor.get()) || !PyType_Check(parameter.get())) return;
        const ref names = run_lines(R"(
import torch, torch.autograd.forward_ad
try: from torch._C._functorch import is_functorch_wrapped_tensor as wrapped
except ImportError: wrapped = None
)");
        const ref c = attribute(module.get(), "_C"), autograd = attribute(module.get(), "autograd"),
                  graph = attribute(autograd.get(), "graph"),
                  forward = attribute(autograd.get(), "forward_ad");
        PyObject* wrapped = names ? PyDict_GetItemString(names.get(), "wrapped") : nullptr;
        s.strided = attribute(module.get(), "strided").release();
        s.is_grad_enabled = attribute(module.get(), "is_grad_enabled").release();
        s.is_functional = attribute(module.get(), "_is_functional_tensor").release();
        s.is_wrapped = wrapped && wrapped != Py_None ? ref::copy(wrapped).release() : nullptr;
        s.forward_ad = forward ? ref::copy(PyModule_GetDict(forward.get())).release() : nullptr;
        s.unpack_dual = attribute(forward.get(), "unpack_dual").release();
        s.increment_version = attribute(graph.get(), "increment_version").release();
        s.dispatch = attribute(tensor.get(), "__torch_dispatch__").release();
        s.s_requires_grad = PyUnicode_InternFromString("requires_grad");
        s.s_level = PyUnicode_InternFromString("_current_level");
        PyObject* table = _PyType_Lookup(reinterpret_cast<PyTypeObject*>(tensor.get()),
                                         ref(PyUnicode_InternFromString("__dlpack_c_exchange_api__")).get());
        if (!table)
            table = _PyType_Lookup(reinterpret_cast<PyTypeObject*>(tensor.get()),
                                   ref(PyUnicode_InternFromString("__c_dlpack_exchange_api__")).get());
        s.api = table ? exchange_table(table) : nullptr;
        s.parameter = reinterpret_cast<PyTypeObject*>(parameter.release());
        s.tensor = reinterpret_cast<PyTypeObject*>(tensor.release());
    }
    if (!s.impl_offset && s.attempts < 4 && may_calibrate()) calibrate_torch();
    PyErr_Clear();
}

inline char* torch_impl(PyObject* tensor) noexcept {
    char* impl = nullptr;
    memcpy(&impl, reinterpret_cast<const char*>(tensor) + torch.impl_offset, sizeof impl);
    return impl;
}
template <class Word> Word word_at(const char* base, int offset) noexcept {
    Word word;
    memcpy(&word, base + offset, sizeof word);
    return word;
}

WARPX_COLD [[noreturn]] inline void refuse_torch(python::category category, const char* argument,
                                                 const std::string& got, const std::string& remedy) {
    refuse_object(category, argument, "a plain torch.Tensor", got, remedy);
}

/// Calls a bool method or function of PyTorch's; false where this version has none.
WARPX_COLD inline bool torch_says(PyObject* callable, PyObject* tensor) {
    if (!callable) return false;
    const ref answer(PyObject_CallOneArg(callable, tensor));
    if (!answer) {
        take_error();
        return false;
    }
    return answer.get() == Py_True;
}
WARPX_COLD inline bool torch_flag(PyObject* tensor, const char* name) {
    const ref value(PyObject_GetAttrString(tensor, name));
    if (!value) {
        take_error();
        return false;
    }
    if (PyBool_Check(value.get())) return value.get() == Py_True;
    const ref answer(PyObject_CallNoArgs(value.get()));
    if (!answer) take_error();
    return answer.get() == Py_True;
}

/// Everything but gradients, asked of PyTorch itself. Throws, or returns because the memory is what it seems.
WARPX_COLD inline void official_torch_checks(PyObject* tensor, const char* argument) {
    using python::category;
    const error_scope pending;
    if (torch_says(torch.is_functional, tensor))
        refuse_torch(category::type, argument,
                     "a functional tensor (torch.func.functionalize, torch.compile)",
                     "call this outside of the transformation, or register it as an operator");
    if (torch_says(torch.is_wrapped, tensor))
        refuse_torch(category::type, argument, "a tensor inside torch.func (vmap, grad, jvp)",
                     "call this outside of the transformation, or register it as an operator");
    if (torch_flag(tensor, "is_meta"))
        refuse_torch(category::buffer, argument, "a meta tensor, which has no memory",
                     "create it on a device first");
    const ref layout = attribute(tensor, "layout");
    if (layout.get() != torch.strided || torch_flag(tensor, "is_nested"))
        refuse_torch(category::buffer, argument, "a sparse or otherwise not strided tensor",
                     "convert with .to_dense() first, or pass its parts");
    if (torch_flag(tensor, "is_quantized"))
        refuse_torch(category::buffer, argument, "a quantized tensor", "convert with .dequantize() first");
    if (torch_flag(tensor, "is_conj"))
        refuse_torch(category::buffer, argument,
                     "a lazy conjugate, whose memory holds the unconjugated values",
                     "use .resolve_conj() first");
    if (torch_flag(tensor, "is_neg"))
        refuse_torch(category::buffer, argument, "a lazy negation, whose memory holds the other sign",
                     "use .resolve_neg() first");
    if (torch_flag(tensor, "_is_zerotensor"))
        refuse_torch(category::buffer, argument, "a zero tensor without memory", "use .clone() first");
}

/// Gradients: asked only where a tensor has autograd metadata (views have some too), or always without
/// calibration.
WARPX_COLD inline void torch_gradient_checks(PyObject* tensor, const char* argument, bool allow_gradient) {
    using python::category;
    const error_scope pending;
    const ref requires_grad(PyObject_GetAttr(tensor, torch.s_requires_grad));
    if (!requires_grad) refuse_torch(category::type, argument, take_error(), "pass an ordinary tensor");
    if (requires_grad.get() == Py_True && !allow_gradient) {
        const ref enabled(PyObject_CallNoArgs(torch.is_grad_enabled));
        if (!enabled || enabled.get() == Py_True)
            refuse_torch(category::buffer, argument,
                         "a tensor that requires grad, while gradients are recorded: autograd would not see "
                         "this access",
                         "use .detach(), or call under torch.no_grad()");
    }
    PyObject* level = torch.forward_ad ? PyDict_GetItemWithError(torch.forward_ad, torch.s_level) : nullptr;
    if (!level || (PyLong_CheckExact(level) && PyLong_AsLong(level) < 0) || !torch.unpack_dual) {
        PyErr_Clear();
        return;
    }
    const ref dual(PyObject_CallOneArg(torch.unpack_dual, tensor)),
        tangent = attribute(dual.get(), "tangent");
    PyErr_Clear();
    if (tangent && tangent.get() != Py_None && !allow_gradient)
        refuse_torch(category::buffer, argument,
                     "a dual tensor of forward-mode differentiation: its tangent would be lost",
                     "use .detach(), or pass the primal alone");
}

/// Whether the memory of an exact torch.Tensor or Parameter is its value; gradients are not asked about.
inline void check_torch_memory(PyObject* tensor, const char* argument) {
    torch_state& s = torch;
    if (!s.impl_offset) [[unlikely]]
        return official_torch_checks(tensor, argument);
    const auto keys = word_at<uint64_t>(torch_impl(tensor), s.keys_offset);
    if (keys != s.known_keys[0]) [[unlikely]] {
        bool known = false;
        for (int k = 1; k < s.known_count; ++k) known = known || keys == s.known_keys[k];
        if (!known) {
            official_torch_checks(tensor, argument);
            // What was asked depends on the key set alone, so its next tensor need not be asked again.
            if (s.known_count < 8) s.known_keys[s.known_count++] = keys;
        }
    }
}

/// The checks of an exact torch.Tensor or Parameter.
inline void check_torch(PyObject* tensor, const char* argument, bool allow_gradient) {
    check_torch_memory(tensor, argument);
    if (!torch.impl_offset || word_at<void*>(torch_impl(tensor), torch.meta_offset))
        torch_gradient_checks(tensor, argument, allow_gradient);
}

/// Tells PyTorch that a tensor's memory was written, so that a backward pass that needs the old values
/// refuses. Never fails: tensors without a version (inference mode) have none to tell.
inline void bump_torch_version(PyObject* tensor) noexcept {
    const torch_state& s = torch;
    const bool exact = Py_TYPE(tensor) == s.tensor || Py_TYPE(tensor) == s.parameter;
    if (exact && s.impl_offset && s.counter_offset) {
        if (char* block = word_at<char*>(torch_impl(tensor), s.counter_offset))
            __atomic_fetch_add(reinterpret_cast<uint32_t*>(block + s.version_offset), 1U, __ATOMIC_RELAXED);
        return;
    }
    const error_scope pending;
    if (s.increment_version) Py_XDECREF(PyObject_CallOneArg(s.increment_version, tensor));
    PyErr_Clear();
}

} // namespace py
} // namespace warpx::detail
