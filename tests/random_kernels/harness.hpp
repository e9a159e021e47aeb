// SPDX-License-Identifier: Apache-2.0
// harness.hpp: what driver.cpp sees of a random kernel and its arguments: numbers, and ways to run it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace rk {

/// The type of the gradients under test. Tangents and differences, which they are compared with, are double.
#if defined(RK_FLOAT)
using tested = float;
#else
using tested = double;
#endif
inline double rounded(double v) { return static_cast<double>(static_cast<tested>(v)); }

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
    slot() = default;
    slot(const slot&) = delete;
    slot& operator=(const slot&) = delete;
    virtual ~slot() = default;
    virtual void make(const input& in, random& r) = 0;

    std::vector<double> value, tangent, gradient;    // before a launch, and after it
    std::vector<double> value0, tangent0, gradient0; // before it
    std::vector<cell> cells;                         // one for each number that has a gradient
    std::vector<int64_t> integers, integers0;
    bool has_gradient = false;

    void keep() { value0 = value, tangent0 = tangent, gradient0 = gradient, integers0 = integers; }
    void reset() { value = value0, tangent = tangent0, gradient = gradient0, integers = integers0; }
};

enum class way { fast, taped, deterministic };

/// A kernel, its arguments made for one input. Each launch takes the numbers of the slots, and puts them
/// back. "Here" is the machine and the type under test.
struct bound_kernel {
    virtual ~bound_kernel() = default;
    virtual std::vector<slot*> slots() = 0;
    virtual void make(const input& in, random& r) = 0;
    virtual void primal() = 0; // on the host, in double
    virtual void tangent() = 0;
    virtual bool tangent_here() = 0; // on the host, in the type under test; false if that is double
    virtual void primal_here() = 0;
    virtual void adjoint(way, int threads, bool retain) = 0;
    virtual bool on_host() const = 0;
};

struct entry {
    const char* name;
    int rank;
    bool smooth; // finite differences say something: no stop_gradient
    std::unique_ptr<bound_kernel> (*bind)();
};
std::vector<entry>& entries();

} // namespace rk
