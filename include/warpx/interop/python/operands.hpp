// SPDX-License-Identifier: Apache-2.0
// operands.hpp: Python objects as operands of a call.
#pragma once

#include "runtime.hpp" // Python.h first

#include "arguments.hpp"
#include "cuda_arrays.hpp"
#include "outputs.hpp"

namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

WARPX_COLD inline void take_number(const operation_description& d, int parameter, PyObject* object,
                                   call_operand& out) {
    number& n = out.scalar;
    out.is = call_operand::state::number;
    std::string kind; // of NumPy's scalars
    if (numpy.generic && PyType_IsSubtype(Py_TYPE(object), numpy.generic))
        kind = utf8(attribute(attribute(object, "dtype").get(), "kind").get());
    if (!kind.empty() && kind.find_first_of("biufcV") != 0) // V: bfloat16
        refuse_argument(d, parameter, reason::type, "a number", type_text(object), "convert it first");
    if (PyBool_Check(object) || kind == "b") {
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
            refuse_argument(d, parameter, reason::value, "an integer of 64 bits", "a larger one",
                            "pass a float");
        }
    } else if (PyComplex_Check(object) || kind == "c") {
        const Py_complex c = PyComplex_AsCComplex(object);
        if (PyErr_Occurred()) throw python::pending_error();
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
        } catch (const bind_error& e) { // elements that no description has: objects, strings, dates
            throw python::argument_error(python::category::type,
                                         std::string("argument '") + p.name + "', " + e.what());
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
    refuse_argument(
        d, parameter, reason::type, std::string("an array of ") + family_name(want) + ", as the others are",
        std::string("one of ") + family_name(got), "convert one of them, without a copy: from_dlpack");
}

} // namespace py
} // namespace warpx::detail
