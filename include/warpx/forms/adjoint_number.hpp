// SPDX-License-Identifier: Apache-2.0
// adjoint_number.hpp: the numbers of the fast adjoint form: a value, its derivatives by the item's own
// elements, and at most one entry on a short tape.
#pragma once

#include "active.hpp"

// Everything here must fold: after inlining, no array below may remain in memory. Therefore columns are
// addressed by fold expressions only, counters are locals of their own and never members beside an indexed
// array, what must be the identity of addition is -0.0, and passes are template parameters.
namespace warpx {

namespace detail {

// Derivatives that a mask says are not there are never set.
#if defined(__GNUC__) && !defined(__clang__)
#    pragma GCC diagnostic push
#    pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#    pragma GCC diagnostic ignored "-Wuninitialized"
#    pragma GCC diagnostic ignored "-Waggressive-loop-optimizations" // in what folds to nothing
#endif

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

/// What the second part of a short tape's entry says: an operation (>= -1), or a read by storage type.
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
template <class T, adding How, class P> WARPX_INLINE WARPX_HOST_DEVICE void add_gathered(T* place, P v) {
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
                    return;
                }
            }
        }
        atomicAdd(place, static_cast<T>(v));
    } else {
        add_to_number(place, v, false);
    }
#else
    constexpr bool alone = How == adding::alone;
    if (alone || v != P(0)) add_to_number(place, v, alone);
#endif
}

/// What one item knows while its kernel runs. `Pass` 1 finds the adjoints of the accumulators, `Pass` 2
/// derives; each runs the kernel once. It only refers to the item's locals.
template <class P_, int Columns, int Arguments, int Pass, adding How, unsigned Types, bool Gathers>
struct cell_context {
    using P = P_;
    static constexpr adding how = How;
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

