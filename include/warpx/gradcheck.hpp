// SPDX-License-Identifier: Apache-2.0
// gradcheck.hpp: checks of gradients, for tests: against finite differences, against tangents, whole
// Jacobians.
#pragma once

#include "create.hpp"
#include "detail/byte_span.hpp"
#include "host/adjoint.hpp"
#include "host/tangent.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdio.h>
#include <string.h>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace warpx {

/// How `gradcheck` and `adjoint_test` compare.
struct gradcheck_options {
    /// Of finite differences, relative to the value (to 1 at most where values are small: to their root mean
    /// square). 0: by the coarsest type of the arguments: 7e-4 for double, 5e-3 float, 0.1 half, 0.2
    /// bfloat16.
    double step = 0;
    /// The largest relative error that passes. 0: by that type: 1e-6, 5e-3, 0.05, 0.1.
    double tolerance = 0;
    /// Numbers of one argument that are checked: all of them if they are not more, else a random sample.
    int64_t samples = 256;
    /// Of the weights of the outputs and of the samples.
    uint64_t seed = 1;
};

/// One number of an argument, and its two gradients.
struct gradient_difference {
    int argument = -1;          ///< of the launch, from 0 (behind the extents); -1: none was checked
    int array = 0;              ///< among the arrays of that argument, if it is a struct
    std::vector<int64_t> index; ///< of the element
    int component = -1;   ///< of a vec, mat (row by row), quat, complex or struct; -1: the element is one
    double derived = 0;   ///< by the adjoint
    double numerical = 0; ///< by the method it is compared with
    double absolute_error = 0, relative_error = 0;
};

/// What `gradcheck` found in one argument.
struct argument_gradients {
    int argument = -1;
    int64_t numbers = 0; ///< that have a gradient (those that share memory count once)
    int64_t checked = 0; ///< less than `numbers`: a random sample
    bool passed = true;
    gradient_difference worst;
};

/// What `gradcheck` found. Relative errors are of the larger of the two gradients; of a tenth of the largest
/// gradient of the argument, where that is more; and never of less than what finite differences can see.
struct gradient_report {
    bool passed = true;
    double tolerance = 0;
    gradient_difference worst;
    std::vector<argument_gradients> arguments; ///< those with gradients
    int64_t outputs = 0; ///< numbers that the kernel writes and whose gradients were given; 0: none flows
    bool wrote_values = false; ///< the adjoint launch changed values: that fails too
    std::string kernel, derived_name = "derived", numerical_name = "finite differences";
};

/// What `adjoint_test` found: for random t and g, <J t, g> by tangents and <t, J^T g> by the adjoint.
struct adjoint_test_report {
    bool passed = true;
    double tolerance = 0;
    double tangent = 0, adjoint = 0; ///< the two products
    double relative_error = 0;       ///< of the sum of the magnitudes of the terms
    bool by_differences = false;     ///< J t by finite differences: an argument has no tangents (structs)
    std::string kernel;
};

namespace detail {

WARPX_COLD inline std::string number_text(double v) {
    char digits[40];
    return std::string(digits, static_cast<size_t>(snprintf(digits, sizeof digits, "%.9g", v)));
}
WARPX_COLD inline std::string place_text(const gradient_difference& d) {
    std::string t = "argument " + std::to_string(d.argument);
    if (d.array > 0) t += ", array " + std::to_string(d.array);
    if (!d.index.empty()) t += ", element " + tuple_text(d.index.data(), static_cast<int>(d.index.size()));
    if (d.component >= 0) t += ", component " + std::to_string(d.component);
    return t;
}

} // namespace detail

/// The report as text: a line for the whole, and one for each argument.
WARPX_COLD inline std::string to_string(const gradient_report& r) {
    using detail::number_text;
    std::string t = "gradcheck of " + r.kernel + (r.passed ? ": passed" : ": FAILED") + " (tolerance " +
                    number_text(r.tolerance) + ")\n";
    if (r.outputs == 0) t += "  nothing that the kernel writes has a gradient\n";
    if (r.wrote_values) t += "  the adjoint launch changed values of its arguments\n";
    for (const argument_gradients& a : r.arguments) {
        t += "  argument " + std::to_string(a.argument) + (a.passed ? ": " : ": FAILED, ") +
             std::to_string(a.checked) + " of " + std::to_string(a.numbers) + " numbers" +
             (a.checked < a.numbers ? " (random sample)" : "");
        if (a.checked > 0)
            t += ", worst relative error " + number_text(a.worst.relative_error) + " (absolute " +
                 number_text(a.worst.absolute_error) + ") at " + detail::place_text(a.worst) + ": " +
                 r.derived_name + " " + number_text(a.worst.derived) + ", " + r.numerical_name + " " +
                 number_text(a.worst.numerical);
        t += "\n";
    }
    return t;
}
WARPX_COLD inline std::string to_string(const adjoint_test_report& r) {
    using detail::number_text;
    return "adjoint test of " + r.kernel + (r.passed ? ": passed" : ": FAILED") + " (tolerance " +
           number_text(r.tolerance) + "): <J t, g> " + number_text(r.tangent) +
           (r.by_differences ? " by finite differences" : "") + ", <t, J^T g> " + number_text(r.adjoint) +
           ", relative error " + number_text(r.relative_error) + "\n";
}

