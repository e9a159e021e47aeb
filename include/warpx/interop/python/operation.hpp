// SPDX-License-Identifier: Apache-2.0
// operation.hpp: an operation as a Python function: from arguments to a resolved call, by the fast route, or to
// the glue where a framework must see the call (gradients, tracing).
#pragma once

#include "runtime.hpp" // Python.h first

#include "../../operation/entries.hpp"
#if defined(__CUDACC__)
#    include "../../operation/cuda.cuh"
#endif
#include "cuda_arrays.hpp"
#include "outputs.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// One operation in a module.
struct bound_operation {
    static constexpr int most = operation_description::most_parameters;

    const operation_description* description = nullptr;
    const operation_entries* host = nullptr;
    const operation_entries* cuda = nullptr; // null: this module was built without CUDA
    PyObject* names[most] = {};              // interned
    int inputs[most] = {}, input_count = 0;  // by position
    int outputs[most] = {}, output_count = 0;
    std::string doc;
};

/// What all operations of a module share.
struct module_state {
    PyObject* module = nullptr;
    PyObject* dispatch = nullptr; // warpx.dispatch, once it was needed
    PyObject* mode_count = nullptr; // torch._C._len_torch_dispatch_stack
    PyObject *s_out = nullptr, *s_output_dims = nullptr, *s_launch_dims = nullptr, *s_dtype = nullptr;
    bool checked = false;
};
inline module_state module_data;

/// The arguments of a call, sorted by parameter: borrowed references, null where there is none.
struct call_objects {
    PyObject** of;
    PyObject *output_dims = nullptr, *launch_dims = nullptr, *type = nullptr;
};

WARPX_COLD [[noreturn]] inline void refuse_call(const operation_description& d, const std::string& expected,
                                                const std::string& got, const std::string& remedy) {
    throw python::argument_error(python::category::type, sentence(std::string(d.name) + "()", expected, got, remedy));
}

WARPX_COLD inline void take_out(const bound_operation& op, PyObject* value, call_objects& objects) {
    const operation_description& d = *op.description;
    int made[bound_operation::most], count = 0;
    for (int k = 0; k < op.output_count; ++k)
        if (d.parameters[op.outputs[k]].role == parameter_role::out) made[count++] = op.outputs[k];
    if (value == Py_None) return;
    if (count == 1 && !PyTuple_Check(value)) {
        objects.of[made[0]] = value;
        return;
    }
    if (!PyTuple_Check(value) || PyTuple_GET_SIZE(value) != count)
        refuse_call(d, "out= with " + std::to_string(count) + (count == 1 ? " array" : " arrays in a tuple"),
                    type_text(value), "pass one array for each new result, or None for those to be made");
    for (int k = 0; k < count; ++k)
        if (PyObject* item = PyTuple_GET_ITEM(value, k); item != Py_None) objects.of[made[k]] = item;
}

WARPX_COLD inline void take_keyword(const bound_operation& op, PyObject* name, PyObject* value,
                                    call_objects& objects) {
    const operation_description& d = *op.description;
    const std::string text = utf8(name);
    for (int k = 0; k < d.parameter_count; ++k)
        if (text == d.parameters[k].name) {
            if (objects.of[k]) refuse_call(d, "each argument once", "two values for '" + text + "'", "leave one away");
            objects.of[k] = value;
            return;
        }
    if (text == "out" && op.output_count > 0) return take_out(op, value, objects);
    if (text == "output_dims") objects.output_dims = value;
    else if (text == "launch_dims") objects.launch_dims = value;
    else if (text == "dtype") objects.type = value;
    else
        refuse_call(d, "the arguments of its signature", "an argument named '" + text + "'",
                    "see help(" + std::string(d.name) + ")");
}

/// Sorts the arguments of a FASTCALL.
WARPX_INLINE void sort_arguments(const operation_description& d, const bound_operation& op, PyObject* const* arguments, Py_ssize_t count,
                                 PyObject* keywords, call_objects& objects) {
    if (count > op.input_count) [[unlikely]]
        refuse_call(d, "at most " + std::to_string(op.input_count) + " arguments by position",
                    std::to_string(count), "results are passed by name: out=");
    Py_ssize_t given = 0;
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) // inputs, in their order
        if (d.parameters[k].is_input() && given < count) objects.of[k] = arguments[given++];
    if (!keywords) return;
    const Py_ssize_t named = PyTuple_GET_SIZE(keywords);
    for (Py_ssize_t k = 0; k < named; ++k) {
        PyObject* name = PyTuple_GET_ITEM(keywords, k);
        bool found = false;
        for (int p = 0; p < d.parameter_count && !found; ++p)
            if (op.names[p] == name && !objects.of[p]) {
                objects.of[p] = arguments[count + k];
                found = true;
            }
        if (!found) take_keyword(op, name, arguments[count + k], objects);
    }
}

