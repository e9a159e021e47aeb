// SPDX-License-Identifier: Apache-2.0
// operation.hpp: an operation as a Python function: from arguments to a resolved call, by the fast route, or
// to the glue where a framework must see the call (gradients, tracing).
#pragma once

#include "runtime.hpp" // Python.h first

#include "../../operation/overlap.hpp"
#if defined(__CUDACC__)
#    include "../../operation/cuda.cuh"
#endif
#include "operands.hpp"
#include "route.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// Work below this many items is over before another thread could use the GIL.
inline constexpr int64_t release_from = 20000;

WARPX_INLINE int64_t work_of(const operation_description& d, const operation_call& call) noexcept {
    int64_t items = 1;
    for (int k = 0; k < call.batch_rank; ++k) items *= call.batch[k] > 0 ? call.batch[k] : 1;
    if (d.kind == operation_kind::kernel && !d.launch_by_function)
        for (int axis = 0; axis < d.launch_rank; ++axis)
            items *= call.launch[axis] > 0 ? call.launch[axis] : 1;
    int64_t most = 1; // matrices are worth more than their result says
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k) {
        if (!call.primals[k].is_array()) continue;
        int64_t size = 1;
        for (int axis = 0; axis < call.primals[k].desc->rank; ++axis)
            size *= call.primals[k].desc->extents[axis];
        if (size > most) most = size;
    }
    return items > most ? items : most;
}

WARPX_COLD [[noreturn]] inline void refuse_cuda(const operation_call& call) {
    throw python::argument_error(python::category::buffer,
                                 sentence(std::string(call.description.name) + "()",
                                          "host memory, since this module was built without CUDA",
                                          std::string("'") +
                                              call.description.parameters[call.device_of].name + "' on " +
                                              to_string(call.device, call.device_id),
                                          "copy it to the host, or build the module with a CUDA compiler"));
}

/// Runs a resolved call where its arrays are.
WARPX_INLINE void run_call(const operation_description& d, const bound_operation& op,
                           const operation_call& call) {
    launch_options options;
    options.name = d.name;
    options.checked = module_data.checked;
    if (call.device == device_kind::cuda) [[unlikely]] {
        if (!op.cuda) refuse_cuda(call);
#if defined(__CUDACC__)
        enter_stream(call, options);
        op.cuda[call.variant].run[static_cast<int>(call.what)](call, options);
        leave_stream(call, options);
        return;
#endif
    } else if (call.device != device_kind::host) {
        refuse_cuda(call);
    }
    const operation_entry entry = op.host[call.variant].run[static_cast<int>(call.what)];
    if (work_of(d, call) < release_from) return entry(call, options);
    const python::release_gil no_gil;
    entry(call, options);
}

WARPX_INLINE void check_writable(const operation_description& d, const operation_call& call) {
    WARPX_DETAIL_UNROLL_PARAMETERS
    for (int k = 0; k < d.parameter_count; ++k)
        if (d.parameters[k].is_output() && call.primals[k].is_array() && call.primals[k].desc->read_only)
            [[unlikely]]
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
            o.scalar.integer = is_whole(p.default_value) ? static_cast<int64_t>(p.default_value) : 0;
            o.scalar.is = is_whole(p.default_value) ? number::kind::integer : number::kind::real;
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
                whose == family::torch ? bump_torch_version(objects.of[k])
                                       : bump_paddle_version(objects.of[k]);
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
    if (count != 6)
        refuse_call(d, "6 arguments of its entry", std::to_string(count), "update the package warpx");
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
            refuse_call(d, "a tuple with one object for each parameter", type_text(tuple),
                        "update the package warpx");
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
    if (arguments[5] != Py_None) take_launch_dims(call, arguments[5]);
    resolve(d, call);
    resolve_launch(d, call);
    if (call.what == derivative::none) {
        check_writable(d, call);
        check_overlap(d, call);
    }
    run_call(d, op, call);
    Py_RETURN_NONE;
}

/// `python::call` with the errors of operations: every text begins with the operation's name.
template <class F> PyObject* guarded(const char* name, F&& f) noexcept {
    return python::call([&]() -> PyObject* {
        const auto named = [name](const std::string& text) {
            return text.rfind(name, 0) == 0 ? text : std::string(name) + "(), " + text;
        };
        try {
            return f();
        } catch (const operation_error& e) {
            PyErr_SetString(e.kind() == reason::type    ? PyExc_TypeError
                            : e.kind() == reason::value ? PyExc_ValueError
                                                        : PyExc_BufferError,
                            named(e.what()).c_str());
        } catch (const python::argument_error& e) {
            throw python::argument_error(e.category(), named(e.what()));
        } catch (const bind_error& e) {
            throw bind_error(named(e.what()));
        }
        return nullptr;
    });
}

} // namespace py
} // namespace warpx::detail
