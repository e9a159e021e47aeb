// SPDX-License-Identifier: Apache-2.0
// atomic_test.cu: the cases of atomics and random numbers that the host has too, on CUDA.
#include "cases/atomic_cases.hpp"
#include "cases/random_cases.hpp"
