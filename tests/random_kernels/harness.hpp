// SPDX-License-Identifier: Apache-2.0
// harness.hpp: the arguments of a random kernel, and how it is run: plainly, with tangents, backwards. The
// checks are in driver.cpp and know no types.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>
#include <vector>

namespace rk {

#if defined(RK_FLOAT)
using real = float;
#else
using real = double;
#endif

/// splitmix64: the same numbers everywhere.
struct random {
    uint64_t state;
    uint64_t next() {
        uint64_t z = (state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
    bool chance(double p) { return uniform(0, 1) < p; }
    double uniform(double low, double high) {
        return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1p-53);
    }
};

/// One input: the size of the launch and the trip counts; arrays are made from its seed.
struct input {
    uint64_t seed = 0;
    int rank = 1;
    int64_t extents[2] = {1, 1};
    int64_t trips = 0, few = 0;
    bool plain = false;        // compact arrays that all have gradients
    bool written_have = false; // what is written has a gradient
    int64_t items() const { return extents[0] * extents[1]; }
};

/// Where the gradient of one number lies, and the number.
struct cell {
    int64_t gradient, value;
};

/// One argument. What lies between the elements of strided arrays is there too: it must not change.
struct slot {
    virtual ~slot() = default;
    virtual void make(const input& in, random& r) = 0;

    std::vector<real> value, tangent, gradient;    // what a launch sees
    std::vector<real> value0, tangent0, gradient0; // before it
    std::vector<cell> cells;                       // one for each number that has a gradient
    std::vector<int64_t> integers, integers0;
    bool has_gradient = false;

