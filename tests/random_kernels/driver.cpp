// SPDX-License-Identifier: Apache-2.0
// driver.cpp: checks the gradients of random kernels.
//
//   <program> [--inputs N] [--seed S] [--only kernel] [--input K] [--retain] [--verbose]
//
// Ends with a line of counts; status 1 if a gradient was wrong. A kernel and an input fail alone:
// `--only kernel --seed S --input K` repeats it.
#include "harness.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace rk {
namespace {

#if defined(RK_FLOAT)
constexpr double tight = 2e-4, loose = 5e-2, largest = 1e3, step = 3e-3;
#else
constexpr double tight = 1e-9, loose = 2e-6, largest = 1e6, step = 1e-4;
#endif

bool with_retain = false, written_have = false;

struct counts {
    long pairs = 0, large = 0, differences = 0, rough = 0, failed = 0;
};

input make_input(int rank, uint64_t seed, long number) {
    random r{seed * 1000003u + static_cast<uint64_t>(number) * 7919u + 17};
    input in;
    in.seed = r.next();
    in.rank = rank;
    in.plain = number % 4 == 0;
    in.written_have = written_have;
    static constexpr int64_t sizes[] = {1, 2, 3, 5, 8, 17, 33, 64};
    if (rank == 1) {
        in.extents[0] = r.chance(0.02) ? 3000 : sizes[r.below(8)];
    } else {
        in.extents[0] = 1 + r.below(6);
        in.extents[1] = 1 + r.below(7);
    }
    in.trips = r.chance(0.08) ? 200 : r.chance(0.15) ? 0 : r.below(21);
    if (in.trips > 100 && in.extents[0] > 8) in.extents[0] = 8;
    in.few = r.below(6);
    return in;
}

class check {
public:
    check(const entry& e, const input& in, long number, counts& c)
        : entry_(e), input_(in), number_(number), counts_(c), kernel_(e.bind()) {}

    bool run() {
        random r{input_.seed};
        kernel_->make(input_, r);
        slots_ = kernel_->slots();
        ++counts_.pairs;

        kernel_->tangent();
        if (!reasonable()) {
            ++counts_.large;
            return true;
        }
        collect(tangent_value_, [](slot& s) -> auto& { return s.value; });
        collect(tangent_tangent_, [](slot& s) -> auto& { return s.tangent; });
        reset();
        kernel_->primal();
        if (!compare_values()) return false;

        if (!adjoint(way::taped, 1, false)) return fail("taped", "primal or a gap was changed");
        collect(taped_, [](slot& s) -> auto& { return s.gradient; });
        if (!reasonable_gradients()) {
            ++counts_.large;
            return true;
        }
        bool right = dot("taped");
        if (!adjoint(way::fast, 1, false)) return fail("fast", "primal or a gap was changed");
        right = same_as_taped("fast") && right;
        right = dot("fast") && right;
        if (!right) return false;
        if (!adjoint(way::fast, 2, false)) return fail("2 threads", "primal or a gap was changed");
        if (!same_as_taped("2 threads")) return false;
        if (entry_.smooth && !finite_differences()) return false;
        if (!with_retain) return true;
        if (!adjoint(way::taped, 1, true)) return fail("taped, retain", "primal or a gap was changed");
        collect(taped_, [](slot& s) -> auto& { return s.gradient; });
        if (!adjoint(way::fast, 1, true)) return fail("retain", "primal or a gap was changed");
        return same_as_taped("retain");
    }
    bool fail(const char* what, const std::string& text) {
        printf("FAIL %s input %ld (%ld x %ld, trips %ld, few %ld%s) %s: %s\n", entry_.name, number_,
               static_cast<long>(input_.extents[0]), static_cast<long>(input_.extents[1]),
               static_cast<long>(input_.trips), static_cast<long>(input_.few), input_.plain ? ", plain" : "",
               what, text.c_str());
        fflush(stdout);
        return false;
    }

private:
    using snapshot = std::vector<std::vector<real>>;

