// SPDX-License-Identifier: Apache-2.0
// warpx.hpp: the front door: arrays, kernels and launches on the host, and the two exchange protocols in C
// structs. Not in it: printing (format.hpp), random numbers (random.hpp), Python objects
// (interop/python.hpp), CUDA (cuda/cuda.cuh, in .cu files).
#pragma once

#include "array.hpp"
#include "atomic.hpp"
#include "config.hpp"
#include "create.hpp"
#include "dtype.hpp"
#include "element.hpp"
#include "error.hpp"
#include "gate.hpp"
#include "host/launch.hpp"
#include "interop/dlpack.hpp"
#include "launch.hpp"
#include "prepare.hpp"
#include "view.hpp"