namespace detail {

// -- Numbers in memory
// ---------------------------------------------------------------------------------------

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

/// A copy of memory at other addresses. Spans that meet stay together, so that what shared memory still does.
class memory_image {
public:
    void add(const byte_span& s) {
        if (s.begin < s.end) blocks_.push_back({s, {}, {}});
    }
    /// Copies (or zeroes) what was added.
    void make(bool copied) {
        std::sort(blocks_.begin(), blocks_.end(),
                  [](const block& a, const block& b) { return a.from.begin < b.from.begin; });
        std::vector<block> merged;
        for (const block& b : blocks_) {
            if (!merged.empty() && b.from.begin < merged.back().from.end)
                merged.back().from.end = std::max(merged.back().from.end, b.from.end);
            else
                merged.push_back(b);
        }
        blocks_ = merged;
        for (block& b : blocks_) {
            const auto size = static_cast<int64_t>(b.from.end - b.from.begin);
            b.initial = zeros<unsigned char>(size);
            b.memory = zeros<unsigned char>(size + 64);
            if (copied)
                memcpy(b.initial.data_handle(), reinterpret_cast<const void*>(b.from.begin),
                       static_cast<size_t>(size));
        }
        restore();
    }
    void restore() {
        for (const block& b : blocks_)
            memcpy(b.data(), b.initial.data_handle(), static_cast<size_t>(b.initial.size()));
    }
    bool changed() const {
        for (const block& b : blocks_)
            if (memcmp(b.data(), b.initial.data_handle(), static_cast<size_t>(b.initial.size())) != 0)
                return true;
        return false;
    }
    /// Where the copy of an address is. Null: it was not added.
    template <class T> T* at(T* p) const {
        const auto address = reinterpret_cast<uintptr_t>(p);
        for (const block& b : blocks_)
            if (address >= b.from.begin && address < b.from.end)
                return reinterpret_cast<T*>(b.data() + (address - b.from.begin));
        return nullptr;
    }

private:
    struct block {
        byte_span from;
        array<unsigned char, 1> initial, memory;
        unsigned char* data() const { return memory.data_handle() + from.begin % 64; } // keeps alignment
    };
    std::vector<block> blocks_;
};

/// One number with a gradient, of one argument. Its value or its gradient may be that of others too.
struct rig_number {
    unsigned char *value, *gradient;
    int64_t element;
    int argument, array, component;
    stored_as type;
    bool written; // the argument is not const
    int group;    // of all that share a value or a gradient
};

/// Whether an argument is, or holds, an array with a gradient.
template <class A> bool any_gradient(const A& a) {
    bool any = false;
    if constexpr (!is_scalar_with_grad<A>)
        for_each_array([&any](const auto& x) { any = any || x.has_grad(); }, a);
    return any;
}

/// Runs a launch. Not a template, so that the checks are compiled once.
struct run_launch {
    const void* context;
    void (*run)(const void*);
    void operator()() const { run(context); }
};
template <class F> run_launch run_of(const F& f) noexcept {
    return {&f, [](const void* context) { (*static_cast<const F*>(context))(); }};
}

/// The numbers of the arguments of a launch, in memory of our own.
class gradient_rig {
public:
    std::vector<rig_number> numbers;
    std::vector<std::vector<int>> groups; // numbers that share a value or a gradient with each other
    stored_as coarsest = stored_as::float64;
    int arguments = 0;

    void restore() {
        values_.restore();
        gradients_.restore();
    }
    bool values_changed() const { return values_.changed(); }

