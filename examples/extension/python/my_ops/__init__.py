# SPDX-License-Identifier: Apache-2.0
"""Operations for arrays of NumPy, PyTorch and others, with gradients; made with warpx."""
from ._ops import matmul, saxpy

__all__ = ["matmul", "saxpy"]
