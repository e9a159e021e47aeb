// SPDX-License-Identifier: Apache-2.0
// launch_hook_test.cpp: what a hook is told of launches on the host, and when.
#include <warpx/prepare.hpp>
#include <warpx/warpx.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace warpx;

namespace {

constexpr auto add_one = [](auto i, auto y) { y[i] += 1; };
constexpr auto fails = [](auto i, auto) {
    if (i == 3) throw std::runtime_error("item 3");
};

struct recorder {
    std::vector<std::string> lines;
    bool prepared = false;
    launch_hook hook{&recorder::begin, &recorder::end, this};

    static void begin(void* state, const launch_info& l) noexcept {
        auto& self = *static_cast<recorder*>(state);
        self.lines.push_back("begin " + std::string(l.kernel) + " " + detail::tuple_text(l.extents, l.rank));
        self.prepared = l.prepared;
    }
    static void end(void* state, const launch_info& l) noexcept {
        static_cast<recorder*>(state)->lines.push_back("end " + std::string(l.kernel));
    }
};

} // namespace

TEST_CASE("a hook is called before and after each launch, until it is taken away") {
    const auto y = zeros<int>({4, 5});
    recorder seen;
    CHECK(set_launch_hook(&seen.hook) == nullptr);
    launch<add_one>(y.extents(), y);
    launch<add_one>({0, 5}, y); // nothing runs
    CHECK(set_launch_hook(nullptr) == &seen.hook);
    launch<add_one>(y.extents(), y);
    CHECK(seen.lines == std::vector<std::string>{"begin add_one (4, 5)", "end add_one"});
    CHECK(y(3, 4) == 2);
}

TEST_CASE("a hook sees the name of the options, prepared launches and launches that throw") {
    const auto y = zeros<int>(5);
    recorder seen;
    const auto step = prepare<add_one>(launch_options{.name = "mine"}, 5, y);
    set_launch_hook(&seen.hook);
    step();
    CHECK(seen.prepared);
    CHECK_THROWS_AS(launch<fails>(5, y), std::runtime_error);
    CHECK_FALSE(seen.prepared);
    set_launch_hook(nullptr);
    CHECK(seen.lines ==
          std::vector<std::string>{"begin mine (5,)", "end mine", "begin fails (5,)", "end fails"});
    CHECK(y[0] == 1);
}

TEST_CASE("entries of a hook may be null") {
    const auto y = zeros<int>(5);
    const launch_hook nothing;
    set_launch_hook(&nothing);
    launch<add_one>(5, y);
    set_launch_hook(nullptr);
    CHECK(y[4] == 1);
}
