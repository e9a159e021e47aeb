// SPDX-License-Identifier: Apache-2.0
// cuh_in_cpp_fail.cpp: a header of the CUDA side in a file that a host compiler compiles.
//
// expect-error: needs a CUDA compiler: rename the file to .cu and compile it with nvcc
#include <warpx/cuda/cuda.cuh>