    gradient_difference place_of(const rig_number& n) const {
        gradient_difference d;
        d.argument = n.argument;
        d.array = n.array;
        d.component = n.component;
        for (const auto& [key, e] : shapes_)
            if (key == std::pair(n.argument, n.array)) {
                d.index.resize(e.size());
                int64_t rest = n.element;
                for (size_t axis = e.size(); axis-- > 0; rest /= e[axis]) d.index[axis] = rest % e[axis];
            }
        return d;
    }
    const rig_number& first_of(int group) const {
        return numbers[static_cast<size_t>(groups[static_cast<size_t>(group)][0])];
    }

protected:
    void add(const std::vector<leaf_number>& leaves, bool whole, int argument, int array, int64_t element,
             unsigned char* value, unsigned char* gradient, bool written) {
        for (size_t k = 0; k < leaves.size(); ++k) {
            if (epsilon_of(leaves[k].type) > epsilon_of(coarsest)) coarsest = leaves[k].type;
            numbers.push_back({value + leaves[k].offset, gradient + leaves[k].offset, element, argument,
                               array, whole ? -1 : static_cast<int>(k), leaves[k].type, written, -1});
        }
    }
    /// Finds the groups.
    void join() {
        std::vector<int> parent(numbers.size());
        for (size_t k = 0; k < parent.size(); ++k) parent[k] = static_cast<int>(k);
        const auto root = [&](int k) {
            while (parent[static_cast<size_t>(k)] != k)
                k = parent[static_cast<size_t>(k)] =
                    parent[static_cast<size_t>(parent[static_cast<size_t>(k)])];
            return k;
        };
        std::unordered_map<const void*, int> values, slots;
        for (size_t k = 0; k < numbers.size(); ++k) {
            const auto unite = [&](std::unordered_map<const void*, int>& seen, const void* p) {
                const auto [at, fresh] = seen.try_emplace(p, static_cast<int>(k));
                if (!fresh) {
                    const int a = root(at->second), b = root(static_cast<int>(k));
                    parent[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
                }
            };
            unite(values, numbers[k].value);
            unite(slots, numbers[k].gradient);
        }
        std::unordered_map<int, int> group_of;
        for (size_t k = 0; k < numbers.size(); ++k) {
            const auto [at, fresh] =
                group_of.try_emplace(root(static_cast<int>(k)), static_cast<int>(groups.size()));
            if (fresh) groups.emplace_back();
            numbers[k].group = at->second;
            groups[static_cast<size_t>(at->second)].push_back(static_cast<int>(k));
        }
    }

    memory_image values_, gradients_;
    std::vector<std::pair<std::pair<int, int>, std::vector<int64_t>>> shapes_;
};

/// The arguments over that memory, each with its gradient zeroed; the caller's is only read. If `given`, no
/// array keeps the gradient that it came with: those that `wanted` names get one with the layout of their
/// values.
template <class... A> class argument_rig : public gradient_rig {
public:
    argument_rig(bool given, bool (*wanted)(int, int, int), int in, int out, const A&... given_arguments)
        : copies(given_arguments...) {
        arguments = static_cast<int>(sizeof...(A));
        const auto spans = [&](const auto& a) {
            need_host(a);
            values_.add(byte_span::of(a));
            if (given)
                gradients_.add(byte_span::of(a));
            else if (a.has_grad())
                gradients_.add(byte_span::of(a.grad()));
        };
        each_argument([&]<class X>(int, const X& x) {
            if constexpr (is_scalar_with_grad<X>)
                gradients_.add(byte_span::of(x.gradient));
            else
                for_each_array(spans, x);
        });
        values_.make(true);
        gradients_.make(false);
        each_argument([&](int argument, auto& x) { move_in(argument, x, given, wanted(argument, in, out)); });
        join();
    }

    std::tuple<A...> copies;

    template <class F> void with_arguments(const F& f) const {
        std::apply([&](const A&... a) { f(a...); }, copies);
    }

private:
    template <class F> void each_argument(const F& f) {
        int k = 0;
        std::apply([&](A&... a) { (f(k++, a), ...); }, copies);
    }
    template <class T, int N, class D> static void need_host(const array<T, N, D>& a) {
        static_assert(!std::is_same_v<D, device::cuda>,
                      "warpx::gradcheck: finite differences run on the host; copy the arrays to the host");
        if (a.device() == device_kind::cuda)
            throw launch_error(sentence("warpx::gradcheck", "host arrays", "an array on a CUDA device",
                                        "copy the arrays to the host"));
    }
    template <class X> void move_in(int argument, X& x, bool given, bool wanted) {
        if constexpr (is_scalar_with_grad<X>) {
            x.gradient = moved(x.gradient, gradients_.at(x.gradient.data_handle()));
            using T = decltype(x.value);
            add(leaves_of<T>(), is_active_scalar<T>, argument, 0, 0,
                reinterpret_cast<unsigned char*>(&x.value),
                reinterpret_cast<unsigned char*>(x.gradient.data_handle()), false);
        } else {
            int k = 0;
            move_arrays(argument, k, x, given, wanted);
        }
    }
    template <class X> void move_arrays(int argument, int& k, X& x, bool given, bool wanted) {
        if constexpr (is_array_v<X>)
            move_array(argument, k++, x, given, wanted);
        else if constexpr (argument_traits<X>::holds_arrays)
            struct_traits<X>::each([&](auto& field) { move_arrays(argument, k, field, given, wanted); }, x);
    }
    template <class T, int N, class D>
    void move_array(int argument, int number, array<T, N, D>& a, bool given, bool wanted) {
        using V = std::remove_const_t<T>;
        const array<T, N, D> original = a;
        a = moved(original, values_.at(original.data_handle()));
        if constexpr (is_active<V>) {
            const std::vector<leaf_number> leaves = leaves_of<V>();
            for (const leaf_number& l : leaves)
                if (epsilon_of(l.type) > epsilon_of(coarsest)) coarsest = l.type;
            const bool has = given ? wanted : original.has_grad();
            if (!has || original.size() == 0) return;
            using G = array<V, N, D>;
            if (given)
                a.set_grad(array_access::make<G>(gradients_.at(const_cast<V*>(original.data_handle())),
                                                 original.extents(), original.strides(), {},
                                                 original.device(), original.device_id(), original.memory()));
            else
                a.set_grad(moved(original.grad(), gradients_.at(original.grad().data_handle())));
            shapes_.push_back({{argument, number}, {a.extents().begin(), a.extents().end()}});
            const G g = a.grad();
            shape<N> p;
            for (int64_t element = 0; element < a.size(); ++element) {
                int64_t at = 0, at_gradient = 0;
                for (int axis = 0; axis < N; ++axis) {
                    at += p[axis] * a.stride(axis);
                    at_gradient += p[axis] * g.stride(axis);
                }
                add(leaves, is_active_scalar<V>, argument, number, element,
                    reinterpret_cast<unsigned char*>(const_cast<V*>(a.data_handle() + at)),
                    reinterpret_cast<unsigned char*>(g.data_handle() + at_gradient), !std::is_const_v<T>);
                for (int axis = N - 1; axis >= 0 && ++p[axis] == a.extent(axis); --axis) p[axis] = 0;
            }
        }
    }
    template <class T, int N, class D> static array<T, N, D> moved(const array<T, N, D>& a, T* to) {
        return array_access::make<array<T, N, D>>(to, a.extents(), a.strides(), {}, a.device(), a.device_id(),
                                                  a.memory());
    }
};

/// A rig with the gradients that the caller gave; where none was given, all arrays have one.
template <class... A> argument_rig<A...> rig_of(const A&... arguments) {
    const bool none = !(any_gradient(arguments) || ...);
    return argument_rig<A...>(none, [](int, int, int) { return true; }, 0, 0, arguments...);
}

/// Numbers that are the same on every machine.
class weights {
public:
    explicit weights(uint64_t seed) noexcept : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567u) {}
    uint64_t bits() noexcept { // splitmix64
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    /// Of magnitude 0.5 to 1.5, a multiple of 1/8: exact in every type.
    double weight() noexcept {
        const uint64_t b = bits();
        return static_cast<double>(4 + b % 9) / 8 * (b >> 32 & 1 ? 1 : -1);
    }

private:
    uint64_t state_;
};

/// The arrays that a launch writes, as (argument, array): those whose values it changes, or would if they
/// were others.
inline std::set<std::pair<int, int>> changed_arrays(gradient_rig& rig, const run_launch& forward) {
    std::set<std::pair<int, int>> changed;
    const double step = std::pow(epsilon_of(rig.coarsest), 1.0 / 3);
    for (const bool others : {false, true}) {
        rig.restore();
        std::unordered_set<const void*> seen;
        for (const rig_number& n : rig.numbers)
            if (others && n.written && seen.insert(n.value).second) {
                const double v = read_number(n.value, n.type);
                write_number(n.value, n.type, v + step * std::max(std::fabs(v), 1.0));
            }
        std::vector<double> before;
        for (const rig_number& n : rig.numbers) before.push_back(read_number(n.value, n.type));
        forward();
        for (size_t k = 0; k < before.size(); ++k) {
            const rig_number& n = rig.numbers[k];
            const double after = read_number(n.value, n.type);
            if (n.written && (after != before[k]) && !(std::isnan(after) && std::isnan(before[k])))
                changed.insert({n.argument, n.array});
        }
    }
    rig.restore();
    return changed;
}

/// The scalar function that is differentiated: what was written, weighted.
struct weighted_outputs {
    struct output {
        const unsigned char* value;
        unsigned char* gradient;
        stored_as type;
        double weight;
    };
    std::vector<output> all;

