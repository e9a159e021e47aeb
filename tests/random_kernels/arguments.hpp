// SPDX-License-Identifier: Apache-2.0
// arguments.hpp: the arguments of random kernels: how they are made, and as what a launch gets them.
#pragma once

#include "harness.hpp"

#include <warpx/gradients.hpp>

namespace rk {

// What arrays hold, in whichever type a launch computes.
struct real;
struct vec2;
struct vec3;
template <class T, class S> struct element_of;
template <class S> struct element_of<real, S> {
    using type = S;
};
template <class S> struct element_of<vec2, S> {
    using type = warpx::vec<S, 2>;
};
template <class S> struct element_of<vec3, S> {
    using type = warpx::vec<S, 3>;
};
template <class T, class S> struct element_of<const T, S> {
    using type = const typename element_of<T, S>::type;
};
template <class T, class S> using element = typename element_of<T, S>::type;
template <class T>
inline constexpr int numbers_in = sizeof(element<std::remove_const_t<T>, double>) / sizeof(double);

/// Where the numbers of one slot lie for a launch, on the machine `Device`.
template <class S, class Device> struct places {
    S *value, *tangent, *gradient;
    int64_t* integers;
};
template <class T, int N, class Device> auto view(T* data, warpx::shape<N> extents, warpx::shape<N> strides) {
    constexpr auto kind =
        std::is_same_v<Device, warpx::device::host> ? warpx::device_kind::host : warpx::device_kind::cuda;
    return warpx::detail::array_access::make<warpx::array<T, N, Device>>( // past the gate: gradients may
                                                                          // repeat
        data, extents, strides, {}, kind, 0, warpx::memory_kind::plain);
}

/// The lattice of one array: where in memory its elements lie.
template <int N> struct lattice {
    warpx::shape<N> extents, strides;
    int64_t first = 0, count = 0; // element 0; elements of memory
    int64_t at(const warpx::shape<N>& position) const {
        int64_t o = first;
        for (int a = 0; a < N; ++a) o += position[a] * strides[a];
        return o;
    }
    static lattice make(const warpx::shape<N>& extents, bool compact, bool repeat, random& r) {
        lattice l;
        l.extents = extents;
        int order[2] = {0, 1};
        if (N == 2 && !compact && r.chance(0.4)) order[0] = 1, order[1] = 0;
        int64_t step = compact || r.chance(0.3) ? 1 : 1 + r.below(3), low = 0, high = 0;
        for (int k = N - 1; k >= 0; --k) {
            const int axis = N == 1 ? 0 : order[k];
            l.strides[axis] = step;
            const bool zero = repeat && (N == 1 || r.chance(0.5));
            if (zero) l.strides[axis] = 0;
            if (!compact && !zero && r.chance(0.25)) l.strides[axis] = -step;
            const int64_t reach = l.strides[axis] * (extents[axis] - 1);
            (reach < 0 ? low : high) += reach;
            if (!zero) step *= extents[axis];
            if (!compact && r.chance(0.3)) step += r.below(3);
        }
        l.first = -low;
        l.count = high - low + 1;
        return l;
    }
    template <class F> void each(const F& f) const {
        warpx::shape<N> p;
        for (int64_t k = 0, n = extents.count(); k < n; ++k) {
            for (int64_t rest = k, a = N - 1; a >= 0; --a) {
                p[static_cast<int>(a)] = rest % extents[static_cast<int>(a)];
                rest /= extents[static_cast<int>(a)];
            }
            f(p);
        }
    }
};

inline constexpr int64_t spare = 8; // numbers in front, so that gaps are seen; keeps 32 bytes of alignment

template <int N> struct placed : slot {
    lattice<N> where, gradient_where;
};
/// An array as launches get it.
template <class T, int N> struct array_view : placed<N> {
    using placed<N>::gradient_where, placed<N>::has_gradient, placed<N>::where;

    template <class S, class D> auto primal_argument(const places<S, D>& p) const {
        return on<element<T, S>, D>(p.value, where);
    }
    template <class S, class D> auto tangent_argument(const places<S, D>& p) const {
        return warpx::with_tangent(primal_argument(p),
                                   on<element<std::remove_const_t<T>, S>, D>(p.tangent, where));
    }
    template <class S, class D> auto adjoint_argument(const places<S, D>& p) const {
        auto a = primal_argument(p);
        if (has_gradient) a.set_grad(on<element<std::remove_const_t<T>, S>, D>(p.gradient, gradient_where));
        return a;
    }

private:
    template <class V, class D, class S> static auto on(S* numbers, const lattice<N>& l) {
        return view<V, N, D>(reinterpret_cast<V*>(numbers + spare) + l.first, l.extents, l.strides);
    }
};

enum class role { read, own, sum };

template <class T, int N, role Role> struct array_slot : array_view<T, N> {
    static constexpr int base = -1, numbers = numbers_in<T>;
    using slot::cells, slot::gradient, slot::has_gradient, slot::tangent, slot::value;
    using placed<N>::gradient_where, placed<N>::where;

    void make(const input& in, random& r) override {
        const bool compact = in.plain || r.chance(0.6);
        const bool repeat = std::is_const_v<T> && !in.plain && r.chance(0.15);
        has_gradient = r.chance(0.85) || in.plain || (in.written_have && Role != role::read);
        const auto extents = extents_of(in, r);
        random same = r;
        where = lattice<N>::make(extents, compact, repeat, r);
        const bool same_layout = r.chance(0.5);
        const bool repeat_gradient = repeat && same_layout;
        gradient_where = same_layout ? lattice<N>::make(extents, compact, repeat_gradient, same)
                                     : lattice<N>::make(extents, in.plain || r.chance(0.6), false, r);
        value.assign(size(where), -777);
        tangent.assign(size(where), -555);
        gradient.assign(size(gradient_where), -333);
        cells.clear();
        std::vector<char> seen(gradient.size(), 0);
        where.each([&](const warpx::shape<N>& p) {
            for (int k = 0; k < numbers; ++k) {
                const auto v = static_cast<size_t>(where.at(p) * numbers + k + spare);
                const auto g = static_cast<size_t>(gradient_where.at(p) * numbers + k + spare);
                value[v] = rounded(r.uniform(-2, 2));
                tangent[v] = has_gradient ? rounded(r.uniform(-1, 1)) : 0;
                gradient[g] = r.chance(0.05) ? 0 : rounded(r.uniform(-1, 1));
                if (!seen[g]) cells.push_back({static_cast<int64_t>(g), static_cast<int64_t>(v)});
                seen[g] = 1;
            }
        });
        this->keep();
    }
    static size_t size(const lattice<N>& l) { return static_cast<size_t>(l.count * numbers + 2 * spare); }

    /// Owned elements: an item's own, and further blocks of as many elements.
    static warpx::shape<N> extents_of(const input& in, random& r) {
        const int64_t items = in.items(),
                      larger = in.extents[0] > in.extents[1] ? in.extents[0] : in.extents[1];
        const auto more = [&] { return in.plain ? int64_t{0} : r.below(4); };
        warpx::shape<N> e;
        if constexpr (N == 1) {
            if (Role == role::read)
                e[0] = (in.rank == 1 ? items : larger) + more();
            else
                e[0] = Role == role::own ? 3 * items : 1 + r.below(items + 2);
        } else if (in.rank == 1) {
            e[0] = items + (Role == role::read ? more() : 0);
            e[1] = 4;
        } else {
            e[0] = in.extents[0] + (Role == role::read ? more() : 0);
            e[1] = in.extents[1] * (Role == role::own ? 2 : 1) + (Role == role::read ? more() : 0);
        }
        return e;
    }
};
template <class T, int N> using read = array_slot<T, N, role::read>;
template <class T, int N> using own = array_slot<T, N, role::own>;
template <class T, int N> using sum = array_slot<T, N, role::sum>;

enum class alias { same, shifted, reversed };

/// Argument number `Base` once more: all of it, backwards, or without its first elements: a block of what
/// items own, one element of what they read, if that leaves enough.
template <int Base, class T, int N, alias Kind> struct alias_slot : array_view<T, N> {
    static constexpr int base = Base;
    const slot* of = nullptr;

    void make(const input& in, random&) override {
        const auto& a = static_cast<const placed<N>&>(*of);
        this->has_gradient = a.has_gradient;
        this->where = part(a.where, in), this->gradient_where = part(a.gradient_where, in);
    }

private:
    static lattice<N> part(lattice<N> l, const input& in) {
        const int64_t items = in.rank == 2 && in.items() > l.extents[0] ? l.extents[0] : in.items();
        const int64_t cut = l.extents[0] == 3 * items ? items : l.extents[0] > items ? 1 : 0;
        if (Kind == alias::shifted) {
            l.first += cut * l.strides[0];
            l.extents[0] -= cut;
        } else if (Kind == alias::reversed) {
            l.first += (l.extents[0] - 1) * l.strides[0];
            l.strides[0] = -l.strides[0];
        }
        return l;
    }
};
template <int Base, class T, int N> using same = alias_slot<Base, T, N, alias::same>;
template <int Base, class T, int N> using shifted = alias_slot<Base, T, N, alias::shifted>;
template <int Base, class T, int N> using reversed = alias_slot<Base, T, N, alias::reversed>;

/// A scalar, or vector, with a gradient.
template <class T> struct scalar : slot {
    static constexpr int base = -1, numbers = numbers_in<T>;
    void make(const input&, random& r) override {
        has_gradient = true;
        value.resize(numbers), tangent.resize(numbers), gradient.resize(numbers), cells.clear();
        for (int k = 0; k < numbers; ++k) {
            const auto at = static_cast<size_t>(k);
            value[at] = rounded(r.uniform(-2, 2));
            tangent[at] = rounded(r.uniform(-1, 1));
            gradient[at] = rounded(r.uniform(-1, 1));
            cells.push_back({k, k});
        }
        keep();
    }
    template <class S> static auto from(const std::vector<double>& v) {
        element<T, S> t;
        S numbers_of_it[numbers];
        for (int k = 0; k < numbers; ++k) numbers_of_it[k] = static_cast<S>(v[static_cast<size_t>(k)]);
        memcpy(static_cast<void*>(&t), numbers_of_it, sizeof(t));
        return t;
    }
    template <class S, class D> auto primal_argument(const places<S, D>&) const { return from<S>(value); }
    template <class S, class D> auto tangent_argument(const places<S, D>&) const {
        return warpx::with_tangent(from<S>(value), from<S>(tangent));
    }
    template <class S, class D> auto adjoint_argument(const places<S, D>& p) const {
        return warpx::with_grad(
            from<S>(value), view<element<T, S>, 0, D>(reinterpret_cast<element<T, S>*>(p.gradient), {}, {}));
    }
};
/// What has no derivative: the same for every launch.
template <class Derived> struct passive : slot {
    static constexpr int base = -1;
    template <class S, class D> auto tangent_argument(const places<S, D>& p) const {
        return self().primal_argument(p);
    }
    template <class S, class D> auto adjoint_argument(const places<S, D>& p) const {
        return self().primal_argument(p);
    }

private:
    const Derived& self() const { return static_cast<const Derived&>(*this); }
};
struct constant : passive<constant> {
    void make(const input&, random& r) override {
        value.assign(1, rounded(r.uniform(-2, 2)));
        tangent.assign(1, 0);
        keep();
    }
    template <class S, class D> S primal_argument(const places<S, D>&) const {
        return static_cast<S>(value[0]);
    }
};

/// Integers: trip counts of loops, and arrays.
template <int64_t (*Of)(const input&)> struct integer_slot : passive<integer_slot<Of>> {
    void make(const input& in, random&) override { this->integers.assign(1, Of(in)), this->keep(); }
    template <class S, class D> int64_t primal_argument(const places<S, D>&) const {
        return this->integers[0];
    }
};
inline int64_t trips_of(const input& in) { return in.trips; }
inline int64_t few_of(const input& in) { return in.few; }
inline int64_t columns_of(const input& in) { return in.extents[1]; }
using trips = integer_slot<trips_of>;
using few = integer_slot<few_of>;
using columns = integer_slot<columns_of>;

enum class indices { permutation, any, choice, owned };
template <indices Kind, int R> struct index_slot : passive<index_slot<Kind, R>> {
    warpx::shape<R> extents, strides;
    void make(const input& in, random& r) override {
        const int64_t n = in.items(), least = in.extents[0] < in.extents[1] ? in.extents[0] : in.extents[1];
        for (int64_t a = R - 1, step = 1; a >= 0; --a) {
            extents[static_cast<int>(a)] = in.extents[a], strides[static_cast<int>(a)] = step;
            step *= in.extents[a];
        }
        auto& integers = this->integers;
        integers.resize(static_cast<size_t>(n));
        for (int64_t k = 0; k < n; ++k)
            integers[static_cast<size_t>(k)] = Kind == indices::permutation ? k
                                               : Kind == indices::choice    ? r.below(5)
                                               : Kind == indices::any       ? r.below(R == 1 ? n : least)
                                                                            : k + n * r.below(R == 1 ? 3 : 2);
        if (Kind == indices::permutation)
            for (int64_t k = n - 1; k > 0; --k)
                std::swap(integers[static_cast<size_t>(k)], integers[static_cast<size_t>(r.below(k + 1))]);
        this->keep();
    }
    template <class S, class D> auto primal_argument(const places<S, D>& p) const {
        return view<const int64_t, R, D>(p.integers, extents, strides);
    }
};
template <int R> using permutation = index_slot<indices::permutation, R>;
template <int R> using any_index = index_slot<indices::any, R>;
template <int R> using choice = index_slot<indices::choice, R>;
template <int R> using owned_index = index_slot<indices::owned, R>;

} // namespace rk
