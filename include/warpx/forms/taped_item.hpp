// SPDX-License-Identifier: Apache-2.0
// taped_item.hpp: one item of a taped adjoint launch.
#pragma once

#include "../arguments.hpp"
#include "call_kernel.hpp"
#include "taped.hpp"

namespace warpx {

namespace detail {

/// A scalar argument on the tape.
template <class T, class P, int D> struct taped_scalar {
    T value;
    active_memory<P, D> memory;
    WARPX_HOST_DEVICE auto receive(tape<P>* on) const {
        using access = taped_access_t<P, D, T>;
        typename access::template place_of<const T> place;
        place.data = &value;
        place.memory = memory;
        place.on = on;
        return warpx::value(located<const T, access>(place));
    }
};
template <class H, class P> WARPX_HOST_DEVICE auto receive_taped(const H& h, tape<P>* on) {
    if constexpr (requires { h.receive(on); }) {
        return h.receive(on);
    } else {
        H attached = h;
        if constexpr (requires { attached.attach(on); }) attached.attach(on);
        return attached;
    }
}
/// Runs one item on a tape; false if its memory was too small: then nothing was written, and `on` says what
/// is needed.
template <class P, class Kernel, int R, class... H>
WARPX_HOST_DEVICE bool taped_item(tape<P>& on, const Kernel& kernel, const index<R>& i, const H&... handles) {
    call_kernel(kernel, i, receive_taped(handles, &on)...);
    if (on.overflowed()) return false;
    on.reverse();
    return true;
}

/// A struct argument of the taped form.
template <class P> struct attach_fields_to {
    tape<P>* on;
    template <class H> WARPX_HOST_DEVICE void operator()(H& handle) const noexcept {
        if constexpr (requires { handle.attach(on); }) handle.attach(on);
    }
};
template <class Form, class S> struct taped_struct : struct_traits<S>::template rebind<Form::template field> {
    using traits = struct_traits<S>;
    using fields = typename traits::template rebind<Form::template field>;
    explicit taped_struct(const fields& f) : fields(f) {}
    template <class P> WARPX_HOST_DEVICE void attach(tape<P>* on) noexcept {
        traits::each(attach_fields_to<P>{on}, static_cast<fields&>(*this));
    }
};

} // namespace detail
} // namespace warpx
