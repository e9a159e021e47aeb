# SPDX-License-Identifier: Apache-2.0
"""The operations of the installed package, against what NumPy computes."""
import inspect
import pickle

import my_ops
import numpy as np
import pytest


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saxpy_writes_y_in_place(dtype):
    x, y = np.arange(5, dtype=dtype), np.full(5, 10, dtype)
    result = my_ops.saxpy(x, y, 0.5)
    assert result is y
    assert y.tolist() == [10, 10.5, 11, 11.5, 12]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matmul_makes_its_result(dtype):
    a, b = np.arange(6, dtype=dtype).reshape(2, 3), np.arange(12, dtype=dtype).reshape(3, 4)
    c = my_ops.matmul(a, b)
    assert c.dtype == dtype
    assert c.tolist() == (a @ b).tolist()
    out = np.zeros((2, 4), dtype)
    assert my_ops.matmul(a, b, out=out) is out
    assert out.tolist() == c.tolist()


def test_batch_axes_broadcast():
    a, b = np.arange(12.0).reshape(2, 2, 3), np.arange(6.0).reshape(3, 2)
    assert my_ops.matmul(a, b).tolist() == (a @ b).tolist()


def test_what_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match=r"matmul.*'b'.*k = 3"):
        my_ops.matmul(np.ones((2, 3)), np.ones((4, 2)))
    with pytest.raises(TypeError, match="float64"):
        my_ops.saxpy(np.ones(3), np.ones(3, "float32"), 1.0)


def test_functions_are_functions_of_the_package():
    assert pickle.loads(pickle.dumps(my_ops.matmul)) is my_ops.matmul
    assert list(inspect.signature(my_ops.saxpy).parameters)[:3] == ["x", "y", "a"]
    assert my_ops.saxpy.__doc__.startswith("Adds a * x to y")


def test_gradients_in_torch():
    torch = pytest.importorskip("torch")
    a = torch.arange(6.0, dtype=torch.float64).reshape(2, 3).requires_grad_()
    b = torch.arange(6.0, dtype=torch.float64).reshape(3, 2).requires_grad_()
    my_ops.matmul(a, b).sum().backward()
    assert a.grad.tolist() == b.detach().sum(1).expand(2, 3).tolist()
    assert b.grad.tolist() == a.detach().sum(0)[:, None].expand(3, 2).tolist()
