// SPDX-License-Identifier: Apache-2.0
// adjoint_number.hpp: the numbers of the fast adjoint form: a value, its derivatives by the item's own
// elements, and at most one entry on a short tape.
#pragma once

#include "adjoint_context.hpp"

// Everything here must fold: see adjoint_context.hpp.
namespace warpx {

namespace detail {

WARPX_DETAIL_BEGIN_UNSET

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
    WARPX_INLINE WARPX_HOST_DEVICE constexpr cell_number(const cell_number& o) : v_(o.v_), c_(o.c_) {
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
        : v_(static_cast<T>(o.v_)), c_(o.c_) {
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
        r.c_ = a.c_;
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
        r.c_ = a.c_;
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
        c_ = a.c_;
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
        if constexpr (C::pass == 1) // in a fold, which runs its steps more than once, sums may outlive a step
            if (key_ >= C::accumulators || o.c_->keeping) o.c_->bail = true;
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE constexpr void set_accumulator(int key, std::integer_sequence<int, K...>) {
        ((d_[columns + K] = K == key ? P(1) : d_[columns + K]), ...);
    }
    template <bool Negative> WARPX_INLINE WARPX_HOST_DEVICE constexpr void absorb(const cell_number& o) {
        v_ = Negative ? static_cast<T>(v_ - o.v_) : static_cast<T>(v_ + o.v_);
        c_ = o.c_;
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
    int id_, key_;                     // undefined without an entry, without an accumulator
    unsigned depends_ = 0, identical_ = 0, accumulates_ = 0;
    const C*
        c_; // undefined in constants. All else hands it on, entry or not: where two ways meet, one of which
            // had left it undefined, there is a choice of pointers, and the context stays in memory
    P d_[C::rows > 0 ? C::rows : 1];
};
template <class T, class C> inline constexpr bool is_differentiable<cell_number<T, C>> = true;
template <class T, class C> inline constexpr bool copy_records<cell_number<T, C>> = true;

} // namespace detail
} // namespace warpx

WARPX_DETAIL_END_UNSET
