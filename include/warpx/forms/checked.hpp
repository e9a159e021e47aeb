// SPDX-License-Identifier: Apache-2.0
// checked.hpp: the checked form: every access is compared with the extents.
#pragma once

#include "direct.hpp"

namespace warpx {

namespace detail {

/// What a message about an access can say of the launch it happened in.
struct launch_site {
    const char* (*kernel)() noexcept = nullptr; // a function name of the compiler that holds ...
    const char* key = nullptr;                  // ... this template argument
    const char* name = nullptr;                 // from launch_options; wins
};

/// "kernel saxpy".
WARPX_COLD inline text& add_site(text& t, const launch_site& site) noexcept {
    t.add("kernel ");
    if (site.name != nullptr) return t.add(site.name);
    if (site.kernel != nullptr) return t.add_template_argument(site.kernel(), site.key);
    return t.add("a kernel");
}

WARPX_COLD inline std::string site_name(const launch_site& site) {
    text t;
    return add_site(t, site).c_str() + strlen("kernel ");
}

WARPX_COLD [[noreturn]] inline void refuse_access(const launch_site& site, int argument,
                                                  const int64_t* position, const int64_t* extents, int rank) {
    text t;
    add_site(t, site).add(", array argument ").add(argument);
    t.expected("an index within the shape ").add(extents, rank).got("index ").add(position, rank);
    t.remedy("guard the access, or launch over fewer items (arguments count from 0)");
    throw index_error(t.c_str());
}

/// Memory that is only addressed within its extents.
template <class T, int N, int Argument> class checked_memory : public strided_layout<N> {
public:
    template <class D>
    checked_memory(const array<T, N, D>& a, const launch_site* site) noexcept
        : strided_layout<N>(a), data_(a.data_handle()), site_(site) {}

    WARPX_HOST_DEVICE T* data_handle() const noexcept { return data_; }
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE T* address(const shape<N>& position) const {
        for (int axis = 0; axis < N; ++axis)
            if (static_cast<uint64_t>(position[axis]) >= static_cast<uint64_t>(this->extent(axis)))
                [[unlikely]] {
                shape<N> extents;
                for (int k = 0; k < N; ++k) extents[k] = this->extent(k);
                refuse_access(*site_, Argument, position.values, extents.values, N);
            }
        return data_ + this->offset(position);
    }

private:
    T* data_;
    const launch_site* site_;
};

template <class T, int N, int Argument>
class checked_handle : public checked_memory<T, N, Argument>,
                       public handle_interface<checked_handle<T, N, Argument>, T, N> {
public:
    using checked_memory<T, N, Argument>::checked_memory;
    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE located<T> place(const shape<N>& position) const {
        return located<T>(this->address(position));
    }
};

} // namespace detail

namespace form {

/// Bounds-checked: the first access outside of an array throws index_error from the launch.
struct checked {
    const detail::launch_site* site = nullptr;
    template <class T, int N, int Argument> using handle = detail::checked_handle<T, N, Argument>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a, site);
    }
};

} // namespace form
} // namespace warpx