// -- Must a framework see the call? -----------------------------------------------------------------------

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
    const ref dual(PyObject_CallOneArg(torch.unpack_dual, tensor)), tangent = attribute(dual.get(), "tangent");
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
/// Whether a mode is active that must see every operation: fake tensors, make_fx.
inline bool torch_modes_active() {
    if (!module_data.mode_count) [[unlikely]] {
        const ref c = attribute(loaded_module("torch").get(), "_C");
        ref count = attribute(c.get(), "_len_torch_dispatch_stack");
        PyErr_Clear();
        module_data.mode_count = count ? count.release() : ref::copy(Py_None).release();
    }
    if (module_data.mode_count == Py_None) return true; // cannot be asked: let PyTorch decide
    const ref count(PyObject_CallNoArgs(module_data.mode_count));
    if (!count) PyErr_Clear();
    return !count || PyLong_AsLong(count.get()) != 0;
}

WARPX_COLD inline bool other_needs_glue(PyObject* object) {
    if (object == Py_None || PyLong_Check(object) || PyFloat_Check(object) || PyComplex_Check(object)) return false;
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
            throw python::argument_error(
                python::category::type,
                sentence(std::string(op.description->name) + "()", "the Python package warpx, for arrays with gradients, "
                         "traced arrays and JAX arrays", "none", "pip install warpx"));
        }
        s.dispatch = made(PyObject_GetAttrString(glue.get(), "_dispatch")).release();
    }
    const ref positional(PyTuple_New(count)), named(PyDict_New()), name(PyUnicode_FromString(op.description->name));
    if (!positional || !named || !name) throw python::pending_error();
    for (Py_ssize_t k = 0; k < count; ++k) {
        Py_INCREF(arguments[k]);
        PyTuple_SET_ITEM(positional.get(), k, arguments[k]);
    }
    for (Py_ssize_t k = 0; keywords && k < PyTuple_GET_SIZE(keywords); ++k)
        if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(keywords, k), arguments[count + k]) < 0)
            throw python::pending_error();
    return PyObject_CallFunctionObjArgs(s.dispatch, s.module, name.get(), positional.get(), named.get(), nullptr);
}

// -- From objects to operands -----------------------------------------------------------------------------

WARPX_COLD inline void take_number(const operation_description& d, int parameter, PyObject* object,
                                   call_operand& out) {
    number& n = out.scalar;
    out.is = call_operand::state::number;
    if (PyBool_Check(object) || (numpy.generic && PyType_IsSubtype(Py_TYPE(object), numpy.generic) &&
                                 utf8(attribute(attribute(object, "dtype").get(), "kind").get()) == "b")) {
        n.is = number::kind::boolean;
        n.integer = PyObject_IsTrue(object);
        n.real = static_cast<double>(n.integer);
    } else if (PyIndex_Check(object) && !PyFloat_Check(object)) {
        const ref integer(PyNumber_Index(object));
        if (!integer) throw python::pending_error();
        n.is = number::kind::integer;
        n.real = PyLong_AsDouble(integer.get());
        n.integer = PyLong_AsLongLong(integer.get());
        if (PyErr_Occurred()) {
            PyErr_Clear();
            refuse_argument(d, parameter, reason::value, "an integer of 64 bits", "a larger one", "pass a float");
        }
    } else if (PyComplex_Check(object)) {
        const Py_complex c = PyComplex_AsCComplex(object);
        n.is = number::kind::complex;
        n.real = c.real, n.imaginary = c.imag;
    } else {
        n.is = number::kind::real;
        n.real = PyFloat_AsDouble(object);
        if (n.real == -1.0 && PyErr_Occurred()) {
            const std::string why = take_error();
            refuse_argument(d, parameter, reason::type, "a number", type_text(object), why);
        }
    }
}
inline bool is_number_object(PyObject* object) {
    return PyFloat_Check(object) || PyLong_Check(object) || PyComplex_Check(object) ||
           (numpy.generic && PyType_IsSubtype(Py_TYPE(object), numpy.generic));
}