    WARPX_INLINE WARPX_HOST_DEVICE void step(int k) const {
        const int first = tape[k].first, second = tape[k].second;
        const P b = bar[k];
        if (second >= -1) {
            if (first >= 0) bar[first] += tape[k].by_first * b;
            if (second >= 0) bar[second] += tape[k].by_second * b;
        } else if (second <= entry_read) {
            void* const g = tape[k].gradient;
            with_stored_type_of<Types>(static_cast<stored_as>(entry_read - second), [&]<class T>(T) {
                if (g != nullptr) add_gathered<T, How>(static_cast<T*>(g), b);
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

/// A number of the fast adjoint form, over the real type `T`. Linear in three parts that never interact: its
/// derivatives by the columns (the numbers of the item's own elements, and scalars), by accumulators, and one
/// entry of the tape (everything gathered). Masks say which derivatives there are (no 0 times infinity), and
/// which are exactly one.
template <class T, class C> class cell_number : public differentiable_operators<cell_number<T, C>> {
public:
    using P = typename C::P;
    using scalar = T;
    using plain = T;
    using partial = P;
    using context = C;

    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number() noexcept : v_(0) { start(row_list{}); }
    template <plain_real U>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number(const U& u) noexcept : v_(static_cast<T>(value(u))) {
        start(row_list{});
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number(const cell_number& o) : v_(o.v_) {
        take_linear(o);
        if (o.is_taped()) own_copy_of(o);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number(cell_number&& o)
        : v_(o.v_), on_tape_(o.on_tape_), id_(o.id_), c_(o.c_) {
        take_linear(o);
        o.on_tape_ = false;
    }
    /// From a number over a narrower type (implicit) or a wider one: rounds, and keeps the derivative.
    template <class T2>
        requires(!std::is_same_v<T2, T>)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr explicit(sizeof(T2) > sizeof(T))
        cell_number(const cell_number<T2, C>& o)
        : v_(static_cast<T>(o.v_)) {
        take_linear(o);
        if (o.is_taped()) own_copy_of(o);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr ~cell_number() {
        if (is_taped()) c_->drop(id_);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number& operator=(const cell_number& o) {
        const bool on_tape = o.is_taped();
        int id = 0;
        if (on_tape) id = o.c_->push(P(1), o.id_, P(0), -1);
        if (is_taped()) c_->drop(id_);
        v_ = o.v_;
        take_linear(o);
        id_ = id;
        c_ = o.c_;
        on_tape_ = on_tape;
        accumulator_ = false;
        return *this;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number& operator=(cell_number&& o) {
        const bool on_tape = o.is_taped();
        const int id = o.id_;
        o.on_tape_ = false;
        if (is_taped()) c_->drop(id_);
        v_ = o.v_;
        take_linear(o);
        id_ = id;
        c_ = o.c_;
        on_tape_ = on_tape;
        accumulator_ = false;
        return *this;
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr const T& primal() const noexcept { return v_; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr const T& root() const noexcept { return v_; }

    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number constant(T v) noexcept {
        return cell_number(v);
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number chain(T v, const cell_number& a, P da) {
        cell_number r;
        r.v_ = v;
        r.depends_ = a.depends_;
        r.accumulates_ = a.accumulates_;
        r.scale_rows(a, da, row_list{});
        if (a.is_taped()) r.enter(a.c_, a.c_->push(da, a.id_, P(0), -1));
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number chain(T v, const cell_number& a, P da,
                                                                      const cell_number& b, P db) {
        cell_number r;
        r.v_ = v;
        r.join(a, da, b, db);
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number shifted(T v, const cell_number& a) {
        cell_number r(a);
        r.v_ = v;
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number sum(const cell_number& a,
                                                                    const cell_number& b) {
        cell_number r;
        r.v_ = a.v_ + b.v_;
        r.join(a, P(1), b, P(1));
        r.identical_ = (a.identical_ & ~b.depends_) | (b.identical_ & ~a.depends_);
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number difference(const cell_number& a,
                                                                           const cell_number& b) {
        cell_number r;
        r.v_ = a.v_ - b.v_;
        r.join(a, P(1), b, P(-1));
        r.identical_ = a.identical_ & ~b.depends_;
        return r;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr cell_number choose(bool c, const cell_number& a,
                                                                       const cell_number& b) {
        cell_number r;
        r.v_ = c ? a.v_ : b.v_;
        r.depends_ = a.depends_ | b.depends_;
        r.accumulates_ = a.accumulates_ | b.accumulates_;
        r.identical_ = a.identical_ & b.identical_;
        r.choose_rows(c, a, b, row_list{});
        a.close(), b.close();
        if (b.is_taped())
            r.enter(b.c_, b.c_->push(P(c), a.is_taped() ? a.id_ : -1, P(!c), b.id_));
        else if (a.is_taped())
            r.enter(a.c_, a.c_->push(P(c), a.id_, P(0), -1));
        return r;
    }

    /// += and -= on a variable: what was gathered goes to an accumulator, so that the tape does not grow.
    template <bool Negative> WARPX_INLINE WARPX_HOST_DEVICE constexpr void accumulate(const cell_number& o) {
        if constexpr (!C::gathers) {
            absorb<Negative>(o);
        } else if (!is_taped()) {
            // What depends on this very sum scales what the sum already holds: a sum of its own from here on.
            if (accumulator_ && (o.accumulates_ >> key_ & 1)) accumulator_ = false;
            claim(o);
            absorb<Negative>(o);
        } else {
            *this = Negative ? difference(*this, o) : sum(*this, o);
        }
    }

    /// What warpx::fold does with states of this number (adjoint_fold.hpp).
    template <class F>
    WARPX_INLINE WARPX_HOST_DEVICE static cell_number fold(int64_t n, const cell_number& init, const F& f);

    /// The number was read for nothing: it was the left-hand side of an assignment. (Not if an
    /// entry came after its own: `y[i] *= e` has used it.)
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void forget() const {
        if constexpr (C::pass == 2)
            if (is_taped() && id_ < short_tape && id_ == c_->entries - 1) {
                c_->tape[id_].first = -1;
                c_->tape[id_].second = entry_void;
            }
    }

private:
    template <class, class> friend class cell_number;
    template <class> friend struct cell_engine;
    template <class, class> friend class cell_fold;
    using row_list = typename C::row_list;
    using column_list = typename C::column_list;
    using accumulator_list = typename C::accumulator_list;
    static constexpr int columns = C::columns;

    template <int J> WARPX_INLINE WARPX_HOST_DEVICE constexpr bool has() const noexcept {
        if constexpr (J < columns)
            return depends_ >> J & 1;
        else
            return accumulates_ >> (J - columns) & 1;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr bool is_taped() const noexcept {
        if constexpr (C::gathers)
            return on_tape_;
        else
            return false;
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void enter(const C* c, int id) {
        c_ = c;
        on_tape_ = true;
        id_ = id;
    }
    /// What no mask says is there has a value all the same where g++ would warn users that it has none.
    template <int... J>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void
    start([[maybe_unused]] std::integer_sequence<int, J...> rows) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
        ((d_[J] = P(0)), ...);
#endif
    }
    template <class N> WARPX_INLINE WARPX_HOST_DEVICE constexpr void own_copy_of(const N& o) {
        enter(o.c_, o.c_->push(P(1), o.id_, P(0), -1));
    }
    /// Something else depends on the sum so far: what is added later is no part of that, and takes another
    /// accumulator.
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void close() const noexcept { accumulator_ = false; }
    template <class N, int... J>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void copy_rows(const N& o, std::integer_sequence<int, J...>) {
        ((d_[J] = o.d_[J]), ...);
    }
    template <class N> WARPX_INLINE WARPX_HOST_DEVICE constexpr void take_linear(const N& o) {
        depends_ = o.depends_;
        identical_ = o.identical_;
        accumulates_ = o.accumulates_;
        copy_rows(o, row_list{});
        o.close();
    }
    template <int... J>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void scale_rows(const cell_number& a, P da,
                                                             std::integer_sequence<int, J...>) {
        ((d_[J] = da * a.d_[J]), ...);
        a.close();
    }
    template <int... J>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void join_rows(const cell_number& a, P da, const cell_number& b,
                                                            P db, std::integer_sequence<int, J...>) {
        ((d_[J] = (a.template has<J>() ? da * a.d_[J] : no_sum<P>()) +
                  (b.template has<J>() ? db * b.d_[J] : no_sum<P>())),
         ...);
    }
    template <int... J>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void
    choose_rows(bool c, const cell_number& a, const cell_number& b, std::integer_sequence<int, J...>) {
        ((d_[J] = c ? (a.template has<J>() ? a.d_[J] : P(0)) : (b.template has<J>() ? b.d_[J] : P(0))), ...);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void join(const cell_number& a, P da, const cell_number& b,
                                                       P db) {
        depends_ = a.depends_ | b.depends_;
        accumulates_ = a.accumulates_ | b.accumulates_;
        join_rows(a, da, b, db, row_list{});
        a.close(), b.close();
        if (b.is_taped())
            enter(b.c_, b.c_->push(da, a.is_taped() ? a.id_ : -1, db, b.id_));
        else if (a.is_taped())
            enter(a.c_, a.c_->push(da, a.id_, db, -1));
    }

    WARPX_INLINE WARPX_HOST_DEVICE constexpr void claim(const cell_number& o) {
        if (!o.is_taped()) return;
        const bool first = !accumulator_;
        if (first) key_ = C::first_free(o.c_->used, accumulator_list{});
        C::mark(o.c_->used, first, accumulator_list{});
        accumulator_ = true;
        if constexpr (C::pass == 1)
            if (key_ >= C::accumulators) o.c_->bail = true;
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void set_accumulator(int key, std::integer_sequence<int, K...>) {
        ((d_[columns + K] = K == key ? P(1) : d_[columns + K]), ...);
    }
    template <bool Negative> WARPX_INLINE WARPX_HOST_DEVICE constexpr void absorb(const cell_number& o) {
        v_ = Negative ? static_cast<T>(v_ - o.v_) : static_cast<T>(v_ + o.v_);
        const unsigned keep = identical_ & ~o.depends_;
        const unsigned identical = Negative ? keep : keep | (o.identical_ & ~depends_);
        join_rows(*this, P(1), o, Negative ? P(-1) : P(1), row_list{});
        depends_ |= o.depends_;
        accumulates_ |= o.accumulates_;
        identical_ = identical;
        o.close();
        if constexpr (C::gathers)
            if (o.is_taped()) {
                accumulates_ |= 1u << key_;
                set_accumulator(key_, accumulator_list{});
                if constexpr (C::pass == 2) {
                    const P b = o.c_->bar_of(key_);
                    o.c_->bar[o.id_] += Negative ? -b : b;
                }
            }
    }

    T v_;
    bool on_tape_ = false;
    mutable bool accumulator_ = false; // `key_` takes what is added
    int id_, key_; // undefined without an entry, without an accumulator; so is c_: a choice of pointers never
                   // folds
    unsigned depends_ = 0, identical_ = 0, accumulates_ = 0;
    const C* c_;
    P d_[C::rows > 0 ? C::rows : 1];
};
template <class T, class C> inline constexpr bool is_differentiable<cell_number<T, C>> = true;
template <class T, class C> inline constexpr bool copy_records<cell_number<T, C>> = true;

} // namespace detail
} // namespace warpx

#if defined(__GNUC__) && !defined(__clang__)
#    pragma GCC diagnostic pop
#endif
