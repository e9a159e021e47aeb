// SPDX-License-Identifier: Apache-2.0
// call.hpp: one call of an operation: what was passed, and what follows from it, as plain data for every
// framework.
#pragma once

#include "../shape.hpp"
#include "../tensor_desc.hpp"
#include "description.hpp"

namespace warpx {

/// What is to be computed.
enum class derivative : uint8_t {
    none,            ///< the operation itself
    tangent,         ///< also along tangents: Jacobian times vector
    adjoint,         ///< gradients of the inputs from those of the outputs
    adjoint_tangent, ///< how gradients change along tangents: Hessian times vector
};

/// An operation refuses an argument. `kind()` says what is wrong with it.
class WARPX_PUBLIC operation_error : public bind_error {
public:
    enum class reason : uint8_t { type, value, buffer };
    operation_error(reason kind, const std::string& text) : bind_error(text), kind_(kind) {}
    reason kind() const noexcept { return kind_; }

private:
    reason kind_;
};

namespace detail {

/// A number as a framework passes it, before the type of the parameter is known.
struct number {
    double real = 0, imaginary = 0;
    int64_t integer = 0;
    enum class kind : uint8_t { boolean, integer, real, complex } is = kind::real;
};

/// One array or number of a call.
struct call_operand {
    static constexpr int most_axes = 17; // 8 batch axes, 7 of the kernel, 2 folded

    enum class state : uint8_t { absent, array, number };
    state is = state::absent;
    tensor_desc* desc = nullptr; // of an array: the caller's, who keeps it
    detail::number scalar;
    /// Distances along the batch axes of the call, in the unit of `desc`; 0 where it has no such axis.
    int64_t batch_strides[most_axes];
    int64_t compact_strides[most_axes]; // of a description without strides

    bool is_array() const noexcept { return is == state::array; }
    bool given() const noexcept { return is != state::absent; }
};

/// One call. A framework fills in what it has, `resolve` the rest; then an entry of the operation runs it.
struct operation_call {
    static constexpr int most_batch_axes = 8;
    static_assert(call_operand::most_axes == most_batch_axes + parameter_description::most_axes + 2);

    /// `operands`: one for each parameter; they stay the caller's.
    operation_call(const operation_description& d, call_operand* operands) noexcept
        : description(d), primals(operands) {
        for (int k = 0; k < d.extent_count; ++k) extents[k] = d.extents[k].fixed;
    }

    const operation_description& description;
    derivative what = derivative::none;

    call_operand* primals;
    // Only for derivatives:
    call_operand* tangents = nullptr; ///< of inputs: given; of outputs: written. Absent: zero
    call_operand* cotangents =
        nullptr; ///< of outputs: given, consumed; of inputs: added to. Absent: not wanted
    call_operand* cotangent_tangents = nullptr; ///< how the cotangents change along the tangents

    int64_t extents[operation_description::most_extents]; ///< -1: not known yet
    int launch_rank = 0;                                  ///< of `launch`, if the call gives it
    int64_t launch[parameter_description::most_axes];
    int chosen[operation_description::most_sets];
    int variant = -1;
    int batch_rank = 0;
    int64_t batch[most_batch_axes];

    device_kind device = device_kind::host;
    int device_id = 0;
    int device_of = -1; ///< which parameter said so; -1: none

    int count() const noexcept { return description.parameter_count; }
};

using reason = operation_error::reason;

WARPX_COLD inline std::string who(const operation_description& d, int parameter) {
    return std::string(d.name) + "(), argument '" + d.parameters[parameter].name + "'";
}
WARPX_COLD [[noreturn]] inline void refuse_argument(const operation_description& d, int parameter,
                                                    reason kind, const std::string& expected,
                                                    const std::string& got, const std::string& remedy) {
    throw operation_error(kind, sentence(who(d, parameter), expected, got, remedy));
}

/// "float32, float64 or bfloat16".
WARPX_COLD inline std::string types_text(const operation_description& d, const parameter_description& p) {
    if (p.set < 0) return to_string(p.type);
    std::string text;
    const int size = d.set_sizes[p.set];
    for (int k = 0; k < size; ++k) {
        int chosen[operation_description::most_sets] = {};
        chosen[p.set] = k;
        text += (k == 0 ? "" : k + 1 == size ? " or " : ", ") + to_string(d.type_of(p, chosen));
    }
    return text;
}
/// "(n, 3)": the axes of a parameter by name, with the folded ones.
WARPX_COLD inline std::string axes_text(const operation_description& d, const parameter_description& p) {
    std::string text = "(";
    const int rank = p.rank + p.fold_rank;
    for (int k = 0; k < rank; ++k) {
        if (k) text += ", ";
        if (k >= p.rank)
            text += std::to_string(p.fold[k - p.rank]);
        else if (const extent_description& e = d.extents[p.extents[k]]; e.name)
            text += e.name;
        else
            text += std::to_string(e.fixed);
    }
    return text + (rank == 1 ? ",)" : ")");
}

} // namespace detail
} // namespace warpx
