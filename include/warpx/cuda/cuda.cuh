// SPDX-License-Identifier: Apache-2.0
// cuda.cuh: the front door of .cu files: everything of warpx.hpp, and launches over CUDA arrays.
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/cuda.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "launch.cuh"

#include "../warpx.hpp"
