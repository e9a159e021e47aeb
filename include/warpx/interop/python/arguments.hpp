// SPDX-License-Identifier: Apache-2.0
// arguments.hpp: the arguments of a call from Python: sorted by parameter, and the keywords that every
// operation has.
#pragma once

#include "runtime.hpp" // Python.h first

#include "../../operation/entries.hpp"
#include "protocols.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// One operation in a module.
struct bound_operation {
    static constexpr int most = operation_description::most_parameters;

    const operation_description* description = nullptr;
    const operation_entries* host = nullptr; // by variant
    const operation_entries* cuda = nullptr; // null: this module was built without CUDA
    PyObject* names[most] = {};              // interned
    int input_count = 0;                     // by position
    int outputs[most] = {}, output_count = 0;
    std::string doc;
};

/// What all operations of a module share.
struct module_state {
    PyObject* module = nullptr;
    PyObject* dispatch = nullptr;     // warpx.dispatch, once it was needed
    PyObject* mode_count = nullptr;   // torch._C._len_torch_dispatch_stack
    bool (*any_mode)(bool) = nullptr; // the same in C++, where it is known to agree
    bool checked = false;
};
inline module_state module_data;

/// Whether a default is an integer.
inline bool is_whole(double v) noexcept {
    return v > -9e15 && v < 9e15 && v == static_cast<double>(static_cast<int64_t>(v));
}

/// The arguments of a call, sorted by parameter: borrowed references, null where there is none.
struct call_objects {
    PyObject** of;
    PyObject *output_dims = nullptr, *launch_dims = nullptr, *type = nullptr;
};

WARPX_COLD [[noreturn]] inline void refuse_call(const operation_description& d, const std::string& expected,
                                                const std::string& got, const std::string& remedy) {
    throw python::argument_error(python::category::type,
                                 sentence(std::string(d.name) + "()", expected, got, remedy));
}

WARPX_COLD inline void take_out(const bound_operation& op, PyObject* value, call_objects& objects) {
    const operation_description& d = *op.description;
    int made[bound_operation::most], count = 0;
    for (int k = 0; k < op.output_count; ++k)
        if (d.parameters[op.outputs[k]].role == parameter_role::out) made[count++] = op.outputs[k];
    if (value == Py_None) return;
    for (int k = 0; k < count; ++k)
        if (objects.of[made[k]])
            refuse_call(d, "each result once", std::string("out= and '") + d.parameters[made[k]].name + "'",
                        "leave one away");
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
            if (objects.of[k])
                refuse_call(d, "each argument once", "two values for '" + text + "'", "leave one away");
            objects.of[k] = value;
            return;
        }
    if (text == "out" && op.output_count > 0) return take_out(op, value, objects);
    if (text == "output_dims")
        objects.output_dims = value;
    else if (text == "launch_dims")
        objects.launch_dims = value;
    else if (text == "dtype")
        objects.type = value;
    else
        refuse_call(d, "the arguments of its signature", "an argument named '" + text + "'",
                    "see help(" + std::string(d.name) + ")");
}

/// Sorts the arguments of a FASTCALL.
WARPX_INLINE void sort_arguments(const operation_description& d, const bound_operation& op,
                                 PyObject* const* arguments, Py_ssize_t count, PyObject* keywords,
                                 call_objects& objects) {
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

WARPX_COLD inline int read_dims(const operation_description& d, const char* keyword, PyObject* value,
                                int64_t* out, int most) {
    if (PyIndex_Check(value)) {
        out[0] = PyLong_AsLongLong(value);
        if (out[0] == -1 && PyErr_Occurred()) throw python::pending_error();
        if (out[0] < 0)
            refuse_call(d, std::string(keyword) + " that are not negative", std::to_string(out[0]),
                        "check it");
        return 1;
    }
    const ref list(PySequence_Fast(value, ""));
    if (!list || PySequence_Fast_GET_SIZE(list.get()) > most) {
        PyErr_Clear();
        refuse_call(d, std::string(keyword) + " as an integer or a tuple of them", type_text(value),
                    "pass (n, m)");
    }
    const auto count = static_cast<int>(PySequence_Fast_GET_SIZE(list.get()));
    for (int k = 0; k < count; ++k) {
        const ref item(PyNumber_Index(PySequence_Fast_GET_ITEM(list.get(), k)));
        out[k] = item ? PyLong_AsLongLong(item.get()) : -1;
        if (PyErr_Occurred()) throw python::pending_error();
        if (out[k] < 0)
            refuse_call(d, std::string(keyword) + " that are not negative", std::to_string(out[k]),
                        "check it");
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
                    std::to_string(count) + " of them",
                    "pass one for each axis, without batch and component axes");
    for (int axis = 0; axis < count; ++axis) {
        int64_t& extent = call.extents[p.extents[axis]];
        if (extent >= 0 && extent != dims[axis])
            refuse_call(d, "output_dims that agree with " + axes_text(d, p), tuple_text(dims, count),
                        "the same extent must be the same everywhere");
        extent = dims[axis];
    }
}
WARPX_COLD inline void take_launch_dims(operation_call& call, PyObject* dims) {
    const operation_description& d = call.description;
    call.launch_rank = read_dims(d, "launch_dims", dims, call.launch, parameter_description::most_axes);
    if (d.kind != operation_kind::kernel || call.launch_rank != d.launch_rank)
        refuse_call(
            d,
            d.kind == operation_kind::kernel ? std::to_string(d.launch_rank) + " launch_dims"
                                             : std::string("no launch_dims, since it launches itself"),
            std::to_string(call.launch_rank) + " of them", "pass one for each axis of the kernel's index");
}
/// The keywords that few calls have.
WARPX_COLD inline void take_extras(const bound_operation& op, const call_objects& objects,
                                   operation_call& call, int* asked) {
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
                if (found < 0)
                    refuse_call(d, "output_dims for its results", "'" + name + "'", "use their names");
                take_output_dims(call, found, value);
            }
        } else {
            for (int k = 0; k < op.output_count; ++k) take_output_dims(call, op.outputs[k], dims);
        }
    }
    if (PyObject* dims = objects.launch_dims; dims && dims != Py_None) {
        const int rank = d.launch_rank;
        take_launch_dims(call, dims);
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
                for (int t = 0; t < d.set_sizes[s]; ++t)
                    all += (all.empty() ? "" : ", ") + to_string(d.sets[s][t]);
            refuse_call(
                d, all.empty() ? std::string("no dtype=, since its types are fixed") : "dtype= one of " + all,
                text, all.empty() ? "leave it away" : "pass one of them");
        }
    }
}

} // namespace py
} // namespace warpx::detail
