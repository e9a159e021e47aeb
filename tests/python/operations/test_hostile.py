# SPDX-License-Identifier: Apache-2.0
"""Calls that once crashed or were wrong without a word."""
import numpy as np
import pytest

import warpx_test_more as more
import warpx_test_ops as ops


def test_launch_dims_beyond_the_arrays(says):
    says(ValueError, "launch_dims within n = 3", "50000000", lambda: more.sincos(np.ones(3), launch_dims=50_000_000))
    s, c = more.sincos(np.zeros(3), launch_dims=3)
    assert s.tolist() == [0, 0, 0] and c.tolist() == [1, 1, 1]


def test_launch_dims_of_another_rank_with_gradients():
    torch = pytest.importorskip("torch")
    a, b = torch.ones(2, 3, requires_grad=True), torch.ones(3, 4)
    for dims in ((1,), (1, 1, 1), 7):
        with pytest.raises((TypeError, ValueError), match="launch_dims"):
            ops.matmul(a, b, launch_dims=dims)


def test_numbers_that_lie_in_what_is_written(says):
    x, y = np.ones((2, 3)), np.full((2, 3), 2.0)
    says(ValueError, "argument 'y'", "shares with 'a'", lambda: ops.saxpy(x, y, y[:, 0]))
    ops.saxpy(x[0], y[0], y[0, 0])  # one number is read first
    assert y[0].tolist() == [4, 4, 4]


def test_static_values_have_no_batch(says):
    says(ValueError, "argument 'count'", "one number", lambda: more.power(np.ones((2, 3)), np.array([1, 2], np.int32)))


def test_numpy_scalars_keep_their_kind(says):
    says(TypeError, "argument 'a'", "complex", lambda: ops.sinmul(np.ones(3), np.complex64(1 + 2j)))
    says(TypeError, "argument 'a'", "timedelta64", lambda: ops.sinmul(np.ones(3), np.timedelta64(3)))
    assert ops.sinmul(np.zeros(2), np.float16(2)).tolist() == [0, 0]


def test_written_batches_of_stride_zero(says):
    y = np.lib.stride_tricks.as_strided(np.zeros((2, 3)), (4, 2, 3), (0, 24, 8))
    says(ValueError, "argument 'y'", "stride 0", lambda: ops.saxpy(np.ones((4, 2, 3)), y, 1.0))


def test_the_operator_behind_a_mode_looks_at_overlaps():
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    class Forward(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    buffer = torch.arange(6.0)
    with Forward(), pytest.raises(ValueError, match="memory of its own"):
        ops.saxpy(buffer[:-1], buffer[1:], 1.0)


def test_results_are_given_once(says):
    out = np.empty((2, 2))
    says(TypeError, "each result once", lambda: ops.matmul(np.ones((2, 2)), np.ones((2, 2)), c=out, out=out))
