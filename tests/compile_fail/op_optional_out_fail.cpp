// SPDX-License-Identifier: Apache-2.0
// op_optional_out_fail.cpp: a result that may be left out.
// expect-error: warpx: optional() is for arrays that are only read
#include <warpx/operation/entries.hpp>

constexpr auto y = warpx::out<float, "n">("y").optional();
