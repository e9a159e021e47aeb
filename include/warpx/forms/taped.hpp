// SPDX-License-Identifier: Apache-2.0
// taped.hpp: the taped adjoint: every operation of an item goes onto a tape in memory, which is then read
// backwards. Slow, and right for every kernel; adjoint.hpp is the fast one, which falls back to this.
#pragma once

#include "active.hpp"

namespace warpx {

namespace detail {

/// One operation: the partial derivatives by up to two earlier entries, or an access to memory.
template <class P> struct tape_entry {
    enum action : int32_t { nothing = -1, read = -2, write = -3, add = -4 };
    P by_first, by_second;
    int32_t first, second; // entries; -1: none. An access: `second` is an action, `first` the value's entry
    stored_as type;
    int32_t retained_by; // the argument whose gradient a write gives back; -1: a write consumes it
    gradient_slot_of<P> slot;
};
/// A value that the item stored: later reads of the place find it here, since memory is left as it was.
template <class P> struct tape_store {
    const void* place;
    P value;
    uint64_t bits;  // of what is passive
    int32_t entry;  // of the value; -1: a constant
    bool in_memory; // the gradient of the place carries its derivative to later reads
};

/// Memory of a tape. What does not fit is counted and not kept: the item then runs again with more.
template <class P> struct tape_memory {
    tape_entry<P>* entries = nullptr;
    P* adjoints = nullptr;
    tape_store<P>* stores = nullptr;
    int64_t entry_capacity = 0, store_capacity = 0;
};

template <class P> class tape {
    using entry = tape_entry<P>;

public:
    static constexpr int64_t most_entries = INT32_MAX;

    WARPX_HOST_DEVICE explicit tape(const tape_memory<P>& memory, const additions& how = {}) noexcept
        : memory_(memory), how_(how) {}

    WARPX_HOST_DEVICE bool overflowed() const noexcept {
        return entries_ > memory_.entry_capacity || stores_ > memory_.store_capacity;
    }
    WARPX_HOST_DEVICE int64_t entries() const noexcept { return entries_; }
    WARPX_HOST_DEVICE int64_t stores() const noexcept { return stores_; }

    WARPX_HOST_DEVICE int32_t push(const P& by_first, int32_t first, const P& by_second, int32_t second) {
        const int64_t at = entries_++;
        if (at < memory_.entry_capacity) {
            memory_.entries[at] = {by_first, by_second, first, second, stored_as::float32, -1, {}};
            memory_.adjoints[at] = P(0);
        }
        return static_cast<int32_t>(at);
    }
    WARPX_HOST_DEVICE int32_t access(typename entry::action action, int32_t value, stored_as type,
                                     const gradient_slot_of<P>& slot, int argument, bool retained) {
        retains_ = retains_ || retained;
        const int64_t at = entries_++;
        if (at < memory_.entry_capacity) {
            memory_.entries[at] = {P(0), P(0), value, action, type, retained ? argument : -1, slot};
            memory_.adjoints[at] = P(0);
        }
        if (action != entry::read && first_change_ < 0) first_change_ = at;
        return static_cast<int32_t>(at);
    }

    /// What the item stored at a place; null if it did not.
    WARPX_HOST_DEVICE const tape_store<P>* stored(const void* place) const noexcept {
        for (int64_t k = (stores_ < memory_.store_capacity ? stores_ : memory_.store_capacity) - 1; k >= 0;
             --k)
            if (memory_.stores[k].place == place) return memory_.stores + k;
        return nullptr;
    }
    /// Notes a store.
    WARPX_HOST_DEVICE void note(const void* place, const P& v, uint64_t bits, int32_t entry_of_value = -1,
                                bool in_memory = false) {
        const int64_t slot = stores_++;
        if (slot < memory_.store_capacity) memory_.stores[slot] = {place, v, bits, entry_of_value, in_memory};
    }

    /// Reads the tape backwards, against the gradients in memory.
    WARPX_HOST_DEVICE void reverse() {
        for (int64_t k = entries_ - 1; k >= 0; --k) {
            const entry& e = memory_.entries[k];
            const P bar = memory_.adjoints[k];
            if (e.second >= entry::nothing) {
                if (is_zero(bar)) continue; // the derivative of what is not used may be infinite
                if (e.first >= 0) memory_.adjoints[e.first] += e.by_first * bar;
                if (e.second >= 0) memory_.adjoints[e.second] += e.by_second * bar;
            } else if (e.second == entry::read) {
                if (is_zero(bar)) continue;
                const additions how = how_.exact != nullptr && changed_before(k) ? additions{} : how_;
                with_stored_type(e.type, [&]<class T>(T) { add_gradient<T>(e.slot, bar, how); });
            } else {
                const bool consume = e.second == entry::write;
                P g(0);
                with_stored_type(e.type, [&]<class T>(T) {
                    g = read_gradient<T>(e.slot);
                    if (consume) clear_gradient<T>(e.slot);
                });
                if (e.first >= 0) memory_.adjoints[e.first] += g;
                memory_.adjoints[k] = g;
            }
        }
        if (retains_) give_back();
    }

private:
    /// Puts back the retained gradients that were consumed, but for arguments of which an element was read
    /// for its derivative.
    WARPX_HOST_DEVICE void give_back() {
        uint64_t read = 0;
        const auto needed = [&](int32_t at) {
            if (at < 0) return;
            const entry& e = memory_.entries[at];
            if (e.second == entry::read && e.retained_by >= 0) read |= uint64_t{1} << e.retained_by;
        };
        for (int64_t k = 0; k < entries_; ++k) {
            const entry& e = memory_.entries[k];
            if (e.second != entry::read) needed(e.first);
            needed(e.second);
        }
        for (int64_t k = 0; k < entries_; ++k) {
            const entry& e = memory_.entries[k];
            if (e.second == entry::write && e.retained_by >= 0 && !(read >> e.retained_by & 1) &&
                is_last_write(k))
                with_stored_type(e.type,
                                 [&]<class T>(T) { add_gradient<T>(e.slot, memory_.adjoints[k], how_); });
        }
    }
    /// Whether entry `k` is the item's last store to its place: what earlier ones consumed came from the item
    /// itself.
    WARPX_HOST_DEVICE bool is_last_write(int64_t k) const {
        for (int64_t later = k + 1; later < entries_; ++later)
            if (memory_.entries[later].second == entry::write &&
                memory_.entries[later].slot.data == memory_.entries[k].slot.data)
                return false;
        return true;
    }
    /// Whether the item had changed the place that entry `k` reads: its gradient is the item's own, and what
    /// goes to it is read again further back.
    WARPX_HOST_DEVICE bool changed_before(int64_t k) const {
        const void* const place = memory_.entries[k].slot.data;
        if (first_change_ >= 0)
            while (--k >= first_change_) {
                const entry& e = memory_.entries[k];
                if (e.second <= entry::write && e.slot.data == place) return true;
            }
        return false;
    }
    WARPX_HOST_DEVICE static bool is_zero(const P& p) {
        if constexpr (std::is_floating_point_v<P>) {
            return p == P(0);
        } else {
            bool zero = p.root() == 0;
            for (int k = 0; k < P::directions; ++k) zero = zero && p.d[k] == 0;
            return zero;
        }
    }

    tape_memory<P> memory_;
    int64_t entries_ = 0, stores_ = 0, first_change_ = -1;
    bool retains_ = false;
    additions how_;
};

/// A number whose operations go onto a tape. `id` is its entry; a constant has none.
template <class S, class P> struct taped : differentiable_operators<taped<S, P>> {
    using scalar = S;
    using partial = P;
    using plain = plain_of<S>;

    S v;
    int32_t id = -1;
    tape<P>* on = nullptr;

    WARPX_HOST_DEVICE constexpr taped() noexcept : v(0) {}
    template <plain_real U>
    WARPX_HOST_DEVICE constexpr taped(const U& u) noexcept : v(static_cast<plain>(value(u))) {}
    WARPX_HOST_DEVICE constexpr taped(const S& s, int32_t at, tape<P>* t) noexcept : v(s), id(at), on(t) {}
    /// From a number over a narrower or a wider type: rounds, and keeps the derivative.
    template <class S2>
        requires(!std::is_same_v<S2, S>)
    WARPX_HOST_DEVICE constexpr explicit(sizeof(S2) > sizeof(S)) taped(const taped<S2, P>& o) noexcept
        : v(static_cast<S>(o.v)), id(o.id), on(o.on) {}

    WARPX_HOST_DEVICE constexpr const S& primal() const noexcept { return v; }
    WARPX_HOST_DEVICE constexpr plain root() const noexcept { return root_of(v); }
    WARPX_HOST_DEVICE static taped constant(const S& s) noexcept { return taped(s, -1, nullptr); }

    WARPX_HOST_DEVICE static taped chain(const S& s, const taped& a, const P& da) {
        return a.id < 0 ? constant(s) : taped(s, a.on->push(da, a.id, P(0), -1), a.on);
    }
    WARPX_HOST_DEVICE static taped chain(const S& s, const taped& a, const P& da, const taped& b,
                                         const P& db) {
        if (b.id < 0) return chain(s, a, da);
        return taped(s, b.on->push(da, a.id, db, b.id), b.on);
    }
    WARPX_HOST_DEVICE static taped shifted(const S& s, const taped& a) noexcept {
        return taped(s, a.id, a.on);
    }
    WARPX_HOST_DEVICE static taped sum(const taped& a, const taped& b) {
        return chain(a.v + b.v, a, P(1), b, P(1));
    }
    WARPX_HOST_DEVICE static taped difference(const taped& a, const taped& b) {
        return chain(a.v - b.v, a, P(1), b, P(-1));
    }
    WARPX_HOST_DEVICE static taped choose(bool c, const taped& a, const taped& b) noexcept {
        return c ? a : b;
    }
    template <bool Negative> WARPX_HOST_DEVICE void accumulate(const taped& b) {
        *this = Negative ? difference(*this, b) : sum(*this, b);
    }
};
template <class S, class P> inline constexpr bool is_differentiable<taped<S, P>> = true;

/// Where an element lies, with its gradient and its tangents.
template <class T, class P, int D> struct taped_place {
    T* data = nullptr;
    active_memory<P, D> memory;
    tape<P>* on = nullptr;
    template <class U>
        requires std::is_same_v<U, const T>
    WARPX_HOST_DEVICE constexpr operator taped_place<U, P, D>() const noexcept {
        return {data, memory, on};
    }
};

/// The number that stands for a real type on the tape. `D` directions of tangents (0: none).
template <class P, int D> struct taped_numbers {
    template <class T> using number = taped<scalar_of<compute_t<T>, D>, P>;
    template <class T> using value = active_value_t<T, number>;
};

/// How a located value reaches the tape. `Value` is what a kernel computes with: as a template argument, so
/// that its operators are found.
template <class P, int D, class Value> struct taped_access {
    template <class T> using number = typename taped_numbers<P, D>::template number<T>;
    template <class T> using value = typename taped_numbers<P, D>::template value<T>;
    template <class F> using access_of_field = taped_access<P, D, value<F>>;
    template <class T> using place_of = taped_place<T, P, D>;
    template <class T> using place = place_of<T>;

    template <class T, class C>
    WARPX_HOST_DEVICE static constexpr place_of<C> part(const place_of<T>& p, C* component) noexcept {
        const auto bytes = reinterpret_cast<const char*>(component) - reinterpret_cast<const char*>(p.data);
        return {component, p.memory.moved(bytes), p.on};
    }
    template <class T> WARPX_HOST_DEVICE static constexpr T* pointer(const place_of<T>& p) noexcept {
        return p.data;
    }
    template <class T> WARPX_HOST_DEVICE static constexpr void used(const place_of<T>&) noexcept {}

    template <class T> WARPX_HOST_DEVICE static value<std::remove_const_t<T>> load(const place_of<T>& p) {
        using V = std::remove_const_t<T>;
        if constexpr (is_active_scalar<V>) {
            using N = number<V>;
            const tape_store<P>* const own = p.on->stored(p.data);
            const auto v = own != nullptr ? static_cast<typename N::scalar>(own->value)
                                          : p.memory.template load<V, typename N::scalar>(p.data);
            if (own != nullptr && !(own->in_memory && p.memory.carries()))
                return own->entry < 0 ? N::constant(v) : N(v, own->entry, p.on);
            if (!p.memory.has_gradient()) return N::constant(v);
            return N(v,
                     p.on->access(tape_entry<P>::read, -1, stored_as_v<V>, p.memory.slot(), p.memory.argument,
                                  p.memory.retained && own == nullptr),
                     p.on);
        } else if constexpr (is_composite<V>) {
            return make_composite<V, value<V>>(
                [&](int k) { return load(part(p, reinterpret_cast<component_of<T>*>(p.data) + k)); });
        } else {
            return load_passive(p);
        }
    }
    template <class T> WARPX_HOST_DEVICE static void store(const place_of<T>& p, const value<T>& v) {
        if constexpr (is_active_scalar<T>) {
            if (p.memory.has_gradient())
                (void)p.on->access(tape_entry<P>::write, v.id, stored_as_v<T>, p.memory.slot(),
                                   p.memory.argument, p.memory.retained);
            p.on->note(p.data, static_cast<P>(as_stored<T>(v.v)), 0, v.id, p.memory.carries());
        } else if constexpr (is_composite<T>) {
            each_component<T>(v, [&](int k, const auto& c) {
                store(part(p, reinterpret_cast<component_of<T>*>(p.data) + k), c);
            });
        } else {
            store_passive(p, v);
        }
    }
    /// += on the place: its gradient goes to `v` and stays.
    template <class T>
        requires is_active<T>
    WARPX_HOST_DEVICE static void add(const place_of<T>& p, const value<T>& v) {
        if constexpr (is_active_scalar<T>) {
            if (p.memory.has_gradient() && v.id >= 0)
                (void)p.on->access(tape_entry<P>::add, v.id, stored_as_v<T>, p.memory.slot(),
                                   p.memory.argument, false);
            using S = typename number<T>::scalar;
            const tape_store<P>* const own = p.on->stored(p.data);
            const auto old =
                own != nullptr ? static_cast<S>(own->value) : p.memory.template load<T, S>(p.data);
            const int32_t before = own != nullptr ? own->entry : -1;
            const int32_t sum = before < 0 ? v.id : v.id < 0 ? before : p.on->push(P(1), before, P(1), v.id);
            p.on->note(p.data, static_cast<P>(as_stored<T>(old + v.v)), 0, sum,
                       p.memory.carries() && (own == nullptr || own->in_memory));
        } else {
            each_component<T>(v, [&](int k, const auto& c) {
                add(part(p, reinterpret_cast<component_of<T>*>(p.data) + k), c);
            });
        }
    }

private:
    template <class T> WARPX_HOST_DEVICE static std::remove_const_t<T> load_passive(const place_of<T>& p) {
        using V = std::remove_const_t<T>;
        if constexpr (sizeof(V) <= 8) {
            if (const tape_store<P>* const own = p.on->stored(p.data); own != nullptr) {
                V v;
                memcpy(static_cast<void*>(&v), &own->bits, sizeof(V));
                return v;
            }
        }
        return direct_access::load(p.data);
    }
    template <class T> WARPX_HOST_DEVICE static void store_passive(const place_of<T>& p, const T& v) {
        uint64_t bits = 0;
        memcpy(&bits, static_cast<const void*>(&v), sizeof(T));
        p.on->note(p.data, P(0), bits);
    }
};

template <class P, int D, class T>
using taped_access_t =
    taped_access<P, D, typename taped_numbers<P, D>::template value<std::remove_const_t<T>>>;

/// An array argument of the taped form.
template <class T, int N, class P, int D>
class taped_handle : public strided_layout<N>,
                     public handle_interface<taped_handle<T, N, P, D>, T, N>,
                     public active_atomics<taped_handle<T, N, P, D>, T, taped_access_t<P, D, T>> {
public:
    using access = taped_access_t<P, D, T>;
    using value_type = accessed_t<T, access>;

    WARPX_HOST_DEVICE explicit taped_handle(const active_array<T, N>& a) noexcept
        : strided_layout<N>(a.extents, a.strides), a_(a) {}
    WARPX_HOST_DEVICE void attach(tape<P>* on) noexcept { on_ = on; }

    WARPX_HOST_DEVICE static constexpr value_type zero() noexcept { return value_type{}; }
    WARPX_HOST_DEVICE located<T, access> place(const shape<N>& position) const {
        return located<T, access>(at(position));
    }
    template <class... I> WARPX_HOST_DEVICE auto place_at(const I&... i) const noexcept {
        if constexpr (sizeof...(I) == 1 && (is_index_v<I> && ...))
            return at(index_access::positions(i)...);
        else
            return at(shape<N>(static_cast<int64_t>(i)...));
    }
    WARPX_HOST_DEVICE auto at(const shape<N>& position) const noexcept {
        return typename access::template place_of<T>{a_.data + this->offset(position),
                                                     a_.template memory<P, D>(position), on_};
    }

private:
    active_array<T, N> a_;
    tape<P>* on_ = nullptr;
};

} // namespace detail
} // namespace warpx
