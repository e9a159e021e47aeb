// SPDX-License-Identifier: Apache-2.0
// bound.hpp: a random kernel with its arguments. Values and tangents come from the host, in double; the
// adjoint from the machine that this is compiled for: the host, or with nvcc a GPU.
#pragma once

#include "arguments.hpp"

#if defined(__CUDACC__)
#    include "machine.cuh"
#else
#    include <warpx/warpx.hpp>
#endif

#include <tuple>

namespace rk {

/// The numbers of all slots, in memory of their own.
template <class S> class host_memory {
public:
    using device = warpx::device::host;

    void load(const std::vector<slot*>& slots) {
        all_.resize(slots.size());
        for (size_t k = 0; k < slots.size(); ++k) {
            const slot& s = *slots[k];
            all_[k].value.assign(s.value.begin(), s.value.end());
            all_[k].tangent.assign(s.tangent.begin(), s.tangent.end());
            all_[k].gradient.assign(s.gradient.begin(), s.gradient.end());
            all_[k].integers = s.integers;
        }
    }
    void store(const std::vector<slot*>& slots) const {
        for (size_t k = 0; k < slots.size(); ++k) {
            slots[k]->value.assign(all_[k].value.begin(), all_[k].value.end());
            slots[k]->tangent.assign(all_[k].tangent.begin(), all_[k].tangent.end());
            slots[k]->gradient.assign(all_[k].gradient.begin(), all_[k].gradient.end());
            slots[k]->integers = all_[k].integers;
        }
    }
    places<S, device> operator[](size_t k) {
        one& o = all_[k];
        return {o.value.data(), o.tangent.data(), o.gradient.data(), o.integers.data()};
    }

private:
    struct one {
        std::vector<S> value, tangent, gradient;
        std::vector<int64_t> integers;
    };
    std::vector<one> all_;
};

#if defined(__CUDACC__)
using memory_here = cuda_memory<tested>;
#else
using memory_here = host_memory<tested>;
template <class K, int R, class... A>
void adjoint_on_tape(const warpx::launch_options& options, const warpx::shape<R>& extents,
                     const A&... arguments) {
    using namespace warpx::launching;
    using kernel = warpx::detail::struct_kernel<K>;
    constexpr auto numbers = std::make_integer_sequence<int, sizeof...(A)>();
    const auto survey = survey_adjoint<kernel, R>(numbers, options, extents, arguments...);
    if (survey.any_gradient)
        run_taped<derivative_t<A...>>(numbers, options, extents, survey, kernel{}, arguments...);
}
#endif
inline constexpr bool here_on_host = std::is_same_v<memory_here::device, warpx::device::host>;

inline constexpr auto as_primal = [](auto& s, const auto& p) { return s.primal_argument(p); };
inline constexpr auto as_tangent = [](auto& s, const auto& p) { return s.tangent_argument(p); };
inline constexpr auto as_adjoint = [](auto& s, const auto& p) { return s.adjoint_argument(p); };

template <class K, int R, class... S> class bound : public bound_kernel {
public:
    std::vector<slot*> slots() override {
        return std::apply([](auto&... s) { return std::vector<slot*>{&s...}; }, slots_);
    }
    void make(const input& in, random& r) override {
        for (int a = 0; a < R; ++a) extents_[a] = in.extents[a];
        all_ = slots();
        std::apply([&](auto&... s) { ((S::base < 0 ? s.make(in, r) : void()), ...); }, slots_);
        std::apply([&](auto&... s) { (make_alias(s, in, r), ...); }, slots_);
    }
    void primal() override { with(reference_, as_primal, run(warpx::form::strided{})); }
    void tangent() override { with(reference_, as_tangent, run(tangents{nullptr})); }
    bool tangent_here() override {
        if constexpr (!std::is_same_v<tested, double>) with(rounded_, as_tangent, run(tangents{nullptr}));
        return !std::is_same_v<tested, double>;
    }
    void primal_here() override {
        with(here_, as_primal, [&](const auto&... a) {
#if defined(__CUDACC__)
            launch_on_cuda<K>(extents_, a...);
#else
            run(warpx::form::strided{})(a...);
#endif
        });
    }
    void adjoint(way w, int threads, bool retain) override {
        warpx::launch_options options;
        options.threads = threads;
        if (threads > 1) options.block_size = 40; // on CUDA: warps that are not full
        options.retain = retain;
        options.deterministic = w == way::deterministic;
        with(here_, as_adjoint, [&](const auto&... a) {
            if (w == way::taped)
                adjoint_on_tape<K>(options, extents_, a...);
            else
                warpx::launch_adjoint<K>(options, extents_, a...);
        });
    }
    bool on_host() const override { return here_on_host; }

private:
    using kernel = warpx::detail::struct_kernel<K>;
    using tangents = warpx::form::tangent<1, warpx::detail::strided_layout, false>;
    static constexpr auto numbers = std::make_integer_sequence<int, sizeof...(S)>();

    template <class X> void make_alias(X& s, const input& in, random& r) {
        if constexpr (X::base >= 0) {
            s.of = all_[static_cast<size_t>(X::base)];
            s.make(in, r);
        }
    }
    /// use(make(slot, places)...), with the numbers of the slots in `memory`, and back in the slots after it.
    template <class Memory, class Make, class Use>
    void with(Memory& memory, const Make& make, const Use& use) {
        memory.load(all_);
        [&]<int... I>(std::integer_sequence<int, I...>) {
            use(make(std::get<I>(slots_), memory[static_cast<size_t>(S::base < 0 ? I : S::base)])...);
        }(numbers);
        memory.store(all_);
    }
    // The public launches add forms that other tests cover and that take long to compile.
    template <class Form> auto run(const Form& form) {
        return [this, form](const auto&... arguments) {
            warpx::launch_options options;
            options.threads = 1;
            warpx::launching::bind_and_run(form, numbers, options, extents_,
                                           warpx::launching::axis_order<R>{}, kernel{}, arguments...);
        };
    }

    std::tuple<S...> slots_;
    std::vector<slot*> all_;
    warpx::shape<R> extents_;
    host_memory<double> reference_;
    host_memory<tested> rounded_;
    memory_here here_;
};

template <class... S> struct list {};
template <class K, int R, class... S> std::unique_ptr<bound_kernel> bind_kernel(list<S...>*) {
    return std::make_unique<bound<K, R, S...>>();
}
template <class K> bool add_entry(const char* name) {
    warpx::set_tape_report(nullptr);
    entries().push_back({name, K::rank, K::smooth, [] {
                             return bind_kernel<K, K::rank>(static_cast<typename K::arguments*>(nullptr));
                         }});
    return true;
}

} // namespace rk

#define RK_REGISTER(name) static const bool added_##name = rk::add_entry<name>(#name)
