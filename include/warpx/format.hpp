// SPDX-License-Identifier: Apache-2.0
// format.hpp: arrays and elements as text, for people.
#pragma once

#include "array.hpp"
#include "struct.hpp"

#include <charconv>

namespace warpx {

/// How arrays are printed: above `threshold` elements only the first and last `edge` along each axis are
/// shown (`edge` is at least 1).
struct format_options {
    int64_t threshold = 1000;
    int64_t edge = 3;
};

namespace detail {

template <class T> std::string number_text(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
        return v ? "true" : "false";
    } else if constexpr (!std::is_same_v<compute_t<T>, T>) {
        return number_text(
            static_cast<compute_t<T>>(v)); // float: shortest text, may show more digits than are stored
    } else if constexpr (std::is_same_v<T, complex<float>> || std::is_same_v<T, complex<double>>) {
        const std::string imaginary = number_text(v.imag());
        return number_text(v.real()) + (imaginary[0] == '-' ? "" : "+") + imaginary + "i";
    } else {
        char text[64];
        const auto end = std::to_chars(text, text + sizeof(text), v).ptr;
        return std::string(text, static_cast<size_t>(end - text));
    }
}

template <class F> std::string list_text(int64_t count, const F& item) {
    std::string text = "(";
    for (int64_t k = 0; k < count; ++k) text += (k ? ", " : "") + item(static_cast<int>(k));
    return text + ")";
}

template <class T> std::string element_text(const T& v) {
    if constexpr (detail::is_vec<T>) {
        return list_text(element_traits<T>::count, [&](int k) { return element_text(v[k]); });
    } else if constexpr (detail::is_quat<T>) {
        return "(" + element_text(v.x) + ", " + element_text(v.y) + ", " + element_text(v.z) + ", " +
               element_text(v.w) + ")";
    } else if constexpr (detail::is_mat<T>) {
        return list_text(element_traits<T>::fold[0], [&](int r) {
            return list_text(element_traits<T>::fold[1], [&](int c) { return element_text(v(r, c)); });
        });
    } else if constexpr (described<T>) {
        std::string text = "{";
        int number = 0;
        struct_traits<T>::each(
            [&](const auto& field) {
                text += (number ? ", " : "") + std::string(struct_traits<T>::names[number]) + ": " +
                        element_text(field);
                ++number;
            },
            v);
        return text + "}";
    } else {
        return number_text(v);
    }
}

/// Brackets around the elements at `position` and along the axes behind; widths are made equal by the
/// caller's `pad`.
template <class T, int N, class D, class Visit>
void visit_shown(const array<T, N, D>& a, const format_options& options, bool all, shape<N>& position,
                 int axis, const Visit& visit) {
    if (axis == N) {
        visit(position);
        return;
    }
    const int64_t extent = a.extent(axis);
    for (int64_t k = 0; k < extent; ++k) {
        if (!all && extent > 2 * options.edge && k == options.edge) k = extent - options.edge;
        position[axis] = k;
        visit_shown(a, options, all, position, axis + 1, visit);
    }
}

template <class T, int N, class D> class array_printer {
public:
    array_printer(const array<T, N, D>& a, const format_options& options)
        : array_(a), options_(options), all_(a.size() <= options.threshold) {
        if (options_.edge < 1) options_.edge = 1;
        shape<N> position;
        visit_shown(a, options_, all_, position, 0, [&](const shape<N>& p) {
            const size_t length = text_at(p).size();
            width_ = length > width_ ? length : width_;
        });
    }

    std::string axis_text(shape<N> position, int axis) const {
        if constexpr (N == 0) {
            return text_at(position);
        } else {
            if (axis == N) {
                const std::string text = text_at(position);
                return std::string(width_ - text.size(), ' ') + text;
            }
            const std::string gap =
                axis + 1 == N ? ", " : ",\n" + std::string(static_cast<size_t>(axis) + 1, ' ');
            std::string text = "[";
            const int64_t extent = array_.extent(axis);
            for (int64_t k = 0; k < extent; ++k) {
                if (k) text += gap;
                if (!all_ && extent > 2 * options_.edge && k == options_.edge) {
                    text += "..." + gap;
                    k = extent - options_.edge;
                }
                position[axis] = k;
                text += axis_text(position, axis + 1);
            }
            return text + "]";
        }
    }

private:
    std::string text_at(const shape<N>& position) const {
        int64_t offset = 0;
        for (int axis = 0; axis < N; ++axis) offset += position[axis] * array_.stride(axis);
        return element_text<std::remove_const_t<T>>(array_.data_handle()[offset]);
    }

    const array<T, N, D>& array_;
    format_options options_;
    bool all_;
    size_t width_ = 0;
};

} // namespace detail

/// "array<float, 2>, shape (2, 3), strides (3, 1), cpu:0" and, for memory the host can read, the elements in
/// nested brackets as NumPy prints them. Vectors and structs print their components; float text is the
/// shortest that reads back to the same float. Reads the elements now: work in flight on a stream must be
/// finished.
template <class T, int N, class D>
[[nodiscard]] std::string to_string(const array<T, N, D>& a, const format_options& options = {}) {
    std::string text =
        detail::type_name<array<T, N, D>>() + ", shape " + detail::tuple_text(a.extents().values, N);
    if (!a.is_compact()) text += ", strides " + detail::tuple_text(a.strides().values, N);
    text += ", " + to_string(a.device(), a.device_id());
    const bool readable = a.device() == device_kind::host || a.memory() != memory_kind::plain;
    if (!readable) return text + " (elements not shown: copy the array to the host to see them)";
    if (N == 0 && a.empty()) return text + "\n(no memory)";
    return text + "\n" + detail::array_printer<T, N, D>(a, options).axis_text({}, 0);
}

} // namespace warpx