    weighted_outputs() = default;
    weighted_outputs(gradient_rig& rig, uint64_t seed, const run_launch& forward) {
        const auto changed = changed_arrays(rig, forward);
        weights random(seed);
        std::unordered_set<const void*> values, gradients;
        for (const rig_number& n : rig.numbers) {
            if (changed.count({n.argument, n.array}) == 0 || !values.insert(n.value).second) continue;
            if (gradients.insert(n.gradient).second)
                all.push_back({n.value, n.gradient, n.type, random.weight()});
        }
    }
    void seed() const {
        for (const output& o : all) write_number(o.gradient, o.type, o.weight);
    }
    std::vector<double> read() const {
        std::vector<double> v(all.size());
        for (size_t k = 0; k < v.size(); ++k) v[k] = read_number(all[k].value, all[k].type);
        return v;
    }
};

/// What a launch is run with by the checks: in order, on this thread, so that sums are the same each time.
inline launch_options quiet_launch() { return {.threads = 1, .executor = inline_executor()}; }

/// Finite differences of the weighted outputs.
class differences {
public:
    differences(gradient_rig& rig, const weighted_outputs& outputs, const run_launch& forward, double step)
        : rig_(rig), outputs_(outputs), forward_(forward),
          step_(step > 0 ? step
                         : std::pow(epsilon_of(rig.coarsest),
                                    rig.coarsest == stored_as::float64 ? 1.0 / 5 : 1.0 / 3)) {
        double sum = 0;
        for (const rig_number& n : rig.numbers) {
            const double v = read_number(n.value, n.type);
            sum += std::isfinite(v) ? v * v : 0;
        }
        const double typical = std::sqrt(sum / std::max(1.0, static_cast<double>(rig.numbers.size())));
        typical_ = typical > 0 ? std::min(typical, 1.0) : 1.0;
    }

    struct estimate {
        double derivative, noise; // what rounding of the outputs may add
    };
    /// By one number; `factor` scales the step.
    estimate by(const rig_number& n, double factor) {
        const bool precise = rig_.coarsest == stored_as::float64;
        rig_.restore();
        const double x = read_number(n.value, n.type);
        const double h = factor * step_ * std::max(std::fabs(x), typical_);
        const estimate wide = central(n, x, h);
        if (!precise) return wide;
        const estimate narrow = central(n, x, h / 2); // Richardson: the error is of fourth order
        return {(4 * narrow.derivative - wide.derivative) / 3, 2 * narrow.noise};
    }

private:
    estimate central(const rig_number& n, double x, double h) {
        double above = 0, below = 0;
        const std::vector<double> up = at(n, x + h, above), down = at(n, x - h, below);
        double sum = 0, noise = 0;
        for (size_t k = 0; k < up.size(); ++k) {
            if (up[k] == down[k] || (std::isnan(up[k]) && std::isnan(down[k]))) continue;
            const double w = outputs_.all[k].weight;
            sum += w * (up[k] - down[k]);
            noise += std::fabs(w) * epsilon_of(outputs_.all[k].type) *
                     std::max(std::fabs(up[k]), std::fabs(down[k]));
        }
        return {sum / (above - below), noise / std::fabs(above - below)};
    }
    std::vector<double> at(const rig_number& n, double x, double& stored) {
        rig_.restore();
        const double before = read_number(n.value, n.type);
        write_number(n.value, n.type, x);
        stored = read_number(n.value, n.type);
        forward_();
        std::vector<double> v = outputs_.read();
        write_number(n.value, n.type, before); // a scalar argument is not in the image
        return v;
    }

