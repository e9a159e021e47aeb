// SPDX-License-Identifier: Apache-2.0
// ops.cu: the same, when CUDA is on.
#include "ops.cpp"
