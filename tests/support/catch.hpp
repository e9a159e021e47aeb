// SPDX-License-Identifier: Apache-2.0
// catch.hpp: Catch2, version 2.13 or 3, under the names of version 3. The only way tests include it.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)
#    include <catch2/catch_approx.hpp>
#    include <catch2/catch_template_test_macros.hpp>
#    include <catch2/catch_test_macros.hpp>
#    include <catch2/generators/catch_generators_all.hpp>
#    include <catch2/matchers/catch_matchers_all.hpp>

using Catch::Approx;
#else
#    include <catch2/catch.hpp>

namespace Catch {
using Detail::Approx;
namespace Matchers {
/// Matches a string that contains `text`; version 3's name for version 2's Contains.
inline auto ContainsSubstring(const std::string& text, CaseSensitive::Choice sensitive = CaseSensitive::Yes) {
    return Contains(text, sensitive);
}
} // namespace Matchers
} // namespace Catch
#endif
