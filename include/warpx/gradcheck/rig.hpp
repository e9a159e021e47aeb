// SPDX-License-Identifier: Apache-2.0
// rig.hpp: the arguments of a launch over memory of the check's own, and their numbers.
#pragma once

#include "../gradient.hpp"
#include "memory_image.hpp"
#include "numbers.hpp"
#include "report.hpp"

#include <tuple>
#include <unordered_map>

namespace warpx {
namespace detail {

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
/// A rig in which arguments number `in` and `out` have gradients.
template <class... A> argument_rig<A...> rig_of_two(int in, int out, const A&... arguments) {
    return argument_rig<A...>(
        true, [](int k, int one, int other) { return k == one || k == other; }, in, out, arguments...);
}

} // namespace detail
} // namespace warpx
