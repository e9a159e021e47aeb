// SPDX-License-Identifier: Apache-2.0
// strict.hpp: the slow form that checks everything it can: bounds, and items of one launch that race with
// each other. Every launch takes it when WARPX_STRICT is defined; the whole test suite runs that way too.
#pragma once

#include "checked.hpp"

#include <unordered_map> // only strict builds pay for it

namespace warpx {

namespace detail {

/// Remembers which item read and wrote every byte during one launch, which runs on one thread. A race is an
/// element that one item writes while another item touches it. Atomics are not traced: they may meet.
class race_detector {
public:
    explicit race_detector(const launch_site* site) noexcept : site_(site) {}

    void next_item() noexcept { ++item_; }
    const launch_site* site() const noexcept { return site_; }

    void read(const void* data, size_t bytes) { touch(data, bytes, false); }
    void write(const void* data, size_t bytes) { touch(data, bytes, true); }

private:
    struct record {
        int64_t reader = -1, other_reader = -1, writer = -1; // items; two different ones are enough readers
    };
    struct line {
        record bytes[64];
    };
    void touch(const void* data, size_t bytes, bool writes) {
        const auto first = reinterpret_cast<uintptr_t>(data);
        for (uintptr_t at = first; at < first + bytes; ++at) {
            if (at / 64 != near_ || !near_line_)
                near_line_ = &lines_[near_ = at / 64]; // one look-up for an element
            record& seen = near_line_->bytes[at % 64];
            if (seen.writer >= 0 && seen.writer != item_)
                refuse(data, seen.writer, writes ? "written" : "read");
            if (writes) {
                for (const int64_t reader : {seen.reader, seen.other_reader})
                    if (reader >= 0 && reader != item_) refuse(data, reader, "written");
                seen.writer = item_;
            } else if (seen.reader < 0)
                seen.reader = item_;
            else if (seen.reader != item_)
                seen.other_reader = item_;
        }
    }
    WARPX_COLD [[noreturn]] void refuse(const void* data, int64_t other, const char* what) const {
        throw launch_error(
            sentence("kernel " + site_name(*site_), "items that are independent of each other",
                     "item " + std::to_string(item_) + " of the launch, by which the element at address " +
                         std::to_string(reinterpret_cast<uintptr_t>(data)) + " is " + what +
                         " although item " + std::to_string(other) + " uses it too",
                     "items run in any order and at once: use atomic_add and its like, or another array"));
    }

    const launch_site* site_;
    int64_t item_ = -1;
    std::unordered_map<uintptr_t, line> lines_; // references to elements stay valid when it grows
    uintptr_t near_ = 0;
    line* near_line_ = nullptr;
};

/// Places that tell the race detector what happens to them.
struct traced_access {
    template <class T> struct place {
        T* data = nullptr;
        race_detector* detector = nullptr;
        operator place<const T>() const noexcept
            requires(!std::is_const_v<T>)
        {
            return {data, detector};
        }
    };
    template <class T> using value = T;
    WARPX_DETAIL_HOST_BODY template <class T>
    WARPX_HOST_DEVICE static std::remove_const_t<T> load(const place<T>& p) {
        return direct_access::load(p.data);
    }
    WARPX_DETAIL_HOST_BODY template <class T>
    WARPX_HOST_DEVICE static void store(const place<T>& p, const T& v) {
        p.detector->write(p.data, sizeof(T));
        direct_access::store(p.data, v);
    }
    WARPX_DETAIL_HOST_BODY template <class T, class C>
    WARPX_HOST_DEVICE static place<C> part(const place<T>& p, C* component) noexcept {
        return {component, p.detector};
    }
    WARPX_DETAIL_HOST_BODY template <class T>
    WARPX_HOST_DEVICE static T* pointer(const place<T>& p) noexcept {
        return p.data;
    }
    WARPX_DETAIL_HOST_BODY template <class T> WARPX_HOST_DEVICE static void used(const place<T>& p) {
        if (p.detector) p.detector->read(p.data, sizeof(T)); // a local variable has no place
    }
};

template <class T, int N, int Argument>
class strict_handle : public checked_memory<T, N, Argument>,
                      public handle_interface<strict_handle<T, N, Argument>, T, N> {
public:
    template <class D>
    strict_handle(const array<T, N, D>& a, race_detector* detector) noexcept
        : checked_memory<T, N, Argument>(a, detector->site()), detector_(detector) {}

    WARPX_DETAIL_HOST_BODY WARPX_HOST_DEVICE auto place(const shape<N>& position) const {
        return located<T, traced_access>(traced_access::place<T>{this->address(position), detector_});
    }

private:
    race_detector* detector_;
};

} // namespace detail

namespace form {

/// Bounds and races, one item after the other on one thread.
struct strict {
    detail::race_detector* detector = nullptr;
    template <class T, int N, int Argument> using handle = detail::strict_handle<T, N, Argument>;
    template <int Argument, class T, int N, class D> auto make(const array<T, N, D>& a) const noexcept {
        return handle<T, N, Argument>(a, detector);
    }
};

} // namespace form
} // namespace warpx
