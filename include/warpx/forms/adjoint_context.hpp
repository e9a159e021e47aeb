// SPDX-License-Identifier: Apache-2.0
// adjoint_context.hpp: what one item of a fast adjoint launch knows while its kernel runs: cells,
// accumulators, a short tape.
#pragma once

#include "active.hpp"

// Everything here must fold: after inlining, no array below may remain in memory. Therefore columns are
// addressed by fold expressions only, counters are locals of their own and never members beside an indexed
// array, what must be the identity of addition is -0.0, and passes are template parameters.
namespace warpx {

namespace detail {

WARPX_DETAIL_BEGIN_UNSET

#if defined(__CUDA_ARCH__) || defined(__clang__)
#    define WARPX_DETAIL_UNROLL _Pragma("unroll")
#elif defined(__CUDACC__)
#    define WARPX_DETAIL_UNROLL
#else
#    define WARPX_DETAIL_UNROLL _Pragma("GCC unroll 64")
#endif

/// Named variables whose `+=` takes gathered values without growing the tape.
inline constexpr int most_accumulators = 4;
/// Entries of the short tape.
inline constexpr int short_tape = 128;

/// What the second part of a short tape's entry says: an operation (>= -1), or a read by storage type; its
/// first part is then the argument.
inline constexpr int entry_read = -8; // minus the storage type
inline constexpr int entry_void = -2;

template <class P> struct short_entry {
    P by_first, by_second;
    int first, second;
    void* gradient;
};

template <class P> WARPX_INLINE WARPX_HOST_DEVICE constexpr P no_sum() noexcept { return P(-0.0); }

/// How gradients of gathered elements are added.
enum class adding {
    alone,      // no other thread runs items of the launch
    atomically, // others may add to the same element
    by_warps    // and all lanes of a warp may meet in one element
};
/// Adds; false if lanes of the warp were asked and did not meet in one element.
template <class T, adding How, class P> WARPX_INLINE WARPX_HOST_DEVICE bool add_gathered(T* place, P v) {
#if defined(__CUDA_ARCH__)
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
        if constexpr (How == adding::by_warps) {
            if (__activemask() == ~0u) {
                const unsigned low = static_cast<unsigned>(reinterpret_cast<unsigned long long>(place));
                if (__all_sync(~0u, low == __shfl_sync(~0u, low, 0))) {
                    WARPX_DETAIL_UNROLL for (int lane = 16; lane > 0; lane >>= 1) v +=
                        __shfl_xor_sync(~0u, v, lane);
                    const unsigned thread =
                        threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
                    if ((thread & 31) == 0) atomicAdd(place, static_cast<T>(v));
                    return true;
                }
                atomicAdd(place, static_cast<T>(v));
                return false;
            }
        }
        atomicAdd(place, static_cast<T>(v));
    } else {
        add_to_number(place, v, additions{});
    }
#else
    constexpr bool alone = How == adding::alone;
    if (alone || v != P(0)) add_to_number(place, v, additions{.alone = alone});
#endif
    return true;
}

/// What one item knows while its kernel runs. `Pass` 1 finds the adjoints of the accumulators, `Pass` 2
/// derives; each runs the kernel once. It only refers to the item's locals.
template <class P_, int Columns, int Arguments, int Pass, adding How, unsigned Types, bool Gathers>
struct cell_context {
    using P = P_;
    static constexpr bool gathers = Gathers; // else there is no tape: all are an item's own elements
    static constexpr int accumulators = Gathers ? most_accumulators : 0;
    static constexpr int columns = Columns, rows = Columns + accumulators, pass = Pass;
    static constexpr int arguments = Arguments;
    using column_list = std::make_integer_sequence<int, Columns>;
    using accumulator_list = std::make_integer_sequence<int, accumulators>;
    using row_list = std::make_integer_sequence<int, rows>;
    using argument_list = std::make_integer_sequence<int, Arguments>;

    int& entries;
    bool& keeping; // entries outlive their owners (in a fold)
    bool& bail;
    unsigned &stored, &sunk; // columns that were stored, and on which something depends that is no cell
    bool* used;              // accumulators
    short_entry<P>* tape;
    P *bar, *sum, *accumulator_bar; // of entries, columns, accumulators
    P *value, *row, *gradient;      // of cells
    int* id;
    bool* on_tape;
    unsigned *depends, *identical, *accumulates;
    // of array arguments
    bool *read_elsewhere, *stored_elsewhere, *added_elsewhere;
    uintptr_t* last_store;
    int* store_direction;
    bool* apart; // lanes of the warp did not meet in one element: they are not asked again

    WARPX_INLINE WARPX_HOST_DEVICE int push(P by_first, int first, P by_second, int second,
                                            void* gradient_ = nullptr) const {
        const int at = entries < short_tape ? entries : short_tape;
        if constexpr (Pass == 2) {
            tape[at].by_first = by_first;
            tape[at].by_second = by_second;
            tape[at].first = first;
            tape[at].second = second;
            tape[at].gradient = gradient_;
            bar[at] = no_sum<P>();
        } else if (entries >= short_tape) {
            bail = true;
        }
        return entries++;
    }

