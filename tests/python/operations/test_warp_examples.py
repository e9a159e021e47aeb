# SPDX-License-Identifier: Apache-2.0
"""What Warp's tests and guide do with PyTorch, with analytic values: training through an operation, eager and
compiled; gradients that are used again; what is changed between the passes."""
import pytest

torch = pytest.importorskip("torch")

import warpx_test_more as more
import warpx_test_ops as ops
from reference import F64, assert_same, real


@pytest.mark.parametrize("backend", [None, "inductor"])
def test_rosenbrock_with_adam_converges(backend):
    xy = torch.randn(50, 2, requires_grad=True)
    optimizer = torch.optim.Adam([xy], lr=5e-2)
    evaluate = ops.rosenbrock
    if backend:
        torch._dynamo.reset()
        evaluate = torch.compile(lambda xy: ops.rosenbrock(xy), fullgraph=True, backend=backend)
    for _ in range(10000):  # as many as the guide has: the valley is long
        optimizer.zero_grad()
        z = evaluate(xy)
        z.backward(torch.ones_like(z))
        optimizer.step()
    torch.testing.assert_close(xy.detach(), torch.ones(50, 2), atol=5e-2, rtol=0)
    torch.testing.assert_close(xy.detach().mean(0), torch.ones(2), atol=5e-3, rtol=0)
    assert z.max() < 1e-2


def test_slices_of_every_kind():
    base = torch.arange(12.0, dtype=F64).reshape(3, 4)
    for x in (base[0], base[:, 1], base[1, ::2], base.t()[2], base[::2].flatten()):
        leaf = x.clone().requires_grad_()
        assert_same(ops.sinmul(x, 2.0), 2 * x.sin())
        u = base.clone().requires_grad_()
        ops.sinmul(leaf, 2.0).sum().backward()
        assert_same(leaf.grad, 2 * x.cos())
        ops.sinmul(u.t(), 2.0).sum().backward()
        assert_same(u.grad, 2 * base.cos())


def test_zero_strides():
    x = torch.ones(1, dtype=F64, requires_grad=True)
    ops.sinmul(x.expand(5), 2.0).sum().backward()
    assert_same(x.grad, 10 * torch.ones(1, dtype=F64).cos())


def test_a_kernel_on_a_slice_leaves_the_rest():
    y = torch.zeros(5, 2, dtype=F64)
    ops.saxpy(torch.ones(5, dtype=F64), y[:, 1], 3.0)
    assert_same(y, torch.tensor([[0.0, 3.0]] * 5, dtype=F64))


def test_gradients_accumulate_in_leaves():
    x = real(4).requires_grad_()
    for n in range(1, 4):
        ops.sinmul(x, 2.0).sum().backward()
        assert_same(x.grad, n * 2 * x.detach().cos())
    buffer = x.grad
    x.grad.zero_()
    ops.sinmul(x, 2.0).sum().backward()
    assert x.grad is buffer


def test_grad_outputs_used_again():
    x, ct = real(4).requires_grad_(), torch.ones(4, dtype=F64)
    y = ops.sinmul(x, 2.0)
    first = torch.autograd.grad(y, x, ct, retain_graph=True)
    second = torch.autograd.grad(y, x, ct, retain_graph=True)
    assert_same(first, second)
    assert ct.tolist() == [1] * 4


def test_gradcheck_is_reentrant():
    x = real(3).requires_grad_()
    y = real(3)
    for _ in range(2):
        assert torch.autograd.gradcheck(lambda x: ops.saxpy(x, y.clone(), 2.0) * ops.sinmul(x, 1.0), (x,))


def test_an_input_changed_between_the_passes_is_noticed():
    x, w = real(3).requires_grad_(), real(3)
    y = more.seen(x, w)
    w.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_an_output_changed_between_the_passes_does_not_matter():
    x = real(3).requires_grad_()
    y = ops.sinmul(x, 2.0)
    with torch.no_grad():
        y.mul_(100)
    y.sum().backward()
    assert_same(x.grad, 2 * x.detach().cos())


def test_gradients_through_a_chain_with_torch():
    x = real(5).requires_grad_()
    loss = (ops.sinmul(x * x, 3.0).exp() * x).sum()
    loss.backward()
    u = x.detach().clone().requires_grad_()
    (((3 * (u * u).sin()).exp()) * u).sum().backward()
    assert_same(x.grad, u.grad)


def test_compound_types():
    v = torch.tensor([[3.0, 0, 4], [1, 2, 2]], requires_grad=True)
    r = ops.norm3(v)
    assert r.tolist() == [5, 3]
    r.sum().backward()
    torch.testing.assert_close(v.grad, v.detach() / torch.tensor([[5.0], [3.0]]))
    f = torch.tensor([[1.0, 2, 2, 9]], requires_grad=True)
    assert ops.norm3(f[:, :3].contiguous()).tolist() == [3]


def test_bfloat16_values_and_gradients():
    x = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
    y = more.scale(x, 3.0)
    assert y.dtype == torch.bfloat16 and y.tolist() == [3, 6]
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_a_model_is_trained():
    w_true, b_true = torch.tensor([[1.0], [-2.0], [0.5]], dtype=F64), 0.3
    w, b = (torch.zeros(3, 1, dtype=F64, requires_grad=True), torch.zeros(1, dtype=F64, requires_grad=True))
    x = real(100, 3)
    y = x @ w_true + b_true
    optimizer = torch.optim.Adam([w, b], lr=0.05)
    for _ in range(500):
        optimizer.zero_grad()
        loss = ops.sum_squares((ops.matmul(x, w) + b - y).flatten())
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(w.detach(), w_true, atol=1e-3, rtol=0)
    assert abs(b.item() - b_true) < 1e-3


def test_second_order_by_newton():
    x = torch.tensor([-1.2], dtype=F64, requires_grad=True)
    for _ in range(5):  # the minimum of the sine near -1.2
        (g,) = torch.autograd.grad(ops.sinmul(x, 1.0).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x)
        with torch.no_grad():
            x -= g / h
    torch.testing.assert_close(x.detach(), torch.tensor([-torch.pi / 2], dtype=F64))
