// SPDX-License-Identifier: Apache-2.0
// with_adjoint.hpp: with_adjoint(forward, adjoint): a kernel with an adjoint of its own, and how that runs.
#pragma once

#include "atomic.hpp"
#include "detail/byte_span.hpp"
#include "forms/active.hpp"
#include "forms/probe.hpp"
#include "gradient.hpp"
#include "launch.hpp"

namespace warpx {

namespace detail {

/// A kernel and its own adjoint, as one kernel. Both are made anew for each call, so that the whole is empty.
template <class Forward, class Adjoint> struct kernel_with_adjoint {
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE constexpr auto operator()(A&&... a) const
        -> decltype(Forward{}(static_cast<A&&>(a)...)) {
        return Forward{}(static_cast<A&&>(a)...);
    }
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE constexpr auto adjoint(A&&... a) const
        -> decltype(Adjoint{}(static_cast<A&&>(a)...)) {
        return Adjoint{}(static_cast<A&&>(a)...);
    }
};

// Asks for the name only, since a template says nothing until it is called: a wrong number of parameters must
// be an error, not a kernel without an adjoint.
struct adjoint_name {
    int adjoint;
};
template <class K> struct with_adjoint_name : K, adjoint_name {};
template <class K, bool Open> inline constexpr bool names_adjoint = false;
template <class K>
inline constexpr bool names_adjoint<K, true> = !requires { &with_adjoint_name<K>::adjoint; };

} // namespace detail

/// A kernel with an adjoint of its own: made by `with_adjoint`, or a struct with a static `forward` and a
/// static `adjoint` (functions, or constexpr lambdas). Whatever has a member of that name counts.
template <class K>
concept has_adjoint =
    detail::names_adjoint<std::remove_cvref_t<K>, std::is_class_v<std::remove_cvref_t<K>> &&
                                                      !std::is_final_v<std::remove_cvref_t<K>>>;

/// A kernel whose gradient is `adjoint` instead of the derived one: `constexpr auto k = with_adjoint(forward,
/// adjoint)`, both lambdas without captures, marked WARPX_KERNEL. `launch<k>` runs `forward(i,
/// arguments...)`, `launch_adjoint<k>` runs `adjoint(i, arguments..., gradients...)`: one gradient for each
/// argument, in order.
///  * `gx[i] += v` adds to a gradient; so does `gx(j) += v`, and `ga += v` for a scalar's: safe from all
///  items,
///    also where elements of a gradient share memory. Reading and `=` are plain accesses.
///  * An argument without a gradient gets one that reads as zero and takes no writes; `if (gx)` tells.
///  * The adjoint consumes: where `forward` overwrites y[i] it takes `g = gy.take(i)`, which leaves a zero
///    there (not with launch_options::retain). Where forward adds to y[i] it reads gy[i] and leaves it.
///  * It differentiates at the values it finds and writes no primal. It runs as any other launch does.
/// `check_adjoint<k>` compares it with the derived one.
template <class Forward, class Adjoint>
WARPX_HOST_DEVICE constexpr auto with_adjoint(const Forward&, const Adjoint&) {
    constexpr bool empty = std::is_empty_v<Forward> && std::is_default_constructible_v<Forward> &&
                           std::is_empty_v<Adjoint> && std::is_default_constructible_v<Adjoint>;
    static_assert(empty, "warpx::with_adjoint: both are lambdas without captures; pass what they need as "
                         "arguments of the launch");
    return detail::kernel_with_adjoint<Forward, Adjoint>{};
}

namespace detail {

/// Where an element of a gradient lies, if there is one; `at` may be computed with in any case.
template <class T> struct gradient_place {
    T* at = nullptr;
    bool present = false;
    bool shared = false; // other items may add here too
};

/// How the elements of gradients reach memory.
struct gradient_access {
    template <class T> using place = gradient_place<T>;
    template <class T> using value = T;
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr std::remove_const_t<T> load(const place<T>& p) noexcept {
        return p.present ? direct_access::load(p.at) : std::remove_const_t<T>{};
    }
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr void store(const place<T>& p, const T& v) noexcept {
        if (p.present) direct_access::store(p.at, v);
    }
    template <class T>
        requires is_active<T>
    WARPX_INLINE WARPX_HOST_DEVICE static void add(const place<T>& p, const T& v) noexcept {
        if (!p.present) return;
        if (p.shared)
            (void)add_op{}(p.at, v);
        else
            direct_access::store(p.at, static_cast<T>(combine<'+'>(direct_access::load(p.at), v)));
    }
    template <class T, class C>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr place<C> part(const place<T>& p, C* component) noexcept {
        return {component, p.present, p.shared};
    }
    template <class T>
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr T* pointer(const place<T>& p) noexcept {
        return p.at;
    }
    template <class T> WARPX_INLINE WARPX_HOST_DEVICE static constexpr void used(const place<T>&) noexcept {}
};

/// `op` on an element of a gradient.
template <class Op, class T, class V>
WARPX_HOST_DEVICE T atomic_on_gradient(const Op& op, T* at, bool present, const V& v) {
    static_assert(!std::is_same_v<Op, cas_op>, "warpx: atomic_cas on a gradient is not there");
    if constexpr (!std::is_same_v<Op, cas_op>)
        if (present) return op(at, static_cast<T>(v));
    return T{};
}

/// The gradient of an array argument. `Inner` addresses its memory; where there is none, that of the values,
/// which has the same shape and is not touched.
template <class Inner, class T, int N>
class gradient_handle : public handle_interface<gradient_handle<Inner, T, N>, T, N> {
    using interface = handle_interface<gradient_handle<Inner, T, N>, T, N>;

public:
    WARPX_HOST_DEVICE gradient_handle(const Inner& inner, bool present, bool shared, bool retained) noexcept
        : inner_(inner), present_(present), shared_(shared), retained_(retained) {}

