// SPDX-License-Identifier: Apache-2.0
// adjoint_fold.hpp: loops that carry a value, in the fast adjoint form.
#pragma once

#include "adjoint_number.hpp"

namespace warpx {
namespace detail {

/// A fold of `F` over states of the number `N`. Its result is an accumulator, so the first pass finds its
/// adjoint; the second walks the steps backwards, the state of a step being that same accumulator, and drops
/// the step's tape before the next.
template <class N, class F> class cell_fold {
    using C = typename N::context;
    using P = typename N::P;
    using T = typename N::scalar;
    static constexpr int kept = 64; // states

public:
    WARPX_INLINE WARPX_HOST_DEVICE cell_fold(const C& c, int64_t n, const F& f) : c_(c), n_(n), f_(f) {}

    WARPX_INLINE WARPX_HOST_DEVICE N run(const N& init) {
        const bool keeping = c_.keeping;
        bottom_ = c_.entries;
        c_.keeping = true;
        T v = init.primal();
        T states[kept];
        const int64_t step = (n_ + kept - 1) / kept;
        if constexpr (C::pass == 2) {
            int64_t rest = 0;
            int filled = 0;
            for (int64_t k = 0; k < n_; ++k) {
                if (rest == 0) states[filled++] = v;
                if (++rest == step) rest = 0;
                v = value_of(k, v);
            }
        } else {
            for (int64_t k = 0; k < n_; ++k) v = value_of(k, v);
        }
        N result;
        result.v_ = v;
        result.key_ = C::first_free(c_.used, typename C::accumulator_list{});
        C::mark(c_.used, true, typename C::accumulator_list{});
        result.accumulates_ = 1u << result.key_;
        clear_accumulators(result, typename C::accumulator_list{});
        result.set_accumulator(result.key_, typename C::accumulator_list{});
        key_ = result.key_;
        if constexpr (C::pass == 1) {
            if (key_ >= C::accumulators || init.accumulates_ != 0) c_.bail = true;
        } else {
            bar_ = c_.bar_of(key_);
            back(states, step);
            sink(init);
        }
        c_.keeping = keeping;
        return result;
    }

private:
    /// The next state's value, without its derivatives.
    WARPX_INLINE WARPX_HOST_DEVICE T value_of(int64_t k, T v) {
        N next(static_cast<N>(value(f_(k, N(v)))));
        if constexpr (C::pass == 1)
            if (next.accumulates_ != 0) c_.bail = true; // its adjoint would be found too late
        next.on_tape_ = false;
        c_.entries = bottom_;
        return next.v_;
    }
    WARPX_INLINE WARPX_HOST_DEVICE void back_one(int64_t k, T v) {
        N state(v);
        state.accumulates_ = 1u << key_;
        clear_accumulators(state, typename C::accumulator_list{});
        state.set_accumulator(key_, typename C::accumulator_list{});
        N next(static_cast<N>(value(f_(k, state))));
        sink(next);
        next.on_tape_ = false;
        c_.unwind(bottom_);
        bar_ = bar_ * by_state(next, typename C::accumulator_list{});
    }
    WARPX_INLINE WARPX_HOST_DEVICE void back(const T* states, int64_t step) {
        if (step == 1) {
            for (int64_t k = n_ - 1; k >= 0; --k) back_one(k, states[k]);
            return;
        }
        T between[kept];
        for (int64_t part = (n_ - 1) / step; part >= 0; --part) {
            const int64_t begin = part * step;
            int64_t end = begin + step < n_ ? begin + step : n_;
            while (end > begin) { // of a long part the last states at a time
                const int64_t low = end - kept > begin ? end - kept : begin;
                T v = states[part];
                for (int64_t k = begin; k < end; ++k) {
                    if (k >= low) between[k - low] = v;
                    if (k + 1 < end) v = value_of(k, v);
                }
                for (int64_t k = end - 1; k >= low; --k) back_one(k, between[k - low]);
                end = low;
            }
        }
    }
    /// The adjoint of the current state goes to what `o` depends on.
    WARPX_INLINE WARPX_HOST_DEVICE void sink(const N& o) {
        add_columns(o, typename C::column_list{});
        c_.sunk |= o.depends_;
        if (o.on_tape_) c_.bar[o.id_] += bar_;
    }
    template <int... J>
    WARPX_INLINE WARPX_HOST_DEVICE void add_columns(const N& o, std::integer_sequence<int, J...>) {
        ((o.template has<J>() ? void(c_.sum[J] += bar_ * o.d_[J]) : void()), ...);
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE static void clear_accumulators(N& o, std::integer_sequence<int, K...>) {
        ((o.d_[C::columns + K] = P(0)), ...);
    }
    template <int... K>
    WARPX_INLINE WARPX_HOST_DEVICE P by_state(const N& o, std::integer_sequence<int, K...>) const {
        P r = P(0);
        ((key_ == K ? void(r = o.template has<C::columns + K>() ? o.d_[C::columns + K] : P(0)) : void()),
         ...);
        return r;
    }

    const C& c_;
    int64_t n_;
    const F& f_;
    int bottom_ = 0, key_ = 0;
    P bar_ = P(0);
};

template <class T, class C>
template <class F>
WARPX_INLINE WARPX_HOST_DEVICE cell_number<T, C> cell_number<T, C>::fold(int64_t n, const cell_number& init,
                                                                         const F& f) {
    if (n <= 0) return init;
    if constexpr (C::gathers) {
        // A step that gathers says where the item is; others carry what they depend on in registers.
        const cell_number first(static_cast<cell_number>(value(f(int64_t{0}, cell_number(init.v_)))));
        if (first.on_tape_) {
            first.forget();
            return cell_fold<cell_number, F>(*first.c_, n, f).run(init);
        }
    }
    cell_number s(init);
    for (int64_t k = 0; k < n; ++k) s = static_cast<cell_number>(value(f(k, s)));
    return s;
}

} // namespace detail
} // namespace warpx
