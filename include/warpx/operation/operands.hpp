// SPDX-License-Identifier: Apache-2.0
// operands.hpp: what launches get for the operands of a call: arrays and numbers, their batches, their
// tangents.
#pragma once

#include "../op.hpp"
#include "../tangent.hpp"
#include "batch_plan.hpp"
#include "batched.hpp"
#include "memory.hpp"
#include "scalar.hpp"

namespace warpx {
namespace detail {

/// An operation with its types chosen, on one device: what of it is known to the compiler.
template <const auto& Op, class Device, int Variant> struct operation_types {
    using operation = std::remove_cvref_t<decltype(Op)>;
    using device_type = Device;
    using chosen = typename variant_choices<Variant, typename operation::sets>::type;
    static constexpr int count = operation::count;
    using numbers = std::make_integer_sequence<int, count>;
    template <int K> using parameter = typename operation::template parameter_type<K>;
    template <int K> static constexpr bool is_zeroed = slot<K>(Op.parameters).is_zeroed;
};

/// In the following `X` is such a type, and `K` the number of a parameter.
namespace running {

template <class X> using device_of = typename X::device_type;
template <class X, int K> using parameter = typename X::template parameter<K>;
template <class X, int K>
using element_of = typename substituted<typename parameter<X, K>::type, typename X::chosen>::type;
template <class X, int K> inline constexpr parameter_role role = parameter<X, K>::role;
template <class X, int K>
inline constexpr bool is_output = role<X, K> == parameter_role::out || role<X, K> == parameter_role::inout;
template <class X, int K> inline constexpr bool is_scalar = !parameter<X, K>::is_array;
/// What the kernel sees.
template <class X, int K>
using seen = std::conditional_t<role<X, K> == parameter_role::in, const element_of<X, K>, element_of<X, K>>;
/// Whether it has derivatives.
template <class X, int K>
inline constexpr bool active = is_active<element_of<X, K>> && role<X, K> != parameter_role::static_value;
template <class X, int K>
inline constexpr batch_part part = parameter<X, K>::is_array                    ? batch_part::array
                                   : role<X, K> == parameter_role::static_value ? batch_part::number
                                                                                : batch_part::scalar;

template <class X, int K> element_of<X, K> scalar(const operation_call& call) {
    const call_operand& o = call.primals[K];
    return to_scalar<element_of<X, K>>(call, K, o.is_array() ? read_number(call, K, *o.desc) : o.scalar);
}
template <class X, int K> auto argument(const operation_call& call) {
    if constexpr (is_scalar<X, K>)
        return scalar<X, K>(call);
    else
        return to_array<seen<X, K>, parameter<X, K>::rank, device_of<X>>(call, K, call.primals[K]);
}

// -- Lifted: every array has the batch in front, and scalars are arrays too -------------------------------

/// A scalar in memory, if it is not there already.
template <class X, int K> struct scalar_holder {
    using E = element_of<X, K>;
    using memory = typename operation_memory<device_of<X>>::template holder<E>;
    const bool held;
    memory m;
    scalar_holder(const operation_call& call, const launch_options& options)
        : held(!call.primals[K].is_array() || call.primals[K].desc->dtype != dtype_of<E> ||
               (std::is_same_v<device_of<X>, device::cuda> && call.primals[K].desc->rank == 0 &&
                call.primals[K].desc->device == device_kind::host)),
          m(held, held && !is_far(call) ? scalar<X, K>(call) : E{}, options) {
        if (held && is_far(call))
            operation_memory<device_of<X>>::convert(options, *call.primals[K].desc, m.data());
    }
    array<const E, 1, device_of<X>> get(const operation_call& call, const batch_position& where) {
        if (held) return array_over<const E, 1, device_of<X>>(m.data(), shape<1>(where.plan.inner), call);
        return to_array<const E, 0, device_of<X>, 1>(call, K, call.primals[K], where);
    }

private:
    static bool is_far(const operation_call& call) {
        return call.primals[K].is_array() && call.primals[K].desc->device == device_kind::cuda;
    }
};
struct nothing_held {
    nothing_held(const operation_call&, const launch_options&) noexcept {}
};
template <class X, int K>
using holder = std::conditional_t<role<X, K> == parameter_role::value, scalar_holder<X, K>, nothing_held>;

template <class X, int K>
auto lifted(const operation_call& call, const batch_position& where, holder<X, K>& held) {
    if constexpr (role<X, K> == parameter_role::static_value)
        return scalar<X, K>(call);
    else if constexpr (role<X, K> == parameter_role::value)
        return held.get(call, where);
    else
        return to_array<seen<X, K>, parameter<X, K>::rank, device_of<X>, 1>(call, K, call.primals[K], where,
                                                                            call.what != derivative::none);
}
/// Zero derivatives of an argument that has none: one zero, seen everywhere.
template <class X, int K> struct zero_holder {
    using E = element_of<X, K>;
    static constexpr int N = parameter<X, K>::rank + 1;
    const bool held;
    typename operation_memory<device_of<X>>::template holder<E> m;
    zero_holder(const operation_call& call, const launch_options& options)
        : held(!call.tangents || !call.tangents[K].is_array()), m(held, E{}, options) {}
    array<seen<X, K>, N, device_of<X>> get(const operation_call& call, const batch_position& where,
                                           const shape<N>& extents) {
        if (held) {
            if constexpr (is_output<X, K>)
                if (call.what == derivative::tangent)
                    refuse_argument(call.description, K, reason::value, "a tangent to write", "none",
                                    "pass an array for the tangents of every output");
            return array_over<seen<X, K>, N, device_of<X>>(m.data(), extents, call);
        }
        return to_array<seen<X, K>, N - 1, device_of<X>, 1>(call, K, call.tangents[K], where, true);
    }
};
template <class X, int K>
using tangent_holder = std::conditional_t<active<X, K>, zero_holder<X, K>, nothing_held>;

/// An argument with its tangent.
template <class X, int K>
auto with_its_tangent(const operation_call& call, const batch_position& where, holder<X, K>& held,
                      tangent_holder<X, K>& zero) {
    auto x = lifted<X, K>(call, where, held);
    if constexpr (!active<X, K>) {
        return x;
    } else {
        const decltype(x) t = zero.get(call, where, x.extents());
        return with_tangent(x, t);
    }
}

// -- For host functions: the part of each operand where the loops of a batch are --------------------------

/// A number where the loops of a batch are, for a host function.
template <class X, int K>
element_of<X, K> scalar_part(const operation_call& call, const call_operand& o, const batch_position& where) {
    if (!o.is_array()) return to_scalar<element_of<X, K>>(call, K, o.scalar);
    if (o.desc->device == device_kind::cuda)
        refuse_argument(call.description, K, reason::buffer,
                        "a number on the host, since a host function gets it", "one in memory of the device",
                        "pass a Python number, or x.item()");
    tensor_desc part = *o.desc;
    if (const int64_t offset = where.offset(o))
        part.data = static_cast<char*>(part.data) +
                    offset * (part.stride_unit == stride_unit::bytes ? 1 : part.dtype.bytes());
    return to_scalar<element_of<X, K>>(call, K, read_number(call, K, part));
}
/// An argument of a host function.
template <class X, int K> auto part_of(const operation_call& call, const batch_position& where) {
    if constexpr (is_scalar<X, K>)
        return scalar_part<X, K>(call, call.primals[K], where);
    else
        return to_array<seen<X, K>, parameter<X, K>::rank, device_of<X>, 0>(call, K, call.primals[K], where,
                                                                            call.what != derivative::none);
}

/// The tangent of an argument by itself, for an own tangent.
template <class X, int K>
auto only_tangent(const operation_call& call, const batch_position& where, holder<X, K>& held,
                  tangent_holder<X, K>& zero) {
    auto x = lifted<X, K>(call, where, held);
    if constexpr (active<X, K>)
        return zero.get(call, where, x.extents());
    else
        return x; // what has no derivative stands for itself
}
/// The same for that of a host function.
template <class X, int K> auto tangent_part(const operation_call& call, const batch_position& where) {
    const call_operand& t = call.tangents[K];
    if constexpr (is_scalar<X, K>) {
        return t.given() ? scalar_part<X, K>(call, t, where) : element_of<X, K>{};
    } else {
        if (active<X, K> && !t.is_array() && call.primals[K].is_array())
            refuse_argument(call.description, K, reason::value, "a tangent, since a host function gets it",
                            "none", "pass zeros");
        return to_array<seen<X, K>, parameter<X, K>::rank, device_of<X>, 0>(call, K, call.tangents[K], where,
                                                                            true);
    }
}

} // namespace running
} // namespace detail
} // namespace warpx