    /// Whether the argument has a gradient.
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator bool() const noexcept { return present_; }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t extent(int axis) const noexcept {
        return inner_.extent(axis);
    }
    WARPX_INLINE WARPX_HOST_DEVICE constexpr int64_t stride(int axis) const noexcept {
        return inner_.stride(axis);
    }

    WARPX_DETAIL_HOST_BODY WARPX_INLINE WARPX_HOST_DEVICE auto place(const shape<N>& position) const {
        return element(inner_.address(position), true);
    }
    WARPX_DETAIL_HOST_BODY template <class I>
    WARPX_INLINE WARPX_HOST_DEVICE auto operator[](const I& i) const {
        if constexpr (std::is_same_v<I, index<N>>)
            return own_element(index_access::positions(i), i);
        else if constexpr (N == 1 && is_whole_index_v<I>)
            return own_element(shape<1>(static_cast<int64_t>(i)), i);
        else
            return interface::operator[](i);
    }
    WARPX_DETAIL_HOST_BODY template <class... I>
    WARPX_INLINE WARPX_HOST_DEVICE auto operator()(const I&... i) const {
        if constexpr (sizeof...(I) == N && is_whole_index_v<I...>)
            return own_element(shape<N>(static_cast<int64_t>(i)...), i...);
        else
            return interface::operator()(i...);
    }
    /// The gradient of an element that the kernel overwrites: consumed, so it becomes zero (unless retained).
    WARPX_DETAIL_HOST_BODY template <class I> WARPX_INLINE WARPX_HOST_DEVICE T take(const I& i) const {
        return take_at((*this)[i]);
    }
    WARPX_DETAIL_HOST_BODY template <class... I>
        requires(sizeof...(I) != 1)
    WARPX_INLINE WARPX_HOST_DEVICE T take(const I&... i) const {
        return take_at((*this)(i...));
    }

