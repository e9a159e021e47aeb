// SPDX-License-Identifier: Apache-2.0
// claim.hpp: what tests of the gate share: tensors made of claims, and the three parts of a refusal.
#pragma once

#include <warpx/array.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace test {

/// Sixty-four floats' worth of aligned memory for claims to point at.
struct alignas(64) memory {
    unsigned char bytes[1024] = {};
    template <class T> T* as() noexcept { return reinterpret_cast<T*>(bytes); }
};

/// A description with lists of its own; `desc` may be changed at will before it is bound.
struct claim {
    std::vector<int64_t> shape, strides;
    warpx::tensor_desc desc;

    /// A writable host tensor; without strides they are null.
    claim(void* data, warpx::dtype type, std::vector<int64_t> extents, std::vector<int64_t> steps = {})
        : shape(std::move(extents)), strides(std::move(steps)) {
        desc.data = data;
        desc.dtype = type;
        desc.rank = static_cast<int32_t>(shape.size());
        desc.extents = shape.empty() ? nullptr : shape.data();
        desc.strides = strides.empty() ? nullptr : strides.data();
    }
    claim(const claim&) = delete;

    claim& on(warpx::device_kind kind, int32_t id = 0) {
        desc.device = kind;
        desc.device_id = id;
        return *this;
    }
    claim& in_bytes() {
        desc.stride_unit = warpx::stride_unit::bytes;
        return *this;
    }
    claim& read_only() {
        desc.read_only = true;
        return *this;
    }
    claim& offset(uint64_t bytes) {
        desc.byte_offset = bytes;
        return *this;
    }
    operator const warpx::tensor_desc&() const { return desc; }
};

template <class T> inline constexpr warpx::dtype dtype_of = warpx::dtype_of<T>;

/// The text of the bind_error that `f` throws; empty if it throws none.
template <class F> std::string refusal(const F& f) {
    try {
        f();
    } catch (const warpx::bind_error& error) {
        return error.what();
    }
    return "";
}
template <class T, int N, class Device = warpx::device::host>
std::string refusal_of(const warpx::tensor_desc& desc, const warpx::bind_options<N>& options = {}) {
    return refusal([&] { (void)warpx::bind<T, N, Device>(desc, {}, options); });
}

/// Checks the parts of a message: what was expected, what came, what is wrong and what to do about it. Each
/// needs to be in its own part only.
inline void check_message(const std::string& message, const std::string& expected, const std::string& got,
                          const std::string& what, const std::string& remedy) {
    INFO("message: " << message);
    const size_t begin = message.find(": expected "), middle = message.find("; got ");
    REQUIRE(begin != std::string::npos);
    REQUIRE(middle != std::string::npos);
    const size_t end = message.find("; ", middle + 2);
    REQUIRE(end != std::string::npos);
    using Catch::Matchers::ContainsSubstring;
    CHECK_THAT(message.substr(begin, middle - begin), ContainsSubstring(expected));
    CHECK_THAT(message.substr(middle, end - middle), ContainsSubstring(got));
    CHECK_THAT(message.substr(end), ContainsSubstring(what));
    CHECK_THAT(message.substr(end), ContainsSubstring(remedy));
}

} // namespace test
