// SPDX-License-Identifier: Apache-2.0
// callback.hpp: what the host function of a callback receives: descriptions instead of arrays.
#pragma once

#include "../options.hpp"
#include "scalar.hpp"

namespace warpx {

/// One call of a `callback<"name", f>`, for `f(const callback_call&)`: its arrays as descriptions, its
/// numbers, its options. Arrays have passed the checks of the operation (type, named extents, one device,
/// nothing overlaps) but not the gate: `bind` makes arrays of them. Batch axes come first, as they were
/// passed. Valid during the call.
class callback_call {
public:
    callback_call(const detail::operation_call& call, const launch_options& options) noexcept
        : call_(call), options_(options) {}

    /// For launches: the stream of a CUDA call, checking.
    const launch_options& options() const noexcept { return options_; }
    /// Number of parameters; those with number k, in the order of the description.
    int count() const noexcept { return call_.count(); }
    const parameter_description& parameter(int k) const noexcept { return call_.description.parameters[k]; }
    /// The number of a parameter. Throws operation_error if there is none of that name.
    int find(const char* name) const {
        for (int k = 0; k < count(); ++k)
            if (detail::same_text(parameter(k).name, name)) return k;
        throw operation_error(operation_error::reason::value,
                              detail::sentence(std::string(call_.description.name) + "()",
                                               "a parameter that it has", std::string("'") + name + "'",
                                               "use the names of its description"));
    }

    /// An array; null if the call left it out. Outputs are written through it, inputs are not.
    const tensor_desc* array(int k) const noexcept { return of(call_.primals, k); }
    const tensor_desc* array(const char* name) const { return array(find(name)); }
    /// Its tangent (in `.tangent<f>()`), its gradient (in `.adjoint<f>()`); null if it has none or none is
    /// wanted. Gradients of inputs are added to.
    const tensor_desc* tangent(const char* name) const { return of(call_.tangents, find(name)); }
    const tensor_desc* gradient(const char* name) const { return of(call_.cotangents, find(name)); }

    /// A number: an attribute of the call.
    double number(const char* name) const { return scalar(name).real; }
    int64_t integer(const char* name) const { return scalar(name).integer; }

    /// The named extents, and the axes in front of them.
    int64_t extent(const char* name) const {
        for (int k = 0; k < call_.description.extent_count; ++k)
            if (call_.description.extents[k].name &&
                detail::same_text(call_.description.extents[k].name, name))
                return call_.extents[k];
        return -1;
    }
    int batch_rank() const noexcept { return call_.batch_rank; }

private:
    const tensor_desc* of(const detail::call_operand* group, int k) const noexcept {
        return group && group[k].is_array() ? group[k].desc : nullptr;
    }
    detail::number scalar(const char* name) const {
        const int k = find(name);
        const detail::call_operand& o = call_.primals[k];
        const detail::number n = o.is_array() ? detail::read_number(call_, k, *o.desc) : o.scalar;
        const dtype type = call_.description.type_of(parameter(k), call_.chosen);
        if (!has_derivatives(type) && n.is != detail::number::kind::integer &&
            n.is != detail::number::kind::boolean)
            detail::refuse_number(call_.description, k, type, std::to_string(n.real));
        return n;
    }

    const detail::operation_call& call_;
    const launch_options& options_;
};

} // namespace warpx