/// Describes one object as an operand; `object` stays the caller's. Gradients are not asked about.
WARPX_INLINE family describe_operand(const operation_description& d, int parameter, PyObject* object,
                               described_object& parts, call_operand& out) {
    const parameter_description& p = d.parameters[parameter];
    PyTypeObject* type = Py_TYPE(object);
    if (!p.is_array()) {
        if (type == &PyFloat_Type) [[likely]] {
            out.is = call_operand::state::number;
            out.scalar.is = number::kind::real;
            out.scalar.real = PyFloat_AS_DOUBLE(object);
            return family::none;
        }
        if (is_number_object(object)) {
            take_number(d, parameter, object, out);
            return family::none;
        }
    }
    family whose = family::numpy;
    if (type == numpy.ndarray && describe_plain_ndarray(object, parts.desc)) [[likely]] {
    } else if ((type == torch.tensor || type == torch.parameter) && torch.impl_offset && torch.api &&
               take_exchange(torch.api, object, parts, p.name)) {
        whose = family::torch;
    } else if (const exchange_entry* known = known_exchange(type);
               known && take_exchange(known->api, object, parts, p.name)) {
        whose = known->whose;
    } else if (type == cuda_arrays.cupy && take_cupy(object, parts)) {
        whose = family::cupy;
    } else if (type == cuda_arrays.numba && take_numba(object, parts)) {
        whose = family::numba;
    } else {
        PyErr_Clear();
        try {
            describe_any(object, parts, p.name, true);
        } catch (const python::argument_error& e) {
            if (p.is_array()) throw;
            take_number(d, parameter, object, out); // what is no array may still be a number
            return family::none;
        }
        whose = family_of(object);
        if (whose == family::cupy || whose == family::numba) attach_cuda_arrays(); // for the next one
    }
    out.is = call_operand::state::array;
    out.desc = &parts.desc;
    return whose;
}

WARPX_COLD [[noreturn]] inline void refuse_mixed(const operation_description& d, int parameter, family got,
                                                 family want) {
    refuse_argument(d, parameter, reason::type, std::string("an array of ") + family_name(want) + ", as the others are",
                    std::string("one of ") + family_name(got), "convert one of them, without a copy: from_dlpack");
}

