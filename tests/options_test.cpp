// SPDX-License-Identifier: Apache-2.0
// options_test.cpp: options of a launch, and executors.
#include "support/catch.hpp"

#include <warpx/options.hpp>

#include <vector>

namespace {
struct record {
    std::vector<int64_t> begins, ends;
};
void note(const void* context, int64_t begin, int64_t end) {
    auto* r = static_cast<record*>(const_cast<void*>(context));
    r->begins.push_back(begin);
    r->ends.push_back(end);
}
} // namespace

TEST_CASE("options that are not named are the defaults") {
    constexpr warpx::launch_options none;
    STATIC_REQUIRE(
        (none.threads == 0 && !none.checked && none.executor.run == nullptr && none.name == nullptr));
    STATIC_REQUIRE((none.stream == nullptr && none.block_size == 0));
    constexpr warpx::launch_options named{.threads = 3, .checked = true, .name = "k"};
    STATIC_REQUIRE(
        (named.threads == 3 && named.checked && named.name[0] == 'k' && named.executor.run == nullptr));
    STATIC_REQUIRE(std::is_trivially_copyable_v<warpx::launch_options>);
}

TEST_CASE("the inline executor calls once, for everything") {
    record r;
    const warpx::executor e = warpx::inline_executor();
    e.run(e.state, 1000, note, &r);
    CHECK(r.begins == std::vector<int64_t>{0});
    CHECK(r.ends == std::vector<int64_t>{1000});
}
