// SPDX-License-Identifier: Apache-2.0
// cell.hpp: the cell form: pointwise elements live in registers, read at first touch and written once at the
// end.
#pragma once

#include "direct.hpp"

namespace warpx {

namespace detail {

/// How a located value reaches a cell (or memory, where `written` is null).
struct cell_access {
    template <class T> struct place_of {
        T* value = nullptr;
        bool* written = nullptr;
        place_of() = default;
        WARPX_HOST_DEVICE constexpr place_of(T* v, bool* w) noexcept : value(v), written(w) {}
        template <class U>
            requires std::is_same_v<const U, T>
        WARPX_HOST_DEVICE constexpr place_of(const place_of<U>& o) noexcept
            : value(o.value), written(o.written) {}
    };
    template <class T> using place = place_of<T>;
    template <class T> using value = T;
    template <class T>
    WARPX_HOST_DEVICE static constexpr std::remove_const_t<T> load(const place_of<T>& p) noexcept {
        return direct_access::load(p.value);
    }
    template <class T>
    WARPX_HOST_DEVICE static constexpr void store(const place_of<T>& p, const T& v) noexcept {
        *p.value = v;
        if (p.written != nullptr) *p.written = true;
    }
    template <class T, class C>
    WARPX_HOST_DEVICE static constexpr place_of<C> part(const place_of<T>& p, C* component) noexcept {
        return place_of<C>(component, p.written);
    }
    template <class T> WARPX_HOST_DEVICE static constexpr T* pointer(const place_of<T>& p) noexcept {
        return p.value;
    }
    template <class T> WARPX_HOST_DEVICE static constexpr void used(const place_of<T>&) noexcept {}
};

/// The elements of one array that one thread works on, in registers: `W` of them, read together at the first
/// touch (a read that nobody needs is removed by the compiler), written once by `flush`, and only those that
/// the kernel wrote. `Source` reads and writes memory: `load(stored*)` all of them (if `together`) or
/// `load_one(slot, stored&)`, `store_all(const T*)`, `store_one(slot, value)`.
template <class T, int W, class Source> class cells {
    using value_type = std::remove_const_t<T>;

public:
    /// A bool is read as a byte, since the memory may hold anything.
    using stored = std::conditional_t<std::is_same_v<value_type, bool>, unsigned char, value_type>;

    WARPX_HOST_DEVICE explicit cells(const Source& source) noexcept : source_(source) {
        // Values that no path has set are zero, not undefined: ptxas 13.0 drops the load of one that a flag
        // guards in an unrolled loop. What every path sets costs nothing.
        for (int slot = 0; slot < W; ++slot) {
            have_[slot] = written_[slot] = false;
            values_[slot] = value_type{};
            read_[slot] = stored{};
        }
    }

    WARPX_HOST_DEVICE cell_access::place_of<T> touch(int slot) noexcept {
        if (!have_[slot]) {
            if constexpr (!Source::together) {
                source_.load_one(slot, read_[slot]);
            } else if (!loaded_) {
                source_.load(read_);
                loaded_ = true;
            }
            if constexpr (std::is_same_v<value_type, bool>)
                values_[slot] = read_[slot] != 0;
            else
                values_[slot] = read_[slot];
            have_[slot] = true;
        }
        return {&values_[slot], &written_[slot]};
    }

    WARPX_HOST_DEVICE void flush() noexcept {
        if constexpr (!std::is_const_v<T>) {
            bool all = true;
#if defined(__CUDA_ARCH__)
#    pragma unroll
#endif
            for (int slot = 0; slot < W; ++slot) all = all && written_[slot];
            if (all) {
                source_.store_all(values_);
            } else {
#if defined(__CUDA_ARCH__)
#    pragma unroll
#endif
                for (int slot = 0; slot < W; ++slot)
                    if (written_[slot]) source_.store_one(slot, values_[slot]);
            }
        }
    }

private:
    Source source_;
    bool loaded_ = false;
    bool have_[W], written_[W];
    value_type values_[W];
    alignas(16) stored read_[W];
};

/// Stands where an array has no cells: every access goes to memory.
struct no_cells {};

/// What a kernel receives for an array in the cell form: its item's element comes from the cells, any other
/// from memory. Both are the same located type, so that a kernel which mixes them compiles.
template <class T, int N, class Layout, class Cells>
class cell_handle : public Layout, public handle_interface<cell_handle<T, N, Layout, Cells>, T, N> {
    using interface = handle_interface<cell_handle<T, N, Layout, Cells>, T, N>;

public:
    WARPX_HOST_DEVICE cell_handle(const Layout& layout, T* data, Cells* cells, int slot) noexcept
        : Layout(layout), data_(data), cells_(cells), slot_(slot) {}
    template <class D>
        requires std::is_same_v<Cells, no_cells>
    explicit cell_handle(const array<T, N, D>& a) noexcept : Layout(a), data_(a.data_handle()) {}

    WARPX_HOST_DEVICE T* data_handle() const noexcept { return data_; }
    WARPX_HOST_DEVICE T* address(const shape<N>& position) const noexcept {
        return data_ + this->offset(position);
    }
    WARPX_HOST_DEVICE located<T, cell_access> place(const shape<N>& position) const noexcept {
        return located<T, cell_access>(cell_access::place_of<T>(address(position), nullptr));
    }

    template <class I> WARPX_HOST_DEVICE constexpr auto operator[](const I& i) const {
        if constexpr ((std::is_same_v<I, index<N>> || (N == 1 && is_whole_index_v<I>)) &&
                      !std::is_same_v<Cells, no_cells>)
            return located<T, cell_access>(cells_->touch(slot_));
        else
            return interface::operator[](i);
    }
    template <coordinate... I> WARPX_HOST_DEVICE constexpr auto operator()(const I&... i) const {
        if constexpr (is_whole_index_v<I...> && sizeof...(I) == N && !std::is_same_v<Cells, no_cells>)
            return located<T, cell_access>(cells_->touch(slot_));
        else
            return interface::operator()(i...);
    }

private:
    T* data_ = nullptr;
    Cells* cells_ = nullptr;
    int slot_ = 0;
};

} // namespace detail
} // namespace warpx
