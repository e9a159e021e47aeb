// SPDX-License-Identifier: Apache-2.0
// differences.hpp: finite differences of what a launch writes, weighted.
#pragma once

#include "rig.hpp"

#include <cmath>
#include <set>
#include <unordered_set>

namespace warpx {
namespace detail {

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
    bool writes = false; // the kernel writes something, with a gradient or without

    weighted_outputs() = default;
    /// Something to compare, or nothing there.
    bool complete() const noexcept { return !all.empty() || !writes; }
    weighted_outputs(gradient_rig& rig, uint64_t seed, const run_launch& forward) {
        const auto changed = changed_arrays(rig, forward);
        rig.restore();
        forward();
        writes = rig.values_changed();
        rig.restore();
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

} // namespace detail
} // namespace warpx
