// SPDX-License-Identifier: Apache-2.0
// module.hpp: an extension module made of operations: its functions, what it says about them to the glue.
#pragma once

#include "runtime.hpp" // Python.h first

#include "operation.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// What modules and the Python package `warpx` agree on. A module with another number is refused by the
/// package with a sentence that says which of the two is older.
inline constexpr int glue_format = 1;

// -- The description as text ------------------------------------------------------------------------------

WARPX_COLD inline std::string quoted(const char* s) {
    std::string text = "\"";
    for (; s && *s; ++s) {
        if (*s == '"' || *s == '\\') text += '\\';
        if (static_cast<unsigned char>(*s) < 0x20) {
            char code[16];
            snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(*s) & 0xffU);
            text += code;
        } else {
            text += *s;
        }
    }
    return text + "\"";
}
WARPX_COLD inline const char* role_name(parameter_role role) noexcept {
    static constexpr const char* names[] = {"in", "inout", "out", "value", "static_value"};
    return names[static_cast<int>(role)];
}
/// As JSON and Python read it; `infinite` is what they call infinity.
WARPX_COLD inline std::string number_text(double v, const char* infinite) {
    if (v != v) return infinite[0] == 'I' ? "NaN" : "None";
    if (v - v != 0) return std::string(v < 0 ? "-" : "") + infinite;
    char text[40];
    snprintf(text, sizeof text, "%.17g", v);
    return text;
}

/// The description as JSON: what the glue knows of an operation. `only_adds_to(k)`: see entries.hpp.
WARPX_COLD inline std::string to_json(const operation_description& d, bool (*only_adds_to)(int)) {
    const auto list = [](int count, const auto& item) {
        std::string text = "[";
        for (int k = 0; k < count; ++k) text += (k ? "," : "") + item(k);
        return text + "]";
    };
    const auto boolean = [](bool b) -> std::string { return b ? "true" : "false"; };
    static constexpr const char* kinds[] = {"kernel", "callable", "callback"};
    std::string text = "{\"name\":" + quoted(d.name) + ",\"doc\":" + quoted(d.doc) + ",\"kind\":\"" +
                       kinds[static_cast<int>(d.kind)] + "\",\"parameters\":";
    text += list(d.parameter_count, [&](int k) {
        const parameter_description& p = d.parameters[k];
        std::string one = "{\"name\":" + quoted(p.name) + ",\"role\":\"" + role_name(p.role) +
                          "\",\"set\":" + std::to_string(p.set) + ",\"types\":";
        const int types = p.set < 0 ? 1 : d.set_sizes[p.set];
        one += list(types, [&](int t) {
            int chosen[operation_description::most_sets] = {};
            if (p.set >= 0) chosen[p.set] = t;
            return quoted(to_string(d.type_of(p, chosen)).c_str());
        });
        one += ",\"axes\":" + list(p.rank, [&](int a) { return std::to_string(p.extents[a]); });
        one += ",\"fold\":" + list(p.fold_rank, [&](int f) { return std::to_string(p.fold[f]); });
        one += ",\"optional\":" + boolean(p.optional) + ",\"zeroed\":" + boolean(p.zeroed);
        if (p.role == parameter_role::inout) one += ",\"only_added\":" + boolean(only_adds_to(k));
        if (p.has_default) one += ",\"default\":" + number_text(p.default_value, "Infinity");
        return one + "}";
    });
    text += ",\"extents\":" + list(d.extent_count, [&](int e) {
                return d.extents[e].name ? quoted(d.extents[e].name) : std::to_string(d.extents[e].fixed);
            });
    text += ",\"launch_rank\":" + std::to_string(d.launch_rank) + ",\"launch\":";
    text += d.launch_by_function ? std::string("null")
                                 : list(d.launch_rank, [&](int a) { return std::to_string(d.launch[a]); });
    return text + ",\"tangent\":" + boolean(d.has_tangent) + ",\"adjoint\":" + boolean(d.has_adjoint) +
           ",\"second\":" + boolean(d.has_second) + "}";
}

/// "float32, float64: (n, 3)".
WARPX_COLD inline std::string parameter_text(const operation_description& d, const parameter_description& p) {
    std::string text = types_text(d, p);
    if (p.is_array())
        text += (p.rank + p.fold_rank ? ", shape " + axes_text(d, p) : std::string(", without axes"));
    return text;
}

