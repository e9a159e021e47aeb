// SPDX-License-Identifier: Apache-2.0
// ops.cu: where there is nvcc, ops.cpp is compiled by it, for the CPU and for CUDA.
#include "ops.cpp"
