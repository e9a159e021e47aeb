// SPDX-License-Identifier: Apache-2.0
// math_test.cu: every function for kernels computed on the GPU and on the host, and compared. Needs no more
// of warpx than the value types.
#include "support/catch.hpp"

#include <warpx/math.hpp>
#include <warpx/quat.hpp>
#include <warpx/random.hpp>

#include <cmath>
#include <complex>
#include <cstdio>
#include <cstring>
#include <vector>

using namespace warpx;

namespace {

/// What an access in a kernel returns, as far as functions of values are concerned.
template <class T> struct located {
    T held;
    WARPX_HOST_DEVICE constexpr operator T() const noexcept { return held; }
};

} // namespace

template <class T> struct warpx::value_traits<located<T>> {
    using type = T;
    WARPX_HOST_DEVICE static constexpr T get(const located<T>& x) noexcept { return x.held; }
};

namespace {

struct result {
    const char* name; // set on the host
    double value;
    double tolerance; // in units of the precision, relative to max(|value|, 1); 0: the same bits
};

/// Collects the results of one set of arguments, on either side.
struct recorder {
    result* results;
    int count;
    int limit;

    WARPX_HOST_DEVICE void add(const char* name, double value, double tolerance) {
        if (count < limit) {
#if defined(__CUDA_ARCH__)
            results[count].name = nullptr;
#else
            results[count].name = name;
#endif
            results[count].value = value;
            results[count].tolerance = tolerance;
        }
        ++count;
    }
    template <class T> WARPX_HOST_DEVICE void operator()(const char* name, const T& x, double ulps = 8) {
        if constexpr (std::is_integral_v<T>) {
            add(name, static_cast<double>(x), 0);
        } else if constexpr (std::is_same_v<T, double>) {
            add(name, x, ulps * 0x1p-52);
        } else {
            add(name, static_cast<double>(static_cast<float>(x)), ulps * 0x1p-23);
        }
    }
    template <class T>
    WARPX_HOST_DEVICE void operator()(const char* name, const complex<T>& z, double ulps = 16) {
        (*this)(name, z.real(), ulps);
        (*this)(name, z.imag(), ulps);
    }
    template <class T, int N>
    WARPX_HOST_DEVICE void operator()(const char* name, const vec<T, N>& v, double ulps = 8) {
        for (int k = 0; k < N; ++k) (*this)(name, v[k], ulps);
    }
    template <class T, int R, int C>
    WARPX_HOST_DEVICE void operator()(const char* name, const mat<T, R, C>& m, double ulps = 8) {
        for (int r = 0; r < R; ++r) (*this)(name, m.row(r), ulps);
    }
    template <class T>
    WARPX_HOST_DEVICE void operator()(const char* name, const quat<T>& q, double ulps = 8) {
        for (int k = 0; k < 4; ++k) (*this)(name, q[k], ulps);
    }
};

/// Elementary functions of X: a number or a vector, plain or located; x and y in (0, 1).
template <class X> WARPX_HOST_DEVICE void elementary(recorder& out, const X& x, const X& y) {
    out("sqrt", warpx::sqrt(x));
    out("rsqrt", warpx::rsqrt(warpx::max(x, 0.01f)));
    out("cbrt", warpx::cbrt(x));
    out("exp", warpx::exp(x));
    out("exp2", warpx::exp2(x));
    out("exp10", warpx::exp10(x));
    out("expm1", warpx::expm1(x));
    out("log", warpx::log(x));
    out("log2", warpx::log2(x));
    out("log10", warpx::log10(x));
    out("log1p", warpx::log1p(x));
    out("sin", warpx::sin(x));
    out("cos", warpx::cos(x));
    out("tan", warpx::tan(x));
    out("asin", warpx::asin(x));
    out("acos", warpx::acos(x));
    out("atan", warpx::atan(x));
    out("sinh", warpx::sinh(x));
    out("cosh", warpx::cosh(x));
    out("tanh", warpx::tanh(x));
    out("asinh", warpx::asinh(x));
    out("acosh", warpx::acosh(warpx::lerp(2, 3, x)));
    out("atanh", warpx::atanh(warpx::min(x, 0.9f)));
    out("erf", warpx::erf(x));
    out("erfc", warpx::erfc(x));
    out("tgamma", warpx::tgamma(warpx::lerp(1, 3, x)), 24);
    out("lgamma", warpx::lgamma(warpx::lerp(1, 3, x)), 24);
    out("floor", warpx::floor(warpx::degrees(x)), 0);
    out("ceil", warpx::ceil(warpx::degrees(x)), 0);
    out("trunc", warpx::trunc(warpx::degrees(x)), 0);
    out("round", warpx::round(x), 0);
    out("rint", warpx::rint(x), 0);
    out("pow", warpx::pow(x, y));
    out("atan2", warpx::atan2(x, y));
    out("hypot", warpx::hypot(x, y));
    out("fmod", warpx::fmod(warpx::max(x, y), warpx::max(y, 0.1f)), 0);
    out("copysign", warpx::copysign(x, -1), 0);
    out("fma", warpx::fma(x, y, 1), 0);
    out("sincos", warpx::sincos(x).sin);
    out("sincos", warpx::sincos(x).cos);
    out("min", warpx::min(x, y), 0);
    out("max", warpx::max(x, y), 0);
    out("clamp", warpx::clamp(x, 0.25f, y), 0);
    out("abs", warpx::abs(x), 0);
    out("sign", warpx::sign(x), 0);
    out("select", warpx::select(true, x, y), 0);
    out("lerp", warpx::lerp(x, y, 0.5f));
    out("step", warpx::step(x, y), 0);
    out("smoothstep", warpx::smoothstep(0, 1, x));
    out("radians", warpx::radians(x));
    out("isnan", warpx::isnan(x));
    out("isinf", warpx::isinf(x));
    out("isfinite", warpx::isfinite(x));
}

template <class T> WARPX_HOST_DEVICE void complexes(recorder& out, T x, T y) {
    const complex<T> z(x - T(0.5), y + T(0.25)), w(y, x);
    const located<complex<T>> l{z};
    out("complex +", z + w);
    out("complex -", l - w);
    out("complex *", l * w);
    out("complex /", l / w);
    out("complex * real", l * 2 + 1.0f / w - w / 2);
    out("complex ==", z == w);
    out("complex abs", abs(l));
    out("complex arg", arg(l));
    out("complex norm", norm(l));
    out("complex conj", conj(l));
    out("complex polar", warpx::polar(x, y));
    out("complex exp", exp(l));
    out("complex log", log(l));
    out("complex log10", log10(l));
    out("complex sqrt", sqrt(l));
    out("complex pow", pow(l, w), 64);
    out("complex pow", pow(l, 2) + pow(2, l), 64);
    out("complex sinh", sinh(l));
    out("complex cosh", cosh(l));
    out("complex tanh", tanh(l));
    out("complex sin", sin(l));
    out("complex cos", cos(l));
    out("complex tan", tan(l));
    const std::complex<T> foreign = z; // by its bytes: no host function is called
    const complex<T> back = foreign;
    out("complex foreign", back, 0);
    complex<T> a = w;
    a += z;
    a -= 1;
    a *= l;
    a /= z;
    out("complex op=", a + real(l) + imag(l), 64);
}

template <class T> WARPX_HOST_DEVICE void algebra(recorder& out, T x, T y) {
    using V = vec<T, 3>;
    const V a(x, y, 1), b(y, 2, x);
    const located<V> l{a};
    out("vec +", l + b);
    out("vec -", l - b);
    out("vec *", l * b * 2);
    out("vec /", b / l / 2);
    out("vec neg", -l);
    out("vec mixed", l + vec3h(a) + vec3i(1, 2, 3), 16);
    out("dot", dot(l, b));
    out("cross", cross(l, b));
    out("cross 2", cross(vec<T, 2>(x, y), vec<T, 2>(1, 2)));
    out("length", length(l) + length_squared(b));
    out("normalize", normalize(l));
    out("distance", distance(l, b));
    out("reflect", reflect(l, b), 16);
    out("sum", sum(l) + sum(vec<T, 6>(x)));
    out("vec ==", l + b == b + l);
    V c = a;
    c += b;
    c *= 2;
    c -= l;
    c /= b;
    out("vec op=", c, 16);

    const mat<T, 3, 3> m(4 + x, y, 1, x, 5 + y, 2, 1, x * y, 6);
    const located<mat<T, 3, 3>> n{m};
    const mat<T, 2, 3> w(1, x, 2, y, 3, 4);
    out("mat *", n * m, 16);
    out("mat * mat", w * m, 16);
    out("mat * vec", n * l, 16);
    out("vec * mat", l * n, 16);
    out("mat + -", n + m * 2 - m / 2 + -m, 16);
    out("mat mixed", n + mat33h(1, 2, 3, 4, 5, 6, 7, 8, 9), 16);
    out("transpose", transpose(w), 0);
    out("outer", outer(l, b));
    out("diag", diag(l) + outer(diagonal(n), l), 16);
    out("trace", trace(n));
    out("skew", skew(l));
    out("determinant 2", determinant(mat<T, 2, 2>(2, x, y, 3)), 16);
    out("determinant 3", determinant(n), 64);
    out("inverse 2", inverse(mat<T, 2, 2>(2, x, y, 3)), 16);
    out("inverse 3", inverse(n), 64);
    const mat<T, 4, 4> f(5, x, 0, 1, y, 6, 1, 0, 0, 1, 7, x, 1, 0, y, 8);
    out("determinant 4", determinant(f), 64);
    out("inverse 4", inverse(f), 64);
    mat<T, 5, 5> g = mat<T, 5, 5>::identity() * 3;
    g(0, 4) = x, g(3, 1) = y;
    out("determinant 5", determinant(g), 64);
    out("inverse 5", inverse(g), 64);

    const quat<T> p = quat_from_axis_angle(normalize(l), x), q = normalize(quat<T>(x, 1, y, 2));
    const located<quat<T>> r{p};
    out("quat_from_axis_angle", p);
    out("quat *", r * q);
    out("quat + -", r + q * 2 - p / 2 + -p + quath(p), 16);
    out("quat conj", conj(r));
    out("quat dot", dot(r, q) + length(r));
    out("quat inverse", inverse(quat<T>(1, x, y, 2)));
    out("rotate", rotate(r, l), 16);
    out("rotate_inv", rotate_inv(r, l), 16);
    out("quat_to_matrix", quat_to_matrix(r), 16);
    out("quat_from_matrix", quat_from_matrix(quat_to_matrix(q)), 32);
    out("quat_to_axis_angle", quat_to_axis_angle(q).axis, 32);
    out("quat_to_axis_angle", quat_to_axis_angle(q).angle, 32);
    out("slerp", slerp(r, q, y), 32);
    out("quat ==", p == quat<T>::identity());
}

WARPX_HOST_DEVICE void integers_and_random(recorder& out, int64_t thread) {
    const auto u = static_cast<uint32_t>(thread * 2654435761);
    out("popcount", popcount(located<uint32_t>{u}));
    out("countl_zero", countl_zero(located<uint32_t>{u >> (u % 32)}) + countl_zero(int64_t{0}));
    out("countr_zero", countr_zero(located<uint32_t>{u << (u % 32)}) + countr_zero(uint8_t{0}));
    out("abs int", warpx::abs(-thread) + warpx::max(thread, int64_t{5}) + warpx::sign(thread));
    out("sqrt int", warpx::sqrt(thread));
    out("limits", limits<float>::max());
    out("limits", static_cast<float>(limits<half>::epsilon()) + static_cast<float>(limits<bfloat16>::max()));
    out("limits", limits<int32_t>::lowest());
    out("limits", warpx::isinf(limits<double>::infinity()) && warpx::isnan(limits<float>::quiet_NaN()));
    out("pi", pi<double> + pi<float>, 0);

    const vec4u words = philox4x32_10(vec4u(u, 1, 2, 3), vec2u(4, u));
    out("philox4x32_10", words);
    philox rng(7, thread, 3);
    for (int k = 0; k < 6; ++k) out("philox", rng.next());
    out("next64", static_cast<uint32_t>(rng.next64() >> 32));
    out("uniform float", uniform<float>(rng), 0);
    out("uniform double", uniform<double>(rng), 0);
    out("uniform half", uniform<half>(rng), 0);
    out("uniform bfloat16", uniform<bfloat16>(rng), 0);
    out("normal float", normal<float>(rng), 32);
    out("normal double", normal<double>(rng), 32);
    out("normal_pair", normal_pair<float>(rng), 32);
    out("uniform_int", uniform_int<int32_t>(rng, -5, 1000));
    out("uniform_int 64", uniform_int<int64_t>(rng, -5, int64_t{1} << 40));
    out("uniform_int 8", uniform_int<uint8_t>(rng, 3, 250));
}

WARPX_HOST_DEVICE void everything(recorder& out, int64_t thread) {
    philox rng(1, thread);
    // No rounding here: a fused multiply and add on one side only would make different arguments.
    const double x = warpx::max(uniform<double>(rng), 0x1p-10), y = warpx::max(uniform<double>(rng), 0x1p-10);
    const auto xf = static_cast<float>(x), yf = static_cast<float>(y);
    elementary(out, xf, yf);
    elementary(out, x, y);
    elementary(out, half(x), half(y));
    elementary(out, located<bfloat16>{bfloat16(x)}, located<bfloat16>{bfloat16(y)});
    elementary(out, located<float>{xf}, located<float>{yf});
    elementary(out, vec2f(x, y), vec2f(y, x));
    elementary(out, located<vec3h>{vec3h(x, y, x)}, located<vec3h>{vec3h(y, x, 0.5)});
    complexes(out, xf, yf);
    complexes(out, x, y);
    algebra(out, xf, yf);
    algebra(out, x, y);
    half h(x);
    h += 1;
    h *= located<float>{yf};
    out("half op=", h, 0);
    integers_and_random(out, thread);
}

constexpr int threads = 512;
constexpr int limit = 2048;

__global__ void compute(result* results, int* counts) {
    const int64_t thread = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
    if (thread >= threads) return;
    recorder out{results + thread * limit, 0, limit};
    everything(out, thread);
    counts[thread] = out.count;
}

/// One number through every storage format, from float and from double.
struct encodings {
    uint16_t half_, bfloat16_, half_of_double;
    uint8_t float8_[8];
    float widened[2];
};

WARPX_HOST_DEVICE encodings encode(uint32_t bits) {
    const float f = __builtin_bit_cast(float, bits);
    const double d = static_cast<double>(f) * (1 + 0x1p-40);
    const auto low = static_cast<uint16_t>(bits >> 13); // walks through all encodings
    return {half(f).bits(),
            bfloat16(f).bits(),
            half(d).bits(),
            {float8_e3m4(f).bits(), float8_e4m3(f).bits(), float8_e4m3b11fnuz(f).bits(),
             float8_e4m3fn(d).bits(), float8_e4m3fnuz(f).bits(), float8_e5m2(f).bits(),
             float8_e5m2fnuz(f).bits(), float8_e8m0fnu(f).bits()},
            {half::from_bits(low), float8_e4m3fn::from_bits(static_cast<uint8_t>(low))}};
}

constexpr uint32_t conversions = 1u << 21;
WARPX_HOST_DEVICE uint32_t pattern(uint32_t k) {
    return k * 2048u + (k % 5 == 0 ? 0u : k * 2654435761u % 2048u);
}

__global__ void convert(encodings* all) {
    const uint32_t k = blockIdx.x * blockDim.x + threadIdx.x;
    if (k < conversions) all[k] = encode(pattern(k));
}

bool ok(cudaError_t error, const char* what) {
    if (error == cudaSuccess) return true;
    std::printf("%s failed: %s\n", what, cudaGetErrorString(error));
    return false;
}

int64_t passed = 0;
int64_t failed = 0;
void count(bool good) { ++(good ? passed : failed); }
/// The comparisons are too many for one check each.
void all_good(bool ran) {
    const bool good = ran && passed > 0 && failed == 0;
    INFO(passed << " results agree, " << failed << " do not");
    CHECK(good);
    passed = failed = 0;
}

bool close(double device, double host, double tolerance) {
    if (std::isnan(device) || std::isnan(host)) return std::isnan(device) && std::isnan(host);
    if (device == host) return true;
    return std::fabs(device - host) <= tolerance * std::fmax(std::fabs(host), 1.0);
}

bool compare_functions() {
    result* results = nullptr;
    int* counts = nullptr;
    if (!ok(cudaMalloc(&results, sizeof(result) * limit * threads), "cudaMalloc")) return false;
    if (!ok(cudaMalloc(&counts, sizeof(int) * threads), "cudaMalloc")) return false;
    // Each thread fills as much of its part as it has results.
    if (!ok(cudaMemset(results, 0, sizeof(result) * limit * threads), "cudaMemset")) return false;
    compute<<<threads / 64, 64>>>(results, counts);
    if (!ok(cudaGetLastError(), "the launch")) return false;
    std::vector<result> device(static_cast<size_t>(limit) * threads), host(limit);
    std::vector<int> device_counts(threads);
    if (!ok(cudaMemcpy(device.data(), results, sizeof(result) * device.size(), cudaMemcpyDeviceToHost),
            "the kernel"))
        return false;
    if (!ok(cudaMemcpy(device_counts.data(), counts, sizeof(int) * threads, cudaMemcpyDeviceToHost),
            "cudaMemcpy"))
        return false;
    for (int thread = 0; thread < threads; ++thread) {
        recorder out{host.data(), 0, limit};
        everything(out, thread);
        if (out.count > limit || out.count != device_counts[static_cast<size_t>(thread)]) {
            std::printf("thread %d: %d results on the host, %d on the device, room for %d\n", thread,
                        out.count, device_counts[static_cast<size_t>(thread)], limit);
            return false;
        }
        for (int k = 0; k < out.count; ++k) {
            const result& h = host[static_cast<size_t>(k)];
            const result& d = device[static_cast<size_t>(thread) * limit + static_cast<size_t>(k)];
            const bool good = close(d.value, h.value, h.tolerance);
            count(good);
            if (!good && failed <= 40)
                std::printf("%s (result %d, thread %d): device %.17g, host %.17g, tolerance %g\n", h.name, k,
                            thread, d.value, h.value, h.tolerance);
        }
    }
    return ok(cudaFree(results), "cudaFree") && ok(cudaFree(counts), "cudaFree");
}

/// Encodings must agree, except that a NaN may be another NaN of the format.
bool compare_conversions() {
    encodings* all = nullptr;
    if (!ok(cudaMalloc(&all, sizeof(encodings) * conversions), "cudaMalloc")) return false;
    if (!ok(cudaMemset(all, 0, sizeof(encodings) * conversions), "cudaMemset")) return false; // padding too
    convert<<<conversions / 256, 256>>>(all);
    if (!ok(cudaGetLastError(), "the launch")) return false;
    std::vector<encodings> device(conversions);
    if (!ok(cudaMemcpy(device.data(), all, sizeof(encodings) * conversions, cudaMemcpyDeviceToHost),
            "the kernel"))
        return false;
    for (uint32_t k = 0; k < conversions; ++k) {
        const encodings h = encode(pattern(k));
        const encodings& d = device[k];
        const float f = __builtin_bit_cast(float, pattern(k));
        const auto nan16 = [](uint16_t b) { return (b & 0x7fff) > 0x7c00; };
        const auto nan_b = [](uint16_t b) { return (b & 0x7fff) > 0x7f80; };
        bool good = std::isnan(f) ? nan16(d.half_) && nan_b(d.bfloat16_) && nan16(d.half_of_double)
                                  : d.half_ == h.half_ && d.bfloat16_ == h.bfloat16_ &&
                                        d.half_of_double == h.half_of_double;
        if (!std::isnan(f)) good = good && std::memcmp(d.float8_, h.float8_, sizeof h.float8_) == 0;
        for (int w = 0; w < 2; ++w) good = good && close(d.widened[w], h.widened[w], 0);
        count(good);
        if (!good && failed <= 40)
            std::printf("%a: half %04x / %04x, bfloat16 %04x / %04x (device / host)\n",
                        static_cast<double>(f), d.half_, h.half_, d.bfloat16_, h.bfloat16_);
    }
    return ok(cudaFree(all), "cudaFree");
}

} // namespace

TEST_CASE("functions for kernels give on the GPU what they give on the host", "[core]") {
    all_good(compare_functions());
}
TEST_CASE("storage formats round on the GPU as on the host") { all_good(compare_conversions()); }
