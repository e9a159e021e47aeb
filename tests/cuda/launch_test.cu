// SPDX-License-Identifier: Apache-2.0
// launch_test.cu: the cases of launches that the host has too, on CUDA.
#include "cases/launch_cases.hpp"
#include "cases/launch_edges_cases.hpp"
#include "cases/prepare_cases.hpp"