WARPX_COLD inline int read_dims(const operation_description& d, const char* keyword, PyObject* value, int64_t* out,
                                int most) {
    if (PyIndex_Check(value)) {
        out[0] = PyLong_AsLongLong(value);
        if (out[0] == -1 && PyErr_Occurred()) throw python::pending_error();
        if (out[0] < 0) refuse_call(d, std::string(keyword) + " that are not negative", std::to_string(out[0]), "check it");
        return 1;
    }
    const ref list(PySequence_Fast(value, ""));
    if (!list || PySequence_Fast_GET_SIZE(list.get()) > most) {
        PyErr_Clear();
        refuse_call(d, std::string(keyword) + " as an integer or a tuple of them", type_text(value), "pass (n, m)");
    }
    const auto count = static_cast<int>(PySequence_Fast_GET_SIZE(list.get()));
    for (int k = 0; k < count; ++k) {
        const ref item(PyNumber_Index(PySequence_Fast_GET_ITEM(list.get(), k)));
        out[k] = item ? PyLong_AsLongLong(item.get()) : -1;
        if (PyErr_Occurred()) throw python::pending_error();
        if (out[k] < 0) refuse_call(d, std::string(keyword) + " that are not negative", std::to_string(out[k]), "check it");
    }
    return count;
}
WARPX_COLD inline void take_output_dims(operation_call& call, int parameter, PyObject* value) {
    const operation_description& d = call.description;
    const parameter_description& p = d.parameters[parameter];
    int64_t dims[parameter_description::most_axes];
    const int count = read_dims(d, "output_dims", value, dims, parameter_description::most_axes);
    if (count != p.rank)
        refuse_call(d, "output_dims for the axes " + axes_text(d, p) + " of '" + p.name + "'",
                    std::to_string(count) + " of them", "pass one for each axis, without batch and component axes");
    for (int axis = 0; axis < count; ++axis) {
        int64_t& extent = call.extents[p.extents[axis]];
        if (extent >= 0 && extent != dims[axis])
            refuse_call(d, "output_dims that agree with " + axes_text(d, p), tuple_text(dims, count),
                        "the same extent must be the same everywhere");
        extent = dims[axis];
    }
}
/// The keywords that few calls have.
WARPX_COLD inline void take_extras(const bound_operation& op, const call_objects& objects, operation_call& call,
                                   int* asked) {
    const operation_description& d = *op.description;
    if (PyObject* dims = objects.output_dims; dims && dims != Py_None) {
        if (PyDict_Check(dims)) {
            PyObject *key = nullptr, *value = nullptr;
            Py_ssize_t at = 0;
            while (PyDict_Next(dims, &at, &key, &value)) {
                const std::string name = utf8(key);
                int found = -1;
                for (int k = 0; k < op.output_count; ++k)
                    if (name == d.parameters[op.outputs[k]].name) found = op.outputs[k];
                if (found < 0) refuse_call(d, "output_dims for its results", "'" + name + "'", "use their names");
                take_output_dims(call, found, value);
            }
        } else {
            for (int k = 0; k < op.output_count; ++k) take_output_dims(call, op.outputs[k], dims);
        }
    }
    if (PyObject* dims = objects.launch_dims; dims && dims != Py_None) {
        const int rank = d.launch_rank;
        call.launch_rank = read_dims(d, "launch_dims", dims, call.launch, parameter_description::most_axes);
        if (d.kind != operation_kind::kernel || call.launch_rank != rank)
            refuse_call(d, d.kind == operation_kind::kernel ? std::to_string(rank) + " launch_dims"
                                                            : std::string("no launch_dims, since it launches itself"),
                        std::to_string(call.launch_rank) + " of them", "pass one for each axis of the kernel's index");
        // Extents that nothing else gives are those of the launch.
        for (int axis = 0; axis < rank && !d.launch_by_function; ++axis)
            if (call.extents[d.launch[axis]] < 0) {
                bool input_has = false;
                for (int k = 0; k < d.parameter_count; ++k)
                    for (int a = 0; a < d.parameters[k].rank && objects.of[k]; ++a)
                        input_has = input_has || d.parameters[k].extents[a] == d.launch[axis];
                if (!input_has) call.extents[d.launch[axis]] = call.launch[axis];
            }
    }
    if (PyObject* type = objects.type; type && type != Py_None) {
        ref name = attribute(type, "__name__");
        if (!name) name = ref(PyObject_Str(type));
        std::string text = utf8(name.get());
        text = text.substr(text.rfind('.') + 1); // torch.float32
        bool found = false;
        for (int s = 0; s < d.set_count; ++s)
            for (int t = 0; t < d.set_sizes[s]; ++t)
                if (to_string(d.sets[s][t]) == text) asked[s] = t, found = true;
        if (!found) {
            std::string all;
            for (int s = 0; s < d.set_count; ++s)
                for (int t = 0; t < d.set_sizes[s]; ++t) all += (all.empty() ? "" : ", ") + to_string(d.sets[s][t]);
            refuse_call(d, "dtype= one of " + all, text, "pass one of them");
        }
    }
}

// -- The call ---------------------------------------------------------------------------------------------

/// Work below this many items is over before another thread could use the GIL.
inline constexpr int64_t release_from = 20000;

WARPX_INLINE int64_t work_of(const operation_description& d, const operation_call& call) noexcept {
    int64_t items = 1;
    for (int k = 0; k < call.batch_rank; ++k) items *= call.batch[k] > 0 ? call.batch[k] : 1;
    if (d.kind == operation_kind::kernel && !d.launch_by_function)
        for (int axis = 0; axis < d.launch_rank; ++axis) items *= call.launch[axis] > 0 ? call.launch[axis] : 1;
    int64_t most = 1; // matrices are worth more than their result says
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        if (!call.primals[k].is_array()) continue;
        int64_t size = 1;
        for (int axis = 0; axis < call.primals[k].desc->rank; ++axis) size *= call.primals[k].desc->extents[axis];
        if (size > most) most = size;
    }
    return items > most ? items : most;
}

