// SPDX-License-Identifier: Apache-2.0
// random.hpp: counter-based random numbers (Philox 4x32-10), the same on host and device and for any number
// of threads.
#pragma once

#include "limits.hpp"
#include "vec.hpp"

namespace warpx {

/// Philox 4x32-10: ten rounds turn a counter of four words and a key of two into four random words. John K.
/// Salmon, Mark A. Moraes, Ron O. Dror, David E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
/// 2011.
WARPX_HOST_DEVICE constexpr vec4u philox4x32_10(vec4u counter, vec2u key) noexcept {
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = uint64_t{0xd2511f53u} * counter.x;
        const uint64_t p1 = uint64_t{0xcd9e8d57u} * counter.z;
        counter = vec4u(static_cast<uint32_t>(p1 >> 32) ^ counter.y ^ key.x, static_cast<uint32_t>(p1),
                        static_cast<uint32_t>(p0 >> 32) ^ counter.w ^ key.y, static_cast<uint32_t>(p0));
        key.x += 0x9e3779b9u;
        key.y += 0xbb67ae85u;
    }
    return counter;
}

/// A stream of random 32-bit words. Equal (seed, subsequence, offset) give equal words everywhere; different
/// subsequences never overlap. In a kernel, take the thread's index as the subsequence:
///   philox rng(seed, i);
///   y[i] = uniform<float>(rng);
/// 2^64 seeds, 2^64 subsequences, 2^66 words each (the offset reaches the first 2^64). The words are those of
/// cuRAND's Philox4_32_10 generator for the same three numbers. 32 bytes; copies continue independently.
class philox {
public:
    /// Starts at word `offset` of the subsequence. Integers, plain or located, or thread indices.
    template <class S, class Q = uint64_t, class O = uint64_t>
        requires(std::is_integral_v<value_type_t<S>> && std::is_integral_v<value_type_t<Q>> &&
                 std::is_integral_v<value_type_t<O>>)
    WARPX_HOST_DEVICE explicit constexpr philox(const S& seed, const Q& subsequence = 0,
                                                const O& offset = 0) noexcept
        : seed_(static_cast<uint64_t>(value(seed))), subsequence_(static_cast<uint64_t>(value(subsequence))),
          block_(static_cast<uint64_t>(value(offset)) / 4), words_(), used_(4) {
        const auto skip = static_cast<uint32_t>(static_cast<uint64_t>(value(offset)) % 4);
        if (skip != 0) {
            refill();
            used_ = skip;
        }
    }

    /// The next word.
    WARPX_HOST_DEVICE constexpr uint32_t next() noexcept {
        if (used_ == 4) refill();
        const uint32_t k = used_++;
        return k == 0 ? words_.x : k == 1 ? words_.y : k == 2 ? words_.z : words_.w;
    }

    /// The next two words, the first one low.
    WARPX_HOST_DEVICE constexpr uint64_t next64() noexcept {
        const uint64_t low = next();
        return low | (static_cast<uint64_t>(next()) << 32);
    }

private:
    WARPX_HOST_DEVICE constexpr void refill() noexcept {
        words_ = philox4x32_10(vec4u(low(block_), high(block_), low(subsequence_), high(subsequence_)),
                               vec2u(low(seed_), high(seed_)));
        ++block_;
        used_ = 0;
    }
    WARPX_HOST_DEVICE static constexpr uint32_t low(uint64_t a) noexcept { return static_cast<uint32_t>(a); }
    WARPX_HOST_DEVICE static constexpr uint32_t high(uint64_t a) noexcept {
        return static_cast<uint32_t>(a >> 32);
    }

    uint64_t seed_;
    uint64_t subsequence_;
    uint64_t block_;
    vec4u words_;
    uint32_t used_;
};

/// Uniform in [0, 1): a multiple of 2^-24 for float, 2^-53 for double (two words), 2^-11 for half, 2^-8 for
/// bfloat16; every multiple equally likely. The same bits on host and device.
template <class T>
    requires(std::is_floating_point_v<T> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16>)
WARPX_HOST_DEVICE constexpr T uniform(philox& rng) noexcept {
    if constexpr (std::is_same_v<T, double>) {
        return static_cast<double>(rng.next64() >> 11) * 0x1p-53;
    } else {
        constexpr int digits = limits<T>::digits;
        return static_cast<T>(static_cast<float>(rng.next() >> (32 - digits)) /
                              static_cast<float>(1u << digits));
    }
}

/// Two independent numbers with the standard normal distribution, in float (two words) or double (four
/// words): Box and Muller 1958, "A note on the generation of random normal deviates". The largest magnitude
/// is about 6.8 for float and 8.6 for double. Host and device differ by the precision of their log, sin and
/// cos.
template <class T>
    requires std::is_floating_point_v<T>
WARPX_HOST_DEVICE vec<T, 2> normal_pair(philox& rng) noexcept {
    T u; // in (0, 1]
    if constexpr (std::is_same_v<T, double>) {
        u = (static_cast<double>(rng.next64() >> 11) + 0.5) * 0x1p-53;
    } else {
        u = (static_cast<T>(rng.next()) + T(0.5)) * T(0x1p-32);
    }
    T s, c;
    detail::real::sincos(2 * pi<T> * uniform<T>(rng), s, c);
    const T r = detail::real::sqrt(-2 * detail::real::log(u));
    return vec<T, 2>(r * c, r * s);
}

/// One number with the standard normal distribution (mean 0, deviation 1); takes the words of a pair, so that
/// a stream advances evenly. Half and bfloat16 are rounded from float.
template <class T>
    requires(std::is_floating_point_v<T> || std::is_same_v<T, half> || std::is_same_v<T, bfloat16>)
WARPX_HOST_DEVICE T normal(philox& rng) noexcept {
    using U = std::conditional_t<std::is_same_v<T, double>, double, float>;
    return static_cast<T>(normal_pair<U>(rng).x);
}

namespace detail {
/// The upper 64 bits of a product.
WARPX_HOST_DEVICE inline uint64_t multiply_high(uint64_t a, uint64_t b) noexcept {
#if defined(__CUDA_ARCH__)
    return ::__umul64hi(a, b);
#else
    __extension__ using wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<wide>(a) * b) >> 64);
#endif
}
} // namespace detail

/// Uniform in [low, high), low < high, without bias: Daniel Lemire, "Fast random integer generation in an
/// interval", 2019. Takes one word (two where T has 64 bits), and with a probability below (high - low) /
/// 2^32 (2^64) as many again.
template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
WARPX_HOST_DEVICE T uniform_int(philox& rng, T low, T high) noexcept {
    if constexpr (sizeof(T) == 8) {
        const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
        uint64_t x = rng.next64();
        if (x * range < range) {
            const uint64_t threshold = (0 - range) % range;
            while (x * range < threshold) x = rng.next64();
        }
        return static_cast<T>(static_cast<uint64_t>(low) + detail::multiply_high(x, range));
    } else {
        const uint32_t range = static_cast<uint32_t>(high) - static_cast<uint32_t>(low);
        uint64_t product = static_cast<uint64_t>(rng.next()) * range;
        if (static_cast<uint32_t>(product) < range) {
            const uint32_t threshold = (0 - range) % range;
            while (static_cast<uint32_t>(product) < threshold)
                product = static_cast<uint64_t>(rng.next()) * range;
        }
        return static_cast<T>(static_cast<uint32_t>(low) + static_cast<uint32_t>(product >> 32));
    }
}

} // namespace warpx
