# SPDX-License-Identifier: Apache-2.0
"""Operations over Paddle tensors: forward, gradients against analytic values, overwriting, what is refused."""
import numpy as np
import pytest

paddle = pytest.importorskip("paddle")

import warpx_test_more as more
import warpx_test_ops as ops


def tensor(values, recorded=False, dtype="float64"):
    t = paddle.to_tensor(np.asarray(values, dtype))
    t.stop_gradient = not recorded
    return t


def close(tensor, expected, rtol=1e-12):
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=rtol)


X, W = np.array([0.5, -1.0, 2.0]), np.array([1.0, 10.0, 100.0])


# -- Forward -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forward(dtype):
    x = tensor(X, dtype=dtype)
    r = ops.sinmul(x, 2.0)
    assert type(r) is type(x) and r.dtype == x.dtype and r.stop_gradient
    close(r, 2 * np.sin(X), 1e-6)
    a, b = np.random.rand(4, 2, 3), np.random.rand(3, 5)
    close(ops.matmul(tensor(a, dtype=dtype), tensor(b, dtype=dtype)), a @ b, 1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    x = paddle.to_tensor([1.0, 2.0]).astype(dtype)
    r = more.scale(x, 2.0)
    assert r.dtype == x.dtype and r.astype("float32").numpy().tolist() == [2, 4]


def test_in_place_and_out():
    x, y = tensor(X), tensor(W)
    version = y.inplace_version
    assert ops.saxpy(x, y, 2.0) is y
    close(y, 2 * X + W)
    assert y.inplace_version > version
    out = tensor(np.zeros(3))
    version = out.inplace_version
    assert ops.sinmul(x, 1.0, out=out) is out and out.inplace_version > version
    close(out, np.sin(X))
    assert x.inplace_version == 0


def test_several_outputs_options_and_views():
    s, c = more.sincos(tensor(X))
    close(s, np.sin(X))
    close(c, np.cos(X))
    close(more.affine(tensor(X), scale=1.0), X)
    close(more.affine(tensor(X), tensor(W)), 2 * X + W)
    m = tensor(np.arange(12.0).reshape(3, 4))
    close(ops.matmul(m.transpose([1, 0]), m), np.arange(12.0).reshape(3, 4).T @ np.arange(12.0).reshape(3, 4))
    assert ops.sum_squares(tensor(X)).shape == []
    assert ops.sinmul(tensor(np.ones((2, 0))), 1.0).shape == [2, 0]
    assert ops.gather(tensor(X), paddle.to_tensor([2, 2, 0])).numpy().tolist() == [4, 4, 0.25]


# -- Gradients ---------------------------------------------------------------------------------------------------


def test_gradient_of_an_input():
    x = tensor(X, True)
    r = ops.sinmul(x, 2.0)
    assert not r.stop_gradient
    (r * tensor(W)).sum().backward()
    close(x.grad, 2 * np.cos(X) * W)


def test_gradient_of_a_number():
    x, a = tensor(X, True), tensor(3.0, True)
    (ops.sinmul(x, a) * tensor(W)).sum().backward()
    close(a.grad, (np.sin(X) * W).sum())
    assert a.grad.shape == []
    close(x.grad, 3 * np.cos(X) * W)
    b = tensor(3.0, True)  # alone
    ops.sinmul(tensor(X), b).sum().backward()
    close(b.grad, np.sin(X).sum())


def test_gradient_of_a_number_of_another_type():
    a = tensor(3.0, True, "float32")
    ops.sinmul(tensor(X), a).sum().backward()
    assert a.grad.dtype == paddle.float32
    close(a.grad, np.sin(X).sum(), 1e-6)


def test_gradients_add_up():
    x = tensor(X, True)
    for _ in range(2):
        ops.sinmul(x, 1.0).sum().backward()
    close(x.grad, 2 * np.cos(X))
    (ops.sinmul(x, 1.0) + x).sum().backward()
    close(x.grad, 3 * np.cos(X) + 1)


def test_only_what_is_needed_is_computed():
    for wanted, factor in (((True, False), 1), ((False, True), 1), ((True, True), 100)):
        x, w = tensor(X, wanted[0]), tensor(W, wanted[1])
        more.seen(x, w).sum().backward()  # its adjoint says whether both were wanted
        if wanted[0]:
            close(x.grad, factor * W)
        if wanted[1]:
            close(w.grad, factor * X)


def test_matmul_with_a_batch():
    a, b = np.random.rand(4, 2, 3), np.random.rand(3, 5)
    x, y = tensor(a, True), tensor(b, True)
    c = ops.matmul(x, y)
    g = np.random.rand(4, 2, 5)
    (c * tensor(g)).sum().backward()
    close(x.grad, g @ b.T)
    close(y.grad, np.einsum("bnk,bnm->km", a, g))


def test_vectors_sums_and_gathers():
    v = tensor([[3.0, 0.0, 4.0], [1.0, 2.0, 2.0]], True)
    ops.norm3(v).sum().backward()
    close(v.grad, [[0.6, 0, 0.8], [1 / 3, 2 / 3, 2 / 3]])
    x = tensor(X, True)
    ops.sum_squares(x).backward()
    close(x.grad, 2 * X)
    x = tensor(X, True)
    ops.gather(x, paddle.to_tensor([2, 2, 0])).sum().backward()
    close(x.grad, [2 * 0.5, 0, 2 * 2 * 2.0])


def test_numbers_of_a_batch_and_empty_tensors():
    a = tensor([1.0, 2.0], True)
    (ops.sinmul(tensor(X), a) * tensor([[1.0], [10.0]])).sum().backward()
    close(a.grad, np.sin(X).sum() * np.array([1, 10]))
    x = tensor(np.ones((2, 0)), True)
    ops.sinmul(x, 1.0).sum().backward()
    assert x.grad.shape == [2, 0]
    a = tensor(3.0, True)  # without arrays
    more.ramp(a, output_dims=4).sum().backward()
    close(a.grad, 6)


def test_gradients_of_views():
    x = tensor(np.arange(6.0).reshape(2, 3), True)
    ops.sinmul(x[1], 1.0).sum().backward()
    close(x.grad, [[0, 0, 0], np.cos([3, 4, 5])])
    m = tensor([[0.0, 1.0], [2.0, 3.0]], True)
    ops.matmul(m.transpose([1, 0]), m).sum().backward()
    close(m.grad, [[2, 2], [10, 10]])


def test_two_are_overwritten():
    a, b = tensor([1.0, 2.0], True), tensor([3.0, 4.0], True)
    x, y = more.swap(a * 1, b * 1)  # x = b, y = a * a
    (10 * x + y).sum().backward()
    close(a.grad, [2, 4])
    close(b.grad, [10, 10])


def test_what_is_only_added_to():
    x, start = tensor(X, True), tensor(W, True)
    y = more.accumulate(x, start * 1, 2.0)
    close(y, W + 2 * X * X)
    y.sum().backward()
    close(x.grad, 4 * X)
    close(start.grad, np.ones(3))


def test_several_outputs():
    x = tensor(X, True)
    s, c = more.sincos(x)
    (s * tensor(W) + 2 * c).sum().backward()
    close(x.grad, np.cos(X) * W - 2 * np.sin(X))
    x = tensor(X, True)
    more.sincos(x)[1].sum().backward()  # one of them
    close(x.grad, -np.sin(X))


def test_optional_default_and_static():
    x, bias, scale = tensor(X, True), tensor(W, True), tensor(4.0, True)
    more.affine(x, bias, scale).sum().backward()
    close(x.grad, [4, 4, 4])
    close(bias.grad, [1, 1, 1])
    close(scale.grad, X.sum())
    x = tensor(X, True)
    more.affine(x).sum().backward()
    close(x.grad, [2, 2, 2])
    x = tensor(X, True)
    more.power(x, 3).sum().backward()
    close(x.grad, 3 * X**2)


def test_host_functions():
    x = tensor(X, True)
    more.squares(x).sum().backward()
    close(x.grad, 2 * X)


def test_complex():
    x = paddle.to_tensor(np.array([1 + 2j, 3j]))
    x.stop_gradient = False
    w = paddle.to_tensor(np.array([2 - 1j, 1j]))
    paddle.real(more.product(x, w)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.conj(w.numpy() ** 2))


def test_overwritten_tensors_have_gradients():
    x, y, a = tensor(X, True), tensor(W, True), tensor(3.0, True)
    z = y * 2
    version = z.inplace_version
    result = ops.saxpy(x, z, a)
    assert z.inplace_version > version
    close(z, 3 * X + 2 * W)
    close(result, 3 * X + 2 * W)
    (result * tensor(W)).sum().backward()
    close(x.grad, 3 * W)
    close(y.grad, 2 * W)
    close(a.grad, (X * W).sum())


def test_the_overwritten_tensor_itself_carries_the_gradient():
    x, y = tensor(X, True), tensor(W, True)
    z = y * 1
    ops.saxpy(x, z, 3.0)
    (z * z).sum().backward()
    close(x.grad, 2 * (3 * X + W) * 3)
    close(y.grad, 2 * (3 * X + W))


def test_what_is_written_after_a_call_is_noticed():
    x = tensor(X, True)
    h = x * 1
    r = ops.sinmul(h, 1.0) * h  # needs h
    with paddle.no_grad():
        ops.saxpy(tensor(W), h, 1.0)
    with pytest.raises(Exception, match="(?i)version"):
        r.sum().backward()


def test_no_grad():
    x, y = tensor(X, True), tensor(W, True)
    with paddle.no_grad():
        assert ops.sinmul(x, 1.0).stop_gradient
        out = tensor(np.zeros(3))
        assert ops.sinmul(x, 1.0, out=out) is out
        assert ops.saxpy(x, y, 2.0) is y
    close(y, 2 * X + W)


def test_descent():
    p = tensor([[-1.2, 1.0], [1.5, 2.0]], True)
    adam = paddle.optimizer.Adam(0.05, beta2=0.99, parameters=[p])
    for _ in range(2000):
        ops.rosenbrock(p).sum().backward()
        adam.step()
        adam.clear_grad()
    np.testing.assert_allclose(p.numpy(), 1, atol=1e-2)


# -- Refused -----------------------------------------------------------------------------------------------------


def test_refused(says):
    x, y = tensor(X, True), tensor(W)
    says(TypeError, "out=", "no_grad", lambda: ops.sinmul(x, 1.0, out=y))
    says(ValueError, "argument 'y'", "leaf", lambda: ops.saxpy(y, x, 1.0))
    says(TypeError, "argument 'y'", "from_dlpack", lambda: ops.saxpy(x, np.array(W), 1.0))
    says(TypeError, "argument 'y'", lambda: ops.saxpy(y, np.array(W), 1.0))
    says(TypeError, "argument 'y'", lambda: ops.saxpy(np.array(X), y, 1.0))
    says(TypeError, "no_gradient", "adjoint", lambda: more.no_gradient(x))
    says(TypeError, "argument 'x'", "int64", lambda: ops.sinmul(paddle.to_tensor([1, 2]), 1.0))
    says(ValueError, "argument 'y'", "n = 3", lambda: ops.saxpy(y, tensor([1.0]), 1.0))
    says(ValueError, "argument 'y'", "n = 3", lambda: ops.saxpy(x, tensor([1.0]) * 1, 1.0))
    close(y, W)
    torch = pytest.importorskip("torch")
    says(TypeError, "argument 'y'", lambda: ops.saxpy(y, torch.ones(3, dtype=torch.float64), 1.0))
    says(TypeError, lambda: ops.saxpy(torch.ones(3, dtype=torch.float64), x, 1.0))
    says(TypeError, lambda: ops.saxpy(x, torch.ones(3, dtype=torch.float64), 1.0))


def test_second_derivatives_are_refused():
    x = tensor(X, True)
    with pytest.raises(Exception, match="first derivatives in Paddle"):  # Paddle's own exception, with our sentence
        paddle.grad(ops.sinmul(x, 1.0).sum(), x, create_graph=True)
    close(paddle.grad(ops.sinmul(x, 1.0).sum(), x)[0], np.cos(X))