/// The docstring: a signature for `inspect`, the author's text, the parameters.
WARPX_COLD inline std::string doc_text(const operation_description& d) {
    std::string signature = std::string(d.name) + "($module";
    bool after_default = false;
    for (int k = 0; k < d.parameter_count; ++k) {
        const parameter_description& p = d.parameters[k];
        if (p.role == parameter_role::out) continue;
        signature += std::string(", ") + p.name;
        if (p.has_default)
            signature += "=" + number_text(p.default_value, "1e999") +
                         (p.type.code != dtype_code::int_ && is_whole(p.default_value) ? ".0" : "");
        else if (p.optional || after_default)
            signature += "=None";
        after_default = after_default || p.has_default || p.optional;
    }
    signature += ", *";
    bool has_out = false;
    for (int k = 0; k < d.parameter_count; ++k)
        has_out = has_out || d.parameters[k].role == parameter_role::out;
    if (has_out) signature += ", out=None, output_dims=None";
    if (d.kind == operation_kind::kernel) signature += ", launch_dims=None";
    if (d.set_count > 0) signature += ", dtype=None";
    std::string text = signature + ")\n--\n\n" + (d.doc ? std::string(d.doc) + "\n\n" : std::string());
    for (int k = 0; k < d.parameter_count; ++k) {
        const parameter_description& p = d.parameters[k];
        text += std::string(p.name) + ": " + parameter_text(d, p);
        if (p.role == parameter_role::inout) text += "; overwritten, returned";
        if (p.role == parameter_role::out) text += "; returned";
        if (p.optional) text += "; optional";
        text += "\n";
    }
    bool has_axes = false;
    for (int e = 0; e < d.extent_count; ++e) has_axes = has_axes || d.extents[e].name;
    if (has_axes)
        text += "\nArrays of NumPy, PyTorch, CuPy, Numba, JAX and Paddle. Axes in front of those named "
                "broadcast.";
    return text;
}

// -- The module -------------------------------------------------------------------------------------------

/// One operation of this module: its record, its function.
template <const auto& Op> struct module_operation {
    static bound_operation bound;

    static PyObject* function(PyObject*, PyObject* const* arguments, Py_ssize_t given,
                              PyObject* keywords) noexcept {
        return guarded(description_of<Op>.name, [&] {
            return run_operation<description_of<Op>>(bound, arguments, given, keywords, true);
        });
    }
    /// The same without asking whether a framework must see it: for the glue, which has seen it.
    static PyObject* raw(PyObject*, PyObject* const* arguments, Py_ssize_t given,
                         PyObject* keywords) noexcept {
        return guarded(description_of<Op>.name, [&] {
            return run_operation<description_of<Op>>(bound, arguments, given, keywords, false);
        });
    }
    static PyObject* entry(PyObject*, PyObject* const* arguments, Py_ssize_t given) noexcept {
        return guarded(description_of<Op>.name,
                       [&] { return run_entry<description_of<Op>>(bound, arguments, given); });
    }
    static PyMethodDef methods[3];
};
template <const auto& Op> bound_operation module_operation<Op>::bound;
template <class F> PyCFunction as_method(F* f) noexcept {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}
template <const auto& Op>
PyMethodDef module_operation<Op>::methods[3] = {
    {nullptr, as_method(&function), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"raw", as_method(&raw), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"entry", as_method(&entry), METH_FASTCALL, nullptr}};

WARPX_COLD inline void fill_record(bound_operation& op) {
    const operation_description& d = *op.description;
    op.input_count = op.output_count = 0;
    for (int k = 0; k < d.parameter_count; ++k) {
        op.names[k] = made(PyUnicode_InternFromString(d.parameters[k].name)).release();
        if (d.parameters[k].is_input()) ++op.input_count;
        if (d.parameters[k].is_output()) op.outputs[op.output_count++] = k;
    }
    op.doc = doc_text(d);
}

/// Its entries begin at `next`, which then is at those of the next operation.
template <const auto& Op, bool Cuda>
void add_operation(PyObject* into, PyObject* module_name, PyObject* records, const operation_entries*& next) {
    using mine = module_operation<Op>;
    bound_operation& op = mine::bound;
    op.description = &description_of<Op>;
    op.host = next;
    next += op.description->variants();
    if constexpr (Cuda) {
        op.cuda = next;
        next += op.description->variants();
    }
    fill_record(op);
    mine::methods[0].ml_name = op.description->name;
    mine::methods[0].ml_doc = op.doc.c_str();
    if (PyObject_HasAttrString(into, op.description->name))
        throw python::argument_error(python::category::value,
                                     sentence("module " + utf8(module_name),
                                              "operations with names of their own",
                                              std::string("two named '") + op.description->name + "'",
                                              "rename one: op<\"name\", ...>"));
    ref functions[3];
    for (int k = 0; k < 3; ++k) functions[k] = made(PyCFunction_NewEx(&mine::methods[k], into, module_name));
    const ref record(Py_BuildValue("{s:s,s:O,s:O}", "json",
                                   to_json(*op.description, &only_adds_to<Op>).c_str(), "raw",
                                   functions[1].get(), "entry", functions[2].get()));
    if (!record || PyDict_SetItemString(records, op.description->name, record.get()) < 0 ||
        PyObject_SetAttrString(into, op.description->name, functions[0].get()) < 0)
        throw python::pending_error();
}

