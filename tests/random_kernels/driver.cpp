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

constexpr double loose = 2e-6, step = 1e-4; // of finite differences, always in double
constexpr double tight = 1e-9;              // of what is computed in double on the host
#if defined(RK_FLOAT)
constexpr double tight_here = 2e-5, largest = 1e3;
#else
constexpr double tight_here = tight, largest = 1e6;
#endif

bool with_retain = false, written_have = false;

struct counts {
    long pairs = 0;       // kernels with an input
    long large = 0;       // left out: numbers that are too large
    long vague = 0;       // left out, float only: rounding changes the tangents by more than a percent
    long differences = 0; // compared with finite differences, not only with tangents
    long rough = 0;       // not compared with them: a kink or a jump is near
    long failed = 0;      // kernels
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
        if (!compare_values("tangent", tight)) return false;
        if (!kernel_->on_host()) tight_here_ = std::fmax(tight_here, 1e-7); // other functions of math
        if (!measure_rounding()) {
            ++counts_.vague;
            return true;
        }
        reset();
        kernel_->primal_here();
        if (!compare_values("launch", tight_here_ + 20 * rounding_)) return false;

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
        const char* const other = kernel_->on_host() ? "2 threads" : "blocks of 40";
        if (!adjoint(way::fast, 2, false)) return fail(other, "primal or a gap was changed");
        if (!same_as_taped(other)) return false;
        if (!deterministic()) return false;
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
    using snapshot = std::vector<std::vector<double>>;

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
            if (s->value != s->value0 || s->integers != s->integers0) return false;
            std::vector<char> cell(s->gradient.size(), 0);
            for (const auto& c : s->cells) cell[static_cast<size_t>(c.gradient)] = 1;
            for (size_t k = 0; k < s->gradient.size(); ++k)
                if ((!cell[k] || !s->has_gradient) && s->gradient[k] != s->gradient0[k]) return false;
        }
        return true;
    }
    bool reasonable() const {
        for (const slot* s : slots_) {
            for (const double v : s->value)
                if (!(std::fabs(v) < largest)) return false;
            for (const double v : s->tangent)
                if (!(std::fabs(v) < largest)) return false;
        }
        return true;
    }
    bool reasonable_gradients() const {
        for (const auto& g : taped_)
            for (const double v : g)
                if (!(std::fabs(v) < largest)) return false;
        return true;
    }
    static std::string text(const char* format, double a, double b, double c = 0) {
        char line[200];
        snprintf(line, sizeof(line), format, a, b, c);
        return line;
    }
    bool compare_values(const char* what, double tolerance) {
        for (size_t k = 0; k < slots_.size(); ++k)
            for (size_t j = 0; j < slots_[k]->value.size(); ++j) {
                const double a = slots_[k]->value[j], b = tangent_value_[k][j];
                if (!(std::fabs(a - b) <= tolerance * (1 + std::fabs(a))))
                    return fail(what, "argument " + std::to_string(k) +
                                          text(": value %.17g, tangents give %.17g", a, b));
            }
        return true;
    }
    /// How much rounding changes values and tangents: what adjoints may be wrong by. False if that is too
    /// much to tell right from wrong: a branch went the other way, or the kernel is chaotic.
    bool measure_rounding() {
        rounding_ = dot_rounding_ = 0;
        reset();
        if (!kernel_->tangent_here()) return true;
        double size = 1;
        for (size_t k = 0; k < slots_.size(); ++k) {
            const slot& s = *slots_[k];
            for (size_t j = 0; j < s.value.size(); ++j)
                rounding_ = std::fmax(rounding_, std::fabs(s.value[j] - tangent_value_[k][j]) /
                                                     (1 + std::fabs(tangent_value_[k][j])));
            if (!s.has_gradient) continue;
            for (const cell& c : s.cells) {
                const auto g = static_cast<size_t>(c.gradient), v = static_cast<size_t>(c.value);
                dot_rounding_ += std::fabs(s.gradient0[g] * (s.tangent[v] - tangent_tangent_[k][v]));
                size += std::fabs(s.gradient0[g] * tangent_tangent_[k][v]);
            }
        }
        relative_rounding_ = dot_rounding_ / size;
        return rounding_ <= 5e-4 && relative_rounding_ <= 5e-4; // times 20 is what is allowed
    }
    bool same_as_taped(const char* what) {
        const double allowed = tight_here_ + 20 * relative_rounding_;
        double scale = 1;
        for (const auto& g : taped_)
            for (const double v : g) scale = std::fmax(scale, std::fabs(v));
        if (scale > 400) scale = 400 + scale / 100; // the canaries count for little
        for (size_t k = 0; k < slots_.size(); ++k)
            for (size_t j = 0; j < slots_[k]->gradient.size(); ++j) {
                const double a = slots_[k]->gradient[j], b = taped_[k][j];
                if (!(std::fabs(a - b) <= allowed * (std::fabs(a) + std::fabs(b) + scale))) {
                    const double before = slots_[k]->gradient0[j];
                    return fail(what, "argument " + std::to_string(k) + " number " + std::to_string(j) +
                                          text(": gradient %.12g, taped %.12g, before %.12g", a, b, before));
                }
            }
        return true;
    }
    /// Twice the same bits, which are right.
    bool deterministic() {
        snapshot first;
        for (int round = 0; round < 2; ++round) {
            if (!adjoint(way::deterministic, 2, false))
                return fail("deterministic", "primal or a gap was changed");
            if (round == 0) collect(first, [](slot& s) -> auto& { return s.gradient; });
        }
        for (size_t k = 0; k < slots_.size(); ++k)
            if (first[k] != slots_[k]->gradient) return fail("deterministic", "other bits the second time");
        return same_as_taped("deterministic");
    }
    /// <gradients after, tangents before> = <gradients before, tangents after>.
    bool dot(const char* what) {
        double before = 0, after = 0, size = 0;
        for (size_t k = 0; k < slots_.size(); ++k) {
            const slot& s = *slots_[k];
            if (!s.has_gradient) continue;
            for (const cell& c : s.cells) {
                const auto g = static_cast<size_t>(c.gradient), v = static_cast<size_t>(c.value);
                const double one = s.gradient[g] * s.tangent0[v];
                const double two = s.gradient0[g] * tangent_tangent_[k][v];
                after += one, before += two, size += std::fabs(one) + std::fabs(two);
            }
        }
        if (std::fabs(before - after) <= tight_here_ * (size + 1) + 20 * dot_rounding_) return true;
        return fail(what, text("dot product %.15g, tangents say %.15g", after, before));
    }
    double shifted(double h) {
        for (slot* s : slots_) {
            s->reset();
            for (size_t k = 0; k < s->tangent0.size(); ++k)
                if (s->tangent0[k] != -555) s->value[k] += h * s->tangent0[k];
        }
        kernel_->primal();
        double sum = 0;
        for (const slot* s : slots_)
            if (s->has_gradient)
                for (const cell& c : s->cells)
                    sum += s->gradient0[static_cast<size_t>(c.gradient)] *
                           s->value[static_cast<size_t>(c.value)];
        return sum;
    }
    bool finite_differences() {
        double want = 0, size = 1;
        for (size_t k = 0; k < slots_.size(); ++k)
            if (slots_[k]->has_gradient)
                for (const cell& c : slots_[k]->cells) {
                    const double term = slots_[k]->gradient0[static_cast<size_t>(c.gradient)] *
                                        tangent_tangent_[k][static_cast<size_t>(c.value)];
                    want += term, size += std::fabs(term);
                }
        // A kink or a jump within reach shows in steps that disagree: usually, so what is wrong must be so in
        // smaller steps too.
        double fine = 0;
        for (const double h : {step, step / 7, step / 40}) {
            const auto slope = [&](double d) { return (shifted(d) - shifted(-d)) / (2 * d); };
            const double one = slope(h), two = slope(h / 2), four = slope(h / 4);
            const double coarse = (4 * two - one) / 3;
            fine = (4 * four - two) / 3;
            if (!(std::fabs(fine - coarse) <= loose / 10 * size) || !(std::fabs(one - four) <= 1e-2 * size)) {
                ++counts_.rough;
                return true;
            }
            if (std::fabs(fine - want) <= loose * size) {
                ++counts_.differences;
                return true;
            }
        }
        ++counts_.differences;
        return fail("finite differences", text("%.12g, tangents say %.12g", fine, want));
    }

    const entry& entry_;
    const input& input_;
    const long number_;
    counts& counts_;
    const std::unique_ptr<bound_kernel> kernel_;
    std::vector<slot*> slots_;
    snapshot tangent_value_, tangent_tangent_, taped_;
    double tight_here_ = tight_here, rounding_ = 0, dot_rounding_ = 0, relative_rounding_ = 0;
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
    printf("pairs %ld large %ld vague %ld differences %ld rough %ld failed %ld\n", c.pairs, c.large, c.vague,
           c.differences, c.rough, c.failed);
    return c.failed ? 1 : 0;
}