    /// Of elements that the item's own are not.
    static constexpr adding one_by_one = How == adding::by_warps ? adding::atomically : How;
    WARPX_INLINE WARPX_HOST_DEVICE void step(int k) const {
        const int first = tape[k].first, second = tape[k].second;
        const P b = bar[k];
        if (second >= -1) {
            if (first >= 0) bar[first] += tape[k].by_first * b;
            if (second >= 0) bar[second] += tape[k].by_second * b;
        } else if (second <= entry_read) {
            void* const g = tape[k].gradient;
            with_stored_type_of<Types>(static_cast<stored_as>(entry_read - second), [&]<class T>(T) {
                if (g == nullptr) return;
                if (How == adding::by_warps && !flag(apart, first, argument_list{})) {
                    if (!add_gathered<T, How>(static_cast<T*>(g), b)) raise(apart, first, argument_list{});
                } else {
                    add_gathered<T, one_by_one>(static_cast<T*>(g), b);
                }
            });
        }
    }
    template <int Chunk> WARPX_INLINE WARPX_HOST_DEVICE void reverse_chunks(int count) const {
        if (count > Chunk * 64) {
            WARPX_DETAIL_UNROLL for (int k = 63; k >= 0; --k) if (Chunk * 64 + k < count)
                step(Chunk * 64 + k);
        }
        if constexpr (Chunk > 0) reverse_chunks<Chunk - 1>(count);
    }
    WARPX_INLINE WARPX_HOST_DEVICE void reverse() const { reverse_chunks<short_tape / 64 - 1>(entries); }
    /// Reverses and drops the entries from `first` on: those of a loop's body, few.
    WARPX_INLINE WARPX_HOST_DEVICE void unwind(int first) const {
        for (int k = entries - 1; k >= first + 16; --k) step(k);
        WARPX_DETAIL_UNROLL for (int k = 15; k >= 0; --k) if (first + k < entries) step(first + k);
        entries = first;
    }
    /// The only owner of an entry ends: the top of the tape is reversed and dropped.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void drop(int at) const {
        if (at == entries - 1 && !keeping) {
            --entries;
            if constexpr (Pass == 2) step(entries);
        }
    }

    // Accumulators. Every update of a flag is a constant, so that in a loop they fold.
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE static int first_free(const bool* u, std::integer_sequence<int, K...>) {
        int r = 0;
        bool c = true;
        ((c = c && u[K], r = c ? K + 1 : r), ...);
        return r;
    }
    template <int K> WARPX_INLINE WARPX_HOST_DEVICE static void mark_one(bool* u, bool& c) {
        if constexpr (K > 0) {
            const bool old = u[K];
            u[K] = old || c;
            c = c && old;
        }
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE static void mark(bool* u, bool c, std::integer_sequence<int, K...>) {
        c = c && u[0];
        u[0] = true;
        (mark_one<K>(u, c), ...);
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE P bar_of(int key, std::integer_sequence<int, K...>) const {
        P r = accumulator_bar[0];
        ((r = key == K ? accumulator_bar[K] : r), ...);
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE P bar_of(int key) const { return bar_of(key, accumulator_list{}); }

    // Flags of array arguments, addressed by constants.
    template <int... A>
    WARPX_INLINE WARPX_HOST_DEVICE static bool flag(const bool* f, int a, std::integer_sequence<int, A...>) {
        bool r = false;
        ((r = r || (a == A && f[A])), ...);
        return r;
    }
    template <int... A>
    WARPX_INLINE WARPX_HOST_DEVICE static void raise(bool* f, int a, std::integer_sequence<int, A...>) {
        ((f[A] = f[A] || a == A), ...);
    }
    WARPX_INLINE WARPX_HOST_DEVICE void read_other(int a) const {
        if (flag(stored_elsewhere, a, argument_list{}) || flag(added_elsewhere, a, argument_list{}))
            bail = true;
        raise(read_elsewhere, a, argument_list{});
    }
    WARPX_INLINE WARPX_HOST_DEVICE void add_other(int a) const {
        if (flag(stored_elsewhere, a, argument_list{}) || flag(read_elsewhere, a, argument_list{}))
            bail = true;
        raise(added_elsewhere, a, argument_list{});
    }
    WARPX_INLINE WARPX_HOST_DEVICE void touch_own(int a) const {
        if (flag(stored_elsewhere, a, argument_list{}) || flag(added_elsewhere, a, argument_list{}))
            bail = true;
    }
    template <int A> WARPX_INLINE WARPX_HOST_DEVICE void in_order(int a, uintptr_t place) const {
        if (a != A) return;
        const int direction = place > last_store[A] ? 1 : place < last_store[A] ? -1 : 0;
        if (stored_elsewhere[A]) {
            if (direction == 0 || (store_direction[A] != 0 && direction != store_direction[A])) bail = true;
            store_direction[A] = direction;
        }
        last_store[A] = place;
    }
    template <int... A>
    WARPX_INLINE WARPX_HOST_DEVICE void in_order(int a, uintptr_t place,
                                                 std::integer_sequence<int, A...>) const {
        (in_order<A>(a, place), ...);
    }
    /// Stores must go to distinct elements: places that only rise, or only fall, are.
    WARPX_INLINE WARPX_HOST_DEVICE void store_other(int a, const void* place, bool own_was_stored) const {
        if (own_was_stored || flag(added_elsewhere, a, argument_list{}) ||
            flag(read_elsewhere, a, argument_list{}))
            bail = true;
        in_order(a, reinterpret_cast<uintptr_t>(place), argument_list{});
        raise(stored_elsewhere, a, argument_list{});
    }
};

WARPX_DETAIL_END_UNSET

} // namespace detail
} // namespace warpx
