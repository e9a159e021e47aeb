# SPDX-License-Identifier: Apache-2.0
"""Operations over JAX arrays that have values; JAX's transformations are refused until there are rules for them."""
import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp

import warpx_test_more as more
import warpx_test_ops as ops

X = np.array([0.5, -1.0, 2.0], "f4")


def test_forward():
    x = jnp.asarray(X)
    r = ops.sinmul(x, 2.0)
    assert isinstance(r, jax.Array) and r.dtype == jnp.float32
    np.testing.assert_allclose(r, 2 * np.sin(X), rtol=1e-6)
    a, b = np.random.rand(4, 2, 3).astype("f4"), np.random.rand(3, 5).astype("f4")
    np.testing.assert_allclose(ops.matmul(jnp.asarray(a), jnp.asarray(b)), a @ b, rtol=1e-5)


def test_results_go_on_in_jax():
    x = jnp.asarray(X)
    np.testing.assert_allclose(jax.jit(lambda y: y * 2)(ops.sinmul(x, 1.0)), 2 * np.sin(X), rtol=1e-6)
    np.testing.assert_allclose(ops.sinmul(jnp.sin(x), jnp.float32(2)), 2 * np.sin(np.sin(X)), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    r = more.scale(jnp.asarray([1.0, 2.0], dtype), 2.0)
    assert isinstance(r, jax.Array) and r.dtype == dtype and r.astype("float32").tolist() == [2, 4]


def test_what_is_overwritten_is_new():
    x, y = jnp.asarray(X), jnp.ones(3)
    z = ops.saxpy(x, y, 2.0)
    np.testing.assert_allclose(z, 2 * X + 1)
    assert isinstance(z, jax.Array) and y.tolist() == [1, 1, 1]


def test_mixed_with_numpy():
    np.testing.assert_allclose(ops.saxpy(X, jnp.ones(3), 2.0), 2 * X + 1)  # NumPy is read
    y = np.ones(3, "f4")
    with pytest.raises(TypeError, match="argument 'y'"):
        ops.saxpy(jnp.asarray(X), y, 2.0)
    assert y.tolist() == [1, 1, 1]


def test_several_results_and_extents():
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        s, c = more.sincos(jnp.asarray(X, "float64"))
        np.testing.assert_allclose(s, np.sin(X.astype("f8")))
        np.testing.assert_allclose(c, np.cos(X.astype("f8")))
        assert more.affine(jnp.ones(3), None, 3.0).tolist() == [3, 3, 3]
    assert ops.sum_squares(jnp.asarray(X)).shape == ()
    assert ops.sinmul(jnp.ones((2, 3)), jnp.asarray([1.0, 2.0])).shape == (2, 3)
    assert ops.sinmul(jnp.ones((0,)), 1.0).shape == (0,)


def test_refused(says):
    x = jnp.asarray(X)
    for transformed in (jax.jit(lambda v: ops.sinmul(v, 1.0)), jax.grad(lambda v: ops.sinmul(v, 1.0).sum()),
                        jax.vmap(lambda v: ops.sinmul(v[None], 1.0))):
        says(TypeError, "argument 'x'", "tracer", lambda t=transformed: t(x))
    says(TypeError, "tracer", lambda: jax.jit(lambda a: ops.sinmul(x, a))(2.0))
    says(TypeError, "out=", "immutable", lambda: ops.sinmul(x, 1.0, out=jnp.ones(3)))
    says(TypeError, "argument 'x'", "int32", lambda: ops.sinmul(jnp.arange(3), 1.0))
    says(ValueError, "argument 'y'", "n = 3", lambda: ops.saxpy(x, jnp.ones(2), 1.0))
    torch = pytest.importorskip("torch")
    says(TypeError, lambda: ops.saxpy(x, torch.ones(3), 1.0))
    says(TypeError, lambda: ops.saxpy(torch.ones(3), x, 1.0))