    template <class F> void collect(snapshot& to, const F& part) {
        to.clear();
        for (slot* s : slots_) to.push_back(part(*s));
    }
    void reset() {
        for (slot* s : slots_) s->reset();
    }
    bool adjoint(way w, int threads, bool retain) {
        reset();
        kernel_->adjoint(w, threads, retain);
        for (slot* s : slots_) {
            if (s->value.size() && memcmp(s->value.data(), s->value0.data(), s->value.size() * sizeof(real)))
                return false;
            if (s->integers != s->integers0) return false;
            std::vector<char> cell(s->gradient.size(), 0);
            for (const auto& c : s->cells) cell[static_cast<size_t>(c.gradient)] = 1;
            for (size_t k = 0; k < s->gradient.size(); ++k)
                if ((!cell[k] || !s->has_gradient) && s->gradient[k] != s->gradient0[k]) return false;
        }
        return true;
    }
    bool reasonable() const {
        for (const slot* s : slots_) {
            for (const real v : s->value)
                if (!(std::fabs(v) < largest)) return false;
            for (const real v : s->tangent)
                if (!(std::fabs(v) < largest)) return false;
        }
        return true;
    }
    bool reasonable_gradients() const {
        for (const auto& g : taped_)
            for (const real v : g)
                if (!(std::fabs(v) < largest)) return false;
        return true;
    }
    static std::string text(const char* format, double a, double b, double c = 0) {
        char line[200];
        snprintf(line, sizeof(line), format, a, b, c);
        return line;
    }
    bool compare_values() {
        for (size_t k = 0; k < slots_.size(); ++k)
            for (size_t j = 0; j < slots_[k]->value.size(); ++j) {
                const double a = slots_[k]->value[j], b = tangent_value_[k][j];
                if (!(std::fabs(a - b) <= tight * (1 + std::fabs(a))))
                    return fail("tangent", "argument " + std::to_string(k) +
                                               text(": value %.17g, launch gives %.17g", b, a));
            }
        return true;
    }
    bool same_as_taped(const char* what) {
        double scale = 1;
        for (const auto& g : taped_)
            for (const real v : g) scale = std::fmax(scale, std::fabs(v));
        if (scale > 400) scale = 400 + scale / 100; // the canaries count for little
        for (size_t k = 0; k < slots_.size(); ++k)
            for (size_t j = 0; j < slots_[k]->gradient.size(); ++j) {
                const double a = slots_[k]->gradient[j], b = taped_[k][j];
                if (!(std::fabs(a - b) <= tight * (std::fabs(a) + std::fabs(b) + scale))) {
                    const double before = slots_[k]->gradient0[j];
                    return fail(what, "argument " + std::to_string(k) + " number " + std::to_string(j) +
                                          text(": gradient %.12g, taped %.12g, before %.12g", a, b, before));
                }
            }
        return true;
    }
    /// <gradients after, tangents before> = <gradients before, tangents after>.
    bool dot(const char* what) {
        double before = 0, after = 0, size = 0;
        for (size_t k = 0; k < slots_.size(); ++k) {
            const slot& s = *slots_[k];
            if (!s.has_gradient) continue;
            for (const cell& c : s.cells) {
                const auto g = static_cast<size_t>(c.gradient), v = static_cast<size_t>(c.value);
                const double one = static_cast<double>(s.gradient[g]) * s.tangent0[v];
                const double two = static_cast<double>(s.gradient0[g]) * tangent_tangent_[k][v];
                after += one, before += two, size += std::fabs(one) + std::fabs(two);
            }
        }
        if (std::fabs(before - after) <= tight * (size + 1)) return true;
        return fail(what, text("dot product %.15g, tangents say %.15g", after, before));
    }
    double shifted(double h) {
        for (slot* s : slots_) {
            s->reset();
            for (size_t k = 0; k < s->tangent0.size(); ++k)
                if (s->tangent0[k] != real(-555)) s->value[k] += static_cast<real>(h * s->tangent0[k]);
        }
        kernel_->primal();
        double sum = 0;
        for (const slot* s : slots_)
            if (s->has_gradient)
                for (const cell& c : s->cells)
                    sum += static_cast<double>(s->gradient0[static_cast<size_t>(c.gradient)]) *
                           s->value[static_cast<size_t>(c.value)];
        return sum;
    }
    bool finite_differences() {
        double want = 0, size = 1;
        for (size_t k = 0; k < slots_.size(); ++k)
            if (slots_[k]->has_gradient)
                for (const cell& c : slots_[k]->cells) {
                    const double term =
                        static_cast<double>(slots_[k]->gradient0[static_cast<size_t>(c.gradient)]) *
                        tangent_tangent_[k][static_cast<size_t>(c.value)];
                    want += term, size += std::fabs(term);
                }
        const auto slope = [&](double h) { return (shifted(h) - shifted(-h)) / (2 * h); };
        const double one = slope(step), two = slope(step / 2), four = slope(step / 4);
        const double fine = (4 * four - two) / 3, coarse = (4 * two - one) / 3;
        // A kink or a jump within reach shows in steps that disagree.
        if (!(std::fabs(fine - coarse) <= loose / 10 * size) || !(std::fabs(one - four) <= 1e-2 * size)) {
            ++counts_.rough;
            return true;
        }
        ++counts_.differences;
        if (std::fabs(fine - want) <= loose * size) return true;
        return fail("finite differences", text("%.12g, tangents say %.12g", fine, want));
    }

    const entry& entry_;
    const input& input_;
    const long number_;
    counts& counts_;
    const std::unique_ptr<bound_kernel> kernel_;
    std::vector<slot*> slots_;
    snapshot tangent_value_, tangent_tangent_, taped_;
};

} // namespace

std::vector<entry>& entries() {
    static std::vector<entry> all;
    return all;
}

} // namespace rk

int main(int count, char** arguments) {
    long inputs = 40, only_input = -1;
    uint64_t seed = 1;
    std::string only;
    bool verbose = false;
    for (int k = 1; k < count; ++k) {
        const std::string a = arguments[k];
        const char* const next = k + 1 < count ? arguments[k + 1] : "0";
        if (a == "--inputs")
            inputs = atol(next), ++k;
        else if (a == "--input")
            only_input = atol(next), ++k;
        else if (a == "--seed")
            seed = strtoull(next, nullptr, 10), ++k;
        else if (a == "--only")
            only = next, ++k;
        else if (a == "--retain")
            rk::with_retain = true;
        else if (a == "--written-have-gradients")
            rk::written_have = true;
        else if (a == "--verbose")
            verbose = true;
        else
            return fprintf(stderr, "unknown argument %s\n", a.c_str()), 2;
    }
    rk::counts c;
    for (const rk::entry& e : rk::entries()) {
        if (!only.empty() && only != e.name) continue;
        if (verbose) printf("RUN %s\n", e.name), fflush(stdout);
        long wrong = 0;
        for (long k = 0; k < inputs && wrong < 2; ++k) {
            if (only_input >= 0 && k != only_input) continue;
            const rk::input in = rk::make_input(e.rank, seed, k);
            rk::check one(e, in, k, c);
            try {
                wrong += !one.run();
            } catch (const std::exception& x) {
                one.fail("exception", x.what()), ++wrong;
            }
        }
        c.failed += wrong > 0;
    }
    printf("pairs %ld large %ld differences %ld rough %ld failed %ld\n", c.pairs, c.large, c.differences,
           c.rough, c.failed);
    return c.failed ? 1 : 0;
}
