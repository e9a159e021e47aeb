// SPDX-License-Identifier: Apache-2.0
// python_module.hpp: operations as an extension module: op.hpp and WARPX_PYTHON_MODULE. Include it first, as
// Python.h asks.
#pragma once

#include "python/module.hpp" // Python.h first

#include "../op.hpp"