WARPX_COLD [[noreturn]] inline void refuse_cuda(const operation_call& call) {
    throw python::argument_error(
        python::category::buffer,
        sentence(std::string(call.description.name) + "()", "host memory, since this module was built without CUDA",
                 std::string("'") + call.description.parameters[call.device_of].name + "' on " +
                     to_string(call.device, call.device_id),
                 "copy it to the host, or build the module with a CUDA compiler"));
}

/// Runs a resolved call where its arrays are.
WARPX_INLINE void run_call(const operation_description& d, const bound_operation& op, const operation_call& call) {
    launch_options options;
    options.name = d.name;
    options.checked = module_data.checked;
    if (call.device == device_kind::cuda) [[unlikely]] {
        if (!op.cuda) refuse_cuda(call);
#if defined(__CUDACC__)
        enter_stream(call, options);
        op.cuda->run[static_cast<int>(call.what)](call, options);
        leave_stream(call, options);
        return;
#endif
    } else if (call.device != device_kind::host) {
        refuse_cuda(call);
    }
    const operation_entry entry = op.host->run[static_cast<int>(call.what)];
    if (work_of(d, call) < release_from) return entry(call, options);
    const python::release_gil no_gil;
    entry(call, options);
}

WARPX_INLINE void check_writable(const operation_description& d, const operation_call& call) {
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k)
        if (d.parameters[k].is_output() && call.primals[k].is_array() &&
            call.primals[k].desc->read_only) [[unlikely]]
            refuse_argument(d, k, reason::buffer, "writable memory", "read-only memory",
                            "pass a copy that may be written");
}

/// Tells Paddle that a tensor was written, so that a backward pass that needs the old values refuses.
inline void bump_paddle_version(PyObject* tensor) noexcept {
    static PyObject* const name = PyUnicode_InternFromString("_bump_inplace_version");
    const ref done(PyObject_CallMethodNoArgs(tensor, name));
    if (!done) PyErr_Clear();
}

/// For the glue, which has asked about gradients: tensors whose memory is not their value are refused.
inline void check_memory(PyObject* object, const char* name) {
    if (object && (Py_TYPE(object) == torch.tensor || Py_TYPE(object) == torch.parameter))
        check_torch_memory(object, name);
}

/// The function itself: arguments to results. A template, so that a call of two arrays prepares two.
template <const operation_description& d>
PyObject* run_operation(const bound_operation& op, PyObject* const* arguments, Py_ssize_t count,
                        PyObject* keywords, bool may_glue) {
    constexpr int Count = d.parameter_count;
    PyObject* slots[Count] = {};
    call_objects objects{slots};
    sort_arguments(d, op, arguments, count, keywords, objects);
    if (!may_glue)
        for (int k = 0; k < Count; ++k) check_memory(objects.of[k], d.parameters[k].name);
    else if (needs_glue(d, objects)) [[unlikely]]
        return call_glue(op, arguments, count, keywords);

    call_operand operands[Count];
    described_object parts[Count];
    operation_call call(d, operands);
    PyObject* like = nullptr; // the first array
    family whose = family::none;
    PyObject* like_number = nullptr; // the first number that is an array without axes
    family number_whose = family::none;
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < Count; ++k) {
        const parameter_description& p = d.parameters[k];
        PyObject* object = objects.of[k];
        if (!object || object == Py_None) [[unlikely]] {
            if (p.role == parameter_role::out || p.optional) continue;
            if (!p.has_default)
                refuse_call(d, std::string("the argument '") + p.name + "'", object ? "None" : "none",
                            "see help(" + std::string(d.name) + ")");
            call_operand& o = call.primals[k];
            o.is = call_operand::state::number;
            o.scalar.real = p.default_value;
            o.scalar.integer = static_cast<int64_t>(p.default_value);
            o.scalar.is = p.default_value == static_cast<double>(o.scalar.integer) ? number::kind::integer
                                                                                    : number::kind::real;
            continue;
        }
        const family its = describe_operand(d, k, object, parts[k], operands[k]);
        if (its == family::none) continue;
        if (!p.is_array() && operands[k].desc->rank == 0) {
            if (!like_number) {
                like_number = object;
                number_whose = its;
            }
            continue;
        }
        if (!like) {
            like = object;
            whose = its;
        } else if (its != whose) [[unlikely]] {
            refuse_mixed(d, k, its, whose);
        }
    }
    if (!like && like_number) { // without arrays, results are made beside the first number
        like = like_number;
        whose = number_whose;
    }
    if (objects.output_dims || objects.launch_dims || objects.type) [[unlikely]] {
        int asked[operation_description::most_sets] = {-1, -1, -1, -1};
        take_extras(op, objects, call, asked);
        resolve(d, call, asked);
    } else {
        resolve(d, call);
    }

    ref made_outputs[Count];
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int parameter = 0; parameter < Count; ++parameter) {
        const parameter_description& p = d.parameters[parameter];
        if (!p.is_output() || call.primals[parameter].is_array()) continue;
        int64_t shape[call_operand::most_axes];
        const int rank = output_shape(call, parameter, shape);
        ref made = new_output(whose, like, d.type_of(p, call.chosen), shape, rank, call.device,
                              call.device_id, p.name);
        describe_operand(d, parameter, made.get(), parts[parameter], call.primals[parameter]);
        add_output(call, parameter, call.primals[parameter]);
        objects.of[parameter] = made.get();
        made_outputs[parameter] = static_cast<ref&&>(made);
    }
    resolve_launch(d, call);
    check_writable(d, call);
    check_overlap(d, call);
    run_call(d, op, call);

    if (whose == family::torch || whose == family::paddle)
        for (int k = 0; k < Count; ++k)
            if (d.parameters[k].is_output() && !made_outputs[k])
                whose == family::torch ? bump_torch_version(objects.of[k]) : bump_paddle_version(objects.of[k]);
    if (op.output_count == 1) return ref::copy(objects.of[op.outputs[0]]).release();
    ref results(PyTuple_New(op.output_count));
    if (!results) throw python::pending_error();
    for (int k = 0; k < op.output_count; ++k)
        PyTuple_SET_ITEM(results.get(), k, ref::copy(objects.of[op.outputs[k]]).release());
    return results.release();
}

