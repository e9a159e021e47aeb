// SPDX-License-Identifier: Apache-2.0
// cpp17_fail.cpp: an older language is refused in words.
// flags: -std=c++17
// expect-error: warpx needs C++20
#include <warpx/config.hpp>
