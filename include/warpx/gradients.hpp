// SPDX-License-Identifier: Apache-2.0
// gradients.hpp: the front door of gradients: adjoint and tangent launches on the host, folds, own derivatives.
// On CUDA also cuda/adjoint.cuh. Checks for tests are in gradcheck.hpp.
#pragma once

#include "adjoint.hpp"
#include "dual.hpp"
#include "fold.hpp"
#include "gradient.hpp"
#include "host/adjoint.hpp"
#include "host/tangent.hpp"
#include "stop_gradient.hpp"
#include "tangent.hpp"
#include "tape_report.hpp"
#include "warpx.hpp"
#include "with_adjoint.hpp"
#include "with_derivative.hpp"