/// The lower entry, for the glue: every array is given, nothing is asked about gradients.
///   (what, primals, tangents, cotangents, cotangent_tangents, launch_dims): tuples with one object for each
///   parameter, None where there is none; all but the first may be None.
template <const operation_description& d>
PyObject* run_entry(const bound_operation& op, PyObject* const* arguments, Py_ssize_t count) {
    constexpr int Count = d.parameter_count;
    if (count != 6) refuse_call(d, "6 arguments of its entry", std::to_string(count), "update the package warpx");
    struct group {
        call_operand operands[Count];
        described_object parts[Count];
    };
    group groups[4];
    operation_call call(d, groups[0].operands);
    call.what = static_cast<derivative>(PyLong_AsLong(arguments[0]));
    call_operand** const slots[3] = {&call.tangents, &call.cotangents, &call.cotangent_tangents};
    const auto take = [&](PyObject* tuple, call_operand* operands, described_object* parts) {
        if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) != d.parameter_count)
            refuse_call(d, "a tuple with one object for each parameter", type_text(tuple), "update the package warpx");
        for (int k = 0; k < d.parameter_count; ++k)
            if (PyObject* object = PyTuple_GET_ITEM(tuple, k); object != Py_None) {
                check_memory(object, d.parameters[k].name);
                describe_operand(d, k, object, parts[k], operands[k]);
            }
    };
    take(arguments[1], groups[0].operands, groups[0].parts);
    for (int g = 0; g < 3; ++g) {
        if (arguments[g + 2] == Py_None && call.what == derivative::none) continue;
        *slots[g] = groups[g + 1].operands;
        if (arguments[g + 2] != Py_None) take(arguments[g + 2], groups[g + 1].operands, groups[g + 1].parts);
    }
    if (arguments[5] != Py_None)
        call.launch_rank = read_dims(d, "launch_dims", arguments[5], call.launch, parameter_description::most_axes);
    resolve(d, call);
    resolve_launch(d, call);
    run_call(d, op, call);
    Py_RETURN_NONE;
}

/// `python::call` with the errors of operations.
template <class F> PyObject* guarded(F&& f) noexcept {
    return python::call([&]() -> PyObject* {
        try {
            return f();
        } catch (const operation_error& e) {
            PyErr_SetString(e.kind() == reason::type    ? PyExc_TypeError
                            : e.kind() == reason::value ? PyExc_ValueError
                                                        : PyExc_BufferError,
                            e.what());
            return nullptr;
        }
    });
}

} // namespace py
} // namespace warpx::detail
