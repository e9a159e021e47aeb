// SPDX-License-Identifier: Apache-2.0
// numbers.hpp: the real numbers of elements, in memory, as doubles.
#pragma once

#include "../forms/active.hpp"

#include <vector>

namespace warpx {
namespace detail {

/// f(T{}) of a number's type; of the host alone, where f is.
template <class F> auto with_number_type(stored_as type, const F& f) {
    switch (type) {
    case stored_as::float32:
        return f(float{});
    case stored_as::float64:
        return f(double{});
    case stored_as::float16:
        return f(half{});
    default:
        return f(bfloat16{});
    }
}
inline double read_number(const void* p, stored_as type) {
    return with_number_type(type, [p]<class T>(T) {
        return static_cast<double>(static_cast<compute_t<T>>(*static_cast<const T*>(p)));
    });
}
inline void write_number(void* p, stored_as type, double v) {
    with_number_type(
        type, [p, v]<class T>(T) { *static_cast<T*>(p) = static_cast<T>(static_cast<compute_t<T>>(v)); });
}
/// The distance of 1 and the next number.
inline double epsilon_of(stored_as type) {
    return type == stored_as::float64   ? 0x1p-52
           : type == stored_as::float32 ? 0x1p-23
           : type == stored_as::float16 ? 0x1p-10
                                        : 0x1p-7;
}

/// A real number with derivatives within an element.
struct leaf_number {
    int64_t offset; // bytes
    stored_as type;
};
template <class T> void list_leaves(int64_t at, std::vector<leaf_number>& leaves) {
    if constexpr (is_active_scalar<T>) {
        leaves.push_back({at, stored_as_v<T>});
    } else if constexpr (described<T>) {
        const T s{};
        struct_traits<T>::each(
            [&]<class F>(const F& field) {
                list_leaves<F>(
                    at + (reinterpret_cast<const char*>(&field) - reinterpret_cast<const char*>(&s)), leaves);
            },
            s);
    } else if constexpr (is_active<T>) {
        using C = typename components<T>::type;
        for (int k = 0; k < components<T>::count; ++k)
            list_leaves<C>(at + k * static_cast<int64_t>(sizeof(C)), leaves);
    }
}
template <class T> std::vector<leaf_number> leaves_of() {
    std::vector<leaf_number> leaves;
    list_leaves<T>(0, leaves);
    return leaves;
}

} // namespace detail
} // namespace warpx