    using own_atomics = void;
    WARPX_DETAIL_HOST_BODY template <class Op, class V, class... I>
    WARPX_HOST_DEVICE T atomic(const Op& op, const V& v, const I&... i) const {
        return atomic_on_gradient(op, element_address(inner_, i...), present_, v);
    }

private:
    using located_type = located<T, gradient_access>;
    WARPX_INLINE WARPX_HOST_DEVICE located_type element(T* at, bool shared) const noexcept {
        return located_type(gradient_place<T>{at, present_, shared});
    }
    WARPX_DETAIL_HOST_BODY template <class... I>
    WARPX_INLINE WARPX_HOST_DEVICE located_type own_element(const shape<N>& position, const I&... i) const {
        if constexpr (detail::own_atomics<Inner>) { // the probe: hears of it, and has no addresses
            const auto hear = [this](const auto& first, const auto&... rest) {
                if constexpr (sizeof...(rest) == 0)
                    (void)inner_[first];
                else
                    (void)inner_(first, rest...);
            };
            hear(i...);
            return element(nullptr, shared_);
        } else {
            return element(inner_.address(position), shared_);
        }
    }
    WARPX_INLINE WARPX_HOST_DEVICE T take_at(located_type l) const {
        const T v = ::warpx::value(l);
        if (!retained_) static_cast<located_type&&>(l) = T{};
        return v;
    }