    void keep() { value0 = value, tangent0 = tangent, gradient0 = gradient, integers0 = integers; }
    /// In place: arrays point there.
    void reset() {
        const auto copy = [](auto& to, const auto& from) {
            if (!from.empty()) memcpy(to.data(), from.data(), from.size() * sizeof(from[0]));
        };
        copy(value, value0), copy(tangent, tangent0), copy(gradient, gradient0), copy(integers, integers0);
    }
};

enum class way { fast, taped };

/// A kernel, its arguments made for one input.
struct bound_kernel {
    virtual ~bound_kernel() = default;
    virtual std::vector<slot*> slots() = 0;
    virtual void make(const input& in, random& r) = 0;
    virtual void primal() = 0;
    virtual void tangent() = 0;
    virtual void adjoint(way, int threads, bool retain) = 0;
};

struct entry {
    const char* name;
    int rank;
    bool smooth; // finite differences say something: no stop_gradient
    std::unique_ptr<bound_kernel> (*bind)();
};
std::vector<entry>& entries();

} // namespace rk

#include <warpx/host/adjoint.hpp>
#include <warpx/host/tangent.hpp>
#include <warpx/stop_gradient.hpp>
#include <warpx/warpx.hpp>

namespace rk {

using vec2 = warpx::vec<real, 2>;
using vec3 = warpx::vec<real, 3>;

enum class role { read, own, sum };

template <class T> inline constexpr int numbers_in = sizeof(T) / sizeof(real);

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

template <class T, int N, role Role> struct array_slot : slot {
    using E = std::remove_const_t<T>;
    static constexpr int numbers = numbers_in<E>;
    static constexpr int64_t spare = 8; // in front, so that gaps are seen; keeps 64 bytes of alignment
    lattice<N> where, gradient_where;

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
        value.assign(size(where), real(-777));
        tangent.assign(size(where), real(-555));
        gradient.assign(size(gradient_where), real(-333));
        cells.clear();
        std::vector<char> seen(gradient.size(), 0);
        where.each([&](const warpx::shape<N>& p) {
            for (int k = 0; k < numbers; ++k) {
                const auto v = static_cast<size_t>(where.at(p) * numbers + k + spare);
                const auto g = static_cast<size_t>(gradient_where.at(p) * numbers + k + spare);
                value[v] = static_cast<real>(r.uniform(-2, 2));
                tangent[v] = has_gradient ? static_cast<real>(r.uniform(-1, 1)) : real(0);
                gradient[g] = r.chance(0.05) ? real(0) : static_cast<real>(r.uniform(-1, 1));
                if (!seen[g]) cells.push_back({static_cast<int64_t>(g), static_cast<int64_t>(v)});
                seen[g] = 1;
            }
        });
        keep();
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

    template <class V> static V* element(std::vector<real>& memory, const lattice<N>& l) {
        return reinterpret_cast<V*>(memory.data() + spare) + l.first;
    }
    template <class V> static auto view(std::vector<real>& memory, const lattice<N>& l) {
        return warpx::detail::array_access::make<warpx::array<V, N>>( // past the gate: gradients may repeat
            element<V>(memory, l), l.extents, l.strides, {}, warpx::device_kind::host, 0,
            warpx::memory_kind::plain);
    }
    auto primal_argument() {
        return warpx::from_pointer<T, N>(element<T>(value, where), where.extents, where.strides);
    }
    auto tangent_argument() { return warpx::with_tangent(primal_argument(), view<T>(tangent, where)); }
    auto adjoint_argument() {
        auto a = primal_argument();
        if (has_gradient) a.set_grad(view<E>(gradient, gradient_where));
        return a;
    }
};
template <class T, int N> using read = array_slot<T, N, role::read>;
template <class T, int N> using own = array_slot<T, N, role::own>;
template <class T, int N> using sum = array_slot<T, N, role::sum>;

/// A scalar, or vector, with a gradient.
template <class T> struct scalar : slot {
    static constexpr int numbers = numbers_in<T>;
    void make(const input&, random& r) override {
        has_gradient = true;
        value.resize(numbers), tangent.resize(numbers), gradient.resize(numbers), cells.clear();
        for (int k = 0; k < numbers; ++k) {
            const auto at = static_cast<size_t>(k);
            value[at] = static_cast<real>(r.uniform(-2, 2));
            tangent[at] = static_cast<real>(r.uniform(-1, 1));
            gradient[at] = static_cast<real>(r.uniform(-1, 1));
            cells.push_back({k, k});
        }
        keep();
    }
    static T from(const std::vector<real>& v) {
        T t;
        memcpy(static_cast<void*>(&t), v.data(), sizeof(T));
        return t;
    }
    auto primal_argument() { return from(value); }
    auto tangent_argument() { return warpx::with_tangent(from(value), from(tangent)); }
    auto adjoint_argument() { return warpx::with_grad(from(value), *reinterpret_cast<T*>(gradient.data())); }
};
/// A scalar without.
struct constant : slot {
    void make(const input&, random& r) override {
        value.assign(1, static_cast<real>(r.uniform(-2, 2)));
        tangent.assign(1, real(0));
        keep();
    }
    real primal_argument() { return value[0]; }
    real tangent_argument() { return value[0]; }
    real adjoint_argument() { return value[0]; }
};

/// Integers: trip counts of loops, and arrays.
struct integer_slot : slot {
    int64_t primal_argument() { return integers[0]; }
    int64_t tangent_argument() { return integers[0]; }
    int64_t adjoint_argument() { return integers[0]; }
};
struct trips : integer_slot {
    void make(const input& in, random&) override { integers.assign(1, in.trips), keep(); }
};
struct few : integer_slot {
    void make(const input& in, random&) override { integers.assign(1, in.few), keep(); }
};
struct columns : integer_slot {
    void make(const input& in, random&) override { integers.assign(1, in.extents[1]), keep(); }
};

enum class indices { permutation, any, choice, owned };
template <indices Kind, int R> struct index_slot : slot {
    warpx::shape<R> extents;
    void make(const input& in, random& r) override {
        const int64_t n = in.items(), least = in.extents[0] < in.extents[1] ? in.extents[0] : in.extents[1];
        for (int a = 0; a < R; ++a) extents[a] = in.extents[a];
        integers.resize(static_cast<size_t>(n));
        for (int64_t k = 0; k < n; ++k)
            integers[static_cast<size_t>(k)] = Kind == indices::permutation ? k
                                               : Kind == indices::choice    ? r.below(5)
                                               : Kind == indices::any       ? r.below(R == 1 ? n : least)
                                                                            : k + n * r.below(R == 1 ? 3 : 2);
        if (Kind == indices::permutation)
            for (int64_t k = n - 1; k > 0; --k)
                std::swap(integers[static_cast<size_t>(k)], integers[static_cast<size_t>(r.below(k + 1))]);
        keep();
    }
    auto primal_argument() { return warpx::from_pointer<const int64_t, R>(integers.data(), extents); }
    auto tangent_argument() { return primal_argument(); }
    auto adjoint_argument() { return primal_argument(); }
};
template <int R> using permutation = index_slot<indices::permutation, R>;
template <int R> using any_index = index_slot<indices::any, R>;
template <int R> using choice = index_slot<indices::choice, R>;
template <int R> using owned_index = index_slot<indices::owned, R>;

template <class K, int R, class... S> class bound : public bound_kernel {
public:
    std::vector<slot*> slots() override {
        return std::apply([](auto&... s) { return std::vector<slot*>{&s...}; }, slots_);
    }
    void make(const input& in, random& r) override {
        for (int a = 0; a < R; ++a) extents_[a] = in.extents[a];
        for (slot* s : slots()) s->make(in, r);
    }
    // The public launches add forms that other tests cover and that take long to compile.
    void primal() override {
        std::apply([&](auto&... s) { run(warpx::form::strided{}, s.primal_argument()...); }, slots_);
    }
    void tangent() override {
        std::apply(
            [&](auto&... s) {
                run(warpx::form::tangent<1, warpx::detail::strided_layout, false>{nullptr},
                    s.tangent_argument()...);
            },
            slots_);
    }
    void adjoint(way w, int threads, bool retain) override {
        std::apply(
            [&](auto&... s) {
                warpx::launch_options options;
                options.threads = threads;
                options.retain = retain;
                if (w == way::fast)
                    warpx::launch_adjoint<K>(options, extents_, s.adjoint_argument()...);
                else
                    taped(options, s.adjoint_argument()...);
            },
            slots_);
    }

private:
    using kernel = warpx::detail::struct_kernel<K>;
    static constexpr auto numbers = std::make_integer_sequence<int, sizeof...(S)>();

    template <class Form, class... A> void run(const Form& form, const A&... arguments) {
        warpx::launch_options options;
        options.threads = 1;
        warpx::launching::bind_and_run(form, numbers, options, extents_, warpx::launching::axis_order<R>{},
                                       kernel{}, arguments...);
    }
    template <class... A> void taped(const warpx::launch_options& options, const A&... arguments) {
        using namespace warpx::launching;
        const auto survey = survey_adjoint<kernel, R>(numbers, options, extents_, arguments...);
        if (survey.any_gradient)
            run_taped<derivative_t<A...>>(numbers, options, extents_, survey, kernel{}, arguments...);
    }

    std::tuple<S...> slots_;
    warpx::shape<R> extents_;
};

template <class... S> struct list {};
template <class K, int R, class... S> std::unique_ptr<bound_kernel> bind_kernel(list<S...>*) {
    return std::make_unique<bound<K, R, S...>>();
}
template <class K> bool add_entry(const char* name) {
    entries().push_back({name, K::rank, K::smooth, [] {
                             return bind_kernel<K, K::rank>(static_cast<typename K::arguments*>(nullptr));
                         }});
    return true;
}

} // namespace rk

#define RK_REGISTER(name) static const bool added_##name = rk::add_entry<name>(#name)