/// Returns what was set before.
inline PyObject* set_checked(PyObject*, PyObject* on) noexcept {
    const bool before = module_data.checked;
    module_data.checked = PyObject_IsTrue(on) == 1;
    return PyBool_FromLong(before);
}
inline PyMethodDef module_methods[] = {
    {"_set_checked", set_checked, METH_O, "Whether every access is compared with the extents (slow)."},
    {nullptr, nullptr, 0, nullptr}};

/// Tells the package `warpx`, if it is installed, that this module is there.
WARPX_COLD inline void announce(PyObject* made_module) {
    const ref glue(PyImport_ImportModule("warpx"));
    if (!glue) {
        if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) throw python::pending_error();
        return PyErr_Clear(); // NumPy and plain tensors work without it
    }
    const ref done(PyObject_CallMethod(glue.get(), "_register", "O", made_module));
    if (!done) throw python::pending_error();
}

/// `others` hand over what the other parts of the module have compiled.
template <class Part, const auto&... Ops>
PyObject* make_module(const char* name, std::initializer_list<part_entries> others) noexcept {
    static auto entries = module_entries<Part, Ops...>;
    static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                     name,
                                     "Operations of warpx.",
                                     -1,
                                     module_methods,
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     nullptr};
    return guarded("module", [&]() -> PyObject* {
        ref created = made(PyModule_Create(&definition));
        const ref records = made(PyDict_New());
        // The name under which it is imported (a package's module is "package.name"), for pickling.
        const ref module_name = made(PyObject_GetAttrString(created.get(), "__name__"));
        const char* checked = getenv("WARPX_CHECKED");
        module_data.checked = checked && strcmp(checked, "0") != 0;
        module_data.module = created.get();
        for (const part_entries other : others) entries.take(other());
        const operation_entries* next = entries.of;
        (add_operation<Ops, Part::on_cuda>(created.get(), module_name.get(), records.get(), next), ...);
        const std::string version = std::to_string(WARPX_VERSION_MAJOR) + "." +
                                    std::to_string(WARPX_VERSION_MINOR) + "." +
                                    std::to_string(WARPX_VERSION_PATCH);
        if (PyObject_SetAttrString(created.get(), "__warpx_operations__", records.get()) < 0 ||
            PyModule_AddIntConstant(created.get(), "__warpx_format__", glue_format) < 0 ||
            PyModule_AddStringConstant(created.get(), "__warpx_version__", version.c_str()) < 0)
            throw python::pending_error();
        attach_numpy();
        attach_torch();
        announce(created.get());
        return created.release();
    });
}

} // namespace py
} // namespace warpx::detail

// What the build says of a module that is compiled in parts (cmake/warpx_module.cmake): how many, which one
// this is, and `each(name, part)` for all but part 0.
#if !defined(WARPX_MODULE_PARTS)
#    define WARPX_MODULE_PARTS 1
#    define WARPX_MODULE_PART 0
#    define WARPX_MODULE_OTHER_PARTS(each, name)
#endif
// A C function hands over what a part has compiled: the operations are objects of each part's own, which no
// C++ name common to the parts can have in it.
#define WARPX_DETAIL_PART(name, part)                                                                        \
    extern "C"                                                                                               \
        [[gnu::visibility("hidden")]] const ::warpx::detail::operation_entries* warpx_##name##_part_##part()
#define WARPX_DETAIL_DECLARE_PART(name, part) WARPX_DETAIL_PART(name, part);
#define WARPX_DETAIL_NAME_PART(name, part) warpx_##name##_part_##part,
#define WARPX_DETAIL_DEFINE_PART(name, part, ...)                                                            \
    WARPX_DETAIL_PART(name, part) {                                                                          \
        using this_part = ::warpx::detail::this_part<part, WARPX_MODULE_PARTS>;                              \
        return ::warpx::detail::module_entries<this_part, __VA_ARGS__>.of;                                   \
    }

/// Defines the extension module `name` with one function for each operation (constexpr variables at namespace
/// scope). Use it once, in one source file; build that with `warpx_add_module(name file.cpp)`. The module
/// needs no framework to be built or imported. A macro, since Python looks for a C function of that name. In
/// parts other than 0 it only compiles their share.
#if WARPX_MODULE_PART == 0
#    define WARPX_PYTHON_MODULE(name, ...)                                                                   \
        WARPX_MODULE_OTHER_PARTS(WARPX_DETAIL_DECLARE_PART, name)                                            \
        PyMODINIT_FUNC PyInit_##name() {                                                                     \
            using this_part = ::warpx::detail::this_part<0, WARPX_MODULE_PARTS>;                             \
            return ::warpx::detail::py::make_module<this_part, __VA_ARGS__>(                                 \
                #name, {WARPX_MODULE_OTHER_PARTS(WARPX_DETAIL_NAME_PART, name)});                            \
        }
#else
#    define WARPX_PYTHON_MODULE(name, ...) WARPX_DETAIL_DEFINE_PART(name, WARPX_MODULE_PART, __VA_ARGS__)
#endif