    Inner inner_;
    bool present_, shared_, retained_;
};

/// The gradient of a scalar argument: `ga += v` is atomic, `ga()` is what it is.
template <class T> class scalar_gradient : public handle_interface<scalar_gradient<T>, T, 0> {
public:
    WARPX_HOST_DEVICE explicit scalar_gradient(T* at) noexcept : at_(at) {}
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator bool() const noexcept {
        return at_ != nullptr;
    }
    WARPX_INLINE WARPX_HOST_DEVICE static constexpr int64_t extent(int) noexcept { return 0; } // has no axis
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE const scalar_gradient& operator+=(const V& v) const {
        (void)atomic(add_op{}, ::warpx::value(v));
        return *this;
    }
    template <class V> WARPX_INLINE WARPX_HOST_DEVICE const scalar_gradient& operator-=(const V& v) const {
        (void)atomic(subtract_op{}, ::warpx::value(v));
        return *this;
    }
    WARPX_INLINE WARPX_HOST_DEVICE auto place(const shape<0>&) const noexcept {
        return located<T, gradient_access>(gradient_place<T>{some_place(), at_ != nullptr, true});
    }
    using own_atomics = void;
    template <class Op, class V> WARPX_HOST_DEVICE T atomic(const Op& op, const V& v) const {
        return atomic_on_gradient(op, at_, at_ != nullptr, v);
    }

private:
    // Components of it are named before anyone asks whether it is there.
    WARPX_INLINE WARPX_HOST_DEVICE T* some_place() const noexcept {
        return at_ != nullptr ? at_ : reinterpret_cast<T*>(alignof(T));
    }
    T* at_;
};

/// The gradient of an argument that is no element: there is none.
struct no_gradient {
    WARPX_INLINE WARPX_HOST_DEVICE explicit constexpr operator bool() const noexcept { return false; }
};

/// Stands behind the arguments of an own adjoint, for the gradient of one of them.
template <class A> struct gradient_of {
    A argument;
    bool shared;   // several items may add to one element, or elements share memory
    bool retained; // launch_options::retain
};

template <class T, int N, class D> bool has_gradient(const array<T, N, D>& a) noexcept {
    return is_active<std::remove_const_t<T>> && a.has_grad();
}
/// Calls `f` for every gradient of an argument.
template <class F, class A> void for_each_gradient(const F& f, const A& a) {
    if constexpr (is_scalar_with_grad<A>)
        f(a.gradient);
    else
        for_each_array(
            [&f](const auto& x) {
                if (has_gradient(x)) f(x.grad());
            },
            a);
}

template <class A> struct argument_traits<gradient_of<A>> {
    static constexpr bool holds_arrays = true; // so it is never kept in registers: its facts are not known
    static constexpr bool usable = true;
};
template <class A> struct devices_of<gradient_of<A>> : devices_of<A> {};
template <class F, class A> void for_own_arrays(const F& f, const gradient_of<A>& g) {
    for_each_gradient(f, g.argument);
}

template <class Form, int Argument, class A> struct bound<Form, Argument, gradient_of<A>> {
    static auto make(const Form&, const gradient_of<A>&) noexcept {
        if constexpr (element<A>)
            return scalar_gradient<A>(nullptr);
        else
            return no_gradient{};
    }
    using type = std::conditional_t<element<A>, scalar_gradient<std::conditional_t<element<A>, A, float>>,
                                    no_gradient>;
};
template <class Form, int Argument, class T, class D>
struct bound<Form, Argument, gradient_of<scalar_with_grad<T, D>>> {
    using type = scalar_gradient<T>;
    static type make(const Form&, const gradient_of<scalar_with_grad<T, D>>& g) noexcept {
        return type(g.argument.gradient.data_handle());
    }
};
template <class Form, int Argument, class T, int N, class D>
struct bound<Form, Argument, gradient_of<array<T, N, D>>> {
    using V = std::remove_const_t<T>;
    using inner = typename Form::template handle<V, N, Argument>;
    using type = gradient_handle<inner, V, N>;
    static type make(const Form& form, const gradient_of<array<T, N, D>>& g) noexcept {
        const array<T, N, D>& a = g.argument;
        const bool present = has_gradient(a);
        return type(form.template make<Argument>(present ? a.grad() : values_of(a)), present, g.shared,
                    g.retained);
    }

private:
    static array<V, N, D> values_of(const array<T, N, D>& a) noexcept {
        return array_access::make<array<V, N, D>>(const_cast<V*>(a.data_handle()), a.extents(), a.strides(),
                                                  {}, a.device(), a.device_id(), a.memory());
    }
};
template <class Form, int Argument, described S>
    requires(argument_traits<S>::holds_arrays)
struct bound<Form, Argument, gradient_of<S>> {
    template <class F> using field = typename bound<Form, Argument, gradient_of<F>>::type;
    using type = typename struct_traits<S>::template rebind<field>;
    static type make(const Form& form, const gradient_of<S>& g) {
        return struct_traits<S>::template map<field>(g.argument, [&]<class F>(const F& f) {
            return bound<Form, Argument, gradient_of<F>>::make(form, {f, g.shared, g.retained});
        });
    }
};

} // namespace detail

inline namespace WARPX_LAUNCH_NAMESPACE {

namespace launching {

/// Whether a kernel object stands for a kernel with an adjoint of its own.
template <class F> inline constexpr bool has_own_adjoint = has_adjoint<F>;
template <const auto& K> inline constexpr bool has_own_adjoint<kernel_ref<K>> = has_adjoint<decltype(K)>;
template <class S> inline constexpr bool has_own_adjoint<struct_kernel<S>> = has_adjoint<S>;

/// How the own adjoint of a kernel object is called. For one given by name it is that of a new object of the
/// same type, since the named one is host memory.
template <class F> struct adjoint_call {
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE static auto run(const F& kernel, const A&... a)
        -> decltype(kernel.adjoint(A(a)...)) {
        return kernel.adjoint(A(a)...);
    }
};
template <const auto& K> struct adjoint_call<kernel_ref<K>> {
    using closure = std::remove_cvref_t<decltype(K)>;
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE static auto run(const kernel_ref<K>&, const A&... a)
        -> decltype(std::declval<const closure&>().adjoint(A(a)...)) {
        if constexpr (std::is_default_constructible_v<closure>)
            return closure{}.adjoint(A(a)...);
        else
            return K.adjoint(A(a)...);
    }
};
template <class S> struct adjoint_call<struct_kernel<S>> {
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE static auto run(const struct_kernel<S>&, const A&... a)
        -> decltype(S::adjoint(A(a)...)) {
        if constexpr (requires { requires std::is_class_v<std::remove_cvref_t<decltype(S::adjoint)>>; })
            return std::remove_cvref_t<decltype(S::adjoint)>{}(A(a)...); // a static constexpr lambda
        else
            return S::adjoint(A(a)...);
    }
};

/// The own adjoint of a kernel, as a kernel.
template <class F> struct own_adjoint : F { // a base: nvcc cannot pass [[no_unique_address]]
    template <class... A>
    WARPX_DETAIL_FLATTENED WARPX_HOST_DEVICE auto operator()(const A&... a) const
        -> decltype(adjoint_call<F>::run(std::declval<const F&>(), a...)) {
        return adjoint_call<F>::run(static_cast<const F&>(*this), a...);
    }
};

template <class T, int N, class D> bool elements_apart(const array<T, N, D>& a) noexcept; // adjoint.hpp

/// The gradients of a launch, for the question of which share memory.
class gradient_spans {
public:
    template <class... A> explicit gradient_spans(const A&... arguments) noexcept {
        (for_each_gradient(
             [this](const auto& g) {
                 if (count_ < most) spans_[count_] = byte_span::of(g);
                 ++count_;
             },
             arguments),
         ...);
    }
    template <class A> bool shared(const A& argument) const noexcept {
        bool found = count_ > most;
        for_each_gradient(
            [&](const auto& g) {
                const byte_span own = byte_span::of(g);
                int meets = 0;
                for (int k = 0; k < count_ && k < most; ++k) meets += own.meets(spans_[k]);
                found = found || meets > 1 || !elements_apart(g); // one is itself
            },
            argument);
        return found;
    }

private:
    static constexpr int most = 64;
    byte_span spans_[most];
    int count_ = 0;
};

/// What becomes of the launch of an own adjoint: nothing, if nothing has a gradient.
struct run_own_adjoint {
    static void nothing() noexcept {}
    template <class Backend, int R, class F, class... A>
    static void on(const launch_options& options, const launch_site& site, const shape<R>& extents,
                   const F& kernel, const A&... arguments) {
        bool any = false;
        const auto look = [&any]<class X>(const X& x) {
            if constexpr (requires { x.retained; })
                for_each_gradient([&any](const auto&) { any = true; }, x.argument);
        };
        (look(arguments), ...);
        if (any) run_now::on<Backend>(options, site, extents, kernel, arguments...);
    }
};

/// False if the arguments do not fit the kernel itself: the launch then says so.
template <class F, int R, class... A> constexpr bool forward_fits() {
    if constexpr ((kernel_argument<A> && ...))
        return kernel_for<F, R, A...>;
    else
        return false;
}

template <int... Argument, class F, int R, class... A>
void dispatch_own_adjoint(std::integer_sequence<int, Argument...>, const launch_options& options,
                          const launch_site& site, const shape<R>& extents, const F& kernel,
                          const A&... arguments) {
    using K = own_adjoint<F>;
    constexpr int count = sizeof...(A);
    kernel_probe<std::make_integer_sequence<int, 2 * count>, K, R, A..., gradient_of<A>...>::require();
    const gradient_spans spans(arguments...);
    // An item adds to its own element without an atomic only if no other may add there.
    dispatch<run_own_adjoint>(
        options, site, extents, K{kernel}, arguments...,
        gradient_of<A>{arguments,
                       spans.shared(arguments) ||
                           access_facts<K, count + Argument>::known() != access_kind::pointwise,
                       options.retain}...);
}

template <class Named, int R, class F, class... A>
void start_own_adjoint(const launch_options& options, const shape<R>& extents, const F& kernel,
                       const A&... arguments) {
    constexpr bool fits = kernel_for<own_adjoint<F>, R, A..., gradient_of<A>...>;
    static_assert(fits,
                  "warpx::launch_adjoint: the kernel's own adjoint cannot be called as adjoint(index, "
                  "arguments..., gradients...): it takes the parameters of the kernel, then one gradient for "
                  "each argument in their order, all by value (auto gx)");
    if constexpr (fits)
        dispatch_own_adjoint(std::make_integer_sequence<int, sizeof...(A)>(), options,
                             Named::site(options.name), extents, kernel, arguments...);
}

} // namespace launching
} // namespace WARPX_LAUNCH_NAMESPACE
} // namespace warpx
