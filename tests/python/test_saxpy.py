# SPDX-License-Identifier: Apache-2.0
"""The example module that tools/demo runs."""
import numpy as np
import pytest

warpx_saxpy = pytest.importorskip("warpx_saxpy")


@pytest.mark.parametrize("n", [0, 1, 1000, 100_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numpy(n, dtype):
    x, y = np.arange(n, dtype=dtype), np.ones(n, dtype)
    assert warpx_saxpy.saxpy(x, y, 2.0) is y
    assert np.array_equal(y, 2 * x + 1)


def test_torch():
    torch = pytest.importorskip("torch")
    x, y = torch.arange(10.0), torch.ones(20)[::2]
    warpx_saxpy.saxpy(x, y, 2.0)
    assert torch.equal(y, 2 * x + 1)
    x = torch.ones(10, requires_grad=True)
    with pytest.raises(BufferError, match="requires grad"):
        warpx_saxpy.saxpy(x, y, 2.0)


def test_mixed_owners():
    jax = pytest.importorskip("jax")
    y = np.ones(4, "f4")
    warpx_saxpy.saxpy(jax.numpy.arange(4.0), y, 2.0)
    assert y.tolist() == [1, 3, 5, 7]
    with pytest.raises(BufferError, match="argument 'y'.*immutable"):
        warpx_saxpy.saxpy(y, jax.numpy.arange(4.0), 2.0)


def test_misuse():
    x, y = np.ones(4, "f4"), np.ones(5, "f4")
    with pytest.raises(ValueError, match="argument 'y'.*wrong extent"):
        warpx_saxpy.saxpy(x, y, 2.0)
    with pytest.raises(TypeError, match="takes 3 arguments"):
        warpx_saxpy.saxpy(x, y)
    with pytest.raises(TypeError, match="argument 'x'.*got float64"):
        warpx_saxpy.saxpy(np.ones(5), y, 2.0)
    with pytest.raises(TypeError):
        warpx_saxpy.saxpy(x, x, "two")


def test_cpp_memory():
    y, before, after, seconds = warpx_saxpy.saxpy_vector(1000, 2.0, 3)
    a = np.from_dlpack(y)
    assert before == after == a.ctypes.data and seconds > 0
    assert np.array_equal(a, 2 * np.arange(1000, dtype="f4") + 1)
