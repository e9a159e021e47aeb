// SPDX-License-Identifier: Apache-2.0
// no_exceptions_fail.cpp: warpx without exceptions is refused in words.
// flags: -fno-exceptions
// expect-error: warpx reports errors by exception; compile without -fno-exceptions
#include <warpx/config.hpp>