    gradient_rig& rig_;
    const weighted_outputs& outputs_;
    const run_launch& forward_;
    double step_, typical_;
};

/// The numbers of each argument that are checked: the first of each group.
inline std::vector<std::vector<int>> chosen(const gradient_rig& rig, int64_t samples, uint64_t seed,
                                            std::vector<int64_t>& of) {
    std::vector<std::vector<int>> groups(static_cast<size_t>(rig.arguments));
    for (size_t g = 0; g < rig.groups.size(); ++g)
        groups[static_cast<size_t>(rig.first_of(static_cast<int>(g)).argument)].push_back(
            static_cast<int>(g));
    weights random(seed + 77);
    for (auto& list : groups) {
        of.push_back(static_cast<int64_t>(list.size()));
        const auto most = static_cast<size_t>(std::max<int64_t>(samples, 1));
        if (list.size() <= most) continue;
        for (size_t k = 0; k < most; ++k) std::swap(list[k], list[k + random.bits() % (list.size() - k)]);
        list.resize(most);
    }
    return groups;
}

/// The gradients of all groups, after an adjoint launch.
inline std::vector<double> group_gradients(const gradient_rig& rig) {
    std::vector<double> sums(rig.groups.size());
    for (size_t g = 0; g < sums.size(); ++g) {
        std::vector<const void*> seen;
        for (const int k : rig.groups[g]) {
            const rig_number& n = rig.numbers[static_cast<size_t>(k)];
            if (std::find(seen.begin(), seen.end(), n.gradient) != seen.end()) continue;
            seen.push_back(n.gradient);
            sums[g] += read_number(n.gradient, n.type);
        }
    }
    return sums;
}

inline double default_tolerance(stored_as type) {
    return type == stored_as::float64   ? 1e-6
           : type == stored_as::float32 ? 5e-3
           : type == stored_as::float16 ? 0.05
                                        : 0.1;
}

/// Fills in the errors of an argument, and what is worst. `noise` is what the numerical values cannot see.
inline void judge(gradient_report& report, argument_gradients& argument,
                  std::vector<gradient_difference>& list, const std::vector<double>& noise) {
    double scale = 0;
    for (const gradient_difference& d : list)
        if (std::isfinite(d.numerical)) scale = std::max(scale, std::fabs(d.numerical));
    for (size_t k = 0; k < list.size(); ++k) {
        gradient_difference& d = list[k];
        d.absolute_error = std::fabs(d.derived - d.numerical);
        const double of = std::max(
            {std::fabs(d.derived), std::fabs(d.numerical), 0.1 * scale, 8 * noise[k] / report.tolerance});
        d.relative_error = d.absolute_error == 0 ? 0 : d.absolute_error / of;
        const bool good = d.relative_error <= report.tolerance; // NaN is not
        argument.passed = argument.passed && good;
        const auto worse = [](const gradient_difference& a, const gradient_difference& b) {
            return b.argument < 0 || (std::isnan(a.relative_error) && !std::isnan(b.relative_error)) ||
                   a.relative_error > b.relative_error;
        };
        if (worse(d, argument.worst)) argument.worst = d;
        if (worse(d, report.worst)) report.worst = d;
    }
    report.passed = report.passed && argument.passed;
}

/// Compares the gradients that `adjoint` leaves in the rig with finite differences of `forward`.
inline gradient_report check_rig(const std::string& kernel, const gradcheck_options& options,
                                 gradient_rig& rig, const run_launch& forward, const run_launch& adjoint) {
    gradient_report report;
    report.kernel = kernel;
    report.tolerance = options.tolerance > 0 ? options.tolerance : default_tolerance(rig.coarsest);
    const weighted_outputs outputs(rig, options.seed, forward);
    report.outputs = static_cast<int64_t>(outputs.all.size());
    outputs.seed();
    adjoint();
    report.wrote_values = rig.values_changed();
    report.passed = !report.wrote_values;
    const std::vector<double> derived = group_gradients(rig);

    differences numerical(rig, outputs, forward, options.step);
    std::vector<int64_t> of;
    const auto groups = chosen(rig, options.samples, options.seed, of);
    for (size_t a = 0; a < groups.size(); ++a) {
        if (groups[a].empty()) continue;
        argument_gradients argument;
        argument.argument = static_cast<int>(a);
        argument.numbers = of[a];
        argument.checked = static_cast<int64_t>(groups[a].size());
        std::vector<gradient_difference> list;
        std::vector<double> noise;
        for (const int g : groups[a]) {
            const std::vector<int>& members = rig.groups[static_cast<size_t>(g)];
            gradient_difference best;
            double best_noise = 0;
            // A second and a third step where the first is off: it may have crossed a kink.
            for (const double factor : {1.0, 1.0 / 8, rig.coarsest == stored_as::float64 ? 1.0 / 64 : 4.0}) {
                gradient_difference d = rig.place_of(rig.first_of(g));
                double sum_of_noise = 0;
                d.derived = derived[static_cast<size_t>(g)];
                std::vector<const void*> seen;
                for (const int k : members) {
                    const rig_number& n = rig.numbers[static_cast<size_t>(k)];
                    if (std::find(seen.begin(), seen.end(), n.value) != seen.end()) continue;
                    seen.push_back(n.value);
                    const auto e = numerical.by(n, factor);
                    d.numerical += e.derivative;
                    sum_of_noise += e.noise;
                }
                const double error = std::fabs(d.derived - d.numerical);
                if (factor == 1.0 || error < std::fabs(best.derived - best.numerical)) {
                    best = d;
                    best_noise = sum_of_noise;
                }
                if (error <= report.tolerance * std::fabs(d.numerical)) break;
            }
            list.push_back(best);
            noise.push_back(best_noise);
        }
        judge(report, argument, list, noise);
        report.arguments.push_back(argument);
    }
    return report;
}

template <class Forward, class Adjoint, class... A>
gradient_report check_gradients(const std::string& kernel, const gradcheck_options& options,
                                const Forward& forward, const Adjoint& adjoint, const A&... arguments) {
    auto rig = rig_of(arguments...);
    const auto run_forward = [&] { rig.with_arguments(forward); };
    const auto run_adjoint = [&] { rig.with_arguments(adjoint); };
    return check_rig(kernel, options, rig, run_of(run_forward), run_of(run_adjoint));
}

/// Which numbers of an argument are rows or columns of a Jacobian: all, also those that share memory.
inline std::vector<rig_number> numbers_of(const gradient_rig& rig, int argument, const char* who) {
    std::vector<rig_number> list;
    for (const rig_number& n : rig.numbers)
        if (n.argument == argument) list.push_back(n);
    if (list.empty())
        throw launch_error(sentence(who, "arguments with floating-point numbers",
                                    "argument " + std::to_string(argument),
                                    "count the arguments behind the extents from 0; a scalar is passed "
                                    "by with_grad(value, gradient)"));
    return list;
}
template <class... A> argument_rig<A...> rig_of_two(int in, int out, const A&... arguments) {
    return argument_rig<A...>(
        true, [](int k, int one, int other) { return k == one || k == other; }, in, out, arguments...);
}
inline array<double, 2> rig_jacobian(gradient_rig& rig, int in, int out, const run_launch& adjoint) {
    const auto columns = numbers_of(rig, in, "warpx::jacobian"),
               rows = numbers_of(rig, out, "warpx::jacobian");
    auto j = zeros<double>({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
    for (size_t r = 0; r < rows.size(); ++r) {
        rig.restore();
        write_number(rows[r].gradient, rows[r].type, 1);
        adjoint();
        for (size_t c = 0; c < columns.size(); ++c)
            j.data_handle()[r * columns.size() + c] = read_number(columns[c].gradient, columns[c].type);
    }
    return j;
}
inline array<double, 2> rig_differences(gradient_rig& rig, int in, int out, const run_launch& forward) {
    const char* const who = "warpx::numerical_jacobian";
    const auto columns = numbers_of(rig, in, who), rows = numbers_of(rig, out, who);
    auto j = zeros<double>({static_cast<int64_t>(rows.size()), static_cast<int64_t>(columns.size())});
    weighted_outputs one;
    for (size_t r = 0; r < rows.size(); ++r) {
        one.all.assign(1, {rows[r].value, rows[r].gradient, rows[r].type, 1});
        differences numerical(rig, one, forward, 0);
        for (size_t c = 0; c < columns.size(); ++c)
            j.data_handle()[r * columns.size() + c] = numerical.by(columns[c], 1).derivative;
    }
    return j;
}
template <class Adjoint, class... A>
array<double, 2> adjoint_jacobian(int in, int out, const Adjoint& adjoint, const A&... arguments) {
    auto rig = rig_of_two(in, out, arguments...);
    const auto run = [&] { rig.with_arguments(adjoint); };
    return rig_jacobian(rig, in, out, run_of(run));
}
template <class Forward, class... A>
array<double, 2> difference_jacobian(int in, int out, const Forward& forward, const A&... arguments) {
    auto rig = rig_of_two(in, out, arguments...);
    const auto run = [&] { rig.with_arguments(forward); };
    return rig_differences(rig, in, out, run_of(run));
}

/// An argument with a tangent that lies like its gradient, in memory of the same layout.
template <class T, int N, class D>
auto tangent_argument(const memory_image& tangents, const array<T, N, D>& a) {
    if constexpr (is_active<std::remove_const_t<T>>) {
        using V = std::remove_const_t<T>;
        return with_tangent(
            a, array_access::make<array<V, N, D>>(tangents.at(const_cast<V*>(a.data_handle())), a.extents(),
                                                  a.strides(), {}, a.device(), a.device_id(), a.memory()));
    } else {
        return a;
    }
}
template <class T, class D>
auto tangent_argument(const memory_image& tangents, const scalar_with_grad<T, D>& a) {
    return with_tangent(a.value, *tangents.at(const_cast<T*>(&a.value)));
}
template <class X> const X& tangent_argument(const memory_image&, const X& x) { return x; }

template <class A>
inline constexpr bool takes_tangent =
    !argument_traits<A>::holds_arrays || is_array_v<A> || is_scalar_with_grad<A>;

/// <t, J^T g>, then J t by the caller's means, of a rig.
class product_test {
public:
    product_test(gradient_rig& rig, const gradcheck_options& options, const run_launch& forward,
                 const run_launch& adjoint)
        : rig_(rig), outputs_(rig, options.seed, forward), direction_(rig.groups.size()) {
        outputs_.seed();
        adjoint();
        weights random(options.seed + 3);
        const std::vector<double> gradients = group_gradients(rig);
        for (size_t g = 0; g < direction_.size(); ++g) { // what shares memory moves together
            direction_[g] = random.weight();
            report.adjoint += direction_[g] * gradients[g];
            magnitude_ += std::fabs(direction_[g] * gradients[g]);
        }
        rig.restore();
    }
    adjoint_test_report report;

    void seed_tangents(const memory_image& tangents) const {
        for (const rig_number& n : rig_.numbers)
            write_number(tangents.at(n.value), n.type, direction_[static_cast<size_t>(n.group)]);
    }
    void read_tangents(const memory_image& tangents) {
        for (const auto& o : outputs_.all)
            report.tangent += o.weight * read_number(tangents.at(o.value), o.type);
    }
    void difference(const run_launch& forward) {
        const double h = std::pow(epsilon_of(rig_.coarsest), 1.0 / 3);
        report.by_differences = true;
        report.tangent = (moved(forward, h) - moved(forward, -h)) / (2 * h);
    }
    adjoint_test_report finish(const std::string& kernel, double tolerance) {
        const double exact =
            rig_.coarsest == stored_as::float64 ? 1e-10 : std::sqrt(epsilon_of(rig_.coarsest));
        report.kernel = kernel;
        report.tolerance = tolerance > 0           ? tolerance
                           : report.by_differences ? default_tolerance(rig_.coarsest)
                                                   : exact;
        const double error = std::fabs(report.tangent - report.adjoint);
        const double of = std::max({magnitude_, std::fabs(report.tangent), std::fabs(report.adjoint)});
        report.relative_error = error == 0 ? 0 : error / of;
        report.passed = report.relative_error <= report.tolerance;
        return report;
    }

private:
    double moved(const run_launch& forward, double by) {
        rig_.restore();
        std::vector<double> old;
        std::unordered_map<const void*, bool> seen;
        for (const rig_number& n : rig_.numbers) {
            old.push_back(read_number(n.value, n.type));
            if (seen.try_emplace(n.value, true).second)
                write_number(n.value, n.type, old.back() + by * direction_[static_cast<size_t>(n.group)]);
        }
        forward();
        double sum = 0;
        for (const auto& o : outputs_.all) sum += o.weight * read_number(o.value, o.type);
        for (size_t k = old.size(); k-- > 0;) // scalar arguments are not in the image
            write_number(rig_.numbers[k].value, rig_.numbers[k].type, old[k]);
        return sum;
    }

    gradient_rig& rig_;
    weighted_outputs outputs_;
    std::vector<double> direction_;
    double magnitude_ = 0;
};

template <class Forward, class Tangent, class Adjoint, class... A>
adjoint_test_report test_adjoint(const std::string& kernel, const gradcheck_options& options,
                                 const Forward& forward, const Tangent& tangent, const Adjoint& adjoint,
                                 const A&... arguments) {
    auto rig = rig_of(arguments...);
    const auto run_adjoint = [&] { rig.with_arguments(adjoint); };
    const auto run_forward = [&] { rig.with_arguments(forward); };
    product_test test(rig, options, run_of(run_forward), run_of(run_adjoint));
    if constexpr ((takes_tangent<A> && ...)) {
        memory_image tangents;
        const auto span = [&]<class X>(const X& x) {
            if constexpr (is_scalar_with_grad<X>) {
                const auto begin = reinterpret_cast<uintptr_t>(&x.value);
                tangents.add({begin, begin + sizeof(x.value)});
            } else if constexpr (is_array_v<X>) {
                tangents.add(byte_span::of(x));
            }
        };
        rig.with_arguments([&](const auto&... x) { (span(x), ...); });
        tangents.make(false);
        test.seed_tangents(tangents);
        rig.with_arguments([&](const auto&... x) { tangent(tangent_argument(tangents, x)...); });
        test.read_tangents(tangents);
    } else {
        test.difference(run_of(run_forward));
    }
    return test.finish(kernel, options.tolerance);
}

} // namespace detail

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

// The launches of the checks, over the rig's arguments.
template <class Named> std::string kernel_name() {
    text t;
    return std::string(add_site(t, Named::site(nullptr)).c_str());
}
template <class Named, class Dim, class F> auto run_forward(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) { start<Named>(quiet_launch(), dim, kernel, a...); };
}
template <class Named, class Dim, class F> auto run_adjoint_of(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) { start_adjoint<Named>(quiet_launch(), dim, kernel, a...); };
}
template <class Named, class Dim, class F> auto run_tangent_of(const Dim& dim, const F& kernel) {
    return [&](const auto&... a) {
        if constexpr (((directions_of<std::remove_cvref_t<decltype(a)>> > 0) || ...))
            start_tangent<Named>(quiet_launch(), dim, kernel, a...);
    };
}

template <class Named, class Dim, class F, class... A>
gradient_report start_gradcheck(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                const A&... arguments) {
    return check_gradients(kernel_name<Named>(), options, run_forward<Named>(dim, kernel),
                           run_adjoint_of<Named>(dim, kernel), arguments...);
}
template <class Named, class Dim, class F, class... A>
adjoint_test_report start_adjoint_test(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                       const A&... arguments) {
    return test_adjoint(kernel_name<Named>(), options, run_forward<Named>(dim, kernel),
                        run_tangent_of<Named>(dim, kernel), run_adjoint_of<Named>(dim, kernel), arguments...);
}

} // namespace launching

