// SPDX-License-Identifier: Apache-2.0
// cuda.cuh: the front door of .cu files: everything of warpx.hpp, launches over CUDA arrays, their memory,
// streams, events and graphs. (Copies and fills are in kernels/, conditional nodes in cuda/conditional.cuh.)
#pragma once

#if !defined(__CUDACC__)
#    error "warpx/cuda/cuda.cuh needs a CUDA compiler: rename the file to .cu and compile it with nvcc"
#endif

#include "launch.cuh"

#include "../warpx.hpp"
#include "create.cuh"
#include "event.cuh"
#include "graph.cuh"
#include "stream_import.cuh"