/// Compares the gradients of `launch_adjoint<K>(dim, arguments...)` with central differences of
/// `launch<K>(dim, arguments...)`: one vector-Jacobian product with random weights for every number of the
/// arrays that the kernel writes, by every number of the arguments that have a gradient, or of
/// a random sample of them. If no array has a gradient, all arrays of floating-point numbers count.
///  * Works on copies: the caller's arrays and gradients are not touched. Arrays that share memory share it
///    in the copies; they should all have a gradient, and share that too.
///  * What a `with_grad` or `without_grad` of the call says holds for the check.
///  * In double it extrapolates (Richardson); where a difference is off it tries smaller steps, since the
///    first may have crossed a kink. At a kink itself finite differences mean nothing.
///  * Runs on the calling thread, twice (double: four times) for each number.
/// Host arrays. Throws what launches throw, and launch_error for arrays on a device.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>({}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>({}, detail::shape_of(dim), detail::kernel_ref<K>{},
                                                           arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>(options, dim, detail::kernel_ref<K>{},
                                                           arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named<K>>(options, detail::shape_of(dim),
                                                           detail::kernel_ref<K>{}, arguments...);
}
/// The same for a struct with a static `forward`.
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>({}, dim, detail::struct_kernel<K>{},
                                                                arguments...);
}
template <class K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>({}, detail::shape_of(dim),
                                                                detail::struct_kernel<K>{}, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>(options, dim, detail::struct_kernel<K>{},
                                                                arguments...);
}
template <class K, int R, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<K>>(options, detail::shape_of(dim),
                                                                detail::struct_kernel<K>{}, arguments...);
}
/// The same for a callable object.
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] gradient_report gradcheck(const Dim& dim, const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>({}, dim, kernel, arguments...);
}
template <int R, class F, class... A>
[[nodiscard]] gradient_report gradcheck(const int64_t (&dim)[R], const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>({}, detail::shape_of(dim), kernel,
                                                                arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const Dim& dim, const F& kernel,
                                        const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>(options, dim, kernel, arguments...);
}
template <int R, class F, class... A>
[[nodiscard]] gradient_report gradcheck(const gradcheck_options& options, const int64_t (&dim)[R],
                                        const F& kernel, const A&... arguments) {
    return launching::start_gradcheck<launching::named_type<F>>(options, detail::shape_of(dim), kernel,
                                                                arguments...);
}

/// The dot-product test: for random directions t and weights g, <J t, g> from `launch_tangent<K>` equals
/// <t, J^T g> from `launch_adjoint<K>`, to rounding. Sharper than finite differences, blind where tangents
/// and adjoints are wrong alike. Arguments and memory: as for `gradcheck`; all weights count at once.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>({}, dim, detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const int64_t (&dim)[R], const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>({}, detail::shape_of(dim),
                                                              detail::kernel_ref<K>{}, arguments...);
}
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const gradcheck_options& options, const Dim& dim,
                                               const A&... arguments) {
    return launching::start_adjoint_test<launching::named<K>>(options, dim, detail::kernel_ref<K>{},
                                                              arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const A&... arguments) {
    return launching::start_adjoint_test<launching::named_type<K>>({}, dim, detail::struct_kernel<K>{},
                                                                   arguments...);
}
template <shape_like Dim, class F, class... A>
    requires(!shape_like<F>)
[[nodiscard]] adjoint_test_report adjoint_test(const Dim& dim, const F& kernel, const A&... arguments) {
    return launching::start_adjoint_test<launching::named_type<F>>({}, dim, kernel, arguments...);
}

/// The dense Jacobian of what `K` leaves in argument `out` (rows) by what argument `in` held before
/// (columns), arguments counted from 0 behind the extents, numbers in row-major order of elements and within
/// them. By one adjoint launch for each row. They may be the same argument. Copies, as `gradcheck`; the
/// arrays need no gradient, a scalar is passed by `with_grad`. Throws launch_error for an argument without
/// such numbers.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::adjoint_jacobian(
        in, out, launching::run_adjoint_of<launching::named<K>>(dim, detail::kernel_ref<K>{}), arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] array<double, 2> jacobian(const int64_t (&dim)[R], int in, int out, const A&... arguments) {
    return jacobian<K>(detail::shape_of(dim), in, out, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::adjoint_jacobian(
        in, out, launching::run_adjoint_of<launching::named_type<K>>(dim, detail::struct_kernel<K>{}),
        arguments...);
}

/// The same by finite differences.
template <const auto& K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::difference_jacobian(
        in, out, launching::run_forward<launching::named<K>>(dim, detail::kernel_ref<K>{}), arguments...);
}
template <const auto& K, int R, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const int64_t (&dim)[R], int in, int out,
                                                  const A&... arguments) {
    return numerical_jacobian<K>(detail::shape_of(dim), in, out, arguments...);
}
template <class K, shape_like Dim, class... A>
[[nodiscard]] array<double, 2> numerical_jacobian(const Dim& dim, int in, int out, const A&... arguments) {
    return detail::difference_jacobian(
        in, out, launching::run_forward<launching::named_type<K>>(dim, detail::struct_kernel<K>{}),
        arguments...);
}

} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
